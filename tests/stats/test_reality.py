"""Dates at which nothing was declared, on real series: zero lies in nine of ten intervals, and a planted harm does not.

A quick part of `benchmarks/reality.py`; docs/methods/reality.md has the whole table and says why the rest is missed.
"""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

import cxmon
from cxmon.errors import SourceError

BENCHES = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHES))

import real_series  # noqa: E402 - the benches are scripts, not a package.
import reality  # noqa: E402

# Families whose intervals cover zero in under nine of ten windows. An improvement makes this fail as well.
NOT_REACHED = {
    ("NHS 111, abandoned", False): 0.67,
    ("NHS 111, abandoned", True): 0.72,
}
emergency_there = pytest.mark.skipif(
    not real_series.EMERGENCY.exists(), reason="the NHS figures are not beside this checkout (../shared/data)"
)


@pytest.fixture(scope="module")
def punctuality():
    try:
        leaves = real_series.flights()["on_time"]
    except SourceError as error:
        pytest.skip(str(error))
    carriers = reality.thick(leaves, sorted({s.along(("carrier",)) for s in leaves.segments}, key=lambda s: s.key))
    return reality.Family(
        name="on time", panel=leaves, segments=carriers, first=91, length=28, skip=reality.FURLOUGH
    )  # fmt: skip


@pytest.fixture(scope="module")
def hospitals():
    leaves = real_series.emergency()["in_four_hours"]
    return reality.Family(name="in four hours", panel=leaves, segments=leaves.segments, first=18, length=6)


@pytest.fixture(scope="module")
def callers():
    leaves = real_series.calls()["abandoned"]
    return reality.Family(
        name="NHS 111, abandoned", panel=leaves, segments=leaves.segments, first=5, length=3, skip=reality.WINTER
    )  # fmt: skip


@pytest.mark.parametrize("controls", [False, True])
def test_punctuality_of_carriers_covers_zero(punctuality, controls):
    found = reality.ask(punctuality, controls=controls)
    assert np.isfinite(found.p).all()
    assert np.nanmean(found.covered) >= reality.TARGET
    # The placebo rank counts and models nothing, and yet puts the windows in much the same order.
    both = np.isfinite(found.rank)
    assert np.corrcoef(found.z[both], found.rank[both])[0, 1] < -0.5


@emergency_there
@pytest.mark.parametrize("controls", [False, True])
@pytest.mark.parametrize("name", ["hospitals", "callers"])
def test_the_nhs_covers_zero_or_is_written_down(request, name, controls):
    family = request.getfixturevalue(name)
    covered = float(np.nanmean(reality.ask(family, controls=controls).covered))
    least = NOT_REACHED.get((family.name, controls), reality.TARGET)
    assert covered >= least
    assert (covered >= reality.TARGET) == ((family.name, controls) not in NOT_REACHED)


def test_a_planted_harm_is_not_covered(punctuality):
    """Coverage would be worth nothing if the intervals held everything: three of ten arrivals are made late."""
    [at] = [at for at in reality.windows(punctuality) if at > 300][:1]
    total = punctuality.panel.total.copy()
    total[:, at:] *= 0.7
    harmed = replace(punctuality, panel=replace(punctuality.panel, total=total), first=at)
    found = reality.ask(harmed, controls=False)
    assert np.mean(found.covered[0]) < 0.5
    assert np.mean(found.z[0]) > 2


def test_windows_neither_overlap_nor_touch_what_was_declared(punctuality):
    for length in (7, 28, 56):
        family = replace(punctuality, length=length)
        at = np.array(reality.windows(family))
        assert (np.diff(at) >= length).all()
        assert at[0] >= family.first
        days = [datetime.fromtimestamp(int(x), UTC).date() for x in family.panel.starts]
        looked_at = {d for a in at for d in days[a : a + length]}
        touched = {date(2013, 4, d) for d in range(21, 28)} & looked_at
        assert touched == set()


def test_the_error_of_a_coverage_knows_that_one_storm_hits_all():
    """Sixteen dates on which everything or nothing is covered: the error is that of dates, not of 640 windows."""
    rng = np.random.default_rng(3)
    alike = np.repeat(rng.random(16) < 0.8, 40).reshape(16, 40).astype(float)
    apart = rng.permutation(alike.ravel()).reshape(16, 40)
    assert reality.error(alike)[0] > 3 * reality.error(apart)[0]
    assert reality.error(np.ones((16, 40)))[0] == 0
    assert reality.error(apart)[1] == "dates"
    assert reality.error(apart[:3])[1] == "series"


def test_areas_of_one_operator_count_once():
    """Forty areas of four operators, three windows: the error is that of four, and of forty where each has its own."""
    rng = np.random.default_rng(4)
    operators = rng.standard_normal((4, 12))
    areas = np.repeat(operators, 10, axis=0) * rng.uniform(0.5, 2, (40, 1)) + 0.01 * rng.standard_normal((40, 12))
    served = reality.moving_as_one(areas)
    assert len(set(served)) == 4
    assert len(set(reality.moving_as_one(rng.standard_normal((40, 12))))) > 30
    covered = np.tile(np.repeat([1.0, 1.0, 0.0, 1.0], 10), (3, 1))
    assert reality.error(covered, served)[0] > 2 * reality.error(covered)[0]


@pytest.mark.parametrize(("walk", "least"), [(0.05, 0.9), (0.15, 0.81)])
def test_months_that_wander_are_held_to_wander(walk, least):
    """Half a year of months, each of 2,000 answers: so few of them cannot show how far the level goes in a quarter. The
    truth moves by `walk` a month on the logistic scale, and nothing is done."""
    rng = np.random.default_rng(6)
    level = 1 / (1 + np.exp(-1.4 - np.cumsum(walk * rng.standard_normal((400, 9)), axis=1)))
    n = np.full(level.shape, 2000.0)
    found = cxmon.effects(rng.binomial(2000, level) / n, 6, n=n, kind="proportion", period=1)
    assert np.mean([e.low <= 0 <= e.high for e in found]) >= least
