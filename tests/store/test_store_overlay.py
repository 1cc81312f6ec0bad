"""An overlay shows what the store beneath shows at every moment, and keeps what it is told to itself."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from store_cases import CHAT, NOW, PHONE, day, metric, window

from cxmon.errors import StoreError
from cxmon.model import EVERYONE, Kind, Read, Segment, Window
from cxmon.panel import OPTIONAL
from cxmon.store import Overlay, Run, Store
from cxmon.store.engine import Database
from cxmon.store.migrate import migrate

FAX = Segment.of(channel="fax")
ROWS = [
    (PHONE, day(0), day(1), 10, 5), (PHONE, day(0), day(4), 12, 7), (PHONE, day(2), day(3), 9, 4),
    (CHAT, day(1), day(2), 7, 7), (CHAT, day(2), day(5), 8, 1), (CHAT, day(2), day(6), 0, 0),
    (FAX, day(3), day(7), 3, 2),
]  # fmt: skip
SHOWN = (None, (EVERYONE,), (EVERYONE, PHONE, FAX), (FAX, CHAT))


def known(kind=Kind.PROPORTION, **more):
    made = metric(kind, **more)
    return replace(made, read=replace(made.read, known_at="seen"))


def same(one, other):
    assert (one.segments, one.starts.tolist(), one.read_at) == (other.segments, other.starts.tolist(), other.read_at)
    for name in ("n", "total", "squares", "base"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None), name
        assert a is None or np.array_equal(a, b, equal_nan=True), name
    assert np.array_equal(one.values(), other.values(), equal_nan=True)


@pytest.mark.parametrize("kind", [Kind.PROPORTION, Kind.RATE, Kind.LEVEL, Kind.QUANTILE])
def test_every_moment_is_shown_as_the_store_shows_it(store, kind):
    m = known(kind)
    # A level is measured once or not at all.
    rows = [(s, at, seen, min(n, 1) if kind is Kind.LEVEL else n, total) for s, at, seen, n, total in ROWS]
    store.observations.apply(m, window(0, 60, rows, kind), now=NOW)
    overlay = Overlay.over(store, [m])
    for number in range(1, 9):
        now = day(number)
        overlay.advance(now)
        for segments in SHOWN:
            if segments is None and len(overlay.leaves(m)) < len(store.leaves(m)):
                # The store names what it has by now; of what nothing was known, an overlay does not know the name.
                segments = overlay.leaves(m)  # noqa: PLW2901
            same(overlay.panel(m, segments, as_known_at=now), store.panel(m, segments, as_known_at=now))
        assert came(overlay.counted(m, now)) == came(store.counted(m, now))
        whole = Window(day(0), day(30))
        ours, theirs = overlay.volumes(m, whole), store.volumes(m, whole, as_known_at=now)
        assert ours == {s: v for s, v in theirs.items() if s in ours}
        assert not any(v for s, v in theirs.items() if s not in ours)


@pytest.mark.parametrize("kind", [Kind.PROPORTION, Kind.QUANTILE])
def test_what_stood_at_a_moment_is_seen_again_as_it_was_in_any_order(store, kind):
    m = known(kind)
    store.observations.apply(m, window(0, 60, ROWS, kind), now=NOW)
    overlay, seen, shown = Overlay.over(store, [m]), {}, {}
    overlay.keep_steps()
    for number in range(1, 9):
        overlay.advance(day(number))
        seen[number] = overlay.standing(brief=False)
        # Sums that were made at one moment are those of another one after it.
        overlay.panel(m, (EVERYONE, PHONE))
        shown[number] = seen[number].panel(m)
    for number in np.random.default_rng(1).permutation([*range(1, 9)] * 3).tolist():
        now = day(number)
        one = seen[number].panel(m)
        same(one, store.panel(m, overlay_leaves(store, m, now), as_known_at=now))
        # What was handed out at that moment is true again too.
        same(shown[number], one)
        summed = (EVERYONE, PHONE)
        if number >= 2:
            past = overlay._pasts[m.id, m.definition_hash].panel(summed, None)
            assert np.array_equal(past.n, store.panel(m, summed, as_known_at=now).n)


def test_there_is_no_way_back_before_steps_are_kept(store):
    m = known()
    store.observations.apply(m, window(0, 60, ROWS), now=NOW)
    overlay = Overlay.over(store, [m])
    seen = []
    for number in (3, 5):
        overlay.advance(day(number))
        seen.append(overlay.standing(brief=False))
        seen[-1].panel(m)
    with pytest.raises(StoreError, match="known up to a later moment"):
        seen[0].panel(m)
    overlay.keep_steps()
    overlay.advance(day(7))
    overlay.standing(brief=False).panel(m)
    assert seen[1].panel(m).n.sum() == store.panel(m, as_known_at=day(5)).n.sum()
    with pytest.raises(StoreError, match="known up to a later moment"):
        seen[0].panel(m)


def test_sums_of_what_stands_have_their_quantile_and_no_sketches(store):
    m = known(Kind.QUANTILE, quantiles=(0.5, 0.9))
    store.observations.apply(m, window(0, 60, ROWS, Kind.QUANTILE), now=NOW)
    overlay = Overlay.over(store, [m])
    overlay.advance(day(40))
    brief, whole = overlay.standing(brief=True).panel(m), store.panel(m, as_known_at=day(40))
    both = np.ones(len(whole.segments), bool)
    ours, theirs = brief.pooled(EVERYONE, both), whole.pooled(EVERYONE, both)
    assert ours.counts is None
    assert np.array_equal(ours.values(), theirs.values(), equal_nan=True)
    assert np.array_equal(ours.variances(), theirs.variances(), equal_nan=True)
    assert np.array_equal(ours.cut(1, 3).judged().values, theirs.cut(1, 3).judged().values, equal_nan=True)
    assert brief.values(0.9).shape == whole.values(0.9).shape
    each = brief.grouped(brief.segments, np.eye(len(brief.segments), dtype=bool))
    some = each.select(each.segments[1:])
    assert np.array_equal(some.values(), whole.select(each.segments[1:]).values(), equal_nan=True)
    for lost in (lambda: ours.values(0.9), each.pooled(EVERYONE, both).values, each.pooled(EVERYONE, both).judged):
        with pytest.raises(ValueError, match="no sketches any more"):
            lost()


def came(panel):
    """The periods in which anything came, and up to when it was read."""
    return panel.starts[(panel.n > 0).any(0)].tolist(), panel.read_at


def overlay_leaves(store, m, at):
    overlay = Overlay.over(store, [m])
    overlay.advance(at)
    return overlay.leaves(m)


def test_nothing_stands_before_the_first_moment(store):
    with pytest.raises(StoreError, match="no moment yet"):
        Overlay.over(store, [known()]).standing(brief=False)


def test_a_source_that_does_not_say_when_it_knew_is_guessed(store):
    m = replace(metric(), read=Read(time="day"))
    store.observations.apply(m, window(0, 60, [(PHONE, day(0), None, 10, 5)]), now=NOW)
    overlay = Overlay.over(store, [m])
    overlay.advance(day(0) + timedelta(hours=12))
    assert (overlay.guessed(m), overlay.leaves(m)) == (True, ())
    overlay.advance(day(1) + m.matures_after)
    assert overlay.leaves(m) == (PHONE,)
    assert overlay.extent(m) == (day(0), day(1))


def test_what_happens_in_an_overlay_stays_there(store):
    m = known()
    store.observations.apply(m, window(0, 60, ROWS), now=NOW)
    store.runs.record(Run(metric=m.id, source="desk", started_at=day(2), finished_at=day(2), ok=True))
    version = store.version()
    overlay = Overlay.over(store, [m])
    overlay.advance(day(1))
    assert overlay.runs.all() == []
    overlay.advance(day(3))
    assert overlay.runs.all() == store.runs.all()
    overlay.runs.record(Run(metric=m.id, source="desk", started_at=day(3), finished_at=day(3), ok=False))
    assert (store.version(), len(store.runs.all())) == (version, 1)
    with pytest.raises(StoreError, match="one moment only"):
        overlay.panel(m, as_known_at=day(2))


def test_a_store_in_memory_takes_back_what_failed_and_lets_nobody_read_within_a_writer():
    db = Database("sqlite://")
    migrate(db)
    before = Store(db).version()
    with pytest.raises(StoreError, match="within a transaction"), db.write(), db.read():
        pass
    assert Store(db).version() == before
    with db.write():
        pass
    with db.read() as conn:
        assert not conn.connection.in_transaction
    assert Store(db).version() == before + 1


def test_a_store_in_memory_goes_on_after_a_question_that_failed_and_beside_a_reader():
    db = Database("sqlite://")
    migrate(db)
    store = Store(db)
    with pytest.raises(StoreError, match="no such table"), db.read() as conn:
        conn.execute(sa.text("select 1 from nowhere"))
    before = store.version()
    with db.read() as conn:
        # A writer beside a reader, in the same thread: what is read after it is what it wrote.
        with db.write():
            pass
        assert conn.execute(sa.text("select value from meta where name = 'version'")).scalar() == before + 1
    assert store.version() == before + 1
    db.close()


def test_an_overlay_beside_another_one_moves_on_by_itself(store):
    m = known()
    store.observations.apply(m, window(0, 60, ROWS), now=NOW)
    first = Overlay.over(store, [m])
    second = first.beside(store, [m])
    first.advance(day(40))
    assert first.leaves(m)
    assert second.leaves(m) == ()
    second.advance(day(40))
    assert (second.panel(m).n == first.panel(m).n).all()


@pytest.mark.parametrize(("kind", "brief"), [(Kind.PROPORTION, True), (Kind.QUANTILE, True), (Kind.QUANTILE, False)])
def test_what_a_change_can_hold_of_one_moment_is_known_beforehand(store, kind, brief):
    m = known(kind)
    store.observations.apply(m, window(0, 60, ROWS, kind), now=NOW)
    overlay = Overlay.over(store, [m])
    overlay.advance(day(40))
    leaves = overlay.standing(brief=brief).panel(m)
    each = leaves.grouped(leaves.segments, np.eye(len(leaves.segments), dtype=bool))
    matrices = (each.n, each.total, *(getattr(each, name) for name in OPTIONAL))
    assert 0 < sum(x.nbytes for x in matrices if x is not None) <= overlay.held(brief=brief)
