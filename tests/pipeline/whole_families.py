"""Families of companies in which nothing happened to the customers, and what is wrong to say of each."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import whole_world as ww

from cxmon.model import AimCode, Change, Code, Scope, Segment, Verdict

HORIZON = 42
RED = (Code.HARMED, Code.WORSE)


@dataclass(frozen=True, kw_only=True)
class World:
    """One company, what was declared in it, and which codes are wrong there."""

    company: ww.Company
    change: Change
    others: tuple[Change, ...] = ()
    wrong: tuple[Code, ...] = RED


@dataclass
class Said:
    """The first look (days since the start) at which something wrong was said of each metric; `aim`: that the gain is
    shown. `last` is the code of the last look."""

    so_far: dict[str, int] = field(default_factory=dict)
    now: dict[str, int] = field(default_factory=dict)
    better: dict[str, int] = field(default_factory=dict)
    aim: int | None = None
    last: str = ""

    @property
    def harm(self) -> bool:
        return bool(self.so_far or self.now)


def judged(world: World, ages: Sequence[int]) -> Said:
    """Everything wrong that is said of one world."""
    panels = world.company.panels(ww.metrics())
    begins = round((world.change.starts - ww.START).total_seconds() / 86_400)
    said, history = Said(), []
    for age in ages:
        verdict = ww.verdict(world.change, (world.change, *world.others), panels, ww.day(begins + age), history)
        _note(said, verdict, world.wrong, age)
        history.append(verdict)
    said.last = history[-1].code.value
    return said


def seeded(family: str, number: int) -> World:
    at = list(FAMILIES).index(family)
    return FAMILIES[family][0](np.random.default_rng([at, number, 3]), 1000 * at + number)


def _note(said: Said, verdict: Verdict, wrong: tuple[Code, ...], age: int) -> None:
    for harm in verdict.harms:
        if harm.code in wrong:
            said.so_far.setdefault(harm.metric, age)
        # Up to a fortnight "now" is "so far" itself.
        beyond = 0.0 if Code.WORSE in wrong else harm.limit if Code.HARMED in wrong else math.inf
        if harm.now != harm.so_far and harm.now.low > beyond:
            said.now.setdefault(harm.metric, age)
        if harm.code is Code.IMPROVED and Code.IMPROVED not in wrong:
            said.better.setdefault(harm.metric, age)
    if said.aim is None and any(aim.code is AimCode.SHOWN for aim in verdict.aims):
        said.aim = age


def _usual(rng: np.random.Generator, seed: int, *, history: int | None = None, **more) -> tuple[ww.Company, int]:
    """A company with its own volume, liveliness and length of history, and the day its change begins."""
    begins = int(rng.integers(90, 250)) if history is None else history
    given = {"size": float(np.exp(rng.uniform(-1, 1))), "noise": float(rng.uniform(0.5, 1.5))}
    return ww.Company(seed=seed, days=begins + 2 * HORIZON + 2, **(given | more)), begins


def _plain(rng, seed, scope: Scope = ww.PHONE, **more) -> World:
    company, begins = _usual(rng, seed, **more)
    return World(company=company, change=ww.change(begins, scope=scope))


def _moved(company: ww.Company, moves: Mapping[str, ww.Move]) -> ww.Company:
    return replace(company, moves=moves)


def _in_limits(rng, seed, limits: float, wrong: tuple[Code, ...]) -> World:
    """Every metric is worse by so many of its limits."""
    company, begins = _usual(rng, seed)
    shares, logs = -0.02 * limits, (math.log(1 + 0.1 * limits), math.log(1 + 0.2 * limits))
    sizes = {"csat": shares, "solved": shares, "reply": logs[0], "churn": logs[1]}
    moves = {name: ww.since(begins, size) for name, size in sizes.items()}
    return World(company=_moved(company, moves), change=ww.change(begins), wrong=wrong)


def _neighbour(rng, seed) -> World:
    company, begins = _usual(rng, seed)
    later = ww.change(begins + 21, id="bot", title="Chat bot", scope=Scope.of({"channel": "chat"}))
    company = _moved(company, {"csat": ww.since(begins + 21, -0.05, later.scope)})
    return World(company=company, change=ww.change(begins), others=(later,))


def _controls_hit(rng, seed) -> World:
    company, begins = _usual(rng, seed)
    lucky = (Segment.of(channel="email", region="eu"), Segment.of(channel="social", region="us"))
    sizes = {"csat": 0.04, "solved": 0.04, "reply": -0.2, "churn": -0.3}
    moves = {name: (lambda s, t, x=x: x * (t >= begins) * (s in lucky)) for name, x in sizes.items()}
    return World(company=_moved(company, moves), change=ww.change(begins))


FAMILIES: dict[str, tuple[Callable[..., World], str]] = {
    "usual": (_plain, "four channels in two regions, one of them touched"),
    "thin": (lambda r, s: _plain(r, s, size=float(np.exp(r.uniform(-2.5, -1.5)))), "a tenth to a fifth of the answers"),
    "drift": (lambda r, s: _plain(r, s, drift=float(r.uniform(0.1, 0.4))), "segments wander for good"),
    "incidents": (lambda r, s: _plain(r, s, spikes=0.03), "days with an incident: 3 % of a segment's, 1.5 % for all"),
    "uneven": (lambda r, s: _plain(r, s, uneven=0.4), "segments differ in profile and in following what is shared"),
    "young": (lambda r, s: _plain(r, s, history=int(r.integers(35, 70))), "five to ten weeks of history"),
    "everyone": (lambda r, s: _plain(r, s, Scope()), "company-wide: no untouched segment"),
    "region": (lambda r, s: _plain(r, s, Scope.of({"region": "eu"})), "one region of two touched"),
    "neighbour": (_neighbour, "another declared change really harms another channel three weeks later"),
    "at the limit": (
        lambda r, s: _in_limits(r, s, 0.9, (Code.HARMED,)), "worse by nine tenths of each limit; wrong: over the limit"
    ),
    "just over": (
        lambda r, s: _in_limits(r, s, 1.25, (Code.SAFE, Code.IMPROVED)),
        "worse by five quarters of each limit; wrong: limit held, or better",
    ),
    "controls hit": (_controls_hit, "two of six untouched segments get better at the same date, undeclared"),
}  # fmt: skip
# Shown, not pooled: in one there is a harm, and the question whether it is called held; in the other the comparison
# itself is spoiled, which no split of the error can mend.
APART = ("just over", "controls hit")
HARMLESS = tuple(name for name in FAMILIES if name not in APART)
