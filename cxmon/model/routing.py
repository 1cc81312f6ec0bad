"""Who hears what: routes, mute calendars, and what a piece of news is about."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cxmon.model.making import BusinessHours
from cxmon.model.metric import Segment


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
class Company:
    """When first news goes out: after `group_wait`, and `group_interval` after the channel's last one, so that what
    comes together is told together; and every how often what is open and acknowledged by nobody is told again. None
    says nothing of it."""

    group_wait: timedelta | None = None
    group_interval: timedelta | None = None
    repeat_interval: timedelta | None = None

    def over(self, other: "Company | None") -> "Company":
        """What this one says, and of what it says nothing, what the other one says."""
        mine = vars(self).items()
        return self if other is None else Company(**{k: getattr(other, k) if v is None else v for k, v in mine})


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who hears what: the first route that matches takes the message. Empty matches everything.

    `also` are further channels. `group_wait`, `group_interval` and `repeat_interval` as of `Company`: what the route
    does not say, its channel does.
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
    group_wait: timedelta | None = None
    group_interval: timedelta | None = None
    repeat_interval: timedelta | None = None

    @property
    def company(self) -> Company:
        return Company(
            group_wait=self.group_wait, group_interval=self.group_interval, repeat_interval=self.repeat_interval
        )

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
