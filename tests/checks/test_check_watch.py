"""The watch: lasting regressions are found with their beginning, and a new level is a new start."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from check_cases import NAMES, START, context, instant, metric, panel

from cxmon.checks import Watch
from cxmon.decisions.left_out import left_out
from cxmon.model import EVERYONE, Better, Grain, Holidays, Kind, LeftOut, Segment, State
from cxmon.periods import grid, on_holiday

TEAM = Segment.of(team="c")


def falls(at, by=0.08, until=None):
    def move(shares):
        shares[NAMES.index("c"), at:until] -= by
        return shares

    return move


def told(of, **more):
    return {f.segment: f for f in Watch().evaluate(of, context(of, **more))}


def test_a_lasting_fall_is_found_with_its_beginning_size_and_range():
    found = told(panel(140, move=falls(110)))
    team = found[TEAM]
    assert team.state is State.BREACH
    assert abs((team.since - instant(110)).days) <= 4
    assert team.low < 0.77 < team.high < team.expected
    assert team.expected == pytest.approx(0.85, abs=0.015)
    assert (team.looked_at, team.score > 2) == (13, True)
    assert "instead of 8" in team.reason
    others = [f for s, f in found.items() if s not in {TEAM, EVERYONE}]
    assert {f.state for f in others} == {State.OK}


def test_better_is_not_reported_as_a_regression():
    assert told(panel(140, move=falls(110, by=-0.08)))[TEAM].state is State.OK
    assert told(panel(140, move=falls(110, by=-0.08), better=Better.LOWER))[TEAM].state is State.BREACH


def test_a_short_history_is_unknown_with_the_periods_it_has_and_needs():
    assert told(panel(50))[TEAM].reason == "too little history: 50 periods with data, more than 56 needed"


def test_a_series_that_begins_late_is_watched_once_it_is_known_well_enough():
    given = panel(150, move=falls(130, by=0.12))
    n = given.n.copy()
    n[1 + NAMES.index("c"), :60] = 0
    late = type(given)(
        metric=given.metric, segments=given.segments, starts=given.starts, n=n, total=np.minimum(given.total, n)
    )
    assert told(late, last=100)[TEAM].state is State.UNKNOWN
    assert told(late)[TEAM].state is State.BREACH


def test_a_declared_new_level_is_learnt_unwatched_and_then_is_the_level():
    given = panel(160, move=falls(110))
    levels = {TEAM: (instant(110),)}
    learning = told(given, last=115, rebaselined=levels)[TEAM]
    assert (learning.state, learning.reason) == (State.UNKNOWN, "the new level is being learnt: 6 of 14 periods")
    assert told(given, rebaselined=levels)[TEAM].state is State.OK
    assert told(given)[TEAM].state is State.BREACH


def test_days_that_were_left_out_are_neither_judged_nor_learnt_from():
    given = panel(140, move=falls(120, until=130))
    one_off = LeftOut(
        id="x", metric="csat", root=TEAM, segments=(TEAM,), since=instant(120), until=instant(130), by="Ops",
        why="flood", at=instant(130),
    )  # fmt: skip
    out = left_out(given, [one_off, replace(one_off, metric="other", root=EVERYONE)])
    assert out.sum() == 10
    assert told(given, last=129)[TEAM].state is State.BREACH
    during = told(given, last=129, left_out=out)
    assert during[TEAM].reason == "left out as a one-off, neither learnt from nor judged"
    assert during[EVERYONE].state is not State.UNKNOWN
    assert told(given, last=133)[TEAM].state is State.BREACH
    after = told(given, last=133, left_out=out)[TEAM]
    assert (after.state, round(after.value, 1)) == (State.OK, 0.8)
    memory = Drawer()
    assert told(given, last=133, left_out=out, memory=memory)[TEAM] == after
    assert told(given, last=133, memory=memory)[TEAM].state is State.BREACH


def test_what_was_left_out_of_everyone_is_left_out_of_every_part():
    given = panel(30)
    all_of_it = LeftOut(
        id="x", metric="csat", root=EVERYONE, segments=(EVERYONE,), since=instant(3), until=instant(5), by="Ops",
        why="flood", at=instant(6),
    )  # fmt: skip
    assert left_out(given, [all_of_it])[:, 3:5].all()
    assert left_out(given, [all_of_it]).sum() == 2 * len(given.segments)


def test_a_regression_on_top_of_a_declared_change_is_found_as_one_of_its_own():
    def twice(shares):
        shares[NAMES.index("c"), 110:] -= 0.05
        shares[NAMES.index("c"), 150:] -= 0.08
        return shares

    found = told(panel(170, move=twice), rebaselined={TEAM: (instant(110),)})[TEAM]
    assert found.state is State.BREACH
    assert abs((found.since - instant(150)).days) <= 4
    assert found.expected == pytest.approx(0.80, abs=0.02)


def test_a_smaller_budget_never_alarms_earlier():
    given = panel(140, move=falls(110, by=0.05))
    days = range(110, 140, 3)

    def alarms(budget):
        return [told(given, last=d, alarm_budget_per_year=budget)[TEAM].state is State.BREACH for d in days]

    many, few = alarms(2.0), alarms(0.02)
    assert any(few)
    assert all(m or not f for m, f in zip(many, few, strict=True))
    assert many.index(True) <= few.index(True)


def test_learning_too_briefly_is_refused():
    with pytest.raises(ValueError, match="learn: 2"):
        Watch(learn=2)


def test_one_day_is_judged_with_what_was_known_then():
    given = panel(140, move=falls(110))
    whole = Watch().evaluate(given, context(given, since=120))
    for day in (121, 130):
        short = given.cut(0, day + 1)
        alone = Watch().evaluate(short, context(short))
        assert repr(alone) == repr([f for f in whole if f.at == instant(day)])
    assert (whole[-1].at - whole[0].at) == timedelta(days=18)


def test_one_answer_a_day_is_too_thin_to_watch():
    given = panel(140)
    one = replace(given, n=np.ones_like(given.n), total=(given.total > 0.85 * given.n) * 1.0)
    found = told(one)
    assert {f.state for f in found.values()} == {State.UNKNOWN}
    assert found[TEAM].reason == "too thin to watch: 1 a period, 10 needed"
    snapshots = replace(given, metric=metric(kind=Kind.LEVEL), n=np.ones_like(given.n))
    assert told(snapshots)[TEAM].state is State.OK


GERMANY = Holidays(country="DE")


def unhappy_holidays(shares):
    days = grid(instant(0), instant(shares.shape[1]), Grain.DAY, "UTC")
    shares[:, on_holiday(days, Grain.DAY, "UTC", GERMANY) > 0] -= 0.5
    return shares


def test_a_holiday_is_unknown_with_a_reason_and_never_an_alarm():
    """Good Friday is day 102, Easter Monday 105; everybody is far unhappier on both."""
    given = panel(112, move=unhappy_holidays, holidays=GERMANY)
    found = Watch().evaluate(given, context(given, since=100, alarm_budget_per_year=1.0))
    resting = {f.at for f in found if "holiday" in f.reason}
    assert resting == {instant(102), instant(105)}
    assert {f.state for f in found if f.at in resting} == {State.UNKNOWN}
    assert {f.reason for f in found if f.at in resting} == {"a holiday, which is not compared with other days"}
    assert {f.state for f in found if f.at not in resting} == {State.OK}


def test_a_holiday_teaches_the_watch_nothing():
    given = panel(112, move=unhappy_holidays, holidays=GERMANY)
    off = on_holiday(given.starts, Grain.DAY, "UTC", GERMANY) > 0
    empty = replace(given, n=np.where(off, 0.0, given.n), total=np.where(off, 0.0, given.total))
    assert repr(told(given)) == repr(told(empty))


def test_a_fall_that_lasts_through_a_holiday_is_found_all_the_same():
    def both(shares):
        return falls(98, by=0.12)(unhappy_holidays(shares))

    found = told(panel(118, move=both, holidays=GERMANY))[TEAM]
    assert found.state is State.BREACH
    assert abs((found.since - instant(98)).days) <= 4
    assert found.value == pytest.approx(0.73, abs=0.03)


def test_where_a_story_is_in_alarm_the_others_that_moved_are_named_too():
    """Five of twelve teams fell, some by less: those pass what a later place takes before they pass their own share."""

    def move(shares):
        shares[:5, 110:] -= np.array([0.07, 0.05, 0.04, 0.035, 0.035])[:, None]
        return shares

    days = range(113, 134)
    given = panel(134, move=move, seed=4)
    named = [{s for s, f in told(given, last=d).items() if f.state is State.BREACH} for d in days]
    alone = [set() for _ in days]
    for team in given.segments:
        # A story of its own each, with the same share: what the team says where nobody else is in alarm.
        one = given.select([team])
        for i, d in enumerate(days):
            if told(one, last=d)[team].state is State.BREACH:
                alone[i].add(team)
    assert all(a <= b for a, b in zip(alone, named, strict=True))
    assert any(a < b for a, b in zip(alone, named, strict=True))
    # Nothing is named while nobody is beyond its own share, and those that did not move stay unnamed.
    assert all(bool(a) == bool(b) for a, b in zip(alone, named, strict=True))
    moved = {EVERYONE, *(Segment.of(team=t) for t in "abcde")}
    assert set().union(*named) <= moved


@pytest.mark.parametrize("seed", [0, 2])
def test_of_months_too_only_those_that_moved_are_named(seed):
    """One of twelve teams fell. Of two false alarms a quarter, a month takes two thirds: that would name nearly all."""

    def move(shares):
        shares[0, 28:] -= 0.1
        return shares

    given = panel(36, move=move, seed=seed, answers=3000, grain=Grain.MONTH)
    given = replace(given, starts=grid(START, START + timedelta(days=36 * 31), Grain.MONTH, "UTC")[:36])
    shares = dict.fromkeys(given.segments, 8 / len(given.segments))
    named = {s for s, f in told(given, last=32, alarm_budgets=shares).items() if f.state is State.BREACH}
    assert {EVERYONE, Segment.of(team="a")} <= named
    assert len(named) <= 3


def test_a_winter_like_the_last_one_is_no_alarm_and_says_so():
    def move(shares):
        for winter, fall in ((slice(8, 11), 0.05), (slice(20, 23), 0.2), (slice(32, 35), 0.17)):
            shares[:, winter] -= fall
        return shares

    given = panel(36, move=move, seed=1, answers=9000, grain=Grain.MONTH)
    given = replace(given, starts=grid(START, START + timedelta(days=36 * 31), Grain.MONTH, "UTC")[:36])
    found = told(given, last=34, alarm_budgets=dict.fromkeys(given.segments, 1.0))
    assert {f.state for f in found.values()} == {State.OK}
    assert any("no worse than in the same months of an earlier year" in f.reason for f in found.values())


class Drawer:
    """A memory of bytes only, as the store has it."""

    def __init__(self):
        self.held, self.asked, self.found = {}, 0, 0

    def get(self, key):
        self.asked += 1
        self.found += key in self.held
        return [self.held[key]] if key in self.held else []

    def put(self, key, whole, small):
        found = small()
        if found is not None:
            self.held[key] = found


def test_what_is_kept_changes_nothing_that_is_said():
    given, drawer = panel(230, move=falls(190, by=0.05), seed=3), Drawer()
    # The last days are given twice, as they were first known and as they were revised.
    breached = 0
    for day in range(180, 230, 3):
        for levels in ({}, {TEAM: (instant(150),)}):
            options = {"last": day, "rebaselined": levels}
            said = told(given, memory=drawer, settled=day - 6, **options)
            assert said == told(given, **options)
            breached += any(f.state is State.BREACH for f in said.values())
    assert breached > 5
    assert drawer.found > 0.8 * drawer.asked


def test_while_one_level_is_learnt_the_others_go_on_as_they_were():
    """What is said of them is what would be said if the one that learns measured nothing since, from what was kept."""
    given, drawer = panel(230, seed=3), Drawer()
    told(given, last=205, memory=drawer, settled=200)
    dumb = given.n.copy()
    dumb[1 + NAMES.index("c"), 208:] = 0
    silent = replace(given, n=dumb, total=np.minimum(given.total, dumb))
    learning = told(given, last=215, memory=drawer, settled=208, rebaselined={TEAM: (instant(208),)})
    assert learning.pop(TEAM).reason == "the new level is being learnt: 8 of 14 periods"
    expected = told(silent, last=215)
    del expected[TEAM]
    assert {s: replace(f, looked_at=0) for s, f in learning.items()} == {
        s: replace(f, looked_at=0) for s, f in expected.items()
    }
    assert drawer.found == 1
