"""Changes of level in retrospect: found where they are, silence where there is none."""

import numpy as np
import pytest

from cxmon.stats import shifts

T = 240


def noise(seed, phi=0.4, size=T):
    rng = np.random.default_rng(seed)
    e = rng.standard_normal(size)
    out = np.zeros(size)
    for t in range(1, size):
        out[t] = phi * out[t - 1] + e[t]
    return 50 + out + 2 * np.sin(2 * np.pi * np.arange(size) / 7)


def test_a_step_is_dated_and_sized():
    y = noise(1)
    y[120:] -= 5
    (found,) = shifts(y)
    assert abs(found.at - 120) <= 2
    assert found.low < -5 < found.high
    assert found.p_value <= 0.01


def test_two_steps_are_told_apart():
    y = noise(2)
    y[80:] += 6
    y[160:] -= 9
    found = shifts(y)
    assert [abs(f.at - at) <= 2 for f, at in zip(found, (80, 160), strict=True)] == [True, True]
    assert [np.sign(f.size) for f in found] == [1, -1]


def test_noise_spikes_and_a_yearly_wave_are_met_with_silence():
    reported = 0
    for seed in range(4):
        plain, spiked, wave = noise(seed), noise(seed + 10), noise(seed + 20, size=380)
        spiked[100:102] -= 15
        wave += 3 * np.sin(2 * np.pi * np.arange(380) / 365.25 + seed)
        reported += sum(len(shifts(y)) > 0 for y in (plain, spiked, wave))
    assert reported <= 1


def test_the_sign_and_the_unit_carry_over():
    y = noise(3)
    y[100:] += 5
    (one,), (other,) = shifts(y), shifts(-0.01 * y)
    assert one.at == other.at
    turned = [-0.01 * v for v in (one.size, one.low, one.high)]
    assert [other.size, other.high, other.low] == pytest.approx(turned, rel=1e-4)


def test_shares_with_counts_and_gaps_are_searched():
    rng = np.random.default_rng(4)
    n = rng.poisson(150, T).astype(float)
    p = np.where(np.arange(T) < 130, 0.8, 0.72)
    y = rng.binomial(n.astype(int), p) / n
    y[rng.random(T) < 0.1] = np.nan
    n[40:44] = 0
    (found,) = shifts(y, n=n, kind="proportion")
    assert abs(found.at - 130) <= 4
    assert found.low < -0.08 < found.high


@pytest.mark.parametrize("values", [[], [1.0] * 11, [np.nan] * 50, [0.0] * 50, [1.0] * 200, [3.0]])
def test_nothing_to_find_is_nothing_found(values):
    assert shifts(np.array(values)) == []


def test_yearly_figures_are_searched_without_a_week():
    y = np.r_[np.full(20, 10.0), np.full(20, 14.0)] + 0.3 * np.random.default_rng(5).standard_normal(40)
    (found,) = shifts(y, period=1)
    assert found.at == 20
