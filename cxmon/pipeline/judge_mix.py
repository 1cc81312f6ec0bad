"""How much of everybody's move is a different kind of contacts: the split that a verdict tells beside its harms."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions, sketch, stats
from cxmon.decisions.scoping import Sides, added_up
from cxmon.decisions.span import Span
from cxmon.model import EVERYONE, Grade, Kind, Metric, Split, SplitRanges, Unsplit
from cxmon.panel import Panel

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# A shift of volume by a tenth makes a total of other people than before.
SHIFTED = 0.1
# Parts of the total are told apart where a typical period has so many answers, before or since; the others are one.
THIN = 5.0
# The finest parts are taken that keep so much of the volume apart, and no more than so many.
APART, MOST = 0.8, 40
# So many periods, or cycles of the profile, tell the shares to compare with, where fewer are judged.
RECENT, CYCLES = 28, 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Figures:
    """A metric as what is split: answers and sums (S, T), the variance of one answer (S,), how effects see it, and the
    direction and size that matter. `within` is the duration whose share of answers stands for a quantile."""

    n: Floats
    total: Floats
    spread: Floats
    kind: str
    sign: int
    matters: float
    within: float | None


def split_of(
    leaves: Panel, found: Sides, span: Span, reading: dict[str, Any]
) -> tuple[Split | None, Unsplit | None]:  # fmt: skip
    """Everybody's gap to expected in parts, positive is worse. `reading` is how the intervals are to be read.

    Or why there is none: as where the change did not shift who makes up the total (`same`), since the volume of the
    touched segments moved by less than a tenth against that of untouched ones; or where the shift moved nothing worth
    a word (`small`).
    """
    metric, touched = leaves.metric, found.treated_leaves
    if not metric.additive:
        return None, Unsplit.OVERLAP
    if touched.all() or not splits(leaves):
        return None, Unsplit.EVERYBODY if splits(leaves) else Unsplit.SORT
    index = np.arange(len(leaves.starts))
    after = np.flatnonzero(~span.out & (index >= span.at) & (index < min(span.until, span.last)))
    # What lies before the span stands on another level: an earlier change's move is not this one's.
    before = span.first + np.flatnonzero(~span.out[span.first : span.at])[-max(len(after), RECENT) :]
    if not len(after) or not len(before):
        return None, Unsplit.TOO_LITTLE
    if _shift(leaves, found, before, after) < SHIFTED:
        return None, Unsplit.SAME
    parts = finest(leaves, touched, before, after)
    figures = figures_in(parts, leaves.pooled(EVERYONE, np.ones(len(touched), bool)), before)
    if not _worth_a_word(figures, before, after):
        return None, Unsplit.SMALL
    labels = span.profile.labels if span.profile is not None else np.zeros(span.last - span.first, int)
    cut = slice(span.first, span.last)
    n = np.where(span.out[cut], 0.0, figures.n[:, cut])
    asked: dict[str, Any] = {"kind": figures.kind, "period": labels, "until": min(span.until, span.last) - span.first}
    if found.controls is not None:
        asked |= _controls(found.controls, span, figures.within)
    asked["base"] = max(RECENT, CYCLES * (int(np.max(labels, initial=0)) + 1))
    total, at = figures.total[:, cut], span.at - span.first
    result = stats.decompose(n, total, at, spread=figures.spread, **(asked | reading))
    if not math.isfinite(result.total.estimate):
        return None, Unsplit.TOO_LITTLE
    return as_split(metric, figures, result), None


def splits(leaves: Panel) -> bool:
    """Whether figures of this sort can be split: levels cannot, quantiles by their sketches, ratios by denominators."""
    match leaves.metric.kind:
        case Kind.QUANTILE:
            return leaves.counts is not None
        case Kind.RATIO:
            return leaves.base is not None and bool((leaves.base >= 0).all())
        case kind:
            return kind is not Kind.LEVEL


def _weights(panel: Panel) -> Floats:
    """What each cell's figure weighs in the total (S, T): its answers, of a ratio its denominator."""
    return panel.base if panel.metric.kind is Kind.RATIO and panel.base is not None else panel.n


def _shift(leaves: Panel, found: Sides, before: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> float:
    """By how much (in logarithms) the volume of the touched segments moved against that of untouched ones."""
    touched, volume = found.treated_leaves, _weights(leaves)
    n0, n1 = volume[:, before].sum(1), volume[:, after].sum(1)
    free = found.free_leaves
    others = free if n0[free].sum() and n1[free].sum() else ~touched
    sizes = [n0[touched].sum(), n1[touched].sum(), n0[others].sum(), n1[others].sum()]
    if not (sizes[2] and sizes[3]):
        return 0.0
    # One that came or went has shifted by any measure.
    return abs(math.log(sizes[1] / sizes[0] * sizes[2] / sizes[3])) if sizes[0] and sizes[1] else math.inf


def finest(leaves: Panel, touched: Bools, before: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> Panel:
    """The finest parts of the total whose thin remainder is small, touched and untouched segments never in one; what is
    thin is one part of each side."""
    size = np.maximum(np.median(leaves.n[:, before], axis=1), np.median(leaves.n[:, after], axis=1))
    volume = leaves.n[:, before].sum(1) + leaves.n[:, after].sum(1)
    names = sorted({name for s in leaves.segments for name in s.dimensions})
    for count in range(len(names), -1, -1):
        best: tuple[float, list[Bools]] | None = None
        for along in combinations(names, count):
            keys = [(bool(t), s.along(along)) for t, s in zip(touched, leaves.segments, strict=True)]
            groups = np.array([[key == own for key in keys] for own in sorted(set(keys))], bool)
            typical = groups @ size
            thick = typical >= THIN
            kept = float((groups[thick] @ volume).sum()) / max(float(volume.sum()), 1.0)
            if len(groups) <= MOST and kept >= APART and (best is None or kept > best[0]):
                thin = groups[~thick].any(0) if (~thick).any() else np.zeros(len(touched), bool)
                best = kept, [*groups[thick], *(m for m in (thin & touched, thin & ~touched) if m.any())]
        if best is not None:
            chosen = best[1]
            break
    else:
        chosen = [touched, ~touched]
    members = np.array(chosen, bool)
    return added_up(leaves, members, (EVERYONE,) * len(members))


def figures_in(parts: Panel, whole: Panel, before: npt.NDArray[np.int64]) -> Figures:
    """`parts` (S, T) as what is split, `whole` (1, T) is their sum."""
    metric, size = parts.metric, parts.metric.matters
    if metric.kind is not Kind.QUANTILE or whole.counts is None:
        level = whole.total[0, before].sum() / _weights(whole)[0, before].sum()
        matters = size.value * (abs(level) if size.relative else 1.0)
        spread = spread_of(parts)
        return Figures(
            n=_weights(parts), total=parts.total, spread=spread, sign=metric.harm_sign, matters=matters, within=None,
            kind="mean" if metric.kind is Kind.RATIO else metric.kind.value,
        )  # fmt: skip
    past = whole.counts[0, before].sum(0)
    within = float(sketch.quantiles(past, whole.bucket0, metric.quantiles[0])[0])
    slower = within * (1 + size.value) if size.relative else within + size.value
    matters = float(sketch.share_below(past, whole.bucket0, slower) - sketch.share_below(past, whole.bucket0, within))
    total = _answered(parts, within)
    share = total.sum(1) / np.maximum(parts.n.sum(1), 1.0)
    # More answers within the time are better exactly where a shorter time is.
    return Figures(
        n=parts.n, total=total, spread=share * (1 - share), kind="proportion", sign=-metric.harm_sign, matters=matters,
        within=within,
    )  # fmt: skip


def spread_of(panel: Panel) -> Floats:
    """Variance of one answer, or of one unit of a ratio's denominator (S,), from the cells' own."""
    one = panel.variances() * _weights(panel)
    weight = np.where(np.isfinite(one), _weights(panel), 0.0)
    return np.asarray((np.nan_to_num(one) * weight).sum(1) / np.maximum(weight.sum(1), 1e-12))


def _answered(panel: Panel, within: float) -> Floats:
    """How many were answered within a time (S, T)."""
    return np.asarray(panel.n * np.nan_to_num(sketch.share_below(panel.counts, panel.bucket0, within)))  # type: ignore[arg-type]


def _worth_a_word(figures: Figures, before: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> bool:
    """Whether two plain windows differ by mix, entry and exit by a quarter of what matters: only then fits are made."""
    sums = [x[:, when].sum(1) for when in (before, after) for x in (figures.n, figures.total)]
    parts = decisions.contribution(*sums)
    return abs(parts.mix + parts.entry_exit) >= figures.matters / 4


def _controls(panel: Panel, span: Span, within: float | None) -> dict[str, Any]:
    """The untouched segments' figures, as those of the total are."""
    shown = panel.cut(span.first, span.last)
    n = np.where(span.out[span.first : span.last], 0.0, _weights(shown))
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(n > 0, (shown.total if within is None else _answered(shown, within)) / n, np.nan)
        if panel.metric.kind not in {Kind.MEAN, Kind.RATIO}:
            return {"controls": values, "controls_n": n}
        return {"controls": values, "controls_se": np.sqrt(spread_of(shown)[:, None] / n)}


def as_split(metric: Metric, figures: Figures, found: stats.Decomposition) -> Split:
    """The parts as harms: positive is worse."""
    names = ("total", "rate", "mix", "entry_exit", "remainder")
    parts = {name: getattr(found, name) for name in names}
    ranges = {}
    for name, part in parts.items():
        low, high = sorted((figures.sign * part.low, figures.sign * part.high))
        ranges[name] = low + 0.0, high + 0.0
    size = {name: figures.sign * part.estimate + 0.0 for name, part in parts.items()}
    return Split(
        metric=metric.id, unit="pt" if figures.within is not None else decisions.own_unit(metric),
        ranges=SplitRanges(**ranges), grade=Grade.CONTROLLED if found.compared else Grade.BEFORE_AFTER,
        within=figures.within, **size,
    )  # fmt: skip
