"""Floors and ceilings, judged with the interval of the figure."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from check_cases import context, instant, metric, panel
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cxmon.checks import Freshness, Threshold
from cxmon.checks.threshold import natural
from cxmon.model import EVERYONE, Amount, Better, Kind, State
from cxmon.stats import intervals


def judged(share, answers=200, **options):
    given_panel = panel(40, answers=answers, share=share)
    findings = Threshold(**(options or {"floor": "80%"})).evaluate(given_panel, context(given_panel))
    return next(f for f in findings if f.segment == EVERYONE)


def test_a_figure_whose_whole_interval_lies_below_the_floor_is_a_breach_and_says_so():
    found = judged(0.7)
    assert found.state is State.BREACH
    assert found.high < 0.8
    assert found.since == instant(0)
    assert found.score == pytest.approx((0.8 - found.high) / 0.01)
    assert "below the floor of 80.0 %" in found.reason


def test_a_figure_on_the_good_side_is_fine_and_one_beyond_by_chance_is_unknown():
    assert judged(0.9).state is State.OK
    base = panel(3)
    forty = replace(base, n=np.full(base.n.shape, 40.0), total=np.full(base.n.shape, 30.0))
    thin = Threshold(floor="80%").evaluate(forty, context(forty))[0]
    assert thin.value < 0.8 < thin.high
    assert (thin.state, "may be chance" in thin.reason) == (State.UNKNOWN, True)


def test_a_ceiling_is_the_mirror_of_a_floor():
    assert judged(0.9, ceiling=0.8).state is State.BREACH
    assert judged(0.7, ceiling=0.8).state is State.OK


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "neither of floor and ceiling"),
        ({"floor": 0.8, "ceiling": 0.9}, "both of floor and ceiling"),
        ({"floor": "high"}, "'high'"),
        ({"floor": 0.8, "confidence": 0.2}, "confidence 0.2"),
    ],
)
def test_wrong_options_are_refused_with_what_was_found(options, says):
    with pytest.raises(ValueError, match=says):
        Threshold(**options)


@pytest.mark.parametrize(
    ("text", "fields", "number"),
    [
        ("80%", {}, 0.8),
        ("2pt", {}, 0.02),
        ("15 min", {"kind": Kind.QUANTILE, "unit": "min"}, 15),
        ("2 h", {"kind": Kind.QUANTILE, "unit": "min"}, 120),
        ("90 s", {"kind": Kind.MEAN, "unit": "min"}, 1.5),
        ("3.1 per 1000", {"kind": Kind.RATE, "per": 1000}, 0.0031),
        ("3 per 1,000", {"kind": Kind.RATE, "per": 1000}, 0.003),
        ("4.2", {"kind": Kind.MEAN}, 4.2),
    ],
)
def test_a_bound_may_be_written_as_people_say_it(text, fields, number):
    assert natural(text, metric(**fields)) == pytest.approx(number)


def test_a_bound_that_does_not_fit_its_metric_is_refused():
    with pytest.raises(ValueError, match="expected a share"):
        Threshold(floor=80).bound(metric())
    with pytest.raises(ValueError, match="expected it in points"):
        Threshold(floor="15 min").bound(metric(kind=Kind.MEAN, unit="points"))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(n=st.integers(1, 5000), share=st.floats(0, 1), confidence=st.sampled_from([0.8, 0.95, 0.99]))
def test_our_wilson_interval_is_scipys(n, share, confidence):
    x = round(n * share)
    low, high = intervals.wilson(x, n, confidence)
    theirs = stats.binomtest(x, n).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert low <= x / n <= high


@settings(max_examples=200, deadline=None, derandomize=True)
@given(events=st.integers(0, 3000), exposure=st.floats(0.5, 1e5))
def test_the_interval_of_a_rate_leaves_its_tails_outside_exactly(events, exposure):
    low, high = intervals.poisson(events, exposure)
    assert stats.poisson.cdf(events, high * exposure) == pytest.approx(0.025, rel=1e-6)
    if events:
        assert stats.poisson.sf(events - 1, low * exposure) == pytest.approx(0.025, rel=1e-6)
    else:
        assert low == 0


def test_the_interval_of_a_mean_covers_as_often_as_it_says():
    rng = np.random.default_rng(3)
    values = rng.normal(5, 2, (4000, 12))
    low, high = intervals.around(values.mean(1), values.var(1, ddof=1) / 12, np.full(4000, 12))
    assert 0.94 < np.mean((low < 5) & (high > 5)) < 0.96


@pytest.mark.parametrize("matters", [Amount(1.0, relative=False, text="1"), Amount(0.1, relative=True, text="10%")])
def test_levels_have_no_interval_and_are_judged_as_they_are(matters):
    level = metric(kind=Kind.LEVEL, better=Better.LOWER, matters=matters, min_n=10)
    base = panel(5)
    ones = replace(base, metric=level, n=np.ones(base.n.shape))
    findings = Threshold(ceiling=1).evaluate(ones, context(ones))
    assert {f.state for f in findings} == {State.BREACH}


def quiet(last, now_hours, ran_hours=1, **more):
    """A panel whose data end with day `last`, looked at `now_hours` after the end of that day."""
    data = panel(10, **more)
    ctx = context(data, last=last)
    now = ctx.as_of + timedelta(hours=now_hours)
    n = data.n.copy()
    n[:, last + 1 :] = 0
    data = replace(data, n=n, total=np.minimum(data.total, n))
    ctx = type(ctx)(as_of=now, mature=data.mature(now), last_run_ok_at=now - timedelta(hours=ran_hours))
    (found,) = Freshness(after=timedelta(hours=36)).evaluate(data, ctx)
    return found


def test_a_source_is_quiet_once_the_next_period_is_overdue_by_more_than_allowed():
    # The next day is due 24 h after the end of the last one with data.
    assert quiet(4, 24 + 36).state is State.OK
    late = quiet(4, 24 + 37)
    assert (late.state, late.segment, late.since) == (State.BREACH, EVERYONE, instant(6))
    assert "37 h ago, allowed are 36 h" in late.reason


def test_waiting_for_figures_to_mature_is_not_quiet():
    assert quiet(4, 24 + 60, matures_after=timedelta(days=3)).state is State.OK


def test_a_source_that_was_not_collected_for_long_is_quiet_whatever_its_data():
    assert quiet(4, 1, ran_hours=30).state is State.OK
    found = quiet(4, 1, ran_hours=40)
    assert (found.state, "last collected" in found.reason) == (State.BREACH, True)


def test_a_source_that_never_brought_anything_is_quiet_and_not_unknown():
    empty = panel(10).cut(0, 0)
    (found,) = Freshness(after=timedelta(hours=36)).evaluate(empty, context(empty))
    assert (found.state, "nothing was ever collected" in found.reason) == (State.BREACH, True)
