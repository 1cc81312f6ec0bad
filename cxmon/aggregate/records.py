"""A vendor's records become the facts of a metric, and facts become cells. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from cxmon.aggregate import reading
from cxmon.aggregate.intake import FUTURE, MOST_SEGMENTS, numbers, roles, rules
from cxmon.aggregate.naming import Names, word
from cxmon.aggregate.parts import Parts, merge, period_starts
from cxmon.aggregate.states import AFTER
from cxmon.contracts import Cells, Records, Rejected, Unfit, Unnamed
from cxmon.errors import SourceError
from cxmon.model import Kind, Metric, Segment

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
# Sets a record aside: its row, why, and the offending value.
Refuse = Callable[..., None]

# The field that every record has: what counts records takes it as its value.
ONE = "one"
# Longer than this no value of a dimension is; what is longer could be somebody's words.
LONGEST_VALUE = 200

_MOST_REJECTED = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """What a metric makes of a page of records: fact k is made of record `row[k]`, in columns (F,).

    `at` and `known` are epoch seconds, `known` 0 where the metric has no `known_at`; `segment` indexes the keys in
    `segments`. `value` is NaN for what is still open. `absent` are the records that are none of its facts (any more); a
    record that was set aside is neither. `unnamed` are values that no map of their dimension names.
    """

    row: Ints
    at: Ints
    segment: Ints
    segments: Sequence[str]
    value: Floats
    base: Floats
    known: Ints
    absent: Ints
    rejected: tuple[Rejected, ...]
    unnamed: Unnamed = field(default_factory=dict)


@dataclass(kw_only=True)
class Page:
    """A page of records on its way into the facts of several metrics, which share what has been read of it.

    With `frozen`, records after `now` are no facts: they lie in the future of a clock that stands still. Records of
    customers who are `forgotten` are nobody's facts, whatever is in them.
    """

    records: Records
    now: datetime
    frozen: bool = False
    forgotten: Collection[str] = ()
    _moments: dict[tuple[str, str], tuple[Ints, reading.Problems]] = field(default_factory=dict)
    _words: dict[str, list[str]] = field(default_factory=dict)
    _sound: dict[str, tuple[Sequence[object], Mapping[int, str]]] = field(default_factory=dict)

    def counted(self, metric: Metric) -> Counted:
        """The facts of `metric`. Raises SourceError where the records lack a field that it reads."""
        wanted = roles(metric)
        columns = {role: self._column(metric, name) for role, name in wanted.items()}
        rejected: list[Rejected] = []
        aside = np.zeros(len(self.records), bool)

        def refuse(i: int, reason: str, value: object = None) -> None:
            if not aside[i] and len(rejected) < _MOST_REJECTED:
                shown = "" if value is None else reading.shown(value)
                rejected.append(Rejected(where=self._place(i), reason=reason, value=shown))
            aside[i] = True

        told = self._told()
        for name in metric.read.only:
            self._refuse_unfit(name, told, refuse)
        chosen = self._chosen(metric) & told
        for name in wanted.values():
            self._refuse_unfit(name, chosen, refuse)
        # A state that does not count ends one that did.
        counts = told.copy() if metric.read.churn else chosen
        at = self._times(metric, wanted["time"], counts, refuse)
        counts &= at != 0
        if metric.read.churn:
            value, base = self._states(columns, counts, chosen, refuse)
        else:
            value, base = self._figures(metric, columns, counts, refuse)
        if not metric.read.censored:
            counts &= ~np.isnan(value)
        known = np.zeros(len(at), np.int64)
        if "known_at" in wanted:
            known = np.maximum(at, self._times(metric, wanted["known_at"], counts, refuse))
        row = np.flatnonzero(counts & ~aside)
        called = Names(metric)
        segment, keys = self._segments(called, wanted, row, refuse)
        row, segment = row[segment >= 0], segment[segment >= 0]
        when = at[row]
        if metric.kind is Kind.LEVEL:
            # What a period's records add up to: they belong to one instant.
            when = period_starts(metric, when)
        return Counted(
            row=row, at=when, segment=segment, segments=keys, value=value[row], base=base[row], known=known[row],
            absent=np.flatnonzero(~counts & ~aside), rejected=tuple(rejected), unnamed=called.unnamed,
        )  # fmt: skip

    def _column(self, metric: Metric, name: str) -> Sequence[object]:
        if name in self.records.fields:
            if name not in self._sound:
                self._sound[name] = _sound(self.records.fields[name])
            return self._sound[name][0]
        if name == ONE:
            return [1.0] * len(self.records)
        listed = ", ".join(sorted(self.records.fields)) or "none"
        raise SourceError(f"{metric.id}: its records have no field {name!r}; they have {listed}")

    def _refuse_unfit(self, name: str, counts: Bools, refuse: Refuse) -> None:
        for i, reason in self._sound.get(name, ((), {}))[1].items():
            if counts[i]:
                refuse(i, f"{name}: {reason}")

    def _place(self, i: int) -> str:
        return self.records.places[i] if len(self.records.places) else f"record {self.records.ids[i]}"

    def _told(self) -> Bools:
        """The records of customers who may be counted."""
        if not self.forgotten:
            return np.ones(len(self.records), bool)
        return np.array([customer not in self.forgotten for customer in self.records.customers], bool)

    def _chosen(self, metric: Metric) -> Bools:
        """The records whose fields have the values that `only` asks for."""
        chosen = np.ones(len(self.records), bool)
        for name, allowed in metric.read.only.items():
            chosen &= np.array([w in allowed for w in self._worded(metric, name)], bool)
        return chosen

    def _times(self, metric: Metric, name: str, counts: Bools, refuse: Refuse) -> Ints:
        """Epoch seconds (R,), 0 where a record has none: it does not count yet, which is no fault.

        `counts` loses what lies in the future of a clock that stands still.
        """
        column, key = self._column(metric, name), (name, metric.zone)
        if key not in self._moments:
            self._moments[key] = reading.moments(column, metric.zone)
        at, problems = self._moments[key]
        for i, reason in problems.items():
            if counts[i]:
                refuse(i, f"{name}: {reason}", column[i])
        if self.frozen:
            counts &= at <= self.now.timestamp()
            return at
        for i in np.flatnonzero((at > (self.now + FUTURE).timestamp()) & counts).tolist():
            refuse(i, f"{name}: in the future (now is {self.now:%Y-%m-%d %H:%M} UTC)", column[i])
        return at

    def _figures(
        self, metric: Metric, columns: Mapping[str, Sequence[object]], counts: Bools, refuse: Refuse
    ) -> tuple[Floats, Floats]:
        """(value, base) of each record (R,)."""
        figures, problems = numbers(metric, columns)
        for i, role, reason in problems:
            if counts[i]:
                refuse(i, f"{role}: {reason}", columns[role][i])
        for test, role, reason in (*rules(metric, figures), *_negative(metric, figures["value"])):
            for i in np.flatnonzero(test & counts).tolist():
                refuse(i, f"{role}: {reason}", columns[role][i])
        base = figures.get("n" if metric.kind is Kind.RATE else "base")
        if base is None:
            return figures["value"], np.ones(len(counts))
        for i in np.flatnonzero(np.isnan(base) & ~np.isnan(figures["value"]) & counts).tolist():
            refuse(i, f"{'n' if metric.kind is Kind.RATE else 'base'}: empty")
        return figures["value"], base

    def _states(
        self, columns: Mapping[str, Sequence[object]], counts: Bools, chosen: Bools, refuse: Refuse
    ) -> tuple[Floats, Floats]:
        """(what each state is worth, how it holds: see `states.AFTER`) (R,)."""
        value, problems = reading.numbers(columns["value"], words=False)
        for i in np.flatnonzero(counts).tolist():
            if i in problems:
                refuse(i, f"value: {problems[i]}", columns["value"][i])
            elif not value[i] >= 0:
                refuse(i, "value: negative" if value[i] < 0 else "value: empty")
            elif not (self.records.customers and self.records.customers[i]):
                refuse(i, "no customer whose state it is")
        holds, _ = reading.numbers(columns[AFTER])
        return np.where(chosen | np.isnan(value), value, 0.0), np.nan_to_num(holds)

    def _segments(self, called: Names, names: Mapping[str, str], row: Ints, refuse: Refuse) -> tuple[Ints, list[str]]:
        """(the segment of each fact, -1 where it can have none, their keys)."""
        metric, rows = called.metric, row.tolist()
        words = [self._valued(called, name, names[f"dimension:{name}"], rows) for name in metric.dimensions]
        combined: list[tuple[str, ...]] = list(zip(*words, strict=True)) or [()] * len(rows)
        numbers: dict[tuple[str, ...], int] = {}
        keys: list[str] = []
        for combination in dict.fromkeys(combined):
            sound = all(len(w) <= LONGEST_VALUE for w in combination)
            numbers[combination] = len(keys) if sound else -1
            keys += [called.segment(combination).key] if sound else []
            if len(numbers) > MOST_SEGMENTS:
                raise SourceError(
                    f"{metric.id}: more than {MOST_SEGMENTS} combinations of {', '.join(metric.dimensions)}; "
                    "a dimension with so many values is no segment"
                )
        found = np.array([numbers[c] for c in combined], np.int64)
        for k in np.flatnonzero(found < 0).tolist():
            name, long = max(zip(metric.dimensions, combined[k], strict=True), key=lambda pair: len(pair[1]))
            refuse(rows[k], f"{name}: too long for a value of a dimension", long)
        return found, keys

    def _valued(self, called: Names, dimension: str, name: str, rows: Sequence[int]) -> list[str]:
        """A dimension's values in these records."""
        if dimension in called.metric.dated:
            column = self._column(called.metric, name)
            return [called.period(dimension, column[i]) for i in rows]
        worded = self._worded(called.metric, name)
        return [worded[i] for i in rows]

    def _worded(self, metric: Metric, name: str) -> list[str]:
        """A field as words, which are made once for all metrics that read it."""
        if name not in self._words:
            column = self._column(metric, name)
            self._words[name] = [v.strip() if type(v) is str else word(v) for v in column]
        return self._words[name]


def _sound(column: Sequence[object]) -> tuple[Sequence[object], dict[int, str]]:
    """(the column, {row: why its value is none}): nothing stands where something unfit stood."""
    if Unfit not in set(map(type, column)):
        return column, {}
    unfit = {i: value.reason for i, value in enumerate(column) if isinstance(value, Unfit)}
    return [None if i in unfit else value for i, value in enumerate(column)], unfit


def _negative(metric: Metric, value: Floats) -> list[tuple[Bools, str, str]]:
    """What a vendor's figure cannot be beyond what its kind forbids: its quantiles are durations, whatever the unit."""
    durations = metric.kind is Kind.QUANTILE and metric.scale is None
    return [(value < 0, "value", "a negative duration")] if durations else []


def cells_of_facts(
    metric: Metric,
    segments: Sequence[Segment],
    at: Ints,
    segment: Ints,
    value: Floats,
    base: Floats,
    known: Ints,
    now: datetime,
) -> Cells:
    """Facts (F,) as cells: `segment` indexes `segments`, `known` is epoch seconds where the metric has a `known_at`."""
    parts = Parts.of_events(
        metric.kind, at=at, segment=segment, value=value, base=base, weight=None,
        known=known if metric.read.known_at is not None else None, censored=metric.read.censored,
    )  # fmt: skip
    if parts.known is not None:
        # A clock that is a little ahead of ours must not keep what is there from being counted.
        parts = replace(parts, known=np.minimum(parts.known, int(now.timestamp()) - 1))
    return merge(metric, segments, parts, now)
