"""A roll-out in stages: laws, the controls it may use, the pooled interval, and what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import effect, effects, staged_effect
from cxmon.stats.pooling import Window, error_correlations, pooled

T, AT = 90, (60, 68, 78)
seeds = st.integers(0, 10_000)
few = settings(max_examples=8, deadline=None)


def world(seed, sizes=(0.0, 0.0, 0.0), untouched=3, wander=0.5):
    """Values (S + K, T) of three staged segments and the untouched ones behind them: what is shared is a random walk
    with steps of `wander`, beside noise of one unit, some of it autocorrelated, and n that differ by segment."""
    rng = np.random.default_rng(seed)
    U = 3 + untouched
    own = np.zeros((U, T))
    for t in range(1, T):
        own[:, t] = 0.6 * own[:, t - 1] + 0.5 * rng.standard_normal(U)
    Y = 50 + wander * np.cumsum(rng.standard_normal(T)) + own + rng.standard_normal((U, T))
    for s, (begin, size) in enumerate(zip(AT, sizes, strict=True)):
        Y[s, begin:] += size
    return Y, rng.poisson(np.array([[100], [300], [200], *[[150]] * untouched]), (U, T)).astype(float)


def of(Y, n, at=AT, **more):
    return staged_effect(Y[:3], at, n=n[:3], never=Y[3:], never_n=n[3:], **more)


def figures(found):
    return np.array([found.pooled.estimate, found.pooled.low, found.pooled.high])


def test_planted_effects_are_found_in_each_segment_and_pooled_by_answers():
    Y, n = world(3, sizes=(-8.0, -4.0, 2.0))
    found = of(Y, n)
    for stage, size in zip(found.stages, (-8.0, -4.0, 2.0), strict=True):
        assert stage.effect.low < size < stage.effect.high
    answers = [n[s, AT[s] :].sum() for s in range(3)]
    assert [stage.answers for stage in found.stages] == pytest.approx(answers)
    true = np.average([-8.0, -4.0, 2.0], weights=answers)
    assert found.pooled.low < true < found.pooled.high
    assert found.pooled.estimate == pytest.approx(
        np.average([stage.effect.estimate for stage in found.stages], weights=answers)
    )
    assert (found.pooled.stages, found.pooled.p_value < 1e-4) == (3, True)


def test_one_stage_with_untouched_segments_is_the_plain_effect():
    Y, n = world(5, sizes=(3.0, 0.0, 0.0))
    plain = effect(Y[0], 60, n=n[0], controls=Y[3:], controls_n=n[3:])
    found = staged_effect(Y[:1], [60], n=n[:1], never=Y[3:], never_n=n[3:])
    assert figures(found) == pytest.approx([plain.estimate, plain.low, plain.high])
    assert found.pooled.p_value == pytest.approx(plain.p_value, rel=1e-6)


def test_a_segment_is_never_compared_with_one_that_has_the_change():
    """What happens in a segment after its own stage reaches no other segment's estimate."""
    Y, n = world(7)
    other = Y.copy()
    other[1, AT[1] :] += 30.0
    one, two = of(Y, n), of(other, n)
    for s in (0, 2):
        assert two.stages[s].effect.estimate == pytest.approx(one.stages[s].effect.estimate, abs=1e-9)
    assert two.stages[1].effect.estimate > one.stages[1].effect.estimate + 20


def test_a_waiting_segment_is_compared_with_up_to_its_stage():
    Y, n = world(7)
    other = Y.copy()
    other[2, 70 : AT[2]] += 6.0
    assert of(other, n).stages[0].effect.estimate < of(Y, n).stages[0].effect.estimate - 0.05
    assert [stage.controls for stage in of(Y, n).stages] == [5, 4, 3]


def test_without_untouched_segments_the_comparison_ends_where_the_last_stage_begins():
    Y, n = world(9)
    found = staged_effect(Y[:3], AT, n=n[:3])
    assert [stage.compared_until for stage in found.stages] == [78, 78, T]
    assert [stage.controls for stage in found.stages] == [2, 1, 0]
    assert [stage.effect.n_post for stage in found.stages] == [18, 10, 12]
    assert not found.stages[2].effect.controls_used.any()
    near = staged_effect(Y[:3], (60, 75, 78), n=n[:3])
    assert near.stages[1].controls == 0
    assert near.stages[1].effect.n_post == T - 75


def test_stages_that_have_not_begun_wait_with_their_numbers():
    Y, n = world(2, sizes=(-6.0, 0.0, 0.0))
    found = of(Y, n, at=(60, 100, 200))
    assert [stage.begun for stage in found.stages] == [True, False, False]
    assert found.stages[1].effect.reason == "its stage begins in period 100, the data end with 89"
    assert (found.pooled.stages, found.stages[0].weight, found.stages[1].weight) == (1, 1.0, 0.0)
    assert found.pooled.estimate == pytest.approx(found.stages[0].effect.estimate)
    nothing = of(Y, n, at=(95, 100, 200))
    assert math.isnan(nothing.pooled.estimate)
    assert nothing.pooled.reason.startswith("0 of 3 stages have begun; its stage begins in period 95")


def test_too_little_data_is_a_reason_with_numbers():
    Y, n = world(2)
    found = of(Y, n, at=(4, 68, 78))
    assert found.stages[0].effect.reason == "4 usable periods before the change, at least 8 are needed"
    assert found.pooled.stages == 2
    empty = of(np.full_like(Y, np.nan), n)
    assert "0 usable periods before the change" in empty.pooled.reason


def test_by_age_stages_are_laid_on_their_own_start():
    Y, n = world(4)
    for s, begin in enumerate(AT):
        Y[s, begin:] += 0.6 * np.arange(T - begin)
    by_age = of(Y, n, ages=(0, 5, 10, 20, 60), confidence=0.997).by_age
    assert [(age.first, age.until, age.effect.stages) for age in by_age] == [
        (0, 5, 3), (5, 10, 3), (10, 20, 2), (20, 60, 0),
    ]  # fmt: skip
    for age in by_age[:3]:
        assert age.effect.low < 0.6 * (age.first + age.until - 1) / 2 < age.effect.high
    assert by_age[3].effect.reason.startswith("0 of 3 stages are 60 periods old")


def test_last_judges_only_the_newest_periods_of_each_segment():
    Y, n = world(6)
    Y[:3, 80:] += 9.0
    whole, recent = of(Y, n), of(Y, n, last=8)
    assert recent.stages[0].effect.n_post == 8
    assert recent.stages[0].effect.estimate > whole.stages[0].effect.estimate + 3


def test_a_stage_that_ended_is_judged_up_to_its_end():
    Y, n = world(8)
    Y[0, 60:75] += 7.0
    found = of(Y, n, until=(75, T, T))
    assert found.stages[0].effect.n_post == 15
    assert found.stages[0].effect.low < 7 < found.stages[0].effect.high


@few
@given(seeds, st.booleans())
def test_order_scale_and_sign_do_not_matter(seed, sequential):
    Y, n = world(seed)
    more = {"sequential": sequential, "horizon": 40} if sequential else {}
    one = figures(of(Y, n, **more))
    order = [2, 0, 1]
    turned = of(np.concatenate([Y[order], Y[3:]]), np.concatenate([n[order], n[3:]]), np.array(AT)[order], **more)
    np.testing.assert_allclose(figures(turned), one, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(figures(of(10 * Y + 400, n, **more)) / 10, one, rtol=1e-4, atol=1e-4)
    mirrored = figures(of(-Y, n, **more))
    np.testing.assert_allclose([-mirrored[0], -mirrored[2], -mirrored[1]], one, rtol=1e-5, atol=1e-5)


@few
@given(seeds, st.floats(-4, 4), st.booleans())
def test_interval_and_p_value_agree(seed, size, sequential):
    Y, n = world(seed, sizes=(size, size, size))
    found = of(Y, n, sequential=sequential, horizon=40)
    for one in (found.pooled, *(stage.effect for stage in found.stages)):
        assert one.low <= one.estimate <= one.high
        assert (one.p_value < 0.05) == (not one.low <= 0 <= one.high)


def test_read_daily_every_interval_is_wider_and_so_is_the_pooled_one():
    Y, n = world(11)
    once, daily = of(Y, n), of(Y, n, sequential=True, horizon=30)
    both = [[found.pooled, *(stage.effect for stage in found.stages)] for found in (once, daily)]
    for a, b in zip(*both, strict=True):
        assert b.high - b.low > 1.2 * (a.high - a.low)


def test_shared_controls_tie_the_errors_together_and_fewer_tie_them_more():
    ties = []
    for untouched in (1, 3, 8):
        every = np.ones((2 + untouched, T), bool)
        every[:2] = False
        windows = [Window(unit=u, past=60, at=60, until=T, controls=every) for u in (0, 1)]
        ties.append(error_correlations(windows, np.ones(2 + untouched))[0, 1])
    assert ties == pytest.approx([1 / 2, 1 / 4, 1 / 9], abs=0.01)


def test_errors_without_controls_are_those_of_the_movement_that_all_share():
    none = np.zeros((2, T), bool)
    same = [Window(unit=u, past=60, at=60, until=T, controls=none) for u in (0, 1)]
    later = [Window(unit=u, past=at, at=at, until=T, controls=none) for u, at in ((0, 40), (1, 80))]
    assert error_correlations(same, np.ones(2))[0, 1] > 0.8
    assert error_correlations(later, np.ones(2))[0, 1] < error_correlations(same, np.ones(2))[0, 1]


def test_the_pooled_interval_lies_between_independent_and_wholly_tied_errors():
    a = np.array([1.0, 2.0, 3.0])
    h = np.array([0.5, 1.0, 1.5])

    def half(tie):
        R = np.full((3, 3), tie) + (1 - tie) * np.eye(3)
        found = pooled(a, a - h, a + 2 * h, h / 2, np.array([0.01] * 3), np.array([1.0, 1.0, 2.0]), R, 0.95)
        assert found.high - found.estimate == pytest.approx(2 * (found.estimate - found.low))
        return found.estimate - found.low

    assert half(0.0) == pytest.approx(math.sqrt(0.125**2 + 0.25**2 + 0.75**2))
    assert half(1.0) == pytest.approx(0.125 + 0.25 + 0.75)
    assert half(0.0) < half(0.4) < half(1.0)


@pytest.mark.parametrize("untouched", [0, 3])
def test_the_pooled_interval_covers_in_worlds_with_shared_movement(untouched):
    """A short form of benchmarks/staged_coverage.py: 60 worlds; 0.95 misses 8 or more in one of 120 runs."""
    sizes = (-3.0, 0.0, 2.0)
    held = []
    for seed in range(60):
        Y, n = world(1000 + seed, sizes=sizes, untouched=untouched)
        found = of(Y, n) if untouched else staged_effect(Y, AT, n=n)
        true = np.dot([stage.weight for stage in found.stages], sizes)
        held.append(found.pooled.low <= true <= found.pooled.high)
    assert sum(held) >= 53


def test_two_way_fixed_effects_err_where_effects_grow_and_the_stages_do_not():
    """Goodman-Bacon (2021): without untouched segments early stages become the controls of late ones."""
    Y, n = world(12, untouched=0, wander=0.1)
    for s, begin in enumerate(AT):
        Y[s, begin:] += 0.5 * np.arange(T - begin)
    on = np.arange(T) >= np.array(AT)[:, None]
    X = np.hstack([on.reshape(-1, 1), np.repeat(np.eye(3), T, 0), np.tile(np.eye(T), (3, 1))])
    fixed = np.linalg.lstsq(X.astype(float), Y.ravel(), rcond=None)[0][0]
    found = staged_effect(Y, AT, n=n)
    mean = [0.5 * (stage.effect.n_post - 1) / 2 for stage in found.stages]
    true = np.dot([stage.weight for stage in found.stages], mean)
    assert fixed < 0.5 * true
    assert found.pooled.low < true < found.pooled.high


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"at": (60, 68)}, r"at has shape \(2,\), expected \(3,\)"),
        ({"at": (0, 68, 78)}, "at is 0, expected 1 or more"),
        ({"until": (50, 90, 90)}, "until is 50, expected more than at = 60"),
        ({"ages": (7, 0)}, r"ages is \(7, 0\), expected two or more rising numbers from 0 on"),
        ({"n": np.ones((2, T))}, r"n has shape \(2, 90\), expected \(3, 90\)"),
        ({"never_n": np.ones((1, T))}, r"never_n has shape \(1, 90\), expected \(3, 90\)"),
        ({"never": np.ones((3, 4))}, r"never has shape \(3, 4\), expected \(K, 90\)"),
        ({"confidence": 1.0}, "confidence is 1.0, expected between 0 and 1"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(given, said):
    Y, n = world(1)
    asked = {"at": AT, "n": n[:3], "never": Y[3:], "never_n": n[3:]} | given
    with pytest.raises(ValueError, match=said):
        staged_effect(Y[:3], asked.pop("at"), **asked)


def test_batches_and_single_fits_give_the_same():
    Y, n = world(13)
    together = of(Y, n, at=(60, 60, 60))
    alone = effects(Y[:3], 60, n=n[:3], controls=Y[3:], controls_n=n[3:])
    for stage, one in zip(together.stages, alone, strict=True):
        assert stage.effect.estimate == pytest.approx(one.estimate, rel=1e-8)
