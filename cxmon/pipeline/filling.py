"""filling: how the periods of a metric fill up, from the revisions in the store; for the terminal and the board."""

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from cxmon.decisions.maturity import Maturity, maturity, ripened
from cxmon.errors import ActionError
from cxmon.model import Filling, FillingCurve, Kind, LearntFrom, Metric
from cxmon.panel import ARRIVAL_AGES, Panel
from cxmon.store import Store

DAY = timedelta(days=1)


def filling(store: Store, metric: Metric, *, now: datetime) -> Filling:
    """What is known at `now` of when the metric's periods are complete. ActionError where it has no late answers."""
    if metric.kind is Kind.LEVEL:
        raise ActionError(f"{metric.label} is a level: what is counted at one moment has no answers that come later")
    panel = store.panel(metric, as_known_at=now)
    return filled(panel, ripened(panel), now=now)


def filled(panel: Panel, ripe: Panel, *, now: datetime) -> Filling:
    """The same of figures that are read already, as they came and with the wait that was learnt from that."""
    metric, known = panel.metric, maturity(panel)
    mature = np.flatnonzero(ripe.mature(now) & panel.n.any(axis=0)) if len(panel.starts) else np.zeros(0, int)
    slow = None if ripe.wait is None or known.since is None else float(ripe.wait[-1]) / DAY.total_seconds()
    return Filling(
        metric=metric.id, as_of=now, learnt_from=_from(known), ages=ARRIVAL_AGES, curves=_curves(known),
        wait_days=known.usual / DAY, declared_days=None if known.declared is None else known.declared / DAY,
        slow_since=None if known.since is None else _day(panel, known.since),
        slow_wait_days=slow if slow is not None and math.isfinite(slow) else None,
        counts_through=_day(panel, int(mature[-1])) if len(mature) else None,
    )  # fmt: skip


def _from(known: Maturity) -> LearntFrom:
    if not known.known:
        return LearntFrom.NOTHING
    return LearntFrom.REVISIONS if known.log_end is None else LearntFrom.DURATIONS


def _curves(known: Maturity) -> tuple[FillingCurve, ...]:
    names = ("yes", "no") if len(known.kinds) == 2 else ("",) * len(known.kinds)
    return tuple(
        FillingCurve(
            kind=name, share=tuple(k.earlier.share.tolist()), periods=k.earlier.periods, answers=k.earlier.answers,
            slowed=() if k.slowed is None else tuple(k.slowed.share.tolist()),
            slowed_periods=0 if k.slowed is None else k.slowed.periods,
        )
        for name, k in zip(names, known.kinds, strict=True) if math.isfinite(k.usual)
    )  # fmt: skip


def _day(panel: Panel, period: int) -> date:
    """The local day on which a period began."""
    at = datetime.fromtimestamp(int(panel.starts[period]), UTC)
    return at.astimezone(ZoneInfo(panel.metric.zone)).date()
