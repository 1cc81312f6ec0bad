"""A year's harm allowance from figures to the message: five small cuts that no verdict calls over its limit."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fresh import fresh
from judge_world import CHANNELS, START, World, built, change, csat, day
from judge_world import plan as asked

from cxmon import actions, wording
from cxmon.config.plan import Plan
from cxmon.contracts import Observations
from cxmon.model import (
    AllowanceCode,
    Allowances,
    AllowanceUse,
    Altogether,
    Amount,
    Code,
    IncidentState,
    Interval,
    Scope,
    Segment,
    Silence,
    Step,
    Window,
)
from cxmon.pipeline.allowance_telling import as_finding, tell
from cxmon.pipeline.check import check
from cxmon.pipeline.estimating import side_by_side
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.judge_allowance import spend, to_everyone
from cxmon.pipeline.register import register
from cxmon.store import Overlay

LEAVES = tuple(Segment.of(channel=c, region=r) for c in CHANNELS for r in ("de", "fr", "uk", "us"))
YEAR = 214  # The 1st of January in the worlds' days.
CUTS = {LEAVES[s]: YEAR + 8 + 12 * i for i, s in enumerate((0, 5, 10, 3, 6))}
ALLOWED = Allowances(amounts={"csat": Amount(0.003, relative=False, text="0.3pt")})


def five(size):
    limits = {"csat": Amount(0.03, relative=False, text="3pt")}
    changes = [
        change(at, id=f"cut-{i}", title=f"Cut {i + 1}", scope=Scope.of(dict(s.items)), limits=limits)
        for i, (s, at) in enumerate(CUTS.items())
    ]
    moves = {"csat": lambda s, t: -size if t >= CUTS.get(s, math.inf) else 0.0}
    return World(days=345, seed=5, answers=320, moves=moves, leaves=LEAVES), changes


def news(store):
    return [r.message for r in store.outbox.rows(limit=100) if r.message.badge.startswith("Harm allowance")]


def steps(store):
    mine = [i for i in store.incidents.recent(50) if i.check == "allowance"]
    return [t.step for i in mine for t in store.incidents.history(i.id)]


def test_five_cuts_within_their_limits_are_seen_together_told_once_and_ended_once(tmp_path):
    world, changes = five(0.014)
    plan, store = built(tmp_path, world, [csat()], changes, allowance=ALLOWED)
    with store:
        verdicts = judge(plan, store, now=day(335))
        _exceeded(store, verdicts, store.allowances.latest()["csat"])
        said = {v.change: v for v in verdicts}
        # The next day tells nothing again, and checks do not take the story for one of theirs.
        spend(plan, store, said, now=day(336))
        check(plan, store, now=day(336))
        assert len(news(store)) == 1
        assert [i.state for i in store.incidents.open("allowance")] == [IncidentState.OPEN]
        for at in (337, 338):
            for declared in store.changes.all():
                actions.declare(store, replace(declared.change, ends=day(337)), now=day(at), origin="yaml")
            spend(plan, store, said, now=day(at))
        assert store.incidents.open("allowance") == []
        assert steps(store) == [Step.OPENED, Step.ENDED]
        assert len(news(store)) == 2


def test_five_cuts_each_told_as_held_are_together_more_than_is_allowed(tmp_path):
    world, changes = five(0.006)
    little = Allowances(amounts={"csat": Amount(0.0003, relative=False, text="0.03pt")})
    plan, store = built(tmp_path, replace(world, seed=11), [csat()], changes, allowance=little)
    with store:
        verdicts = judge(plan, store, now=day(335), depth=Depth.TOLD)
        use = store.allowances.latest()["csat"]
        assert [v.code for v in verdicts] == [Code.SAFE] * 5
        assert (use.code, use.by) == (AllowanceCode.EXCEEDED, "decisions")
        # Each of them may have done nothing; all of them have not.
        assert all(one.harm.low < 0 for one in use.carried)
        assert use.limit < use.summed.low < 0.006 * 5 / 12 < use.summed.high
        assert [m.title for m in news(store)] == [
            "CSAT: the decisions since 1 Jan together cost more than the 0.03 points allowed"
        ]


def _exceeded(store, verdicts, use):
    assert len(verdicts) == 5
    assert {v.code for v in verdicts} <= {Code.SAFE, Code.UNDECIDED, Code.WORSE}
    assert {v.code for v in verdicts} & {Code.SAFE, Code.UNDECIDED}
    assert all(v.harms[0].so_far.high < v.harms[0].limit for v in verdicts)
    assert (use.code, use.by) == (AllowanceCode.EXCEEDED, "decisions")
    assert use.summed.low < 0.014 * 5 / 12 < use.summed.high
    assert [one.share for one in use.carried] == [pytest.approx(1 / 12, abs=0.002)] * 5
    assert math.isfinite(use.unexplained.estimate)
    (message,) = news(store)
    assert message.title == "CSAT: the decisions since 1 Jan together cost more than the 0.3 points allowed"
    assert message.lines[1].startswith("By decision: Cut ")
    assert wording.allowance_part(use, "cut-0", csat()).startswith("Uses 0.0")


def test_later_revisions_do_not_move_the_frozen_baseline(tmp_path):
    world, _ = five(0.0)
    plan, store = built(tmp_path, replace(world, days=260), [csat()], [], allowance=ALLOWED)
    with store:
        judge(plan, store, now=day(255))
        first = store.allowances.latest()["csat"]
        metric = csat()
        cells = replace(world, days=YEAR).cells(metric)
        lower = replace(cells, total=(cells.total * 0.9).round())
        window = Window(START, day(YEAR))
        store.observations.apply(metric, Observations(window=window, cells=lower), now=day(256))
        judge(plan, store, now=day(255) + timedelta(hours=1))
        again = store.allowances.latest()["csat"]
    assert again.altogether.harm == first.altogether.harm
    assert again.altogether.frozen_at == datetime(2026, 1, 1, tzinfo=UTC)
    # No decision: nothing is used, whatever happened.
    assert (first.code, first.summed.estimate) == (AllowanceCode.WITHIN, 0.0)


def test_what_a_later_store_knew_at_its_first_look_stays_the_baseline(tmp_path):
    """Of a year that began before the store nothing is known as of its start, so only what is kept is frozen."""
    world, _ = five(0.0)
    metric = csat()
    plan, store = built(tmp_path, replace(world, days=0), [metric], [], allowance=ALLOWED)
    window = Window(START, day(250))
    cells = replace(world, days=250).cells(metric)
    with store:
        found = []
        for factor, at in ((1.0, 251), (0.9, 252)):
            lower = replace(
                cells, total=(cells.total * np.where(cells.start < day(YEAR).timestamp(), factor, 1)).round()
            )
            store.observations.apply(metric, Observations(window=window, cells=lower), now=day(at))
            found += spend(plan, store, {}, now=day(252))
    first, again = found
    assert first.altogether.frozen_at == again.altogether.frozen_at == day(252)
    assert again.altogether.harm == first.altogether.harm


NONE = Interval(estimate=math.nan, low=math.nan, high=math.nan)
EXCEEDED = AllowanceUse(
    metric="csat", year=datetime(2025, 12, 31, 23, tzinfo=UTC), ends=day(900), as_of=day(300), unit="pt",
    code=AllowanceCode.EXCEEDED, by="decisions", limit=0.003, unexplained=NONE,
    summed=Interval(estimate=0.005, low=0.004, high=0.006),
    altogether=Altogether(harm=NONE, code=AllowanceCode.OPEN), carried=(),
)  # fmt: skip


def test_a_story_names_the_days_of_its_metrics_zone():
    """In Berlin the year begins at 23:00 of the day before, UTC."""
    assert "since 1 Jan together cost more" in as_finding(EXCEEDED, csat(zone="Europe/Berlin")).reason


def test_an_allowance_that_a_silence_keeps_quiet_says_whose_it_is(tmp_path):
    quiet = Silence(id="q", metric="csat", segment=None, starts=day(0), ends=day(400), by="Board", why="known to all")
    with fresh(tmp_path / "store.db") as store:
        store.changes.put_silence(quiet, origin="cli")
        tell(asked(tmp_path, [csat()], []), store, EXCEEDED, csat(), {}, now=day(300))
        (incident,) = store.incidents.open("allowance")
        assert news(store) == []
        note = store.incidents.history(incident.id)[-1].reason
        kept_again = replace(EXCEEDED, code=AllowanceCode.WITHIN, as_of=day(301), summed=replace(NONE, estimate=0.001))
        tell(asked(tmp_path, [csat()], []), store, kept_again, csat(), {}, now=day(301))
        (ended,) = news(store)
    until = f"{day(400):%Y-%m-%d %H:%M} UTC"
    assert note == f"silenced: that it opened was not sent, a silence until {until} by Board (known to all) covers it"
    assert (
        ended.lines[0]
        == f"Nobody was told while it lasted: a silence until {until} by Board (known to all) covered it."
    )


def test_a_plan_without_an_allowance_counts_nothing(tmp_path):
    world, _ = five(0.0)
    plan, store = built(tmp_path, replace(world, days=230), [csat()], [])
    with store:
        judge(plan, store, now=day(228))
        assert store.allowances.latest() == {}
    assert plan.allowance == Plan(path=tmp_path, store_url="").allowance


def test_a_decision_on_customers_that_the_metric_does_not_have_is_no_part_of_its_year(tmp_path):
    world, _ = five(0.0)
    shop = change(YEAR + 3, id="shop", title="Shop", scope=Scope.of({"channel": "shop"}))
    near = change(YEAR + 3, id="near", title="Near", scope=Scope.of(dict(LEAVES[0].items)))
    world = replace(world, days=230, leaves=LEAVES[:2])
    plan, store = built(tmp_path, world, [csat()], [shop, near], allowance=ALLOWED)
    with store:
        register(plan, store, now=day(228))
        [use] = spend(plan, store, {}, now=day(228), brief=True)
    assert [part.change for part in use.carried] == ["near"]


def test_what_happened_to_everyone_is_asked_of_figures_as_they_stand_and_answered_when_they_have_moved_on(tmp_path):
    world, changes = five(0.014)
    plan, store = built(tmp_path, world, [csat()], changes, allowance=ALLOWED)
    with store:
        register(plan, store, now=day(335))
        over = Overlay.over(store, plan.metrics.values())
        over.advance(day(320))
        asked = to_everyone(plan, over, now=day(320))
        over.advance(day(335))
        [later] = side_by_side([asked["csat"]])
        alone = Overlay.over(store, plan.metrics.values())
        alone.advance(day(320))
        [use] = spend(plan, alone, {}, now=day(320))
        assert math.isfinite(later.harm.estimate)
        assert later == use.altogether
        # Who is told it does not ask again.
        known = replace(later, reason="asked before")
        [told] = spend(plan, alone, {}, now=day(320), everyone={"csat": known})
        assert told.altogether.reason == "asked before"
