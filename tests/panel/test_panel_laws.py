"""What a panel promises: sums add up, and errors tell how sure each cell is."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmon import sketch
from cxmon.model import EVERYONE, Amount, Better, Kind, Metric, Read, Segment
from cxmon.panel import Panel, membership

START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def metric(kind=Kind.PROPORTION, *, relative=False, **more):
    given_ = {
        "id": "m",
        "label": "M",
        "kind": kind,
        "better": Better.LOWER,
        "matters": Amount(0.1, relative=relative, text="10%" if relative else "0.1"),
        "source": "s",
        "read": Read(time="t"),
    }
    return Metric(**(given_ | more))


def panel(n, total, kind=Kind.PROPORTION, segments=None, *, relative=False, **more):
    n, total = np.atleast_2d(np.array(n, float)), np.atleast_2d(np.array(total, float))
    segments = segments or tuple(Segment.of(s=str(i)) for i in range(len(n)))
    starts = START + 86_400 * np.arange(n.shape[1])
    given_ = {k: np.atleast_2d(np.array(v, float)) for k, v in more.items()}
    m = metric(kind, relative=relative)
    return Panel(metric=m, segments=tuple(segments), starts=starts, n=n, total=total, **given_)


SEGMENTS = st.builds(Segment.of, st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")))


@given(st.lists(SEGMENTS, max_size=6), st.lists(SEGMENTS, max_size=12))
def test_membership_is_what_each_parent_holds(parents, segments):
    i, j = membership(parents, segments)
    slow = [(a, b) for a, p in enumerate(parents) for b, s in enumerate(segments) if p.holds(s)]
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == slow


@given(st.lists(SEGMENTS, min_size=1, max_size=12, unique=True), st.lists(SEGMENTS, max_size=5), st.integers(0, 9))
def test_a_roll_up_is_the_sum_of_what_each_parent_holds(segments, parents, seed):
    n = np.random.default_rng(seed).integers(0, 50, (len(segments), 3))
    found = panel(n, n // 2, segments=segments).roll_up(parents)
    for row, parent in zip(found.n, parents, strict=True):
        assert row.tolist() == n[[parent.holds(s) for s in segments]].sum(0).tolist()
    assert found.segments == tuple(parents)


def test_everyone_is_the_same_through_any_middle_layer():
    segments = [Segment.of(channel=c, region=r) for c in "pce" for r in "eu"]
    n = np.random.default_rng(1).integers(1, 50, (6, 4))
    whole = panel(n, n // 2, segments=segments)
    by_channel = whole.roll_up([Segment.of(channel=c) for c in "pce"])
    assert by_channel.roll_up([EVERYONE]).n.tolist() == whole.roll_up([EVERYONE]).n.tolist()
    assert whole.pooled(EVERYONE, np.ones(6, np.bool_)).total.tolist() == whole.roll_up([EVERYONE]).total.tolist()


def test_selected_series_keep_the_asked_order_and_a_missing_one_is_named_or_empty():
    p = panel([[1, 2], [3, 4]], [[0, 0], [0, 0]])
    a, b = p.segments
    assert p.select([b, a]).n.tolist() == [[3, 4], [1, 2]]
    assert p.select([EVERYONE, b], missing_as_empty=True).n.tolist() == [[0, 0], [3, 4]]
    with pytest.raises(KeyError):
        p.select([EVERYONE])


def test_nothing_measured_is_no_value_and_no_variance():
    p = panel([0, 10], [0, 8])
    assert np.isnan(p.values()[0, 0])
    assert np.isnan(p.variances()[0, 0])
    assert p.values()[0, 1] == 0.8


def test_levels_have_no_known_sampling_error():
    p = panel([1, 1], [40, 41], Kind.LEVEL)
    assert (p.judged().se, p.values().tolist()) == (None, [[40, 41]])


def test_the_ratio_of_equal_units_has_no_variance_and_gives_no_warning():
    x, y = 0.1, 0.3
    p = panel([3], [3 * x], Kind.RATIO, squares=[3 * x * x], base=[3 * y], base_squares=[3 * y * y], cross=[3 * x * y])
    assert p.values().item() == pytest.approx(x / y)
    assert p.variances().item() == pytest.approx(0, abs=1e-15)
    assert p.judged().se is None


@pytest.mark.parametrize("kind", [Kind.PROPORTION, Kind.RATE, Kind.MEAN, Kind.RATIO, Kind.QUANTILE])
def test_variances_are_those_of_repeated_samples(kind):
    rng = np.random.default_rng(5)
    reps, n = 3000, 60
    x = rng.lognormal(0, 0.5, (reps, n))
    y = 1 + rng.random((reps, n)) + 0.3 * x
    events = rng.poisson(0.4, (reps, n)) if kind is Kind.RATE else (rng.random((reps, n)) < 0.3)
    more = {}
    if kind is Kind.MEAN:
        more = {"squares": (x**2).sum(1)}
    if kind is Kind.RATIO:
        more = {"squares": (x**2).sum(1), "base": y.sum(1), "base_squares": (y**2).sum(1), "cross": (x * y).sum(1)}
    total = events.sum(1) if kind in {Kind.PROPORTION, Kind.RATE} else x.sum(1)
    p = panel(np.full(reps, n), total, kind, **more)
    if kind is Kind.QUANTILE:
        bucket0, counts = sketch.stack([sketch.encode(row) for row in x])
        p = Panel(**(vars(p) | {"counts": counts[None], "bucket0": bucket0}))
    seen = p.values().var()
    # 3,000 repetitions know a variance to 2.6 %; a quantile's density estimate is coarser.
    assert p.variances().mean() == pytest.approx(seen, rel=0.25 if kind is Kind.QUANTILE else 0.1)


def test_a_cell_that_cannot_know_its_error_takes_the_typical_one_of_an_answer_over_its_own_n():
    # Values 1 and 3 in turn: variance 2 for n = 2 pairs, so 100 answers have s^2 = 100/99.
    n, total, squares = [100, 100, 1, 4], [200, 200, 3, 8], [500, 500, 9, 16]
    se = panel(n, total, Kind.MEAN, squares=squares).judged().se
    typical = 100 / 99
    assert se[0].tolist() == pytest.approx([np.sqrt(typical / k) for k in (100, 100, 1, 4)])


def test_durations_are_judged_as_logarithms_and_those_that_are_not_positive_are_missing():
    p = panel([4, 4, 4], [40, 0, -4], Kind.MEAN, squares=[404, 1, 8], relative=True)
    judged = p.judged()
    assert judged.log
    assert judged.values[0, 0] == pytest.approx(np.log(10))
    assert np.isnan(judged.values[0, 1:]).all()
    assert (judged.se > 0).all()


def test_a_period_is_mature_once_its_end_lies_far_enough_back():
    p = panel([1, 1, 1], [0, 0, 0])
    late = Panel(**(vars(p) | {"metric": metric(matures_after=timedelta(days=1))}))
    now = datetime.fromtimestamp(START, UTC) + timedelta(days=2)
    assert p.mature(now).tolist() == [True, True, False]
    assert late.mature(now).tolist() == [True, False, False]


def test_a_cut_keeps_every_matrix():
    p = panel([[1, 2, 3]], [[0, 1, 2]], Kind.MEAN, squares=[[4, 5, 6]])
    found = p.cut(1, 3)
    assert (found.n.tolist(), found.squares.tolist(), len(found.starts)) == ([[2, 3]], [[5, 6]], 2)


def test_matrices_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"panel of m: n \(1, 2\), total \(1, 3\), expected \(1, 2\)"):
        panel([1, 2], [1, 2, 3])
