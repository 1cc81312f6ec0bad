"""What a decision is said to save against what it costs: from the range of a harm to a range of money.

A part of the loss is extra events (lost customers, further contacts) times what one of them is worth; where that
differs by group, the extra amounts. Everything goes per day first, over the days that were judged, and then over the
days since the start, the same for saving and loss.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from cxmon.decisions.agreement import weakest
from cxmon.decisions.scale import NOTHING
from cxmon.decisions.scoping import ON_OTHERS
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
class Reach:
    """One stage of a roll-out: when its segments have the change, and their share of the volume of all stages."""

    starts: datetime
    ends: datetime | None
    share: float

    def days(self, until: datetime, since: datetime | None = None) -> float:
        """For how many days it had the change by `until`, from `since` on."""
        first = self.starts if since is None else max(self.starts, since)
        last = until if self.ends is None else min(until, self.ends)
        return max(0.0, (last - first) / timedelta(days=1))


def full_days(reach: Sequence[Reach], until: datetime, since: datetime | None = None) -> float:
    """How many days all stages together would have taken to be as long with as many customers as they were."""
    return math.fsum(one.share * one.days(until, since) for one in reach)


@dataclass(frozen=True, kw_only=True)
class Known:
    """The harm to one metric that counts customers or contacts, and its volume.

    `valued`: where what one is worth differs by group, the harm to the money itself: amounts lost per unit of exposure,
    each event counted with the amount of its group, as one series. Nobody needs to know then whom a change drove away.
    `reach`: of a roll-out its stages, by start; the days of `volume` are then full ones (see `full_days`).
    """

    metric: Metric
    harm: Harm
    volume: Volume
    valued: Harm | None = None
    reach: tuple[Reach, ...] = ()

    @property
    def lost(self) -> Harm:
        """The harm that money is made of."""
        return self.valued if self.valued is not None else self.harm


def price(change: Change, known: Mapping[str, Known], money: Money, *, now: datetime, claimed_on: date) -> Price:
    """The price of a change from what is `known` by metric; `claimed_on` is the day of its declaration.

    Money is in the currency of `money`. A saving in a currency without a rate is not known, and the price waits. Of a
    roll-out the saving is taken to come with the volume that its stages reach, and days are full ones.
    """
    parts = [
        _part(name, worth, known[worth.metric], money, change)
        for name, worth in money.worths.items()
        if worth.metric in known
    ]
    missing = tuple(name for name, worth in money.worths.items() if worth.metric not in known)
    ends = [end for p in parts if p.counted and (end := known[p.metric].lost.window_end) is not None]
    until = min([now, *ends, *([change.ends] if change.ends is not None else [])], default=now)
    reach = _reach(change, money, known)
    days, begun = full_days(reach, until), math.fsum(one.share for one in reach if one.starts <= until)
    year = _saving(change, money, YEAR)
    saving = _saving(change, money, days, begun)
    loss = _sum([p.loss for p in parts if p.counted])
    every = _sum([p.loss for p in parts if p.known])
    counted = [p for p in parts if p.counted]
    net_year = _left(year, _times(loss, YEAR))
    net = _left(saving, _times(loss, days))
    told = [_over(p, days, _break_even(p, counted, known[p.metric], year)) for p in parts]
    code, reason = _code(change, parts, missing, money, net if change.ends is not None else net_year)
    waits = any(p.known and not p.counted for p in parts)
    return Price(
        currency=money.currency,
        code=code,
        since=change.starts,
        until=until,
        days=max(0.0, (until - change.starts) / timedelta(days=1)),
        full_days=days if change.stages else math.nan,
        reached=begun if change.stages else 1.0,
        saving=saving,
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


def _reach(change: Change, money: Money, known: Mapping[str, Known]) -> tuple[Reach, ...]:
    """The stages of a change with their shares of the first volume that is known; without stages the change itself."""
    staged = (known[w.metric].reach for w in money.worths.values() if w.metric in known and known[w.metric].reach)
    parts = change.parts()
    return next(staged, tuple(Reach(starts=p.starts, ends=p.ends, share=1 / len(parts)) for p in parts))


def _saving(change: Change, money: Money, days: float, begun: float = 1.0) -> float:
    """The claimed saving over so many full days, of what comes once the part that has `begun`; NaN where none was
    claimed or no rate is known."""
    claim = change.saving
    if claim is None:
        return math.nan
    whole = exchanged(money, claim.amount, claim.currency)
    return whole * begun if claim.per == "once" else whole * days / PER_DAYS[claim.per]


def _part(name: str, worth: Worth, known: Known, money: Money, change: Change) -> Part:
    """One part with everything per day."""
    harm, lost, volume = known.harm, known.lost, known.volume
    part = Part(
        name=name, metric=worth.metric, known=False, counted=False, events=NOTHING, each=math.nan, loss=NOTHING,
        unit=harm.unit, grade=weakest([harm.grade, lost.grade]), confidence=lost.confidence, break_even=math.nan,
        break_even_events=math.nan, by_segment=bool(worth.by),
    )  # fmt: skip
    rate = exchanged(money, worth.times, worth.currency)
    each = _each(worth, volume) * rate
    missing = _missing(worth, known, money, each)
    if missing or lost.window_end is None:
        return replace(part, reason=missing)
    events = _each_end(lambda x: _events(known, x), harm.so_far)
    loss = _times(events, each)
    if known.valued is not None:
        loss = _times(known.valued.so_far, _per_harm(known, known.valued) * rate)
    ready = lost.window_end + timedelta(days=worth.counts_after_days - _age(change, known, lost.window_end))
    complete, reason = lost.window_end >= ready, ""
    if name == "contacts" and change.saving is not None and loss.low < 0:
        # What a cut saves by fewer contacts is most likely what its owner claims; it must not count twice.
        loss = Interval(estimate=max(0.0, loss.estimate), low=0.0, high=max(0.0, loss.high))
        reason = "fewer contacts are not added, because the claimed saving probably counts them"
    if not complete:
        reason = f"people leave late, so those who left count from day {worth.counts_after_days} on"
    due = None if complete or harm.closed else (ready + known.metric.matures_after).date()
    # Of a metric that is watched the verdict says so; of one that is only priced nobody else would.
    reason = "; ".join(part for part in (reason, *(note for note in harm.notes if note.startswith(ON_OTHERS))) if part)
    return replace(
        part, known=True, counted=complete, events=events, each=each, loss=loss, reason=reason, ready=due
    )  # fmt: skip


def _age(change: Change, known: Known, until: datetime) -> float:
    """For how many days customers have had the change, on average of those who have it: of a roll-out a large stage
    that began lately makes the whole young."""
    begun = math.fsum(one.share for one in known.reach if one.starts < until)
    return full_days(known.reach, until) / begun if begun else (until - change.starts) / timedelta(days=1)


def _missing(worth: Worth, known: Known, money: Money, each: float) -> str:
    """Why a part is not known; empty where it is."""
    for harm in (known.harm, known.lost):
        if harm.code in _UNKNOWN or not math.isfinite(harm.so_far.high - harm.so_far.low) or harm.window_end is None:
            return harm.reason
    unvalued = sorted(known.volume.events.keys() - worth.amounts.keys()) if worth.by else []
    if unvalued:
        return f"no value for {worth.by} {' and '.join(unvalued)}"
    if not math.isfinite(exchanged(money, 1.0, worth.currency)):
        return f"no exchange rate from {worth.currency} to {money.currency}"
    return "" if math.isfinite(each) and bool(worth.by) is (known.valued is not None) else "nothing was counted"


def _events(known: Known, harm: float) -> float:
    """Extra events a day that a harm means, whatever it is given in.

    Where figures are judged as ratios (harm = 1 - 1/r or r - 1), what was counted less what would have been without
    the change: A - A/r; else the harm in natural units times the exposure.
    """
    metric, volume = known.metric, known.volume
    if metric.judged_as_ratio:
        return sum(volume.events.values()) / volume.days * harm / (1 + metric.harm_sign * harm)
    return harm * _per_harm(known, known.harm)


def _per_harm(known: Known, harm: Harm) -> float:
    """Events, or amounts, a day for a harm of one in its own unit, where that is linear."""
    natural = abs(harm.expected) if harm.unit == "%" else 1.0
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
    per = _per_harm(known, known.harm)
    return events / per if per else math.nan


def _each(worth: Worth, volume: Volume) -> float:
    """What one event is worth; where that differs by group, as events were to be expected without the change: with each
    group's rate of before. NaN where nothing was counted."""
    if not worth.by:
        return next(iter(worth.amounts.values())) if volume.days else math.nan
    before, exposed = volume.events_before, volume.exposure_before
    usual = {g: before[g] / exposed[g] * volume.exposure[g] if exposed[g] else 0.0 for g in before}
    way = usual if sum(usual.values()) > 0 else volume.events
    whole = sum(way.values())
    return sum(way[g] * worth.amounts.get(g, 0.0) for g in way) / whole if whole > 0 else math.nan


def _each_end(made: Callable[[float], float], one: Interval) -> Interval:
    return Interval(estimate=made(one.estimate), low=made(one.low), high=made(one.high))


def _break_even(part: Part, counted: Sequence[Part], known: Known, saving_year: float) -> tuple[float, float]:
    """(harm, events a month) at which nothing of the saving is left; NaN where the rest has eaten it up already."""
    others = sum(p.loss.estimate for p in counted if p.name != part.name)
    left = saving_year / YEAR - others
    if not (part.known and left > 0 and part.each > 0):
        return math.nan, math.nan
    events = left / part.each
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
    return _each_end(lambda x: x * factor, one)


def _left(saving: float, loss: Interval) -> Interval:
    """What is left of a saving."""
    return Interval(estimate=saving - loss.estimate, low=saving - loss.high, high=saving - loss.low)
