"""Pulls whose records nobody takes any more: they end, and leave the process as it was."""

import gc
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from collect_desk import NOW, everything, metric, plan

from cxmon.contracts import Batch, Cells, Facts, Observations, Records, Request
from cxmon.model import Read
from cxmon.pipeline.collect import collect

# Far longer than anything here takes: what has not happened by then never will.
PATIENCE = 20.0
NONE = Cells(
    segments=(), segment=np.zeros(0, np.int64), start=np.zeros(0, np.int64), known_at=np.zeros(0, np.int64),
    n=np.zeros(0), total=np.zeros(0),
)  # fmt: skip
FIRST, OTHER, BOOK = (
    metric(name, source="slow", read=Read(stream=name, time="at", value="value")) for name in ("first", "other", "book")
)


def record(name: str) -> Facts:
    fields = {"at": ["2026-05-20T12:00:00Z"], "channel": ["phone"], "value": [1]}
    return Facts(upserts=Records(ids=[name], fields=fields), cursor=name)


@dataclass(frozen=True, kw_only=True)
class Slow:
    """Its first stream brings what a stream must not, which ends the pull, and goes on only once the other one is read,
    which ends after it."""

    type: str = "slow"
    other_began: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def fetch(self, request: Request) -> Iterator[Batch]:
        if request.metric.read.stream == "other":
            self.other_began.set()
            self.threads[0].join(PATIENCE)
            yield record("o")
            return
        self.threads.append(threading.current_thread())
        yield Observations(window=request.window, cells=NONE)
        self.other_began.wait(PATIENCE)
        for name in ("a", "b", "c"):
            self.asked.append(name)
            yield record(name)


def test_a_pull_that_was_given_up_asks_for_nothing_more_and_leaves_the_next_one_alone(tmp_path, sqlite_store):
    slow, before = Slow(), gc.get_threshold()
    first, other = collect(plan(tmp_path, [FIRST, OTHER], sources={"slow": slow}), sqlite_store, now=NOW)
    assert first.error == "first: source slow brings no records; `read` needs no `stream`"
    assert other.ok
    assert not slow.threads[0].is_alive()
    assert slow.asked == ["a"], "what it was asked for already, and no more"
    assert gc.get_threshold() == before


@dataclass(frozen=True, kw_only=True)
class Book:
    """A source whose `fetch` makes its connection at once, which SQLite lets no other thread use."""

    path: Path
    type: str = "book"

    def fetch(self, _request: Request) -> Iterator[Batch]:
        conn = sqlite3.connect(self.path)
        return (record(name) for (name,) in conn.execute("SELECT 'a' UNION SELECT 'b'"))


def test_a_source_is_called_and_read_by_one_thread(tmp_path, sqlite_store):
    book = Book(path=tmp_path / "book.db")
    (done,) = collect(plan(tmp_path, [BOOK], sources={"slow": book}), sqlite_store, now=NOW)
    assert done.error == ""
    assert list(everything(sqlite_store, BOOK).values()) == [(2.0, 2.0)]
