"""What is measured: metrics, their kinds, segments and windows."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from cxmon.model.holidays import Holidays
from cxmon.model.making import Making

# What a row's value is made of where it is not read as it is.
MADE_OF = ("began", "ended", "answered", "abandoned", "waited", "score")
# What stands elsewhere in the hash, or in no figure.
_BESIDE = frozenset({"columns", "ticket"})
# What `read` says since a later version.
_LATER = frozenset({"censored", "stream", "only", "churn", *MADE_OF})
# How a metric may write its own unit of time, in seconds.
# Entries of the catalogue that are answers to a survey.
SURVEYS = frozenset({"csat", "nps", "ces"})
UNIT_SECONDS = {"ms": 0.001} | {
    name: seconds
    for names, seconds in (
        (("s", "sec", "second", "seconds"), 1.0),
        (("min", "minute", "minutes"), 60.0),
        (("h", "hour", "hours"), 3600.0),
        (("d", "day", "days"), 86400.0),
    )
    for name in names
}


class Kind(StrEnum):
    """How a metric's figures are made, and so how they add up and how they vary.

    Sufficient statistics of one cell (one metric, segment and period), by kind:

    ==========  =======================  ===========================  =====================================
    kind        n                        total                        further
    ==========  =======================  ===========================  =====================================
    proportion  answers                  satisfied answers            -
    mean        answers                  sum of the values            squares = sum of squared values
    quantile    tickets                  sum of the values            squares, sketch, value and variance
    rate        exposure                 events                       -
    ratio       units                    sum of numerators            squares, base, base_squares, cross
    level       1 where measured         the snapshot                 adds over segments only
    ==========  =======================  ===========================  =====================================
    """

    PROPORTION = "proportion"
    MEAN = "mean"
    QUANTILE = "quantile"
    RATE = "rate"
    RATIO = "ratio"
    LEVEL = "level"


class Better(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


class Grain(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, order=True)
class Segment:
    """One combination of dimension values; `EVERYONE`, with none, is all customers."""

    items: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, str] | Iterable[tuple[str, str]] = (), /, **more: str) -> "Segment":
        return cls(tuple(sorted((dict(values) | more).items())))

    @classmethod
    def from_key(cls, key: str) -> "Segment":
        return cls.of(json.loads(key))

    @cached_property
    def key(self) -> str:
        """Canonical JSON, the identity in the store: `{"channel": "phone"}`."""
        return json.dumps(dict(self.items), sort_keys=True, ensure_ascii=False)

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.items)

    @property
    def label(self) -> str:
        """For people: `phone · eu`, or `all customers`."""
        return " · ".join(value for _, value in self.items) or "all customers"

    def get(self, dimension: str) -> str | None:
        return dict(self.items).get(dimension)

    def holds(self, other: "Segment") -> bool:
        """True where `other` is this segment or a part of it."""
        return set(self.items) <= set(other.items)

    def along(self, dimensions: Iterable[str]) -> "Segment":
        """This segment with the named dimensions only: the parent it rolls up into."""
        wanted = set(dimensions)
        return Segment(tuple(item for item in self.items if item[0] in wanted))


EVERYONE = Segment()


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time `[since, until)`, both aware and in UTC."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise ValueError(f"window {self.since} to {self.until}: both ends need a time zone")
        if self.since > self.until:
            raise ValueError(f"window ends ({self.until}) before it begins ({self.since})")


@dataclass(frozen=True)
class Amount:
    """A size as its owner wrote it: `2pt`, `5min`, `10%` or a plain number.

    `value` is in the metric's natural unit (shares are 0..1, so `2pt` is 0.02); where `relative`, a fraction of the
    expected value (`10%` is 0.1).
    """

    value: float
    relative: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Read:
    """Where a metric's figures stand in a table: column names, or SQL expressions for the `sql` source.

    Event rows (one row an answer): `value` (proportion: 0/1; mean, quantile: the value; rate: events of the row, with
    `n` its exposure; ratio: numerator, with `base` the denominator). Aggregated rows: `n`, `total` and what the kind
    needs besides. `known_at` says when a row became known. `censored`: rows without a value are still open, and
    longer than all that are not. `columns` maps a dimension to its column where they differ. `stream` names the records
    of a vendor's source, whose fields are the columns; `only` the values that a field must have for a record, or a
    column for a row of a file, to count.
    `churn` names the definition by which a stream of states (how much a subscription is worth from when on) becomes
    lost customers, or lost value, of those at risk: `start_of_period`, or `stripe`. `ticket` is the column with a row's
    id in the system where it is from, for evidence; no figure depends on it.

    Instead of `value`, what it is made of (`Metric.making`): a duration from `began` (without it `time`) to `ended`;
    whether a call was `answered` or `abandoned`, and the seconds it `waited`; the `score` that somebody gave.
    """

    time: str
    table: str | None = None
    query: str | None = None
    file: str | None = None
    where: str | None = None
    value: str | None = None
    n: str | None = None
    total: str | None = None
    squares: str | None = None
    base: str | None = None
    base_squares: str | None = None
    cross: str | None = None
    known_at: str | None = None
    censored: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    stream: str | None = None
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    began: str | None = None
    ended: str | None = None
    answered: str | None = None
    abandoned: str | None = None
    waited: str | None = None
    score: str | None = None
    churn: str = ""
    ticket: str = ""

    @property
    def made_of(self) -> dict[str, str]:
        """{role: column} of what a row's value is made of; nothing where it is read as it is."""
        return {name: column for name in MADE_OF if (column := getattr(self, name)) is not None}

    @property
    def aggregated(self) -> bool:
        """True where each row already is a cell (it brings `total`), false where each row is one event."""
        return self.total is not None


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a metric's move is called: `faster` and `slower`."""

    better: str
    worse: str


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named figure with a direction, a source and a kind (design: words).

    `response_of` names the metric whose count is who was asked, where this one is a survey; `scale` are the lowest and
    highest answer that a survey of kind mean allows. `missing_differ` is how far, at most, the mean of the answers that
    came no more is taken to lie from that of the others; None means that each of them may be anything.

    `standard` names the entry of the catalogue that the metric follows, `formula` the rule where it is not that entry's
    usual one. `mapped` holds per dimension what a source's values are called here, `"*"` standing for all others;
    `dated` the dimensions whose values are instants, with the period that they are told by.
    """

    id: str
    label: str
    kind: Kind
    better: Better
    matters: Amount
    source: str
    read: Read
    unit: str = ""
    per: float = 1.0
    definition: str = ""
    grain: Grain = Grain.DAY
    zone: str = "UTC"
    week_start: int = 0
    dimensions: tuple[str, ...] = ()
    by: tuple[tuple[str, ...], ...] = ((),)
    quantiles: tuple[float, ...] = (0.5,)
    matures_after: timedelta = timedelta(0)
    lookback: timedelta = timedelta(days=7)
    settle: timedelta = timedelta(0)
    min_n: float = 10.0
    additive: bool = True
    guards: tuple[str, ...] = ()
    holidays: Holidays | None = None
    words: Words | None = None
    response_of: str = ""
    scale: tuple[float, float] | None = None
    # True where `matures_after` was not declared: it is learnt from how figures arrive.
    learns_maturity: bool = False
    missing_differ: Amount | None = None
    standard: str = ""
    formula: str = ""
    making: Making | None = None
    mapped: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dated: Mapping[str, str] = field(default_factory=dict)

    @property
    def unit_seconds(self) -> float | None:
        """The seconds of one `unit` where that is a time."""
        return UNIT_SECONDS.get(self.unit)

    @property
    def harm_sign(self) -> int:
        """+1 where a rise is harm, -1 where a fall is."""
        return -1 if self.better is Better.HIGHER else 1

    @property
    def unasked(self) -> bool:
        """Whether it is a survey of which nothing says who was asked, so that its response rate cannot be known."""
        return self.standard in SURVEYS and not self.response_of

    @property
    def judged_as_ratio(self) -> bool:
        """Durations are judged on the log scale: a quantile, or a mean whose `matters` is relative."""
        return self.kind is Kind.QUANTILE or (self.kind is Kind.MEAN and self.matters.relative)

    @cached_property
    def definition_hash(self) -> str:
        """Changes when the figures would no longer be comparable: a new hash starts a new series."""
        parts = [
            self.kind,
            self.source,
            # What came with a later version counts only where it is used: what is stored keeps its series.
            sorted((k, v) for k, v in vars(self.read).items() if k not in _BESIDE and (k not in _LATER or v)),
            sorted(self.read.columns.items()),
            self.dimensions,
            self.quantiles if self.kind is Kind.QUANTILE else (),
        ]
        made = self.making.parts if self.making is not None else None
        maps = [[name, sorted(values.items())] for name, values in sorted(self.mapped.items())]
        # What is made here in minutes is another figure in hours.
        made_in = self.unit_seconds if self.read.ended is not None else None
        later = [self.formula, made, maps, sorted(self.dated.items()), made_in]
        parts += [later] if any(later) else []
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
