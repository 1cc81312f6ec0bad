"""When a period is complete enough to judge: the one door through which verdicts and checks learn it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from cxmon import stats
from cxmon.decisions.durations import log_end, own_triangle
from cxmon.model import Grain, Metric, Segment
from cxmon.panel import ARRIVAL_AGES, Panel
from cxmon.stats.arrival import COMPLETE, Arrivals

DAY = 86_400.0
# Where less than this part of what makes a period complete is in by a declared wait, the revisions contradict it.
CONTRADICTED = 0.9
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Maturity:
    """How a metric's periods fill: what was learnt of each kind of its answers, and the wait in days that counts for
    periods as they used to come.

    `declared` is the wait of the configuration (None where it is to be learnt); `usual` the one that counts. `log_end`
    is where a log of durations ends by itself (epoch seconds), where those and no revisions are what was learnt from.
    """

    metric: Metric
    kinds: tuple[Arrivals, ...]
    declared: timedelta | None
    usual: timedelta
    log_end: float | None = None

    @property
    def found(self) -> Arrivals | None:
        """What was learnt of the kind of answers that takes longest; None where nothing was."""
        known = [k for k in self.kinds if math.isfinite(k.usual)]
        return max(known, key=lambda k: (k.wait[-1], k.usual), default=None)

    @property
    def known(self) -> bool:
        return self.found is not None

    @property
    def contradicted(self) -> bool:
        """Whether a wait was declared that is much too short, so that the learnt one counts."""
        return self.declared is not None and self.usual > self.declared

    @property
    def since(self) -> int | None:
        """Index of the first period whose answers may come more slowly; None where they come as they used to."""
        return min((k.since for k in self.kinds if k.since is not None), default=None)

    @property
    def shares(self) -> Floats | None:
        """What part of its answers each period has at each age (T, A, K), where they come more slowly than before; of
        a kind that is too rare to be followed as of the others."""
        if self.since is None:
            return None
        followed = [None if not math.isfinite(k.usual) else _shares(k) for k in self.kinds]
        least = np.minimum.reduce([x for x in followed if x is not None])
        return np.stack([least if x is None else x for x in followed], axis=-1)


def maturity(panel: Panel) -> Maturity:
    """What the revisions of a panel teach about its periods' maturity."""
    metric = panel.metric
    declared = None if metric.learns_maturity else metric.matures_after
    kinds, end = _learnt(metric, panel.arrived), None
    learnt = [k.usual for k in kinds if math.isfinite(k.usual)]
    if declared is None and not learnt and (triangle := own_triangle(panel)) is not None:
        # How long it took to end says when it was known, where nothing else does.
        kinds, end = _learnt(metric, triangle), log_end(panel)
        learnt = [k.usual for k in kinds if math.isfinite(k.usual)]
    usual = metric.matures_after
    if learnt and (declared is None or _too_soon(declared, metric, kinds)):
        usual = max(declared or timedelta(0), timedelta(days=max(learnt)))
    return Maturity(metric=metric, kinds=kinds, declared=declared, usual=usual, log_end=end if learnt else None)


def _learnt(metric: Metric, arrived: Floats | None) -> tuple[Arrivals, ...]:
    """The curve of each kind of answers in a triangle (S, T, A, K)."""
    if arrived is None:
        return ()
    per_day = 24 if metric.grain is Grain.HOUR else 1
    each = (arrived[..., k] for k in range(arrived.shape[-1]))
    return tuple(stats.arrivals(x, ARRIVAL_AGES, per_day=per_day, complete=enough(metric)) for x in each)


def _too_soon(declared: timedelta, metric: Metric, kinds: Sequence[Arrivals]) -> bool:
    """Whether far too little of some kind of answers is in by a declared wait: by the next age that is followed."""
    at = int(np.searchsorted(ARRIVAL_AGES, declared.total_seconds() / DAY))
    followed = [k.earlier.share for k in kinds if math.isfinite(k.usual)]
    return any(at < len(share) and share[at] < CONTRADICTED * enough(metric) for share in followed)


def _shares(found: Arrivals) -> Floats:
    return np.ones((len(found.wait), len(ARRIVAL_AGES))) if found.shares is None else found.shares


def enough(metric: Metric) -> float:
    """The share of the final figure that makes a period complete: nearly all, but where open ones are counted only as
    many as say the quantile for sure, with some to spare for those that never end."""
    q = metric.quantiles[0]
    return min(COMPLETE, (1 + q) / 2) if metric.read.censored else COMPLETE


@dataclass(frozen=True, kw_only=True, eq=False)
class Ripening:
    """The learnt wait of each period of a panel with these `segments` and `starts`, and what else it is told with it,
    as in `Panel`."""

    segments: tuple[Segment, ...]
    starts: Ints
    read_at: datetime | None
    metric: Metric
    wait: Floats
    shares: Floats | None
    too_short: timedelta | None
    ends: datetime | None

    def fits(self, panel: Panel) -> bool:
        """Whether it was learnt from this panel: the same series, periods and moment."""
        alike = self.segments == panel.segments and self.read_at == panel.read_at
        return alike and np.array_equal(self.starts, panel.starts)

    def of(self, panel: Panel) -> Panel:
        """The panel with what was learnt."""
        return replace(
            panel, metric=self.metric, wait=self.wait, shares=self.shares, too_short=self.too_short, read_at=self.ends
        )


def ripened(panel: Panel) -> Panel:
    """The panel with the learnt wait of each of its periods."""
    found = ripening(panel)
    return panel if found is None else found.of(panel)


def ripening(panel: Panel) -> Ripening | None:
    """How long each period of a panel has to wait; None where nothing is learnt.

    The declared wait is never shortened. Where far too little has come by then the learnt one counts, and where answers
    come in slower than before the periods since then wait longer: the first to answer never stand for all.
    """
    known = maturity(panel)
    if not known.kinds:
        return None
    wait = np.full(len(panel.starts), known.usual.total_seconds())
    for kind in known.kinds:
        if kind.since is not None:
            wait[kind.since :] = np.maximum(wait[kind.since :], kind.wait[kind.since :] * DAY)
    if len(panel.segments) == 1:
        wait = np.maximum(wait, _until_known(panel))
    if panel.wait is not None:
        wait = np.maximum(wait, panel.wait)
    anew = known.contradicted or panel.metric.learns_maturity
    ends = panel.read_at
    if known.log_end is not None:
        log_end = datetime.fromtimestamp(known.log_end, UTC)
        ends = log_end if ends is None else min(log_end, ends)
    return Ripening(
        segments=panel.segments, starts=panel.starts, read_at=panel.read_at, ends=ends, wait=wait, shares=known.shares,
        metric=replace(panel.metric, matures_after=known.usual) if anew else panel.metric,
        too_short=panel.too_short or (known.declared if known.contradicted else None),
    )  # fmt: skip


def slowed(panel: Panel) -> tuple[str, ...]:
    """In words, that answers of late do not come in as they used to, or need far longer than was declared, and what
    that means; empty where neither is so."""
    if panel.wait is None or not len(panel.wait):
        return ()
    grain, days = panel.metric.grain.value, panel.wait[-1] / DAY
    if not panel.wait[-1] > panel.wait[0]:
        if panel.too_short is None:
            return ()
        short = round(panel.too_short.total_seconds() / DAY)
        declared = f"{short} day{'' if short == 1 else 's'}"
        return (f"a {grain} counts when it is {days:.0f} days old: by the declared {declared} far too little is in",)
    if not math.isfinite(days):
        return (f"answers do not come in as they used to; how old a {grain} must be to be complete is not known yet",)
    counts = f"a {grain} now counts when it is {days:.0f} days old"
    room = ", and the range allows for the answers still missing" if not panel.metric.read.censored else ""
    return (f"answers do not come in as they used to; {counts}{room}",)


def _until_known(panel: Panel) -> Floats:
    """Infinite from the first young period on whose quantile is not known, because too many are still open: those of
    the later ones that can be known are the quick ones, and would look like an improvement."""
    found = np.zeros(len(panel.starts))
    if panel.arrived is None or panel.wait is None:
        return found
    followed = np.isfinite(panel.arrived[0, :, :, 0])
    young = followed[:, 0] & ~followed[:, -1]
    # Only those that are old enough by the wait of their metric are expected to be known.
    due = panel.wait < np.max(np.where(followed, ARRIVAL_AGES, -1), axis=1, initial=-1) * DAY
    where = np.flatnonzero(panel.open_ended()[0] & young & due)
    if len(where):
        found[where[0] :] = np.inf
    return found
