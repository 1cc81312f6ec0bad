"""sheets: what the pages show beside the bands, once a day: it is slow, and the board computes nothing."""

import logging
import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cxmon import sketch
from cxmon.config.plan import Plan
from cxmon.decisions.disclosure import Showing
from cxmon.decisions.maturity import ripened
from cxmon.model import Declared, Grain, Kind, Metric, PastShift, Segment, Sheet, Spread
from cxmon.panel import Panel
from cxmon.pipeline import covering
from cxmon.pipeline.alarms_kept import alarms_kept
from cxmon.pipeline.filling import filled
from cxmon.pipeline.judge_bands import shown
from cxmon.pipeline.retrospect import looked_back, told_before
from cxmon.store import Store

LOG = logging.getLogger("cxmon.pipeline")
Floats = npt.NDArray[np.float64]

# The periods whose single cases are shown, and how many times as many before them they are compared with.
LATELY = {Grain.HOUR: 28 * 24, Grain.DAY: 28, Grain.WEEK: 12, Grain.MONTH: 12}
BEFORE = 3
# Where bins may end, times a power of ten: steps that people read, about as wide as each other in logarithms.
STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
MOST_BINS = 24
POINTS = (0.25, 0.5, 0.75, 0.9)


def sheets(
    plan: Plan, store: Store, *, now: datetime, progress: Callable[[str, int, int], None] | None = None
) -> list[Sheet]:
    """What was worked out now: a sheet of today that stands already is left as it is. One bad metric stops no other."""
    found, changes = [], store.changes.all()
    alarms_kept(plan, store, now=now)
    for done, metric in enumerate(plan.metrics.values()):
        if progress is not None:
            progress(f"{metric.id} pages", done, len(plan.metrics))
        stored = store.catalogue.sheet(metric)
        if stored is not None and _day(stored.as_of, plan.zone) >= _day(now, plan.zone) and stored.past.looked_at:
            continue
        try:
            told = told_before(stored, now)
            found.append(sheet(store, metric, changes, now=now, least=plan.minimum_cell, told=told))
        except Exception as error:  # noqa: BLE001 - what is said of the other metrics does not depend on it.
            LOG.warning("sheet metric=%s error=%s", metric.id, error)
            continue
        store.catalogue.keep_sheet(found[-1])
    return found


def sheet(
    store: Store, metric: Metric, changes: Sequence[Declared], *, now: datetime, least: float,
    told: Sequence[PastShift] = (),
) -> Sheet:  # fmt: skip
    """The sheet of one metric as known at `now`, small groups covered. Changes `told` before are held on to."""
    panel = store.panel(metric, as_known_at=now)
    ripe = ripened(panel)
    return Sheet(
        metric=metric.id,
        definition=metric.definition_hash,
        as_of=now,
        past=looked_back(ripe, changes, now=now, least=least, told=told),
        filling=None if metric.kind is Kind.LEVEL else filled(panel, ripe, now=now),
        spreads=tuple(_spreads(ripe, now, least)),
    )


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _spreads(leaves: Panel, now: datetime, least: float) -> list[Spread]:
    """How single cases lie, of everyone and each shown segment with cases enough; only sketches know that."""
    metric = leaves.metric
    if leaves.counts is None or not len(leaves.starts) or not leaves.n.any() or metric.read.censored:
        return []
    mature = np.flatnonzero(leaves.mature(now))
    if not len(mature):
        return []
    last = int(mature[-1]) + 1
    first = max(0, last - LATELY[metric.grain])
    earlier = max(0, first - BEFORE * LATELY[metric.grain])
    rows = shown(leaves)
    known = covering.of_leaves(leaves, {}, now, least)
    part = leaves.cut(earlier, last)
    panel = part.roll_up(rows) if metric.additive else part.select(rows)
    told = []
    for row, segment in enumerate(rows):
        counts = panel.counts[row] if panel.counts is not None else np.zeros((last - earlier, 0))
        if segment not in known.names or known.window(segment, first, last) is Showing.WITHHELD:
            continue
        before = counts[: first - earlier].sum(0)
        if earlier == first or known.window(segment, earlier, first) is Showing.WITHHELD:
            before = np.zeros_like(before)
        made = _spread(segment, counts[first - earlier :].sum(0), before, panel.bucket0, least)
        if made is not None:
            told.append(_dated(made, leaves, first, last))
    return told


def _dated(made: Callable[[datetime, datetime], Spread], leaves: Panel, first: int, last: int) -> Spread:
    return made(*(datetime.fromtimestamp(int(at), UTC) for at in (leaves.starts[first], leaves.ends()[last - 1])))


def _spread(
    segment: Segment, counts: Floats, before: Floats, bucket0: int, least: float
) -> Callable[[datetime, datetime], Spread] | None:
    """The spread but for its dates; None where the cases are too few for bins, or not above zero."""
    if counts.sum() < 10 * least:
        return None
    low, high = (float(sketch.quantiles(counts, bucket0, q)[0]) for q in (0.01, 0.99))
    edges = between(low, high)
    if len(edges) < 3:
        return None
    told, earlier = (rounded(np.diff(_below(c, bucket0, edges)), least) for c in (counts, before))
    if not told.sum():
        return None
    share = earlier / earlier.sum() if earlier.sum() >= 10 * least else np.zeros(0)
    points = [(q, float(sketch.quantiles(counts, bucket0, q)[0])) for q in POINTS]
    return lambda since, until: Spread(
        segment=segment, since=since, until=until, edges=tuple(edges), shares=tuple((told / told.sum()).tolist()),
        n=float(told.sum()), before=tuple(share.tolist()), points=tuple(points),
    )  # fmt: skip


def _below(counts: Floats, bucket0: int, edges: Sequence[float]) -> Floats:
    """How many cases lie below nothing, each edge, and everything."""
    total = float(counts.sum())
    inside = [float(sketch.share_below(counts, bucket0, edge)) * total if total else 0.0 for edge in edges]
    return np.array([0.0, *inside, total])


def rounded(counts: Floats, least: float) -> Floats:
    """Counts to the nearest multiple of the smallest group that may be told: a difference of two tells no smaller."""
    return np.asarray(np.rint(counts / least) * least)


def between(low: float, high: float) -> list[float]:
    """Round values from `low` to `high` in about equal steps of logarithms; none where either is not above zero. A
    thousandth of the upper end is as fine as it gets."""
    if not (0 < high < sketch.STILL_OPEN) or not math.isfinite(low):
        return []
    low = max(low, high / 1000)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (float(f"{step}e{power}") for power in powers for step in STEPS)
    found = [step for step in steps if low <= step <= high]
    return found[:: max(1, -(-len(found) // MOST_BINS))]
