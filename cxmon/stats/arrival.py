"""How answers arrive after a period's end: the curve of what had come by each age, and whether it slowed of late.

The reporting triangle of claims reserving (Mack, 1993): `arrived[.., t, a]` is what was known of period t at age a,
NaN where t is not that old yet. The share that came with the step from age a to the next one, of all known by then, is
learnt from the periods that have reached both. So young periods tell of early steps only and bias none, and the share
of the final figure known at age a is the product of what the later steps left over.

Answers that slow down show in young periods long before these are complete: of what has come by age 5 more than usual
came late, or a step brings less than it used to. Each step of each recent period is compared with what earlier periods
lead to expect, over several lengths of "recent", and the noise is that of the earlier and of the recent periods around
their own mean. Where it began is found by likelihood, and the slow curve is learnt from the periods since alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# A period is complete where this share is in: what the rest can move is a fiftieth of how it differs from the others.
COMPLETE = 0.98
# "Recent" is any of these many days (periods, where a period is longer), the reference what lies before, so long.
WINDOWS = (1, 2, 3, 4, 6, 8, 11, 14, 20, 28, 40, 56, 80, 112)
RECENT, REFERENCE = 56, 120
# Fewer periods or answers teach nothing.
LEAST_PERIODS, LEAST_ANSWERS = 8, 200.0
# A single series has a curve of its own only where it has this many.
OWN_CURVE = 1000.0
# A step is looked at by itself where it is expected to bring this many.
ENOUGH = 5.0
# A slowing is called with this chance on a look at which there is none, over all series and windows.
FALSE_ALARM = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """The share of the final figure that is in at each age (A,), NaN from where on too few periods tell; `periods` and
    `answers` are what its first step was learnt from."""

    share: Floats
    periods: int
    answers: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrivals:
    """When each period is complete.

    wait      (T,) the age in days at which it is: infinite where its slowed curve does not say yet, NaN = not known
    usual     the age for periods whose answers come as they used to; NaN where that cannot be known
    earlier   the curve of the reference, all series together; `slowed` that of the series that slowed most, or None
    since     index of the first period that may be slow; None where nothing slowed
    shares    (T, A) the least share that each period may well have at each age by its slowest curve, 1 where answers
              come as they used to and NaN where it is not known yet; None where nothing slowed
    """

    wait: Floats
    usual: float
    earlier: Curve
    slowed: Curve | None = None
    since: int | None = None
    shares: Floats | None = None


@dataclass(frozen=True, eq=False)
class _Steps:
    """What came with each step (.., R, A - 1) of some periods, what was known after it, and from how many periods."""

    late: Floats
    known: Floats
    periods: Floats

    @property
    def share(self) -> Floats:
        """What came with the step as a share of what was known after it; half an answer keeps it off 0. Where figures
        were taken back it is none."""
        return np.asarray(np.clip((self.late + 0.5) / (self.known + 1.0), 0.0, 1.0))

    @property
    def taught(self) -> Bools:
        # Where nothing comes before the third week, the early steps are known to bring nothing.
        known = np.maximum.accumulate(self.known[..., ::-1], axis=-1)[..., ::-1]
        return (self.periods >= LEAST_PERIODS) & (known >= LEAST_ANSWERS)


def arrivals(arrived: Floats, ages: Sequence[float], *, per_day: int = 1, complete: float = COMPLETE) -> Arrivals:
    """Learns the curve from `arrived` (S, T, A): what was known of each series and period at each of `ages` (days).

    `per_day` is how many periods a day has (1 for days and longer ones). Everything is NaN where fewer than 8 periods
    or 200 answers have been followed from one age to the next.
    """
    T = arrived.shape[1]
    begun = np.flatnonzero(np.isfinite(arrived[:, :, 0].sum(0)))
    last = int(begun[-1]) + 1 if len(begun) else 0
    first = max(0, last - (REFERENCE + RECENT) * per_day)
    late, known, both = _steps(_rows(arrived[:, first:last]))
    whole = _added(late, known, both, slice(None))
    slow = _slowing(late, known, both, per_day) if whole.taught.shape[1] and whole.taught[0, 0] else []
    since = min((one.maybe for one in slow), default=last - first)
    # What slowed is no part of the usual, but where too little lies before it.
    end = since if slow and since >= LEAST_PERIODS else last - first
    before = whole if end == last - first else _added(late, known, both, slice(None, end))
    usual = _usual(before, _added(late, known, both, slice(max(0, end - RECENT * per_day), end)), ages, complete)
    wait, earlier = np.full(T, usual), _curve(before, slow[0].row if slow else 0)
    if not slow:
        return Arrivals(wait=wait, usual=usual, earlier=earlier)
    shares, curves = np.ones((T, len(ages))), []
    for one in slow:
        recent, past = (_added(late, known, both, s) for s in (slice(one.surely, None), slice(None, one.surely)))
        share, least = _while_slow(recent, past, one.row, ages)
        begin = first + one.maybe
        wait[begin:] = np.maximum(wait[begin:], _age_of(share, ages, complete))
        shares[begin:] = np.minimum(shares[begin:], least)
        curves.append(share)
    told = slow[0]
    answers = _added(late, known, both, slice(told.surely, None)).known[told.row].max()
    return Arrivals(
        wait=wait, usual=usual, earlier=earlier, since=first + since, shares=shares,
        slowed=Curve(share=curves[0], periods=last - first - told.surely, answers=float(answers)),
    )  # fmt: skip


def _rows(arrived: Floats) -> Floats:
    """All series together and, where there are several, each of them (T, R, A). Periods stand first: what is added up
    of them then lies together in memory."""
    S, T, A = arrived.shape
    if S == 1:
        return np.ascontiguousarray(arrived.swapaxes(0, 1))
    rows = np.empty((T, S + 1, A))
    rows[:, 1:] = arrived.swapaxes(0, 1)
    rows[:, 1:].sum(1, out=rows[:, 0])
    return rows


def _steps(rows: Floats) -> tuple[Floats, Floats, Bools]:
    """What came late and what was known after (T, R, A - 1), 0 where a period has not reached both ages (T, A - 1)."""
    reached = np.isfinite(rows[:, 0])
    both = reached[:, 1:] & reached[:, :-1]
    late, known = rows[..., 1:] - rows[..., :-1], rows[..., 1:].copy()
    for x in (late, known):
        x.swapaxes(1, 2)[~both] = 0.0
    return late, known, both


def _added(late: Floats, known: Floats, both: Bools, which: slice) -> _Steps:
    return _Steps(late[which].sum(0), known[which].sum(0), both[which].sum(0).astype(float))


def _curves(steps: _Steps) -> Floats:
    """The share known at each age (R, A); NaN where too few periods tell what comes after."""
    seen = steps.taught
    late = np.where(steps.known > 0, steps.late / np.maximum(steps.known, 1.0), 0.0)
    left = np.where(seen, 1.0 - np.clip(late, 0.0, 1.0), np.nan)
    A = left.shape[1]
    end = np.where(seen.any(1), A - np.argmax(seen[:, ::-1], axis=1), 0)
    # What comes after the last step that was seen is taken to be no more than came with it.
    tail = np.where(end > 0, left[np.arange(len(left)), end - 1], np.nan)
    left = np.where(np.arange(A) < end[:, None], left, 1.0)
    found = np.cumprod(np.append(left, tail[:, None], axis=1)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.where(np.arange(A + 1) < end[:, None], found, np.nan))


def _curve(steps: _Steps, row: int) -> Curve:
    if not len(steps.periods):
        return Curve(share=np.full(1, np.nan), periods=0, answers=0.0)
    return Curve(share=_curves(steps)[row], periods=int(steps.periods[0]), answers=float(steps.known[row].max()))


def _usual(whole: _Steps, recent: _Steps, ages: Sequence[float], complete: float) -> float:
    """The age at which every series that has enough answers is complete, over the past and over its end; NaN where all
    together have too few."""
    if not whole.taught.shape[1] or not whole.taught[0, 0]:
        return float("nan")
    found = [0.0]
    for steps in (whole, recent):
        shares, answers = _curves(steps), steps.known.max(axis=1)
        own = np.isfinite(shares[:, 0]) & ((answers >= OWN_CURVE) | (np.arange(len(answers)) == 0))
        # Two standard errors below would still be complete: chance in few answers makes nothing wait.
        slack = 2 * np.sqrt(complete * (1 - complete) / np.maximum(answers, 1.0))
        enough = shares >= (complete - slack)[:, None]
        age = np.where(enough.any(1), np.asarray(ages, float)[np.argmax(enough, axis=1)], np.inf)
        found.append(float(age[own].max(initial=0.0)))
    # Where even the last age that is known is not complete, the last one that is kept at all has to do.
    return float(min(max(found), ages[-1]))


def _age_of(share: Floats, ages: Sequence[float], complete: float) -> float:
    enough = np.flatnonzero(share >= complete)
    return float(ages[int(enough[0])]) if len(enough) else float("inf")


def _while_slow(recent: _Steps, before: _Steps, row: int, ages: Sequence[float]) -> tuple[Floats, Floats]:
    """The share known at each age (A,) of periods that came slower: by their own steps, as far as any has got; and the
    least that it may well be, a standard error below.

    What the later steps bring a day is taken to fall on half as fast (in logarithms) as it fell with the last step,
    and to no less than it used to be. Further out than the last age that any has reached nothing is known.
    """
    used = np.where(before.taught[row], before.share[row], 0.0)
    had = np.maximum(recent.known[row], 1.0)
    # What was taken back with one step makes up for what came with another: a reload is no slowing.
    late = np.where(recent.known[row] > 0, np.clip(recent.late[row] / had, -1.0, 1.0), used)
    seen = recent.periods > 0
    if not seen.any():
        return np.full(len(late) + 1, np.nan), np.full(len(late) + 1, np.nan)
    doubt = np.where(seen, np.abs(late) * (1 - np.abs(late)) / had, 0.0)
    end, days = int(np.flatnonzero(seen)[-1]), np.diff(np.asarray(ages, float))
    later = np.arange(end + 1, len(late))
    found = []
    for errors in (0.0, 1.0):
        daily = (np.maximum(late, 0.0) + errors * np.sqrt(doubt)) / days
        falls = math.sqrt(min(1.0, daily[end] / daily[end - 1])) if end and daily[end - 1] > 0 else 1.0
        late[later] = np.maximum(daily[end] * falls ** (later - end) * days[later], used[later])
        left = np.cumsum(np.log1p(-np.minimum(late, 1 - 1e-9))[::-1])[::-1]
        share = np.exp(left - errors * np.sqrt(np.cumsum(doubt[::-1])[::-1]))
        share = np.append(np.minimum(share, 1.0), 1.0)
        share[end + 2 :] = np.nan
        found.append(share)
    return found[0], found[1]


@dataclass(frozen=True)
class _Slow:
    """A slowing of one row: `maybe` is the first period that may be slow, `surely` the first that surely is."""

    row: int
    maybe: int
    surely: int


def _slowing(late: Floats, known: Floats, both: Bools, per_day: int) -> list[_Slow]:
    """Every slowing of each series, the surest series first; one that slowed twice is there twice."""
    T = len(late)
    sizes = sorted({w * per_day for w in WINDOWS if w * per_day <= T - LEAST_PERIODS})
    if not sizes:
        return []
    tests = late.shape[1] * len(sizes)
    z = _surprises(late, known, both, sizes, tests)
    found = []
    for row in np.argsort(-z.max(1)).tolist():
        begin, own, left = 0, z[row], sizes
        while left and own.max() > 1:
            # The window in which it is seen best ends near its beginning: the exact day is looked for around it.
            best, here = int(np.argmax(own)), slice(begin, None)
            around = [T - begin - left[k] for k in (min(best + 2, len(left) - 1), max(best - 2, 0))]
            maybe, surely = _onset(late[here, row], known[here, row], *around)
            found.append(_Slow(row, begin + maybe, begin + surely))
            begin += surely
            # What is slower than the slow since then has slowed again.
            left, here = [s for s in sizes if s <= T - begin - LEAST_PERIODS], slice(begin, None)
            if left:
                one = slice(row, row + 1)
                own = _surprises(late[here, one], known[here, one], both[here], left, tests)[0]
    return found


def _onset(late: Floats, known: Floats, first: int, last: int) -> tuple[int, int]:
    """Between which periods the steps (T, A - 1) of one series began to be others, of those from `first` to `last`: all
    that are less likely than the likeliest by no more than chance, at two standard errors, allows."""
    came, had = np.cumsum(late, axis=0), np.cumsum(known, axis=0)
    before = slice(first - 1, last)
    fit = _likelihood(came[before], had[before]) + _likelihood(came[-1] - came[before], had[-1] - had[before])
    best = int(np.argmax(fit)) + first
    # Days differ by more than chance: by as much as they do around their own level.
    wide = max(_scatter(late[:best], known[:best]), _scatter(late[best:], known[best:]), 1.0)
    near = np.flatnonzero(fit >= fit.max() - 2.0 * wide) + first
    return int(near[0]), int(near[-1])


def _likelihood(late: Floats, known: Floats) -> Floats:
    """The log likelihood (T,) of what came late of what is known (T, A - 1), at its own shares."""
    late = np.maximum(late, 0.0)
    p = np.clip(late / np.maximum(known, 1.0), 1e-9, 1 - 1e-9)
    return np.asarray((late * np.log(p) + np.maximum(known - late, 0.0) * np.log1p(-p)).sum(1))


def _scatter(late: Floats, known: Floats) -> float:
    """Variance of the steps (T, A - 1) around their own shares, in terms of chance's."""
    p = np.clip(late.sum(0) / np.maximum(known.sum(0), 1.0), 0.0, 1.0)
    expected = (known * p * (1 - p)).sum()
    return float(((late - known * p) ** 2).sum() / max(expected, 1e-9))


def _surprises(late: Floats, known: Floats, both: Bools, sizes: Sequence[int], tests: int) -> Floats:
    """How far more came late in the newest periods than the earlier ones lead to expect, over all steps, or how far
    more or less with a single one (R, sizes), in terms of what chance may do in `FALSE_ALARM` of looks at so many
    `tests`; 0 where the earlier ones teach nothing.

    Payments that are tried for longer come with other steps than before: fewer early, and more when it is too late.
    """
    at = np.array([len(late) - size for size in sizes])
    # Running sums at the splits make every split of the past cost the same; splits stand first (S, R, A - 1).
    sums = [_to_splits(x, at) for x in (late, known, late * late, late * known, known * known)]
    came, had, *squares = (x[:-1] for x in sums)
    periods = _to_splits(both[:, None].astype(float), at)
    before = _Steps(came, had, periods[:-1])
    came, had, *rest = (x[-1] - x[:-1] for x in sums)
    recent = _Steps(came, had, periods[-1] - periods[:-1])
    # Half of the false alarms to each: all steps together later, any step either way.
    limits = [NormalDist().inv_cdf(1 - FALSE_ALARM / 2 / tests / ways) for ways in (1, 2 * max(late.shape[2], 1))]
    share, taught = before.share, before.taught
    use = taught & (recent.known > 0)
    # Days differ in how fast they are answered by more than chance: the scatter of the earlier ones says how much.
    chance = np.where(taught, before.known * share * (1 - share), 0.0).sum(-1)
    wider = np.maximum(np.where(taught, _scattered(before, squares), 0.0).sum(-1) / np.maximum(chance, 1e-9), 1.0)
    expected = recent.known * share
    more = np.where(use, recent.late - expected, 0.0)
    variance = np.where(use, expected * (1 - share) * (1 + recent.known / np.maximum(before.known, 1.0)), 0.0)
    # And that of the recent ones: rows that are taken back and come anew are no answers that come later.
    own = np.where(use & (recent.periods > 1), _scattered(recent, rest), 0.0)
    # The quarter keeps a series that never had a late answer from being surprised by its first.
    later = more.sum(-1) / np.sqrt(np.maximum(wider * variance.sum(-1), own.sum(-1)) + 0.25)
    single = np.abs(more) / np.sqrt(np.maximum(wider[..., None] * variance, own) + 0.25)
    single = np.where(use & (expected >= ENOUGH), single, 0.0)
    return np.asarray(np.maximum(later / limits[0], single.max(-1, initial=0.0) / limits[1]).T)


def _to_splits(x: Floats, at: Ints) -> Floats:
    """Sums of `x` (T, R, ..) over the periods before each of the splits `at` and, last, over all (len(at) + 1, R, ..);
    `at` falls, and each is at least 1."""
    bounds = np.concatenate([[0], at[::-1]])
    sums = np.cumsum(np.add.reduceat(x, bounds, axis=0), axis=0)
    return np.asarray(sums[[*range(len(at) - 1, -1, -1), len(at)]])


def _scattered(steps: _Steps, squares: Sequence[Floats]) -> Floats:
    """The squares of what came late around the periods' own shares, added up (.., R, A - 1); `squares` are the sums of
    late squared, late times known, and known squared."""
    late2, both, known2 = squares
    share, count = steps.share, np.maximum(steps.periods, 2.0)
    return np.asarray((late2 - 2 * share * both + share**2 * known2) * count / (count - 1))
