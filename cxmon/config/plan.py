"""What a valid configuration means: plain frozen values, no YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cxmon.contracts import ChangeFeed, Channel, Check, Source
from cxmon.model import (
    MINIMUM_CELL,
    Access,
    Allowances,
    Change,
    Company,
    DigestTime,
    Drafting,
    IncidentPolicy,
    Metric,
    Money,
    Mute,
    NumberFormat,
    Route,
    Secret,
    Silence,
    Target,
    View,
)


@dataclass(frozen=True, kw_only=True)
class CheckPlan:
    """One check with the metrics it runs on, and when its findings become incidents."""

    name: str
    check: Check
    metrics: tuple[str, ...]
    policy: IncidentPolicy = field(default_factory=IncidentPolicy)


# How far into the future the entries of a feed become drafts.
AHEAD = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class FeedPlan:
    """A feed of changes, and what becomes of its entries, up to `ahead` into the future."""

    name: str
    feed: ChangeFeed
    rules: Drafting
    ahead: timedelta = AHEAD


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How often `cxmon run` collects and judges."""

    collect_every: timedelta = timedelta(hours=1)
    judge_every: timedelta = timedelta(hours=1)
    deliver_every: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class TeamAgreement:
    """What allows a team to be a dimension, and how many people a team has at least. Heads are not in the figures: the
    source has to put smaller teams together."""

    stated: str
    min_head_count: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything the pipeline needs to know, from one YAML file.

    `alarm_budget` is the number of false watch incidents per quarter that the team will put up with, over everything
    that is watched; `importance` says by metric how it is shared (1 where a metric is not named). `number_format` is
    how figures are written where people read them. `as_of` freezes now. `board_url` is where links in messages point
    to. `notes` are remarks of `cxmon validate` on what is valid but may surprise. `money` says what a lost customer and
    a contact cost. Figures on fewer answers than `minimum_cell` are not shown. `store_url` may hold a password and is
    left out of the printed form. `keep_facts` is how long records of vendors are kept, `hash_key` the key with which
    their customer ids become hashes. `access` says who may see and change what, `fallbacks` by channel which other one
    is told while it takes nothing. `views` are what teams see and hear of, `mutes` hours in which news waits, by name.
    `company` says by channel how news is told together and again where its route does not.
    """

    path: Path
    store_url: str = field(repr=False)
    title: str = "Customer experience"
    zone: str = "UTC"
    number_format: NumberFormat = field(default_factory=NumberFormat)
    as_of: datetime | None = None
    backfill: timedelta = timedelta(days=550)
    alarm_budget: float = 2.0
    importance: Mapping[str, float] = field(default_factory=dict)
    board_url: str = "http://127.0.0.1:8501"
    sources: Mapping[str, Source] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    checks: tuple[CheckPlan, ...] = ()
    channels: Mapping[str, Channel] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    changes: tuple[Change, ...] = ()
    silences: tuple[Silence, ...] = ()
    schedule: Schedule = Schedule()
    team_agreement: TeamAgreement | None = None
    notes: tuple[str, ...] = ()
    money: Money | None = None
    allowance: Allowances = field(default_factory=lambda: Allowances(amounts={}))
    targets: tuple[Target, ...] = ()
    minimum_cell: int = MINIMUM_CELL
    keep_facts: timedelta = timedelta(days=400)
    hash_key: Secret | None = None
    change_feeds: tuple[FeedPlan, ...] = ()
    reasons: str = "reason"
    access: Access = field(default_factory=Access)
    views: tuple[View, ...] = ()
    digest: DigestTime | None = None
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    mutes: Mapping[str, Mute] = field(default_factory=dict)
    company: Mapping[str, Company] = field(default_factory=dict)
