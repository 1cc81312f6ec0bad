"""Holidays have a label of their own where the past knows them, else they are left out on both sides with a reason."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmon.stats import Treatment, effect, holiday_labels

T, AT = 800, 740
DAYS = np.r_[np.arange(40, AT, 45), 750, 757]
WEEK = np.array([0.5, 0.8, 0.4, 0.0, -0.5, -1.5, -1.0])
LABELS = np.arange(T) % 7


def marked(days=DAYS):
    out = np.zeros(T, np.int64)
    out[days] = 700_000 + days
    return out


def series(move=-6.0, spread=0.0, seed=1, days=DAYS):
    """Weekday profile, unit noise, and `move` on holidays with a standard deviation of `spread` between them."""
    rng = np.random.default_rng(seed)
    y = WEEK[LABELS] + rng.standard_normal(T)
    y[days] += move + spread * rng.standard_normal(len(days))
    return y


def asked(y, holiday=None, at=AT, **more):
    return holiday_labels(y, LABELS, 7, marked() if holiday is None else holiday, at, **more)


def test_holidays_that_the_past_knows_get_one_more_label():
    found = asked(series())
    assert found.treatment is Treatment.MODELLED
    assert set(found.labels[DAYS]) == {7}
    others = np.setdiff1d(np.arange(T), DAYS)
    assert (found.labels[others] == LABELS[others]).all()
    assert not found.left_out.any()
    assert found.words == "18 holidays modelled, 2 since the change: learnt from 16 before"


def test_too_short_a_past_leaves_them_out_on_both_sides():
    y = series()
    y[: AT - 349] = np.nan
    found = asked(y)
    assert (found.treatment, np.flatnonzero(found.left_out).tolist()) == (Treatment.SHORT_PAST, DAYS.tolist())
    assert found.labels.tolist() == LABELS.tolist()
    assert found.words == "10 holidays left out, 2 since the change: 349 days of past, 350 are needed to know them"
    y[AT - 350] = 0.0
    assert asked(y).treatment is Treatment.MODELLED


def test_two_holidays_before_the_change_are_too_few():
    y = series()
    y[DAYS[2:-2]] = np.nan
    found = asked(y)
    assert found.treatment is Treatment.FEW
    assert (
        found.words
        == "4 holidays left out, 2 since the change: 2 measured before the change, 3 are needed to know them"
    )


def test_holidays_that_are_each_their_own_are_left_out():
    found = asked(series(spread=6.0))
    assert found.treatment is Treatment.UNLIKE
    assert "times as much as other days, up to 2 times is alike" in found.words


def test_what_is_hardly_unlike_does_not_read_as_alike():
    # Between a spread that is alike and one that is not, the first that is not.
    alike, unlike = 0.0, 6.0
    while unlike - alike > 1e-6:
        middle = (alike + unlike) / 2
        apart = asked(series(spread=middle)).treatment is Treatment.UNLIKE
        alike, unlike = (alike, middle) if apart else (middle, unlike)
    words = asked(series(spread=unlike)).words
    assert "they scatter 2.01 times as much as other days, up to 2 times is alike" in words


def test_few_answers_on_holidays_are_no_sign_of_being_unlike():
    n = np.where(marked() > 0, 10.0, 400.0)
    rng = np.random.default_rng(3)
    y = 0.8 + rng.standard_normal(T) * 0.4 / np.sqrt(n) - 0.1 * (marked() > 0)
    assert asked(y).treatment is Treatment.UNLIKE
    assert asked(y, precision=n).treatment is Treatment.MODELLED


def test_a_level_that_wanders_is_not_what_holidays_are_measured_by():
    drift = np.cumsum(np.random.default_rng(5).standard_normal(T) * 0.3)
    assert asked(series() + drift).treatment is Treatment.MODELLED


def test_hours_of_the_week_are_left_out_for_they_have_no_labels():
    found = holiday_labels(np.zeros(T), np.arange(T) % 168, 168, np.repeat([0, 5, 0], [300, 24, T - 324]), 310)
    assert found.treatment is Treatment.NO_LABELS
    assert (found.left_out.sum(), found.inside + found.outside) == (24, 2)


@pytest.mark.parametrize("y", [np.full(T, np.nan), np.zeros(T), np.where(np.arange(T) < 3, 1.0, np.nan)])
def test_odd_series_are_survived(y):
    found = asked(y)
    assert np.isin(np.flatnonzero(found.left_out), DAYS).all()
    assert asked(y, holiday=np.zeros(T, np.int64)).words == ""


@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), shift=st.floats(-100, 100), move=st.floats(-20, 20))
def test_the_answer_rests_on_the_past_alone_and_on_no_unit(seed, scale, shift, move):
    y = series(move=-4.0, spread=1.2, seed=seed)
    found = asked(y)
    later = y.copy()
    later[AT:] += move
    for other in (asked(later), asked(scale * y + shift)):
        assert (other.words, other.treatment) == (found.words, found.treatment)
        assert (other.labels == found.labels).all()


@given(seed=st.integers(0, 10_000), spread=st.floats(0, 8))
def test_holidays_alone_are_ever_left_out_and_all_of_them_or_none(seed, spread):
    found = asked(series(spread=spread, seed=seed))
    out = set(np.flatnonzero(found.left_out).tolist())
    assert out in (set(), set(DAYS.tolist()))
    assert (found.treatment is Treatment.MODELLED) == (not out)


@pytest.mark.parametrize(("spread", "modelled"), [(0.0, True), (8.0, False)])
def test_christmas_in_the_window_is_not_the_changes_effect(spread, modelled):
    """Eight of the 28 days after the change are holidays, ten points down; the change did nothing."""
    days = np.r_[np.arange(40, AT, 45), np.arange(750, 758)]
    y, holiday = series(move=-10.0, spread=spread, days=days)[: AT + 28], marked(days)[: AT + 28]
    known = holiday_labels(y, LABELS[: AT + 28], 7, holiday, AT)
    assert (known.treatment is Treatment.MODELLED) == modelled
    without = effect(y, AT, period=LABELS[: AT + 28])
    found = effect(np.where(known.left_out, np.nan, y), AT, period=known.labels)
    assert without.estimate < -1.5
    assert abs(found.estimate) < 0.7
    assert found.low < 0 < found.high
