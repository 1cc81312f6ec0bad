"""Where a change's harm happens: the segments inside its scope that stand out, or that they fare alike."""

from dataclasses import dataclass
from enum import StrEnum

from cxmon.model.metric import Segment


class WhereAnswer(StrEnum):
    """`here`: segments stand out. `everywhere_alike`: none does, and none can differ by as much as the harm itself.
    `cannot_say`: none is shown to, but such differences are not ruled out; or nothing could be compared."""

    HERE = "here"
    EVERYWHERE_ALIKE = "everywhere_alike"
    CANNOT_SAY = "cannot_say"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One segment inside the scope: its harm, shrunk towards that of the whole, and the range that may be read daily.

    `own` is its harm before shrinking and `rest` that of the rest of the scope, all in the unit of `Where`; positive is
    worse. `share` is its part of the harm (the segments of one partition add up to 1 with what was not looked at),
    `volume` its part of the answers. `named`: it stands out from the rest; `p_value` that it does by chance alone.
    """

    segment: Segment
    harm: float
    low: float
    high: float
    own: float
    rest: float
    share: float
    volume: float
    answers: float
    p_value: float
    named: bool = False


@dataclass(frozen=True, kw_only=True)
class Apart:
    """How far the segments along some dimensions lie apart: the spread (a standard deviation in the unit of `Where`),
    and the chance of differences as large as these if they were all alike."""

    dimensions: tuple[str, ...]
    segments: int
    spread: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where one metric's harm happens inside the scope of a change.

    `places`: the named ones first, then all that were looked at along one dimension. `looked_at` counts segments up to
    two dimensions deep, `not_looked_at` names those with too few answers or nobody like them to compare with. `largest`
    is the largest difference from the `whole` harm that no segment's range rules out. At most `false_discovery` of the
    named ones are false on average. `reason` says why there is no answer. `mixed` is the harm that other kinds of
    contacts bring by being more or fewer, where it is beyond chance: no segment's, and not in `whole`.
    """

    metric: str
    answer: WhereAnswer
    unit: str
    whole: float
    looked_at: int
    largest: float
    false_discovery: float
    places: tuple[Place, ...] = ()
    apart: tuple[Apart, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    reason: str = ""
    mixed: float = 0.0

    @property
    def named(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.named)
