"""A change declared from Slack: the form, its errors at their fields, who declares and who proposes."""

import html
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fakeslack import forms
from fakeslack.rules import block_problems
from fakeslack.views import view_problems
from form_world import CUT, done, place, request, seed, told_verdict
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_world import CSAT, NOW, PHONE
from test_buttons import buttons

from cxmon.config import parse_change
from cxmon.contracts import Cells, Observations
from cxmon.decisions.naming import name_of
from cxmon.errors import ConfigError
from cxmon.model import Access, Act, Category, Change, Delivery, Outcome, Role, Segment, Status, Window
from cxmon.slack_app.contract import Kind, Respond
from cxmon.slack_app.declare_reading import Wrong, change_of
from cxmon.slack_app.declare_rollout import inputs
from cxmon.slack_app.declare_view import Begun, Offer, answerable, view
from cxmon.slack_app.modals import opaque

ROLLED = {
    "starts": "2026-10-01", "time": "", "zone": "",
    "stages": "2026-10-01: channel=chat\n2026-10-15 to 2026-11-01 channel=phone", "spills_to": "channel=email",
    "weights": "csat=2", "scope:channel": (),
}  # fmt: skip


class Rules:
    """What a reader of changes needs of a plan."""

    zone = "UTC"
    metrics = {"csat": CSAT}  # noqa: RUF012 - never written to.


FILLED = {
    "title": "Weekend chat closed", "category": "cost_cut", "starts": "2026-10-01", "owner": "Operations",
    "time": "08:00", "zone": "Europe/Berlin", "scope:channel": (opaque("chat"),), "declare_metrics": ("csat",),
    "limit:csat": "2pt", "amount": "120,000", "currency": "eur", "per": "year", "claimed_by": "Operations",
    "responds_to": "desk", "note": "Chats wait until Monday.",
}  # fmt: skip
CHANNELS = {"channel": ("chat", "phone")}


@pytest.fixture
def desk(world):
    with world.store() as store:
        seed(store)
        yield world, store


def form(live=True, **more):
    return Offer(
        **({"metrics": {"csat": CSAT}, "values": CHANNELS, "answers": answerable([CUT], "UTC"), "zone": "UTC",
            "today": "2026-09-14", "live": live} | more)
    )  # fmt: skip


def sent(where, role=Role.EDITOR, **given):
    inputs = {k: v for k, v in (FILLED | given).items() if v}
    asked = request(Kind.VIEW_SUBMISSION, "declare", channel="", private='{"channel":"C0ALERTS"}', inputs=inputs)
    return done(asked, replace(where, role=role))


def test_an_editor_declares_and_the_channel_reads_what_was_understood(desk, tmp_path):
    world, store = desk
    (told,) = sent(place(world, store), **{"scope:channel": ()})
    declared = store.changes.get("weekend-chat-closed")
    change = declared.change
    assert (change.status, declared.origin, declared.frozen_at) == (Status.LIVE, "slack", NOW)
    assert change.starts == datetime(2026, 10, 1, 6, tzinfo=UTC)
    assert (change.category, change.owner, change.responds_to) == (Category.COST_CUT, "Operations", "desk")
    assert {k: v.text for k, v in change.limits.items()} == {"csat": "2pt"}
    assert (change.saving.amount, change.saving.currency, change.saving.claimed_by) == (120_000, "EUR", "Operations")
    assert (told.method, told.arguments["channel"], told.arguments["text"]) == (
        "chat.postMessage", "C0ALERTS", "Declared: Weekend chat closed",
    )  # fmt: skip
    assert block_problems(told.arguments["blocks"]) == []
    said = html.unescape(json.dumps(told.arguments["blocks"]))
    for words in ("Thu 1 Oct 2026, 06:00 UTC", "CSAT 2pt", "120,000 EUR a year", "Weekend desk closed", "Support EMEA"):
        assert words in said
    assert "Declare it" not in said
    # Where it stands is kept, so that what the change explains can be told in its thread.
    told.kept({"ok": True, "channel": "C0ALERTS", "ts": "1772431200.000001"})
    (kept,) = store.outbox.story("declared:weekend-chat-closed")
    assert (kept.state, kept.receipt.channel, kept.receipt.ref) == (Delivery.SENT, "C0ALERTS", "1772431200.000001")


def test_the_same_words_in_yaml_are_the_same_change(desk):
    world, store = desk
    sent(place(world, store), **{"scope:channel": (), "responds_to": ""})
    written = parse_change(
        "id: weekend-chat-closed\ntitle: Weekend chat closed\ncategory: cost_cut\nstarts: 2026-10-01T08:00:00+02:00\n"
        "owner: Operations\nlimits: {csat: 2pt}\nnote: Chats wait until Monday.\n"
        "saving: {amount: 120000, currency: EUR, per: year, claimed_by: Operations}\n", "x.yaml", world.plan,
    )  # fmt: skip
    assert store.changes.get("weekend-chat-closed").change == written


def test_a_viewer_proposes_and_an_editor_declares_it_with_the_button(desk):
    world, store = desk
    (told,) = sent(place(world, store), Role.VIEWER, **{"scope:channel": ()})
    assert store.changes.get("weekend-chat-closed").change.status is Status.DRAFT
    assert told.arguments["text"] == "Proposed: Weekend chat closed"
    message = {"ts": "9.9", "channel": "C0ALERTS", "blocks": told.arguments["blocks"]}
    assert buttons(message) == ["declare_draft"]
    value = message["blocks"][-2]["elements"][0]["value"]
    pressed = request(Kind.BLOCK_ACTIONS, "declare_draft", value=value, message_ts="9.9")
    update, refused = done(replace(pressed, value=f"{value}-of-before"), place(world, store))
    assert (update.method, refused.text[:30]) == ("chat.update", "Nothing was declared: it was e")
    assert store.changes.get("weekend-chat-closed").change.status is Status.DRAFT
    update, reply = done(pressed, place(world, store))
    assert store.changes.get("weekend-chat-closed").change.status is Status.LIVE
    assert (update.method, update.arguments["ts"], update.arguments["text"]) == (
        "chat.update", "9.9", "Declared: Weekend chat closed",
    )  # fmt: skip
    assert reply.arguments["text"] == "Declared by Support EMEA: judged from now on, and its limits are frozen."
    trail = [(s.act, s.who, s.by, s.outcome) for s in store.audit.all("weekend-chat-closed")]
    assert trail == [(act, "U0ADA", "Support EMEA", Outcome.DONE) for act in (Act.PROPOSE, Act.REVIEW, Act.SIGN)]
    *_, again = done(pressed, place(world, store), NOW + timedelta(minutes=1))
    assert again.text == "It was declared on 14 Sep already: nothing was changed."
    (gone,) = done(replace(pressed, value="no-such"), place(world, store))
    assert gone == Respond(text="This decision is not known here any more, so nothing was done.")


ZONE = "a name of the time zone database such as Europe/Berlin (did you mean Europe/Berlin?)"
DATE = "a date such as 2026-09-01, or an instant such as 2026-09-01T08:00 or 2026-09-01T08:00:00+02:00"
POINTS = "points such as 2pt, or a part of the expected value such as 10%"


@pytest.mark.parametrize(
    ("field", "given", "says"),
    [
        ("title", " ", "Say what was decided."),
        ("title", "x" * 121, "Found 121 characters, expected text of at most 120"),
        ("owner", "ana@example.com", "Found 'ana@example.com', expected a role or department, not a person"),
        ("zone", "Europe/Berln", f"Expected {ZONE}"),
        ("starts", "2026-02-31", f"Found '2026-02-31', expected {DATE}"),
        ("limit:csat", "2 parsecs", "Found '2 parsecs', expected a size such as 2pt, 10%, 5min or 0.3"),
        ("limit:csat", "5min", f"Found '5min' for csat (a proportion), expected {POINTS}"),
        ("amount", "1,5", "Found '1,5', expected a number, zero or more with a point: 1.5"),
        ("currency", "euro", "Found 'EURO', expected a currency of three letters such as EUR"),
        ("currency", "", "A saving needs a currency of three letters."),
        ("amount", "", "A saving needs an amount."),
        ("aims", "csat 2pt", "Expected lines such as csat=2pt."),
        ("aims", "ces=2pt", "Found the unknown metric 'ces', expected csat"),
        ("declare_metrics", ("ces",), "A metric is not known any more: open the form again."),
        ("scope:channel", ("gone",), "channel is not known any more: open the form again."),
        ("responds_to", "gone", "gone is not known any more: open the form again."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_in_the_words_of_the_configuration(field, given, says):
    inputs = {k: v for k, v in (FILLED | {field: given}).items() if v}
    with pytest.raises(Wrong) as raised:
        change_of(request(Kind.VIEW_SUBMISSION, "declare", inputs=inputs), Rules(), form(), ())
    assert raised.value.fields == {field: says}


def test_errors_keep_the_form_open_and_nothing_is_declared(desk):
    world, store = desk
    # This store has no channels any more: a scope must not become everybody by that.
    found = sent(place(world, store), owner="ana@example.com")
    assert found["response_action"] == "errors"
    assert sorted(found["errors"]) == ["owner", "scope:channel"]
    assert store.changes.get("weekend-chat-closed") is None


def test_a_name_is_made_of_the_title_and_is_never_taken():
    assert name_of("Wochenend-Schließung: Chat", ()) == "wochenend-schlieung-chat"
    assert name_of("Refunds", {"refunds", "refunds-2"}) == "refunds-3"
    assert name_of("2 desks closed", ()) == "change-2-desks-closed"
    assert name_of("週末", ()) == "change"


def test_nothing_typed_is_looked_up_in_the_environment(desk, monkeypatch):
    world, store = desk
    monkeypatch.setenv("SECRET", "s3cr3t-token")
    sent(place(world, store), title="${SECRET}", **{"scope:channel": ()})
    (found,) = [d.change for d in store.changes.all() if d.origin == "slack"]
    assert (found.title, found.id) == ("$ {SECRET}", "secret")


def test_the_form_follows_the_metrics_that_are_chosen():
    ids = [b.get("block_id") for b in view(form(), Begun(), private="{}")["blocks"]]
    then = [b.get("block_id") for b in view(form(), Begun(chosen=("csat", "gone")), private="{}")["blocks"]]
    assert [one for one in then if one not in ids] == ["limit:csat"]
    assert [one for one in then if one != "limit:csat"] == ids


def test_a_dimension_with_too_many_values_is_typed(desk):
    many = form(values={"city": [f"c{i:03}" for i in range(101)], "channel": ("chat",)})
    shown = {b.get("block_id") for b in view(many, Begun(), private="")["blocks"]}
    assert {"scope:channel", "elsewhere"} <= shown
    assert "scope:city" not in shown


def test_from_a_verdicts_message_to_its_answer_over_the_socket(world, listening_slack):
    slack = listening_slack
    message = told_verdict(world)
    with world.listening():
        slack.acked(forms.message_shortcut(slack, "declare_from_message", message))
        slack.until(lambda: slack.views, within=15, what="the form")
        opened = slack.newest_view()
        slack.acked(forms.choose(slack, opened, "declare_metrics", {"declare_metrics": ["csat"]}))
        shown = slack.until(lambda: len(slack.views) > 1 and slack.newest_view(), within=15, what="the limits")
        given = {"title": "Saturdays reopened", "category": "staffing", "owner": "Operations",
                 "declare_metrics": ["csat"], "limit:csat": "parsecs"}  # fmt: skip
        assert list(slack.acked(slack.submit(shown, given))["errors"]) == ["limit:csat"]
        assert slack.acked(slack.submit(shown, given | {"limit:csat": "1pt"})) is None
        slack.until(lambda: slack.replies(message["ts"]), within=15, what="the answer in the thread")
    with world.store() as store:
        assert store.changes.get("saturdays-reopened").change.responds_to == "desk"
    assert slack.replies(message["ts"])[0]["text"].startswith("Declared: Saturdays reopened")


def test_the_global_shortcut_tells_the_channel_of_the_routes(world, listening_slack):
    slack = listening_slack
    slack.channels["U0BEN"] = "conversation with U0BEN"
    with world.listening(access=Access(viewers=("U0BEN",), departments={"U0BEN": "CX team"})):
        slack.acked(forms.shortcut(slack, "declare_change", user="U0BEN"))
        slack.until(lambda: slack.views, within=15, what="the form")
        given = {"title": "Refunds by bot", "category": "policy"}
        slack.acked(slack.submit(slack.newest_view(), given, user="U0BEN"))
        slack.until(slack.posts, within=15, what="the message")
        slack.until(lambda: slack.posts("U0BEN"), within=15, what="the answer")
    (post,) = slack.posts()
    assert post["text"] == "Proposed: Refunds by bot"
    assert "CX team" in json.dumps(post["blocks"])
    assert slack.posts("U0BEN")[0]["text"] == "Proposed: Refunds by bot. It is told in #cx-alerts."


ODD = [
    "<!channel>",
    "`x`",
    "&" * 200,
    "😀" * 90,
    "a\u202eb",
    "\x00",
    "\ud800",
    " ",
    "${HOME}",
    "x: y",
    "'",
    '"',
    "\n",
    "|",
    "=",
]
words = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=()), max_size=30))
TYPED = ("title", "owner", "note", "limit:csat", "amount", "currency", "claimed_by", "aims", "zone")


@settings(max_examples=20, deadline=None)
@given(names=st.lists(words, min_size=1, max_size=4, unique=True), title=words, by=words, live=st.booleans())
def test_hostile_names_make_a_valid_form(names, title, by, live):
    metrics = {f"m{i}": replace(CSAT, id=f"m{i}", label=name) for i, name in enumerate(names)}
    changes = [replace(CUT, id=f"c{i}", title=name) for i, name in enumerate(names)]
    offer = form(live, metrics=metrics, values={"channel": names, "city": names * 60}, by=by,
                 answers=answerable(changes, "UTC"))  # fmt: skip
    made = view(offer, Begun(title=title, responds_to="c0", chosen=tuple(metrics)), private="{}")
    assert view_problems(made) == []
    json.dumps(made).encode()


@settings(max_examples=40, deadline=None)
@given(given=st.fixed_dictionaries({}, optional=dict.fromkeys(TYPED, words)))
def test_whatever_is_typed_is_a_change_or_an_error_at_a_field(given):
    inputs = {k: v for k, v in (FILLED | {"scope:channel": (opaque("chat"),)} | given).items() if v}
    found = read(request(Kind.VIEW_SUBMISSION, "declare", inputs=inputs))
    if isinstance(found, Change):
        assert found.scope.values == (("channel", ("chat",)),)
        assert "${" not in found.title + found.note + found.owner
    else:
        assert set(found) <= {*FILLED, "aims", "zone"}
        assert all(found.values())


def read(asked):
    """The change, or what is wrong by field."""
    try:
        return change_of(asked, Rules(), form(), ())
    except Wrong as wrong:
        return wrong.fields


def test_the_rules_are_those_of_the_configuration():
    with pytest.raises(ConfigError):
        parse_change("id: x\n", "form", Rules())


def test_a_roll_out_is_declared_in_stages_with_spill_over_and_weights(desk):
    world, store = desk
    (told,) = sent(place(world, store), **ROLLED)
    change = store.changes.get("weekend-chat-closed").change
    assert [(s.scope.label, s.starts, s.ends) for s in change.stages] == [
        ("chat", datetime(2026, 10, 1, tzinfo=UTC), None),
        ("phone", datetime(2026, 10, 15, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
    ]
    assert ([s.label for s in change.spills_to], change.weights) == (["email"], {"csat": 2.0})
    said = html.unescape(json.dumps(told.arguments["blocks"], ensure_ascii=False))
    assert "In stages: chat from 1 Oct; phone from 15 Oct to 1 Nov." in said
    assert "It may also reach, so that nothing is compared with it: email." in said
    assert "Shares of the error allowance: CSAT 2." in said


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("stages", "soon: channel=chat", "Expected lines such as 2026-10-01: region=us,uk; channel=phone."),
        ("stages", "2026-13-01: channel=chat", "Expected lines such as 2026-10-01: region=us,uk; channel=phone."),
        ("stages", "2026-10-01: channel=chat\n2026-10-02: channel=fax", "No segment has channel fax."),
        ("stages", "2026-10-01: channel=chat", "Found a list of 1, expected a list of two or more stages"),
        ("stages", "2026-10-01: channel=chat\n2026-10-02: channel=chat", "chat"),
        ("spills_to", "chat", "Expected lines such as channel=chat; region=us."),
        ("weights", "csat=much", "Expected lines such as csat=2."),
        ("weights", "nps=2", "nps"),
    ],
)
def test_what_is_wrong_with_a_roll_out_is_said_at_its_field(field, typed, said):
    inputs = {k: v for k, v in (FILLED | ROLLED | {field: typed}).items() if v}
    with pytest.raises(Wrong) as found:
        change_of(request(Kind.VIEW_SUBMISSION, "declare", inputs=inputs), Rules, form(), ())
    assert said in found.value.fields[field]


def test_the_form_asks_for_a_roll_out_and_says_what_it_has_no_room_for():
    two = {"csat": CSAT, "ces": replace(CSAT, id="ces", label="CES")}
    made = view(form(metrics=two), Begun(), private="{}", more=inputs)
    assert view_problems(made) == []
    fields = [b["block_id"] for b in made["blocks"] if b["type"] == "input"]
    assert {"stages", "spills_to", "weights"} <= set(fields)
    assert "`cxmon change add --file`" in made["blocks"][-1]["text"]["text"].replace("'", "`")


def test_what_could_be_seen_is_shown_above_the_form(world, listening_slack):
    """By a button in the form: a view at once, and the planner's answer in its place."""
    slack = listening_slack
    with world.store() as store:
        figures = Observations(window=Window(PAST, NOW), cells=daily())
        store.observations.apply(CSAT, figures, now=NOW)
    with world.listening():
        slack.acked(slack.command("/cxmon", "declare"))
        slack.until(lambda: slack.views, what="the form")
        shown = slack.newest_view()
        given = {"scope:channel": [opaque("chat")], "starts": "2026-10-01"}
        slack.acked(forms.press(slack, shown, "declare_preview", given))
        slack.until(lambda: len(slack.views) >= 3, within=300, what="the answer")
        # What is wrong is said there too, and nothing is lost below.
        slack.acked(forms.press(slack, shown, "declare_preview", {"starts": "2026-10-01", "stages": "soon"}))
        slack.until(lambda: len(slack.views) >= 4, what="what is wrong")
    _, waits, answer, wrong = slack.views.values()
    assert waits["external_id"] == answer["external_id"] != wrong["external_id"]
    assert "It is worked out" in str(waits)
    assert "This change: from 1 Oct, watched for 90 days, read every day." in str(answer)
    assert "CSAT, chat: 200 answers a day, lately 80.0" in str(answer).replace("\u202f", " ").replace("\xa0", " ")
    assert "A fall of 1 point would probably not be seen within the 90 days watched" in str(answer)
    assert "Nothing can be said yet. In the form:" in str(wrong)
    assert "Expected lines such as 2026-10-01: region=us,uk" in str(wrong)


PAST = NOW.replace(hour=0) - timedelta(days=100)


def daily():
    """A hundred days of two channels, 200 answers a day."""
    days = np.tile(np.arange(100), 2)
    starts = np.array([(PAST + timedelta(days=int(t))).timestamp() for t in days], np.int64)
    return Cells(
        segments=(PHONE, Segment.of(channel="chat")), segment=np.repeat([0, 1], 100), start=starts,
        n=np.full(200, 200.0), known_at=np.zeros(200, np.int64), total=160.0 + np.tile([4.0, -3.0, 1.0, -2.0], 50),
    )  # fmt: skip
