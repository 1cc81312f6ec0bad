"""The last days, when answers are still coming in and those who answer early are of another mood."""

import numpy as np
import pytest

from cxmon.stats import effects

T, AT, WORLDS = 74, 60, 200
COMPLETE = np.ones(T)
COMPLETE[-5:] = np.linspace(0.9, 0.5, 5)


def asked(shift, *, told):
    """Errors in points and coverage of a change without effect, early answerers `shift` happier."""
    rng = np.random.default_rng(1)
    n = np.maximum(1, rng.binomial(rng.poisson(150, (WORLDS, 1, T)), COMPLETE))
    y = rng.binomial(n, 0.8 + shift * (1 - COMPLETE)) / n
    found = effects(
        y[:, 0], AT, n=n[:, 0], kind="proportion", complete=COMPLETE if told else None,
    )  # fmt: skip
    return 100 * np.array([e.estimate for e in found]), np.mean([e.low <= 0 <= e.high for e in found])


def test_early_answerers_are_taken_out_of_the_effect():
    corrected, covered = asked(0.1, told=True)
    plain, _ = asked(0.1, told=False)
    assert abs(corrected.mean()) < 0.6 * abs(plain.mean())
    assert (corrected**2).mean() < (plain**2).mean()
    assert covered >= 0.92


def test_the_correction_costs_little_where_early_answerers_are_like_the_others():
    corrected, covered = asked(0.0, told=True)
    plain, _ = asked(0.0, told=False)
    assert np.sqrt((corrected**2).mean()) < 1.1 * np.sqrt((plain**2).mean())
    assert covered >= 0.92


def test_a_period_under_half_complete_is_not_judged():
    y = np.full(T, 0.8)
    complete = np.ones(T)
    complete[-3:] = 0.49
    assert effects(y[None], AT, complete=complete)[0].n_post == T - AT - 3


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_a_riper_period_counts_more(level):
    """The same last days, half ripe, leave the answer less sure."""
    y = 10 + np.random.default_rng(3).standard_normal(T)
    ripe = effects(y[None], AT)[0]
    complete = np.ones(T)
    complete[AT:] = level
    half = effects(y[None], AT, complete=complete)[0]
    assert half.se > ripe.se
