"""Holidays through judge: Christmas within the judged window is not what the change did, and the verdict says so."""

import numpy as np
import pytest
from judge_world import World, built, change, csat, day

from cxmon.model import EVERYONE, Code, Grain, Holidays, Scope
from cxmon.periods import grid, on_holiday
from cxmon.pipeline.judge import judge

GERMANY = Holidays(country="DE")
DAYS = 620
OFF = on_holiday(grid(day(0), day(DAYS), Grain.DAY, "UTC"), Grain.DAY, "UTC", GERMANY) > 0
EVERYWHERE = {"scope": Scope(), "horizon_days": 20}


def closed(segment, at):
    """Everybody is unhappier on a holiday."""
    return -0.2 if OFF[at] else 0.0


@pytest.fixture
def judged(tmp_path):
    """A change that did nothing, begun on 18 December: `judged(begins, calendar)` -> (harm, verdict, store)."""
    opened = []

    def run(begins, calendar):
        figures = World(days=begins + 18, moves={"csat": closed})
        metric = csat(by=((),), holidays=calendar)
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        plan, store = built(folder, figures, [metric], [change(begins, **EVERYWHERE)])
        opened.append(store)
        [verdict] = judge(plan, store, now=day(begins + 18))
        return verdict.harms[0], verdict, store

    yield run
    for store in opened:
        store.close()


def test_without_a_year_of_past_holidays_count_for_nothing_on_both_sides(judged):
    plain, _, _ = judged(200, None)
    harm, verdict, store = judged(200, GERMANY)
    assert OFF[200:216].sum() == 3
    assert plain.so_far.estimate > 0.02
    assert abs(harm.so_far.estimate) < 0.015
    assert harm.so_far.low < 0 < harm.so_far.high
    assert (plain.n_post - harm.n_post, plain.n_pre - harm.n_pre) == (3, int(OFF[:200].sum()))
    said = "5 holidays left out, 3 since the change: 200 days of past, 350 are needed to know them"
    assert (harm.holidays, plain.holidays) == (said, "")
    assert said in harm.reason
    assert any(line.endswith(said) for line in verdict.story)
    assert store.catalogue.load().metrics[0].holidays == GERMANY
    band = store.bands.get("csat", "change:phone-cut")
    gone = np.flatnonzero(OFF[:216])
    assert np.isnan(np.array(band.avg)[gone]).all()
    assert np.isfinite(np.array(band.value)[gone]).all()
    seen = np.array(band.avg)[207:216][~OFF[207:216]]
    assert np.nanmin(seen) > np.array(band.low)[207:216].min()


def test_with_a_year_of_past_holidays_are_as_usual_for_holidays(judged):
    plain, _, _ = judged(565, None)
    harm, _, store = judged(565, GERMANY)
    assert plain.so_far.estimate > 0.02
    assert abs(harm.so_far.estimate) < 0.015
    assert (harm.n_pre, harm.n_post) == (plain.n_pre, plain.n_post)
    assert harm.holidays.startswith(f"{OFF[:581].sum()} holidays modelled, 3 since the change: learnt from ")
    band = store.bands.get("csat", EVERYONE.key)
    assert np.isfinite(np.array(band.avg)[np.flatnonzero(OFF[551:581]) + 551]).all()


def test_days_that_are_left_out_do_not_count_towards_the_first_look(tmp_path):
    figures = World(days=220, moves={"csat": closed})
    metric = csat(by=((),), holidays=GERMANY)
    plan, store = built(tmp_path, figures, [metric], [change(206, **EVERYWHERE)])
    with store:
        [verdict] = judge(plan, store, now=day(211))
    [harm] = verdict.harms
    assert OFF[206:209].tolist() == [False, True, True]
    assert harm.code is Code.WAITING
    assert harm.reason.startswith("1 complete days since the start, 3 are needed")
    assert "left out, 2 since the change" in harm.reason
