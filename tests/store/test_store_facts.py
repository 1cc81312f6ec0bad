"""Single records: what they touch is aggregated again, in whatever order they come."""

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_cases import CHAT, DAY, NOW, PHONE, START, day, epoch, everything, figures, left, metric

from cxmon.contracts import Facts, Records
from cxmon.errors import SourceError
from cxmon.model import EVERYONE, Kind, Read
from cxmon.store import fact_rows, schema

READ = Read(stream="ratings", time="at", value="value")
CSAT = metric(read=READ)
THREE = (("a", day(0, 9), 1, "phone"), ("b", day(0, 17), 0, "phone"), ("c", day(1, 9), 1, "chat"))


def page(*rows, deletes=(), customers=(), **more):
    """Records from (id, at, value, channel[, changed in seconds]) rows."""
    columns = list(zip(*((*row, 0)[:5] for row in rows), strict=True)) if rows else [()] * 5
    ids, at, value, channel, changed = columns
    fields = {"at": at, "value": value, "channel": channel, "updated": [epoch(day(0)) + c for c in changed]}
    records = Records(ids=ids, fields=fields, changed=changed, customers=customers)
    return Facts(upserts=records, deletes=tuple(deletes), **more)


def land(store, *pages, of=CSAT, now=NOW):
    """Takes the pages and settles; what the last page and the settling did."""
    taken = [store.facts.take([of], p, now=now)[of.id] for p in pages]
    return taken[-1], store.facts.settle(of, now=now)


def test_records_are_added_up_into_their_periods_with_the_cursor(store):
    taken, done = land(store, page(*THREE, cursor="page-2"))
    assert (taken.upserted, taken.removed, taken.rejected) == (3, 0, 0)
    assert (done.written, done.revised) == (2, 0)
    found = store.panel(CSAT, [CHAT, PHONE])
    assert (found.n.tolist(), found.total.tolist()) == ([[0, 1], [2, 0]], [[0, 1], [1, 0]])
    assert (store.facts.progress(CSAT).cursor, store.observations.watermark(CSAT)) == ("page-2", day(1))


def test_the_same_records_twice_leave_the_same_store(store):
    land(store, page(*THREE, cursor="x"))
    before = everything(store)
    taken, again = land(store, page(*THREE, cursor="x"), now=NOW + timedelta(days=1))
    assert (taken.upserted, taken.unchanged, again.written, again.revised) == (0, 3, 0, 0)
    after = everything(store)
    before["meta"], after["meta"] = [], []
    assert after == before


def test_a_large_page_is_taken_as_a_small_one(store):
    wait = metric(Kind.QUANTILE, id="wait", read=replace(READ, censored=True))
    rows = [(f"t{i}", day(i % 9), None if i % 50 == 0 else i % 7, ("phone", "chat")[i % 2], i) for i in range(700)]
    taken, _ = land(store, page(*rows), of=wait)
    assert (taken.upserted, taken.rejected) == (700, 0)
    later = [(name, at, 3, channel, changed + 1000) for name, at, _, channel, changed in rows]
    taken, _ = land(store, page(*later[:650], deletes=[row[0] for row in rows[650:]]), of=wait)
    assert (taken.upserted, taken.removed) == (650, 50)
    assert store.panel(wait, [EVERYONE]).n.sum() == 650
    assert store.panel(wait, [EVERYONE]).total.sum() == 3 * 650


def test_a_corrected_record_moves_from_one_cell_to_another(store):
    land(store, page(*THREE))
    _, done = land(store, page(("b", day(2, 1), 0, "chat")), now=NOW + timedelta(days=1))
    assert (done.written, done.revised) == (1, 1)
    assert store.panel(CSAT, [CHAT, PHONE]).n.tolist() == [[0, 1, 1], [1, 0, 0]]
    assert store.panel(CSAT, [PHONE], as_known_at=NOW).n.tolist() == [[2]]


def test_an_older_version_never_replaces_a_newer_one(store):
    land(store, page(("a", day(0), 1, "phone", 200)))
    taken, _ = land(store, page(("a", day(0), 0, "phone", 100)), page(("a", day(0), 0, "phone", 150), deletes=()))
    assert (taken.upserted, taken.unchanged) == (0, 1)
    assert store.panel(CSAT, [EVERYONE]).total.tolist() == [[1]]
    land(store, page(("a", day(0), 0, "phone", 300), ("a", day(0), 1, "phone", 250)))
    assert store.panel(CSAT, [EVERYONE]).total.tolist() == [[0]], "nor does it within a page"


def test_deleted_records_leave_their_cells_and_an_empty_cell_vanishes(store):
    land(store, page(*THREE))
    taken, done = land(store, page(deletes=("a", "c", "unknown")))
    assert (taken.removed, done.revised, done.vanished) == (2, 1, 1)
    found = store.panel(CSAT, [EVERYONE])
    assert (found.n.tolist(), found.total.tolist()) == ([[1, 0]], [[0, 0]])


def test_a_record_that_counts_no_more_leaves_and_one_that_is_set_aside_keeps_what_was_known(store):
    land(store, page(*THREE))
    taken, _ = land(store, page(("a", day(0, 9), None, "phone"), ("b", day(0, 17), 7, "phone")))
    assert (taken.removed, taken.rejected) == (1, 1)
    assert store.panel(CSAT, [PHONE]).n.tolist() == [[1]]
    assert [(r.where, r.reason, r.value) for r in store.observations.rejected()] == [
        ("record b", "value: neither 0 nor 1", "7")
    ]


def test_an_empty_page_still_moves_the_cursor_and_says_when_the_feed_was_read_to_its_end(store):
    land(store, page(*THREE, cursor="1"))
    assert store.facts.progress(CSAT).complete_at is None
    land(store, page(cursor="2", complete=True))
    land(store, page())
    known = store.facts.progress(CSAT)
    assert (known.cursor, known.complete_at) == ("2", NOW)
    assert store.panel(CSAT, [EVERYONE]).n.sum() == 3


def test_bad_records_are_set_aside_with_the_reason(store):
    seconds = metric(Kind.QUANTILE, id="wait", read=READ)
    scale = metric(Kind.MEAN, id="ces", read=READ, scale=(1.0, 5.0))
    rows = [
        ("1", day(0), -3, "phone"), ("2", day(0), float("nan"), "phone"), ("3", "yesterday", 2, "phone"),
        ("4", "2099-01-01", 2, "phone"), ("5", day(0), 1e999, "phone"), ("6", day(0), 9, "x" * 300),
        ("7", day(0), 9, "chat"), ("8", None, 9, "chat"), ("9", day(0), "12,5", "chat"),
    ]  # fmt: skip
    store.facts.take([seconds, scale], page(*rows), now=NOW)
    told = {(r.metric, r.where): r.reason for r in store.observations.rejected()}
    future = "at: in the future (now is 2026-06-01 12:00 UTC)"
    time = "at: not a date, an ISO 8601 instant or epoch seconds"
    both = {"2": "value: not a number", "3": time, "4": future, "5": "value: too large a number"}
    both["9"] = "value: decimal comma; numbers are written with a point"
    assert told == {(m, f"record {k}"): v for m in ("wait", "ces") for k, v in both.items()} | {
        ("wait", "record 1"): "value: a negative duration",
        ("wait", "record 6"): "channel: too long for a value of a dimension",
        ("ces", "record 1"): "value: off the scale of 1 to 5",
        ("ces", "record 6"): "value: off the scale of 1 to 5",
        ("ces", "record 7"): "value: off the scale of 1 to 5",
    }
    assert store.facts.settle(seconds, now=NOW).written == 1


def test_a_field_that_the_records_lack_is_named_and_nothing_is_taken(store):
    wrong = metric(read=Read(stream="ratings", time="at", value="score"))
    with pytest.raises(SourceError, match="csat: its records have no field 'score'; they have at, channel, updated"):
        store.facts.take([CSAT, wrong], page(*THREE, cursor="1"), now=NOW)
    assert store.facts.progress(CSAT).cursor is None


def test_only_says_which_records_count_and_one_counts_them(store):
    phone = metric(Kind.LEVEL, id="calls", read=replace(READ, value="one", only={"channel": ("phone",)}))
    _, done = land(store, page(*THREE), of=phone)
    assert done.written == 1
    assert store.panel(phone, [PHONE]).total.tolist() == [[2]]
    land(store, page(("a", day(0, 9), 1, "chat")), of=phone)
    assert store.panel(phone, [PHONE]).total.tolist() == [[1]]


def test_a_replay_sees_what_was_known_then(store):
    rated = metric(read=replace(READ, known_at="updated"))
    late = page(("a", day(0, 9), 1, "phone", 0), ("b", day(0, 9), 0, "phone", 5 * DAY))
    land(store, late, of=rated)
    assert [store.panel(rated, [PHONE], as_known_at=day(k)).n.tolist() for k in (2, 7)] == [[[1]], [[2]]]
    # The rating is changed on day 20: what was known before stays known.
    land(store, page(("a", day(0, 9), 0, "phone", 20 * DAY)), of=rated)
    assert store.panel(rated, [PHONE], as_known_at=day(7)).total.tolist() == [[1]]
    assert store.panel(rated, [PHONE]).total.tolist() == [[0]]


def test_a_clock_that_is_a_little_ahead_hides_nothing(store):
    rated = metric(read=replace(READ, known_at="updated"))
    ahead = epoch(NOW) - epoch(day(0)) + 600
    land(store, page(("a", NOW + timedelta(minutes=5), 1, "phone", ahead)), of=rated)
    assert store.panel(rated, [PHONE]).n.sum() == 1


def test_open_records_are_longer_than_all_that_have_ended(store):
    wait = metric(Kind.QUANTILE, id="wait", read=replace(READ, censored=True))
    land(store, page(("a", day(0), 5, "phone"), ("b", day(0), None, "phone"), ("c", day(0), None, "phone")), of=wait)
    assert store.panel(wait, [PHONE]).n.tolist() == [[3]]
    assert np.isnan(store.panel(wait, [PHONE]).quantile()[0, 0]), "the median is among the open ones"
    land(store, page(("b", day(0), 6, "phone"), ("c", day(0), 7, "phone")), of=wait)
    assert store.panel(wait, [PHONE]).quantile()[0, 0] == pytest.approx(6, rel=0.05)


def test_old_facts_are_deleted_and_their_figures_stay(store):
    store.facts.begin([CSAT], START - timedelta(days=1))
    land(store, page(*THREE))
    kept = figures(store)[:-1]
    assert store.facts.purge([CSAT], day(1)) == 0, "a backfill that has not ended keeps its facts"
    land(store, page(cursor="9", complete=True))
    assert store.facts.purge([CSAT], day(1)) == 2
    assert figures(store)[:-1] == kept
    with store._db.read() as conn:
        assert conn.execute(sa.select(schema.fact.c.id)).scalars().all() == ["c"]
    # Read again, an old record neither counts twice nor alone.
    land(store, page(("a", day(0, 9), 0, "phone"), ("z", day(0, 9), 0, "phone"), deletes=("b",)))
    assert figures(store)[:-1] == kept
    # What is configured no longer does not keep its facts for ever.
    other = metric(read=replace(READ, where="changed"))
    store.facts.begin([other], START - timedelta(days=1))
    store.facts.take([other], page(*THREE), now=NOW)
    assert store.facts.purge([CSAT], day(2)) == 4


def test_periods_before_the_feed_is_complete_are_not_made_of_the_few_that_changed_since(store):
    store.facts.begin([CSAT], day(0, 12))
    land(store, page(*THREE))
    assert store.panel(CSAT, [EVERYONE]).n.tolist() == [[1]]
    store.facts.begin([CSAT], day(-1))
    land(store, page(*THREE))
    assert store.panel(CSAT, [EVERYONE]).n.tolist() == [[2, 1]], "a longer backfill reads them again"


def test_a_forgotten_customer_leaves_every_table(store):
    land(store, page(*THREE, customers=("hash-1", "", "hash-1")))
    assert store.facts.forget(left("hash-1"), [CSAT]) == 2
    store.facts.settle(CSAT, now=NOW)
    assert store.panel(CSAT, [EVERYONE]).n.tolist() == [[1, 0]]
    assert store.facts.forget(left("hash-1", at=NOW + timedelta(days=1)), [CSAT]) == 0
    assert store.forgotten.all() == left("hash-1"), "since when and by whom it was first"
    held = everything(store)
    del held["forgotten"]
    assert "hash-1" not in str(held)


def test_a_forgotten_customer_stays_out_whatever_the_vendor_brings(store):
    wait = metric(Kind.QUANTILE, id="wait", read=replace(READ, time="updated"))
    both, whole = [CSAT, wait], page(*THREE, customers=("ann", "bob", "ann"))
    store.facts.take(both, whole, now=NOW)
    assert store.facts.forget(left("ann"), both) == 4
    before = {of.id: stored_facts(store, of.id) for of in both}
    assert [len(rows) for rows in before.values()] == [1, 1]
    # The lookback and a backfill bring all of it again, with corrections, and faults that nobody is told of.
    later = page(("a", day(2), 1, "chat", 99), ("d", day(3), "what she wrote", "chat", 99), customers=("ann", "ann"))
    for pages in (whole, later, whole):
        taken = store.facts.take(both, pages, now=NOW)
        assert all((one.upserted, one.removed, one.rejected) == (0, 0, 0) for one in taken.values())
    assert {of.id: stored_facts(store, of.id) for of in both} == before
    # What was hers before a merge at the vendor is his now, and the other way round; an older version says nothing.
    store.facts.take(both, page(("a", day(2), 1, "chat", 120), customers=["bob"]), now=NOW)
    assert [len(stored_facts(store, of.id)) for of in both] == [2, 2]
    store.facts.take(both, page(("a", day(2), 1, "chat", 110), customers=["ann"]), now=NOW)
    assert [len(stored_facts(store, of.id)) for of in both] == [2, 2]
    store.facts.take(both, page(("a", day(2), 1, "chat", 130), customers=["ann"]), now=NOW)
    assert {of.id: stored_facts(store, of.id) for of in both} == before


def test_facts_of_two_metrics_stand_together_and_one_of_them_goes_alone(store):
    """Purged, deleted and changed facts leave those beside them in the same row as they are."""
    wait = metric(Kind.QUANTILE, id="wait", read=replace(READ, time="updated"))
    both = [CSAT, wait]
    for of in both:
        store.facts.begin([of], START - timedelta(days=30))
    rows = page(*((*row, 3 * DAY) for row in THREE), cursor="1", complete=True)
    store.facts.take(both, rows, now=NOW)
    with store._db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(schema.fact)).scalar() == 3, "in one row each"
    list(store.facts.settle_each(both, now=NOW))
    assert [store.panel(of, [EVERYONE]).n.sum() for of in both] == [3, 3]
    kept = stored_facts(store, "wait")
    # The facts of `wait` are three days younger than those of `csat`.
    assert store.facts.purge(both, day(1)) == 2
    assert (len(stored_facts(store, "csat")), stored_facts(store, "wait")) == (1, kept)
    # A metric that is read alone moves its own facts only; a version that the other one saw first is no older one.
    store.facts.take([wait], page(("c", day(1, 9), 1, "phone", 40 * DAY)), now=NOW)
    assert len(stored_facts(store, "csat")) == 1
    assert store.facts.settle(wait, now=NOW).written == 1
    assert store.facts.take([CSAT], page(deletes=("c",)), now=NOW)["csat"].removed == 1
    assert (stored_facts(store, "csat"), len(stored_facts(store, "wait"))) == ([], 3)


def test_states_of_one_metric_go_and_those_beside_them_in_the_same_row_stay(store):
    read = Read(stream="states", time="at", value="value", known_at="at", churn="start_of_period")
    all_, paid = (metric(Kind.RATE, id=name, dimensions=(), read=read) for name in ("all", "paid"))
    both = [all_, replace(paid, read=replace(read, only={"channel": ("paid",)}))]
    at, channel = [day(-90), day(-89), day(-80)], ("paid", "free", "paid")
    fields = {"at": at, "value": (10.0, 10.0, 0.0), "after": (1, 1, 1), "channel": channel}
    states = Records(ids=("s/1", "t/1", "s/2"), fields=fields, customers=("ann", "bob", "ann"))
    store.facts.begin(both, day(-100))
    store.facts.take(both, Facts(upserts=states, complete=True), now=NOW)
    assert [sorted(done) for done in store.facts.settle_each(both, now=NOW)] == [["all", "paid"]]
    again = [one for done in store.facts.settle_each(both, now=NOW) for one in done.values()]
    assert not any(one.written or one.revised or one.vanished for one in again)
    before, kept = store.panel(all_, [EVERYONE]).n[0].tolist(), stored_facts(store, "all")
    # One has ended, and what is worth nothing says nothing of what holds now; the other one still does, in `all`.
    assert store.facts.purge(both, START) == 5
    assert (stored_facts(store, "paid"), stored_facts(store, "all")) == ([], [row for row in kept if "t/1" in row])
    store.facts.settle(all_, now=NOW + timedelta(days=1))
    after = store.panel(all_, [EVERYONE]).n[0].tolist()
    assert (after[: len(before)], after[-1]) == (before, 1)


def test_a_customer_is_the_one_of_the_newest_version_whatever_metric_reads_it(store):
    other = metric(id="other", read=READ)
    store.facts.take([CSAT], page(("a", day(0), 1, "phone", 200), customers=["new"]), now=NOW)
    store.facts.take([other], page(("a", day(0), 1, "phone", 100), customers=["old"]), now=NOW)
    assert store.facts.forget(left("old"), [CSAT, other]) == 0
    assert store.facts.forget(left("new"), [CSAT, other]) == 2


KINDS = (Kind.PROPORTION, Kind.MEAN, Kind.QUANTILE, Kind.RATE, Kind.LEVEL)
RATIO = metric(Kind.RATIO, id="ratio", read=replace(READ, base="updated"))
ALL = [metric(k, id=k.value, read=replace(READ, known_at="updated")) for k in KINDS] + [RATIO]


NUMBER = itertools.count()


@st.composite
def histories(draw):
    """A vendor's records with their versions, and how a collector comes by them: windows in any order, repeated."""
    rows = []
    for i in range(draw(st.integers(1, 10))):
        answered = draw(st.integers(0, 2))
        for version in range(draw(st.integers(1, 3))):
            at = day(draw(st.integers(0, 5)), draw(st.integers(0, 23)))
            value = draw(st.sampled_from([0, 1])) if version >= answered else None
            rows.append((f"t{i}", at, value, draw(st.sampled_from(["phone", "chat"])), 1 + version * DAY + i))
    pulls = draw(st.lists(st.lists(st.sampled_from(rows), max_size=8), max_size=4))
    return rows, [*pulls, *([r] for r in draw(st.permutations(rows)))]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
def test_any_split_any_repetition_any_order_gives_the_same_store(sqlite_store, history):
    rows, pulls = history
    newest = {}
    for row in rows:
        if row[0] not in newest or newest[row[0]][4] < row[4]:
            newest[row[0]] = row
    # Metrics and a stream of this example alone, twice: one store for all examples is much faster.
    stream = f"ratings{next(NUMBER)}"
    one, other = (
        [replace(of, id=f"{of.id}{next(NUMBER)}", read=replace(of.read, stream=stream)) for of in ALL] for _ in range(2)
    )
    sqlite_store.facts.take(one, page(*newest.values()), now=NOW)
    for pull in pulls:
        sqlite_store.facts.take(other, page(*pull), now=NOW)
    for a, b in zip(one, other, strict=True):
        sqlite_store.facts.settle(a, now=NOW)
        sqlite_store.facts.settle(b, now=NOW)
        assert figures(sqlite_store, a.id)[:-1] == figures(sqlite_store, b.id)[:-1]
        assert stored_facts(sqlite_store, a.id) == stored_facts(sqlite_store, b.id)


def stored_facts(store, metric_id):
    with store._db.read() as conn:
        t = schema.fact_series.c
        series = {
            n: (d, s) for n, d, s in conn.execute(sa.select(t.id, t.definition, t.segment).where(t.metric == metric_id))
        }
        rows = conn.execute(sa.select(schema.fact.c.id, schema.fact.c.data)).all()
    facts = [(name, *entry) for name, data in rows for entry in np.frombuffer(data, fact_rows.ENTRY).tolist()]
    return sorted(str((name, *series[number], *rest)) for name, number, *rest in facts if number in series)
