"""The whole extension surface on one page: Source, ChangeFeed, Check, Channel and Executor, with their promises.

A plug-in is one file with one frozen, keyword-only dataclass that is its own options (`type: Literal["csv"] = "csv"`,
fields, range checks in `__post_init__`, the method), plus one line in its package's registry `TYPES`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from cxmon.model import Announced, Finding, Message, Metric, Receipt, Secret, Segment, Window
from cxmon.panel import Panel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A row that was set aside: where it stood (`calls.csv:17`), why, and its offending value, masked and short."""

    where: str
    reason: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Cells of one metric in columns; row i is one period of `segments[segment[i]]` as known at `known_at[i]`.

    `start` and `known_at` are epoch seconds in UTC (int64, shape (R,)); `start` is the period's first instant. The
    statistics are float64 of shape (R,), as in `Kind`; those a kind does not use are None. `sketches` are bytes of
    `cxmon.sketch` for quantiles. Rows of one (segment, start) with several `known_at` are its revisions, in any order.
    `known_at` 0 means: known when it is stored.
    """

    segments: tuple[Segment, ...]
    segment: Ints
    start: Ints
    known_at: Ints
    n: Floats
    total: Floats
    squares: Floats | None = None
    base: Floats | None = None
    base_squares: Floats | None = None
    cross: Floats | None = None
    sketches: Sequence[bytes] | None = None

    def __len__(self) -> int:
        return len(self.start)


# {(dimension, a source's value): what it is counted as}: values that the map of their dimension does not name.
Unnamed = Mapping[tuple[str, str], str]


@dataclass(frozen=True, kw_only=True)
class Observations:
    """SQL and CSV: everything the source holds of `window`, which is replaced whole; cells not in it have vanished."""

    window: Window
    cells: Cells
    rejected: tuple[Rejected, ...] = ()
    unnamed: Unnamed = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Unfit:
    """Stands for a value that cannot be one: metrics that read it set its record aside with the `reason`."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Records:
    """A vendor's records in columns: record i has the id `ids[i]`, and `fields[name][i]`, or None there, or Unfit.

    `changed[i]` is when the vendor changed it last (epoch seconds, 0 where it does not say): an older version never
    replaces a newer one. `customers[i]` is the keyed hash of its customer, or empty; `places[i]` where it stood, for
    what is set aside. Both may be empty as a whole, and so may `changed`.
    """

    ids: Sequence[str] = ()
    fields: Mapping[str, Sequence[object]] = field(default_factory=dict)
    changed: Sequence[int] = ()
    customers: Sequence[str] = ()
    places: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """Records that come in pieces, such as the events of one clock: piece i, which has the id `keys[i]`, belongs to the
    record `of[i]`, happened at `at[i]` (epoch seconds) and says `values[i]`, numbers and texts that fit into JSON.

    Pieces are kept, and of two with one id the greater value counts: so neither their order nor a repetition makes a
    difference, nor the pages that they come on. `records` makes records of all pieces that are known of each id.
    """

    of: Sequence[str]
    keys: Sequence[str]
    values: Sequence[list[Any]]
    at: Sequence[int]
    records: Callable[[Mapping[str, Mapping[str, list[Any]]]], Records]

    def onto(self, known: Mapping[str, Mapping[str, list[Any]]]) -> dict[str, dict[str, list[Any]]]:
        """{record: {piece: value}} of the records that these belong to, with what was `known` of them."""
        found: dict[str, dict[str, list[Any]]] = {}
        for of, key, value in zip(self.of, self.keys, self.values, strict=True):
            record = found.setdefault(of, dict(known.get(of, {})))
            record[key] = max(record.get(key, value), value)
        return found


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A list was read whole, in one go: what is stored of [since, until) (epoch seconds) by one of the fields `times`
    and is not among `ids` is gone at the vendor. Where the list goes by something else than these fields, `born` says
    when the record of an id was made, None where it cannot: only those made in that time are missed."""

    times: frozenset[str]
    since: int
    until: int
    ids: frozenset[str]
    born: Callable[[str], int | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Vendor APIs: a page of one stream's records to upsert, and ids to delete; each metric of the stream makes its
    facts of them, and touched periods are aggregated again. `cursor` is stored with them in one transaction.

    `complete`: the stream has been read up to the present. `through`: up to when it has been read, for the progress.
    Where the page brought `pieces`, `upserts` are what they say alone; the store goes by all that it has of them.
    `note`: what whoever collects should know of how it was read. `sweep`: what the list that ends here no longer holds.
    `forget`: hashes of customers whom the vendor has deleted, and who are forgotten for that.
    """

    upserts: Records = field(default_factory=Records)
    deletes: tuple[str, ...] = ()
    cursor: str | None = None
    complete: bool = False
    through: datetime | None = None
    rejected: tuple[Rejected, ...] = ()
    pieces: Pieces | None = None
    note: str = ""
    sweep: Sweep | None = None
    forget: tuple[str, ...] = ()


Batch = Observations | Facts


@dataclass(kw_only=True)
class Meter:
    """What a pull costs at the vendor's door, counted while it goes on: `throttled` of `requests` were told to slow
    down, and `waited_s` seconds were waited before requests were repeated."""

    requests: int = 0
    throttled: int = 0
    waited_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a source: one metric's figures in a window, from the stored cursor on.

    `frozen` says that `now` is the configuration's `as_of`: what the source holds of later times is no mistake then.
    `hash_key` is the key with which a vendor's customer ids become hashes before anything else is done with them, and
    `fields` are those of a stream that the metrics of this pull read: no others need to come (None: all). `ahead`: what
    comes next may be asked for while what came is stored, since all of it is wanted. `meter` counts what is asked.
    """

    metric: Metric
    window: Window
    now: datetime
    cursor: str | None = None
    frozen: bool = False
    hash_key: Secret | None = None
    fields: frozenset[str] | None = None
    ahead: bool = False
    meter: Meter = field(default_factory=Meter, compare=False)


class Source(Protocol):
    """Where figures come from.

    The same request twice leaves the same store. A row that cannot be taken is returned in `rejected`, never dropped
    silently. Raises SourceError, naming itself and what it expected, where nothing can be taken. Files are relative to
    the configuration's folder, which the loader has already resolved.
    """

    @property
    def type(self) -> str: ...

    def fetch(self, request: Request) -> Iterator[Batch]: ...


@runtime_checkable
class Feed(Protocol):
    """What a source of a vendor's records has besides: the fields of each of its streams, by the stream's name.

    A request's metric names the stream; its records come with all fields that are asked for, so that the metrics of a
    stream share a pull. Fields that hold a keyed hash of a customer are not among them.
    """

    @property
    def streams_offered(self) -> Mapping[str, Collection[str]]: ...


@runtime_checkable
class Linked(Protocol):
    """What a source of records has where these can be opened at the vendor: by stream the address with {id} in it, or
    with {first} or {last} where the id has parts with slashes between."""

    @property
    def links(self) -> Mapping[str, str]: ...


@runtime_checkable
class Traceable(Protocol):
    """What a source of rows has where each can be opened in the system that it is from: the address there with {id} in
    it, empty where none is known. A metric's `read.ticket` is the column with the id."""

    @property
    def ticket_url(self) -> str: ...

    def rows(self, request: Request) -> Iterator[Records]:
        """The rows of the request's window and around it as they stand there now; none is kept. `fields` are by the
        names under which the metric reads them. Raises SourceError."""
        ...


@dataclass(frozen=True, kw_only=True)
class AskedEntries:
    """What is asked of a feed of changes: its entries that begin in a window. `name` is the feed's, for errors; `zone`
    is where days begin that no zone is given for. `file`: read this in place of what the feed is configured to read."""

    name: str
    window: Window
    now: datetime
    zone: str
    file: Path | None = None
    cursor: str | None = None
    hash_key: Secret | None = None
    fields: frozenset[str] | None = None
    ahead: bool = False
    meter: Meter = field(default_factory=Meter, compare=False)


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Entries as they stand in a feed, and what was set aside. `hidden` is the number of those that their owner marked
    as private: they are not read."""

    found: tuple[Announced, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    hidden: int = 0


class ChangeFeed(Protocol):
    """A calendar, list or tracker that knows of decisions.

    The same request twice gives the same entries; all that begin in the window are among them. Raises SourceError,
    naming the feed, where nothing can be read.
    """

    @property
    def type(self) -> str: ...

    def entries(self, asked: AskedEntries) -> Entries: ...


@runtime_checkable
class Surveying(Protocol):
    """What a feed has besides where its records tell who was sent a survey: by stream the field that a record has once
    a survey could be sent, and the one that it has where one was."""

    @property
    def surveys_sent(self) -> Mapping[str, tuple[str, str]]: ...


class Memory(Protocol):
    """What a check may keep from one look to the next. It changes what a look costs and nothing that it says."""

    def get(self, key: str) -> Sequence[Any]:
        """What was put under this key, the furthest first: the whole, the bytes of the small form, or nothing."""
        ...

    def put(self, key: str, whole: Sequence[Any], small: Callable[[], bytes | None]) -> None:
        """`small` is asked for where only bytes can be kept. None, for it or in `whole`, keeps what was there."""
        ...


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """What a check may know beside the panel: periods that end after `as_of` do not exist for it.

    `mature` (T,) tells which periods of the panel are complete; `evaluated_through` is the start of the newest period
    already judged (None at first); `last_run_ok_at` when the metric was last collected without an error.
    `alarm_budgets` are false alarms per series and year, `alarm_budget_per_year` those of a series that is not in it.
    `rebaselined` holds per series the instants at which a new level was declared or accepted, oldest first. `settled`
    is the first period that is still read again, `memory` what the check keeps from look to look. `left_out` (S, T)
    tells which periods people left out as a one-off: they are neither learnt from nor judged.
    """

    as_of: datetime
    mature: npt.NDArray[np.bool_]
    evaluated_through: datetime | None = None
    last_run_ok_at: datetime | None = None
    alarm_budget_per_year: float = 0.5
    alarm_budgets: Mapping[Segment, float] = field(default_factory=dict)
    since: datetime | None = None
    rebaselined: dict[Segment, tuple[datetime, ...]] = field(default_factory=dict)
    settled: int | None = None
    memory: Memory | None = None
    left_out: npt.NDArray[np.bool_] | None = None


class Check(Protocol):
    """Says OK, BREACH or UNKNOWN of every series of a panel.

    Pure, batch over all series, deterministic; too little data is UNKNOWN with the numbers in `reason`. Later periods
    never change what was said of earlier ones.
    """

    @property
    def type(self) -> str: ...

    def evaluate(self, panel: Panel, context: CheckContext) -> list[Finding]: ...


class Channel(Protocol):
    """Where messages go. Returns where the message landed, or raises DeliveryError(permanent=..., in_doubt=...).

    `previous` is the receipt of the thread's first message: then that one is edited, and `message.reply` is posted in
    its thread. `picture` is a PNG or None; a picture that fails never keeps the words back. `pace_s` is the least time
    between two messages, over all workers. One that has `edits = True` also gets later messages without a `reply`,
    which bring its first one up to date and call nobody; others, where each would be one of its own, are spared them.
    For one whose `draws` is False (it shows no pictures) none is drawn.
    """

    @property
    def type(self) -> str: ...

    @property
    def pace_s(self) -> float: ...

    def deliver(self, message: Message, previous: Receipt | None, picture: bytes | None) -> Receipt: ...

    def find(self, message: Message, since: datetime, previous: Receipt | None = None) -> Receipt | None:
        """The receipt of `message` where it already arrived after `since`, None where it did not.

        `previous` as in `deliver`: later messages are replies in its thread. Raises DeliveryError where it cannot be
        known: permanent where it never can, so that a resend is marked as a possible repeat; else ask again later.
        """
        ...


class Executor(Protocol):
    """The `concurrent.futures` interface; blocks of series travel as arrays."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]: ...
