"""A past of some months knows no season of the year: the range allows for one of the usual size, and says so."""

import numpy as np
import pytest

from cxmon import effect, effects
from cxmon.stats.season import monthly


def months(past: int, wave: float, reps: int = 200, seed: int = 8) -> np.ndarray:
    """Shares of 2,000 answers (R, past + 3), a level that wanders by 0.05 a month and a wave, both logistic."""
    rng = np.random.default_rng(seed)
    turn = 2 * np.pi * (np.arange(past + 3) / 12 + rng.random((reps, 1)))
    walk = np.cumsum(0.05 * rng.standard_normal((reps, past + 3)), axis=1)
    return rng.binomial(2000, 1 / (1 + np.exp(-1.4 - walk - wave * np.cos(turn)))) / 2000


def ask(shares: np.ndarray, past: int, **more):
    return effects(
        shares, past, n=np.full(shares.shape, 2000.0), kind="proportion", period=1, drawn=False, **more
    )  # fmt: skip


def covers(found) -> float:
    return float(np.mean([e.low <= 0 <= e.high for e in found]))


@pytest.mark.parametrize("past", [6, 9])
def test_months_with_a_wave_cover_zero_more_often_once_one_is_held_possible(past):
    shares = months(past, 0.1)
    without, allowed = ask(shares, past), ask(shares, past, yearly=12)
    assert all(e.season_unknown for e in allowed)
    assert not any(e.season_unknown for e in without)
    assert covers(allowed) >= 0.84
    assert covers(allowed) > covers(without) + 0.01


def test_where_there_is_no_season_the_range_costs_little():
    shares = months(6, 0.0)
    width = [np.mean([e.high - e.low for e in ask(shares, 6, **more)]) for more in ({}, {"yearly": 12})]
    assert 1.0 < width[1] / width[0] < 1.25
    # A fall of ten points in a figure of 80 % is found all the same.
    fallen = np.where(np.arange(9) >= 6, shares - 0.1, shares)
    assert np.mean([e.high < 0 for e in ask(fallen, 6, yearly=12)]) > 0.8


def test_a_year_and_a_tenth_is_known_and_months_before_the_first_answer_are_no_past():
    shares = months(14, 0.1, reps=1)
    assert not ask(shares, 14, yearly=12)[0].season_unknown
    begun_late = shares.copy()
    begun_late[:, :3] = np.nan
    assert ask(begun_late, 14, yearly=12)[0].season_unknown


def test_days_are_answered_as_before_to_the_last_digit():
    rng = np.random.default_rng(2)
    n = np.full(200, 300.0)
    share = rng.binomial(300, 0.8, 200) / 300
    found = [effect(share, 160, n=n, kind="proportion", yearly=year) for year in (None, 365.25)]
    assert (found[0].estimate, found[0].low, found[0].high) == (found[1].estimate, found[1].low, found[1].high)
    assert not found[1].season_unknown


def test_weeks_are_measured_by_the_means_of_four():
    rng = np.random.default_rng(3)
    weeks = rng.standard_normal((300, 40))
    past = np.ones(weeks.shape, bool)
    past[:, 36:] = False
    assert np.mean(monthly(weeks, past, 52.18)) == pytest.approx(0.25, rel=0.25)
    walk = np.cumsum(weeks, axis=1)
    # The means of four neighbouring values of a walk lie 2.75 of its variance apart, and half of that is told.
    assert np.mean(monthly(walk, past, 52.18)) == pytest.approx(1.375, rel=0.15)
    # Eight weeks have no three months: their own noise stands in.
    past[:, :28] = False
    assert np.mean(monthly(weeks, past, 52.18)) == pytest.approx(1, rel=0.15)


@pytest.mark.parametrize(("period", "least"), [(1, 12), (7, 18)])
def test_controls_that_fit_are_believed_from_as_many_periods_on_as_could_show_that_they_do_not(period, least):
    rng = np.random.default_rng(5)
    shared = np.cumsum(0.3 * rng.standard_normal(least + 6))
    y, others = shared + 0.2 * rng.standard_normal(len(shared)), shared + 0.2 * rng.standard_normal((5, len(shared)))

    def asked(past):
        cut = slice(least - past, None)
        return effect(y[cut], past, controls=others[:, cut], period=period)

    enough, short = asked(least), asked(least - 1)
    assert (enough.fit_least, enough.pre_fit_ok) == (least, True)
    assert (short.fit_least, short.pre_fit_ok) == (least, False)
    assert short.controls_used.any()
    # What is not shown to fit is used all the same: the range beside controls is narrower than alone.
    alone = effect(y[1:], least - 1, period=period)
    assert short.high - short.low < alone.high - alone.low
