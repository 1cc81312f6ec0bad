"""A look that goes on from where the last one stopped says what a look from the beginning says."""

import numpy as np
import pytest

from cxmon.stats import packed, unpacked, watch_look, watch_state, watch_threshold

S, T, START = 7, 300, 56
BUDGET = 0.5


def world(seed=0, kind="proportion"):
    rng = np.random.default_rng(seed)
    N = rng.poisson(120, (S, T)).astype(float)
    if kind == "proportion":
        Y = rng.binomial(N.astype(int), 0.8 + 0.02 * rng.standard_normal((S, 1))) / N
    else:
        Y = 3.0 + rng.standard_normal((S, T)) * 0.2 - 0.0005 * np.arange(T)
    Y[0, 205:] -= 0.08
    Y[1, 40:60], Y[2, 100], N[3, :90] = np.nan, Y[2, 100] - 0.6, 0.0
    return Y, N


def same(look, Y, N, end, **options):
    """Whether a look is what the monitor says of the period before `end`, and how much is active there."""
    whole = watch_state(Y[:, :end], N[:, :end], START, BUDGET, read=end - 1, **options)
    score = np.maximum(look.statistic, 0.0) / watch_threshold(np.full(S, BUDGET), options.get("yearly"))
    np.testing.assert_allclose(score, whole.score, rtol=1e-8, atol=1e-8)
    for name in ("onset", "size", "low", "high"):
        got, told = getattr(look, name)[whole.active], getattr(whole, name)[whole.active]
        np.testing.assert_allclose(got, told, rtol=1e-7, atol=1e-9)
    return int(whole.active.sum())


@pytest.mark.parametrize(("kind", "better"), [("proportion", "higher"), ("mean", "either")])
def test_day_by_day_says_what_the_whole_says(kind, better):
    Y, N = world(kind=kind)
    options = {"kind": kind, "better": better}
    trail, active = None, 0
    # Across two of the days on which the noise is learnt anew (112, 224), and with a pause.
    for end in (110, 111, 112, 113, 114, 160, 222, 224, 225, 230, 231):
        look = watch_look(Y[:, :end], N[:, :end], START, trails=[trail], **options)
        active += same(look, Y, N, end, **options)
        trail = look.trail
    assert active > 0


def test_a_checkpoint_takes_on_what_was_revised_after_it():
    Y, N = world()
    look = watch_look(Y[:, :250], N[:, :250], START, kind="proportion", settled=243)
    kept = unpacked(packed(look.checkpoint))
    revised = Y.copy()
    revised[:, 243:250] -= 0.01
    taken_on = watch_look(revised[:, :251], N[:, :251], START, kind="proportion", trails=[kept], settled=244)
    assert taken_on.checkpoint.t == kept.t + 1
    same(taken_on, revised, N, 251, kind="proportion")


@pytest.mark.parametrize("what", ["value", "n", "level", "fewer", "start"])
def test_what_does_not_fit_is_not_taken_up(what):
    Y, N = world(1)
    look = watch_look(Y[:, :250], N[:, :250], START, kind="proportion")
    other, count, options, end, start = Y.copy(), N.copy(), {}, 251, START
    if what == "value":
        other[4, 20] += 0.01
    elif what == "n":
        count[4, 20] += 1
    elif what == "level":
        options["levels"] = np.full((S, 1), 200)
    elif what == "fewer":
        end = 240
    else:
        start = 70
    asked = other[:, :end], count[:, :end], start
    again = watch_look(*asked, kind="proportion", trails=[look.trail], **options)
    fresh = watch_look(*asked, kind="proportion", **options)
    np.testing.assert_array_equal(again.statistic, fresh.statistic)
    np.testing.assert_array_equal(again.size, fresh.size)


def test_where_the_furthest_does_not_fit_the_one_behind_it_is_taken_up():
    Y, N = world()
    look = watch_look(Y[:, :250], N[:, :250], START, kind="proportion", settled=243)
    revised = Y.copy()
    revised[:, 243:250] -= 0.01
    taken_on = watch_look(
        revised[:, :251], N[:, :251], START, kind="proportion", trails=[look.trail, look.checkpoint], settled=244
    )
    # Its checkpoint goes on from the one behind: begun anew it would follow onsets already.
    assert taken_on.checkpoint.t == look.checkpoint.t + 1
    same(taken_on, revised, N, 251, kind="proportion")


def test_what_was_revised_since_is_looked_at_again_from_the_first_day_that_may_be():
    Y, N = world()
    look = watch_look(Y[:, :250], N[:, :250], START, kind="proportion", settled=230)
    assert (look.trail.t, look.behind.t, look.checkpoint.t) == (250, 230, 110)
    revised = Y.copy()
    revised[:, 230:250] -= 0.05
    kept = [look.trail, look.behind, look.checkpoint]
    taken_on = watch_look(revised[:, :251], N[:, :251], START, kind="proportion", trails=kept, settled=231)
    # It went on from the one behind, which follows onsets already, so there is no new checkpoint.
    assert (taken_on.checkpoint, taken_on.behind.t) == (None, 231)
    assert same(taken_on, revised, N, 251, kind="proportion")
    revised[:, 229] -= 0.05
    earlier = watch_look(revised[:, :251], N[:, :251], START, kind="proportion", trails=kept, settled=231)
    assert earlier.checkpoint is not None, "what was revised before it does not fit the one behind"
    same(earlier, revised, N, 251, kind="proportion")


def test_a_trail_is_not_changed_by_being_taken_up():
    Y, N = world(2)
    look = watch_look(Y[:, :200], N[:, :200], START, kind="proportion")
    first, second = (
        watch_look(Y[:, :201], N[:, :201], START, kind="proportion", trails=[look.trail]).statistic for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_the_same_period_again_says_the_same():
    Y, N = world(3)
    look = watch_look(Y[:, :200], N[:, :200], START, kind="proportion")
    again = watch_look(Y[:, :200], N[:, :200], START, kind="proportion", trails=[look.trail])
    np.testing.assert_array_equal(look.statistic, again.statistic)


def test_packing():
    Y, N = world(4)
    look = watch_look(Y, N, START, kind="proportion", settled=290)
    assert look.checkpoint.t == 170
    data = packed(look.checkpoint)
    assert len(data) < 8_000 * S
    assert packed(None) is None
    with pytest.raises(ValueError, match="follows onsets"):
        packed(look.trail)
    for broken in (b"", data[:-9], b"x" + data):
        assert unpacked(broken) is None


def test_hourly_series_go_on_too():
    """A profile by hour of the week, and a year in hours."""
    rng = np.random.default_rng(5)
    hours = 168 * 12
    N = rng.poisson(20 + 15 * np.sin(2 * np.pi * np.arange(hours) / 24), (3, hours)).astype(float)
    Y = rng.binomial(N.astype(int), 0.85) / np.maximum(N, 1)
    fell = hours - 60
    Y[0, fell:] -= 0.25
    options = {"kind": "proportion", "period": np.arange(hours) % 168, "yearly": 8766.0}
    trail, begin = None, 168 * 8
    for end in (hours - 30, hours - 2, hours):
        asked = options | {"period": options["period"][:end]}
        look = watch_look(Y[:, :end], N[:, :end], begin, trails=[trail], **asked)
        trail = look.trail
    whole = watch_state(Y, N, begin, 2.0, read=hours - 1, **options)
    score = np.maximum(look.statistic, 0.0) / watch_threshold(np.full(3, 2.0), 8766.0)
    np.testing.assert_allclose(score, whole.score, rtol=1e-8, atol=1e-8)
    assert whole.active.tolist() == [True, False, False]
    assert abs(int(look.onset[0]) - fell) <= 24
