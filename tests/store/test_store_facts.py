"""Single records: what they touch is aggregated again."""

from datetime import timedelta

import numpy as np
import pytest
from store_cases import CHAT, NOW, PHONE, day, figures, metric

from cxmon.contracts import Fact, Facts
from cxmon.model import EVERYONE, Kind

CSAT = metric()


def rating(name, at, value, segment=PHONE):
    return Fact(id=name, at=at, segment=segment, value=value)


THREE = (rating("a", day(0, 9), 1.0), rating("b", day(0, 17), 0.0), rating("c", day(1, 9), 1.0, CHAT))


def test_records_are_added_up_into_their_periods_with_the_cursor(store):
    done = store.observations.apply(CSAT, Facts(upserts=THREE, cursor="page-2"), now=NOW)
    assert (done.written, done.revised) == (2, 0)
    found = store.panel(CSAT, [CHAT, PHONE])
    assert (found.n.tolist(), found.total.tolist()) == ([[0, 1], [2, 0]], [[0, 1], [1, 0]])
    assert (store.observations.cursor(CSAT), store.observations.watermark(CSAT)) == ("page-2", day(1))


def test_the_same_records_twice_leave_the_same_store(store):
    store.observations.apply(CSAT, Facts(upserts=THREE, cursor="x"), now=NOW)
    before = figures(store)
    again = store.observations.apply(CSAT, Facts(upserts=THREE, cursor="x"), now=NOW + timedelta(days=1))
    assert (again.written, again.revised, again.vanished) == (0, 0, 0)
    assert figures(store) == before


def test_a_corrected_record_moves_from_one_cell_to_another(store):
    store.observations.apply(CSAT, Facts(upserts=THREE), now=NOW)
    later = NOW + timedelta(days=1)
    moved = Facts(upserts=(rating("b", day(2, 1), 0.0, CHAT),))
    done = store.observations.apply(CSAT, moved, now=later)
    assert (done.written, done.revised) == (1, 1)
    assert store.panel(CSAT, [CHAT, PHONE]).n.tolist() == [[0, 1, 1], [1, 0, 0]]
    assert store.panel(CSAT, [PHONE], as_known_at=NOW).n.tolist() == [[2]]


def test_deleted_records_leave_their_cells_and_an_empty_cell_vanishes(store):
    store.observations.apply(CSAT, Facts(upserts=THREE), now=NOW)
    done = store.observations.apply(CSAT, Facts(upserts=(), deletes=("a", "c", "unknown")), now=NOW)
    assert (done.revised, done.vanished) == (1, 1)
    found = store.panel(CSAT, [EVERYONE])
    assert (found.n.tolist(), found.total.tolist()) == ([[1, 0]], [[0, 0]])


def test_an_empty_page_still_moves_the_cursor(store):
    store.observations.apply(CSAT, Facts(upserts=THREE, cursor="1"), now=NOW)
    store.observations.apply(CSAT, Facts(upserts=(), cursor="2"), now=NOW)
    store.observations.apply(CSAT, Facts(upserts=()), now=NOW)
    assert store.observations.cursor(CSAT) == "2"
    assert store.panel(CSAT, [EVERYONE]).n.sum() == 3


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.QUANTILE])
def test_pages_in_any_order_give_the_same_store(store, kind):
    rng = np.random.default_rng(3)
    facts = [
        rating(f"t{i}", day(int(rng.integers(4)), int(rng.integers(24))), float(rng.lognormal()), (PHONE, CHAT)[i % 2])
        for i in range(60)
    ]
    one, other = metric(kind, id="one"), metric(kind, id="other")
    store.observations.apply(one, Facts(upserts=tuple(facts)), now=NOW)
    for page in np.array_split(rng.permutation(60), 7):
        store.observations.apply(other, Facts(upserts=tuple(facts[i] for i in page)), now=NOW)
    a, b = store.panel(one), store.panel(other)
    for name in ("n", "total", "squares", "counts"):
        if getattr(a, name) is not None:
            assert getattr(a, name).tolist() == getattr(b, name).tolist()
