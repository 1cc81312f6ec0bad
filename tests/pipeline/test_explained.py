"""What a declared change explains is told in that change's thread, never as a message of its own: over real HTTP, to
the strict fake."""

from datetime import timedelta

import pytest
from fakeslack.transcript import EDIT, NEW, REPLY, WatchedSlack
from notify_world import NOW, news, plan, row

from cxmon import actions
from cxmon.alerts import Slack
from cxmon.alerts.declared_message import for_declared
from cxmon.model import (
    EVERYONE,
    Category,
    Change,
    Delivery,
    Incident,
    IncidentState,
    OutboxRow,
    Receipt,
    Silence,
    Step,
    Transition,
)
from cxmon.pipeline.explained import tell_explained
from cxmon.pipeline.notify import deliver
from cxmon.pipeline.replay_delivery import Clock
from cxmon.store import Store
from cxmon.wording.joining import seen_too

CUT = Change(id="cut", title="Desk closed", category=Category.COST_CUT, starts=NOW, owner="Operations")
VERDICT = news("opened", thread="change:cut", title="Desk closed: over the limit")


class World:
    """A store, the Slack it reaches, and a clock that both live by."""

    def __init__(self, slack, url):
        self.slack, self.url, self.clock = slack, url, Clock(NOW)
        slack.clock = self.clock.seconds
        self.plan = plan(slack.url, kind=Slack)
        with Store.open(url) as store:
            actions.declare(store, CUT, now=NOW, origin="cli")
            self.incident(store, "phone")

    def incident(self, store, *segments, day=0):
        """The change's verdict has an open incident, and a check sees the same in these segments."""
        of = store.incidents.get("v1") or Incident(
            id="v1", check="verdict", subject="cut", root=EVERYONE, members=(EVERYONE,), state=IncidentState.OPEN,
            opened_at=NOW, since=NOW, last_breach_at=NOW,
        )  # fmt: skip
        notes = [
            Transition(incident="v1", step=Step.NOTED, at=NOW, reason=f"{seen_too('watch', 'CSAT', s)}; 70 % now")
            for s in segments
        ]
        seen, through = store.incidents.evaluated_through("verdict", "cut"), NOW + timedelta(days=day)
        assert store.incidents.commit(
            check="verdict", subject="cut", seen_through=seen, through=through, incidents=[of], transitions=notes,
            outbox=[], now=through,
        )  # fmt: skip

    def look(self, *messages):
        """What a check does at its end, and the delivery after it; a look comes a minute after the other."""
        self.clock.now += timedelta(minutes=1)
        with Store.open(self.url) as store:
            store.outbox.queue([row(m) for m in messages], self.clock.now)
            tell_explained(self.plan, store, now=self.clock.now)
            deliver(self.plan, store, now=self.clock.now, worker="w", ticking=self.clock.ticking)
        told = [(t.sort, " ".join(t.lines)) for t in self.slack.told if t.sort != EDIT]
        self.slack.told.clear()
        assert self.slack.problems == []
        return told


@pytest.fixture
def world(tmp_path):
    slack = WatchedSlack(hang_s=1.2)
    slack.start()
    yield World(slack, f"sqlite:///{tmp_path / 'store.db'}")
    slack.stop()


SAID = "Part of this story, and no alert of its own: the check watch sees it too: CSAT, phone; 70 % now"


def test_it_is_one_reply_in_the_thread_of_the_verdict_however_often_it_is_looked(world):
    first, reply = world.look(VERDICT)
    assert (first[0], reply) == (NEW, (REPLY, SAID))
    assert world.look() == []
    with Store.open(world.url) as store:
        world.incident(store, "phone", "phone · eu", day=1)
    # The phone is known; its part is new to the thread.
    assert world.look() == [(REPLY, SAID.replace("phone", "phone · eu"))]
    assert len(world.slack.posts()) == 1


def test_without_a_message_of_the_change_it_waits_for_the_first_one(world):
    assert world.look() == []
    assert world.look() == []
    (first, reply) = world.look(VERDICT)
    assert (first[0], reply) == (NEW, (REPLY, SAID))


def test_a_silence_holds_it_until_it_is_over(world):
    quiet = Silence(id="q", metric=None, segment=None, starts=NOW, ends=NOW + timedelta(hours=1), by="CX", why="known")
    with Store.open(world.url) as store:
        store.changes.put_silence(quiet, origin="yaml")
    assert [sort for sort, _ in world.look(VERDICT)] == [NEW]
    world.clock.now += timedelta(hours=2)
    assert world.look() == [(REPLY, SAID)]


def test_where_only_the_declaration_stands_it_is_a_reply_there_and_not_once_more_below_the_verdict(world):
    with Store.open(world.url) as store:
        message = for_declared(store.changes.get("cut"), metrics={}, zone="UTC", board_url="", by="CX team")
        posted = Slack.client(world.plan.channels["slack"]).chat_postMessage(channel="C0ALERTS", text="Declared")["ts"]
        world.clock.now += timedelta(minutes=1)
        world.slack.told.clear()
        kept = OutboxRow(key=f"{message.key}|slack", channel="slack", message=message, state=Delivery.SENT,
                         receipt=Receipt(channel="C0ALERTS", ref=posted))  # fmt: skip
        store.outbox.queue([kept], NOW)
    assert world.look() == [(REPLY, SAID)]
    assert [sort for sort, _ in world.look(VERDICT)] == [NEW]
