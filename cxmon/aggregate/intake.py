"""Takes rows as they stand in a file or a query, sets the bad ones aside with their reasons, and makes batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from cxmon.aggregate import reading
from cxmon.aggregate.making import made
from cxmon.aggregate.naming import Names
from cxmon.aggregate.parts import Parts, compact, merge
from cxmon.aggregate.states import AFTER
from cxmon.aggregate.windows import stretches
from cxmon.contracts import Observations, Rejected
from cxmon.errors import SourceError
from cxmon.model import Kind, Metric, Segment, Window, written

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Place = Callable[[int], str]
Columns = Mapping[str, Sequence[object]]

FIGURES = ("value", "n", "total", "squares", "base", "base_squares", "cross")
FUTURE = timedelta(days=1)  # Clocks may differ by this much.
MOST_SEGMENTS = 20_000

_COMPACT_FROM = 1_000_000
_MOST_REJECTED = 10_000
_MOST_FUTURE = 20

# Without these a kind cannot be made of event rows, or of aggregated ones.
_OF_EVENTS = dict.fromkeys(Kind, ("value",)) | {Kind.RATIO: ("value", "base")}
_OF_CELLS = {
    Kind.PROPORTION: ("n", "total"),
    Kind.MEAN: ("n", "total"),
    Kind.RATE: ("n", "total"),
    Kind.RATIO: ("n", "total", "base"),
    Kind.LEVEL: ("total",),
}


def fields_of(metric: Metric) -> frozenset[str]:
    """All that is read of a record for a metric, for its figures and by its filter."""
    return frozenset([*roles(metric).values(), *metric.read.only])


def roles(metric: Metric) -> dict[str, str]:
    """{role: column or expression} of everything that a row must bring; dimensions have the role `dimension:name`.

    Raises SourceError where the kind needs more than `read` names.
    """
    read = metric.read
    if read.aggregated and metric.kind is Kind.QUANTILE:
        raise SourceError(
            f"{metric.id}: a quantile cannot be made of totals; name `value`, and `n` where rows are counted"
        )
    events = ("value", "known_at") if read.churn else () if read.made_of else _OF_EVENTS[metric.kind]
    needed = _OF_CELLS[metric.kind] if read.aggregated else events
    missing = [name for name in needed if getattr(read, name) is None]
    if missing:
        raise SourceError(f"{metric.id}: `read` needs {' and '.join(missing)} for the kind {metric.kind.value}")
    used = [name for name in FIGURES if getattr(read, name) is not None and not (read.aggregated and name == "value")]
    found = {"time": read.time} | {name: getattr(read, name) for name in used} | read.made_of
    if read.known_at is not None:
        found["known_at"] = read.known_at
    if read.churn:
        found[AFTER] = AFTER
    return found | {f"dimension:{name}": read.columns.get(name, name) for name in metric.dimensions}


@dataclass(kw_only=True)
class Intake:
    """The rows of one request on their way into cells. `window` is the span that is read (whole periods).

    With `frozen`, rows after `now` are left out without a word: they lie in the future of a clock that stands still.
    """

    metric: Metric
    window: Window
    now: datetime
    frozen: bool = False
    rejected: list[Rejected] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._names = Names(self.metric)
        self._segments: dict[tuple[str, ...], int] = {}
        self._parts: list[Parts] = []
        self._places: list[str] = []
        self._more: dict[str, int] = {}
        self._future = 0
        self._size = 0

    def add(self, columns: Columns, place: Place) -> None:
        """Takes rows in columns by role (see `roles`), all of one length R; `place` tells where row i stands.

        An empty field is no answer: an event row with an empty value is left out without a word.
        """
        zone, metric = self.metric.zone, self.metric
        at, problems = reading.moments(columns["time"], zone)
        for i, reason in problems.items():
            self.aside(place(i), f"time: {reason}", columns["time"][i])
        figure = "total" if metric.read.aggregated else next(iter(metric.read.made_of), "value")
        for i in np.flatnonzero(at == 0).tolist():
            if i not in problems and not reading.empty(columns[figure][i]):
                self.aside(place(i), "time: empty")
        if not self.frozen:
            self._refuse_future(at, columns["time"], place)
        wanted = (at >= self.window.since.timestamp()) & (at < self.window.until.timestamp())
        rows = np.flatnonzero(wanted).tolist()
        if not rows:
            return
        if len(rows) < len(at):
            columns = {role: [column[i] for i in rows] for role, column in columns.items()}
        self._take(columns, at[rows], lambda i: place(rows[i]))

    def add_parts(self, dimensions: Sequence[Sequence[object]], parts: Parts) -> None:
        """Takes parts that a database has added up, all in the window; `dimensions` (R rows) name their segments."""
        self._keep(Parts(**(vars(parts) | {"segment": self._index(dimensions, len(parts))})))

    def batches(self) -> Iterator[Observations]:
        """One batch per piece of the window, all set-aside rows with the first; no rows make an empty batch."""
        parts, segments = self._named(self._finished())
        aside = tuple(self.rejected) + tuple(
            Rejected(where=f"and {count} more rows", reason=reason) for reason, count in self._more.items()
        )
        for window in stretches(self.metric, self.window):
            chosen = None
            if parts is not None:
                since, until = window.since.timestamp(), window.until.timestamp()
                chosen = parts.where((parts.at >= since) & (parts.at < until))
            made = merge(self.metric, segments, chosen, self.now)
            yield Observations(window=window, cells=made, rejected=aside, unnamed=self._names.unnamed)
            aside = ()

    def _take(self, columns: Columns, at: npt.NDArray[np.int64], place: Place) -> None:
        metric, ok = self.metric, np.ones(len(at), bool)
        figures, problems_of = numbers(metric, columns)
        for i, role, reason in problems_of:
            if ok[i]:
                self.aside(place(i), f"{role}: {reason}", columns[role][i])
            ok[i] = False
        ok &= self._sensible(figures, ok, columns, place)
        known = None
        if "known_at" in columns:
            known, problems = reading.moments(columns["known_at"], metric.zone)
            for i, reason in problems.items():
                if ok[i]:
                    self.aside(place(i), f"known_at: {reason}", columns["known_at"][i])
                ok[i] = False
            known = np.maximum(known, at)  # Nothing is known before it happens; empty means known at once.
        names = [role for role in columns if role.startswith("dimension:")]
        rows = np.flatnonzero(ok).tolist()
        keys = list(zip(*([columns[name][i] for i in rows] for name in names), strict=True)) if names else []
        segment = self._index(keys, len(rows))
        figures = {role: column[ok] for role, column in figures.items()}
        known = None if known is None else known[ok]
        if metric.read.aggregated:
            self._places.extend(place(i) for i in rows)
            self._parts.append(_cell_parts(metric.kind, at[ok], segment, figures, known))
        else:
            self._keep(_event_parts(metric, at[ok], segment, figures, known))

    def _sensible(self, figures: Mapping[str, Floats], ok: Bools, columns: Columns, place: Place) -> Bools:
        """Which rows can be true (R,); the others are set aside, rows without an answer left out."""
        kept = ok.copy()
        for test, role, reason in rules(self.metric, figures):
            for i in np.flatnonzero(kept & test).tolist():
                self.aside(place(i), f"{role}: {reason}", columns[role][i])
            kept &= ~test
        if self.metric.read.aggregated:
            nothing = np.all([np.isnan(column) for column in figures.values()], axis=0)
        else:
            # Where open ones are counted, an empty value is one.
            nothing = np.isnan(figures["value"]) & (not self.metric.read.censored)
        for role, column in figures.items():
            missing = np.isnan(column) & (role != "value" or not self.metric.read.censored)
            for i in np.flatnonzero(kept & ~nothing & missing).tolist():
                self.aside(place(i), f"{role}: empty")
                kept[i] = False
        kept &= ~nothing
        if "n" in figures:
            kept &= (figures["n"] > 0) | _later(self.metric, figures)
        return kept

    def _finished(self) -> Parts:
        if not self._parts:
            none, nothing = np.zeros(0, np.int64), np.zeros(0)
            return Parts(at=none, segment=none, n=nothing, total=nothing)
        parts = Parts.joined(self._parts)
        return self._without_doubles(parts) if self.metric.read.aggregated and self._places else parts

    def _without_doubles(self, parts: Parts) -> Parts:
        """Aggregated rows may stand once only: a repeated one is set aside, two that disagree are both."""
        known = np.zeros(len(parts), np.int64) if parts.known is None else parts.known
        _, key = np.unique(np.stack([parts.segment, parts.at, known]), axis=1, return_inverse=True)
        key = key.reshape(-1)
        doubled = np.bincount(key)[key] > 1
        if not doubled.any():
            return parts
        columns = [c for name in FIGURES if (c := getattr(parts, name, None)) is not None]
        figures = np.stack(columns, axis=1)
        first: dict[int, int] = {}
        agree: dict[int, bool] = {}
        for i in np.flatnonzero(doubled):
            head = first.setdefault(int(key[i]), int(i))
            agree[int(key[i])] = agree.get(int(key[i]), True) and bool((figures[i] == figures[head]).all())
        keep = np.ones(len(parts), bool)
        for i in np.flatnonzero(doubled):
            k = int(key[i])
            if agree[k] and first[k] == i:
                continue
            reason = "the same row again" if agree[k] else "two rows of one segment and time with different figures"
            self.aside(self._places[i], reason)
            keep[i] = False
        return parts.where(keep)

    def _refuse_future(self, at: npt.NDArray[np.int64], times: Sequence[object], place: Place) -> None:
        late = np.flatnonzero(at > (self.now + FUTURE).timestamp())
        reason = f"time: in the future (now is {self.now:%Y-%m-%d %H:%M} UTC)"
        for i in late[: max(0, _MOST_FUTURE - self._future)].tolist():
            self.aside(place(i), reason, times[i])
        told = min(len(late), max(0, _MOST_FUTURE - self._future))
        self._future += told
        if len(late) > told:
            self._more[reason] = self._more.get(reason, 0) + len(late) - told

    def aside(self, where: str, reason: str, value: object = None) -> None:
        """Sets a row aside; beyond some thousands they are counted by their reason."""
        if len(self.rejected) < _MOST_REJECTED:
            text = "" if value is None else reading.shown(value)
            self.rejected.append(Rejected(where=where, reason=reason, value=text))
        else:
            self._more[reason] = self._more.get(reason, 0) + 1

    def _keep(self, parts: Parts) -> None:
        self._parts.append(parts)
        self._size += len(parts)
        if self._size > _COMPACT_FROM and self.metric.kind is not Kind.LEVEL:
            # Bounds the memory: what was read so far becomes cells.
            self._parts = [compact(self.metric, Parts.joined(self._parts))]
            self._size = 0

    def _index(self, keys: Sequence[Sequence[object]], count: int) -> npt.NDArray[np.int64]:
        """The number of each row's segment (count,)."""
        if not self.metric.dimensions:
            self._segments.setdefault((), 0)
            return np.zeros(count, np.int64)
        numbers: dict[Sequence[object], int] = {}
        found = np.empty(count, np.int64)
        for i, key in enumerate(keys):
            number = numbers.get(key)
            if number is None:
                name = self._names.words(key)
                number = numbers[key] = self._segments.setdefault(name, len(self._segments))
                if number >= MOST_SEGMENTS:
                    raise SourceError(
                        f"{self.metric.id}: more than {MOST_SEGMENTS} combinations of "
                        f"{', '.join(self.metric.dimensions)}; a dimension with so many values is no segment"
                    )
            found[i] = number
        return found

    def _named(self, parts: Parts) -> tuple[Parts, list[Segment]]:
        """The parts with the segments by number, of which several words may name one."""
        segments: dict[Segment, int] = {}
        fold = [segments.setdefault(self._names.segment(words), len(segments)) for words in self._segments]
        if len(segments) < len(fold):
            parts = replace(parts, segment=np.array(fold, np.int64)[parts.segment])
        return parts, list(segments)


def numbers(
    metric: Metric, columns: Mapping[str, Sequence[object]]
) -> tuple[dict[str, Floats], list[tuple[int, str, str]]]:
    """The numbers (R,) of each figure's column, and (row, role, reason) of what is none."""
    found: dict[str, Floats] = {}
    problems: list[tuple[int, str, str]] = []
    for role in FIGURES:
        if role in columns:
            words = metric.kind is Kind.PROPORTION and role == "value"
            found[role], faults = reading.numbers(columns[role], words=words)
            problems += [(i, role, reason) for i, reason in faults.items()]
    if metric.read.made_of:
        found["value"], faults_of = made(metric, columns)
        problems += faults_of
    return found, problems


def rules(metric: Metric, figures: Mapping[str, Floats]) -> Iterator[tuple[Bools, str, str]]:
    """(rows that cannot be true (R,), the column to blame, why). NaN, an empty field, breaks no rule."""
    kind, f = metric.kind, figures
    if "n" in f:
        yield f["n"] < 0, "n", "negative"
        if kind is Kind.QUANTILE:
            yield f["n"] % 1 > 0, "n", "not a whole number"
    if not metric.read.aggregated:
        if kind is Kind.PROPORTION:
            yield ~np.isin(f["value"], (0, 1)) & ~np.isnan(f["value"]), "value", "neither 0 nor 1"
        if kind is Kind.RATE:
            yield f["value"] < 0, "value", "negative"
            if "n" in f:
                yield (f["n"] == 0) & (f["value"] > 0) & ~_later(metric, f), "n", "events without exposure"
        if (possible := bounds(metric)) is not None:
            low, high, reason = possible
            yield (f["value"] < low) | (f["value"] > high), "value", reason
        return
    if kind in {Kind.PROPORTION, Kind.RATE}:
        yield f["total"] < 0, "total", "negative"
    if kind is Kind.PROPORTION:
        yield (f["n"] < f["total"]) & ~_later(metric, f), "n", "smaller than the total"
    if kind is Kind.RATE:
        yield (f["n"] == 0) & (f["total"] > 0) & ~_later(metric, f), "n", "events without exposure"
    if kind is Kind.MEAN and (possible := bounds(metric)) is not None:
        low, high, reason = possible
        mean = f["total"] / np.where(f["n"] > 0, f["n"], np.nan)
        slack = 1e-9 * np.abs(mean)
        yield (mean < low - slack) | (mean > high + slack), "total", f"{reason}, for so many answers"
    for square, single in (("squares", "total"), ("base_squares", "base")):
        if square in f and "n" in f:
            least = f[single] ** 2 * (1 - 1e-9)
            yield f[square] * f["n"] < least, square, f"smaller than the square of {single} allows"


def bounds(metric: Metric) -> tuple[float, float, str] | None:
    """(least, most, what is wrong with others) of a metric's single values; None where any number may be one.

    A metric whose times may lie before zero, such as those of early parcels, says so by its `scale`.
    """
    if metric.scale is not None:
        low, high = metric.scale
        return float(low), float(high), f"off the scale of {written(low, 'g')} to {written(high, 'g')}"
    if metric.kind in {Kind.MEAN, Kind.QUANTILE} and metric.unit_seconds is not None:
        return 0.0, float("inf"), "a negative duration"
    return None


def _later(metric: Metric, f: Mapping[str, Floats]) -> Bools:
    """Rows (R,) that bring events alone: what became known later of those that another row has counted already."""
    counts = metric.kind is Kind.RATE or (metric.kind is Kind.PROPORTION and metric.read.aggregated)
    if metric.read.known_at is None or not counts:
        return np.zeros(len(f["n"]), bool)
    return np.asarray((f["n"] == 0) & (f["total" if metric.read.aggregated else "value"] > 0))


def _event_parts(
    metric: Metric,
    at: npt.NDArray[np.int64],
    segment: npt.NDArray[np.int64],
    f: Mapping[str, Floats],
    known: npt.NDArray[np.int64] | None,
) -> Parts:
    exposure, weight = (f.get("n"), None) if metric.kind is Kind.RATE else (f.get("base"), f.get("n"))
    return Parts.of_events(
        metric.kind, at=at, segment=segment, value=f["value"], base=exposure, weight=weight, known=known,
        censored=metric.read.censored,
    )  # fmt: skip


def _cell_parts(
    kind: Kind,
    at: npt.NDArray[np.int64],
    segment: npt.NDArray[np.int64],
    f: Mapping[str, Floats],
    known: npt.NDArray[np.int64] | None,
) -> Parts:
    n = np.ones(len(at)) if kind is Kind.LEVEL else f["n"]
    return Parts(
        at=at,
        segment=segment,
        n=n,
        total=f["total"],
        squares=f.get("squares"),
        base=f.get("base"),
        base_squares=f.get("base_squares"),
        cross=f.get("cross"),
        known=known,
    )
