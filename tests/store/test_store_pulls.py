"""What pulls brought: kept by source and part, for as long as it tells what is usual."""

from datetime import timedelta

import numpy as np
from store_cases import NOW, PHONE, day, metric, window

from cxmon.model import Health, Kind, Measure, Measured, Pull, Standing
from cxmon.store import Overlay, Run

HOUR = timedelta(hours=1)
MEASURE = Measure(
    measured=Measured.FILLED,
    standing=Standing.FEW,
    value=1.5,
    usual=30.0,
    low=28.0,
    high=33.0,
    weeks=4,
    of=31.0,
    field="wait",
)


def pull(at=NOW, part="tickets", **more):
    given = {"source": "desk", "metrics": ("csat", "wait"), "ok": True, "fresh": 5, "newest": at - HOUR}
    return Pull(part=part, at=at, **(given | more))


def test_a_pull_comes_back_as_it_was_and_of_two_at_once_the_one_that_went_on(store):
    whole = pull(whole=True, fresh=90)
    told = pull(
        filled={"wait": 4}, counted={"csat": 5}, throttled=2, waited_s=1.5,
        health=Health(standing=Standing.FEW, measures=(MEASURE,), held=True, since=NOW - HOUR),
    )  # fmt: skip
    for one in (pull(NOW - HOUR), whole, told, pull(part="ratings", newest=None)):
        store.pulls.record(one)
    store.pulls.record(told)
    assert store.pulls.latest() == {("desk", "ratings"): pull(part="ratings", newest=None), ("desk", "tickets"): told}
    assert store.pulls.since(NOW, part="tickets") == {("desk", "tickets"): [whole, told]}
    assert len(store.pulls.since(NOW - HOUR, source="desk")["desk", "tickets"]) == 3
    assert store.pulls.since(NOW - HOUR, source="other") == {}


def test_the_newest_record_is_known_through_pulls_that_brought_none(store):
    assert store.pulls.newest("desk", "tickets") is None
    store.pulls.record(pull())
    for k in range(1, 4):
        store.pulls.record(pull(NOW + k * HOUR, newest=None, ok=k != 2))
    assert store.pulls.newest("desk", "tickets") == NOW - HOUR
    assert store.pulls.newest("desk", "ratings") is None


def test_what_is_too_old_to_compare_with_goes(store):
    old, other = pull(NOW - timedelta(days=100)), pull(NOW - timedelta(days=100), part="ratings")
    for one in (old, other, pull()):
        store.pulls.record(one)
    kept = store.pulls.since(NOW - timedelta(days=365))
    assert kept == {("desk", "tickets"): [pull()], ("desk", "ratings"): [other]}


def test_figures_of_a_run_that_is_held_back_are_not_read_yet(store):
    csat = metric()

    def run(at, **more):
        store.runs.record(Run(metric=csat.id, source="desk", started_at=at, finished_at=at, ok=True, **more))

    run(NOW)
    run(NOW + HOUR, held=True)
    assert store.runs.latest()["csat"].held
    assert store.panel(csat, as_known_at=NOW + 2 * HOUR).read_at == NOW
    assert store.runs.last_ok("csat") == NOW + HOUR
    replayed = Overlay.over(store, [csat])
    replayed.advance(NOW + 2 * HOUR)
    assert replayed.panel(csat, as_known_at=NOW + 2 * HOUR).read_at == NOW
    run(NOW + 3 * HOUR)
    assert store.panel(csat, as_known_at=NOW + 3 * HOUR).read_at == NOW + 3 * HOUR


def test_what_was_never_delivered_holds_nothing_until_it_is_read_again(store):
    wait = metric(Kind.QUANTILE, id="wait")
    rows = [(PHONE, day(k), None, 10.0, 300.0) for k in range(6)]
    store.observations.apply(wait, window(0, 6, rows, Kind.QUANTILE), now=day(6))
    store.gaps.open(["wait", "csat"], day(2, 12), day(4), now=day(6))
    panel = store.panel(wait)
    assert panel.n.tolist() == [[10, 10, 0, 0, 10, 10]]
    assert [bool(x) for x in np.isnan(panel.values()[0])] == [False, False, True, True, False, False]
    assert store.panel(wait, as_known_at=day(6) - HOUR).n.sum() == 0, "nothing was known then"
    assert store.panel(metric(id="other")).n.size == 0
    store.gaps.close(["wait"], day(3), now=day(7))
    assert store.panel(wait).n.tolist() == [[10, 10, 0, 0, 10, 10]]
    store.gaps.close(["wait"], day(0), now=day(8))
    assert store.panel(wait).n.tolist() == [[10] * 6]
    replayed = Overlay.over(store, [wait])
    for at, known in ((day(6), False), (day(7), False), (day(8), True)):
        expected = [[10] * 6] if known else [[10, 10, 0, 0, 10, 10]]
        assert store.panel(wait, as_known_at=at).n.tolist() == expected, "a gap is one until it was read again"
        replayed.advance(at)
        assert replayed.panel(wait, as_known_at=at).n.tolist() == expected
        assert replayed.standing(brief=False).panel(wait).n.tolist() == expected
