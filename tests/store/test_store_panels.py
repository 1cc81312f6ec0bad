"""Panels: regular grids, roll-ups, and speed."""

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from store_cases import CHAT, DAY, NOW, PHONE, cells, day, epoch, metric, window

from cxmon import sketch
from cxmon.contracts import Cells, Observations
from cxmon.model import EVERYONE, Grain, Kind, Segment, Window
from cxmon.store import Store


def applied(store, m, rows, kind=Kind.PROPORTION, first=0, last=60):
    store.observations.apply(m, window(first, last, rows, kind), now=NOW)


def test_the_grid_is_regular_and_gaps_hold_nothing(store):
    m = metric()
    applied(store, m, [(PHONE, day(0), None, 10, 5), (PHONE, day(3), None, 12, 6), (CHAT, day(1), None, 7, 7)])
    found = store.panel(m)
    assert found.segments == (CHAT, PHONE)
    assert found.starts.tolist() == [epoch(day(k)) for k in range(4)]
    assert found.n.tolist() == [[0, 7, 0, 0], [10, 0, 0, 12]]
    assert found.total.tolist() == [[0, 7, 0, 0], [5, 0, 0, 6]]


def test_a_window_sets_the_grid_and_takes_in_the_period_that_holds_its_beginning(store):
    m = metric()
    applied(store, m, [(PHONE, day(k), None, 10 + k, 5) for k in range(10)])
    found = store.panel(m, window=Window(day(2, hour=5), day(4, hour=1)))
    assert found.n.tolist() == [[12, 13, 14]]
    beyond = store.panel(m, window=Window(day(9), day(12)))
    assert beyond.n.tolist() == [[19, 0, 0]]


def test_segments_without_data_have_nothing_and_a_parent_is_the_sum_of_its_leaves(store):
    m = metric(dimensions=("channel", "region"))
    leaf = {(c, r): Segment.of(channel=c, region=r) for c in ("phone", "chat") for r in ("eu", "us")}
    rows = [(s, day(0), None, 10**i, 0) for i, s in enumerate(leaf.values())]
    applied(store, m, rows)
    wanted = [EVERYONE, Segment.of(region="us"), Segment.of(channel="fax"), leaf["chat", "eu"], PHONE, PHONE]
    found = store.panel(m, wanted)
    assert found.segments == tuple(wanted)
    assert found.n[:, 0].tolist() == [1111, 1010, 0, 100, 11, 11]
    assert store.leaves(m) == tuple(sorted(leaf.values()))


def test_where_sums_would_be_wrong_stored_totals_are_used(store):
    m = metric(additive=False, by=((), ("channel",)))
    applied(store, m, [(PHONE, day(0), None, 10, 5), (CHAT, day(0), None, 10, 5), (EVERYONE, day(0), None, 14, 7)])
    found = store.panel(m, [EVERYONE, PHONE, Segment.of(channel="fax")])
    assert found.n[:, 0].tolist() == [14, 10, 0]
    assert store.leaves(m) == (CHAT, PHONE)


def test_an_empty_store_gives_an_empty_panel(store):
    m = metric()
    assert store.panel(m).n.shape == (0, 0)
    assert store.panel(m, [PHONE]).n.shape == (1, 0)
    assert store.panel(m, [PHONE], Window(day(0), day(2))).n.tolist() == [[0, 0]]
    assert store.panel(metric(Kind.QUANTILE), [PHONE]).counts.shape == (1, 0, 0)


def test_local_days_keep_their_place_when_the_clocks_change(store):
    m = metric(zone="Europe/Berlin")
    # Local midnights around 29 March 2026: that Sunday has 23 hours.
    starts = [datetime(2026, 3, d, 23, tzinfo=UTC) for d in (26, 27, 28)] + [datetime(2026, 3, 29, 22, tzinfo=UTC)]
    rows = [(PHONE, s, None, k + 1, 0) for k, s in enumerate(starts)]
    applied(store, m, rows, last=90)
    assert store.panel(m).n.tolist() == [[1, 2, 3, 4]]
    assert np.diff(store.panel(m).starts).tolist() == [DAY, DAY, 23 * 3600]


@pytest.mark.parametrize("grain", list(Grain))
def test_every_grain_comes_back_as_it_went_in(sqlite_store, grain):
    m = metric(grain=grain, zone="America/New_York", week_start=6)
    days = Window(datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC))
    empty = sqlite_store.panel(m, [PHONE], days)
    T = len(empty.starts)
    rows = [(PHONE, datetime.fromtimestamp(s, UTC), None, k + 1, 0) for k, s in enumerate(empty.starts.tolist())]
    sqlite_store.observations.apply(m, Observations(window=days, cells=cells(rows)), now=NOW)
    assert sqlite_store.panel(m).n.tolist() == [list(range(1, T + 1))]


def test_levels_add_over_segments_and_stay_one_measurement(store):
    m = metric(Kind.LEVEL)
    applied(store, m, [(PHONE, day(0), None, 1, 40), (CHAT, day(0), None, 1, 2)])
    found = store.panel(m, [EVERYONE])
    assert (found.n.tolist(), found.values().tolist()) == ([[1]], [[42]])


def test_merged_sketches_know_what_their_leaves_knew(store):
    m = metric(Kind.QUANTILE)
    rng = np.random.default_rng(7)
    values = {(s, k): rng.lognormal(k, 1, 50 + k) for s in (PHONE, CHAT) for k in range(3)}
    n = np.array([len(v) for v in values.values()], float)
    batch = Cells(
        segments=(PHONE, CHAT),
        segment=np.repeat([0, 1], 3),
        start=np.tile([epoch(day(k)) for k in range(3)], 2),
        known_at=np.zeros(6, np.int64),
        n=n,
        total=np.array([v.sum() for v in values.values()]),
        squares=np.array([(v**2).sum() for v in values.values()]),
        sketches=[sketch.encode(v) for v in values.values()],
    )
    store.observations.apply(m, Observations(window=Window(day(0), day(3)), cells=batch), now=NOW)
    found = store.panel(m, [EVERYONE, PHONE])
    for k in range(3):
        both = np.concatenate([values[PHONE, k], values[CHAT, k]])
        for q in (0.5, 0.9):
            alone = sketch.quantiles(sketch.stack([sketch.encode(both)])[1], sketch.stack([sketch.encode(both)])[0], q)
            assert found.values(q)[0, k] == alone[0][0]
        assert found.counts[1, k].sum() == len(values[PHONE, k])
    assert found.squares[0].tolist() == pytest.approx((batch.squares[:3] + batch.squares[3:]).tolist())


def test_sketches_too_are_those_known_then(store):
    m = metric(Kind.QUANTILE)
    applied(store, m, [(PHONE, day(0), day(1), 10, 100.0), (PHONE, day(0), day(4), 20, 800.0)], Kind.QUANTILE)
    now, then = store.panel(m), store.panel(m, as_known_at=day(2))
    assert (now.counts.sum(), then.counts.sum()) == (20, 10)
    assert (now.values().item(), then.values().item()) == pytest.approx((40, 10), rel=0.01)


def test_sketches_of_different_ranges_meet_on_common_buckets(store):
    m = metric(Kind.QUANTILE)
    # The second day's figures were superseded, so they are read after the first day's, and lie far below and above.
    first = [(PHONE, day(0), day(1), 10, 1000.0)]
    second = [(PHONE, day(1), day(2), 10, 10.0), (PHONE, day(1), day(5), 20, 20.0)]
    third = [(PHONE, day(2), day(3), 10, 1e6), (PHONE, day(2), day(5), 20, 1e6)]
    applied(store, m, [*first, *second, *third], Kind.QUANTILE)
    assert store.panel(m, as_known_at=day(4)).values()[0] == pytest.approx([100, 1, 1e5], rel=0.01)
    assert store.panel(m, as_known_at=day(4)).counts.sum(2).tolist() == [[10, 10, 10]]


def dense(n_segments, n_days, ages):
    """(metric, batch) of leaves by days with as many revisions as there are ages."""
    m = metric(dimensions=("channel", "region"))
    segments = tuple(Segment.of(channel=f"c{i // 6}", region=f"r{i % 6}") for i in range(n_segments))
    first = datetime(2024, 6, 1, tzinfo=UTC)
    s, d, a = (x.ravel() for x in np.meshgrid(range(n_segments), range(n_days), range(len(ages)), indexing="ij"))
    start = epoch(first) + DAY * d
    n = 100.0 + a
    made = Cells(
        segments=segments, segment=s, start=start, known_at=start + DAY * (1 + np.array(ages)[a]), n=n, total=n / 2
    )
    return m, Observations(window=Window(first, first + timedelta(days=n_days)), cells=made)


def test_a_backfill_with_all_revisions_takes_seconds_and_a_panel_a_blink(tmp_path):
    m, batch = dense(36, 540, [0, 1, 2, 3, 5, 8, 14, 30])
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        took = [time.thread_time()]
        store.observations.apply(m, batch, now=NOW)
        took.append(time.thread_time())
        for _ in range(5):
            found = store.panel(m)
            took.append(time.thread_time())
    assert (len(batch.cells), found.n.shape) == (155_520, (36, 540))
    assert found.n.min() == found.n.max() == 107
    backfill, *reads = np.diff(took)
    # This thread's seconds, and the least of some: after thousands of tests any may meet a collection of their garbage.
    # Measured 1.3 and 0.04.
    assert backfill < 6
    assert min(reads) < 0.2
