"""Collecting: one store whatever the cut, the order and the repetitions; and failures stay where they are."""

import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from collect_desk import NOW, events, everything, metric, plan, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxmon.contracts import Batch, Facts, Records, Request
from cxmon.errors import ConfigError, SourceError
from cxmon.model import Grain, Kind, Read, Secret
from cxmon.pipeline.collect import collect, redacted
from cxmon.sources import Csv, Sql
from cxmon.store import Store

TABLE = Read(table="ratings", time="at", value="value")
BOTH = [metric("from_csv"), metric("from_sql", source="desk", read=TABLE)]


def test_both_sources_bring_every_row_into_the_store(tmp_path, store):
    write(tmp_path, events())
    done = collect(plan(tmp_path, BOTH), store, now=NOW)
    assert [(c.metric, c.source, c.ok, c.error) for c in done] == [
        ("from_csv", "files", True, ""),
        ("from_sql", "desk", True, ""),
    ]
    one, other = (everything(store, m) for m in BOTH)
    assert one == other
    assert sum(n for n, _ in one.values()) == 720


def test_a_second_collection_changes_nothing(tmp_path, store):
    write(tmp_path, events())
    collect(plan(tmp_path, BOTH), store, now=NOW)
    before = [everything(store, m) for m in BOTH]
    again = collect(plan(tmp_path, BOTH), store, now=NOW)
    assert [(c.written, c.revised, c.vanished) for c in again] == [(0, 0, 0)] * 2
    assert [everything(store, m) for m in BOTH] == before


def test_only_the_lookback_is_read_again(tmp_path, sqlite_store):
    of = metric(lookback=timedelta(days=10))
    rows = events()
    write(tmp_path, rows)
    collect(plan(tmp_path, [of]), sqlite_store, now=NOW)
    changed = [(*r[:2], 1 - r[2], r[3]) for r in rows]
    write(tmp_path, changed)
    (done,) = collect(plan(tmp_path, [of]), sqlite_store, now=NOW)
    assert 0 < done.revised <= 2 * 12
    (whole,) = collect(plan(tmp_path, [of]), sqlite_store, now=NOW, since=NOW - timedelta(days=150))
    assert whole.revised > 200


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_order_and_repetition_ends_in_the_same_store(tmp_path_factory, sqlite_template, data):
    folder = tmp_path_factory.mktemp("cuts")
    rows = events(days=40, per_day=3)
    write(folder, data.draw(st.permutations(rows)))
    of = data.draw(
        st.sampled_from(
            [
                metric(grain=Grain.DAY),
                metric(grain=Grain.WEEK, source="desk", read=TABLE),
                metric(grain=Grain.MONTH),
                metric(kind=Kind.QUANTILE, source="desk", read=TABLE),
                metric(kind=Kind.LEVEL),
            ]
        )
    )
    stores = [Store.open(f"sqlite:///{shutil.copy(sqlite_template, folder / name)}") for name in ("once.db", "cut.db")]
    collect(plan(folder, [of]), stores[0], now=NOW)
    hours = data.draw(st.lists(st.integers(0, 44 * 24), min_size=1, max_size=5))
    for since in [*hours, 44 * 24]:  # each reads from there to now; the last one reads everything
        collect(plan(folder, [of]), stores[1], now=NOW, since=NOW - timedelta(hours=since))
    assert everything(stores[1], of) == everything(stores[0], of)
    for store in stores:
        store.close()


def test_a_backfill_knows_what_was_known_when(tmp_path, store):
    write(tmp_path, events())
    of = [
        metric("from_csv", read=Read(time="at", value="value", known_at="known")),
        metric("from_sql", source="desk", read=Read(table="ratings", time="at", value="value", known_at="known")),
    ]
    collect(plan(tmp_path, of), store, now=NOW)
    now, then = ([everything(store, m, at) for m in of] for at in (None, NOW - timedelta(days=3)))
    assert now[0] == now[1]
    assert then[0] == then[1]
    assert sum(n for n, _ in then[0].values()) < sum(n for n, _ in now[0].values())


def test_a_window_that_comes_back_half_empty_is_not_taken(tmp_path, store):
    rows = events()
    write(tmp_path, rows)
    collect(plan(tmp_path, BOTH), store, now=NOW)
    before = [everything(store, m) for m in BOTH]
    write(tmp_path, rows[:60])
    later = NOW + timedelta(hours=1)
    done = collect(plan(tmp_path, BOTH), store, now=later)
    assert all(not c.ok and "nothing was taken (--accept-loss takes it)" in c.error for c in done)
    assert [everything(store, m) for m in BOTH] == before
    taken = collect(plan(tmp_path, BOTH), store, now=later, accept_loss=True)
    assert all(c.ok and c.vanished > 0 for c in taken)


def test_a_bad_source_fails_its_metric_alone_and_loses_nothing(tmp_path, store):
    write(tmp_path, events())
    good, gone = metric("good"), metric("gone", source="desk", read=Read(table="ratngs", time="at", value="value"))
    column = metric("column", read=Read(time="at", value="vallue"))
    done = collect(plan(tmp_path, [column, gone, good]), store, now=NOW)
    assert [c.ok for c in done] == [False, False, True]
    assert done[0].error.startswith("column: calls.csv:1: no column 'vallue'; it has at, channel, value, known")
    assert done[1].error == "gone: source desk: there is no table 'ratngs'; it has ratings"
    latest = store.runs.latest()
    assert {k: (r.ok, r.error) for k, r in latest.items()} == {c.metric: (c.ok, c.error) for c in done}
    assert store.runs.last_ok("good") == NOW
    assert store.runs.last_ok("gone") is None

    # A source that breaks later leaves what is stored alone.
    before = everything(store, good)
    (tmp_path / "calls.csv").write_text("", encoding="utf-8")
    (failed,) = collect(plan(tmp_path, [good]), store, now=NOW)
    assert failed.error == "good: calls.csv is empty, it does not even have a header"
    assert everything(store, good) == before


BAD_ROWS = (
    "2026-05-20,phone,ten,",
    "2026-05-20,phone,1e999,",
    "2026-05-20,phone,NaN,",
    "2099-01-01,phone,1,",
    "2026-05",
)


def test_bad_rows_are_counted_and_kept_with_their_place(tmp_path, store):
    write(tmp_path, events())
    clean = metric("clean")
    collect(plan(tmp_path, [clean]), store, now=NOW)
    with (tmp_path / "calls.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n".join(BAD_ROWS))
    (done,) = collect(plan(tmp_path, [metric("dirty")]), store, now=NOW)
    assert done.ok
    assert done.rejected == len(BAD_ROWS)
    assert everything(store, metric("dirty")) == everything(store, clean)
    kept = {r.where: r.reason for r in store.observations.rejected()}
    assert kept == {
        "calls.csv:722": "value: text where a number belongs",
        "calls.csv:723": "value: too large a number",
        "calls.csv:724": "value: not a number",
        "calls.csv:725": "time: in the future (now is 2026-06-01 00:00 UTC)",
        "calls.csv:726": "1 fields where the header has 4",
    }
    # The row of 2099 has not moved the place from which we go on.
    assert store.observations.watermark(metric("dirty")) < NOW


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A source with a fault of its own, and a password that its fault would tell."""

    type: str = "broken"
    token: Secret = field(default_factory=lambda: Secret("s3cret-canary"))

    def fetch(self, request: Request) -> Iterator[Batch]:
        raise ZeroDivisionError(f"login {self.token.reveal()} at postgresql://me:hunter2@host/x with xoxb-123-abc")


def test_an_unexpected_fault_is_recorded_and_the_others_go_on(tmp_path, sqlite_store, caplog):
    write(tmp_path, events())
    sources = {"files": Csv(path=str(tmp_path / "calls.csv")), "broken": Broken()}
    of = plan(tmp_path, [metric("bad", source="broken"), metric("good")], sources=sources)
    with caplog.at_level(logging.ERROR):
        bad, good = collect(of, sqlite_store, now=NOW)
    assert good.ok
    assert bad.error == "bad: unexpected ZeroDivisionError: login *** at postgresql://***@host/x with ***"
    assert sqlite_store.runs.latest()["bad"].error == bad.error
    assert "ZeroDivisionError" in caplog.text
    assert not re.search("s3cret-canary|hunter2|xoxb-123", caplog.text)


def test_what_looks_like_a_secret_is_not_shown():
    said = redacted("Authorization: Bearer abc.def, token=xyz at https://hooks.slack.com/services/T0/B0/XX")
    assert said == "Authorization: Bearer ***, token=*** at https://hooks.slack.com/services/***"
    assert redacted("password authentication failed for user desk") == "password authentication failed for user desk"


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """A source of single records that says where its feed goes on, and remembers where it was asked to."""

    type: str = "vendor"
    asked: list[str | None] = field(default_factory=list)

    def fetch(self, request: Request) -> Iterator[Batch]:
        self.asked.append(request.cursor)
        fields = {"at": ["2026-05-20T12:00:00Z"], "channel": ["phone"]}
        yield Facts(upserts=Records(ids=["1"], fields=fields | {"value": [1]}), cursor="page-1")
        yield Facts(upserts=Records(ids=["2"], fields=fields | {"value": [0]}), cursor="page-2")
        if len(self.asked) == 1:
            raise SourceError("visits: the vendor hung up")


FEED = Read(stream="ratings", time="at", value="value")


def test_a_feed_of_records_goes_on_where_it_stopped(tmp_path, store):
    vendor, of = Vendor(), metric("visits", source="vendor", read=FEED)
    first, second = (collect(plan(tmp_path, [of], sources={"vendor": vendor}), store, now=NOW)[0] for _ in range(2))
    assert (first.ok, first.written, first.error) == (False, 1, "visits: the vendor hung up")
    assert second.ok
    assert vendor.asked == [None, "page-2"]
    assert set(everything(store, of).values()) == {(2.0, 1.0)}


def test_the_metrics_of_a_stream_share_its_pulls(tmp_path, sqlite_store):
    vendor = Vendor()
    one, two, three = (metric(name, source="vendor", read=FEED) for name in ("one", "two", "three"))

    def run(*metrics, hours, **more):
        vendor.asked[:] = ["-"]
        the = plan(tmp_path, list(metrics), sources={"vendor": vendor})
        done = collect(the, sqlite_store, now=NOW + timedelta(hours=hours), **more)
        assert all(c.ok for c in done)
        return vendor.asked[1:]

    assert run(one, two, hours=0) == [None]
    # The feed does not say that it has been read to its end, so the newcomer begins alone.
    assert run(one, two, three, hours=1) == ["page-2", None]
    assert run(one, two, three, hours=2) == ["page-2"]
    assert everything(sqlite_store, one) == everything(sqlite_store, three)
    # An unfinished backfill goes on; one that reaches further back begins anew.
    assert run(one, hours=3, since=NOW - timedelta(days=100)) == ["page-2"]
    assert run(one, hours=3, since=NOW - timedelta(days=200)) == [None]


def test_records_without_a_stream_and_a_stream_without_records_are_told(tmp_path, sqlite_store):
    write(tmp_path, events())
    lost = metric("visits", source="vendor"), metric("calls", source="files", read=FEED)
    sources = {"files": Csv(path=str(tmp_path / "calls.csv")), "vendor": Vendor()}
    done = collect(plan(tmp_path, list(lost), sources=sources), sqlite_store, now=NOW)
    assert [c.error for c in done] == [
        "visits: source vendor brings records; `read` needs `stream`",
        "calls: source files brings no records; `read` needs no `stream`",
    ]


def test_a_metric_that_does_not_exist_is_a_mistake_of_the_caller(tmp_path, sqlite_store):
    with pytest.raises(ConfigError, match="no metric 'csatt'; there are from_csv, from_sql"):
        collect(plan(tmp_path, BOTH), sqlite_store, now=NOW, metrics=["csatt"])


def test_progress_grows_to_its_end(tmp_path, sqlite_store):
    write(tmp_path, events())
    seen: dict[str, list[tuple[int, int]]] = {}
    collect(
        plan(tmp_path, BOTH),
        sqlite_store,
        now=NOW,
        progress=lambda m, done, total: seen.setdefault(m, []).append((done, total)),
    )
    for steps in seen.values():
        assert steps[0] == (0, 150)
        assert steps[-1] == (150, 150)
        assert steps == sorted(steps)
        assert len(steps) > 4, "a backfill of five months comes in pieces"


def test_nothing_is_read_before_it_has_settled(tmp_path, sqlite_store):
    write(tmp_path, events())
    of = metric(settle=timedelta(days=2), zone="UTC")
    collect(plan(tmp_path, [of]), sqlite_store, now=NOW)
    newest = max(start for _, start in everything(sqlite_store, of))
    assert newest == (NOW - timedelta(days=3)).timestamp()


def test_a_source_that_cannot_be_opened_twice_is_still_only_its_own_problem(tmp_path, sqlite_store):
    write(tmp_path, events())
    sources = {"files": Csv(path=str(tmp_path / "calls.csv")), "desk": Sql(url=Secret(f"sqlite:///{tmp_path}/no.db"))}
    done = collect(plan(tmp_path, [BOTH[1], BOTH[0]], sources=sources), sqlite_store, now=NOW)
    assert [(c.ok, bool(c.error)) for c in done] == [(False, True), (True, False)]


def test_a_clock_that_stands_still_makes_no_fault_of_what_came_later(tmp_path, sqlite_store):
    write(tmp_path, events())
    then = NOW - timedelta(days=30)
    still = plan(tmp_path, BOTH, as_of=then)
    done = collect(still, sqlite_store, now=then)
    assert [(c.ok, c.rejected) for c in done] == [(True, 0)] * 2
    one, other = (everything(sqlite_store, m) for m in BOTH)
    assert one == other
    assert sum(n for n, _ in one.values()) == 90 * 6


def test_a_metric_without_any_figure_says_where_was_looked_until_there_is_one(tmp_path, sqlite_store):
    write(tmp_path, events())
    late = NOW + timedelta(days=2000)
    (first,) = collect(plan(tmp_path, BOTH[:1]), sqlite_store, now=late)
    assert first.ok
    assert "no figures between" in first.note
    assert "--backfill" in first.note
    assert collect(plan(tmp_path, BOTH[:1]), sqlite_store, now=late)[0].note
    assert sqlite_store.observations.measured() == set()
    (found,) = collect(plan(tmp_path, BOTH[:1]), sqlite_store, now=late, since=NOW - timedelta(days=200))
    assert found.written
    assert not found.note
    assert sqlite_store.observations.measured() == {"from_csv"}
    (again,) = collect(plan(tmp_path, BOTH[:1]), sqlite_store, now=late)
    assert (again.written, again.note) == (0, "")
