"""What a decision is said to save against what it costs: from the range of a harm to a range of money.

A part of the loss is extra events (lost customers, further contacts) times what one of them is worth. Everything goes
per day first, over the days that were judged, and then over the days since the start, the same for saving and loss.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from cxmon.decisions.agreement import weakest
from cxmon.decisions.scale import NOTHING
from cxmon.model import (
    PER_DAYS,
    Change,
    Code,
    Harm,
    Input,
    Interval,
    Kind,
    Metric,
    Money,
    Part,
    Price,
    PriceCode,
    Worth,
)

YEAR, MONTH = PER_DAYS["year"], PER_DAYS["month"]
ZERO = Interval(estimate=0.0, low=0.0, high=0.0)
# What a harm must not be for its range to be this change's own.
_UNKNOWN = frozenset({Code.WAITING, Code.NOT_COMPARABLE, Code.ENTANGLED})


@dataclass(frozen=True, kw_only=True)
class Volume:
    """What a metric counted in the segments that a change touches, by group: those that a worth differs by, else one.

    `exposure` and `events` are sums over `days` of measured periods since the change (of a level the periods, and the
    total), `..._before` the same over the last days before it.
    """

    days: float
    exposure: Mapping[str, float]
    events: Mapping[str, float]
    exposure_before: Mapping[str, float]
    events_before: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Known:
    """The harm to one metric that counts customers or contacts, and its volume."""

    metric: Metric
    harm: Harm
    volume: Volume


def price(change: Change, known: Mapping[str, Known], money: Money, *, now: datetime, claimed_on: date) -> Price:
    """The price of a change from what is `known` by metric; `claimed_on` is the day of its declaration.

    Money is in the currency of `money`. A saving in a currency without a rate is not known, and the price waits.
    """
    parts = [
        _part(name, worth, known[worth.metric], money, change)
        for name, worth in money.worths.items()
        if worth.metric in known
    ]
    missing = tuple(name for name, worth in money.worths.items() if worth.metric not in known)
    ends = [k.harm.window_end for p in parts if p.counted and (k := known[p.metric]).harm.window_end is not None]
    until = min([now, *ends, *([change.ends] if change.ends is not None else [])], default=now)
    days = max(0.0, (until - change.starts) / timedelta(days=1))
    year = _saving(change, money, YEAR)
    loss = _sum([p.loss for p in parts if p.counted])
    every = _sum([p.loss for p in parts if p.known])
    counted = [p for p in parts if p.counted]
    net_year = _left(year, _times(loss, YEAR))
    net = _left(_saving(change, money, days), _times(loss, days))
    told = [_over(p, days, _break_even(p, counted, known[p.metric], year)) for p in parts]
    code, reason = _code(change, parts, missing, money, net if change.ends is not None else net_year)
    waits = any(p.known and not p.counted for p in parts)
    return Price(
        currency=money.currency,
        code=code,
        since=change.starts,
        until=until,
        days=days,
        saving=_saving(change, money, days),
        saving_year=year,
        claimed_by=change.saving.claimed_by if change.saving else "",
        verified_by=change.saving.verified_by if change.saving else "",
        loss=_times(loss, days) if counted else NOTHING,
        loss_year=_times(loss, YEAR) if counted else NOTHING,
        net=net if counted else NOTHING,
        net_year=net_year if counted else NOTHING,
        parts=tuple(told),
        projection=_left(year, _times(every, YEAR)) if waits and math.isfinite(year) else None,
        missing=missing,
        grade=weakest([p.grade for p in counted]),
        confidence=max(0.0, 1 - sum(1 - p.confidence for p in counted)) if counted else math.nan,
        inputs=_inputs(change, money, known, claimed_on),
        reason=reason,
    )


def exchanged(money: Money, amount: float, currency: str) -> float:
    """An amount in the currency of the board; NaN where no rate is known."""
    rate = 1.0 if currency == money.currency else money.exchange.rates.get(currency, math.nan)
    return amount * rate


def _saving(change: Change, money: Money, days: float) -> float:
    """The claimed saving over so many days since the start; NaN where none was claimed or no rate is known."""
    claim = change.saving
    if claim is None:
        return math.nan
    whole = exchanged(money, claim.amount, claim.currency)
    return whole if claim.per == "once" else whole * days / PER_DAYS[claim.per]


def _part(name: str, worth: Worth, known: Known, money: Money, change: Change) -> Part:
    """One part with everything per day."""
    harm, volume = known.harm, known.volume
    part = Part(
        name=name, metric=worth.metric, known=False, counted=False, events=NOTHING, each=NOTHING, loss=NOTHING,
        unit=harm.unit, grade=harm.grade, confidence=harm.confidence, break_even=math.nan,
        break_even_events=math.nan, reason=harm.reason,
    )  # fmt: skip
    if harm.code in _UNKNOWN or not math.isfinite(harm.so_far.high - harm.so_far.low) or harm.window_end is None:
        return part
    unvalued = sorted(volume.events.keys() - worth.amounts.keys()) if worth.by else []
    if unvalued:
        return replace(part, reason=f"no value for {worth.by} {' and '.join(unvalued)}")
    if not math.isfinite(exchanged(money, 1.0, worth.currency)):
        return replace(part, reason=f"no exchange rate from {worth.currency} to {money.currency}")
    each = _each(worth, known, money)
    if not math.isfinite(each.estimate):
        return replace(part, reason="nothing was counted")
    events = Interval(**{end: _events(known, getattr(harm.so_far, end)) for end in ("estimate", "low", "high")})
    ready = change.starts + timedelta(days=worth.counts_after_days)
    complete = harm.window_end >= ready
    loss, reason = _product(events, each), ""
    if name == "contacts" and change.saving is not None and events.low < 0:
        # What a cut saves by fewer contacts is most likely what its owner claims; it must not count twice.
        loss = Interval(estimate=max(0.0, loss.estimate), low=0.0, high=max(0.0, loss.high))
        reason = "fewer contacts are not added, because the claimed saving probably counts them"
    if not complete:
        reason = f"people leave late, so those who left count from day {worth.counts_after_days} on"
    due = None if complete or harm.closed else (ready + known.metric.matures_after).date()
    return replace(
        part, known=True, counted=complete, events=events, each=each, loss=loss, reason=reason, ready=due
    )  # fmt: skip


def _events(known: Known, harm: float) -> float:
    """Extra events a day that a harm means, whatever it is given in.

    Where figures are judged as ratios (harm = 1 - 1/r or r - 1), what was counted less what would have been without
    the change: A - A/r; else the harm in natural units times the exposure.
    """
    metric, volume = known.metric, known.volume
    if metric.judged_as_ratio:
        return sum(volume.events.values()) / volume.days * harm / (1 + metric.harm_sign * harm)
    return harm * _per_harm(known)


def _per_harm(known: Known) -> float:
    """Events a day for a harm of one in its own unit, where that is linear."""
    natural = abs(known.harm.expected) if known.harm.unit == "%" else 1.0
    exposure = known.volume.exposure.values()
    # Every group of a level is measured in the same periods; their sum counts once.
    whole = max(exposure) if known.metric.kind is Kind.LEVEL else sum(exposure)
    return natural * whole / known.volume.days


def _harm_of(known: Known, events: float) -> float:
    """The harm that so many extra events a day mean: the inverse of `_events`."""
    if known.metric.judged_as_ratio:
        counted = sum(known.volume.events.values()) / known.volume.days
        left = counted - known.metric.harm_sign * events
        return events / left if left > 0 else math.nan
    return events / _per_harm(known) if _per_harm(known) else math.nan


def _each(worth: Worth, known: Known, money: Money) -> Interval:
    """What one event is worth. Where that differs by group nobody knows which ones the change drove away.

    The estimate takes them in proportion to the events that were to be expected: every group's own rate rises by the
    same part. The range takes in two other ways: in proportion to exposure (every group's rate rises by as much), and
    as all events since the change were spread.
    """
    rate = exchanged(money, worth.times, worth.currency)
    volume = known.volume
    if not worth.by:
        amount = next(iter(worth.amounts.values())) * rate if volume.days else math.nan
        return Interval(estimate=amount, low=amount, high=amount)
    groups = sorted(volume.events)
    usual = {
        g: volume.events_before[g] / volume.exposure_before[g] * volume.exposure[g]
        if volume.exposure_before[g]
        else 0.0
        for g in groups
    }
    ways = [usual, volume.events]
    if known.metric.kind is not Kind.LEVEL:
        ways.append(volume.exposure)
    found = [
        sum(way[g] * worth.amounts[g] for g in groups) / whole * rate
        for way in ways
        if (whole := sum(way.values())) > 0
    ]
    if not found:
        return NOTHING
    return Interval(estimate=found[0], low=min(found), high=max(found))


def _product(events: Interval, each: Interval) -> Interval:
    """The widest range of events times worth."""
    return Interval(
        estimate=events.estimate * each.estimate,
        low=min(events.low * each.low, events.low * each.high),
        high=max(events.high * each.low, events.high * each.high),
    )


def _break_even(part: Part, counted: Sequence[Part], known: Known, saving_year: float) -> tuple[float, float]:
    """(harm, events a month) at which nothing of the saving is left; NaN where the rest has eaten it up already."""
    others = sum(p.loss.estimate for p in counted if p.name != part.name)
    left = saving_year / YEAR - others
    if not (part.known and left > 0 and part.each.estimate > 0):
        return math.nan, math.nan
    events = left / part.each.estimate
    return _harm_of(known, events), events * MONTH


def _over(part: Part, days: float, break_even: tuple[float, float]) -> Part:
    """A part over the price's days."""
    harm, events = break_even
    return replace(
        part, events=_times(part.events, days), loss=_times(part.loss, days), break_even=harm, break_even_events=events
    )


def _code(
    change: Change, parts: Sequence[Part], missing: Sequence[str], money: Money, net: Interval
) -> tuple[PriceCode, str]:
    waiting = [f"{p.name} not known yet: {p.reason}" for p in parts if not p.counted]
    waiting += [f"{name} not known yet: no figures" for name in missing]
    if change.saving is None:
        return PriceCode.UNCLAIMED, "; ".join(waiting)
    if change.stages:
        return PriceCode.WAITING, "a roll-out in stages is not priced yet"
    if not math.isfinite(_saving(change, money, YEAR)):
        return PriceCode.WAITING, f"no exchange rate from {change.saving.currency} to {money.currency}"
    if waiting:
        return PriceCode.WAITING, "; ".join(waiting)
    if net.low > 0:
        return PriceCode.PAYS, ""
    return (PriceCode.COSTS_MORE if net.high < 0 else PriceCode.OPEN), ""


def _inputs(change: Change, money: Money, known: Mapping[str, Known], claimed_on: date) -> tuple[Input, ...]:
    """Every figure that is not measured, as it was given."""
    found, used = [], set()
    claim = change.saving
    if claim is not None:
        by = f"claimed by {claim.claimed_by}" if claim.claimed_by else ""
        checked = f"verified by {claim.verified_by}" if claim.verified_by else "not verified" if by else ""
        source = ", ".join(part for part in (by, checked) if part)
        found.append(
            Input(
                name="saving",
                amount=claim.amount,
                currency=claim.currency,
                per=claim.per,
                source=source,
                as_of=claimed_on,
            )
        )
        used.add(claim.currency)
    for name, worth in money.worths.items():
        if worth.metric not in known:
            continue
        used.add(worth.currency)
        found += [
            Input(
                name=name,
                of=group,
                amount=amount,
                currency=worth.currency,
                per=worth.per,
                horizon_days=worth.horizon_days,
                source=worth.source,
                as_of=worth.as_of,
            )
            for group, amount in worth.amounts.items()
        ]
    rates = money.exchange
    found += [
        Input(
            name="rate",
            of=currency,
            amount=rates.rates[currency],
            currency=money.currency,
            source=rates.source,
            as_of=rates.as_of,
        )
        for currency in sorted(used - {money.currency})
        if currency in rates.rates
    ]
    return tuple(found)


def _sum(ranges: Sequence[Interval]) -> Interval:
    """The sum of ranges end by end: it holds wherever all of them do, however they hang together."""
    ends = ("estimate", "low", "high")
    return Interval(**{end: math.fsum(getattr(one, end) for one in ranges) for end in ends}) if ranges else ZERO


def _times(one: Interval, factor: float) -> Interval:
    return Interval(estimate=one.estimate * factor, low=one.low * factor, high=one.high * factor)


def _left(saving: float, loss: Interval) -> Interval:
    """What is left of a saving."""
    return Interval(estimate=saving - loss.estimate, low=saving - loss.high, high=saving - loss.low)
