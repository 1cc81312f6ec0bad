"""A click that Slack was told has arrived is done, though the process dies: once, whoever does it."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from form_world import seed
from killing import dies
from slack_world import World
from test_declaring import FILLED

import cxmon.slack_app
from cxmon.model import Step
from cxmon.slack_app.contract import Kind
from cxmon.slack_app.hearing import LEASE_S, Hearing
from cxmon.slack_app.modals import Origin
from cxmon.slack_app.registry import HANDLERS
from cxmon.store import Store

ROOM = Path(cxmon.slack_app.__file__).parent
POINTS = sorted({p for f in ROOM.glob("*.py") for p in re.findall(r'failpoint\("([a-z-]+)"\)', f.read_text("utf-8"))})
PERSON = {"id": "U0ADA", "username": "ada.l", "team_id": "T0FAKE"}


class Unheard:
    """A socket at whose end nobody listens: envelopes are made, and given to whom the test wants."""

    def send(self, text):
        pass


@pytest.fixture
def world(listening_slack, tmp_path, request):
    """A desk whose store is that of the test's parameter `database`, else on SQLite."""
    database = request.node.callspec.params.get("database", "") if hasattr(request.node, "callspec") else ""
    made = World(listening_slack, request.getfixturevalue(database or "sqlite_url"), tmp_path)
    listening_slack.connections.append(Unheard())
    with made.store() as store:
        seed(store)
    yield made
    listening_slack.connections.clear()
    assert listening_slack.problems == []


def submission(name, values, **origin):
    state = {
        k: {k: {"value": v} if isinstance(v, str) else {"selected_options": [{"value": one} for one in v]}}
        for k, v in values.items()
    }
    at = Origin(channel="C0ALERTS", **origin)
    return {"type": "interactive", "payload": {
        "type": "view_submission", "user": PERSON, "team": {"id": "T0FAKE"}, "trigger_id": "t",
        "view": {"id": f"V-{name}", "hash": "1", "callback_id": name, "private_metadata": at.private,
                 "state": {"values": state}},
    }}  # fmt: skip


def envelopes(world):
    """A note, a change that is declared, and an incident that is acknowledged."""
    message = world.told()
    pressed = world.slack.sent[world.slack.click("acknowledge", message)].envelope
    declared = {k: v for k, v in FILLED.items() if k != "scope:channel"}
    note = submission("add_note", {"text": "called the vendor"}, subject="i1", message_ts=message["ts"])
    return [note, submission("declare", declared), pressed]


def hearing(world, holder, **later):
    return Hearing(
        plan=world.plan, channel=world.channel, clock=lambda: datetime.now(UTC) + timedelta(**later), name="slack",
        holder=holder,
    )  # fmt: skip


def by_two_at_once(world):
    """How much two instances did of what is left, when the lease is over."""
    done = {}

    def work(name):
        done[name] = hearing(world, name, seconds=LEASE_S + 1).catch_up(began=False)

    both = [threading.Thread(target=work, args=(name,)) for name in ("two", "three")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    return sum(done.values())


def done(world):
    """Everything that the three have brought about, counted."""
    with world.store() as store:
        steps = [t.step for t in store.incidents.history("i1")]
        changes = [d.change.id for d in store.changes.all() if d.origin == "slack"]
    posted = [m["text"].rpartition(": ")[2] for m in world.slack.posts() if m["text"].startswith("Declared")]
    return sorted(steps), changes, posted


ONCE = (
    sorted([Step.OPENED, Step.REMARKED, Step.ACKNOWLEDGED]), ["weekend-chat-closed"],
    ["Weekend chat closed"],
)  # fmt: skip


# Databases differ in how they commit: there a kill before the work and one behind it.
BOTH = [*(("sqlite_url", p) for p in POINTS), *(("pg_url", p) for p in ("click-acknowledged", "click-handled"))]


@pytest.mark.parametrize(("database", "point"), BOTH)
def test_what_was_heard_when_the_process_died_is_done_once(world, tmp_path, database, point):
    acknowledged = tmp_path / "acknowledged"

    def acknowledge(body):
        with acknowledged.open("a") as file:
            file.write("x")

    asked = envelopes(world)
    for envelope in asked:
        assert dies(lambda e=envelope: hearing(world, "one").hear(e, acknowledge), point)
    # Slack hears that it arrived once it is kept, and not before.
    assert acknowledged.exists() == (point != "click-kept")
    # Somebody may be at it still: it is left alone for as long as that takes.
    assert hearing(world, "two").catch_up(began=True) == 0
    assert by_two_at_once(world) == len(asked)
    assert done(world) == ONCE
    assert by_two_at_once(world) == 0
    for envelope in asked:
        hearing(world, "four").hear(envelope, acknowledge)
    assert done(world) == ONCE


def test_a_process_that_comes_back_under_its_name_does_not_wait(world):
    asked = envelopes(world)
    assert dies(lambda: hearing(world, "one").hear(asked[0], lambda _: None), "click-acknowledged")
    assert hearing(world, "one").catch_up(began=False) == 0
    assert hearing(world, "one").catch_up(began=True) == 1
    # What is done is kept no longer than it takes.
    assert hearing(world, "one").catch_up(began=True) == 0


def test_what_takes_longer_than_the_lease_is_not_begun_again_by_the_same_process(world):
    """In the middle of the work it looks, as it does all the time, for what was left undone by others."""
    asked, clock, found = envelopes(world)[0], [datetime.now(UTC)], []
    one = replace(hearing(world, "one"), clock=lambda: clock[0])
    (key,) = [k for k in HANDLERS if k[1] == "add_note" and k[0] is Kind.VIEW_SUBMISSION]

    def slowly(request, place, now):
        clock[0] += timedelta(seconds=LEASE_S + 1)
        found.append(one.catch_up(began=False))
        return HANDLERS[key].handle(request, place, now)

    one.handlers = {**HANDLERS, key: replace(HANDLERS[key], handle=slowly)}
    one.hear(asked, lambda _: None)
    assert found == [0]
    assert [step for step, _ in world.history()].count(Step.REMARKED) == 1
    assert one.catch_up(began=True) == 0


def test_a_store_that_is_busy_does_not_hold_up_the_acknowledgement(world):
    """Then a click is done without the promise, as soon as the other writer is."""
    (note, *_), acknowledged = envelopes(world), threading.Event()
    impatient = replace(hearing(world, "one"), wait_s=0.05)
    hearer = threading.Thread(target=impatient.hear, args=(note, lambda _: acknowledged.set()))
    with world.store() as other, other._db.write(news=False):
        hearer.start()
        assert acknowledged.wait(20)
        assert Step.REMARKED not in [step for step, _ in world.history()]
    hearer.join()
    assert Step.REMARKED in [step for step, _ in world.history()]


def test_what_a_listener_finds_left_is_done_before_it_hears(world, listening_slack):
    asked = envelopes(world)
    listening_slack.connections.clear()
    assert dies(lambda: hearing(world, "one").hear(asked[2], lambda _: None), "click-acknowledged")
    with world.listening():
        listening_slack.until(lambda: Step.ACKNOWLEDGED in [s for s, _ in world.history()], what="the click")
    with Store.open(world.store_url) as store:
        assert store.heard.left("slack", "one", datetime.now(UTC), lease_s=LEASE_S, began=True) == []
