"""What was decided: changes, their scope, limits and aims, and the responses to them."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cxmon.model.metric import Amount, Segment

# What a dimension is called that tells who chose to be in a programme.
_MEMBERSHIP = re.compile(r"member|joined|joining|cohort|enrol|loyal|subscri|opted|signed_?up")

_LATER = frozenset({"stages", "membership", "imported"})


class Category(StrEnum):
    COST_CUT = "cost_cut"
    POLICY = "policy"
    PRICING = "pricing"
    STAFFING = "staffing"
    RELEASE = "release"
    INVESTMENT = "investment"
    PROGRAMME = "programme"
    MEASUREMENT = "measurement"


class Status(StrEnum):
    DRAFT = "draft"
    LIVE = "live"


# How the origin of a draft begins that came in from a feed; the feed's name follows.
FROM_FEED = "import:"


@dataclass(frozen=True)
class Scope:
    """The segments a change touches: per dimension the values it touches; no dimension is everyone."""

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, str | list[str] | tuple[str, ...]]) -> "Scope":
        as_tuples = ((k, (v,) if isinstance(v, str) else tuple(sorted(v))) for k, v in values.items())
        return cls(tuple(sorted(as_tuples)))

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.values)

    def touches(self, segment: Segment) -> bool:
        """True where the whole of `segment` lies inside the scope. A segment that lacks a dimension is not inside."""
        return all(segment.get(name) in allowed for name, allowed in self.values)

    def overlaps(self, other: "Scope") -> bool:
        """True where some customer could be in both: no shared dimension rules it out."""
        theirs = dict(other.values)
        return all(set(allowed) & set(theirs.get(name, allowed)) for name, allowed in self.values)

    def within(self, other: "Scope") -> bool:
        """True when nobody is touched whom `other` does not touch too."""
        mine = dict(self.values)
        return all(name in mine and set(mine[name]) <= set(allowed) for name, allowed in other.values)

    def narrowed(self, by: "Scope") -> "Scope":
        """The part of this scope that lies inside `by`; a dimension of which nothing is left touches nobody."""
        mine, theirs = dict(self.values), dict(by.values)
        both = {name: [v for v in mine[name] if v in theirs[name]] for name in mine.keys() & theirs.keys()}
        return Scope.of({**mine, **theirs, **both})

    @property
    def segment(self) -> Segment:
        """The least segment that holds the whole scope: the dimensions along which it touches one value alone."""
        return Segment(tuple((name, allowed[0]) for name, allowed in self.values if len(allowed) == 1))

    @property
    def label(self) -> str:
        return ", ".join("/".join(allowed) for _, allowed in self.values) or "all customers"


# Per what a saving may be said; the first one where nobody says.
SAVED_PER = ("year", "quarter", "month", "week", "day", "once")


@dataclass(frozen=True)
class Saving:
    """What the owner claims to save. `verified_by` is empty while nobody has checked it."""

    amount: float
    currency: str
    per: str = SAVED_PER[0]
    claimed_by: str = ""
    verified_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of a roll-out: the segments inside the change's scope that get it at `starts`, and lose it at `ends`."""

    starts: datetime
    scope: Scope
    ends: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The entry of a feed that a draft was made of: its id there, and the `version` that was read (epoch seconds).

    `cancelled`: the entry stands there as cancelled, so that nobody has to think of its draft any more.
    """

    feed: str
    entry: str
    version: int = 0
    cancelled: bool = False
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A declared decision. `starts` and `ends` are UTC instants; `owner` is a role or department, never a person.

    `stages`: it comes to segments of its scope at dates of their own, the first at `starts`; no two share a customer.
    `membership` names the dimension along which customers choose to be in it, such as the month in which they joined.
    """

    id: str
    title: str
    category: Category
    starts: datetime
    owner: str
    scope: Scope = Scope()
    scope_by_metric: Mapping[str, Scope] = field(default_factory=dict)
    spills_to: tuple[Scope, ...] = ()
    ends: datetime | None = None
    announced_days: int = 0
    limits: Mapping[str, Amount] = field(default_factory=dict)
    guards: tuple[str, ...] = ()
    aims: Mapping[str, Amount] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    saving: Saving | None = None
    horizon_days: int = 90
    status: Status = Status.LIVE
    responds_to: str | None = None
    note: str = ""
    stages: tuple[Stage, ...] = ()
    membership: str = ""
    imported: Imported | None = None

    @property
    def declared_hash(self) -> str:
        """Identity of what was declared; frozen with its time when the change goes live."""
        # Without what came later the hash is what it was before there was any of it.
        doc = {k: v for k, v in vars(self).items() if k != "status" and (k not in _LATER or v)}
        return hashlib.sha256(json.dumps(doc, default=_canonical, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def withdrawn(self) -> bool:
        """Whether a draft came in from a feed in which its entry is cancelled by now."""
        return self.imported is not None and self.imported.cancelled and self.status is Status.DRAFT

    @property
    def joined_by(self) -> str:
        """The dimension along which customers choose to be in it: the declared one, and of a programme one that is
        called so; empty where there is none."""
        if self.membership or self.category is not Category.PROGRAMME:
            return self.membership
        return next((name for name in self.reach.dimensions if _MEMBERSHIP.search(name.lower())), "")

    @property
    def reach(self) -> Scope:
        """The scope as far as the stages reach, where there are any."""
        return self.scope.narrowed(_hull(self.stages))

    def scope_for(self, metric: str) -> Scope:
        return self.scope_by_metric.get(metric, self.scope).narrowed(_hull(self.stages))

    def parts(self) -> "tuple[Change, ...]":
        """One change a stage, by their start, each with its own scope and dates; the change itself without stages."""
        return tuple(
            replace(
                self,
                starts=stage.starts,
                ends=stage.ends if stage.ends is not None else self.ends,
                scope=self.scope.narrowed(stage.scope),
                scope_by_metric={m: scope.narrowed(stage.scope) for m, scope in self.scope_by_metric.items()},
                stages=(),
            )
            for stage in sorted(self.stages, key=lambda one: (one.starts, one.scope.label))
        ) or (self,)


def _hull(stages: tuple[Stage, ...]) -> Scope:
    """The smallest scope that holds all stages: the dimensions that each of them names, with all their values."""
    scopes = [dict(stage.scope.values) for stage in stages]
    shared = set.intersection(*(set(scope) for scope in scopes)) if scopes else set()
    return Scope.of({name: sorted({v for scope in scopes for v in scope[name]}) for name in shared})


def _canonical(value: object) -> object:
    """The same instant is the same text, whichever class its time zone has."""
    if isinstance(value, Stage):
        return vars(value)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else repr(value)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A change as the registry holds it: what was frozen, when, and what was edited since."""

    change: Change
    declared_at: datetime
    origin: str
    frozen_hash: str | None = None
    frozen_at: datetime | None = None
    edits: tuple[str, ...] = ()

    @property
    def of_feed(self) -> str:
        """The feed that a draft came in from, while nobody has taken it over; else empty."""
        mine = self.change.status is Status.DRAFT and self.origin.startswith(FROM_FEED)
        return self.origin.removeprefix(FROM_FEED) if mine else ""

    @property
    def days_late(self) -> int:
        """Whole days between the start and the declaration where the change was declared after the fact."""
        return max(0, (self.declared_at - self.change.starts).days)


class Decision(StrEnum):
    KEEP = "keep"
    AMEND = "amend"
    ROLL_BACK = "roll_back"
    ACCEPT = "accept"


@dataclass(frozen=True, kw_only=True)
class Response:
    """What was decided about a change or an incident. `by` and `owner` are roles or departments.

    `owner` sees to it until `due`; where it is empty that is who decided.
    """

    subject: str
    decision: Decision
    by: str
    why: str
    at: datetime
    due: datetime | None = None
    owner: str = ""


# What is known for longer is no silence but a threshold, a route or a metric that should go.
LONGEST_SILENCE = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Known quiet for what matches, until an end that always exists."""

    id: str
    metric: str | None
    segment: Segment | None
    starts: datetime
    ends: datetime
    by: str
    why: str
