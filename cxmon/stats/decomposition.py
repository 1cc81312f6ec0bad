"""Why a total moved: the same segments fare differently (rate), it is made of others (mix), some came or went.

A total P[t] = sum of w[s,t] r[s,t] over segments s, with shares w of the answers and segment figures r, is written as
a sum of daily series, and the effect estimator is asked about each. What the total's own estimate leaves over of the
sum of the parts' estimates is the remainder. Method: docs/methods/mix.md.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints, half_difference, matrix
from cxmon.stats.dated import effects
from cxmon.stats.profiles import labels
from cxmon.stats.results import Effect

# A segment has come (or gone) where its share of the answers grew (fell) at least so many times.
CAME_OR_WENT = 10.0
# So many periods with the overall shares are added to each label of the profile, so that a rare one has some.
BORROWED = 0.5


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a difference with its interval; NaN where it is not known."""

    estimate: float
    low: float
    high: float


NOT_KNOWN = Part(estimate=math.nan, low=math.nan, high=math.nan)
NO_PART = Part(estimate=0.0, low=0.0, high=0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Decomposition:
    """A total's observed minus expected, in the figures' unit: total = rate + mix + entry_exit + remainder.

    `came` and `went` (S,) tell the segments of entry and exit. `n_pre` and `n_post` count the periods that were
    measured; `compared` says that controls count and told the story before the change. With too little data all parts
    are NaN and `reason` says what is missing.
    """

    total: Part
    rate: Part
    mix: Part
    entry_exit: Part
    remainder: Part
    came: Bools
    went: Bools
    n_pre: int
    n_post: int
    confidence: float
    compared: bool = False
    reason: str = ""


@dataclass(frozen=True, eq=False)
class _Cells:
    """Answers and sums (S, T) of a total's segments, the variance of one answer (S,), and which periods (T,) are the
    past, the recent past that shares are compared with, and the judged ones. `label` (T,) is that of the profile."""

    n: Floats
    total: Floats
    spread: Floats
    past: Bools
    base: Bools
    judged: Bools
    label: Ints

    def of(self, chosen: Bools) -> "_Cells":
        """These segments (S,) only."""
        return replace(self, n=self.n[chosen], total=self.total[chosen], spread=self.spread[chosen])

    def share(self, periods: Bools) -> Floats:
        """Each segment's share (S,) of the answers of these periods."""
        sums = self.n[:, periods].sum(1)
        return np.asarray(sums / max(sums.sum(), TINY))

    def rates(self, periods: Bools) -> Floats:
        """Each segment's figure (S,) over these periods; everybody's where it has no answers."""
        n, total = self.n[:, periods].sum(1), self.total[:, periods].sum(1)
        return np.asarray(np.where(n > 0, total / np.maximum(n, TINY), total.sum() / max(n.sum(), TINY)))

    def figure(self) -> tuple[Floats, Floats]:
        """The figure of all these segments together and its sampling variance, both (T,); NaN without an answer."""
        n = self.n.sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.total.sum(0) / n, self.spread @ self.n / n**2


@dataclass(frozen=True, eq=False)
class _Series:
    """A total (T,) as rate + mix + came + went + rest, each a daily series, with the sampling variances of each.

    `moved` (S,) is how far the stayers' shares moved, as weights of the error that their figures bring to rate and mix.
    """

    values: dict[str, Floats]
    variance: dict[str, Floats]
    moved: Floats


def decompose(
    n: Any, total: Any, at: int, *, spread: Any, until: int | None = None, period: Any = 7, base: int = 28,
    kind: str = "mean", controls: Any = None, controls_n: Any = None, controls_se: Any = None,
    confidence: float = 0.95, **asks: Any,
) -> Decomposition:  # fmt: skip
    """Splits what a change dated `at` did to a total's figure, sum(total) / sum(n) over its segments (S, T).

    n, total       answers (or exposure) and the sum behind them; n = 0 means that nothing was measured
    spread         (S,) variance of one answer (one unit of exposure) around its segment's figure
    base           so many of the last periods before the change tell the shares to compare with; at least as many as
                   are judged
    controls       (K, T), with their n and se, as in `effect`: what the total and the rate part are compared with

    Other options as in `effect`, and all intervals are read as asked there. ValueError on wrong shapes or a negative n.
    """
    cells = _cells(n, total, spread, at, until, period, base)
    S = len(cells.n)
    nothing = Decomposition(
        total=NOT_KNOWN, rate=NOT_KNOWN, mix=NOT_KNOWN, entry_exit=NOT_KNOWN, remainder=NOT_KNOWN,
        came=np.zeros(S, bool), went=np.zeros(S, bool), n_pre=int(cells.past.sum()), n_post=int(cells.judged.sum()),
        confidence=confidence,
    )  # fmt: skip
    if not (nothing.n_pre and nothing.n_post):
        return replace(nothing, reason=f"{nothing.n_pre} periods before the change and {nothing.n_post} since, 1 each")
    came, went = came_and_went(cells.share(cells.base), cells.share(cells.judged))
    nothing = replace(nothing, came=came, went=went)
    stay = ~(came | went)
    if not stay.any():
        return replace(nothing, reason="no segment has answers both before the change and since")
    asks |= {"until": until, "period": period, "confidence": confidence}
    each = _effects(cells.of(stay), at, asks | {"kind": kind})
    series = _series(cells, stay, came, each)
    beside = {"kind": kind, "controls": controls, "controls_n": controls_n, "controls_se": controls_se}
    found = dict(zip(("whole", "rate"), _asked(series, ("whole", "rate"), at, asks | beside), strict=True))
    found |= dict(zip(("mix", "rest"), _asked(series, ("mix", "rest"), at, asks), strict=True))
    if went.any():
        found["went"] = _asked(series, ("went",), at, asks)[0]
    missing = next((e.reason for e in found.values() if not math.isfinite(e.estimate)), "")
    if missing:
        return replace(nothing, reason=missing)
    return _added_up(nothing, cells, series, found, each)


def came_and_went(before: Floats, after: Floats) -> tuple[Bools, Bools]:
    """Which segments (S,) came and which went, from their shares of the answers."""
    return (after >= CAME_OR_WENT * before) & (after > 0), (before >= CAME_OR_WENT * after) & (before > 0)


def _cells(n: Any, total: Any, spread: Any, at: int, until: int | None, period: Any, base: int) -> _Cells:
    counts = np.atleast_2d(np.asarray(n, float))
    T = counts.shape[1]
    sums, one = matrix("total", total, T), np.asarray(spread, float)
    if sums.shape != counts.shape or one.shape != (len(counts),):
        raise ValueError(f"n, total and spread have shapes {counts.shape}, {sums.shape} and {one.shape}, expected "
                         "(S, T) twice and (S,)")  # fmt: skip
    if (counts < 0).any():
        raise ValueError("n holds a negative number, expected counts or exposures")
    index, seen = np.arange(T), counts.sum(0) > 0
    judged = seen & (index >= at) & (index < (T if until is None else until))
    past = seen & (index < at)
    recent = past & (np.cumsum(past[::-1])[::-1] <= max(base, int(judged.sum())))
    some = counts > 0
    sums = np.where(some, sums, 0.0)
    return _Cells(counts, sums, np.maximum(one, 0.0), past, recent, judged, labels(period, T))


def _effects(stayers: _Cells, at: int, asks: dict[str, Any]) -> list[Effect]:
    """The effect on each staying segment by itself."""
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(stayers.n > 0, stayers.total / stayers.n, np.nan)
        se = np.sqrt(np.where(stayers.n > 0, stayers.spread[:, None] / stayers.n, np.nan))
    return effects(values, at, se=se, drawn=False, **asks)


def _series(cells: _Cells, stay: Bools, came: Bools, each: list[Effect]) -> _Series:
    """The daily series. With shares w of the stayers' answers, W their fixed composition (between what was expected and
    what came, by label of the profile) and c their figures (between expected and observed):

        rate[t] = sum of W r[s,t]            went[t], came[t] = their answers' share x (their figure - the stayers')
        mix[t]  = sum of (w[s,t] - W) c      rest[t] = sum of (w[s,t] - W) (r[s,t] - c)
    """
    own = cells.of(stay)
    stayed, stayed_variance = own.figure()
    whole, whole_variance = cells.figure()
    n = own.n.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        w = own.n / n
        r = own.total / own.n
    expected = _expected_shares(own)
    tilt = own.n[:, own.judged].sum(1) / np.maximum((expected * n)[:, own.judged].sum(1), TINY)
    shifted = expected * tilt[:, None]
    shifted /= np.maximum(shifted.sum(0), TINY)
    fixed = (expected + shifted) / 2
    sides = own.rates(own.judged), own.rates(own.base)
    gap = np.array([e.estimate for e in each])
    c = sides[0] - np.where(np.isfinite(gap), gap, sides[0] - sides[1]) / 2
    # A period without an answer of a segment says nothing of it: it fares as on that side of the change.
    later = np.arange(len(n)) >= int(np.argmax(own.judged))  # The past ends where the judged periods begin.
    r = np.where(own.n > 0, r, np.where(later, sides[0][:, None], sides[1][:, None]))
    cell = own.spread[:, None] / np.maximum(own.n, 0.5)
    values = {"whole": whole, "rate": np.where(n > 0, (fixed * r).sum(0), np.nan), "mix": c @ (w - fixed)}
    around = (w * (c[:, None] - c @ w) ** 2).sum(0) / n
    variance = {"whole": whole_variance, "rate": (fixed**2 * cell).sum(0), "mix": around}
    values["rest"] = stayed - values["rate"] - values["mix"]
    variance["rest"] = ((w - fixed) ** 2 * cell).sum(0)
    for name, movers in (("came", came), ("went", ~stay & ~came)):
        there = cells.of(movers)
        share = there.n.sum(0) / np.maximum(cells.n.sum(0), TINY)
        figure, figure_variance = there.figure() if movers.any() else (stayed, stayed_variance)
        some = there.n.sum(0) > 0
        values[name] = np.where(some, share * (np.where(some, figure, 0.0) - stayed), np.where(n > 0, 0.0, np.nan))
        variance[name] = np.where(some, share**2 * (np.where(some, figure_variance, 0.0) + stayed_variance), 0.0)
    return _Series(values, variance, (shifted - expected)[:, own.judged].mean(1))


def _expected_shares(own: _Cells) -> Floats:
    """The shares (S, T) to expect of each period, by its label, from the recent past."""
    overall = own.share(own.base)
    n = own.n[:, own.base]
    size = int(own.label.max()) + 1
    by_label = np.zeros((len(n), size))
    np.add.at(by_label.T, own.label[own.base], n.T)
    by_label += BORROWED * n.sum(0).mean() * overall[:, None]
    return np.asarray((by_label / by_label.sum(0))[:, own.label])


def _asked(series: _Series, names: tuple[str, ...], at: int, asks: dict[str, Any]) -> list[Effect]:
    """The effects on some of the daily series."""
    values = np.stack([series.values[name] for name in names])
    se = np.sqrt(np.stack([series.variance[name] for name in names]))
    return effects(values, at, se=np.where(se > 0, se, np.nan), drawn=False, **asks)


def _added_up(
    known: Decomposition, cells: _Cells, series: _Series, found: dict[str, Effect], each: list[Effect]
) -> Decomposition:
    """The parts with their intervals. To those of rate and mix comes the error of the stayers' figures, which is the
    same in both with opposite sign; half widths add up as roots of squares (Zou & Donner 2008). The total is never told
    surer than its parts are together: of a composition that wanders, controls know nothing."""
    whole = found["whole"]
    half = np.array([(e.high - e.low) / 2 if math.isfinite(e.estimate) else 0.0 for e in each])
    figures = float(np.sqrt(((series.moved * half / 2) ** 2).sum()))
    rate, mix = (_wider(found[name], figures) for name in ("rate", "mix"))
    moved = [_came(cells, series, (whole.high - whole.low) / 2 / max(whole.se, TINY))] if known.came.any() else []
    moved += [_wider(found["went"], 0.0)] if known.went.any() else []
    entry_exit = _sum(moved) if moved else NO_PART
    left = whole.estimate - rate.estimate - mix.estimate - entry_exit.estimate
    # By so much the separate fits disagree about sums that are equal day by day: an error of the remainder's own.
    shift = left - found["rest"].estimate
    rest = replace(found["rest"], estimate=left, low=found["rest"].low + shift, high=found["rest"].high + shift)
    apart = _sum([_wider(found["rate"], 0.0), _wider(found["mix"], 0.0), entry_exit])
    low, high = whole.estimate - (apart.estimate - apart.low), whole.estimate + (apart.high - apart.estimate)
    total = Part(estimate=whole.estimate, low=min(whole.low, low), high=max(whole.high, high))
    used = whole.controls_used & ~whole.controls_moved
    return replace(
        known, total=total, rate=rate, mix=mix, entry_exit=entry_exit,
        remainder=_wider(rest, 2 * abs(shift)), compared=bool(used.any()) and whole.pre_fit_ok,
    )  # fmt: skip


def _wider(effect: Effect, half: float) -> Part:
    middle = effect.estimate
    below, above = math.hypot(middle - effect.low, half), math.hypot(effect.high - middle, half)
    return Part(estimate=middle, low=middle - below, high=middle + above)


def _sum(parts: list[Part]) -> Part:
    middle = sum(p.estimate for p in parts)
    below = math.hypot(*(p.estimate - p.low for p in parts))
    above = math.hypot(*(p.high - p.estimate for p in parts))
    return Part(estimate=middle, low=middle - below, high=middle + above)


def _came(cells: _Cells, series: _Series, width: float) -> Part:
    """What newcomers brought: without the change there were none, so only what was measured since is unsure. `width` is
    a half width in standard errors, as asked for."""
    value, variance = series.values["came"], series.variance["came"]
    seen = cells.judged & np.isfinite(value)
    rough = float(half_difference(value[None], seen[None])[0])
    se = math.sqrt(max(float(variance[seen].mean()), rough) / max(int(seen.sum()), 1))
    before = cells.base & np.isfinite(value)
    middle = float(value[seen].mean() - (value[before].mean() if before.any() else 0.0))
    return Part(estimate=middle, low=middle - width * se, high=middle + width * se)
