"""A replay sends what live days sent: in company, after quiet hours, again, to views, and not where it is silenced."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import notify_world
import numpy as np
import pytest
from fakeslack.transcript import EDIT, NEW, REPLY, WatchedSlack, seen
from judge_world import START, csat, day, plan
from notify_world import news, row

from cxmon import actions
from cxmon.alerts import Console, Slack, blocks
from cxmon.checks import Threshold
from cxmon.config import CheckPlan
from cxmon.contracts import Cells, Observations
from cxmon.model import BusinessHours, IncidentPolicy, Mute, Route, Scope, Secret, Segment, Silence, View, Window
from cxmon.pipeline.check import check
from cxmon.pipeline.notify import deliver
from cxmon.pipeline.register import register
from cxmon.pipeline.replay import TOGETHER, replay
from cxmon.pipeline.replay_compare import compare
from cxmon.pipeline.replay_delivery import Clock, Deliveries
from cxmon.pipeline.replay_known import Hearsay
from cxmon.store import Overlay, Run, Store

SHOPS = tuple(Segment.of(shop=f"shop {i:02}") for i in range(16))
FIRST, LAST = 3, 9
SIX, HOUR, MINUTE = timedelta(hours=6), timedelta(hours=1), timedelta(minutes=1)
# When live delivers after a look at six: soon, when company has come, and on.
STEPS = (timedelta(0), MINUTE, 5 * MINUTE, 2 * HOUR, 14 * HOUR)
SORTS = {"new": NEW, "reply": REPLY, "edit": EDIT}


def metric(id_, by):
    return csat(id=id_, label=id_.title(), dimensions=("shop",), by=by, matures_after=timedelta(0))


METRICS = metric("csat", (("shop",),)), metric("solved", ((), ("shop",)))
SOON = IncidentPolicy(recover_after=1)
CHECKS = (
    CheckPlan(name="floor", check=Threshold(floor="74%"), metrics=("csat",), policy=SOON),
    CheckPlan(name="whole", check=Threshold(floor="80%"), metrics=("solved",), policy=SOON),
    CheckPlan(name="part", check=Threshold(floor="70%"), metrics=("solved",), policy=SOON),
)
DESK = BusinessHours(name="desk", zone="UTC", week=(((480, 1080),),) * 7)
QUIET = Silence(
    id="known", metric="csat", segment=SHOPS[13], starts=day(0), ends=day(7), by="CX", why="they are moving house"
)
ROUTES = (
    Route(channel="shops", metrics=("csat",), group_wait=5 * MINUTE, group_interval=10 * MINUTE),
    Route(channel="everyone", mutes=("nights",), repeat_interval=timedelta(hours=20)),
)
VIEW = View(id="five", label="Shop 5", scope=Scope.of({"shop": "shop 05"}), channels=("views",))


def share(name, shop, at):
    """On day 4 twelve shops fall, one by one more later; what is solved falls everywhere, and in one shop far."""
    if name == "csat":
        return 0.5 if (shop < 12 and 4 <= at < 7) or (shop == 12 and at == 5) or (shop == 13 and 4 <= at < 8) else 0.9
    return 0.6 if shop == 3 and at == 5 else 0.78 if 4 <= at < 7 else 0.9


def figures(name):
    shops, days = (np.ravel(x) for x in np.meshgrid(np.arange(len(SHOPS)), np.arange(LAST), indexing="ij"))
    n = np.full(len(shops), 100.0)
    return Cells(
        segments=SHOPS, segment=shops.astype(np.int64), known_at=np.zeros(len(n), np.int64), n=n,
        start=np.array([day(int(t)).timestamp() for t in days], np.int64),
        total=n * [share(name, int(s), int(t)) for s, t in zip(shops, days, strict=True)],
    )  # fmt: skip


def collected(store, one, now):
    cells = figures(one.id)
    inside = cells.start < (now - SIX).timestamp()
    some = {name: getattr(cells, name)[inside] for name in ("segment", "start", "known_at", "n", "total")}
    window = Window(START, now - SIX)
    store.observations.apply(one, Observations(window=window, cells=replace(cells, **some)), now=now)
    store.runs.record(Run(metric=one.id, source="desk", started_at=now, finished_at=now, ok=True))


def channels(slack):
    slack.channels |= {f"C0{name.upper()}": name for name in ("shops", "everyone", "views")}
    return {c: Slack(channel=i, token=Secret("xoxb-good"), base_url=slack.url) for i, c in slack.channels.items()}


def people(store):
    """What is done by hand between two looks, in order: (when, what)."""
    (one,) = store.incidents.open("whole")
    nine = day(7) + SIX + 3 * HOUR
    yield nine, lambda at: actions.assign(store, one.id, to="Shops", by="CX", now=at)
    yield nine + MINUTE, lambda at: actions.add_note(store, one.id, text="the till is down", by="Shops", now=at)
    yield nine + 2 * MINUTE, lambda at: actions.acknowledge(store, one.id, by="Shops", now=at)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """(plan, the workspace after a week that were collected, checked and delivered as they came)."""
    slack = WatchedSlack(channels={}).start()
    asked = plan(
        tmp_path_factory.mktemp("lived"), METRICS, (), checks=CHECKS, routes=ROUTES, views=(VIEW,), silences=(QUIET,),
        mutes={"nights": Mute(id="nights", hours=DESK, outside=True)}, channels=channels(slack),
    )  # fmt: skip
    clock = Clock(day(FIRST))
    slack.clock = clock.seconds
    with Store.open(asked.store_url) as store:
        for number in range(FIRST, LAST + 1):
            now = day(number) + SIX
            for one in METRICS:
                collected(store, one, now)
            register(asked, store, now=now)
            assert {done.error for done in check(asked, store, now=now)} == {""}
            acted = list(people(store)) if number == 7 else []
            for at, act in sorted([*acted, *((now + step, None) for step in STEPS)], key=lambda one: one[0]):
                clock.now = max(clock.now, at)
                if act is not None:
                    act(at)
                deliver(asked, store, now=clock.now, worker="live", ticking=clock.ticking)
    slack.stop()
    assert slack.problems == slack.refused == []
    return asked, slack


@pytest.fixture(scope="module")
def found(lived):
    return replayed(lived[0])


def replayed(asked, **more):
    with Store.open(asked.store_url, read_only=True) as store:
        return replay(asked, store, since=day(FIRST), until=day(LAST + 1), **more)


def shown(alert):
    """What a reader of Slack sees come for an alert: sort and lines; of an edit all that stands there then."""
    message = alert.message
    said = blocks.render_reply(message.reply) if alert.sort == "reply" else blocks.render(message)
    return alert.channel, SORTS[alert.sort], seen({"blocks": said})


def test_what_was_sent_live_is_sent_in_the_replay_word_for_word(lived, found):
    _, slack = lived
    live = [t for t in slack.told if t.sort != EDIT]
    assert [shown(a) for a in found.alerts if a.sort != "edit"] == [(t.channel, t.sort, t.lines) for t in live]
    # Every reply comes with an edit of the message above it, and some edits come alone.
    assert Counter(t.sort for t in slack.told)[EDIT] == sum(a.sort != "new" for a in found.alerts)


def test_it_is_sent_when_it_was_sent(lived, found):
    """Live looked every few minutes or hours: what the replay sends was sent at the first of these after it."""
    acted = [day(7) + SIX + 3 * HOUR + k * MINUTE for k in range(3)]
    moments = sorted([*acted, *(day(n) + SIX + s for n in range(FIRST, LAST + 1) for s in STEPS)])
    called = [a for a in found.alerts if a.sort != "edit"]
    live = [t for t in lived[1].told if t.sort != EDIT]
    for alert, told in zip(called, live, strict=True):
        # Within a run the channel's pace of a second goes on.
        expected = next(m for m in moments if m > alert.at - MINUTE / 2)
        assert timedelta(0) <= told.at - expected < MINUTE / 2, (alert, told)


def test_the_days_hold_what_can_keep_a_message_back(found):
    by = {a.channel: [b for b in found.alerts if b.channel == a.channel] for a in found.alerts}
    # Twelve shops at once are one message five minutes after the look, and so is their end.
    first = by["shops"][0]
    assert (first.story, first.sort, first.at) == (TOGETHER, "new", day(5) + SIX + 5 * MINUTE)
    assert {p.step for p in first.pieces} == {"opened"}
    assert len(first.pieces) == 12
    # Quiet hours; the next day's look has news; the one after it calls again, until somebody is on it.
    opened = by["everyone"][0]
    assert (opened.step, opened.at) == ("opened", day(5) + 8 * HOUR)
    assert [a.step for a in by["everyone"]].count("repeated") == 1
    assert {"assigned", "remarked", "acknowledged"} <= {p.step for a in by["everyone"] for p in a.pieces}
    # The part is told by the whole, the silenced shop when the silence is over, the view's shop there too.
    assert not any(a.story.startswith("part") for a in found.alerts)
    quiet = [a for a in found.alerts if a.story.endswith("shop 13")]
    assert [(a.step, a.at >= QUIET.ends) for a in quiet] == [("opened", True), ("ended", True)]
    assert {a.story for a in by["views"]} == {"floor csat, shop 05"}


def test_what_waits_at_the_end_is_told_as_waiting(lived):
    asked, _ = lived
    with Store.open(asked.store_url, read_only=True) as store:
        early = replay(asked, store, since=day(FIRST), until=day(5) + SIX + MINUTE)
    assert {row.channel for row in early.waiting} == {"shops", "everyone"}
    assert {a.channel for a in early.alerts} == {"views"}


def test_two_ways_of_delivering_are_compared_message_by_message(lived, found):
    asked, _ = lived
    theirs = replayed(replace(asked, routes=(ROUTES[0], Route(channel="everyone")), silences=()), ours=False)
    both = compare(found, theirs)
    assert both.same + len(both.moved) + len(both.only_ours) == len(found.alerts)
    assert {a.step for a in both.only_ours} == {"repeated"}
    # Without quiet hours it comes at once; without the silence thirteen are told together, and it is in their company.
    opened = next(m for m in both.moved if m.ours.channel == "everyone" and m.ours.step == "opened")
    assert [t.at for t in opened.theirs] == [day(5) + SIX]
    assert compare(found, found).same == len(found.alerts)


def test_before_the_first_collection_live_is_taken_to_look_as_often_as_it_collects(tmp_path):
    """Filled later, so that nobody can have looked: what is told again comes at its hour, not with the next look."""
    routes = (Route(channel="console", repeat_interval=8 * HOUR),)
    asked = plan(tmp_path, METRICS[1:], (), checks=CHECKS[1:2], routes=routes)
    with Store.open(asked.store_url) as store:
        cells = figures("solved")
        store.observations.apply(METRICS[1], Observations(window=Window(START, day(LAST)), cells=cells), now=day(400))
        late = replay(asked, store, since=day(FIRST), until=day(8))
    opened = day(5) + SIX
    # From each piece of news, of which there is one after a day, the hours are counted anew.
    called = [(a.step, a.at - opened) for a in late.alerts if a.sort != "edit"]
    hours = [("opened", 0), ("repeated", 8), ("repeated", 16), ("worsened", 24), ("repeated", 32), ("repeated", 40)]
    assert called[:6] == [(step, k * HOUR) for step, k in hours]


def test_an_edit_that_calls_nobody_is_one_where_the_channel_edits(sqlite_store):
    """A day later, so that each piece of news has a look of its own; a letter that stands there cannot be edited."""
    there = Slack(channel="C0SHOPS", token=Secret("xoxb-good")), Console()
    asked = replace(
        notify_world.plan("https://slack.com/api/"), channels=dict(zip(("slack", "letters"), there, strict=True))
    )
    overlay = Overlay.over(sqlite_store, ())
    delivered = Deliveries(plan=asked, store=overlay, heard=Hearsay(changes=[], said=[], never=()), rounds=())
    for number, said in enumerate((news(), news("widened", reply=None), news("ended"))):
        overlay.outbox.queue([row(said, name) for name in asked.channels], day(number))
        delivered.look(day(number))
    told = [(s.channel, s.message.reply is None, s.at) for s in delivered.sent]
    assert [t for t in told if t[0] == "letters"] == [("letters", False, day(0)), ("letters", False, day(2))]
    assert [(edit, at) for c, edit, at in told if c == "slack"] == [(False, day(0)), (True, day(1)), (False, day(2))]
    assert not delivered.waiting


def test_what_stands_behind_news_that_waits_for_company_is_not_tried_every_ten_seconds(sqlite_store):
    asked = replace(notify_world.plan("https://slack.com/api/"), channels={"letters": Console()})
    delivered = Deliveries(
        plan=asked, store=Overlay.over(sqlite_store, ()), heard=Hearsay(changes=[], said=[], never=()), rounds=()
    )
    waits = replace(row(news(), "letters"), not_before=day(0) + 4 * HOUR)
    delivered.store.outbox.queue([waits, row(news("assigned"), "letters")], day(0))
    delivered.look(day(0))
    assert delivered._due(day(0)) == waits.not_before
    delivered.until(day(1))
    assert [s.at for s in delivered.sent] == [waits.not_before] * 2
