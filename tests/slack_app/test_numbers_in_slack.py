"""Slack answers in the configuration's number format, and takes no figure that could be read in two ways."""

from dataclasses import replace

import pytest
from form_world import PHONE, band, request, seed
from test_buttons import answered
from test_declaring import FILLED, Rules, form

from cxmon.model import NumberFormat, using
from cxmon.slack_app.contract import Kind
from cxmon.slack_app.declare_reading import Wrong, change_of

COMMA = NumberFormat(decimal=",", thousands=".")


def test_a_question_is_answered_in_the_format_of_the_configuration(world, listening_slack):
    with world.store() as store:
        seed(store)
        wide = band(PHONE)
        near = {"low": tuple(x - 0.005 for x in wide.expected), "high": tuple(x + 0.005 for x in wide.expected)}
        store.bands.put([replace(wide, **near)])
    with world.listening(number_format=COMMA):
        listening_slack.acked(listening_slack.command("/cxmon", "csat phone"))
        assert answered(listening_slack) == "CSAT, phone: 72,0 %, 6,0 points worse than expected"


def declared(amount):
    asked = request(Kind.VIEW_SUBMISSION, "declare", inputs=FILLED | {"amount": amount})
    return change_of(asked, Rules(), form(), ()).saving.amount


@pytest.mark.parametrize("amount", ["1.200", "1,200", "1.200.000", "1200,5", "1,200.50"])
def test_a_saving_that_could_be_read_in_two_ways_is_asked_for_again(amount):
    with using(COMMA), pytest.raises(Wrong) as raised:
        declared(amount)
    assert raised.value.fields == {
        "amount": f"Found {amount}, expected digits alone, with a point before cents: 120000 or 120000.50"
    }


def test_a_saving_in_digits_alone_is_taken_with_a_decimal_comma_too():
    with using(COMMA):
        assert (declared("120000"), declared("120000.50")) == (120_000, 120_000.5)
    assert declared("1,200") == 1_200
