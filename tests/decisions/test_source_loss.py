"""A lasting loss of a part of the records: told by the noise of a source's own days, and one odd day is none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.decisions.source_health import assess
from cxmon.decisions.source_loss import loss
from cxmon.model import Pull, Standing

DAYS = 64


def days(per_day=400.0, wander=0.1, seed=0, left=1.0, since=0, weekend=0.3):
    """Daily counts, the newest first: `left` of the last `since` days."""
    rng = np.random.default_rng(seed)
    level = np.zeros(DAYS)
    for k in range(1, DAYS):
        level[k] = 0.6 * level[k - 1] + 0.8 * wander * rng.standard_normal()
    week = np.where(np.arange(DAYS) % 7 >= 5, weekend, 1.0)
    part = np.where(np.arange(DAYS) >= DAYS - since, left, 1.0)
    return rng.poisson(per_day * week * part * np.exp(level))[::-1].astype(float)


def told(counts):
    found = loss(counts)
    return found is not None and found.told


def test_half_of_the_records_gone_for_two_days_is_told_with_its_numbers():
    found = loss(days(left=0.5, since=2))
    assert (found.told, found.days, found.low) == (True, 2, True)
    assert found.value / found.usual == pytest.approx(0.5, abs=0.15)
    assert found.score > 4.5


def test_the_same_loss_is_told_where_days_are_alike_and_not_where_they_differ_by_as_much():
    quiet = [told(days(wander=0.05, seed=s, left=0.6, since=2)) for s in range(30)]
    restless = [told(days(wander=0.5, seed=s, left=0.6, since=2)) for s in range(30)]
    assert sum(quiet) >= 28
    assert sum(restless) <= 3


def test_one_odd_day_is_not_told():
    counts = days()
    counts[0] *= 0.3
    assert not told(counts)
    assert loss(counts).low
    assert not told(np.roll(counts, 1)), "and the day after it is no loss either"


def test_a_slow_fall_of_demand_is_not_told():
    """A third fewer within eight weeks: each day is as the day before it led one to expect."""
    fall = np.linspace(0.67, 1.0, DAYS)
    assert not any(told(np.round(days(seed=s, wander=0.08) * fall)) for s in range(20))


def test_an_earlier_failure_makes_nobody_blind():
    counts = days(left=0.45, since=2, seed=3)
    counts[25:28] = 0
    assert told(counts)


def test_too_little_past_and_too_small_counts_are_no_answer():
    young = days(left=0.5, since=2)
    young[20:] = np.nan
    assert loss(young) is None
    assert loss(days(per_day=5, left=0.0, since=3)) is None
    unknown = days(left=0.5, since=2)
    unknown[0] = np.nan
    assert loss(unknown) is None, "of a day that is not known nothing is said"


def test_a_desk_that_is_closed_at_weekends_is_compared_by_its_open_days():
    """A Monday and the Friday before it."""
    found = loss(days(weekend=0.0, left=0.4, since=4, seed=5))
    assert (found.told, found.days) == (True, 2)
    assert not told(days(weekend=0.0, seed=5))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), wander=st.floats(0.02, 0.3), per_day=st.sampled_from([40.0, 500.0, 20_000.0]),
    factor=st.integers(2, 5),
)  # fmt: skip
def test_more_than_usual_is_never_a_loss_and_nothing_is_not_a_number(seed, wander, per_day, factor):
    counts = days(per_day=per_day, wander=wander, seed=seed)
    counts[:3] *= factor
    found = loss(counts)
    assert found is not None
    assert not found.told
    assert np.isfinite([found.value, found.usual, found.score]).all()


def test_of_a_desk_that_is_closed_at_weekends_monday_follows_friday():
    """What came and what is usual are of the same days, and so is the range of the earlier weeks."""
    at, past = datetime(2026, 1, 5, 6, tzinfo=UTC), []
    for day in range(57):
        open_ = at.weekday() < 5
        came = (40 if day >= 53 else 100 + day % 4) if open_ else 2
        at += timedelta(days=1)
        pull = Pull(source="desk", part="tickets", metrics=("csat",), at=at, ok=True, rows=came, fresh=came)
        past.append(replace(pull, health=assess(past, pull, zone="UTC")))
    health = past[-1].health
    (lost,) = [m for m in health.measures if m.standing is Standing.LESS]
    assert (lost.value, lost.hours) == (80, 96)
    assert lost.low <= lost.usual <= lost.high
    assert health.since == at - timedelta(hours=96)
