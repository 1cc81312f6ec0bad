"""What was found out about a declared change: harms, aims and the verdict over them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cxmon.model.price import Price, PriceCode
from cxmon.model.ranges import Grade, Interval
from cxmon.model.response_rate import ResponseRate, Unlike
from cxmon.model.version import FirstSaid
from cxmon.model.where import Where


class Code(StrEnum):
    """The verdict codes (design: verdicts). Gravest first is the order of `GRAVITY`."""

    HARMED = "harmed"
    WORSE = "worse"
    IMPROVED = "improved"
    SAFE = "safe"
    UNDECIDED = "undecided"
    WAITING = "waiting"
    NOT_COMPARABLE = "not_comparable"
    ENTANGLED = "entangled"


GRAVITY = (
    Code.HARMED,
    Code.WORSE,
    Code.NOT_COMPARABLE,
    Code.ENTANGLED,
    Code.WAITING,
    Code.UNDECIDED,
    Code.SAFE,
    Code.IMPROVED,
)

# The codes that say that customers are surely worse off.
RED = frozenset({Code.HARMED, Code.WORSE})


class Method(StrEnum):
    """Where a second opinion comes from: a structural time-series model, or a t-test on blocks of whole cycles."""

    STRUCTURAL = "structural"
    BLOCKS = "blocks"


class Agreement(StrEnum):
    """How a second opinion stands to the verdict's range; see `decisions.agreement`."""

    AGREES = "agrees"
    OPPOSITE = "opposite"
    ACROSS_LIMIT = "across_limit"
    APART = "apart"
    EXCLUDED = "excluded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Placebo:
    """In `windows` comparable windows without a change, a harm this large happened `as_large` times.

    Windows begin on every date and overlap; `separate` is how many of them fit beside each other (0: not counted).
    """

    as_large: int
    windows: int
    separate: int = 0


@dataclass(frozen=True, kw_only=True)
class Rank:
    """Of `of` segments judged alike at the date of a change, the touched one moved `place`-th most its own way."""

    place: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What another method says of the same harm, in the harm's unit; NaN and a `reason` where it can say nothing."""

    method: Method
    found: Interval
    agreement: Agreement
    reason: str = ""

    @property
    def disputes(self) -> bool:
        return self.agreement not in {Agreement.AGREES, Agreement.UNKNOWN}


@dataclass(frozen=True, kw_only=True)
class StageHarm:
    """One stage of a roll-out on one metric, in the unit of the whole's `Harm`: its own code and harm so far.

    `code` is waiting for a stage that has not begun or has too little data; `reason` says which.
    """

    scope: str
    starts: datetime
    code: Code
    so_far: Interval
    limit: float
    grade: Grade
    n_post: int
    answers: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Harm:
    """The harm of one change to one metric: positive is worse.

    `unit` says how the numbers read: `pt` (shares 0..1, shown as points), `%` (fractions of the expected value, for
    metrics judged as ratios and for relative limits), or the metric's own unit. `limit` is in the same unit.
    `actual` and `expected` are in the metric's natural unit over the same window as `so_far`. `closed`: the window is
    over, so no later data will narrow the interval. `controls` are the untouched segments compared with,
    `controls_moved` those that moved by themselves since then and count little or not at all. `holidays` says how
    many were left out or modelled, and why. `stages`: of a roll-out in stages each one's own harm, by their start;
    `so_far` is then the mean over those that have begun, weighted by answers. `notes` say, each in a phrase for people,
    what the estimate rests on: other changes near, the scope it is judged on, why nobody could be compared with.
    `unlike` is why it is not comparable, `response_rate` who answered of those asked; None where that does not apply.
    `left_out` are those of the notes on days that people left out as one-offs.
    """

    metric: str
    code: Code
    reason: str
    unit: str
    limit: float
    so_far: Interval
    now: Interval
    actual: float
    expected: float
    grade: Grade
    p_value: float
    confidence: float
    n_pre: int
    n_post: int
    answers: float
    window_start: datetime | None
    window_end: datetime | None
    scope: str
    controls: tuple[str, ...] = ()
    controls_moved: tuple[str, ...] = ()
    due: date | None = None
    placebo: Placebo | None = None
    rank: Rank | None = None
    entangled_with: tuple[str, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    closed: bool = False
    holidays: str = ""
    stages: tuple[StageHarm, ...] = ()
    notes: tuple[str, ...] = ()
    unlike: Unlike | None = None
    response_rate: ResponseRate | None = None
    left_out: tuple[str, ...] = ()

    @property
    def disputed(self) -> bool:
        """Whether a second opinion contradicts, which has lowered the grade by one."""
        return any(opinion.disputes for opinion in self.opinions)


class AimCode(StrEnum):
    SHOWN = "shown"
    NOT_SHOWN = "not_shown"
    MISSED = "missed"


@dataclass(frozen=True, kw_only=True)
class AimResult:
    """Whether a promised gain is shown (gain.low > 0), missed (gain.high < promised) or not shown yet.

    `gain` has the harm's unit with the sign turned: positive is better.
    """

    metric: str
    code: AimCode
    unit: str
    promised: float
    gain: Interval


@dataclass(frozen=True, kw_only=True)
class SplitRanges:
    """(low, high) of each part of a split, as they may be read daily."""

    total: tuple[float, float]
    rate: tuple[float, float]
    mix: tuple[float, float]
    entry_exit: tuple[float, float]
    remainder: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Everybody's gap to expected in parts: total = rate + mix + entry_exit + remainder, exactly; positive is worse.

    The remainder is what separate estimates of the parts leave over. `within` is set for quantiles: the split is that
    of the share answered within so much (natural unit). `staged`: that of a roll-out, on average since its first stage.
    Verdicts of before ranges were estimated have no `ranges` and no `grade`: their total is the gap to as many periods
    before.
    """

    metric: str
    total: float
    rate: float
    mix: float
    entry_exit: float
    unit: str
    remainder: float = 0.0
    ranges: SplitRanges | None = None
    grade: Grade | None = None
    within: float | None = None
    staged: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The judgement on one change as of one moment. `version` counts what was ever said of it, from 1; `first` is what
    that version was when it was first said.

    `unsplit`: metrics that were not split, each with why (`Unsplit`); verdicts of before that was kept have none.
    `price` is None where no value is configured, and where nothing was claimed and nothing that counts is watched.
    `price_said` is the answer of the price that stands: the newest firm one, `open` where it was taken back.
    `on_aims`: an investment or a programme, which is told by the gains it promised wherever no limit is exceeded.
    """

    change: str
    as_of: datetime
    code: Code
    grade: Grade
    harms: tuple[Harm, ...]
    aims: tuple[AimResult, ...] = ()
    splits: tuple[Split, ...] = ()
    unsplit: tuple[tuple[str, str], ...] = ()
    version: int = 1
    day: int = 0
    headline: str = ""
    sentence: str = ""
    story: tuple[str, ...] = ()
    price: Price | None = None
    on_aims: bool = False
    first: FirstSaid | None = None
    where: tuple[Where, ...] = ()
    price_said: PriceCode | None = None


@dataclass(frozen=True, kw_only=True)
class Break:
    """An instant at which the measurement changed, by the change's title: nothing is compared across it."""

    at: datetime
    title: str


@dataclass(frozen=True, kw_only=True)
class Band:
    """Everything the trend chart of one series needs, computed once by judge and stored.

    `key` is a segment's key, or `change:<id>` for the segments a change touches, pooled. All tuples have one entry a
    period: `value` the figure itself and `n` the answers behind it, `avg` the trailing mean of `smooth` periods,
    `expected` what would have been, averaged the same way, `low` and `high` where `avg` falls in 99 of 100 cases when
    nothing changes; all in the metric's natural unit, NaN = missing. `complete` tells mature periods. Before `since`
    the expectation is a fit, from there on a counterfactual. `avg` and `expected` begin anew at each of the `breaks`.
    """

    metric: str
    key: str
    label: str
    as_of: datetime
    starts: tuple[int, ...]
    value: tuple[float, ...]
    n: tuple[float, ...]
    avg: tuple[float, ...]
    expected: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    complete: tuple[bool, ...]
    smooth: int = 7
    since: datetime | None = None
    change: str | None = None
    reason: str = ""
    breaks: tuple[Break, ...] = ()
