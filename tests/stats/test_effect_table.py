"""The bench's worlds in batch: the same answers as one by one, and figures that count what they say."""

import math
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

BENCHES = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHES))

import effect_daily  # noqa: E402 - the benches are scripts, not a package.
import effect_figures  # noqa: E402
import effect_table  # noqa: E402
import effect_worlds  # noqa: E402
import pages  # noqa: E402

pytestmark = pytest.mark.skipif(
    not effect_worlds.BENCH.exists(), reason="the shared benches are not beside this checkout (../shared/bench)"
)
KINDS = ["csat_ar", "csat_badctl", "csat_short_nc", "resp_p90_inc", "churn", "churn_nc"]


@pytest.fixture(scope="module")
def eb():
    with warnings.catch_warnings():
        # The bench leaves its oracle's file to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        return effect_worlds.load("effect_bench")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("sequential", [False, True])
def test_a_batch_of_bench_worlds_equals_the_plug_in_one_by_one(eb, name, sequential):
    plugins = effect_worlds.load("cxmon_plugins")
    plugin = plugins.effect_sequential if sequential else plugins.effect
    w = effect_worlds.worlds(eb, name, eb.SCEN[name]["effects"][2], range(4))
    a = effect_worlds.ask(w, sequential=sequential)
    for rep in range(4):
        theirs = eb.call(plugin, eb.simulate(name, eb.SCEN[name]["effects"][2], rep))
        ours = a.estimate[rep], a.low[rep], a.high[rep], a.p[rep]
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)
        one = effect_worlds.ask_one(w, rep, sequential=sequential)
        assert one.p_value == pytest.approx(a.p[rep], rel=1e-8)


def test_the_figures_of_a_cell_are_those_of_the_bench(eb):
    plugin = effect_worlds.load("cxmon_plugins").effect
    theirs = eb.run(plugin, "csat_short", 2.0, 12)
    w = effect_worlds.worlds(eb, "csat_short", 2.0, range(12))
    ours = effect_figures.cell("csat_short", 2.0, w, effect_worlds.ask(w))
    found = [
        ours.covered.mean(), ours.error.mean(), effect_figures.rmse(ours).value, ours.score.mean(), ours.called.mean(),
    ]  # fmt: skip
    asked = [theirs[key] for key in ("cover", "bias", "rmse", "int_score", "reject")]
    np.testing.assert_allclose(found, asked, rtol=1e-8)


def test_daily_looks_are_those_of_the_bench(eb):
    plugin = effect_worlds.load("cxmon_plugins").effect_sequential
    theirs = eb.run_peek(plugin, "csat_short", 5.0, 4)
    harm, called = effect_daily.looks(eb, "csat_short", 5.0, range(4))
    days = effect_daily.days_to_find(eb, "csat_short", range(4))
    assert harm.any(0).mean() == theirs["any_harm"]
    assert called.any(0).mean() == theirs["any_reject"]
    assert np.median(np.minimum(days, 99)) == theirs["median_day"]


def planted(name, effect, *, covered=0.95, score=5.0, error=0.0, called=0.03, count=1000):
    """A cell of `count` replications with these figures."""
    among = np.arange(count)
    return effect_figures.Cell(
        scenario=name, effect=effect, covered=among < covered * count, called=among < called * count,
        score=np.full(count, score), error=error + np.where(among % 2, 1.0, -1.0),
    )  # fmt: skip


def told(its, own=()):
    oracle = {"csat_ar": {"interval_score": 4.5, "rmse": 1.0}, "csat_badctl": {"interval_score": 4.5, "rmse": 1.0}}
    own = own or (planted("ramp", -2.0),)
    return {t.name: t for t in effect_figures.targets(its, own, oracle)}


def test_targets_are_missed_by_what_misses_them():
    good = [planted("csat_ar", 0.0), planted("csat_ar", 2.0), planted("csat_badctl", 0.0)]
    assert all(t.reached for t in told(good).values())
    missed = {
        "lowest coverage": [*good, planted("csat_ar", 5.0, covered=0.91)],
        "mean coverage": [planted(c.scenario, c.effect, covered=0.97) for c in good],
        "false positives, worst scenario": [*good[1:], planted("csat_ar", 0.0, called=0.07)],
        "the same, worst scenario": [*good[1:], planted("csat_ar", 0.0, score=6.2)],
        "mean RMSE, to the oracle's": [planted(c.scenario, c.effect, error=0.6) for c in good],
        "bias, two bad controls of five": [*good[:2], planted("csat_badctl", 0.0, error=-0.41)],
    }
    for name, its in missed.items():
        assert not told(its)[name].reached, name
    assert not told(good, (planted("ramp", -2.0, covered=0.9),))["lowest coverage, ramps under drift"].reached
    assert told(missed["lowest coverage"])["lowest coverage"].of == "csat_ar 5 (1 of 4 cells under, 0 by 2 SE)"


def test_effect_sizes_that_share_their_noise_are_not_more_replications():
    one = [planted("csat_ar", 0.0)]
    assert effect_figures.mean_coverage(one * 4).se == pytest.approx(effect_figures.mean_coverage(one).se)
    apart = [planted(name, 0.0) for name in "abcd"]
    assert effect_figures.mean_coverage(apart).se == pytest.approx(effect_figures.mean_coverage(one).se / 2)


def test_a_peer_stands_beside_ours_on_common_cells_only(eb):
    cells = [planted(name, effect, score=1.0) for name in eb.SCEN for effect in (0.0, 2.0)]
    lines = {line[0]: line for line in effect_figures.peers(cells)}
    ours = {(c.scenario, c.effect) for c in cells}
    assert int(lines["Welch t-test"][1]) == len(ours & {(n, e) for n in eb.SCEN for e in eb.SCEN[n]["effects"]})
    ratios = [float(line[-1]) for line in lines.values()]
    assert ratios == sorted(ratios)


def test_a_share_of_none_has_an_error_and_a_ratio_of_times_its_scatter():
    assert effect_figures.share(np.zeros(100, bool)).se > 0.01
    assert math.isclose(effect_figures.mean(np.array([1.0, 3.0])).se, 1 / math.sqrt(2))


def test_every_table_has_its_place_in_the_docs():
    page = (pages.DOCS / effect_table.PAGE).read_text("utf-8")
    for name in ("targets", "daily", "cost", "peers", "cells", "own scenarios"):
        assert page.count(f"<!-- {name}: begin -->") == page.count(f"<!-- {name}: end -->") == 1
        assert "|" in page.partition(f"<!-- {name}: begin -->")[2].partition(f"<!-- {name}: end -->")[0]
