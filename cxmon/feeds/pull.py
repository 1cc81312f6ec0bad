"""The loop: page after page of a stream becomes facts, each with the place at which a killed run goes on."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cxmon.contracts import Facts, Request
from cxmon.errors import RefusedError, SourceError
from cxmon.feeds.exchange import Answer, Call, Page, Place
from cxmon.feeds.fields import rows_of
from cxmon.feeds.stream import Reader, Stream

if TYPE_CHECKING:
    from cxmon.feeds.client import Client

MOST_ROWS = 200_000  # Of one page: more is no page.


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a stream is read: what changed since `since` (epoch seconds), at `place` where that is not the beginning.

    `newest` is the newest change that was seen; `ended`: the list was read to its end. In the store it is a cursor, a
    line of JSON.
    """

    since: int
    place: Place | None = None
    newest: int = 0
    ended: bool = False

    @property
    def text(self) -> str:
        return json.dumps(vars(self))

    @classmethod
    def of(cls, text: str | None, since: int) -> "Position":
        """The stored position; from `since` on where there is none, or one that is not ours."""
        try:
            found = json.loads(text or "")
            return cls(
                since=int(found["since"]), place=found["place"], newest=int(found["newest"]), ended=bool(found["ended"])
            )
        except (ValueError, TypeError, KeyError):
            return cls(since=since)


def read(client: "Client", stream: Stream, request: Request) -> Iterator[Facts]:
    """Pages of facts from the request's cursor on, the last of which is `complete`.

    A place that the vendor knows no more is given up for the last known time. Raises SourceError, with the page.
    """
    client.meter = request.meter
    since = int(request.window.since.timestamp())
    position = Position.of(request.cursor, since)
    if position.ended and position.place is None:
        # What is younger than the lookback may have changed since.
        since = max(since, position.newest - int(stream.lookback.total_seconds()))
        position = Position(since=since, newest=position.newest)
    stored = position.place is not None
    reader = Reader(stream=stream, source=client.name, hash_key=request.hash_key, wanted=request.fields)
    reader.newest = position.newest
    pages = _Pages(client=client, stream=stream, request=request, reader=reader)
    try:
        yield from pages.read(position)
    except RefusedError as refused:
        if not stored or pages.number > 1 or refused.status == 429:
            raise
        # The cursor has run out: what it stood for is read again by time.
        yield from pages.read(_by_time(stream, position))


def _by_time(stream: Stream, position: Position) -> Position:
    """The same position without a place: from the newest change on where the order allows that, else from the start."""
    behind = int(stream.lookback.total_seconds())
    orderly = position.newest and (stream.ascending or stream.paging.keeps)
    since = max(position.since, position.newest - behind) if orderly else position.since
    return replace(position, since=since, place=None)


@dataclass(kw_only=True)
class _Pages:
    client: "Client"
    stream: Stream
    request: Request
    reader: Reader
    number: int = 0

    def read(self, position: Position) -> Iterator[Facts]:
        stream, windows = self.stream, 0
        if not stream.paging.resumes and position.place is not None:
            position = _by_time(stream, position)
        first = stream.call(position.since, self.request.now, "")
        known: set[Place] = set()
        before: Any = None
        ahead: Future[Answer] | None = None
        while True:
            self.number += 1
            where = f"page {self.number}"
            answer = ahead.result() if ahead is not None else self._send(first, position, where)
            rows = rows_of(stream.records, answer.data, f"{self.client.name}: {where} of {stream.path}")
            if len(rows) > MOST_ROWS:
                raise SourceError(f"{self.client.name}: {where} of {stream.path} holds {len(rows):,} records")
            records, gone, rejected = self.reader.page(rows, where)
            page = Page(answer=answer, rows=rows, place=position.place, link=self.client.storable)
            place, goes_on = stream.paging.after(page)
            if goes_on and (place in known or (rows and records.ids == before and records.ids)):
                raise SourceError(f"{self.client.name}: {where} of {stream.path} leads to a page that was read before")
            known |= {place} if place is not None else set()
            before = records.ids
            position = replace(position, place=place, newest=self.reader.newest)
            windows += 1
            turn = goes_on and stream.window_pages is not None and windows >= stream.window_pages
            if turn:
                position, first = self._turned(position, where)
                known, windows, before = set(), 0, None
            through = self._through(position)
            done = self._ended(position) if not goes_on else position
            ahead = self._ahead(first, position) if goes_on and self.request.ahead else None
            yield Facts(
                upserts=records, deletes=gone, cursor=done.text, complete=not goes_on, through=through,
                rejected=rejected,
            )  # fmt: skip
            if not goes_on:
                return
            if self.number >= stream.most_pages:
                raise SourceError(f"{self.client.name}: stopped after {self.number:,} pages; the next run goes on")

    def _send(self, first: Call, position: Position, where: str) -> Answer:
        return self.client.send(replace(self.stream.paging.call(first, position.place), place=where))

    def _ahead(self, first: Call, position: Position) -> "Future[Answer]":
        """The next page, asked for by a thread of its own while this one is stored: two pages are held at most."""
        found: Future[Answer] = Future()

        def ask(where: str) -> None:
            try:
                found.set_result(self._send(first, position, where))
            except BaseException as problem:  # noqa: BLE001 - whoever wants the page is told.
                found.set_exception(problem)

        threading.Thread(target=ask, args=(f"page {self.number + 1}",), daemon=True).start()
        return found

    def _turned(self, position: Position, where: str) -> tuple[Position, Any]:
        """The list begins anew at the newest change: a vendor ends lists after so many pages."""
        if self.reader.newest <= position.since:
            raise SourceError(
                f"{self.client.name}: {where} of {self.stream.path} is the last that the vendor gives, and all records "
                "up to it have one time"
            )
        position = Position(since=self.reader.newest, newest=self.reader.newest)
        return position, self.stream.call(position.since, self.request.now, "")

    def _through(self, position: Position) -> datetime:
        at = position.newest if self.stream.ascending or self.stream.paging.keeps else position.since
        return min(datetime.fromtimestamp(max(at, position.since), UTC), self.request.now)

    def _ended(self, position: Position) -> Position:
        """Where the next run begins: at the cursor that the vendor gave, or a lookback before the newest change."""
        if self.stream.paging.keeps and position.place is not None:
            return replace(position, ended=True)
        now = int(self.request.now.timestamp())
        return Position(since=position.since, newest=min(self.reader.newest or now, now), ended=True)
