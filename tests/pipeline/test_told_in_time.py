"""What people see, and when, whatever befalls Slack: `at` a minute something happens, `want` a message between two
minutes, and nothing else. Time is fast-forwarded; the same holds for one instance and for three over one store."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from fakeslack.transcript import EDIT, NEW, REPLY, WatchedSlack
from notify_world import NOW, news, plan, row

from cxmon.alerts import Slack
from cxmon.model import Delivery, Message
from cxmon.pipeline.notify import REPEAT, deliver
from cxmon.pipeline.replay_delivery import Clock
from cxmon.store import Store

DAY = 24 * 60


def between(first: float, last: float):
    """Minutes since the beginning."""
    return NOW + timedelta(minutes=first), NOW + timedelta(minutes=last)


@dataclass
class World:
    """Instances that deliver by turns, the Slack they reach, and what was seen of it."""

    url: str
    slack: WatchedSlack
    instances: int
    clock: Clock = field(default_factory=lambda: Clock(NOW))
    plans: list = field(default_factory=list)

    def at(self, minute: float, *happens: Message | Callable[[], object]) -> None:
        self.plans.append((minute, happens))

    def run(self, until: float, every: float = 0.25) -> None:
        """Up to minute `until`, a look of every instance each `every` minutes."""
        given = plan(self.slack.url, kind=Slack, timeout_s=1.0)
        stores = [Store.open(self.url) for _ in range(self.instances)]
        waiting, minute, turn = sorted(self.plans, key=lambda p: p[0]), 0.0, 0
        while minute <= until:
            self.clock.now = max(self.clock.now, NOW + timedelta(minutes=minute))
            while waiting and waiting[0][0] <= minute:
                for one in waiting.pop(0)[1]:
                    stores[0].outbox.queue([row(one)], self.clock.now) if isinstance(one, Message) else one()
            for i in range(self.instances):
                name = (turn + i) % self.instances
                deliver(given, stores[name], now=self.clock.now, worker=f"w{name}", ticking=self.clock.ticking)
            minute, turn = minute + every, turn + 1
        self.left = [r for r in stores[0].outbox.rows(limit=999) if r.state is not Delivery.SENT]
        for store in stores:
            store.close()

    def want(self, when, sort: str, said: str) -> None:
        """The next thing that was seen is this one."""
        assert self.slack.told, f"nothing more was told, wanted {said!r}"
        found = self.slack.told.pop(0)
        assert found.sort == sort, found
        assert re.search(said, "\n".join(found.lines)), found
        # The fake stamps by full seconds.
        assert when[0] - timedelta(seconds=1) <= found.at <= when[1] + timedelta(seconds=1), (found.at, when)

    def nothing_else(self) -> None:
        assert self.slack.told == []
        assert self.left == []
        assert self.slack.problems == []


@pytest.fixture
def slack():
    slack = WatchedSlack(hang_s=1.2)
    slack.start()
    yield slack
    slack.stop()


@pytest.fixture(params=[1, 3])
def world(request, slack, sqlite_url):
    made = World(sqlite_url, slack, request.param)
    Store.open(sqlite_url).close()
    slack.clock = made.clock.seconds
    return made


def test_news_is_told_at_once_and_in_the_pace_of_slack(world):
    world.at(1, news(), news(thread="incident:b"), news("worsened"))
    world.at(3, news("ended"))
    world.run(5)
    world.want(between(1, 1.1), NEW, "CSAT opened in incident:a")
    world.want(between(1, 1.1), NEW, "CSAT opened in incident:b")
    world.want(between(1, 1.1), EDIT, "CSAT worsened in incident:a")
    world.want(between(1, 1.1), REPLY, "worsened: news of incident:a")
    world.want(between(3, 3.1), EDIT, "CSAT ended in incident:a")
    world.want(between(3, 3.1), REPLY, "ended: news of incident:a")
    world.nothing_else()
    assert world.slack.refused == []


def test_the_wait_that_slack_asks_for_is_kept_by_all(world):
    world.at(0, lambda: world.slack.fail("chat.postMessage", "429", retry_after="120"))
    world.at(0, news(), news(thread="incident:b"))
    world.run(4)
    world.want(between(2, 2.6), NEW, "CSAT opened in incident:a")
    world.want(between(2, 2.6), NEW, "CSAT opened in incident:b")
    world.nothing_else()
    assert world.slack.count("chat.postMessage") == 2


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (lambda s: s.archived.add("C0ALERTS"), lambda s: s.archived.clear()),
        (lambda s: setattr(s, "revoked", True), lambda s: setattr(s, "revoked", False)),
        (lambda s: s.scopes.discard("chat:write"), lambda s: s.scopes.add("chat:write")),
        (lambda s: s.channels.pop("C0ALERTS"), lambda s: s.channels.update(C0ALERTS="cx-alerts")),
    ],
    ids=["archived channel", "revoked token", "missing scope", "unknown channel"],
)
def test_what_a_closed_door_keeps_is_told_once_when_it_opens(world, broken, mended):
    world.at(0, lambda: broken(world.slack), news(), news(thread="incident:b"))
    world.at(30, news("ended"))
    world.at(60, lambda: mended(world.slack))
    world.run(90, every=5)
    world.want(between(60, 76), NEW, "(?s)CSAT ended in incident:a.*Told late: the channel was out of reach")
    world.want(between(60, 76), NEW, "CSAT opened in incident:b")
    world.nothing_else()
    # It is tried every ten minutes, not all the time.
    assert world.slack.count("chat.postMessage") < 12


@pytest.mark.parametrize(("fault", "first"), [("html", 1), ("refuse", 1), ("drop", 0), ("hang", 0)])
def test_an_answer_that_says_nothing_is_looked_up_and_told_once(world, fault, first):
    """What did not arrive is sent when that is certain, after a minute; what arrived is not sent again."""
    world.at(0, lambda: world.slack.fail("chat.postMessage", fault), news(), news("ended"))
    world.run(4)
    world.want(between(first, first + 0.6), NEW, "CSAT opened in incident:a")
    world.want(between(1, 2), EDIT, "CSAT ended in incident:a")
    world.want(between(1, 2), REPLY, "ended: news of incident:a")
    world.nothing_else()
    assert REPEAT not in str(world.slack.messages)


@pytest.mark.parametrize("fault", ["html", "drop"])
def test_a_reply_whose_answer_is_lost_is_told_once(world, fault):
    world.at(0, news())
    world.at(1, lambda: world.slack.fail("chat.postMessage", fault), news("ended"))
    world.run(5)
    told = [t for t in world.slack.told if t.sort != EDIT]
    assert [(t.sort, t.lines[0]) for t in told] == [
        (NEW, "CSAT opened in incident:a"), (REPLY, "ended: news of incident:a"),
    ]  # fmt: skip
    assert world.left == []


def test_a_day_of_outage_ends_with_one_message_a_story_in_their_order(world):
    world.at(0, news(thread="incident:old"))
    world.at(5, world.slack.stop)
    for i in range(3):
        world.at(10 + i, news(thread=f"incident:{i}"))
        world.at(300 + i, news("worsened", thread=f"incident:{i}"))
    world.at(400, news("worsened", thread="incident:old"), news("ended", thread="incident:1"))
    world.at(500, news("ended", thread="incident:old"))
    world.at(DAY, world.slack.start)
    world.run(DAY + 60, every=40)
    back = between(DAY, DAY + 41)
    world.want(between(0, 0.1), NEW, "CSAT opened in incident:old")
    said = [[world.slack.told[i].sort, world.slack.told[i].lines[0]] for i in range(3)]
    assert said == [[NEW, f"CSAT {s} in incident:{i}"] for i, s in enumerate(("worsened", "ended", "worsened"))]
    for _ in range(3):
        world.want(back, NEW, "Told late: the channel was out of reach")
    world.want(back, EDIT, "(?s)CSAT ended in incident:old.*Told late: the channel was out of reach")
    world.want(back, REPLY, "(?s)^worsened: news of incident:old.*ended: news of incident:old$")
    world.nothing_else()


@pytest.mark.postgres
def test_a_bad_day_loses_nothing_and_tells_nothing_twice_on_postgresql(slack, pg_url):
    world = World(pg_url, slack, 3)
    slack.clock = world.clock.seconds
    for minute, fault in enumerate(("drop", "429", "html", "refuse", "500", "fatal_error")):
        world.at(2 * minute, lambda f=fault: slack.fail("chat.postMessage", f, retry_after="45"))
        world.at(2 * minute, news(thread=f"incident:{minute}"))
        world.at(2 * minute + 1, news("ended", thread=f"incident:{minute}"))
    world.run(30, every=0.5)
    assert world.left == []
    assert sorted(t.lines[0] for t in world.slack.told if t.sort == NEW) == sorted(
        {t.lines[0] for t in world.slack.told if t.sort == NEW}
    )
    assert len(slack.posts()) == 6
    assert all("CSAT ended" in str(post["blocks"]) for post in slack.posts())
    assert all(len(slack.replies(post["ts"])) <= 1 for post in slack.posts())
