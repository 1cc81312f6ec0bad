"""What judge gathers for the price of a change: how much was counted, harms to what counts money, and the price."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from cxmon import decisions
from cxmon.config.plan import Plan
from cxmon.decisions import Known, Share, Volume, scoping
from cxmon.model import Amount, Better, Change, Declared, Kind, Metric, Money, Price, Worth
from cxmon.panel import Panel
from cxmon.pipeline.judge_evidence import Evidence, evidence

Floats = npt.NDArray[np.float64]

# The share of error of what is estimated for the price alone: a range of 95 % that may be read daily.
PRICED = Share(so_far=0.025, now=0.025)
# How many days before a change tell how what is counted was spread over groups.
LEAST_BEFORE, MOST_BEFORE = 28, 91
DAY = 86_400.0
# No loss of money has a limit of its own: the watch goes on past the horizon until the loss is beyond chance.
ANY = Amount(1e-12, relative=False, text="any")


def wanted(money: Money | None, change: Change, metric: Metric) -> bool:
    """Whether a metric that a change does not watch is estimated for its price: where a saving is claimed."""
    return money is not None and change.saving is not None and not change.stages and metric.id in money.metrics


def unwatched(change: Change, others: Sequence[Change], leaves: Panel, money: Money, *, now: datetime) -> Evidence:
    """The evidence on a metric that counts money and is not watched: no part of the verdict, in the price only."""
    found = evidence(change, others, leaves, PRICED, now=now, opinions=False, brief=True)
    return replace(counted(found, change, others, leaves, PRICED, money, now=now), beside=True)


def counted(
    found: Evidence, change: Change, others: Sequence[Change], leaves: Panel, share: Share, money: Money | None, *,
    now: datetime,
) -> Evidence:  # fmt: skip
    """The evidence with the volume behind its harm, where the metric counts customers or contacts."""
    metric = leaves.metric
    if money is None or change.stages or metric.id not in money.metrics:
        return found
    worth = next(worth for worth in money.worths.values() if worth.metric == metric.id)
    known = Known(metric=metric, harm=found.harm, volume=_volume(found, change, leaves, worth.by))
    if worth.by and known.volume.days and known.volume.events.keys() <= worth.amounts.keys():
        plain = replace(change, limits={}, aims={})
        lost = evidence(plain, others, valued(leaves, worth), share, now=now, opinions=False, brief=True)
        known = replace(known, valued=lost.harm)
    return replace(found, known=known)


def priced(plan: Plan, declared: Declared, known: Sequence[Evidence], now: datetime) -> Price | None:
    """The price of a change; None without `money`, and where nothing was claimed and nothing that counts watched."""
    change = declared.change
    counts = {k.known.metric.id: k.known for k in known if k.known is not None}
    if plan.money is None or not (counts or (change.saving is not None and change.stages)):
        return None
    return decisions.price(change, counts, plan.money, now=now, claimed_on=declared.declared_at.date())


def _volume(found: Evidence, change: Change, leaves: Panel, by: str) -> Volume:
    """What was counted in the touched segments over the harm's window, and over the days before the change."""
    touched = scoping.touched(change, leaves)
    groups = sorted({s.get(by) or "" for s, ok in zip(leaves.segments, touched, strict=True) if ok}) if by else [""]
    members = [
        np.array([ok and (not by or (s.get(by) or "") == g) for s, ok in zip(leaves.segments, touched, strict=True)])
        for g in groups
    ]
    starts, ends = leaves.starts, leaves.ends()
    seen = leaves.n[touched].sum(0) > 0
    first, last = found.harm.window_start, found.harm.window_end
    if first is None or last is None:
        since = np.zeros(len(starts), bool)
    else:
        since = seen & (starts >= first.timestamp()) & (ends <= last.timestamp())
    days = float((ends - starts)[since].sum()) / DAY
    begin = change.starts.timestamp() - change.announced_days * DAY
    back = min(max(days, LEAST_BEFORE), MOST_BEFORE) * DAY
    before = seen & (ends <= begin) & (starts >= begin - back)
    columns = [_columns(leaves, m) for m in members]
    sums = [
        {g: float(pair[i][when].sum()) for g, pair in zip(groups, columns, strict=True)}
        for when in (since, before)
        for i in (0, 1)
    ]
    return Volume(days=days, exposure=sums[0], events=sums[1], exposure_before=sums[2], events_before=sums[3])


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
