"""What a check says, and the lasting problems that come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cxmon.model.kinds import Kinds
from cxmon.model.metric import Segment


class State(StrEnum):
    OK = "OK"
    BREACH = "BREACH"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check says of one series at one time, with numbers and a reason.

    `at` is the start of the newest period that was judged, `since` the start of the period in which it began, `began`
    the first and last period in which it may have begun, where the check can tell. `low` and `high` are the interval of
    `value` (or of the gap to `expected`), in the metric's natural unit. `withheld`: on too few answers to be shown, so
    that it has no figures (NaN) and its size is not told. `height` is how far it is on the way to an alarm (1 = there),
    where the check can tell that.
    """

    check: str
    metric: str
    segment: Segment
    at: datetime
    state: State
    reason: str
    value: float = float("nan")
    expected: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    n: float = 0.0
    since: datetime | None = None
    looked_at: int = 1
    score: float = 0.0
    began: tuple[datetime, datetime] | None = None
    withheld: bool = False
    height: float = float("nan")


class IncidentState(StrEnum):
    PENDING = "pending"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class Ending(StrEnum):
    RECOVERED = "recovered"
    ACCEPTED = "accepted"
    CLOSED_UNKNOWN = "closed_unknown"


@dataclass(frozen=True, kw_only=True)
class NotReal:
    """A person's word that an alert was false: by which role or department, why and when. `ended`: that word ended the
    incident, which it does not say of the figures; `looks` in breach were kept quiet since."""

    by: str
    why: str
    at: datetime
    ended: bool = False
    looks: int = 0


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A lasting problem, found by one check (`verdict` for a change that is harmed or worse).

    `root` is the segment it is told by, `members` all segments it covers, root included. `subject` is the metric's id,
    the change's id where `check` is `verdict`, and the source's where it is source health. `looks` are the newest looks
    of a pending incident, oldest first: B breach, o fine, ? unknown. `flaps`: how often its story had opened and
    recovered before it, where that is so often that it goes on and off; else 0. `assigned_to` is a role or department.
    `not_real` where people marked it as a false alarm, and the figures have not spoken against that since. `came_back`:
    how often it had been called recovered while what it is about went on. `kinds` is what its gap was made of when it
    was told last; None where that was not worked out.
    """

    id: str
    check: str
    subject: str
    root: Segment
    members: tuple[Segment, ...]
    state: IncidentState
    opened_at: datetime
    since: datetime | None
    last_breach_at: datetime
    worst: Finding | None = None
    latest: Finding | None = None
    breaches: int = 0
    quiet: int = 0
    unknown: int = 0
    ending: Ending | None = None
    ended_at: datetime | None = None
    acknowledged_by: str | None = None
    told_score: float = 0.0
    reopened: int = 0
    looks: str = ""
    assigned_to: str | None = None
    flaps: int = 0
    not_real: NotReal | None = None
    kinds: Kinds | None = None
    came_back: int = 0

    @property
    def again(self) -> int:
        """How often it has gone on and off, or was called recovered too soon."""
        return self.flaps or self.came_back

    @property
    def thread(self) -> str:
        """The story that its messages belong to: a change has one, whatever incident tells of it."""
        return f"change:{self.subject}" if self.check == "verdict" else f"incident:{self.id}"


class Step(StrEnum):
    """What happened to an incident: each is one message at most. `noted` is a decision to stay silent, kept so that
    `why` can print it; it is never told. The steps of `BY_HAND` are what people did beside acknowledging and
    accepting it."""

    OPENED = "opened"
    WORSENED = "worsened"
    WIDENED = "widened"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"
    REOPENED = "reopened"
    CORRECTED = "corrected"
    NOTED = "noted"
    ASSIGNED = "assigned"
    REMARKED = "remarked"
    SILENCED = "silenced"
    LEFT_OUT = "left_out"
    REPEATED = "repeated"
    MARKED = "marked"
    UNMARKED = "unmarked"


BY_HAND = frozenset({Step.ASSIGNED, Step.REMARKED, Step.SILENCED, Step.LEFT_OUT, Step.MARKED, Step.UNMARKED})


@dataclass(frozen=True, kw_only=True)
class Transition:
    incident: str
    step: Step
    at: datetime
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IncidentPolicy:
    """When findings become incidents and when these end. `breaches` of the last `of` looks open one; it ends after
    `recover_after` quiet ones in a row: not in breach, and at less than `recover_below` of what an alarm takes.

    A story that opens `flap_openings` times within `flap_within` goes on and off: from then on it takes `stable_after`
    quiet looks to end (None: twice `recover_after`). One that people marked as not real is told again after
    `mark_holds` looks in breach: a chance lasts no longer.
    """

    breaches: int = 1
    of: int = 1
    recover_after: int = 3
    recover_below: float = 2 / 3
    unknown_after: int = 14
    notify_again_ratio: float = 1.5
    notify_again_score: float = 1.0
    flap_openings: int = 3
    flap_within: timedelta = timedelta(days=28)
    stable_after: int | None = None
    mark_holds: int = 14

    def calm(self, finding: Finding) -> bool:
        """True where a look that is not in breach is clearly not: far from an alarm, where its check tells that."""
        return not finding.height >= self.recover_below

    def quiet_looks(self, again: int) -> int:
        """How many quiet looks end an incident that has gone on and off, or come back, so often."""
        if not again:
            return self.recover_after
        return 2 * self.recover_after if self.stable_after is None else self.stable_after


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Days of a metric that were a one-off: from `since` up to `until` they are neither judged nor learnt from, and in
    no verdict, in these segments and in what lies inside the `root`, by which the incident was told. Known from `at`
    on."""

    id: str
    metric: str
    root: Segment
    segments: tuple[Segment, ...]
    since: datetime
    until: datetime
    by: str
    why: str
    at: datetime
    incident: str = ""
