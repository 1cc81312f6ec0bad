"""Messages have the configuration's number format in everything that people read of them."""

import pytest
from english_figures import english
from golden_payloads import payloads

from cxmon.alerts import markup
from cxmon.model import NumberFormat, using

COMMA = NumberFormat(decimal=",", thousands="\u202f")
NAMES = sorted(payloads())
# A size in the samples of messages that somebody typed into the sentence.
TYPED = "size 7.1"


@pytest.fixture(scope="module")
def written():
    with using(COMMA):
        return payloads()


def texts(payload):
    """Everything in a payload that Slack shows."""
    if isinstance(payload, dict):
        return [text for key, value in payload.items() if key != "key" for text in texts(value)]
    if isinstance(payload, list):
        return [text for value in payload for text in texts(value)]
    return [payload] if isinstance(payload, str) else []


@pytest.mark.parametrize("name", NAMES)
def test_no_message_in_slack_has_a_figure_the_english_way(written, name):
    told = "\n".join(texts(written[name]))
    assert english(told.replace(TYPED, "")) == []


def test_the_messages_hold_figures_with_both_marks(written):
    told = "\n".join(texts(written))
    assert "points" in told
    assert "2,6 points" in told
    assert "1\u202f480" in told


def test_a_figure_with_narrow_spaces_stays_whole_and_other_space_is_one():
    assert markup.clean("1\u202f234\u202f567,5  of\u202f \n\u00a0 them\u202f") == "1\u202f234\u202f567,5 of them"
