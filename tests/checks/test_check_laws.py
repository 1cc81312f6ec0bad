"""What every check promises, whatever it looks for."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from check_cases import CHECKS, context, instant, panel

from cxmon.checks import TYPES
from cxmon.model import State


def same(one, two):
    """Findings compare by what they say; NaN is NaN."""
    return repr(one) == repr(two)


def edge(of, kind):
    """The same panel with a fault in its figures."""
    match kind:
        case "empty":
            return of.cut(0, 0)
        case "no series":
            return of.select(())
        case "one point":
            return of.cut(0, 1)
        case "constant":
            return replace(of, n=np.full(of.n.shape, 100.0), total=np.full(of.n.shape, 90.0))
        case "all missing":
            return replace(of, n=np.zeros(of.n.shape), total=np.zeros(of.n.shape))
        case "holes":
            holes = np.random.default_rng(5).random(of.n.shape) < 0.4
            return replace(of, n=np.where(holes, 0, of.n), total=np.where(holes, 0, of.total))
        case "nothing satisfied":
            return replace(of, total=np.zeros(of.n.shape))
    raise ValueError(kind)


EDGES = ("empty", "no series", "one point", "constant", "all missing", "holes", "nothing satisfied")


def test_every_registered_check_is_held_to_the_laws():
    assert set(CHECKS) == set(TYPES)
    assert all(isinstance(CHECKS[name], TYPES[name]) and CHECKS[name].type == name for name in TYPES)


@pytest.mark.parametrize("name", CHECKS)
def test_the_same_panel_gives_the_same_findings_and_is_left_as_it_was(name):
    given = panel()
    before = deepcopy((given.n, given.total, given.starts))
    ctx = context(given, since=86)
    one = CHECKS[name].evaluate(given, ctx)
    assert one
    assert same(one, CHECKS[name].evaluate(given, ctx))
    assert all(np.array_equal(a, b) for a, b in zip(before, (given.n, given.total, given.starts), strict=True))


@pytest.mark.parametrize("kind", EDGES)
@pytest.mark.parametrize("name", CHECKS)
def test_odd_panels_are_survived_and_every_finding_has_its_reason(name, kind):
    given = edge(panel(), kind)
    findings = CHECKS[name].evaluate(given, context(given))
    assert all(f.reason and f.looked_at >= 1 for f in findings)
    if name != "freshness" and kind == "all missing":
        assert {f.state for f in findings} == {State.UNKNOWN}


@pytest.mark.parametrize("name", sorted(set(CHECKS) - {"freshness"}))
def test_too_little_data_is_unknown_with_the_numbers_in_the_reason(name):
    given = panel(answers=1, min_n=50)
    findings = CHECKS[name].evaluate(given, context(given, since=87))
    assert findings
    assert {f.state for f in findings} == {State.UNKNOWN}
    assert all(any(c.isdigit() for c in f.reason) for f in findings)


@pytest.mark.parametrize("name", sorted(set(CHECKS) - {"freshness"}))
def test_later_periods_never_change_what_was_said_of_earlier_ones(name):
    def worse(shares):
        shares[3, 70:] -= 0.08
        shares[:, 80:] -= 0.2
        return shares

    whole = panel(move=worse)
    short = whole.cut(0, 79)
    then = CHECKS[name].evaluate(short, context(short, since=74))
    later = [f for f in CHECKS[name].evaluate(whole, context(whole, since=74)) if f.at <= instant(78)]
    assert len(then) > 0
    assert same(then, later)


@pytest.mark.parametrize("name", sorted(set(CHECKS) - {"freshness"}))
def test_periods_that_are_not_mature_do_not_exist(name):
    given = panel()
    waiting = replace(given, metric=replace(given.metric, matures_after=timedelta(days=3)))
    findings = CHECKS[name].evaluate(waiting, context(waiting, since=80))
    assert max(f.at for f in findings) == instant(86)


@pytest.mark.parametrize("name", sorted(set(CHECKS) - {"freshness"}))
def test_a_period_that_was_judged_is_not_judged_again(name):
    given = panel()
    findings = CHECKS[name].evaluate(given, context(given, since=85))
    assert {f.at for f in findings} == {instant(d) for d in range(86, 90)}
    assert [f.at for f in findings] == sorted(f.at for f in findings)
