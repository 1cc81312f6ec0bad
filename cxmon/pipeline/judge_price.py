"""What judge gathers for the price of a change: how much was counted, harms to what counts money, and the price."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from cxmon import decisions
from cxmon.config.plan import Plan
from cxmon.decisions import Known, Reach, Share, Volume, scoping
from cxmon.model import Amount, Better, Change, Declared, Kind, Metric, Money, Price, Worth
from cxmon.panel import Panel
from cxmon.pipeline.estimating import Asking
from cxmon.pipeline.judge_evidence import Evidence, inquiry
from cxmon.pipeline.judge_staged import staged_inquiry

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# The share of error of what is estimated for the price alone: a range of 95 % that may be read daily.
PRICED = Share(so_far=0.025, now=0.025)
# How many days before a change tell how what is counted was spread over groups.
LEAST_BEFORE, MOST_BEFORE = 28, 91
DAY = 86_400.0
# No loss of money has a limit of its own: the watch goes on past the horizon until the loss is beyond chance.
ANY = Amount(1e-12, relative=False, text="any")


def wanted(money: Money | None, change: Change, metric: Metric) -> bool:
    """Whether a metric that a change does not watch is estimated for its price: where a saving is claimed."""
    return money is not None and change.saving is not None and metric.id in money.metrics


def unwatched(
    change: Change, others: Sequence[Change], leaves: Panel, money: Money, *, now: datetime
) -> Asking[Evidence]:  # fmt: skip
    """The evidence on a metric that counts money and is not watched: no part of the verdict, in the price only."""
    found = yield from _lost(change, others, leaves, PRICED, now)
    found = yield from counted(found, change, others, leaves, PRICED, money, now=now)
    return replace(found, beside=True)


def counted(
    found: Evidence, change: Change, others: Sequence[Change], leaves: Panel, share: Share, money: Money | None, *,
    now: datetime,
) -> Asking[Evidence]:  # fmt: skip
    """The evidence with the volume behind its harm, where the metric counts customers or contacts."""
    metric = leaves.metric
    if money is None or metric.id not in money.metrics:
        return found
    worth = next(worth for worth in money.worths.values() if worth.metric == metric.id)
    reach = reach_of(change, leaves) if change.stages else ()
    volume = _volume(found, change, leaves, worth.by, reach)
    known = Known(metric=metric, harm=found.harm, volume=volume, reach=reach)
    if worth.by and known.volume.days and known.volume.events.keys() <= worth.amounts.keys():
        plain = replace(change, limits={}, aims={})
        lost = yield from _lost(plain, others, valued(leaves, worth), share, now)
        known = replace(known, valued=lost.harm)
    return replace(found, known=known)


def _lost(change: Change, others: Sequence[Change], leaves: Panel, share: Share, now: datetime) -> Asking[Evidence]:
    """A look for the price alone."""
    if change.stages:
        return (yield from staged_inquiry(change, others, leaves, share, now=now, brief=True))
    return (yield from inquiry(change, others, leaves, share, now=now, opinions=False, brief=True))


def priced(plan: Plan, declared: Declared, known: Sequence[Evidence], now: datetime) -> Price | None:
    """The price of a change; None without `money`, and where nothing was claimed and nothing that counts watched."""
    change = declared.change
    counts = {k.known.metric.id: k.known for k in known if k.known is not None}
    if plan.money is None or not counts:
        return None
    return decisions.price(change, counts, plan.money, now=now, claimed_on=declared.declared_at.date())


def reach_of(change: Change, leaves: Panel) -> tuple[Reach, ...]:
    """The stages of a roll-out with their shares of the volume before the first; alike where nothing was counted, and
    where the metric does not know who is in which."""
    parts, before = change.parts(), _before(change, leaves, 0.0)
    which = int(leaves.metric.kind is Kind.LEVEL)
    sizes = [float(_columns(leaves, scoping.touched(part, leaves))[which][before].sum()) for part in parts]
    whole = sum(sizes)
    shares = [size / whole if whole > 0 else 1 / len(parts) for size in sizes]
    return tuple(Reach(starts=p.starts, ends=p.ends, share=share) for p, share in zip(parts, shares, strict=True))


def _volume(found: Evidence, change: Change, leaves: Panel, by: str, reach: Sequence[Reach]) -> Volume:
    """What was counted in the touched segments over the harm's window, and over the days before the change. Of a
    roll-out each stage over its own window, and days are full ones."""
    touched = scoping.touched(change, leaves)
    groups = sorted({s.get(by) or "" for s, ok in zip(leaves.segments, touched, strict=True) if ok}) if by else [""]
    inside = [np.array([not by or (s.get(by) or "") == g for s in leaves.segments], bool) for g in groups]
    windows = _windows(found, change, leaves, touched, reach)
    days = sum(one.days for one in windows)
    before = _Counted(members=touched, periods=_before(change, leaves, days) & (leaves.n[touched].sum(0) > 0), days=0.0)
    sums = [
        {g: sum(one.summed(leaves, of, which) for one in counted) for g, of in zip(groups, inside, strict=True)}
        for counted in (windows, [before])
        for which in (0, 1)
    ]
    return Volume(days=days, exposure=sums[0], events=sums[1], exposure_before=sums[2], events_before=sums[3])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Counted:
    """Segments (S,) over periods (T,), and the full days that these are."""

    members: Bools
    periods: Bools
    days: float

    def summed(self, leaves: Panel, group: Bools, which: int) -> float:
        """Exposure (0) or events (1) of those in a group."""
        return float(_columns(leaves, self.members & group)[which][self.periods].sum())


def _windows(found: Evidence, change: Change, leaves: Panel, touched: Bools, reach: Sequence[Reach]) -> list[_Counted]:
    """What the harm was judged on: of a roll-out each stage's segments over the periods of its own."""
    starts, ends, parts = leaves.starts, leaves.ends(), change.parts()
    length, index = (ends - starts) / DAY, np.arange(len(starts))
    if found.windows:
        each = [(one.stage, np.isin(index, one.periods)) for one in found.windows]
        return [
            _Counted(
                members=scoping.touched(parts[s], leaves), periods=at, days=float(length[at].sum()) * reach[s].share
            )
            for s, at in each
        ]
    first, last = found.harm.window_start, found.harm.window_end
    if first is None or last is None:
        return [_Counted(members=touched, periods=np.zeros(len(starts), bool), days=0.0)]
    since = (leaves.n[touched].sum(0) > 0) & (starts >= first.timestamp()) & (ends <= last.timestamp())
    days = float(length[since].sum())
    if reach:
        # Judged as one change from the first stage on: a day counts for as much as had the change in it.
        days *= decisions.full_days(reach, last, first) / max((last - first).total_seconds() / DAY, 1e-9)
    return [_Counted(members=touched, periods=since, days=days)]


def _before(change: Change, leaves: Panel, days: float) -> Bools:
    """The last periods before a change (T,), as many as were judged since, within LEAST_BEFORE and MOST_BEFORE."""
    begin = change.starts.timestamp() - change.announced_days * DAY
    back = min(max(days, LEAST_BEFORE), MOST_BEFORE) * DAY
    return np.asarray((leaves.ends() <= begin) & (leaves.starts >= begin - back))


def valued(leaves: Panel, worth: Worth) -> Panel:
    """What was lost in money, as a figure of its own: each event with the amount of its group.

    Of rare events a cell's own scatter is large where an expensive one happened and none where none did; so the scatter
    of one unit of exposure is the series' over all time (a compound count: the mean of amount squared).
    """
    metric = leaves.metric
    amount = np.array([worth.amounts.get(s.get(worth.by) or "", 0.0) for s in leaves.segments])[:, None]
    events = leaves.n - leaves.total if _stays(metric) else leaves.total
    money = replace(metric, better=Better.LOWER, matters=ANY, unit=worth.currency, per=1.0)
    if metric.kind is Kind.LEVEL:
        return replace(leaves, metric=money, total=events * amount)
    if metric.kind is Kind.RATIO:
        squares, cross = (None if x is None else x * amount**k for x, k in ((leaves.squares, 2), (leaves.cross, 1)))
        return replace(leaves, metric=money, total=events * amount, squares=squares, cross=cross)
    squared = events if leaves.squares is None or metric.kind is not Kind.MEAN else leaves.squares
    one = squared.sum(1, keepdims=True) / np.maximum(leaves.n.sum(1, keepdims=True), 1.0)
    mean = replace(money, kind=Kind.MEAN)
    return replace(leaves, metric=mean, total=events * amount, squares=one * amount**2 * leaves.n)


def _stays(metric: Metric) -> bool:
    """Whether a metric counts those who stay: then the others are lost."""
    return metric.kind is Kind.PROPORTION and metric.better is Better.HIGHER


def _columns(leaves: Panel, members: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(exposure, events) of a group by period (T,): of shares that are better higher, those that are not in it."""
    metric = leaves.metric
    n, total = leaves.n[members].sum(0), leaves.total[members].sum(0)
    if metric.kind is Kind.LEVEL:
        return np.minimum(n, 1.0), total
    if metric.kind is Kind.RATIO and leaves.base is not None:
        return leaves.base[members].sum(0), total
    return n, n - total if _stays(metric) else total
