"""Which series a change touches and which it leaves alone, per metric: the treated pooled, the controls rolled up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np
import numpy.typing as npt

from cxmon.decisions.joining import RAW, joined_by, strangers
from cxmon.decisions.overlap import concerns, scope_of
from cxmon.decisions.span import PAST
from cxmon.model import EVERYONE, Category, Change, Kind, Metric, Scope, Segment, Status
from cxmon.panel import Panel

# How a note begins that tells whom a metric was judged on where it does not know the scope.
ON_OTHERS = "judged on "

Bools = npt.NDArray[np.bool_]

# Fewer controls tell little of the shared movement, more are thinner than they need to be.
FEWEST, MOST = 3, 20
# A change this near to the start or within the window spoils a control; older ones are left to the pre-period fit.
NEAR = timedelta(days=60)
# Controls that keep less than this share of the untouched volume are not sensible: coarser ones are taken.
KEPT = 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Sides:
    """The treated series (1, T), the controls (K, T) and what to say of the scope. `reason` is why there is nothing,
    `alone` why there are no controls.

    `treated_leaves` and `free_leaves` (S,) tell which stored leaves the change touches, and which nothing touched.
    """

    treated: Panel | None
    controls: Panel | None
    treated_leaves: Bools
    free_leaves: Bools
    label: str
    note: str = ""
    reason: str = ""
    alone: str = ""


def sides(change: Change, others: Sequence[Change], leaves: Panel, *, at: int, until: datetime) -> Sides:
    """Resolves a change's scope on a metric's stored leaf segments; `at` is the first period with the change."""
    metric = leaves.metric
    declared = change.scope_for(metric.id)
    scope = scope_of(change, metric)
    missing = [name for name in declared.dimensions if name not in metric.dimensions]
    note = f"{ON_OTHERS}{scope.label}: {metric.label} is not known by {' and '.join(missing)}" if missing else ""
    touched = np.array([scope.touches(s) for s in leaves.segments], bool)
    if not metric.additive:
        return _whole(scope, leaves, note)
    if not touched.any():
        reason = f"no figures of {metric.label} for {scope.label}{_absent(scope, leaves)}"
        return _nothing(leaves, scope.label, note, reason)
    near = _near(change, others, metric, until)
    free = ~touched & ~_spoiled(change, near, leaves) & ~strangers(change, leaves)
    found = controls(leaves, free, at)
    return Sides(
        treated=leaves.pooled(EVERYONE, touched),
        controls=found,
        treated_leaves=touched,
        free_leaves=free,
        label=scope.label,
        note=note,
        alone="" if found is not None else RAW if joined_by(change, metric) else _alone(near, leaves, touched, free),
    )


def touched(change: Change, leaves: Panel) -> Bools:
    """Which stored leaves (S,) a change touches; where segments overlap, the one total that it is judged on."""
    scope = scope_of(change, leaves.metric)
    return _reached((scope,), leaves) if leaves.metric.additive else _whole(scope, leaves, "").treated_leaves


def controls(leaves: Panel, free: Bools, at: int) -> Panel | None:
    """Untouched leaves rolled up along the dimensions that give 3 to 20 series with enough answers; None without any.

    Of the roll-ups that keep at least 80 % of the volume the finest within bounds is taken; where none has three, the
    two or one that there are do not make a comparison of their own, and two are the least. Where every roll-up has more
    than 20 (one dimension with a hundred organisations), the 20 largest of the coarsest stand for it.
    """
    if not free.any() or at < 1:
        return None
    chosen = [s for s, ok in zip(leaves.segments, free, strict=True) if ok]
    dims = sorted({name for s in chosen for name in s.dimensions})
    size = _volume(leaves)[:, :at].sum(1)
    volume = size[free].sum()
    best: tuple[tuple[bool, int], Bools] | None = None
    many: Bools | None = None
    for count in range(len(dims), -1, -1):
        for along in combinations(dims, count):
            groups = _groups(leaves, free, along)
            thick = _thick(leaves, groups, at)
            groups = groups[thick]
            kept = (groups @ size).sum() if len(groups) else 0.0
            enough = bool(kept >= KEPT * volume)
            if enough and len(groups) > MOST and (many is None or len(groups) < len(many)):
                many = groups
            if not 2 <= len(groups) <= MOST or not enough:
                continue
            rank = (len(groups) >= FEWEST, len(groups))
            if best is None or rank > best[0]:
                best = rank, groups
    if best is not None:
        taken = best[1]
    elif many is not None:
        taken = _largest(leaves, many, at)
    else:
        return None
    return added_up(leaves, taken, [_named(leaves, group) for group in taken])


def _largest(leaves: Panel, groups: Bools, at: int) -> Bools:
    """The MOST groups with the largest volume before `at`, in their order."""
    size = groups @ _volume(leaves)[:, :at].sum(1)
    return groups[np.sort(np.argsort(-size, kind="stable")[:MOST])]


def not_by_stage(change: Change, leaves: Panel) -> str:
    """Why a metric cannot be judged stage by stage; empty where it can."""
    metric = leaves.metric
    if change.category is Category.MEASUREMENT or not len(leaves.starts) or not leaves.n.any():
        return "no figures"
    named = {name for stage in change.stages for name in stage.scope.dimensions}
    missing = sorted(named - set(metric.dimensions))
    if missing:
        return f"{metric.label} is not known by {' and '.join(missing)}"
    if metric.kind is Kind.LEVEL:
        return f"{metric.label} is a level, which has no answers to weigh segments by"
    return "" if metric.additive else f"segments of {metric.label} overlap"


def covered(scope: Scope, leaves: Panel, segment: Segment) -> float:
    """The share of a segment's volume that lies inside a scope, 0..1."""
    inside = np.array([segment.holds(s) for s in leaves.segments], bool)
    both = inside & np.array([scope.touches(s) for s in leaves.segments], bool)
    volume = _volume(leaves).sum(1)
    whole = float(volume[inside].sum())
    return float(volume[both].sum()) / whole if whole else 0.0


def enough(panel: Panel, at: int) -> Bools:
    """Which series (S,) have the metric's minimum of answers in a typical period before `at`."""
    return _thick(panel, np.eye(len(panel.segments), dtype=bool), at)


def _whole(scope: Scope, leaves: Panel, note: str) -> Sides:
    """A metric whose segments overlap: the stored total of exactly this scope, or everyone's."""
    single = all(len(allowed) == 1 for _, allowed in scope.values)
    wanted = Segment.of({name: allowed[0] for name, allowed in scope.values}) if single else None
    for segment in (wanted, EVERYONE):
        if segment is not None and segment in leaves.segments:
            mask = np.array([s == segment for s in leaves.segments], bool)
            said = note or ("" if segment == wanted else f"{ON_OTHERS}all customers: segments of it overlap")
            treated = leaves.select([segment])
            return Sides(
                treated=treated, controls=None, treated_leaves=mask, free_leaves=~mask, label=segment.label, note=said,
                alone=f"no untouched segments to compare with: segments of {leaves.metric.label} overlap",
            )  # fmt: skip
    reason = f"no stored total of {leaves.metric.label} for {scope.label}, and its segments overlap"
    return _nothing(leaves, scope.label, note, reason)


def _absent(scope: Scope, leaves: Panel) -> str:
    """Which values of the scope no stored segment has, and which there are: a name may be misspelt."""
    for name, allowed in scope.values:
        there = sorted({value for s in leaves.segments if (value := s.get(name)) is not None})
        missing = [value for value in allowed if value not in there]
        if missing:
            return f": no row has {name} {missing[0]!r}; there are {', '.join(there) or 'none'}"
    return ""


def _nothing(leaves: Panel, label: str, note: str, reason: str) -> Sides:
    none = np.zeros(len(leaves.segments), bool)
    return Sides(
        treated=None, controls=None, treated_leaves=none, free_leaves=none, label=label, note=note, reason=reason
    )  # fmt: skip


def _near(change: Change, others: Sequence[Change], metric: Metric, until: datetime) -> list[Change]:
    """Other live changes that began or ceased near in time or since, and may have moved the metric.

    A change of the measurement that the touched segments had too spoils nobody: past and window stop there for all. One
    that only others had spoils those for as long as the past reaches.
    """
    mine = scope_of(change, metric)

    def reaches_back(other: Change) -> timedelta | None:
        if other.category is not Category.MEASUREMENT:
            return NEAR
        return None if mine.overlaps(scope_of(other, metric)) else PAST

    return [
        other
        for other in others
        if other.id != change.id
        and other.status is Status.LIVE
        and (back := reaches_back(other)) is not None
        and any(change.starts - back <= at < until for at in (other.starts, other.ends) if at is not None)
        and concerns(other, metric)
    ]


def _spoiled(change: Change, near: Sequence[Change], leaves: Panel) -> Bools:
    """Leaves that the change may spill to, or that a change `near` touched or may have spilt to."""
    reached = _reached(change.spills_to, leaves)
    for other in near:
        reached |= _touched(other, leaves)
    return reached


def _touched(other: Change, leaves: Panel) -> Bools:
    return _reached((scope_of(other, leaves.metric), *other.spills_to), leaves)


def _reached(scopes: Sequence[Scope], leaves: Panel) -> Bools:
    """Leaves (S,) that any of the scopes touches."""
    # Where a metric lacks a dimension, what may be reached is all that the dimensions it has leave possible.
    known = [Scope(tuple(i for i in s.values if i[0] in leaves.metric.dimensions)) for s in scopes]
    return np.array([any(scope.touches(s) for scope in known) for s in leaves.segments], bool)


def _alone(near: Sequence[Change], leaves: Panel, touched: Bools, free: Bools) -> str:
    """Why there are no controls, for people."""
    if len(touched) == 1:
        return f"no untouched segments to compare with: {leaves.metric.label} is known as one total only"
    if touched.all():
        return f"no untouched segments left to compare with: it touches every segment of {leaves.metric.label}"
    titles = dict.fromkeys(other.title for other in near if (_touched(other, leaves) & ~touched).any())
    others = f"the others were touched by {' and '.join(titles)}" if titles else "it may spill over to the others"
    if not free.any():
        return f"no untouched segments left to compare with: {others}"
    few = "fewer than two untouched segments have answers enough to compare with"
    return f"{few}; {others}" if titles else few


def _volume(panel: Panel) -> npt.NDArray[np.float64]:
    return np.abs(panel.total) if panel.metric.kind is Kind.LEVEL else panel.n


def _groups(leaves: Panel, free: Bools, along: tuple[str, ...]) -> Bools:
    """One row of members (G, S) per combination of values of the dimensions `along`, free leaves only."""
    parents = [s.along(along) for s in leaves.segments]
    names = sorted({p for p, ok in zip(parents, free, strict=True) if ok})
    row = {name: i for i, name in enumerate(names)}
    which = np.array([row.get(p, -1) for p in parents])
    return np.asarray((which == np.arange(len(names))[:, None]) & free)


def _thick(leaves: Panel, groups: Bools, at: int) -> Bools:
    """Groups (G,) with a figure in most periods before `at` and the metric's minimum of answers in the typical one."""
    if leaves.metric.kind is Kind.LEVEL:
        return np.asarray((groups.astype(float) @ leaves.n[:, :at] > 0).mean(1) > 0.5)
    answers = groups.astype(float) @ leaves.n[:, :at]
    # Whether a median is so large needs no median, but where just half of the periods are.
    twice = 2 * (answers >= leaves.metric.min_n).sum(1)
    found = np.asarray(twice > answers.shape[1])
    split = twice == answers.shape[1]
    found[split] = np.median(answers[split], axis=1) >= leaves.metric.min_n
    return found


def _named(leaves: Panel, group: Bools) -> Segment:
    """What a group's members have in common."""
    items = [set(s.items) for s, ok in zip(leaves.segments, group, strict=True) if ok]
    return Segment(tuple(sorted(set.intersection(*items))))


def added_up(leaves: Panel, groups: Bools, names: Sequence[Segment]) -> Panel:
    """One series a name: the sum of the leaves of its row of `groups` (G, S), to compare with or to look into. How
    answers arrive is learnt from what a change touches, so here it is neither known nor added up."""
    return replace(leaves, arrived=None, wait=None, shares=None, read_at=None).grouped(names, groups)
