"""Whether a pull is as usual: the same weekday and hours, robust, with too little past as an answer."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.decisions.source_health import BACK, assess, glimpse, undelivered
from cxmon.model import Health, Measured, Pull, Standing

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ZONE = "Europe/Berlin"
HOUR = timedelta(hours=1)


def pull(at, fresh, **more):
    given = {"source": "desk", "part": "tickets", "metrics": ("csat",), "ok": True, "rows": 3 * fresh + 9}
    return Pull(**(given | {"at": at, "fresh": fresh} | more))


def past(step=1.0, *, weeks=9, per_day=480, level=lambda _: 1.0, seed=0, until=NOW, **more):
    """Pulls every `step` hours, with a weekend of a third; `level` (of a time) is what part of the usual comes."""
    rng = np.random.default_rng(seed)
    found, at = [], until - timedelta(weeks=weeks)
    while at <= until:
        weekend = 0.3 if at.weekday() >= 5 else 1.0
        came = int(rng.poisson(per_day * weekend * step / 24 * level(at)))
        found.append(pull(at, came, **{k: v(came) if callable(v) else v for k, v in more.items()}))
        at += step * HOUR
    return found


def since(hours, level):
    return lambda at: level if at > NOW - hours * HOUR else 1.0


def of(pulls, **more):
    return assess(pulls[:-1], pulls[-1], **({"zone": ZONE} | more))


@pytest.mark.parametrize("step", [1, 6, 24])
@pytest.mark.parametrize(
    ("level", "standing"),
    [(1.0, Standing.USUAL), (0.0, Standing.NOTHING), (0.025, Standing.FEW), (0.5, Standing.LESS)],
)
def test_a_source_is_called_what_it_is_at_every_pace(step, level, standing):
    found = of(past(step, level=since(49, level)))
    assert found.standing is standing
    assert found.held == (standing in {Standing.NOTHING, Standing.FEW}), "half of it may be right"
    assert (found.since is not None) == standing.strange


def test_none_at_all_is_noticed_within_hours_and_its_numbers_are_there():
    found = of(past(level=since(7, 0.0)))
    six, day = found.measures
    assert (found.standing, found.since, found.held) == (Standing.NOTHING, NOW - 6 * HOUR, True)
    assert (six.standing, six.value, six.hours, six.weeks) == (Standing.NOTHING, 0.0, 6.0, 8)
    assert 90 < six.low <= six.usual <= six.high < 150
    assert (day.standing, day.hours) == (Standing.FEWER, 24.0)


def test_too_little_past_and_too_few_records_are_answers():
    young = of(past(weeks=2, level=since(30, 0.0)))
    assert (young.standing, young.held, {m.weeks for m in young.measures}) == (Standing.WAITING, False, {1})
    assert of([pull(NOW, 5)]) == Health(standing=Standing.WAITING)
    assert of(past(per_day=12, level=since(30, 0.0))).standing is Standing.SMALL
    seldom = [pull(NOW - timedelta(days=3 * k), 900) for k in range(20, -1, -1)]
    assert of(seldom).standing is Standing.WAITING


def test_a_load_once_a_day_may_be_late_but_not_missing():
    def loads(missing):
        """All of a day comes at three in the morning, and is pulled within the hour."""
        hours = [NOW - k * HOUR for k in range(24 * 63, -1, -1)]
        return [pull(at, 480 * (at.hour == 3) * (at <= NOW - missing * HOUR)) for at in hours]

    assert of(loads(0)).standing is Standing.USUAL
    assert of(loads(8)).standing is Standing.FEWER
    assert of(loads(33)).standing is Standing.NOTHING


def test_a_failed_pull_is_not_known_and_its_pages_count_for_the_next():
    pulls = past()
    broken = [*pulls[:-3], replace(pulls[-3], ok=False, error="503"), replace(pulls[-2], ok=False, fresh=0)]
    assert assess(broken[:-1], broken[-1], zone=ZONE).standing is Standing.FAILED
    found = assess(broken, pull(NOW, pulls[-2].fresh + pulls[-1].fresh), zone=ZONE)
    assert (found.standing, round(found.measures[1].value)) == (Standing.USUAL, sum(p.fresh for p in pulls[-24:]))


def test_a_gap_is_compared_with_nothing_and_a_backfill_says_nothing_of_the_usual():
    pulls = past()
    gap = [p for p in pulls if not NOW - 70 * HOUR < p.at < NOW]
    assert of(gap).standing is Standing.WAITING
    flood = [*pulls[:-30], pull(NOW - 29 * HOUR, 90_000, whole=True), *pulls[-28:]]
    assert assess(flood[:-29], flood[-29], zone=ZONE).standing is Standing.WHOLE
    assert of(flood).standing is Standing.USUAL


def test_a_holiday_is_compared_with_nothing_and_is_no_usual_day():
    pulls = past(level=since(24, 0.1))
    assert of(pulls).standing is Standing.FEW
    assert of(pulls, holiday=lambda day: day == date(2026, 11, 23)).standing is Standing.HOLIDAY
    shut = {date(2026, 11, 23) - timedelta(weeks=k) for k in range(1, 7)}
    quiet = past(level=lambda at: 0.0 if at.date() in shut else 1.0)
    assert of(quiet, holiday=shut.__contains__).standing is Standing.WAITING, "two weeks are left"


def test_a_field_that_is_empty_all_at_once_is_strange_and_one_that_is_mostly_empty_is_not():
    empty = {"filled": lambda rows: {"wait": rows - rows // 10, "score": rows // 10}}
    pulls = past(**empty)
    assert of(pulls).standing is Standing.USUAL
    lost = [replace(p, filled={"wait": 0, "score": p.filled["score"]}) if p.at > NOW - 24 * HOUR else p for p in pulls]
    found = of(lost)
    (wait,) = [m for m in found.measures if m.field == "wait"]
    assert (found.standing, found.held, wait.measured) == (Standing.NOTHING, True, Measured.FILLED)
    assert wait.usual == pytest.approx(0.92 * wait.of, rel=0.03)
    # A field of a metric that has left the configuration is missed by nobody.
    assert (
        of([*pulls[:-2], *(replace(p, filled={"score": p.filled["score"]}) for p in pulls[-2:])]).standing
        is Standing.USUAL
    )


def test_a_metric_that_counts_nothing_any_more_is_strange_but_holds_nothing_back():
    pulls = past(counted=lambda rows: {"csat": rows, "phone": rows // 2})
    closed = [replace(p, counted={"csat": p.fresh, "phone": 0}) if p.at > NOW - 30 * HOUR else p for p in pulls]
    found = of(closed)
    assert [(m.measured, m.field) for m in found.measures if m.standing.strange] == [(Measured.COUNTED, "phone")]
    assert (found.standing, found.held) == (Standing.NOTHING, False)


def test_surveys_that_are_no_longer_sent_are_strange_but_hold_nothing_back():
    pulls = past(offerable=lambda rows: rows, offered=lambda rows: rows - rows // 4)
    fewer = [replace(p, offered=p.offerable // 4) if p.at > NOW - 24 * HOUR else p for p in pulls]
    assert of(pulls).standing is Standing.USUAL
    assert (of(fewer).standing, of(fewer).held) == (Standing.FEW, False)


def test_of_what_may_become_rare_only_none_at_all_is_strange():
    assert of(past(level=since(30, 0.1)), rare=True).standing is Standing.FEWER
    assert of(past(level=since(30, 0.0)), rare=True).standing is Standing.NOTHING


def test_what_began_ends_only_with_a_pull_that_is_as_usual():
    pulls = past(level=since(30, 0.0))
    held = replace(pulls[-2], health=of(pulls[:-1]))
    begun = held.health.since
    for last in (replace(pulls[-1], ok=False), replace(pulls[-1], whole=True)):
        found = assess([*pulls[:-2], held], last, zone=ZONE)
        assert (found.standing.strange, found.held, found.since) == (False, True, begun)
    back = past()
    found = assess([*back[:-2], held], back[-1], zone=ZONE)
    assert (found.standing, found.held, found.since) == (Standing.USUAL, False, None)


@pytest.mark.parametrize(("step", "late"), [(1, 2), (24, 0)])
def test_a_stretch_that_never_came_is_known_by_its_ends(step, late):
    """Three days without anything, and then all is well."""
    first, last = NOW - timedelta(days=5), NOW - timedelta(days=2)
    pulls = past(step, level=lambda at: 0.0 if first < at <= last else 1.0)
    strange = Health(standing=Standing.NOTHING, held=True, since=first)
    before = [*pulls[:-2], replace(pulls[-2], health=strange)]
    well = replace(pulls[-1], health=assess(before, pulls[-1], zone=ZONE))
    assert well.health.standing is Standing.USUAL
    begun, over = undelivered(before, well, zone=ZONE)
    assert begun == first
    assert last <= over <= last + late * HOUR
    # What was missing came at once, with the pull before.
    came = [*pulls[:-2], replace(pulls[-2], health=strange, fresh=pulls[-2].fresh + 3 * 400)]
    assert undelivered(came, well, zone=ZONE) is None
    assert undelivered(pulls[:-1], well, zone=ZONE) is None


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    step=st.sampled_from([1.0, 3.0, 24.0]),
    per_day=st.sampled_from([3, 40, 500, 20_000]),
    jitter=st.floats(0, 0.4),
)
def test_no_schedule_and_no_size_makes_an_ordinary_source_strange(seed, step, per_day, jitter):
    rng = np.random.default_rng(seed)
    moved = [
        replace(p, at=p.at + step * HOUR * float(rng.uniform(0, jitter)))
        for p in past(step, per_day=per_day, seed=seed)
    ]
    found = of(moved)
    assert not found.standing.strange
    assert not found.held
    shuffled = list(moved[:-1])
    rng.shuffle(shuffled)
    assert assess(shuffled, moved[-1], zone=ZONE) == found


def test_a_glimpse_is_of_the_last_day():
    pulls = [*past(weeks=2), pull(NOW + HOUR, 7, ok=False, throttled=3, waited_s=4.5, newest=NOW)]
    found = glimpse(pulls, NOW + HOUR)
    assert (found.pulls, found.failed, found.throttled, found.waited_s, found.newest) == (24, 1, 3, 4.5, NOW)
    assert (found.last.fresh, glimpse(pulls, NOW).failed, glimpse([], NOW)) == (7, 0, None)
    assert timedelta(weeks=8) < BACK
