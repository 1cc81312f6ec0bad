"""What was said of a change and when: the facts that tell why a verdict came to say something else."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """Why a verdict says something else than the version before."""

    FIRST = "first"
    REVISED = "revised"
    MORE_DAYS = "more_days"
    EDITED = "edited"
    OTHER_CHANGE = "other_change"
    MEASUREMENT = "measurement"
    STAGE = "stage"
    OPINION = "opinion"
    COMPARED = "compared"
    WATCHED = "watched"
    UNWATCHED = "unwatched"
    WINDOW = "window"
    SETTINGS = "settings"
    METHOD = "method"
    PRICE = "price"
    LEFT_OUT = "left_out"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One metric's harm as it was judged over one window: `low`, `estimate` and `high` in the harm's `unit`, positive
    is worse; `actual` in the metric's natural unit; `code` as in `Code`."""

    metric: str
    code: str
    unit: str
    low: float
    estimate: float
    high: float
    actual: float
    answers: float
    n_post: int
    window_start: datetime | None
    window_end: datetime | None


@dataclass(frozen=True, kw_only=True)
class FirstSaid:
    """What a version of a verdict was when it was first said; the daily refresh keeps it.

    `declared` is the hash of the declaration, `edits` how many lines of edits it had. `near` are the other changes
    that had touched the same customers by then. `settings` are, by metric, the settings that a verdict rests on.
    `recalled` are the metrics that turned, judged again over the window of the newest look of the version before, as
    known at `at`: what differs there is no news of later days.
    """

    at: datetime
    headline: str = ""
    declared: str = ""
    edits: int = 0
    near: tuple[str, ...] = ()
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    method: str = ""
    figures: tuple[Figure, ...] = ()
    recalled: tuple[Figure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason with its numbers. `decisive`: it alone turned the verdict, the others only came with it.

    `before` and `after` are the metric's figure over one and the same window (revised), `count` the periods added (more
    days) or the answers that came late (revised), `until` the end of the window that is meant, `names` what else is
    meant: changes' ids, edits, settings, scopes, grades or versions of the method; of a price what it said before and
    says now (codes, empty where nothing) and its grade.
    """

    cause: Cause
    metric: str = ""
    count: float = 0.0
    before: float = float("nan")
    after: float = float("nan")
    until: datetime | None = None
    names: tuple[str, ...] = ()
    decisive: bool = False


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One metric whose code went from `before` to `after`; the same twice: it left the range that was told. `within`:
    whether all of the range was within the limit before, and is after."""

    metric: str
    before: str
    after: str
    within: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a verdict: said from `said_from` to `said_to` at least, what was said before, and why it changed.

    `headline` is that of the day on which it was first said. `before` is the code of the version before, empty for the
    first, and `before_headline` what that said at first.
    """

    number: int
    said_from: datetime
    said_to: datetime
    code: str
    grade: str
    headline: str
    before: str
    before_headline: str
    reasons: tuple[Reason, ...]
    turned: tuple[Turn, ...] = ()
