"""The search: changes are added one by one, dropped where they do not hold, and dated again beside the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints
from cxmon.stats.shift_frame import Fit, Frame, fitted, waved, weights
from cxmon.stats.shift_noise import Spectrum, spectrum
from cxmon.stats.shift_shapes import Dates, Shapes, around, everywhere, regressors, third
from cxmon.stats.shift_table import chance, height

# Chance of a false alarm up to which a change is reported, and up to which it is fitted again beside a season that no
# longer takes its share of it.
LEVEL = 0.005
POSSIBLE = 0.03
# The same for a change that was told before, and what another date must gain, in squared standard errors, for such a
# change to leave the interval that was told.
KEPT = 0.2
MOVES = 12.0
# Changes looked for at most; how many that do not seem worth it (in squared standard errors) join, because a second one
# can make sense of a first.
MOST = 12
AHEAD = 2
WORTH = 4.0
# How far, in shortest stretches, a change may be dated again; and how near another or the end its date may really lie.
REACH = 8
CLOSEST = 3
# Movements that take longer than this many periods may be changes not found yet.
CALM = 60
# A date is where most of what is likely lies within a few days (of nine, the outer count less), and a new level that is
# reached later is told when a ramp is far likelier than a step.
NEARBY = np.hanning(11)[1:-1]
GRADUAL = 0.8
# A shape of which the base leaves less than this share cannot be told from the base.
HIDDEN = 0.02


@dataclass(frozen=True, eq=False)
class Search:
    """A series, the fit of its base whose waves are as free as they can be, the fit that the search adds changes to,
    and the noise that the weights of both rest on."""

    ready: Frame
    wide: Fit
    base: Fit
    noise: Spectrum

    @property
    def size(self) -> int:
        return len(self.ready.y)

    def worse(self, left: Floats) -> float:
        """Long-run variance of residuals over the one that the weights rest on; waves and changes still to be found
        show in the lowest frequencies, which are not read."""
        found = spectrum(left * self.ready.calm, self.ready.count, _skip(self.ready))
        return max(found.long_run / self.noise.long_run, TINY)

    def complete(self, left: Floats) -> float:
        """The same for a model that claims to be complete: what it leaves in the low frequencies is wandering."""
        found = spectrum(
            left * self.ready.calm, self.ready.count, min(self.ready.calendar.slow // 2 + 1, self.size // 4)
        )
        return max(found.long_run / self.noise.long_run, TINY)


@dataclass(frozen=True, eq=False)
class Joint:
    """Changes fitted together: the ratio of the noise they leave to the one the weights were made for, sizes (K,), how
    high each stands beside the others, and the chance (K,) that noise alone reaches that."""

    worse: float
    size: Floats
    height: Floats
    p: Floats


@dataclass(frozen=True, eq=False)
class Equations:
    """Least squares of changes beside the base: what the base leaves of their regressors (K, T), its products with
    itself (K, K) and with the residuals (K,). Any subset of the changes is solved from the same numbers."""

    dates: list[Dates]
    left: Floats
    squares: Floats
    product: Floats

    def without(self, i: int) -> "Equations":
        keep = np.arange(len(self.dates)) != i
        dates = self.dates[:i] + self.dates[i + 1 :]
        return Equations(dates, self.left[keep], self.squares[keep][:, keep], self.product[keep])


@dataclass(frozen=True)
class Told:
    """One change: the period it is dated to and those (first, last) its date lies between, the period from which the
    new level is reached, size with standard error, and p-value."""

    at: int
    between: Dates
    settled: int
    size: float
    error: float
    p: float


@dataclass(frozen=True)
class Before:
    """A change that was told earlier: its dates, and those it was said to lie between."""

    dates: Dates
    between: Dates

    def holds(self, at: int) -> bool:
        return self.between[0] <= at <= self.between[1]


def _skip(ready: Frame) -> int:
    size = len(ready.y)
    return min(max(ready.calendar.slow // 2 + 1, size // CALM), size // 4)


def prepared(ready: Frame) -> Search:
    """Noise and base of a series in which no change was found yet."""
    prior = ready.calendar.prior
    rough = fitted(ready, weights(ready, Spectrum(1.0, 0.0)), prior)
    noise = spectrum(rough.left * ready.calm, ready.count, _skip(ready))
    wide = fitted(ready, weights(ready, noise), prior)
    base = fitted(ready, wide.weight, waved(ready, wide, ready.y), wide.products)
    return Search(ready, wide, base, noise)


def search(ready: Frame, before: Sequence[Before] = ()) -> list[Told]:
    """All changes of a series that hold, in order; those told `before` hold more easily and stay where they were."""
    s = prepared(ready)
    if before:
        s = _with_waves_beside(s, [b.dates for b in before])
    dates = held(s, proposed(s, before), POSSIBLE, before)
    for _ in range(2 if len(dates) > 1 else 1):
        if not dates:
            return []
        s = _with_waves_beside(s, dates)
        last = dates
        dates = held(s, dated(s, dates, before), LEVEL, before)
        if dates == last:
            break
    return told(s, dates, before)


def same(dates: list[Dates], before: Sequence[Before]) -> list[Before | None]:
    """What was told before of each change: it is the one nearest to that date within its interval."""
    out: list[Before | None] = [None] * len(dates)
    for old in before:
        apart = [abs(third(d) - third(old.dates)) if old.holds(third(d)) else np.inf for d in dates]
        i = int(np.argmin(apart)) if apart else 0
        if apart and np.isfinite(apart[i]):
            out[i] = old
    return out


def _with_waves_beside(s: Search, dates: list[Dates]) -> Search:
    """The same search with waves no larger than they look once the changes are taken away."""
    alone = joint(Search(s.ready, s.wide, s.wide, s.noise), dates)
    without = s.ready.y - alone.size @ regressors(s.size, dates)
    base = fitted(s.ready, s.wide.weight, waved(s.ready, s.wide, without), s.wide.products)
    return Search(s.ready, s.wide, base, s.noise)


def proposed(s: Search, before: Sequence[Before] = ()) -> list[Dates]:
    """Changes told before and others, added in the order in which they explain the most; a few more than seem worth it,
    since a second change can make sense of a first."""
    when, w = s.ready.calendar, s.base.weight
    shapes = everywhere(s.size, when.least)
    rows, left = s.base.half, s.base.left
    alone = shapes.squares(w)
    information = alone - (shapes.products(w * rows[: when.slow]) ** 2).sum(0)
    free = information > HIDDEN * alone
    product = shapes.products(w * left)
    dates: list[Dates] = []
    chosen = [b.dates for b in before]
    idle, worse = 0, 1.0
    while True:
        for new in chosen:
            u, rows, left, taken = _added(w, rows, left, regressors(s.size, [new])[0])
            across = shapes.products(w * u)
            information = information - across**2
            product = product - taken * across
            dates.append(new)
            free &= _apart(shapes, new, when.least)
        free &= information > HIDDEN * alone
        if chosen and not idle:
            worse = s.worse(left)
        score = np.where(free, product**2 / np.where(free, information, 1.0) / worse, 0.0) - shapes.pays
        i = int(score.argmax())
        idle = idle + 1 if score[i] < WORTH else 0
        if idle > AHEAD or not free[i] or len(dates) >= MOST:
            break
        chosen = shapes.changes(i)
    return sorted(dates)


def _added(w: Floats, rows: Floats, left: Floats, x: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Regressor `x` (T,) joins the orthonormal `rows` (k, T): its own new row, all rows, what is left then, and how
    much of the new row was taken away."""
    across = rows @ (w * x)
    length = max(float(x @ (w * x) - across @ across), TINY)
    u = (x - across @ rows) / np.sqrt(length)
    taken = float(u @ (w * left))
    return u, np.concatenate([rows, u[None]]), left - taken * u, taken


def _apart(shapes: Shapes, new: Dates, least: int) -> Bools:
    """Candidates (C,) whose dates keep their distance from both ends of a change."""
    low, high = new[0] - least, new[1] + least
    clear = [(at <= low) | (at >= high) for at in (shapes.start, shapes.stop)]
    return np.asarray(clear[0] & clear[1])


def equations(s: Search, dates: list[Dates]) -> Equations:
    w, half = s.base.weight, s.base.half
    X = regressors(s.size, dates)
    left = (X - ((X * w) @ half.T) @ half) * s.ready.seen
    squares = left @ (X * w).T
    return Equations(dates, left, squares + TINY * np.eye(len(X)), X @ (w * s.base.left))


def solved(s: Search, e: Equations, worse: float | None = None) -> Joint:
    """`worse` as known of a set that these changes are part of, or what they leave, which costs a spectrum."""
    covariance = np.linalg.inv(e.squares)
    size = covariance @ e.product
    if worse is None:
        worse = s.complete(s.base.left - size @ e.left)
    gain = size**2 / np.maximum(covariance.diagonal(), TINY) / worse
    middle = [0.0, *((a + b) / 2.0 for a, b in e.dates), float(s.size)]
    short = np.array([min(y - x, z - y) for x, y, z in zip(middle, middle[1:], middle[2:], strict=False)])
    found = height(gain, short, s.size)
    return Joint(worse, size, found, chance(found, s.size))


def joint(s: Search, dates: list[Dates]) -> Joint:
    """All changes fitted beside the base."""
    return solved(s, equations(s, dates))


def held(s: Search, dates: list[Dates], level: float, before: Sequence[Before] = ()) -> list[Dates]:
    """The largest set in which every change holds beside the others, the weakest dropped one by one."""
    if not dates:
        return []
    e = equations(s, dates)
    # Fewer changes leave more noise: what falls beside the noise that more of them leave falls beside its own.
    worse: float | None = None
    while e.dates:
        fit = solved(s, e, worse)
        # How many times over the chance is that it may have: one that was told already may have a larger one.
        over = fit.p / ([level if old is None else KEPT for old in same(e.dates, before)] if before else level)
        weakest = int(over.argmax())
        if over[weakest] > 1:
            e, worse = e.without(weakest), fit.worse
        elif worse is None:
            break
        else:
            worse = None
    return e.dates


def _near(s: Search, dates: list[Dates], i: int, edge: int) -> tuple[Shapes, Floats, Floats]:
    """Shapes in reach of change `i` that end `edge` periods before the next one or the end, and the product with the
    residuals and the information (C,) of each when the other changes stay."""
    when, w = s.ready.calendar, s.base.weight
    rows, left = s.base.half, s.base.left
    for x in regressors(s.size, dates[:i] + dates[i + 1 :]):
        _, rows, left, _ = _added(w, rows, left, x)
    low = max(edge, dates[i - 1][1] + edge if i else 0, dates[i][0] - REACH * when.least)
    last = dates[i + 1][0] if i + 1 < len(dates) else s.size
    high = min(last - edge, dates[i][1] + REACH * when.least)
    shapes = around(s.size, when.least, min(low, dates[i][0]), max(high, dates[i][1]))
    # The profile hardly sees a lasting change; leaving it out of the information spares half of the cost.
    slow = np.concatenate([rows[: when.slow], rows[len(s.base.half) :]])
    alone = shapes.squares(w)
    information = alone - (shapes.products(w * slow) ** 2).sum(0)
    return shapes, shapes.products(w * left), np.where(information > HIDDEN * alone, information, np.inf)


def dated(s: Search, dates: list[Dates], before: Sequence[Before] = ()) -> list[Dates]:
    """Each change at its best dates and in its best shape, given the others; outside of where it was said to lie before
    only where that is clearly better."""
    known = same(dates, before)
    dates = list(dates)
    worse = joint(s, dates).worse
    for i in range(len(dates)):
        shapes, product, information = _near(s, dates, i, s.ready.calendar.least)
        fits = product**2 / information / worse - shapes.pays
        old = known[i]
        if old is not None:
            at = third((shapes.start, shapes.stop))
            fits = np.where((at >= old.between[0]) & (at <= old.between[1]), fits, fits - MOVES)
        best = int(fits.argmax())
        dates[i] = (int(shapes.start[best]), int(shapes.stop[best]))
    return dates


def told(s: Search, dates: list[Dates], before: Sequence[Before] = ()) -> list[Told]:
    """Sizes and dates with what is not known of both: averages over every shape in reach, by how well it fits."""
    fit, known = joint(s, dates), same(dates, before)
    out = []
    for i in range(len(dates)):
        # A change that was just found may yet turn out to have come later than where it may be looked for.
        shapes, product, information = _near(s, dates, i, CLOSEST)
        evidence = 0.5 * (product**2 / information / fit.worse - shapes.pays)
        weight = np.exp(evidence - evidence.max())
        weight /= weight.sum()
        each = product / information
        size = float(weight @ each)
        variance = float(weight @ (fit.worse / information + (each - size) ** 2))
        at, between, settled = _when(shapes, weight, known[i])
        out.append(Told(at, between, settled, size, float(np.sqrt(variance)), float(fit.p[i])))
    return out


def _when(shapes: Shapes, weight: Floats, before: Before | None) -> tuple[int, Dates, int]:
    """Date, the dates it lies between, and the period that reaches the new level, from how likely each shape is.

    The corner where a ramp begins is a blur; the period by which a third of the move is made is known far better. Where
    it is not clear whether a change was a step or a ramp, its date is the average of what both say: a drift that passes
    for a step in its middle is then dated nearer to where it began, and no date jumps from one to the other.
    """
    at_third = third((shapes.start, shapes.stop))
    ramp = shapes.stop > shapes.start
    likely = float(weight[ramp].sum())
    step, drift = (_mode(at_third, np.where(of, weight, 0.0), shapes.size) for of in (~ramp, ramp))
    at = round((1 - likely) * step + likely * drift)
    if before is not None:
        at = min(max(at, before.between[0]), before.between[1])
    begun, half = (np.cumsum(np.bincount(x, weight)) for x in (shapes.start, (shapes.start + shapes.stop) // 2))
    low, high = np.searchsorted(begun, 0.025), np.searchsorted(half, 0.975)
    settled = at
    if likely > GRADUAL:
        stops = np.cumsum(np.bincount(shapes.stop, np.where(ramp, weight, 0.0)))
        settled = int(np.searchsorted(stops, stops[-1] / 2))
    return at, (min(int(low), at), max(int(high), at)), max(settled, at)


def _mode(at: Ints, weight: Floats, size: int) -> int:
    """Where most of `weight` lies within a few days."""
    return int(np.convolve(np.bincount(at, weight, minlength=size), NEARBY, mode="same").argmax())
