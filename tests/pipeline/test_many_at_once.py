"""A thousand incidents at once are one message that a person can read; news of each goes on in its thread."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from fakeslack.plugin import fake_slack
from judge_world import START, csat, day
from killing import dies
from notify_world import Hasty, news, row

from cxmon.checks import Threshold
from cxmon.config.plan import CheckPlan, Plan
from cxmon.contracts import Cells, Observations
from cxmon.model import Delivery, IncidentPolicy, Secret, Segment, Tone, Window
from cxmon.pipeline.check import check
from cxmon.pipeline.notify import LEASE_S, deliver
from cxmon.pipeline.together import LEAST, LEAST_VERDICTS
from cxmon.store import Store

__all__ = ["fake_slack"]

SHOPS = 1_000
GRAVE = 7
METRIC = csat(dimensions=("shop",), by=(("shop",),), matures_after=timedelta(0))
LEAVES = tuple(Segment.of(shop=f"shop {i:03}") for i in range(SHOPS))
DAYS = 4
OPEN = 3


def share(shop, at):
    """On day 3 all fall, seven of them far."""
    if at < OPEN:
        return 0.9
    return 0.2 if shop >= SHOPS - GRAVE else 0.5


def figures():
    shops, days = np.repeat(np.arange(SHOPS), DAYS), np.tile(np.arange(DAYS), SHOPS)
    n = np.full(SHOPS * DAYS, 100.0)
    total = n * [share(s, t) for s, t in zip(shops, days, strict=True)]
    starts = np.array([day(int(t)).timestamp() for t in days], np.int64)
    return Cells(
        segments=LEAVES, segment=shops.astype(np.int64), start=starts, known_at=np.zeros(len(n), np.int64), n=n,
        total=total, squares=None, sketches=None,
    )  # fmt: skip


@pytest.fixture
def opened(tmp_path, fake_slack):
    """A store in which a thousand incidents have just opened, and its plan."""
    floor = CheckPlan(
        name="floor", check=Threshold(floor="74%"), metrics=("csat",), policy=IncidentPolicy(recover_after=1)
    )
    fake_slack.pace_s = 0.0
    slack = Hasty(channel="C0ALERTS", token=Secret("xoxb-good"), base_url=fake_slack.url, timeout_s=5.0)
    plan = Plan(
        path=tmp_path / "cxmon.yaml", store_url=f"sqlite:///{tmp_path}/store.db", metrics={"csat": METRIC},
        checks=(floor,), channels={"slack": slack},
    )  # fmt: skip
    with Store.open(plan.store_url) as store:
        window = Window(START, day(DAYS))
        store.observations.apply(METRIC, Observations(window=window, cells=figures()), now=START)
        for number in (OPEN - 1, OPEN):
            (done,) = check(plan, store, now=day(number + 1))
            assert done.error == ""
        yield plan, store


def test_a_thousand_incidents_are_one_message_and_none_is_lost(opened, fake_slack):
    plan, store = opened
    assert len(store.outbox.rows(limit=9999)) == SHOPS == len(store.incidents.open())

    # The first answer is lost: what is in doubt is looked up, not sent again.
    fake_slack.fail("chat.postMessage", "drop")
    deliver(plan, store, now=day(OPEN + 1), worker="w")
    assert sum(r.state is Delivery.SENDING for r in store.outbox.rows(limit=9999)) == SHOPS
    deliver(plan, store, now=day(OPEN + 1) + timedelta(seconds=LEASE_S + 5), worker="v")
    (post,) = fake_slack.posts()
    said = str(post["blocks"])
    assert post["blocks"][0]["text"]["text"] == "1,000 alerts, all out of bounds"
    assert "CSAT in shop 993 is 20 %" in said
    assert said.index("shop 993") < said.index("shop 000")
    assert "and 990 more" in said
    mine = store.outbox.rows(limit=9999)
    assert {r.state for r in mine} == {Delivery.SENT}
    assert len({r.receipt for r in mine}) == 1

    assert fake_slack.problems == []


@pytest.fixture
def world(fake_slack, sqlite_store):
    fake_slack.pace_s = 0.0
    slack = Hasty(channel="C0ALERTS", token=Secret("xoxb-good"), base_url=fake_slack.url, timeout_s=20.0)
    plan = Plan(path=sqlite_store.url, store_url="", channels={"slack": slack})
    return plan, sqlite_store, fake_slack


def put(store, count, **more):
    store.outbox.queue([row(news(thread=f"incident:{i}", **more)) for i in range(count)], START)


def states(store):
    return {r.state for r in store.outbox.rows()}


def test_later_news_of_one_finds_its_thread_and_the_message_counts_on(world):
    plan, store, slack = world
    put(store, 40)
    deliver(plan, store, now=START, worker="w")
    (post,) = slack.posts()
    ended = {"step": "ended", "tone": Tone.TEAL, "badge": "Recovered"}
    put(store, 3, **ended)
    assert {d.state for d in deliver(plan, store, now=START, worker="w")} == {Delivery.SENT}
    told = slack.replies(post["ts"])
    assert [t["text"] for t in told] == [f"CSAT ended in incident:{i} ended: news of incident:{i}" for i in range(3)]
    (post,) = slack.posts()
    assert post["blocks"][0]["text"]["text"] == "40 alerts (37 worse than expected, 3 recovered)"

    # Much news at once is one reply.
    put(store, 40, version="2", **ended)
    deliver(plan, store, now=START, worker="w")
    assert slack.replies(post["ts"])[3]["text"].startswith("News of 40: 40 recovered Recovered: CSAT ended in")
    assert len(slack.replies(post["ts"])) == 4
    (post,) = slack.posts()
    assert post["blocks"][0]["text"]["text"] == "40 alerts, all recovered"
    assert states(store) == {Delivery.SENT}
    assert slack.problems == slack.refused == []


def test_what_came_and_went_before_it_could_be_told_is_told_as_it_stands(world):
    plan, store, slack = world
    put(store, LEAST)
    put(store, 2, step="ended", tone=Tone.TEAL, badge="Recovered")
    deliver(plan, store, now=START, worker="w")
    (post,) = slack.posts()
    assert post["blocks"][0]["text"]["text"] == f"{LEAST} alerts ({LEAST - 2} worse than expected, 2 recovered)"
    assert slack.replies(post["ts"]) == []
    assert states(store) == {Delivery.SENT}


def test_a_verdict_has_a_message_of_its_own_unless_there_are_many_more(world):
    plan, store, slack = world
    store.outbox.queue([row(news(thread=f"change:{i}")) for i in range(LEAST)], START)
    put(store, LEAST)
    deliver(plan, store, now=START, worker="w")
    assert len(slack.posts()) == LEAST + 1
    store.outbox.queue([row(news(thread=f"change:new{i}")) for i in range(LEAST_VERDICTS)], START)
    deliver(plan, store, now=START, worker="w")
    assert slack.posts()[-1]["blocks"][0]["text"]["text"] == f"{LEAST_VERDICTS} verdicts, all worse than expected"
    assert len(slack.posts()) == LEAST + 2


@pytest.mark.parametrize("hostile", ["<!channel> & *x* `y`", "e" * 10_000, "\u202egnirts [a](http://b.c)", ""])
def test_names_from_data_break_nothing_among_many_either(world, hostile):
    plan, store, slack = world
    put(store, 40, title=hostile or "x", badge=hostile or "x", text=hostile, reply=hostile)
    deliver(plan, store, now=START, worker="w")
    put(store, 40, step="ended", title=hostile or "x", badge=hostile or "x", text=hostile, reply=hostile)
    deliver(plan, store, now=START, worker="w")
    (post,) = slack.posts()
    # Where the reply says nothing it is an edit, which calls nobody.
    assert len(slack.replies(post["ts"])) == bool(hostile)
    assert "<!channel>" not in str(slack.messages)
    assert states(store) == {Delivery.SENT}
    assert slack.problems == slack.refused == []


def test_three_workers_tell_them_once(world):
    plan, store, slack = world
    put(store, 30)

    def work(name):
        with Store.open(store.url) as mine:
            deliver(plan, mine, now=START, worker=name)

    workers = [threading.Thread(target=work, args=(n,)) for n in ("one", "two", "three")]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert len(slack.posts()) == 1
    assert states(store) == {Delivery.SENT}


TOGETHER = Path(__file__).parents[2] / "cxmon"
POINTS = sorted(
    name
    for room in ("pipeline/notify_together.py", "store/outbox.py")
    for name in re.findall(r'failpoint\("(.*together.*)"\)', (TOGETHER / room).read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_between_taken_and_sent_loses_none_and_tells_none_twice(fake_slack, store_url, point):
    fake_slack.pace_s = 0.0
    slack = Hasty(channel="C0ALERTS", token=Secret("xoxb-good"), base_url=fake_slack.url, timeout_s=20.0)
    plan = Plan(path=Path("cxmon.yaml"), store_url="", channels={"slack": slack})
    with Store.open(store_url) as store:
        put(store, LEAST)

    def work(shift=0.0):
        with Store.open(store_url) as mine:
            deliver(plan, mine, now=START + timedelta(seconds=shift), worker=f"w{shift}")

    assert dies(work, point)
    work(LEASE_S + 5)
    assert len(fake_slack.posts()) == 1
    with Store.open(store_url) as store:
        assert states(store) == {Delivery.SENT}


def test_few_are_told_one_by_one_and_what_has_a_message_goes_on_there(world):
    plan, store, slack = world
    put(store, LEAST - 1)
    deliver(plan, store, now=START, worker="w")
    assert len(slack.posts()) == LEAST - 1
    put(store, LEAST - 1, step="worsened")
    store.outbox.queue([row(news(thread=f"incident:new{i}")) for i in range(LEAST)], START)
    deliver(plan, store, now=START, worker="w")
    posts = slack.posts()
    assert [p["text"].startswith(f"{LEAST} alerts, all") for p in posts] == [False] * (LEAST - 1) + [True]
    assert all(len(slack.replies(p["ts"])) == 1 for p in posts[:-1])
    assert states(store) == {Delivery.SENT}


def test_a_refusal_leaves_all_of_them_to_be_tried_again(world):
    plan, store, slack = world
    put(store, LEAST)
    slack.fail("chat.postMessage", "429", retry_after="30")
    assert {d.state for d in deliver(plan, store, now=START, worker="w")} == {Delivery.WAITING}
    deliver(plan, store, now=START + timedelta(seconds=31), worker="w")
    assert len(slack.posts()) == 1
    assert states(store) == {Delivery.SENT}


def test_what_never_arrived_is_sent_again_together(world):
    plan, store, slack = world
    put(store, LEAST)
    slack.fail("chat.postMessage", "refuse")
    deliver(plan, store, now=START, worker="w")
    assert states(store) == {Delivery.SENDING}
    for _ in range(2):
        deliver(plan, store, now=START + timedelta(seconds=LEASE_S + 5), worker="w")
    assert len(slack.posts()) == 1
    assert states(store) == {Delivery.SENT}
