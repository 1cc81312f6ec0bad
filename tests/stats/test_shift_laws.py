"""Changes of level in retrospect: found where they are, silence where there is none, and laws that always hold."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import Shift, many_shifts, shifts

T = 240


def noise(seed, phi=0.4, size=T):
    rng = np.random.default_rng(seed)
    e = rng.standard_normal(size)
    out = np.zeros(size)
    for t in range(1, size):
        out[t] = phi * out[t - 1] + e[t]
    return 50 + out + 2 * np.sin(2 * np.pi * np.arange(size) / 7)


def told(found):
    return [(f.at, f.earliest, f.latest, f.settled) for f in found]


def numbers(found):
    return np.array([(f.size, f.low, f.high) for f in found]).reshape(-1, 3)


def once(earliest, at, settled, latest):
    return Shift(
        at=at, size=5.0, low=4.0, high=6.0, p_value=0.001, earliest=earliest, latest=max(at, latest), settled=settled
    )


def test_a_step_is_dated_and_sized():
    y = noise(1)
    y[120:] -= 5
    (found,) = shifts(y)
    assert abs(found.at - 120) <= 2
    assert found.earliest <= 120 <= found.latest
    assert found.settled == found.at
    assert found.low < -5 < found.high
    assert found.p_value <= 0.005


def test_two_steps_are_told_apart():
    y = noise(2)
    y[80:] += 6
    y[160:] -= 9
    found = shifts(y)
    assert [abs(f.at - at) <= 2 for f, at in zip(found, (80, 160), strict=True)] == [True, True]
    assert [np.sign(f.size) for f in found] == [1, -1]


def test_a_slow_drift_is_one_change_with_a_beginning_and_an_end():
    y = noise(6, size=500)
    y += 8 * np.clip((np.arange(500) - 200) / 90, 0, 1)
    (found,) = shifts(y)
    assert 200 <= found.at <= 260
    assert found.earliest <= 230 <= found.latest
    assert 275 <= found.settled <= 310
    assert found.low < 8 < found.high


def test_four_weeks_and_back_are_two_changes():
    y = noise(7)
    y[120:148] += 6
    assert [abs(f.at - at) <= 2 for f, at in zip(shifts(y), (120, 148), strict=True)] == [True, True]


def test_noise_spikes_and_a_yearly_wave_are_met_with_silence():
    reported = 0
    for seed in range(20):
        plain, spiked, wave = noise(seed), noise(seed + 100), noise(seed + 200, size=730)
        spiked[100:102] -= 15
        spiked[170:173] += 8
        wave += 3 * np.sin(2 * np.pi * np.arange(730) / 365.25 + seed)
        reported += sum(len(shifts(y)) > 0 for y in (plain, spiked, wave))
    assert reported <= 2


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


def test_thin_days_do_not_drown_the_others():
    rng = np.random.default_rng(11)
    n = np.where(np.arange(T) % 7 < 5, 200.0, 3.0)
    y = 10 + rng.standard_normal(T) / np.sqrt(n) * 10
    y[100:] += 3
    (found,) = shifts(y, n=n)
    assert abs(found.at - 100) <= 3


@pytest.mark.parametrize("values", [[], [1.0] * 11, [np.nan] * 50, [0.0] * 50, [1.0] * 200, [3.0], [1e300] * 40])
def test_nothing_to_find_is_nothing_found(values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shifts(np.array(values)) == []


def test_a_step_without_any_noise_is_seen():
    y = np.r_[np.zeros(100), np.ones(100)]
    (found,) = shifts(y)
    assert found.at == 100
    assert found.size == pytest.approx(1.0, abs=0.02)


def test_yearly_figures_are_searched_without_a_week():
    y = np.r_[np.full(20, 10.0), np.full(20, 14.0)] + 0.3 * np.random.default_rng(5).standard_normal(40)
    (found,) = shifts(y, period=1)
    assert found.at == 20


def test_labels_stand_for_the_week():
    y = noise(8)
    y[150:] += 5
    assert told(shifts(y, period=np.arange(T) % 7)) == told(shifts(y))


def test_ten_thousand_periods_are_no_trouble():
    y = noise(9, size=10_000)
    y[4_000:] += 1.0
    (found,) = shifts(y)
    assert found.earliest <= 4_000 <= found.latest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": np.zeros((2, 30))}, "values has shape"),
        ({"values": np.zeros(30), "n": np.ones(29)}, "n has shape"),
        ({"values": np.zeros(30), "kind": "median"}, "kind is 'median'"),
        ({"values": np.zeros(30), "period": 0}, "period is 0"),
        ({"values": np.zeros(30), "period": [1, 2]}, "period has shape"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        shifts(**arguments)


@st.composite
def series(draw):
    size, seed = draw(st.integers(12, 400)), draw(st.integers(0, 10_000))
    y = noise(seed, draw(st.sampled_from([0.0, 0.5, 0.9])), size)
    at = draw(st.integers(0, size))
    y[at:] += draw(st.sampled_from([0.0, 2.0, 6.0, -9.0]))
    y[np.random.default_rng(seed).random(size) < draw(st.sampled_from([0.0, 0.1]))] = np.nan
    return y


@settings(max_examples=60, deadline=None)
@given(series(), st.sampled_from([1.0, -1.0, 0.01, -1e6]), st.sampled_from([0.0, -300.0, 17.5]))
def test_unit_sign_and_level_carry_over(y, scale, level):
    one, other = shifts(y), shifts(scale * (y + level))
    assert told(one) == told(other)
    expected = scale * numbers(one)
    np.testing.assert_allclose(numbers(other), expected if scale > 0 else expected[:, [0, 2, 1]], rtol=1e-4)
    np.testing.assert_allclose([f.p_value for f in other], [f.p_value for f in one], rtol=1e-3, atol=1e-30)


@settings(max_examples=40, deadline=None)
@given(series(), st.integers(0, 10_000))
def test_a_missing_value_and_no_answers_are_the_same(y, seed):
    rng = np.random.default_rng(seed)
    n = rng.poisson(100, len(y)) + 1.0
    gone = rng.random(len(y)) < 0.15
    holes = shifts(np.where(gone, np.nan, y), n=n)
    assert shifts(y, n=np.where(gone, 0.0, n)) == holes
    assert shifts(np.where(gone, -1e9, y), n=np.where(gone, np.nan, n)) == holes


@settings(max_examples=60, deadline=None)
@given(series())
def test_what_is_told_makes_sense(y):
    found = shifts(y)
    assert [f.at for f in found] == sorted({f.at for f in found})
    for f in found:
        assert 0 < f.earliest <= f.at <= f.latest < len(y)
        assert f.at <= f.settled <= len(y)
        assert f.low < f.size < f.high
        assert f.low * f.high > 0
        assert 0 <= f.p_value <= 0.005


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), max_size=80), st.integers(1, 9))
def test_anything_of_any_length_is_survived(values, period):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shifts(np.array(values, float), period=period)


def test_many_at_once_are_as_one_by_one():
    rng = np.random.default_rng(3)
    Y = np.array([noise(seed) for seed in range(6)])
    Y[1:, 110:] += rng.normal(0, 5, (5, 1))
    Y[2, 50:60] = np.nan
    n = rng.poisson(80, Y.shape).astype(float)
    together = many_shifts(Y, n=n)
    alone = [shifts(y, n=m) for y, m in zip(Y, n, strict=True)]
    assert [told(f) for f in together] == [told(f) for f in alone]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(numbers(one), numbers(other), rtol=1e-8)


def test_what_was_told_stays_when_days_are_added():
    kept = {False: [], True: []}
    for seed in range(4):
        y = noise(seed, size=400)
        y[150:] += 3
        for back in kept:
            before, now = [], []
            for end in range(180, 400, 12):
                now = shifts(y[:end], told=now if back else ())
                kept[back] += [any(old.earliest <= f.at <= old.latest for f in now) for old in before]
                before = [f for f in now if end - f.at >= 14]
    assert min(len(looks) for looks in kept.values()) > 60
    assert np.mean(kept[False]) >= 0.98
    assert np.mean(kept[True]) >= 0.99


def test_a_small_change_stays_where_the_answer_before_is_handed_back():
    flickers = kept = looked = 0
    for seed in range(5):
        y = noise(seed + 40, size=400)
        y[150:] += 1.6
        alone, now = [], []
        for end in range(170, 400, 10):
            before, now = [f for f in now if end - f.at >= 24], shifts(y[:end], told=now)
            looked += len(before)
            kept += sum(any(old.earliest <= f.at <= old.latest for f in now) for old in before)
            last, alone = [f for f in alone if end - f.at >= 24], shifts(y[:end])
            flickers += sum(not any(old.earliest <= f.at <= old.latest for f in alone) for old in last)
    assert looked > 30
    assert kept >= 0.99 * looked
    assert flickers > looked - kept


def test_what_was_told_is_withdrawn_and_moved_where_the_data_say_so():
    flat, stepped = noise(21, size=400), noise(22, size=400)
    stepped[200:] += 6
    wrong = once(95, 100, 100, 105)
    assert shifts(flat, told=[wrong]) == []
    (found,) = shifts(stepped, told=[wrong])
    assert abs(found.at - 200) <= 2
    near = once(175, 180, 180, 184)
    (moved,) = shifts(stepped, told=[near])
    assert abs(moved.at - 200) <= 2


@settings(max_examples=60, deadline=None)
@given(series(), st.lists(st.tuples(*[st.integers(-5, 420)] * 4), max_size=5))
def test_any_answer_before_is_survived(y, dates):
    before = [once(*sorted(raw)) for raw in dates]
    found = shifts(y, told=before)
    assert [f.at for f in found] == sorted(f.at for f in found)
    for f in found:
        assert 0 < f.earliest <= f.at <= f.latest < len(y)
        assert f.at <= f.settled <= len(y)
        assert 0 <= f.p_value <= 0.2


@settings(max_examples=30, deadline=None)
@given(series(), st.sampled_from([-1.0, 0.01, -1e6]))
def test_unit_and_sign_carry_over_to_what_is_kept(y, scale):
    before = shifts(y[: int(0.8 * len(y))])
    one, other = shifts(y, told=before), shifts(scale * y, told=before)
    assert told(one) == told(other)


def test_many_with_answers_before_are_as_one_by_one():
    Y = np.array([noise(seed) for seed in range(4)])
    Y[1:, 110:] += 4
    before = many_shifts(Y[:, :180])
    together = many_shifts(Y, told=before)
    assert together == [shifts(y, told=old) for y, old in zip(Y, before, strict=True)]
    with pytest.raises(ValueError, match="told is for 3 series"):
        many_shifts(Y, told=before[:3])
