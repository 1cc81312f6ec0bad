"""The loop: page after page of a stream becomes facts, each with the place at which a killed run goes on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from cxmon.contracts import Facts, Meter, Pieces, Records, Rejected, Sweep
from cxmon.errors import RefusedError, SourceError
from cxmon.feeds.ahead import begun
from cxmon.feeds.exchange import Answer, Call, Page, Place
from cxmon.feeds.fields import epoch, path, rows_of
from cxmon.feeds.paging import insisted, lost
from cxmon.feeds.shape import decoder
from cxmon.feeds.stream import Reader, Stream
from cxmon.model import Secret, Window, written

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cxmon.feeds.client import Client

MOST_ROWS = 200_000  # Of one page: more is no page.
# Where an answer has one of these, a list that is null is what went wrong and no list without entries.
_WRONG = ("error", "errors", "error_message", "error_code", "message", "messages", "detail", "details", "fault")
_MOST_SWEPT = 500_000  # Records of a list whose ids are remembered.


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


class Asked(Protocol):
    """What the loop has to know of a request, whoever asks: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def window(self) -> Window: ...

    @property
    def now(self) -> datetime: ...

    @property
    def cursor(self) -> str | None: ...

    @property
    def hash_key(self) -> Secret | None: ...

    @property
    def fields(self) -> frozenset[str] | None: ...

    @property
    def ahead(self) -> bool: ...

    @property
    def meter(self) -> Meter: ...


def read(client: "Client", stream: Stream, request: Asked) -> Iterator[Facts]:
    """Pages of facts from the request's cursor on, the last of which is `complete`.

    A place that the vendor knows no more is given up for the last known time. What the stream's lists of what is gone
    say comes first: a record that came back is in the list itself. Raises SourceError, with the page.
    """
    client.meter = request.meter
    since = int(request.window.since.timestamp())
    position = Position.of(request.cursor, since)
    since = position.since
    again = position.ended and position.place is None
    if again:
        # What is younger than the lookback may have changed since.
        since = max(int(request.window.since.timestamp()), position.newest - int(stream.lookback.total_seconds()))
        position = Position(since=since, newest=position.newest)
    for listed in stream.gone:
        yield from _gone(client, listed, request, since)
    stored = position.place is not None
    reader = Reader(stream=stream, source=client.name, hash_key=request.hash_key, wanted=request.fields)
    reader.newest = position.newest
    pages = _Pages(client=client, stream=stream, request=request, reader=reader)
    if again and stream.swept_by:
        pages.met = set()
    try:
        yield from pages.read(position)
    except RefusedError as refused:
        if not stored or pages.number > 1 or refused.status == 429:
            raise
        # The cursor has run out: what it stood for is read again by time.
        yield from pages.read(_by_time(stream, position))


def _gone(client: "Client", listed: Stream, request: Asked, since: int) -> Iterator[Facts]:
    """The ids in a list of what is gone. They move no cursor, so that a run that was cut short reads them once more."""
    start = datetime.fromtimestamp(max(0, since - int(listed.lookback.total_seconds())), UTC)
    own = replace(request, cursor=None, window=replace(request.window, since=start))
    try:
        for page in read(client, listed, own):
            yield replace(page, cursor=None, complete=False, through=None)
    except RefusedError:
        if not listed.optional:
            raise
        yield Facts(note=f"{listed.path} was refused: what is deleted there is not known from a list of it")


def any_since(client: "Client", stream: Stream, since: datetime, now: datetime) -> bool:
    """Whether records of the stream changed since, by its first page; one that ignores what it is asked for says no.
    Raises SourceError."""
    at = int(since.timestamp())
    answer = client.send(stream.call(at, now, "a look"))
    rows = _rows(stream, answer, f"{client.name}: a look at {stream.path}")
    reader = Reader(stream=stream, source=client.name, hash_key=None, wanted=frozenset())
    reader.page(rows, "a look")
    return reader.newest >= at


def _rows(stream: Stream, answer: Answer, where: str) -> list[Any]:
    if answer.empty:
        return []
    try:
        return rows_of(stream.records, answer.data, where)
    except SourceError:
        # What was passed over may say why.
        whole = answer.whole()
        # Some servers write a list without entries as null.
        plainly = isinstance(whole, dict) and not any(whole.get(name) for name in _WRONG)
        if plainly and stream.records(whole) is None:
            return []
        return rows_of(stream.records, whole, where)


def _listed(stream: Stream, answer: Answer) -> bool:
    """Whether there is a list at all, if only an empty one: a list that is not there says of no record that it is
    gone."""
    return not answer.empty and isinstance(stream.records(answer.data), list)


def _whole(stream: Stream, answer: Answer) -> list[Any]:
    """The records with all that they have."""
    return rows_of(stream.records, answer.whole(), stream.path)


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
    request: Asked
    reader: Reader
    number: int = 0
    in_order: bool = True
    left_out: frozenset[str] = frozenset()
    met: set[str] | None = None
    _last: int = 0

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
            listed = self._entries(answer)
            rows = self._rows(answer, where) if listed is None else listed
            place, goes_on = self._after(answer, rows, position, where)
            turns = goes_on and place in known
            known |= {place} if place is not None else set()
            goes_on = goes_on and not self._past(rows, position)
            windows += 1
            # While this page is read and stored the next one is made at the vendor's, where that is known to be wanted.
            early = goes_on and not turns and not self._may_begin_anew(windows)
            ahead = self._ahead(first, replace(position, place=place)) if early else None
            rows = rows if listed is None else self._rows(answer, where)
            records, pieces, gone, rejected = self._read(rows, answer, where)
            ids = records.ids if pieces is None else pieces.keys
            if turns or (goes_on and rows and ids == before and ids):
                raise SourceError(f"{self.client.name}: {where} of {stream.path} leads to a page that was read before")
            before = ids
            self._meet([*ids, *gone], whole=not rejected and (bool(rows) or _listed(stream, answer)))
            self._look_at_order(first=windows == 1)
            # Where the order is not what was asked for, what is older may still come.
            newest = self.reader.newest if self.in_order else position.newest
            position = replace(position, place=place, newest=newest)
            anew = self._anew(position, windows, where) if goes_on else None
            if anew is not None:
                position, first = anew, stream.call(anew.since, self.request.now, "")
                known, windows, before, self.met = set(), 0, None, None
            through = self._through(position)
            done = self._ended(position) if not goes_on else position
            ahead = self._ahead(first, position) if goes_on and ahead is None else ahead
            yield Facts(
                upserts=records, deletes=gone, cursor=done.text, complete=not goes_on, through=through,
                rejected=rejected, pieces=pieces, sweep=None if goes_on else self._sweep(position.since),
            )  # fmt: skip
            if not goes_on:
                return
            if self.number >= stream.most_pages:
                raise SourceError(
                    f"{self.client.name}: stopped after {written(self.number)} pages; the next run goes on"
                )

    def _rows(self, answer: Answer, where: str) -> list[Any]:
        found = _rows(self.stream, answer, f"{self.client.name}: {where} of {self.stream.path}")
        if len(found) > MOST_ROWS:
            told = f"{where} of {self.stream.path} holds {written(len(found))} records"
            raise SourceError(f"{self.client.name}: {told}")
        return found

    def _entries(self, answer: Answer) -> list[Any] | None:
        """The entries of which `records` makes something, where there are any: they say how the list goes on before
        that is done."""
        found = None if self.stream.entries is None or answer.empty else path(self.stream.entries)(answer.data)
        return found if isinstance(found, list) and found else None

    def _after(self, answer: Answer, rows: list[Any], position: Position, where: str) -> tuple[Place | None, bool]:
        """(where the next page is, whether the list goes on)."""
        stream = self.stream
        latest = int((self.request.now - stream.settles).timestamp())
        page = Page(answer=answer, rows=rows, place=position.place, link=self.client.storable, latest=latest)
        place, goes_on = (None, False) if answer.empty else stream.paging.after(page)
        if not goes_on and lost(stream.paging, page):
            raise SourceError(f"{self.client.name}: {where} of {stream.path} says that more follows, and not where")
        return place, goes_on

    def _read(
        self, rows: list[Any], answer: Answer, where: str
    ) -> tuple[Records, Pieces | None, tuple[str, ...], tuple[Rejected, ...]]:
        """(records, pieces where the list holds such, ids that are gone, what was set aside)."""
        stream = self.stream
        if stream.piece is None:
            records, gone, rejected = self.reader.page(rows, where, partial(_whole, stream, answer))
            return records, None, gone, rejected
        pieces, rejected = self.reader.pieces(stream.piece, rows, where, self.request.now)
        return pieces.records(pieces.onto({})), pieces, (), rejected

    def _meet(self, names: list[str], *, whole: bool) -> None:
        """Remembers what is in the list, as long as nothing of it is unknown and it is no longer than may be held."""
        if self.met is not None:
            self.met.update(names)
            self.met = self.met if whole and len(self.met) <= _MOST_SWEPT else None

    def _sweep(self, since: int) -> Sweep | None:
        """What the list stands for that was read from its beginning to its end, in the order that was asked for."""
        if self.met is None or not self.in_order:
            return None
        until = int(self.request.now.timestamp())
        return Sweep(
            times=self.stream.swept_by, since=since, until=until, ids=frozenset(self.met), born=self.stream.born
        )  # fmt: skip

    def _send(self, first: Call, position: Position, where: str) -> Answer:
        spots = self.stream.spots(self.request.fields)
        call = replace(first, place=where, decode=None if spots is None else decoder(spots))
        try:
            return self._asked(call, position)
        except RefusedError as refused:
            paging = insisted(self.stream.paging, refused.said) if position.place is not None else None
            spare = {name for name in self.stream.spare if name in refused.said} - self.left_out
            if paging is None and not spare:
                raise
            self.stream = replace(self.stream, paging=paging or self.stream.paging)
            self.left_out |= spare
            return self._asked(call, position)

    def _asked(self, call: Call, position: Position) -> Answer:
        call = self.stream.paging.call(call, position.place)
        if self.left_out:
            call = replace(call, json={name: part for name, part in call.json.items() if name not in self.left_out})
        return self.client.send(call)

    def _look_at_order(self, *, first: bool) -> None:
        """Whether the list is still in the order of its changes: that is looked at, not believed."""
        times = [at for at in self.reader.times if at]
        if not times or not self.stream.ascending or self.stream.piece is not None:
            return
        self.in_order &= times == sorted(times) and (first or times[0] >= self._last)
        self._last = times[-1]

    def _ahead(self, first: Call, position: Position) -> "Future[Answer] | None":
        """The next page, asked for by a thread of its own while this one is stored: two pages are held at most. None
        where that is not wanted."""
        if not self.request.ahead or self.number >= self.stream.most_pages:
            return None
        return begun(partial(self._send, first, position, f"page {self.number + 1}"))

    def _may_begin_anew(self, windows: int) -> bool:
        """Whether what follows is known only when this page has been read."""
        return self.stream.by_change or self._given_all(windows)

    def _given_all(self, windows: int) -> bool:
        """Whether this page is the last that the vendor gives of a list."""
        return self.stream.window_pages is not None and windows >= self.stream.window_pages

    def _anew(self, position: Position, windows: int, where: str) -> Position | None:
        """Where the list begins anew, if it does: a vendor ends lists after so many pages, and pages by number move
        while they are read, so that a record could slip between two of them."""
        stream, times = self.stream, self.reader.times
        ended = self._given_all(windows)
        # The order is looked at, not believed.
        orderly = stream.by_change and list(times) == sorted(times)
        newest = max(times, default=0)
        # One second earlier: more records of it may follow, and some vendors take `since` for later ones only.
        if (orderly or ended) and newest - 1 > position.since:
            return Position(since=newest - 1, newest=self.reader.newest)
        if not ended:
            return None
        if newest <= position.since:
            raise SourceError(
                f"{self.client.name}: {where} of {stream.path} is the last that the vendor gives, and all records "
                "up to it have one time"
            )
        return Position(since=newest, newest=self.reader.newest)

    def _past(self, rows: list[Any], position: Position) -> bool:
        """Whether a list that goes back in time has come to what was read before."""
        if self.stream.newest_first is None or not rows:
            return False
        try:
            return 0 < epoch(self.stream.newest_first(rows[-1])) < position.since
        except (ValueError, OverflowError):
            return False

    def _through(self, position: Position) -> datetime:
        at = position.newest if self.stream.ascending or self.stream.paging.keeps else position.since
        return min(datetime.fromtimestamp(max(at, position.since), UTC), self.request.now)

    def _ended(self, position: Position) -> Position:
        """Where the next run begins: at the cursor that the vendor gave, or a lookback before the newest change."""
        if self.stream.paging.keeps and position.place is not None:
            return replace(position, ended=True)
        now = int(self.request.now.timestamp())
        return Position(since=position.since, newest=min(self.reader.newest or now, now), ended=True)
