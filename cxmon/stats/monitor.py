"""The monitor itself: the odds that a lasting step has begun on one of the last days, after a Kalman filter.

For every possible onset the filter carries what it has already absorbed of a step begun then; what is left of the step
in the day's innovation is its signature (Willsky & Jones 1976). Likelihood ratios of steps of a few sizes are added
over sizes, onsets and noise parameters (Shiryaev 1963; Roberts 1966; mixtures: Pollak 1987): without a change their
sum grows by one a day, which is why one height means nearly the same for any noise. Innovations are cut at three
sigma, so no single day can alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints, median_of
from cxmon.stats.watch_filter import Day, Filter, Watched, regressors

CUT, CUT_OFTEN = 3.0, 2.5
# Shares of days beyond three robust sigma from which on, and up to which, the cut is lowered.
SPIKY = (0.005, 0.02)
WINDOW = 120
# Sizes that a step may have, in units of one day's noise.
SIZES = (0.5, 1.0, 2.0)
# Share of cut days since the onset from which on the plain mean tells the size.
MANY, ROUNDED = 0.2, 1e-9
# Odds of an onset, to those of the likeliest, from which on the size counts it.
LIKELY = 0.05
# Chance that it began outside the periods told.
OUTSIDE = 0.05
# Log odds are not followed any further.
MOST = 600.0


@dataclass(frozen=True, eq=False)
class Paths:
    """For each period from `start` on (S, D): the statistic (log odds), NaN where it was not asked for; where it is
    beyond the limit, and on the last day, the likeliest onset, the periods it lies between with 95 %, the step's size
    and its standard error, else -1 and NaN."""

    statistic: Floats
    onset: Ints
    earliest: Ints
    latest: Ints
    size: Floats
    se: Floats

    @classmethod
    def silent(cls, shape: tuple[int, int]) -> "Paths":
        number, day = np.full(shape, np.nan), np.full(shape, -1)
        return cls(number, day, day.copy(), day.copy(), number.copy(), number.copy())


class Onsets:
    """A step that began on each of the last periods (S, J, w): its products with the value `num`, with itself `den` and
    with the regressors `cross` (p, S, J, w), the third cumulant `skew` of the first, and what both states of the filter
    have absorbed of it."""

    def __init__(self, filtered: Filter) -> None:
        (S, J, p), size = filtered.b.shape, WINDOW
        self.num, self.den, self.skew, self.kept1, self.kept2 = (np.zeros((S, J, size)) for _ in range(5))
        self.cross = np.zeros((p, S, J, size))
        self.born = np.full(size, -1)

    def of(self, rows: Bools) -> "Onsets":
        """Those of some series."""
        found = Onsets.__new__(Onsets)
        for name, x in vars(self).items():
            setattr(found, name, x.copy() if name == "born" else x[:, rows] if name == "cross" else x[rows])
        return found

    @classmethod
    def joined(cls, some: Sequence["Onsets"], order: Ints) -> "Onsets":
        """Those of several groups of series, of steps that began in the same periods, as one, in this order."""
        found = cls.__new__(cls)
        for name in vars(some[0]):
            each = [getattr(one, name) for one in some]
            if name == "born":
                found.born = each[0]
            elif name == "cross":
                found.cross = np.concatenate(each, axis=1)[:, order]
            else:
                setattr(found, name, np.concatenate(each)[order])
        return found

    def copied(self) -> "Onsets":
        """Those that go on by themselves."""
        found = Onsets.__new__(Onsets)
        vars(found).update({name: x.copy() for name, x in vars(self).items()})
        return found

    def day(self, t: int, d: Day, phi: Floats, skew: Floats) -> None:
        """Period `t`, with a new onset in the place of the oldest."""
        # Its place is that of the period, wherever the monitor began: sums in one order are the same to the last bit.
        at = t % WINDOW
        for x in (self.num, self.den, self.skew, self.kept1, self.kept2, self.cross):
            x[..., at] = 0.0
        self.born[at] = t
        # In place: room for each product anew costs more than the products.
        left = 1.0 - self.kept1
        left -= self.kept2
        weighted = left * d.weight[..., None]
        part = weighted * d.e[..., None]
        self.num += part
        self.den += np.multiply(weighted, left, out=part)
        if skew.any():
            np.multiply(weighted, weighted, out=part)
            part *= weighted
            self.skew += np.multiply(part, skew[:, None, None], out=part)
        for k, ex in enumerate(d.ex):
            self.cross[k] += np.multiply(weighted, ex[..., None], out=part)
        self.kept1 += np.multiply(left, d.g1[..., None], out=part)
        self.kept1 *= phi[..., None]
        self.kept2 += np.multiply(left, d.g2[..., None], out=part)

    def steps(self, filtered: Filter) -> tuple[Floats, Floats]:
        """Products of each step with the value and with itself, level and wave taken out of both."""
        root = np.linalg.inv(np.linalg.cholesky(filtered.A))
        cross = root @ self.cross.transpose(1, 2, 0, 3)
        value = root @ filtered.b[..., None]
        return self.num - (cross * value).sum(2), np.maximum(self.den - (cross**2).sum(2), TINY)

    def ratios(self, num: Floats, den: Floats, scale: Floats, sided: int) -> Floats:
        """Likelihood ratio (S, J, w) of a step begun on each day, averaged over its sizes (and both directions). Counts
        lean to one side; the third cumulant keeps the ratio's mean at one there (to that order)."""
        push, out = num / scale[..., None], np.zeros(num.shape)
        lean = self.skew / (6 * scale[..., None] ** 3)
        for sign in (1.0, -1.0)[:sided]:
            for size in SIZES:
                out += np.exp(np.minimum(sign * size * (push - size**2 * lean) - 0.5 * size**2 * den, MOST))
        out[..., self.born < 0] = 0.0
        return out / (len(SIZES) * sided)


@dataclass(eq=False)
class Running:
    """The monitor of some series with one set of noise parameters, before period `t`. `onsets` is None while none is
    followed yet; `level` and `beyond` (S, WINDOW) are what was expected and how likely a cut was, lately. Innovations
    are cut at `cut` (S, 1) standard deviations."""

    filtered: Filter
    weight: Floats
    level: Floats
    beyond: Floats
    cut: Floats
    onsets: Onsets | None = None
    t: int = 0

    @classmethod
    def of(cls, w: Watched) -> "Running":
        """Before the first of the periods `w` that its parameters were learnt from."""
        nothing = np.zeros((len(w.y), WINDOW))
        return cls(Filter(w), w.noise.log_weight.copy(), nothing, nothing.copy(), _cut(w))

    def of_rows(self, rows: Bools) -> "Running":
        """That of some of its series, which knows nothing of the others."""
        onsets = None if self.onsets is None else self.onsets.of(rows)
        lately = self.level[rows], self.beyond[rows]
        return Running(self.filtered.of(rows), self.weight[rows], *lately, self.cut[rows], onsets, self.t)

    @property
    def kind(self) -> tuple[int, int, bytes]:
        """What monitors have in common that can go on as one."""
        followed = b"" if self.onsets is None else self.onsets.born.tobytes()
        return self.t, self.filtered.b.shape[-1], followed

    @classmethod
    def joined(cls, some: Sequence["Running"], order: Ints) -> "Running":
        """Those of several groups of series, of one `kind`, as one, in this order."""
        onsets = [one.onsets for one in some if one.onsets is not None]
        weight, level, beyond, cut = (
            np.concatenate([getattr(one, name) for one in some])[order] for name in ("weight", "level", "beyond", "cut")
        )
        filtered = Filter.joined([one.filtered for one in some], order)
        return cls(filtered, weight, level, beyond, cut, Onsets.joined(onsets, order) if onsets else None, some[0].t)

    def copied(self) -> "Running":
        """One that goes on by itself."""
        onsets = None if self.onsets is None else self.onsets.copied()
        return replace(self, filtered=self.filtered.copied(), onsets=onsets)

    def bare(self, w: Watched, *, learnt: Ints, until: int) -> None:
        """Goes on to before period `until` and follows no onset, nor those any more that it followed."""
        if self.onsets is not None:
            self.onsets, nothing = None, np.zeros_like(self.level)
            self.level, self.beyond = nothing, nothing.copy()
        X = regressors(w, self.t, until)
        for t in range(self.t, until):
            self._weigh(w, t, learnt, self.filtered.day(w, t, X[t - self.t], self.cut))
        self.t = until

    def on(self, w: Watched, *, learnt: Ints, begin: int, start: int, read: int, sided: int, limit: Floats) -> Paths:
        """Goes on to the end of `w` and tells of periods `start`..T-1; steps may have begun at `begin` or later.

        The noise of each series was learnt before `learnt` (S,); the statistic is asked for from `read` on. `sided` 1:
        rises only, 2: either way. Onsets reach back WINDOW periods. `limit` (S,) is the height of an alarm. A step that
        began before the first onset that is followed is not seen: that must be no later than max(begin, read -
        WINDOW + 1).
        """
        (S, T), first = w.y.shape, max(begin, max(start, read) - WINDOW + 1)
        if self.onsets is None or self.t < first:
            # Onsets before the first that is asked for are not followed on.
            self.bare(w, learnt=learnt, until=max(self.t, min(first, T)))
            self.onsets = Onsets(self.filtered)
        from_, X, cut = self.t, regressors(w, self.t, T), self.cut
        scale, share, D = np.sqrt(w.noise.scale2), _shares(self.weight), T - start
        out = Paths.silent((S, D))
        level, beyond = (np.concatenate([lately, np.zeros((S, T - from_))], 1) for lately in (self.level, self.beyond))
        for t in range(from_, T):
            d, at = self.filtered.day(w, t, X[t - from_], cut), t - from_ + WINDOW
            wild = d.weight * d.left**2 / w.noise.scale2 > (0.999 * cut) ** 2
            level[:, at], beyond[:, at] = (share * d.level).sum(1), (share * wild).sum(1)
            self.onsets.day(t, d, w.noise.phi, w.skew[:, t])
            self._weigh(w, t, learnt, d)
            share = _shares(self.weight)
            if t >= max(start, read):
                num, den = self.onsets.steps(self.filtered)
                odds = share[..., None] * self.onsets.ratios(num, den, scale, sided)
                out.statistic[:, t - start] = np.log(np.maximum(odds.sum((1, 2)), TINY))
                loud = (out.statistic[:, t - start] > limit) | (t == T - 1)
                _note(out, t - start, np.flatnonzero(loud), odds, num, den, scale, self.onsets.born)
        self.t, self.level, self.beyond = T, level[:, -WINDOW:], beyond[:, -WINDOW:]
        return _sized(out, w, level, beyond, from_ - WINDOW, start)

    def _weigh(self, w: Watched, t: int, learnt: Ints, d: Day) -> None:
        """Weighs the noise parameters by how well they explained period `t`, if it is one since they were learnt."""
        new = t >= learnt
        if new.any():
            spread = np.where(d.weight > 0, np.log(np.maximum(d.weight, TINY) / w.noise.scale2), 0.0)
            more = 0.5 * (spread - d.weight * d.left**2 / w.noise.scale2)
            self.weight = self.weight + (more if new.all() else np.where(new[:, None], more, 0.0))


def _shares(log_weight: Floats) -> Floats:
    share = np.exp(log_weight - log_weight.max(1, keepdims=True))
    return np.asarray(share / share.sum(1, keepdims=True))


def _cut(w: Watched) -> Floats:
    """Where innovations are cut (S, 1), in standard deviations: lower where wild days were frequent, or two of them
    near each other would be an alarm."""
    seen = w.seen
    z = np.where(seen, w.y / np.sqrt(w.variance), np.nan)
    off = np.abs(z - median_of(z, seen)[:, None])
    wild = (off > 3 * 1.4826 * median_of(off, seen)[:, None]).sum(1) / np.maximum(seen.sum(1), 1)
    return np.asarray(CUT - (CUT - CUT_OFTEN) * np.clip((wild - SPIKY[0]) / (SPIKY[1] - SPIKY[0]), 0, 1))[:, None]


def _note(out: Paths, day: int, rows: Ints, odds: Floats, num: Floats, den: Floats, scale: Floats, born: Ints) -> None:
    """The likeliest onset of `rows` and the size of the step, averaged over noise parameters and onsets."""
    if not len(rows):
        return
    each = odds[rows].sum(1)
    best = each.argmax(1)
    # When it began is not known for sure either: the size is averaged over the likely onsets. Of one that a new level
    # hides nothing is known, and it weighs next to nothing: it would only blow up the range.
    likely = each >= LIKELY * each.max(1, keepdims=True)
    share = odds[rows] * likely[:, None]
    share = share / share.sum((1, 2), keepdims=True)
    size = num[rows] / den[rows]
    mean = (share * size).sum((1, 2))
    spread = (share * (scale[rows, :, None] ** 2 / den[rows] + (size - mean[:, None, None]) ** 2)).sum((1, 2))
    out.onset[rows, day], out.size[rows, day], out.se[rows, day] = born[best], mean, np.sqrt(spread)
    # A step may begin on any day alike, so the odds of the onsets are their chances.
    order = np.argsort(born)
    reached = np.cumsum(each[:, order], axis=1) / each.sum(1, keepdims=True)
    out.earliest[rows, day] = born[order][(reached > OUTSIDE / 2).argmax(1)]
    out.latest[rows, day] = born[order][(reached >= 1 - OUTSIDE / 2).argmax(1)]


def _sized(out: Paths, w: Watched, level: Floats, cut: Floats, base: int, start: int) -> Paths:
    """The same with the plain size, mean since the onset minus the level then, where many of its days were cut: the
    cut keeps single days from alarming, but it would make a large change look small. Columns of `level` and `cut`
    count from period `base`, before which no step began."""
    S, D = out.statistic.shape
    lately = max(start + 1 - WINDOW, base, 0)
    # Before the first onset that is followed nothing is told.
    row, day = np.arange(S)[:, None], np.maximum(start + np.arange(D)[None, :], lately)
    told = out.onset >= 0
    onset = np.clip(np.where(told, out.onset, day), 0, day)

    def since(x: Floats) -> Floats:
        sums = np.concatenate([np.zeros((S, 1)), np.cumsum(x, axis=1)], axis=1)
        return np.asarray(sums[row, day + 1 - lately] - sums[row, onset - lately])

    seen = w.seen[:, lately:]
    count = np.maximum(since(np.asarray(seen, float)), 1.0)
    values = np.where(seen, w.y[:, lately:], 0.0)
    mean = since(values) / count
    within = np.sqrt(np.maximum(since(values**2) / count - mean**2, 0.0) / count)
    # Just so many are not more, however a sum was rounded.
    large = told & (since(cut[:, lately - base :]) > (MANY + ROUNDED) * count)
    size = np.where(large, mean - level[row, onset - base], out.size)
    return replace(out, size=size, se=np.where(large, np.maximum(out.se, within), out.se))
