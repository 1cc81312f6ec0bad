"""The range of an effect holds all that answers still to come can do to it, and nothing changes where none are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon import stats
from cxmon.decisions.maturity import ripened
from cxmon.decisions.still_to_come import missing, room, widened
from cxmon.model import Amount, Better, Kind, Metric, Read, Segment
from cxmon.panel import ARRIVAL_AGES, Panel

START = datetime(2026, 1, 1, tzinfo=UTC)
T = 60
NOW = START + timedelta(days=T)
METRIC = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER,
    matters=Amount(0.01, relative=False, text="1pt"), source="s", read=Read(time="t", value="v"),
)  # fmt: skip


def panel(n, total, shares=None, metric=METRIC):
    starts = np.array([int((START + timedelta(days=t)).timestamp()) for t in range(len(n))])
    everyone = (Segment.of({}),)
    return Panel(metric=metric, segments=everyone, starts=starts, n=n[None], total=total[None], shares=shares)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.9), st.floats(0, 0.9))
def test_whatever_comes_of_what_lacks_the_whole_truth_is_in_the_room(seed, least_yes, least_no):
    """`least` of each kind may lack at most; any part of that does."""
    rng = np.random.default_rng(seed)
    yes, no = rng.integers(1, 200, (2, T)).astype(float)
    lacking = np.array([np.full(T, least_yes), np.full(T, least_no)])
    some = lacking * rng.random((2, T))
    whole_yes, whole_no = yes / (1 - some[0]), no / (1 - some[1])
    shown = panel(yes + no, yes)
    down, up = room(shown, shown.judged(), lacking)
    value, truth = yes / (yes + no), whole_yes / (whole_yes + whole_no)
    assert (truth >= value - down - 1e-9).all()
    assert (truth <= value + up + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 8))
def test_an_answer_grows_riper_with_age_and_nothing_lacks_where_nothing_slowed(seed, mean):
    ages = np.array(ARRIVAL_AGES)
    curve = 1 - np.exp(-(ages + 0.5) / mean)
    shares = np.ones((T, len(ages), 1))
    shares[40:] = curve[:, None]
    rng = np.random.default_rng(seed)
    yes, no = rng.integers(1, 200, (2, T)).astype(float)
    left = missing(panel(yes + no, yes, shares), NOW)
    assert (left[:, :40] == 0).all()
    assert (np.diff(left[0, 40:]) >= -1e-12).all()
    age = np.arange(T - 1, -1, -1.0)
    truth = np.exp(-(age[40:] + 0.5) / mean)
    assert (left[0, 40:] >= 0.999 * truth - 2e-6).all()
    assert (left[0, 40:] <= 1.001 * truth + 1e-4).all()


def test_an_effect_is_widened_where_answers_lack_and_its_p_value_agrees_with_the_range():
    rng = np.random.default_rng(1)
    n = np.full(T, 300.0)
    total = rng.binomial(300, np.where(np.arange(T) < 40, 0.8, 0.84)).astype(float)
    judged = np.arange(T) >= 40
    plain = panel(n, total)
    effect = stats.effect(plain.values()[0], 40, n=n, kind="proportion")
    assert widened(effect, plain, plain.judged(), judged, NOW) is effect
    assert effect.low > 0
    shares = np.ones((T, len(ARRIVAL_AGES), 2))
    for lacks in (0.02, 0.5):
        shares[40:, :, 1] = 1 - lacks
        slow = panel(n, total, shares)
        wider = widened(effect, slow, slow.judged(), judged, NOW)
        assert np.allclose((wider.estimate, wider.high), (effect.estimate, effect.high))
        assert wider.low < effect.low
        assert (wider.low > 0) == (wider.p_value < 1 - wider.confidence)
    # What is counted as open is known for sure, or not at all.
    open_ones = replace(METRIC, kind=Kind.QUANTILE, read=replace(METRIC.read, censored=True))
    counted = replace(slow, metric=open_ones)
    assert not np.any(room(counted, plain.judged(), np.full((1, T), 0.5)))


def test_from_the_first_young_day_whose_median_falls_among_the_open_ones_nothing_counts():
    """Ten days on which most tickets stay open: of the later ones those with a median are the quick ones."""
    days, stuck = 200, slice(180, 190)
    ages = np.array(ARRIVAL_AGES)
    in_by = np.where(ages >= 2, 100.0, 80.0)
    arrived = np.where(np.arange(days)[:, None] + ages <= days, in_by, np.nan)
    median = np.full(days, 12.0)
    median[stuck] = np.nan
    quick = replace(METRIC, kind=Kind.QUANTILE, read=replace(METRIC.read, censored=True), matures_after=timedelta(2))
    plain = panel(np.full(days, 100.0), np.full(days, 1200.0), metric=quick)
    known = {"counts": np.ones((1, days, 1)), "arrived": arrived[None, :, :, None], "wait": np.full(days, 2 * 86_400.0)}
    waits = ripened(replace(plain, found=np.stack([median, np.ones(days)])[:, None], **known)).wait
    assert (waits[: stuck.start] == 2 * 86_400).all()
    assert np.isinf(waits[stuck.start :]).all()
    closed = np.where(np.isnan(median), 12.0, median)
    waits = ripened(replace(plain, found=np.stack([closed, np.ones(days)])[:, None], **known)).wait
    assert np.isfinite(waits).all()
