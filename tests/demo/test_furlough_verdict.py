"""One week against the weather: what the demo on real flights may and may not say."""

import csv
import math
from datetime import date

import pytest

from cxmon.demo import prepare
from cxmon.model import EVERYONE, Code, Grade


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    from cxmon.config import load
    from cxmon.pipeline.collect import collect
    from cxmon.pipeline.judge import judge
    from cxmon.store import Store

    folder = tmp_path_factory.mktemp("furlough")
    plan = load(prepare("furlough", folder, today=date(2026, 10, 15)))
    with Store.open(plan.store_url) as store:
        collected = collect(plan, store, now=plan.as_of)
        [verdict] = judge(plan, store, now=plan.as_of)
        panels = {name: store.panel(metric, [EVERYONE]) for name, metric in plan.metrics.items()}
    return folder, plan, collected, verdict, panels


def test_every_flight_up_to_the_frozen_day_is_collected_and_no_row_is_bad(judged):
    folder, plan, collected, _, panels = judged
    assert [(c.ok, c.rejected) for c in collected] == [(True, 0)] * len(plan.metrics)
    with (folder / "flights.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert panels["cancelled"].n.sum() == len(rows)
    assert panels["cancelled"].total.sum() == sum(row["cancelled"] == "1" for row in rows)


def test_nobody_was_untouched_so_the_grade_is_before_and_after(judged):
    *_, verdict, _ = judged
    assert verdict.grade is Grade.BEFORE_AFTER
    assert all(harm.grade is Grade.BEFORE_AFTER and not harm.controls for harm in verdict.harms)


def test_the_verdict_neither_accuses_nor_clears_on_one_week_of_weather(judged):
    *_, verdict, _ = judged
    assert verdict.code is Code.UNDECIDED
    [on_time] = [harm for harm in verdict.harms if harm.metric == "on_time"]
    assert on_time.n_post == 7
    # It looks bad, by more than ten points, and yet nothing is surely worse; and harm is far from ruled out.
    assert on_time.so_far.estimate > 0.08
    assert on_time.so_far.low < 0 < on_time.limit < on_time.so_far.high


def test_the_interval_is_many_times_wider_than_one_that_takes_flights_for_independent(judged):
    *_, verdict, _ = judged
    for harm in verdict.harms:
        if harm.metric in {"on_time", "cancelled"}:
            naive = 1.96 * math.sqrt(harm.actual * (1 - harm.actual) / harm.answers)
            assert harm.so_far.high - harm.so_far.low > 4 * 2 * naive
