"""What judge stores for the trend charts."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from judge_world import LEAVES, World, built, change, csat, day, falls

from cxmon.contracts import Observations
from cxmon.model import EVERYONE, Category, Decision, Ending, Incident, IncidentState, Response, Scope, Segment, Window
from cxmon.pipeline.judge import judge
from cxmon.pipeline.judge_bands import steps, trailing
from cxmon.wording.screen import OTHER_DEFINITION

HARM = {"csat": falls(-0.05)}
PLAIN = {"by": ((),)}


@pytest.fixture
def world(tmp_path):
    """Builds a store; `world(World(...), metrics, changes)` -> (plan, store). Closed at the end."""
    opened = []

    def make(figures, metrics, changes=()):
        plan, store = built(tmp_path, figures, metrics, changes)
        opened.append(store)
        return plan, store

    yield make
    for store in opened:
        store.close()


def test_every_shown_segment_and_every_change_has_a_band(world):
    plan, store = world(World(moves=HARM), [csat()], [change()])
    [verdict] = judge(plan, store, now=day(300))
    [harm] = verdict.harms
    keys = {key for _, key in store.bands.keys()}  # noqa: SIM118 - a method, not a mapping.
    shown = {"{}", *(s.key for s in LEAVES), *(s.along(("channel",)).key for s in LEAVES)}
    assert keys == {*shown, "change:phone-cut"}
    for key in keys:
        band = store.bands.get("csat", key)
        lengths = {len(c) for c in (band.starts, band.value, band.n, band.avg, band.expected, band.low, band.high)}
        assert lengths == {len(band.complete)} == {320}
        drawn = np.isfinite(band.expected)
        assert drawn[60:298].all()
        assert (np.array(band.low)[drawn] <= np.array(band.high)[drawn]).all()
    band = store.bands.get("csat", "change:phone-cut")
    assert (band.since, band.change) == (harm.window_start, "phone-cut")
    assert not any(band.complete[298:])
    touched, calm = (
        store.bands.get("csat", Segment.of(channel="phone").key),
        store.bands.get("csat", '{"channel": "chat"}'),
    )
    assert (touched.change, touched.since) == ("phone-cut", day(200))
    assert calm.change is None
    assert np.mean(np.array(touched.avg)[220:298] < np.array(touched.low)[220:298]) > 0.5


def test_the_band_of_a_change_and_its_harm_are_one_answer(world):
    plan, store = world(World(moves=HARM), [csat(**PLAIN)], [change()])
    [verdict] = judge(plan, store, now=day(300))
    [harm] = verdict.harms
    band = store.bands.get("csat", "change:phone-cut")
    values, expected = np.array(band.value)[200:298], np.array(band.expected)[207:298]
    assert values.mean() == pytest.approx(harm.actual)
    assert expected.mean() == pytest.approx(harm.expected, abs=0.004)


def test_the_trailing_mean_needs_half_of_its_periods():
    values = np.array([1.0, 2.0, 3.0, np.nan, np.nan, np.nan, 7.0, 8.0])
    found = trailing(values, 4)
    assert found[[1, 2]].tolist() == [1.5, 2.0]
    assert np.isnan(found[[0, 3, 4, 5, 6]]).all()
    assert found[7] == 7.5
    assert trailing(values, 1)[[0, 7]].tolist() == [1.0, 8.0]


def test_a_band_steps_where_a_level_was_accepted():
    accepted = Incident(
        id="i", check="watch", subject="csat", root=Segment.of(channel="chat"), members=(Segment.of(channel="chat"),),
        state=IncidentState.ENDED, opened_at=day(120), since=day(110), last_breach_at=day(119), ending=Ending.ACCEPTED,
    )  # fmt: skip
    cut = change(200)
    known = steps([change(400, id="later"), cut], [accepted], csat(), day(300))
    assert [(k.at, k.change) for k in known] == [(day(110), None), (day(200), cut)]


def test_a_band_without_changes_is_set_against_a_forecast_of_four_weeks(world):
    plan, store = world(World(days=200), [csat(**PLAIN)])
    judge(plan, store, now=day(200))
    band = store.bands.get("csat", EVERYONE.key)
    assert (band.since, band.change) == (day(198) - timedelta(days=28), None)
    assert band.reason == ""


def test_a_change_that_covers_little_of_a_segment_does_not_step_its_band(world):
    small = change(100, scope=Scope.of({"channel": "phone", "region": "eu"}))
    plan, store = world(World(days=200), [csat(**PLAIN)], [small])
    judge(plan, store, now=day(200))
    assert store.bands.get("csat", EVERYONE.key).change is None


def test_too_short_a_history_has_a_band_with_a_reason(world):
    plan, store = world(World(days=9), [csat(**PLAIN)])
    judge(plan, store, now=day(300))
    band = store.bands.get("csat", EVERYONE.key)
    assert "usable periods before the change" in band.reason
    assert np.isnan(band.expected).all()


def test_a_later_change_never_makes_an_earlier_harm_the_expectation(world):
    """Everyone's level fell with the first change; an unrelated second one must not turn that into "as expected"."""
    later = change(250, id="chat-policy", title="Chat policy", scope=Scope.of({"channel": "chat"}))
    figures = World(moves={"csat": falls(-0.08)})
    plan, store = world(figures, [csat(**PLAIN)], [change(), later])
    judge(plan, store, now=day(300))
    band = store.bands.get("csat", EVERYONE.key)
    assert (band.since, band.change) == (day(200), "phone-cut")
    before = np.nanmean(np.array(band.avg)[150:198])
    assert abs(band.expected[297] - before) < 0.012


def test_a_harm_that_was_accepted_is_the_level_that_a_later_change_is_set_against(world):
    later = change(250, id="chat-policy", title="Chat policy", scope=Scope.of({"channel": "chat"}))
    plan, store = world(World(moves={"csat": falls(-0.08)}), [csat(**PLAIN)], [change(), later])
    kept = Response(subject="phone-cut", decision=Decision.KEEP, by="Operations", why="it pays", at=day(240))
    judge(plan, store, now=day(245))
    store.changes.respond(kept)
    judge(plan, store, now=day(300))
    band = store.bands.get("csat", EVERYONE.key)
    assert (band.since, band.change) == (day(250), "chat-policy")


def test_a_band_begins_anew_where_the_measurement_changed(world):
    """The new scale lifts every figure by eight points: nothing from before it is an expectation of what comes after,
    not even the level that a harm, which nobody accepted, is held against."""
    lifted = World(moves={"csat": lambda s, t: 0.08 * (t >= 240) + (-0.08 if t >= 200 and s in LEAVES[:2] else 0.0)})
    survey = change(
        240, id="scale", title="New scale", category=Category.MEASUREMENT, scope=Scope(), limits={}, ends=day(280)
    )
    plan, store = world(lifted, [csat(**PLAIN)], [change(), survey])
    verdicts = {v.change: v for v in judge(plan, store, now=day(300))}
    [harm] = verdicts["phone-cut"].harms
    assert (harm.window_end, harm.code) == (day(240), "harmed")
    assert "window ends where New scale changed the measurement" in harm.reason
    touched, everyone = (store.bands.get("csat", key) for key in ("change:phone-cut", EVERYONE.key))
    for band in (touched, everyone):
        assert [(one.at, one.title) for one in band.breaks] == [(day(240), "New scale"), (day(280), "New scale")]
        assert np.isnan(band.avg[240:246]).all()
        assert np.isfinite(band.avg[246:280]).all()
    assert np.isnan(touched.expected[240:]).all()
    for first, last in ((200, 240), (250, 280)):
        seen, expected = (np.nanmean(np.array(x)[first:last]) for x in (everyone.avg, everyone.expected))
        assert (abs(seen - expected) < 0.012) == (first == 250)


def test_a_changed_definition_is_a_break_where_the_one_before_goes_back_further(world):
    plan, store = world(World(), [csat(**PLAIN)])
    [metric] = plan.metrics.values()
    judge(plan, store, now=day(300))
    assert store.bands.get("csat", "{}").breaks == ()
    # Another field is read from now on, and the source gives it for the last 200 days only.
    changed = replace(metric, read=replace(metric.read, value="resolved"))
    cells = World().cells(changed)
    window = Window(day(120), day(320))
    late = cells.start >= day(120).timestamp()
    part = replace(cells, **{
        name: getattr(cells, name)[late] for name in ("segment", "start", "known_at", "n", "total")
    })  # fmt: skip
    store.observations.apply(changed, Observations(window=window, cells=part), now=day(1))
    judge(replace(plan, metrics={"csat": changed}), store, now=day(300))
    [one] = store.bands.get("csat", "{}").breaks
    assert (one.at, one.title) == (day(120), OTHER_DEFINITION)
    # Where the new one is counted as far back, all that is drawn is counted by it.
    store.observations.apply(changed, Observations(window=Window(day(0), day(320)), cells=cells), now=day(2))
    assert store.observations.redefined(changed) is None
    assert store.observations.redefined(metric) is None
