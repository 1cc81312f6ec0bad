"""Where a red verdict's harm happens: the segments inside its scope, compared with each other."""

from collections.abc import Collection
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions, sketch, stats
from cxmon.decisions import where
from cxmon.decisions.scoping import Sides, added_up
from cxmon.decisions.span import Span
from cxmon.model import Apart, Interval, Kind, Metric, Place, Where, WhereAnswer
from cxmon.panel import Panel
from cxmon.pipeline.judge_mix import spread_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Who stands in several segments is counted in each: neither can be said, and one sentence says so of both.
APART = "neither a place nor a move by other kinds of contacts can be told"
# A median or logarithm of fewer answers than this is mostly noise, and not one that averages out.
FEWEST = 5.0
# Figures that cannot be added up from thin cells get cells that keep so much of the volume with answers enough.
KEPT = 0.8
# So far to both sides of a quantile (in logarithms) its density is taken.
NEAR = 0.1


def where_of(
    leaves: Panel, found: Sides, span: Span, whole: Interval, scale: decisions.Scale, reading: dict[str, Any]
) -> Where | None:
    """Where the effect `whole` (on the scale of judgement) happens inside the scope; None where the scope is a single
    segment. `reading` is how the whole's interval is read: the segments' are read the same way."""
    metric, touched = leaves.metric, found.treated_leaves
    if not metric.additive:
        return _unanswered(metric.id, scale, whole, f"{metric.label} has segments that overlap: {APART}")
    index = np.arange(span.last - span.first)
    cut = slice(span.first, span.last)
    seen, at = ~span.out[cut], span.at - span.first
    until = min(span.until, span.last) - span.first
    past, judged = seen & (index < at), seen & (index >= at) & (index < until)
    panel = cells_of(leaves.cut(span.first, span.last), touched, past)
    if len(panel.segments) < 2:
        return None
    level = metric.kind is Kind.LEVEL
    parts = levels(panel, past, judged) if level else parts_of(panel, past, judged)
    if level:
        whole, scale = _relative(whole, scale, float(parts.cells.n.max(1).sum()))
    labels = span.profile.labels if span.profile is not None else np.zeros(len(index), int)

    def ask(values: Floats, se: Floats) -> list[stats.Effect]:
        known = np.where(seen, values, np.nan)
        # How far a level scatters by itself only its past tells.
        sure = None if level else np.where(se > 0, se, np.nan)
        return stats.effects(known, at, until=until, se=sure, kind="mean", period=labels, drawn=False, **reading)

    return located(metric, parts, whole, scale, ask, kinds=waits(panel, parts) if scale.log else None)


def located(
    metric: Metric, parts: where.Parts, whole: Interval, scale: decisions.Scale, ask: where.Ask,
    kinds: tuple[Floats, Floats] | None = None,
) -> Where:  # fmt: skip
    """Where the effect `whole` happens in its parts. What a different mix of them brings is no segment's and is taken
    off first: of figures that add up, and of those for which `kinds` says what it would have brought, with its errors
    (both (T,))."""
    mixed = 0.0
    if kinds is not None:
        whole, mixed = where.taken_off(*kinds, whole, abs(scale.effect(scale.limit)) / 4, ask)
    elif not scale.log and metric.kind is not Kind.LEVEL:
        whole, mixed = where.other_kinds(parts, whole, scale.limit * scale.divisor / 4, ask)
    return _told(metric.id, where.find(parts, whole, scale.sign, ask), whole, scale, mixed)


def cells_of(leaves: Panel, touched: Bools, past: Bools, apart: Collection[str] = ()) -> Panel:
    """The touched cells: the stored ones where figures add up, else the finest that are thick enough in the periods
    `past` (T,) to have a figure of their own. Those that differ along a dimension of `apart` are never put together."""
    if leaves.metric.judged_as_ratio:
        names = sorted({name for s in leaves.segments for name in s.dimensions})
        return _coarser(leaves, touched, names, past, apart)
    return leaves.select([s for s, ok in zip(leaves.segments, touched, strict=True) if ok])


def figures_of(panel: Panel, seen: Bools) -> stats.Cells:
    """The cells' figures on the scale of judgement in the periods `seen`, (T,) or (C, T)."""
    figures = panel.judged()
    weight = np.abs(panel.base) if panel.metric.kind is Kind.RATIO and panel.base is not None else panel.n
    known = None if figures.se is None else figures.se**2
    variance = spread_of(panel)[:, None] / np.maximum(panel.n, 1e-12) if known is None else known
    usable = np.isfinite(figures.values) & (panel.n >= (FEWEST if figures.log else 0.0)) & seen
    return stats.Cells(values=figures.values, n=np.where(usable, weight, 0.0), variance=variance)


def parts_of(panel: Panel, past: Bools, judged: Bools) -> where.Parts:
    """The cells of a panel to be compared over the periods `past` and `judged`, both (T,)."""
    return where.Parts(
        segments=panel.segments, cells=figures_of(panel, past | judged), past=past, judged=judged,
        answers=np.where(past | judged, panel.n, 0.0), min_n=panel.metric.min_n,
    )  # fmt: skip


def waits(panel: Panel, parts: where.Parts) -> tuple[Floats, Floats] | None:
    """The logarithm of everybody's quantile in each period (T,) had each cell's times stayed as they were before, by
    the answers of each; and its error, which is that of who happened to ask. None where times are not kept as sketches.

    Of a roll-out `parts` are by age and `panel` by the calendar: times are those of before the first stage. Each stage
    is then told from its own past, as it is judged, because not all of them have come to every age.
    """
    if panel.counts is None or panel.metric.kind is not Kind.QUANTILE:
        return None
    usual = panel.counts[:, parts.past].sum(1)
    usual = usual / np.maximum(usual.sum(1), 1.0)[:, None]
    if parts.stages is None:
        return _usual_times(panel, usual, parts, np.ones(len(usual), bool))
    moved, errors, weights = [], [], []
    for stage in np.unique(parts.stages):
        mine = np.asarray(parts.stages == stage)
        found, se = _usual_times(panel, usual, parts, mine)
        before = found[parts.past & np.isfinite(found)]
        if before.size:
            weights.append(np.where(np.isfinite(found), parts.cells.n[mine].sum(0), 0.0))
            moved.append(np.nan_to_num(found - before.mean()))
            errors.append(np.where(weights[-1] > 0, se, 0.0))
    if not moved:
        return None
    n, whole = np.array(weights), np.sum(weights, axis=0)
    series = (n * moved).sum(0) / np.maximum(whole, 1e-12)
    se = np.sqrt(((n * errors) ** 2).sum(0)) / np.maximum(whole, 1e-12)
    return np.where(whole > 0, series, np.nan), se


def _usual_times(panel: Panel, usual: Floats, parts: where.Parts, mine: Bools) -> tuple[Floats, Floats]:
    """The logarithm of the quantile of the cells `mine` (C,) with the distributions `usual` (C, B), and its error."""
    q, usual = panel.metric.quantiles[0], usual[mine]
    n = np.where(np.asarray(usual.any(axis=1))[:, None], parts.cells.n[mine], 0.0)
    share = n / np.maximum(n.sum(0), 1e-12)
    logs = np.log(np.maximum(sketch.value_of(panel.bucket0 + np.arange(usual.shape[1])), 1e-12))
    found = np.array([np.interp(q, one, logs) for one in np.cumsum(share.T @ usual, axis=1)])
    at = float(np.exp(np.median(found[n.any(axis=0)]))) if n.any() else 1.0
    within, low, high = (sketch.share_below(usual, panel.bucket0, at * np.exp(x)) for x in (0.0, -NEAR, NEAR))
    steep = np.maximum((share * np.nan_to_num(high - low)[:, None]).sum(0) / (2 * NEAR), 1e-12)
    own = np.nan_to_num(within)[:, None]
    spread = (share * (own - (share * own).sum(0)) ** 2).sum(0)
    se = np.sqrt(spread / np.maximum(parts.answers[mine].sum(0), 1e-12)) / steep
    return np.where(n.any(axis=0), found, np.nan), se


def levels(panel: Panel, past: Bools, judged: Bools) -> where.Parts:
    """The cells of a level as parts of what each usually is, weighed by that."""
    some = panel.n > 0
    usual = (panel.total * some)[:, past].sum(1) / np.maximum(some[:, past].sum(1), 1)
    weight = np.where(some & (past | judged) & (usual > 0)[:, None], np.maximum(usual, 0.0)[:, None], 0.0)
    values = panel.total / np.where(usual > 0, usual, 1.0)[:, None]
    cells = stats.Cells(values=values, n=weight, variance=np.ones(values.shape))
    return where.Parts(
        segments=panel.segments, cells=cells, past=past, judged=judged, min_n=panel.metric.min_n,
        answers=np.where(weight > 0, panel.total, 0.0),
    )  # fmt: skip


def _relative(whole: Interval, scale: decisions.Scale, usual: float) -> tuple[Interval, decisions.Scale]:
    """A level's effect as a part of what was expected, where that is known, else of what is `usual`; and its scale."""
    per = scale.divisor if scale.unit == "%" else max(usual, 1e-12)
    part = Interval(estimate=whole.estimate / per, low=whole.low / per, high=whole.high / per)
    return part, replace(scale, unit="%", divisor=1.0)


def _coarser(leaves: Panel, touched: Bools, names: list[str], past: Bools, apart: Collection[str]) -> Panel:
    """Cells along the most dimensions that keep enough of the volume where there are FEWEST answers in a period."""
    inside = [s for s, ok in zip(leaves.segments, touched, strict=True) if ok]
    panel = leaves.select(inside)
    for count in range(len(names), 0, -1):
        best: tuple[float, Panel] | None = None
        for along in combinations(names, count):
            if not set(apart) <= set(along):
                continue
            parents = sorted({s.along(along) for s in inside})
            cells = panel if parents == sorted(inside) else panel.roll_up(parents)
            thick = np.median(cells.n[:, past], axis=1) >= FEWEST
            kept = float(cells.n[thick].sum()) / max(float(cells.n.sum()), 1.0)
            if kept >= KEPT and (best is None or kept > best[0]):
                best = kept, cells
        if best is not None:
            return best[1]
    return added_up(panel, np.ones((1, len(inside)), bool), (inside[0].along(()),))


def _told(metric: str, found: where.Map, whole: Interval, scale: decisions.Scale, mixed: float) -> Where:
    """What was found as harms in the verdict's unit, and the answer."""

    def harm(effect: float) -> float:
        return scale.harm(Interval(estimate=effect, low=effect, high=effect)).estimate

    middle = whole.estimate
    ends = [end for one in found.located for end in (one.deviation.low, one.deviation.high)]
    largest = max((abs(harm(middle + end) - harm(middle)) for end in ends), default=float("inf"))
    named = any(one.named for one in found.located)
    alike = bool(found.located) and largest < abs(harm(middle))
    answer = WhereAnswer.EVERYWHERE_ALIKE if alike else WhereAnswer.CANNOT_SAY
    reason = "" if found.located else "no two segments inside the scope have answers enough to be compared"
    places = []
    for one in found.located:
        if not one.named and len(one.segment.items) > 1:
            continue
        shown = scale.harm(one.effect)
        places.append(
            Place(
                segment=one.segment, harm=shown.estimate, low=shown.low, high=shown.high, own=harm(one.own),
                rest=harm(one.rest), share=one.share, volume=one.volume, answers=one.answers, p_value=one.p_value,
                named=one.named,
            )
        )  # fmt: skip
    return Where(
        metric=metric, answer=WhereAnswer.HERE if named else answer, unit=scale.unit, whole=harm(middle),
        looked_at=len(found.located), largest=largest, false_discovery=where.FALSE_DISCOVERY, places=tuple(places),
        apart=tuple(
            Apart(dimensions=along, segments=len(s.deviation), spread=abs(harm(middle + s.spread) - harm(middle)),
                  p_value=s.p_value)
            for along, s in found.apart
        ),
        not_looked_at=tuple(s.label for s in found.not_looked_at), reason=reason,
        mixed=harm(middle + mixed) - harm(middle) if mixed else 0.0,
    )  # fmt: skip


def _unanswered(metric: str, scale: decisions.Scale, whole: Interval, reason: str) -> Where:
    return Where(
        metric=metric, answer=WhereAnswer.CANNOT_SAY, unit=scale.unit, whole=scale.harm(whole).estimate, looked_at=0,
        largest=float("inf"), false_discovery=where.FALSE_DISCOVERY, reason=reason,
    )  # fmt: skip
