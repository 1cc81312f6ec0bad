"""What the trend charts draw: one band for every metric and shown segment, computed once and stored."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cxmon import decisions, stats
from cxmon.decisions import scoping
from cxmon.decisions.left_out import left_out
from cxmon.decisions.span import COARSE, IN_A_YEAR, profile
from cxmon.model import EVERYONE, Band, Break, Category, Change, Grain, Incident, LeftOut, Metric, Segment, Status
from cxmon.panel import Panel
from cxmon.wording.screen import OTHER_DEFINITION

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

AT_MOST = 60
# A change that touches a smaller share of a segment does not step the segment's band.
TOUCHES = 0.2
# Steps nearer to each other than this are one: between them there is too little to learn a new level from.
APART = timedelta(days=28)
# Where nothing was declared, the newest periods are set against a forecast from before them, so that no band creeps.
FORECAST = {Grain.HOUR: 72, Grain.DAY: 28, Grain.WEEK: 4, Grain.MONTH: 3}
SHORTEST_PAST = {Grain.HOUR: 336, Grain.DAY: 28, Grain.WEEK: 8, Grain.MONTH: 8}


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where a band may step: a declared change, or a level that was accepted as the new one (`change` is None).

    `holds`: the change did harm that nobody accepted, so from here on the level from before it stays the expectation,
    whatever was declared later. `anew`: the measurement changed, so nothing from before it is an expectation of what
    comes after.
    """

    at: datetime
    change: Change | None = None
    members: tuple[Segment, ...] = ()
    holds: bool = False
    anew: Break | None = None

    def touches(self, leaves: Panel, segment: Segment) -> bool:
        if self.change is None:
            return any(member.holds(segment) for member in self.members)
        scope = decisions.scope_of(self.change, leaves.metric)
        return scoping.covered(scope, leaves, segment) >= TOUCHES


def smoothing(metric: Metric) -> int:
    """Periods in the trailing mean that is drawn: a week of days; longer periods are drawn as they are."""
    return {Grain.HOUR: 24, Grain.DAY: 7}.get(metric.grain, 1)


def steps(
    changes: Sequence[Change],
    accepted: Sequence[Incident],
    metric: Metric,
    now: datetime,
    harmful: Collection[str] = (),
) -> list[Step]:
    """All steps that may concern a metric, oldest first. `harmful`: ids of changes whose harm nobody accepted."""
    found = [
        Step(at=c.starts, change=c, holds=c.id in harmful)
        for c in changes
        if c.status is Status.LIVE and c.starts <= now and c.category is not Category.MEASUREMENT
    ]
    found += [
        Step(at=one.at, change=c, anew=one)
        for c in changes
        for one in decisions.breaks([c], metric, decisions.scope_of(c, metric), now)
    ]
    found += [Step(at=i.since, members=i.members) for i in accepted if i.subject == metric.id and i.since is not None]
    return sorted(found, key=lambda step: step.at)


def shown(leaves: Panel) -> list[Segment]:
    """Everyone and the metric's configured roll-ups, largest first, at most 60, without those that are too thin."""
    metric = leaves.metric
    if not metric.additive:
        return sorted(leaves.segments)[:AT_MOST]
    found = {EVERYONE} | {
        s.along(dims) for dims in metric.by for s in leaves.segments if set(dims) <= set(s.dimensions)
    }
    panel = leaves.roll_up(sorted(found))
    T = len(panel.starts)
    thick = scoping.enough(panel, T) | np.array([s == EVERYONE for s in panel.segments])
    volume = np.abs(panel.total).sum(1) if metric.kind == "level" else panel.n.sum(1)
    order = sorted(np.flatnonzero(thick), key=lambda i: (len(panel.segments[i].items), -volume[i]))
    return [panel.segments[i] for i in order[:AT_MOST]]


def bands(
    leaves: Panel, known: Sequence[Step], *, now: datetime, one_offs: Sequence[LeftOut] = (),
    segments: Sequence[Segment] | None = None,
) -> list[Band]:  # fmt: skip
    """The band of every shown segment of one metric, or of those of `segments` among them; `one_offs` are left out of
    what is expected."""
    if not len(leaves.starts) or not leaves.n.any():
        return []
    mature = leaves.mature(now)
    if not mature.any():
        return []
    wanted = [s for s in shown(leaves) if segments is None or s in segments]
    if not wanted:
        return []
    panel = leaves.roll_up(wanted) if leaves.metric.additive else leaves.select(wanted)
    out = left_out(panel, one_offs)
    return [
        _one(panel.select([s]), [k for k in known if k.touches(leaves, s)], mature, now, out[i])
        for i, s in enumerate(panel.segments)
    ]


def band_of(
    panel: Panel, mature: Bools, first: int, last: int, estimate: stats.Estimate, *, log: bool, key: str, label: str,
    now: datetime, since: datetime | None, change: str | None, aside: Bools,
) -> Band:  # fmt: skip
    """A band over the panel's whole grid from an estimate over its periods `first` to before `last`. Holidays that the
    estimate left out, `aside` (T,), are no part of the mean that is drawn beside it."""
    metric, T = panel.metric, len(panel.starts)
    smooth = smoothing(metric)
    natural = panel.values()[0]
    judged = panel.judged().values[0]
    back = np.exp if log else np.asarray
    wide = {name: np.full(T, math.nan) for name in ("expected", "low", "high")}
    for name, part in zip(wide, (estimate.band_expected, estimate.band_low, estimate.band_high), strict=True):
        wide[name][first:last] = back(part)
    return Band(
        metric=metric.id,
        key=key,
        label=label,
        as_of=now,
        starts=tuple(int(s) for s in panel.starts),
        value=_tuple(natural),
        n=_tuple(panel.n[0]),
        avg=_tuple(back(trailing(np.where(mature & ~aside, judged, math.nan), smooth))),
        expected=_tuple(wide["expected"]),
        low=_tuple(wide["low"]),
        high=_tuple(wide["high"]),
        complete=tuple(bool(m) for m in mature),
        smooth=smooth,
        since=since,
        change=change,
        reason=estimate.effect.reason,
    )


def trailing(values: Floats, smooth: int) -> Floats:
    """The mean of the last `smooth` periods (T,); NaN where fewer than half of them were measured."""
    seen = np.isfinite(values)
    total, count = np.cumsum(np.where(seen, values, 0.0)), np.cumsum(seen)
    total[smooth:] -= total[:-smooth].copy()
    count[smooth:] -= count[:-smooth].copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(seen & (2 * count >= smooth), total / count, math.nan))


def broken(band: Band, found: Sequence[Break]) -> Band:
    """The band with `found` breaks of the measurement, and without the averages that would mix both sides of one."""
    avg = list(band.avg)
    for one in found:
        first = int(np.searchsorted(band.starts, one.at.timestamp(), "left"))
        for i in range(first, min(first + band.smooth - 1, len(avg))):
            avg[i] = math.nan
    return replace(band, avg=tuple(avg), breaks=tuple(found))


def redefined(band: Band, at: datetime) -> Band:
    """The band of a metric whose definition is another one from `at` on."""
    return broken(band, sorted((*band.breaks, Break(at=at, title=OTHER_DEFINITION)), key=lambda one: one.at))


def _one(panel: Panel, known: Sequence[Step], mature: Bools, now: datetime, out: Bools) -> Band:
    """One segment's band: each stretch between changes of the measurement by itself, so that the band steps where the
    level was allowed to and begins anew where the measurement did. It is not learnt from the periods `out` (T,)."""
    last = int(np.flatnonzero(mature)[-1]) + 1
    figures, anew = panel.judged(), [k.anew for k in known if k.anew is not None]
    cuts = {int(np.searchsorted(panel.starts, one.at.timestamp(), "left")) for one in anew}
    aside = np.zeros(len(panel.starts), bool)
    parts = []
    since, change = None, None
    for begin, end in pairwise([0, *sorted(cut for cut in cuts if 0 < cut < last), last]):
        pieces, since, change = _stretch(panel, [k for k in known if k.anew is None], begin, end)
        for low, at, high in pieces:
            part, aside[low:high] = _fit(panel, np.where(out, math.nan, figures.values[0]), low, at, high)
            parts.append((low, high, part))
    found = band_of(
        panel, mature, *parts[-1], log=figures.log, key=panel.segments[0].key, label=panel.segments[0].label, now=now,
        since=since, change=change, aside=aside,
    )  # fmt: skip
    for low, high, part in parts[:-1]:
        found = _with(found, low, high, part, log=figures.log)
    return broken(found, anew)


def _stretch(
    panel: Panel, known: Sequence[Step], low: int, high: int
) -> tuple[list[tuple[int, int, int]], datetime, str | None]:
    """How the periods `low` to before `high` are fitted, as (first, forecast from, end) of each piece, since when the
    newest is a forecast, and which change that is from.

    The past is fitted from the last step but one on, a forecast from the last step on; earlier pieces between steps get
    a fit of their own.
    """
    metric, starts = panel.metric, panel.starts
    measured = low + np.flatnonzero(panel.n[0, low:high] > 0)
    least = SHORTEST_PAST[metric.grain]
    begin = int(measured[0]) if len(measured) else low
    here = [k for k in known if k.at.timestamp() >= starts[low]] if low else known
    marks = _until_harm([m for m in _marks(panel, here) if begin + least <= m[0] < high])
    if marks:
        origin, step = marks[-1]
        change = step.change.id if step.change is not None else None
        cuts = [begin, *(m[0] for m in marks[:-1])]
    else:
        origin = max(high - FORECAST[metric.grain], begin + min(least, (high - begin) // 2))
        change, cuts = None, [begin]
    pieces = [*((a, max(a + 8, b - 1), b) for a, b in pairwise(cuts)), (cuts[-1], origin, high)]
    return pieces, datetime.fromtimestamp(int(starts[origin]), UTC), change


def _marks(panel: Panel, known: Sequence[Step]) -> list[tuple[int, Step]]:
    """The first period of each step, near ones taken together as the first of them."""
    found: list[tuple[int, Step]] = []
    newest: datetime | None = None
    for step in known:
        if newest is None or step.at - newest >= APART:
            found.append((int(np.searchsorted(panel.starts, step.at.timestamp(), "left")), step))
        elif step.holds:
            found[-1] = (found[-1][0], replace(found[-1][1], holds=True))
        newest = step.at
    return found


def _until_harm(marks: list[tuple[int, Step]]) -> list[tuple[int, Step]]:
    """The steps up to the first whose harm nobody accepted: no later one may make that harm the expectation."""
    held = next((i for i, (_, step) in enumerate(marks) if step.holds), len(marks))
    return marks[: held + 1]


def _fit(panel: Panel, values: Floats, first: int, at: int, last: int) -> tuple[stats.Estimate, Bools]:
    """The estimate over the periods `first` to before `last`, and the holidays (last - first,) that it leaves out."""
    metric = panel.metric
    part = panel.cut(first, last)
    figures = part.judged()
    known = profile(part, at - first)
    long = at - first >= 1.1 * IN_A_YEAR[metric.grain]
    found = stats.estimate(
        np.where(known.left_out, math.nan, values[first:last]),
        at - first,
        smooth=smoothing(metric),
        n=figures.n[0] if figures.kind in {"proportion", "rate"} else None,
        se=None if figures.se is None else figures.se[0],
        kind=figures.kind,
        period=known.labels,
        yearly=IN_A_YEAR[metric.grain] if long or metric.grain in COARSE else None,
    )
    return found, known.left_out


def _with(band: Band, low: int, high: int, part: stats.Estimate, *, log: bool) -> Band:
    """The same band with another stretch filled in."""
    back = np.exp if log else np.asarray

    def filled(whole: tuple[float, ...], values: Floats) -> tuple[float, ...]:
        return (*whole[:low], *_tuple(back(values)), *whole[high:])

    return replace(
        band,
        expected=filled(band.expected, part.band_expected),
        low=filled(band.low, part.band_low),
        high=filled(band.high, part.band_high),
    )


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)
