"""What is asked of a vendor for one kind of records, and how a record is read: an allow-list, and nothing else."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cxmon.contracts import Pieces, Records, Rejected, Unfit
from cxmon.errors import DriftError
from cxmon.feeds import paging as pages
from cxmon.feeds.exchange import Call
from cxmon.feeds.fields import MISSING, Getter, RecordError, epoch, key_of, path, reads, seconds_of, spots_of
from cxmon.feeds.shape import EACH, Spot
from cxmon.model import Secret

# A field that so many records in a row do not even have is not there, or has another name now.
MISSING_FROM = 20
_NAMED = 5  # Of more than so many fields that are not there the others are counted.
LONGEST_ID = 200
_BLOCK = 64  # Bytes that SHA-256 takes at once.
_SCALARS = frozenset({str, int, float, bool, type(None)})


@dataclass(frozen=True, kw_only=True)
class Piece:
    """How records are put together whose pieces the list holds: `key` is the id of a piece, `value` what it says (None:
    nothing of interest), of two versions of a piece the greater one counts. `whole(id, pieces by key, now)` is the
    record that the fields are read of.
    """

    key: Getter
    value: Callable[[Any], list[Any] | None]
    whole: Callable[[str, Mapping[str, list[Any]], datetime], Any]


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One list of a vendor.

    Where they stand in `params` and `body`, `{since}` and `{until}` become instants in `time_format`. `records` finds
    the list in an answer; `record_id`, `changed`, `customer` and `fields` read one record; `deleted` says that it is
    gone at the vendor. `lookback` is how far before the newest change the next run begins, `settles` how young a
    `since` may be. `ascending`: records come in the order of `changed`; `window_pages`: after so many pages the list
    begins anew there, with `by_change` after every page whose records are in that order. `newest_first` reads the time
    by which a list goes back: it ends where that lies before `since`. `gone` are lists of the ids that are gone at the
    vendor. `required` are the fields without which the list is not what it was. `spare` are parts of `body` that are
    left out where a refusal names them. `swept_by` are fields with times of which a record with one after `since` is in
    the list for as long as it exists: what a whole list since then no longer holds is gone. Where the list goes by when
    records were made and none of their fields says that, `born` reads it of an id (epoch seconds, or None). A list of
    what is gone that is `optional` may be refused by a vendor who has none. With `piece` the list holds pieces of
    records: `record_id` is the record that one belongs to, `changed` when it happened.

    Where the getters say what they look at (`fields.reads`), the rest of an answer is not read. Where `records` makes
    something of the entries of a list, `entries` is the path of that list, and `looks_at` are the paths in an entry.
    """

    name: str
    path: str
    records: Getter
    record_id: Getter
    fields: Mapping[str, Getter]
    paging: pages.Paging
    required: frozenset[str] = frozenset()
    method: str = "GET"
    params: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    body: Any = None
    time_format: str = "iso"
    changed: Getter | None = None
    customer: Getter | None = None
    deleted: Callable[[Any], bool] = field(default_factory=lambda: reads(lambda _record: False))
    lookback: timedelta = timedelta(0)
    settles: timedelta = timedelta(0)
    ascending: bool = False
    window_pages: int | None = None
    most_pages: int = 100_000
    by_change: bool = False
    newest_first: Getter | None = None
    gone: tuple["Stream", ...] = ()
    piece: Piece | None = None
    entries: str | None = None
    looks_at: Sequence[str] | None = None
    spare: tuple[str, ...] = ()
    swept_by: frozenset[str] = frozenset()
    born: Callable[[str], int | None] | None = None
    optional: bool = False

    def spots(self, wanted: frozenset[str] | None) -> frozenset[Spot] | None:
        """Where in an answer to look for the fields that are `wanted`, or for all; None for everywhere."""
        listed = spots_of(self.records)
        entries = listed if self.entries is None else spots_of(path(self.entries))
        inside = [self.record_id, self.changed, self.customer, self.deleted, self.newest_first]
        inside += [get for name, get in self.fields.items() if wanted is None or name in wanted]
        if self.looks_at is not None:
            inside = [path(place) for place in self.looks_at]
        found = [spots_of(get) for get in inside if get is not None]
        known = self.piece is None or self.looks_at is not None
        if not known or listed is None or entries is None or len(entries) != 1 or None in found:
            return None
        (entry,) = entries
        told, last = pages.spots(self.paging)
        of_entry = last.union(*(spots for spots in found if spots is not None))
        return (listed - entries) | told | {(*entry, EACH, *spot) for spot in of_entry}

    def call(self, since: int, until: datetime, place: str) -> Call:
        """The first request for what changed since."""
        at = min(datetime.fromtimestamp(since, UTC), until - self.settles)
        times = {"{since}": _written(at, self.time_format), "{until}": _written(until, self.time_format)}
        params = {name: _sent(_filled(value, times)) for name, value in self.params.items()}
        return Call(url=self.path, method=self.method, params=params, json=_filled(self.body, times), place=place)


def hashed(key: Secret, source: str, value: object) -> str:
    """The keyed hash that stands for a customer of a source: HMAC-SHA256, 128 bits of it."""
    return hasher(key, source)(value)


def hasher(key: Secret, source: str) -> Callable[[object], str]:
    """`hashed` for many customers of one source. RFC 2104 by hand: what does not depend on the customer is done once,
    which takes less than half as long."""
    secret, before = key.reveal().encode(), f"{source}:"
    secret = hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret
    inner, outer = (hashlib.sha256(bytes(x ^ pad for x in secret.ljust(_BLOCK, b"\0"))).copy for pad in (0x36, 0x5C))

    def found(value: object) -> str:
        within, around = inner(), outer()
        within.update(f"{before}{value}".encode())
        around.update(within.digest())
        return around.hexdigest()[:32]

    return found


@dataclass(kw_only=True)
class Reader:
    """Reads pages of a stream's records into columns, and sets aside what is no record of it; all its fields, or those
    that are `wanted`. `times` are when the records of the last page changed, in its order."""

    stream: Stream
    source: str
    hash_key: Secret | None
    wanted: frozenset[str] | None = None
    newest: int = 0
    seen: int = 0
    times: tuple[int, ...] = ()
    _missing: set[str] | None = None

    def page(
        self, rows: Sequence[Any], place: str, whole: Callable[[], Sequence[Any]] | None = None
    ) -> tuple[Records, tuple[str, ...], tuple[Rejected, ...]]:
        """(records, ids that are gone, what was set aside). SourceError where a required field is in none of them, with
        the fields of the `whole` rows."""
        names, times, aside = self._heads(rows)
        self.times = tuple(at for i, at in enumerate(times) if i not in aside)
        gone = [i for i, row in enumerate(rows) if i not in aside and self.stream.deleted(row)]
        out = {*aside, *gone}
        kept = [i for i in range(len(rows)) if i not in out]
        columns, absent = self._columns([rows[i] for i in kept])
        self._drift(len(kept), absent, whole or (lambda: rows), place)
        self.newest = max(self.newest, *self.times, 0)
        found = Records(
            ids=[names[i] for i in kept], fields=columns, changed=[times[i] for i in kept],
            customers=self._customers([rows[i] for i in kept]), places=[_at(place, i) for i in kept],
        )  # fmt: skip
        rejected = tuple(Rejected(where=_at(place, i), reason=aside[i]) for i in sorted(aside))
        return found, tuple(names[i] for i in gone), rejected

    def pieces(
        self, piece: Piece, rows: Sequence[Any], place: str, now: datetime
    ) -> tuple[Pieces, tuple[Rejected, ...]]:
        """(pieces of records, what was set aside)."""
        aside: list[Rejected] = []
        found: list[tuple[str, str, list[Any], int]] = []
        for i, row in enumerate(rows):
            try:
                name, when, value = self._name(row), self._changed(row), piece.value(row)
                if value is not None:
                    found.append((name, str(piece.key(row)), value, when))
                self.newest = max(self.newest, when)
            except ValueError as problem:
                aside.append(Rejected(where=_at(place, i), reason=str(problem)))
        of, keys, values, at = map(list, zip(*found, strict=True)) if found else ([], [], [], [])

        def whole(known: Mapping[str, Mapping[str, list[Any]]]) -> Records:
            columns, _ = self._columns([piece.whole(name, parts, now) for name, parts in known.items()])
            return Records(ids=list(known), fields=columns)

        return Pieces(of=of, keys=keys, values=values, at=at, records=whole), tuple(aside)

    def _columns(self, rows: Sequence[Any]) -> tuple[dict[str, list[Any]], dict[str, int]]:
        """(values by field, in how many rows each field is absent)."""
        columns: dict[str, list[Any]] = {}
        absent: dict[str, int] = {}
        for name, get in self.stream.fields.items():
            if self.wanted is not None and name not in self.wanted:
                continue
            key = key_of(get)
            try:
                # Most fields stand at the top of their record, where a look costs a tenth of a call.
                column = [row.get(key, MISSING) for row in rows] if key is not None else [get(row) for row in rows]
            except ValueError:
                column = [_tried(get, row) for row in rows]
            # Most columns hold values only; the others are looked at one by one.
            if not _SCALARS.issuperset(map(type, column)):
                absent[name] = sum(value is MISSING for value in column)
                column = [
                    value if type(value) in _SCALARS else None if value is MISSING else Unfit(reason=_why(value))
                    for value in column
                ]
            columns[name] = column
        return columns, absent

    def _heads(self, rows: Sequence[Any]) -> tuple[list[str], list[int], dict[int, str]]:
        """(the id of each row, when it changed, {row that has none: why}): all at once where nothing is unusual."""
        if set(map(type, rows)) == {dict}:
            names = _plain_ids(list(map(self.stream.record_id, rows)))
            of = self.stream.changed
            times = [0] * len(rows) if of is None else _plain_times(list(map(of, rows)))
            if names is not None and times is not None:
                return names, times, {}
        names, times, aside = [""] * len(rows), [0] * len(rows), {}
        for i, row in enumerate(rows):
            try:
                names[i], times[i] = self._name(row), self._changed(row)
            except ValueError as problem:
                aside[i] = str(problem)
        return names, times, aside

    def _name(self, row: Any) -> str:
        if not isinstance(row, dict):
            raise RecordError(f"a {type(row).__name__} where a record belongs")
        found = self.stream.record_id(row)
        if type(found) is int and 0 <= found < 2**63:
            return str(found)
        if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
            raise ValueError("no id")
        text = str(found)
        if len(text) > LONGEST_ID:
            raise ValueError(f"an id of {len(text)} characters")
        if "@" in text:
            # An address names a person.
            if self.hash_key is None:
                raise ValueError("an id that looks like an e-mail address; with `hash_key` its hash is kept")
            return hashed(self.hash_key, self.source, text)
        return text

    def _changed(self, row: Any) -> int:
        if self.stream.changed is None:
            return 0
        try:
            return epoch(self.stream.changed(row))
        except (ValueError, OverflowError) as problem:
            raise ValueError(f"the time of its last change: {problem}") from None

    def _customers(self, rows: Sequence[Any]) -> list[str]:
        if self.stream.customer is None or self.hash_key is None:
            return [""] * len(rows)
        found, stands_for = list(map(self.stream.customer, rows)), hasher(self.hash_key, self.source)
        if set(map(type, found)) == {str}:
            # Of a customer's several records one is hashed.
            known = {one: stands_for(one) if one else "" for one in set(found)}
            return [known[one] for one in found]
        return [
            "" if one is None or one is MISSING or one == "" or isinstance(one, dict | list) else stands_for(one)
            for one in found
        ]

    def _drift(self, count: int, absent: Mapping[str, int], whole: Callable[[], Sequence[Any]], place: str) -> None:
        """A vendor that renames a field must not look like customers who stopped answering."""
        if not count:
            return
        asked = self.stream.required if self.wanted is None else self.stream.required & self.wanted
        never = {name for name in asked if absent.get(name) == count}
        self._missing = never if self._missing is None else self._missing & never
        self.seen += count
        if self._missing and self.seen >= MISSING_FROM:
            has = next((sorted(map(str, row))[:20] for row in whole() if isinstance(row, dict)), [])
            names = sorted(self._missing)
            lacks = ", ".join(map(self._with_place, names[:_NAMED])) + (
                f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            )
            raise DriftError(
                f"{self.source}: {place}: none of {self.seen} records has {lacks}; "
                f"they have {', '.join(has)}; was it renamed? (`optional: true` where records may lack it)",
                frozenset(self._missing),
            )

    def _with_place(self, name: str) -> str:
        """A field as whoever mends it looks for it: with its place in a record, where that has another name."""
        spots = spots_of(self.stream.fields[name]) or frozenset()
        place = ".".join(next(iter(spots))) if len(spots) == 1 else name
        return name if place == name else f"{name} ({place})"


def _plain_ids(found: Sequence[Any]) -> list[str] | None:
    """Ids that are numbers all, or names that are no addresses; None where one may be something else."""
    kinds = set(map(type, found))
    if kinds == {int} and min(found) >= 0 and max(found) < 2**63:
        return list(map(str, found))
    plain = kinds == {str} and all(found) and max(map(len, found)) <= LONGEST_ID and "@" not in "".join(found)
    return list(found) if plain else None


def _plain_times(found: Sequence[Any]) -> list[int] | None:
    """Epoch seconds of numbers or words; None where one may be something else."""
    kinds = set(map(type, found))
    if kinds == {str} and all(found):
        try:
            times = [int(seconds_of(text)) for text in found]
        except (ValueError, OverflowError):
            return None
        return times if min(times) >= 0 else None
    return list(found) if kinds == {int} and min(found) >= 0 and max(found) <= 1e11 else None


def _at(place: str, row: int) -> str:
    return f"{place}, row {row + 1}"


def _tried(get: Getter, row: Any) -> Any:
    """The value, or the error that says why there is none."""
    try:
        return get(row)
    except ValueError as problem:
        return problem


def _why(value: object) -> str:
    if isinstance(value, ValueError):
        return str(value)
    return f"a {'mapping' if isinstance(value, dict) else 'list'} where a value belongs"


def _written(at: datetime, form: str) -> str | int:
    match form:
        case "epoch":
            return int(at.timestamp())
        case "epoch_ms":
            return int(at.timestamp()) * 1000
        case "epoch_ms_text":
            return str(int(at.timestamp()) * 1000)
        case "date":
            return f"{at:%Y-%m-%d}"
        case _:
            return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _sent(value: Any) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value)


def _filled(document: Any, times: Mapping[str, str | int]) -> Any:
    """A document with instants in place of `{since}` and `{until}`; alone in its place an epoch stays a number."""
    if isinstance(document, str):
        if document in times:
            return times[document]
        for name, at in times.items():
            document = document.replace(name, str(at))
        return document
    if isinstance(document, Mapping):
        return {key: _filled(value, times) for key, value in document.items()}
    return [_filled(value, times) for value in document] if isinstance(document, list | tuple) else document
