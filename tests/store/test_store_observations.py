"""Batches of figures: idempotent, whole or not at all, and nothing known is ever forgotten."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_cases import CHAT, NOW, PHONE, START, cells, day, epoch, figures, metric, window

from cxmon.contracts import Cells, Rejected
from cxmon.errors import StoreError, SuspectWindowError
from cxmon.model import EVERYONE, Kind, Read
from cxmon.store import Applied, schema

CSAT = metric()


def full(days, n=10.0, total=8.0, segments=(PHONE, CHAT)):
    return [(s, day(k), None, n, total) for k in range(days) for s in segments]


def test_the_same_request_twice_leaves_the_same_store(store):
    batch = window(0, 20, full(20))
    first = store.observations.apply(CSAT, batch, now=NOW)
    before = figures(store)
    again = store.observations.apply(CSAT, batch, now=NOW + timedelta(hours=1))
    assert first == Applied(written=40, revised=0, vanished=0, unchanged=0, rejected=0, arrived=400.0)
    assert again == Applied(written=0, revised=0, vanished=0, unchanged=40, rejected=0)
    assert figures(store) == before


def test_a_differing_figure_is_a_revision_and_the_old_one_stays_known(store):
    store.observations.apply(CSAT, window(0, 3, full(3)), now=NOW)
    later = NOW + timedelta(days=1)
    rows = full(3)
    rows[2] = (PHONE, day(1), None, 11.0, 8.0)
    done = store.observations.apply(CSAT, window(0, 3, rows), now=later)
    assert (done.revised, done.arrived) == (1, 1.0)
    assert store.panel(CSAT, [PHONE]).n.tolist() == [[10, 11, 10]]
    assert store.panel(CSAT, [PHONE], as_known_at=later - timedelta(seconds=1)).n.tolist() == [[10, 10, 10]]
    assert store.panel(CSAT, [PHONE], as_known_at=later).n.tolist() == [[10, 11, 10]]
    assert store.panel(CSAT, [PHONE], as_known_at=NOW - timedelta(seconds=1)).n.size == 0


def test_rounding_of_a_sum_in_another_order_is_no_revision(store):
    store.observations.apply(CSAT, window(0, 1, [(PHONE, day(0), None, 10, 0.1 + 0.2)]), now=NOW)
    assert store.observations.apply(CSAT, window(0, 1, [(PHONE, day(0), None, 10, 0.3)]), now=NOW).unchanged == 1


def test_cells_that_vanished_become_a_revision_to_nothing(store):
    store.observations.apply(CSAT, window(0, 3, full(3)), now=NOW)
    later = NOW + timedelta(days=1)
    kept = [r for r in full(3) if r[:2] != (PHONE, day(1))]
    done = store.observations.apply(CSAT, window(0, 3, kept), now=later)
    assert (done.vanished, done.revised, done.unchanged) == (1, 0, 5)
    assert store.panel(CSAT, [PHONE]).n.tolist() == [[10, 0, 10]]
    assert store.panel(CSAT, [PHONE], as_known_at=NOW).n.tolist() == [[10, 10, 10]]
    # They vanish once, and may come back.
    assert store.observations.apply(CSAT, window(0, 3, kept), now=later).vanished == 0
    assert store.observations.apply(CSAT, window(0, 3, full(3)), now=later).revised == 1
    assert store.panel(CSAT, [PHONE]).n.tolist() == [[10, 10, 10]]


def test_a_cell_that_is_sent_as_empty_is_the_same_as_one_that_vanished(store):
    wait = metric(Kind.QUANTILE)
    there, empty = [(PHONE, day(0), None, 10, 300.0)], [(PHONE, day(0), None, 0, 0.0)]
    store.observations.apply(wait, window(0, 1, there, Kind.QUANTILE), now=NOW)
    store.observations.apply(wait, window(0, 1, [], Kind.QUANTILE), now=NOW)
    before = figures(store)
    assert store.observations.apply(wait, window(0, 1, empty, Kind.QUANTILE), now=NOW).unchanged == 1
    assert figures(store) == before


def test_cells_outside_the_window_are_left_alone(store):
    store.observations.apply(CSAT, window(0, 10, full(10)), now=NOW)
    done = store.observations.apply(CSAT, window(4, 6, [r for r in full(10) if r[1] in {day(4), day(5)}]), now=NOW)
    assert (done.unchanged, done.vanished) == (4, 0)


def test_a_window_with_less_than_half_of_its_rows_is_not_taken(store):
    store.observations.apply(CSAT, window(0, 10, full(10)), now=NOW)
    before, version = figures(store), store.version()
    half = window(0, 10, full(10)[:9], rejected=[Rejected(where="a:1", reason="text")])
    with pytest.raises(SuspectWindowError) as caught:
        store.observations.apply(CSAT, half, now=NOW)
    assert str(caught.value) == (
        "csat: the window 2026-03-01 00:00 to 2026-03-11 00:00 UTC came back with 9 non-empty cells "
        "where 20 were stored; nothing was taken (--accept-loss takes it)"
    )
    assert (figures(store), store.version(), store.observations.rejected()) == (before, version, [])
    assert store.observations.apply(CSAT, half, now=NOW, accept_loss=True).vanished == 11


def test_cells_that_came_back_empty_are_not_counted_as_there(store):
    store.observations.apply(CSAT, window(0, 10, full(10)), now=NOW)
    with pytest.raises(SuspectWindowError, match="with 0 non-empty cells where 20"):
        store.observations.apply(CSAT, window(0, 10, full(10, n=0, total=0)), now=NOW)


def test_exactly_half_of_the_rows_is_taken_and_so_is_any_part_of_a_few(store):
    store.observations.apply(CSAT, window(0, 10, full(10)), now=NOW)
    assert store.observations.apply(CSAT, window(0, 10, full(10)[:10]), now=NOW).vanished == 10
    few = metric(id="few")
    store.observations.apply(few, window(0, 9, full(9, segments=(PHONE,))), now=NOW)
    assert store.observations.apply(few, window(0, 9, []), now=NOW).vanished == 9


def test_revisions_with_their_own_time_are_known_from_then_on(store):
    known = [(PHONE, day(0), day(1 + age), 10.0 + age, 5.0) for age in (3, 0, 1)]
    done = store.observations.apply(CSAT, window(0, 1, known), now=NOW)
    assert done.written == 1
    one = {"segments": [PHONE]}
    assert [store.panel(CSAT, **one, as_known_at=day(1 + age)).n.tolist() for age in (0, 1, 2, 3)] == [
        [[10]],
        [[11]],
        [[11]],
        [[13]],
    ]
    assert store.panel(CSAT, **one).n.tolist() == [[13]]
    assert store.panel(CSAT, **one, as_known_at=day(0)).n.size == 0


def test_later_revisions_are_appended_and_earlier_ones_never_rewritten(store):
    store.observations.apply(CSAT, window(0, 1, [(PHONE, day(0), day(1), 10, 5)]), now=day(2))
    again = [(PHONE, day(0), day(1), 99, 5), (PHONE, day(0), day(3), 12, 5)]
    store.observations.apply(CSAT, window(0, 1, again), now=day(4))
    found = [store.panel(CSAT, [PHONE], as_known_at=day(k)).n.tolist() for k in (1, 2, 3)]
    assert found == [[[10]], [[10]], [[12]]]


def test_a_source_that_changes_its_mind_without_saying_when_is_seen_now(store):
    store.observations.apply(CSAT, window(0, 1, [(PHONE, day(0), day(1), 10, 5)]), now=day(2))
    for _ in range(2):
        store.observations.apply(CSAT, window(0, 1, [(PHONE, day(0), day(1), 9, 5)]), now=day(5))
    assert store.panel(CSAT, [PHONE], as_known_at=day(4)).n.tolist() == [[10]]
    assert store.panel(CSAT, [PHONE], as_known_at=day(5)).n.tolist() == [[9]]


def test_knowledge_from_the_future_counts_from_now(store):
    store.observations.apply(CSAT, window(0, 1, [(PHONE, day(0), NOW + timedelta(days=900), 10, 5)]), now=NOW)
    assert store.panel(CSAT, [PHONE], as_known_at=NOW).n.tolist() == [[10]]


def test_a_changed_definition_starts_new_series_and_a_new_watermark(store):
    store.observations.apply(CSAT, window(0, 20, full(20)), now=NOW)
    changed = metric(read=Read(time="at", table="ratings", value="value", where="score is not null"))
    assert store.observations.watermark(changed) is None
    assert store.observations.apply(changed, window(0, 2, full(2)), now=NOW).written == 4
    assert store.panel(changed).n.shape == (2, 2)
    assert store.panel(CSAT).n.shape == (2, 20)


def test_the_watermark_is_the_newest_period_ever_seen(store):
    assert store.observations.watermark(CSAT) is None
    store.observations.apply(CSAT, window(0, 5, full(3)), now=NOW)
    assert store.observations.watermark(CSAT) == day(2)
    store.observations.apply(CSAT, window(0, 1, full(1)), now=NOW)
    assert store.observations.watermark(CSAT) == day(2)


def test_rows_set_aside_are_remembered_once_newest_first(store):
    bad = [Rejected(where="a.csv:3", reason="n is not a number", value="abc"), Rejected(where="a.csv:9", reason="torn")]
    for k, rejected in enumerate((bad, bad[:1])):
        batch = window(0, 1, full(1), rejected=rejected)
        assert store.observations.apply(CSAT, batch, now=NOW + timedelta(days=k)).rejected == len(rejected)
    found = store.observations.rejected()
    assert [(r.metric, r.where, r.reason, r.value) for r in found] == [
        ("csat", "a.csv:3", "n is not a number", "abc"),
        ("csat", "a.csv:9", "torn", ""),
    ]
    assert found[0].at == NOW + timedelta(days=1)
    assert len(store.observations.rejected(limit=1)) == 1


def test_two_figures_for_one_cell_and_time_are_refused_whole(store):
    rows = [*full(2), (PHONE, day(1), None, 11, 8)]
    with pytest.raises(StoreError, match="two different figures for the same segment, period"):
        store.observations.apply(CSAT, window(0, 2, rows), now=NOW)
    assert figures(store) == []
    assert store.observations.apply(CSAT, window(0, 2, [*full(2), full(2)[0]]), now=NOW).written == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": [float("nan")]}, "csat: a batch holds n that is not a finite number"),
        ({"total": [float("inf")]}, "csat: a batch holds total that is not a finite number"),
        ({"n": [-1.0]}, r"csat: a batch holds a negative n \(-1\)"),
        ({"start": [epoch(START) + 60]}, r"csat: 2026-03-01 00:01:00\+00:00 is not the start of a day in UTC"),
    ],
)
def test_figures_that_no_arithmetic_could_bear_are_refused(store, change, message):
    good = cells([(PHONE, day(0), None, 10, 5)])
    bad = Cells(**(vars(good) | {k: np.array(v) for k, v in change.items()}))
    batch = window(0, 1, [])
    with pytest.raises(StoreError, match=message):
        store.observations.apply(CSAT, type(batch)(window=batch.window, cells=bad), now=NOW)
    assert figures(store) == []


def test_all_further_statistics_come_back_as_they_went_in(store):
    ratio = metric(Kind.RATIO)
    good = cells([(PHONE, day(0), None, 10, 5), (PHONE, day(1), None, 11, 6)])
    given_ = {name: np.array([k + 1.5, k + 2.5]) for k, name in enumerate(("squares", "base", "base_squares", "cross"))}
    batch = window(0, 2, [])
    store.observations.apply(ratio, type(batch)(window=batch.window, cells=Cells(**(vars(good) | given_))), now=NOW)
    found = store.panel(ratio)
    assert {name: getattr(found, name)[0].tolist() for name in given_} == {k: v.tolist() for k, v in given_.items()}
    with store._db.read() as conn:
        flat = conn.execute(sa.text("select value from observation_flat order by period_start")).scalars().all()
    assert flat == [5 / 2.5, 6 / 3.5]


def test_quantiles_are_stored_when_written_and_emptied_when_the_cell_vanishes(store):
    wait = metric(Kind.QUANTILE)
    rows = [(PHONE, day(k), None, 10, 300.0) for k in range(3)]
    store.observations.apply(wait, window(0, 3, rows, Kind.QUANTILE), now=NOW)
    store.observations.apply(wait, window(0, 3, rows[:2], Kind.QUANTILE), now=NOW)
    t = schema.quantile_value.c
    with store._db.read() as conn:
        found = conn.execute(sa.select(t.start_utc, t.q, t.value).order_by(t.start_utc, t.q)).all()
    assert [(s, q) for s, q, _ in found] == [(epoch(day(k)), q) for k in range(3) for q in (0.5, 0.9)]
    assert [v for *_, v in found[:4]] == pytest.approx([30.0] * 4, rel=0.01)
    assert [v for *_, v in found[4:]] == [None, None]
    assert store.panel(wait).values()[0, :2] == pytest.approx([30.0, 30.0], rel=0.01)


def test_any_tool_can_read_the_flat_view(store):
    store.observations.apply(CSAT, window(0, 2, full(2, segments=(PHONE,))), now=NOW)
    store.observations.apply(CSAT, window(0, 2, full(1, segments=(PHONE,))), now=NOW)
    query = "select metric, segment, period_start, n, total, value from observation_flat"
    with store._db.read() as conn:
        (row,) = conn.execute(sa.text(query)).all()
    assert (row[:2], row[3:]) == (("csat", '{"channel": "phone"}'), (10.0, 8.0, 0.8))
    assert str(row.period_start).startswith("2026-03-01 00:00:00")


def test_the_query_that_the_page_shows_adds_segments_up(store):
    store.observations.apply(CSAT, window(0, 1, [(PHONE, day(0), None, 30, 15), (CHAT, day(0), None, 10, 9)]), now=NOW)
    page = (Path(__file__).parents[2] / "docs" / "store.md").read_text(encoding="utf-8")
    query = page.split("```sql\n")[1].split("```")[0].rstrip().rstrip(";")
    with store._db.read() as conn:
        assert [r.csat for r in conn.execute(sa.text(query)).all()] == [0.6]


COUNTER = iter(range(1_000_000))


@st.composite
def deliveries(draw):
    """A source's rows, and a way of sending them: cut into windows, shuffled, repeated."""
    n_days = 6
    rows = []
    for segment in (PHONE, CHAT, EVERYONE):
        for k in range(n_days):
            for age in draw(st.lists(st.sampled_from([0, 1, 2, 8]), max_size=3, unique=True)):
                n = draw(st.integers(0, 30))
                rows.append((segment, day(k), day(k + 1 + age), n, n * draw(st.sampled_from([0.5, 1.0]))))
    cuts = sorted({0, n_days, *draw(st.lists(st.integers(1, n_days - 1), max_size=3))})
    windows = list(pairwise(cuts))
    order = draw(st.permutations(windows)) + draw(st.lists(st.sampled_from(windows), max_size=3))
    return n_days, rows, draw(st.permutations(rows)), order


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries(), st.sampled_from([Kind.PROPORTION, Kind.QUANTILE]))
def test_any_split_order_or_repetition_gives_the_same_store(store, delivery, kind):
    n_days, rows, shuffled, order = delivery
    number = next(COUNTER)
    whole, parts = metric(kind, id=f"whole{number}"), metric(kind, id=f"parts{number}")
    store.observations.apply(whole, window(0, n_days, rows, kind), now=NOW)
    for a, b in order:
        store.observations.apply(parts, window(a, b, [r for r in shuffled if day(a) <= r[1] < day(b)], kind), now=NOW)

    def but_name(found):
        return [tuple(v for v in row if v not in {whole.id, parts.id}) for row in found]

    assert but_name(figures(store, whole.id)) == but_name(figures(store, parts.id))
