"""The funnel: which segments lie outside what their size explains, and how often it says so by mistake."""

from dataclasses import replace

import numpy as np
import pytest
from check_cases import NAMES, context, instant, metric, panel
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.checks import Funnel
from cxmon.model import EVERYONE, Kind, Segment, State
from cxmon.stats.funnel import funnel


def units(rng, count, spread, share=0.8):
    n = np.exp(rng.normal(6, 1.2, count)).astype(int) + 60
    return n, np.clip(share + rng.normal(0, spread, count), 0, 1)


@pytest.mark.parametrize("spread", [0.0, 0.03])
def test_where_units_differ_no_more_than_usual_it_seldom_calls_one_outside(spread):
    rng = np.random.default_rng(11)
    false, runs = 0, 200
    for _ in range(runs):
        n, shares = units(rng, 30, spread)
        false += bool(funnel(rng.binomial(n, shares), n).outside.any())
    # 5 % is what Benjamini and Hochberg hold when nothing is wrong; the spread itself is estimated from 30 units.
    assert false / runs <= 0.10


def test_a_unit_far_beyond_the_usual_spread_is_found_and_its_size_is_what_counts():
    rng = np.random.default_rng(12)
    found = 0
    for _ in range(100):
        n, shares = units(rng, 30, 0.02)
        n[0], shares[0] = 2000, 0.66
        found += bool(funnel(rng.binomial(n, shares), n).outside[0])
    assert found >= 95
    n = np.r_[np.full(20, 400), 30]
    total = np.r_[np.round(np.full(20, 0.8) * 400) + np.tile([-6, 6], 10), 21]
    assert not funnel(total, n).outside[-1]


def test_the_limits_and_the_list_cannot_disagree():
    rng = np.random.default_rng(13)
    for _ in range(50):
        n, shares = units(rng, 25, 0.05)
        total = rng.binomial(n, shares)
        f = funnel(total, n)
        value = total / n
        assert np.array_equal(f.outside, (value < f.low) | (value > f.high))


def test_large_units_that_differ_as_usual_are_not_outside_although_chance_cannot_explain_them():
    rng = np.random.default_rng(14)
    n = np.full(40, 500_000)
    total = rng.binomial(n, np.clip(0.03 + rng.normal(0, 0.01, 40), 0.001, 1))
    f = funnel(total, n)
    assert f.phi > 100
    assert f.tau == pytest.approx(0.01, rel=0.35)
    assert f.outside.sum() <= 1


def test_few_units_are_not_compared_and_the_reason_counts_them():
    f = funnel([8, 9, 7], [10, 10, 10])
    assert not f.outside.any()
    assert np.isnan(f.low).all()
    assert f.reason.startswith("0 of 3 units")


@pytest.mark.parametrize("kind", ["proportion", "rate", "mean"])
def test_every_kind_is_compared(kind):
    rng = np.random.default_rng(15)
    n = np.full(20, 900.0)
    total = rng.poisson(90, 20).astype(float)
    total[4] = 260
    f = funnel(total, n, kind=kind, se=np.full(20, 0.01) if kind == "mean" else None)
    assert f.outside.tolist() == [i == 4 for i in range(20)]


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="kind is 'share'"):
        funnel([1.0], [2.0], kind="share")
    with pytest.raises(ValueError, match="needs se"):
        funnel([1.0], [2.0], kind="mean")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 3000), st.floats(0, 1)), min_size=0, max_size=25), st.randoms())
def test_the_order_of_the_units_is_of_no_account(cells, random):
    n = np.array([c[0] for c in cells], float)
    total = np.round(n * np.array([c[1] for c in cells], float))
    order = list(range(len(cells)))
    random.shuffle(order)
    one, two = funnel(total, n), funnel(total[order], n[order])
    assert np.array_equal(one.outside[order], two.outside)
    assert np.allclose(one.z[order], two.z, equal_nan=True, rtol=1e-6, atol=1e-9)


def worse_team(shares):
    shares[NAMES.index("c")] -= 0.12
    shares[NAMES.index("d")] += 0.12
    return shares


def test_the_check_names_the_segment_on_the_harmful_side_only_and_the_parent_tells_how_many():
    given_panel = panel(40, move=worse_team)
    findings = {f.segment: f for f in Funnel().evaluate(given_panel, context(given_panel))}
    breaches = [s for s, f in findings.items() if f.state is State.BREACH]
    assert breaches == [EVERYONE, Segment.of(team="c")]
    assert findings[EVERYONE].reason == "1 of 12 segments lie outside what their size explains: c"
    assert findings[Segment.of(team="c")].since == instant(12)
    assert [s.label for s in findings] == ["all customers", *NAMES]


def test_without_enough_segments_nothing_is_said_and_that_is_not_called_fine():
    few = panel(40, move=worse_team).select(tuple(Segment.of(team=t) for t in "abcd"))
    findings = Funnel().evaluate(few, context(few))
    assert {f.state for f in findings} == {State.UNKNOWN}
    assert findings[0].reason == "4 of 4 units are large enough to compare, at least 8 are needed"


def test_nothing_to_compare_is_said_and_not_passed_over():
    of = panel(40, move=worse_team)
    (asked,) = Funnel(by=("floor", "team")).evaluate(of, context(of))
    assert (asked.state, asked.segment) == (State.UNKNOWN, EVERYONE)
    assert asked.reason == "no segments along floor, team: is [floor, team] in `by` of csat?"
    levels = replace(of, metric=metric(kind=Kind.LEVEL))
    (other,) = Funnel().evaluate(levels, context(levels))
    assert (other.state, other.reason) == (State.UNKNOWN, "a funnel does not compare figures of kind level")


def test_segments_are_compared_with_their_siblings_under_the_same_parent():
    given_panel = panel(40, move=worse_team)
    renamed = tuple(
        Segment.of(team=s.get("team"), floor="first") if s.items else Segment.of(floor="first")
        for s in given_panel.segments
    )
    findings = Funnel(by=("floor", "team")).evaluate(replace(given_panel, segments=renamed), context(given_panel))
    assert findings[0].segment == Segment.of(floor="first")
    assert [f.segment.get("team") for f in findings if f.state is State.BREACH] == [None, "c"]


@pytest.mark.parametrize(("options", "says"), [({"over": 0}, "over: 0"), ({"false_share": 0.5}, "false_share: 0.5")])
def test_wrong_funnel_options_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        Funnel(**options)
