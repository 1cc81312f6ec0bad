"""`/cxmon`: questions, the state, help, and who reads the answer."""

import html
import json

import pytest
from fakeslack import forms  # noqa: F401 - brings conversations with one person.
from fakeslack.rules import block_problems
from form_world import done, place, request, seed
from test_buttons import answered

from cxmon.model import Role
from cxmon.slack_app.contract import Kind, Respond, Upload, refusal
from cxmon.slack_app.performing import perform
from cxmon.slack_app.registry import handler_of

CSAT_PHONE = "CSAT, phone: 72 %, 6 points worse than expected"


@pytest.fixture
def desk(world):
    with world.store() as store:
        seed(store)
        yield world, store


def asks(world, store, text, **more):
    deeds = done(request(Kind.SLASH_COMMAND, "/cxmon", text=text, **more), place(world, store))
    for deed in deeds:
        if isinstance(deed, Respond):
            assert block_problems(list(deed.blocks)) == []
    return deeds


def words_of(respond):
    return html.unescape(json.dumps(list(respond.blocks), ensure_ascii=False))


def test_elsewhere_only_the_one_who_asked_reads_the_answer_and_gets_the_picture(desk):
    told, picture = asks(*desk, "csat channel=phone", channel="C0OTHER", payload={"channel_name": "everybody"})
    assert (told.text, told.in_channel) == (CSAT_PHONE, False)
    assert "78 %; 76 % to 80 % in 99 of 100 cases when nothing changes" in words_of(told)
    assert "72 % (7 days to 13 Sep, n 700)" in words_of(told)
    assert "outside that range since 4 Sep" in words_of(told)
    assert isinstance(picture, Upload)
    assert (picture.channel, picture.title, picture.best_effort) == ("U0ADA", CSAT_PHONE, True)
    assert picture.picture().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("csta", "There is no metric 'csta'. Did you mean csat? There are: csat (CSAT)."),
        ("csat channel=a&amp;b", "No segment has channel 'a&amp;b'. There are: chat, phone."),
        ("csat channel=fone", "No segment has channel 'fone'. Did you mean phone?"),
        ("help", "/cxmon alone says how things stand."),
        ("<!channel>", "There is no metric '&lt;!channel&gt;'"),
    ],
)
def test_what_has_no_figure_is_answered_to_the_one_who_asked(desk, text, says):
    (told,) = asks(*desk, text)
    assert told.text.startswith(says)
    assert not told.in_channel


def test_alone_it_says_how_things_stand(desk):
    (told,) = asks(*desk, "")
    assert "No declared change has been judged yet." in words_of(told)
    assert "No incident is open." in words_of(told)
    assert not told.in_channel


def test_in_a_channel_of_ours_everybody_reads_the_answer_and_sees_the_picture(desk, listening_slack):
    world, _ = desk
    with world.listening():
        assert listening_slack.acked(listening_slack.command("/cxmon", "csat phone")) is None
        assert answered(listening_slack) == CSAT_PHONE
        assert listening_slack.answers[-1]["response_type"] == "in_channel"
        listening_slack.until(
            lambda: any("C0ALERTS" in f["channels"] for f in listening_slack.files.values()),
            within=15,
            what="the picture",
        )


def test_nobody_without_a_role_is_told_a_figure(desk):
    asked = request(Kind.SLASH_COMMAND, "/cxmon", text="csat phone")
    handler = handler_of(asked)
    assert refusal(asked, place(*desk, role=Role.VIEWER), handler) == ""
    said = refusal(asked, place(*desk, role=Role.NONE), handler)
    assert said.startswith("Only those whom the configuration names under access may ask for a figure")


def test_a_picture_for_one_person_goes_into_the_conversation_with_them(world, listening_slack):
    asked = request(Kind.SLASH_COMMAND, "/cxmon", channel="C0OTHER")
    drawn = b"\x89PNG"
    nothing = Upload(picture=lambda: None, channel="C0ALERTS", title="CSAT", alt="CSAT")
    perform((nothing,), request(Kind.SLASH_COMMAND, "/cxmon"), world.channel)
    picture = Upload(picture=drawn, channel="U0ADA", title="CSAT", alt="CSAT", best_effort=True)
    perform((picture,), asked, world.channel)
    assert listening_slack.files == {}
    assert listening_slack.answers == []
    listening_slack.scopes.add("im:write")
    perform((picture,), asked, world.channel)
    assert [file["channels"] for file in listening_slack.files.values()] == [["DU0ADA"]]
