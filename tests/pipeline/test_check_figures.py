"""The figures of a look: read once for all checks, and no more of them held at once than has to be."""

from dataclasses import replace
from datetime import timedelta

import pytest
from judge_world import World, built, csat, day, first_reply

from cxmon.checks import Threshold, Watch
from cxmon.config.plan import CheckPlan
from cxmon.pipeline.check import Figures, watched_waits
from cxmon.store import Overlay

METRICS = (csat(), first_reply())
CHECKS = (
    CheckPlan(name="regressions", check=Watch(), metrics=("csat", "first_reply")),
    CheckPlan(name="slow", check=Threshold(ceiling="30m"), metrics=("first_reply",)),
    CheckPlan(name="floor", check=Threshold(floor="74%"), metrics=("csat",)),
)
NOW = day(20) + timedelta(hours=6)


@pytest.fixture
def filled(tmp_path):
    plan, store = built(tmp_path, World(days=9), METRICS, [], checks=CHECKS)
    yield plan, store
    store.close()


def taken(plan, store, metric):
    """The panels that its two checks are given."""
    figures = Figures.of(plan, store, NOW)
    found = [figures.take(metric, store.leaves(metric)) for _ in range(2)]
    assert not figures.held
    return found


def test_figures_are_read_once_for_all_checks_but_histograms_are_not_held(filled):
    plan, store = filled
    one, two = taken(plan, store, METRICS[0])
    assert one is two
    one, two = taken(plan, store, METRICS[1])
    assert one is not two
    assert one.n.tolist() == two.n.tolist()


def test_histograms_that_a_replay_has_in_memory_anyway_are_asked_for_once(filled):
    plan, store = filled
    with Overlay.over(store, METRICS) as overlay:
        overlay.advance(NOW)
        one, two = taken(plan, overlay, METRICS[1])
        assert one is two
        assert one.counts is not None


def test_a_look_that_is_taken_again_costs_the_other_checks_a_reading_and_no_figures(filled):
    plan, store = filled
    figures = Figures.of(plan, store, NOW)
    segments = store.leaves(METRICS[0])
    found = [figures.take(METRICS[0], segments) for _ in range(4)]
    assert all(panel.n.tolist() == found[0].n.tolist() for panel in found)
    assert not figures.held


def test_how_long_periods_wait_may_have_been_learnt_before_by_somebody_else(filled):
    plan, store = filled
    metric, learnt = METRICS[0], watched_waits(plan, store, now=NOW)
    assert set(learnt) == {"csat"}, "sums of histograms are large"
    segments = learnt["csat"].segments
    own = Figures.of(plan, store, NOW).take(metric, segments)
    known = learnt["csat"]
    assert known.wait.tolist() == own.wait.tolist()
    longer = replace(known, wait=known.wait + 86_400)
    assert Figures.of(plan, store, NOW, {"csat": longer}).take(metric, segments).wait.tolist() == longer.wait.tolist()
    # What was learnt of other series, periods or another moment is not taken.
    for other in (
        replace(longer, segments=segments[::-1]), replace(longer, starts=known.starts + 1), replace(longer, read_at=NOW)
    ):  # fmt: skip
        told = Figures.of(plan, store, NOW, {"csat": other}).take(metric, segments)
        assert told.wait.tolist() == own.wait.tolist()
