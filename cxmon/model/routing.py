"""Who hears what: routes, mute calendars, and what a piece of news is about."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cxmon.model.making import BusinessHours
from cxmon.model.metric import Segment

NONE = timedelta(0)


class Severity(StrEnum):
    """How grave a piece of news is, gravest first. A story has the severity of the gravest thing it has told.

    `over_limit`: a change over its limit, a figure out of its bounds, an allowance exceeded. `worse`: surely worse
    than expected, or than before a change. `small`: surely worse, and within the limit. `source`: data that fail.
    `open`: not known yet. `held`: the limit held so far. `better`: surely better.
    """

    OVER_LIMIT = "over_limit"
    WORSE = "worse"
    SMALL = "small"
    SOURCE = "source"
    OPEN = "open"
    HELD = "held"
    BETTER = "better"

    @property
    def rank(self) -> int:
        """0 is the gravest."""
        return list(Severity).index(self)


@dataclass(frozen=True, kw_only=True)
class Mute:
    """Hours in which news waits: those of `hours`, or, where `outside`, all others. What is as grave as one of `exempt`
    is told all the same."""

    id: str
    hours: BusinessHours
    outside: bool = False
    exempt: tuple[Severity, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who hears what: the first route that matches takes the message. Empty matches everything.

    `also` are further channels. First news waits for `group_wait`, and for `group_interval` since the channel's last
    one, so that what comes together is told together. A story that is open and that nobody has acknowledged is told
    again every `repeat_interval` (None: never).
    """

    channel: str
    metrics: tuple[str, ...] = ()
    segment: Segment | None = None
    owners: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    views: tuple[str, ...] = ()
    mutes: tuple[str, ...] = ()
    group_wait: timedelta = NONE
    group_interval: timedelta = NONE
    repeat_interval: timedelta | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        return (self.channel, *self.also)


@dataclass(frozen=True, kw_only=True)
class News:
    """What a message is about, as far as routing asks. `incident` is empty for what no whole's incident can tell of;
    `told` are the channels that know the story, `final`: an end or a correction."""

    metrics: tuple[str, ...] = ()
    segment: Segment | None = None
    check: str = ""
    owner: str = ""
    severity: Severity | None = None
    incident: str = ""
    told: tuple[str, ...] = ()
    final: bool = False


@dataclass(frozen=True, kw_only=True)
class OpenStory:
    """An open incident, as far as it can tell of another one about a part of it."""

    incident: str
    check: str
    metric: str
    segment: Segment
    severity: Severity
