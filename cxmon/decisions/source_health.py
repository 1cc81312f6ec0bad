"""Whether what a source brings is as usual: counts against the same hours of the same weekday in earlier weeks. Pure.

What came between two pulls is spread evenly over the time between them, so that a run that is late, or a schedule that
was changed, looks like neither a silence nor a flood. A span is compared only where pulls covered it without a gap.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cxmon.decisions.source_loss import loss
from cxmon.model import Health, Measure, Measured, Pull, Standing

Floats = npt.NDArray[np.float64]

WEEKS = 8
LEAST_WEEKS = 3
# Of what is usual: less than a third is strange, less than two thirds is shown, three times as much is shown.
FEW, FEWER, MORE = 1 / 3, 2 / 3, 3.0
# Half of the surveys gone is strange: who is asked decides what is answered.
FEW_OFFERED = 1 / 2
# Beyond chance: so many times the spread of the usual counts, which is never taken as less than this share of them.
BEYOND, BEYOND_SHOWN, LEAST_SPREAD = 4.0, 3.0, 0.1
# Below this count even none at all is within chance.
SMALL = 16.0
# How far back pulls are needed.
BACK = timedelta(weeks=WEEKS, days=8)

# What is not counted cannot be judged anyway, and who is asked is the response rate's business.
_HOLDS = frozenset({Measured.RECORDS, Measured.FILLED})
_GRAVITY = (
    Standing.NOTHING,
    Standing.FEW,
    Standing.LESS,
    Standing.HOLIDAY,
    Standing.FEWER,
    Standing.MORE,
    Standing.USUAL,
    Standing.SMALL,
    Standing.WAITING,
)


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """One part of a source at a moment: its newest pull, and what the pulls of the last day came to."""

    last: Pull
    pulls: int
    failed: int
    fresh: int
    rejected: int
    throttled: int
    waited_s: float
    newest: datetime | None


@dataclass(frozen=True, kw_only=True)
class _Span:
    length: timedelta
    few: float


# None at all is noticed within six hours, less than a third within a day. What comes in one load a day is compared over
# two days, so that a load that is late is no silence.
_HOURS = _Span(length=timedelta(hours=6), few=0.0)
_DAY = _Span(length=timedelta(days=1), few=FEW)
_LOADS = _Span(length=timedelta(days=2), few=FEW)
# Seconds between two pulls from which on six hours, and two days, are too short for them.
_OFTEN, _SELDOM = 2.5 * 3600, 30 * 3600.0


def assess(
    past: Sequence[Pull],
    pull: Pull,
    *,
    zone: str,
    holiday: Callable[[date], bool] = lambda _: False,
    rare: bool = False,
) -> Health:
    """The health of `pull` beside the earlier pulls of the same part.

    `rare`: what is counted may well become rare (events of a rate): only none at all is strange. A strange stretch ends
    with the first pull that is as usual; what is not known, or only fewer than usual, neither begins nor ends it.
    """
    before = next((p.health for p in reversed(past) if p.health is not None), None)
    if pull.whole:
        return _carried(before, Health(standing=Standing.WHOLE))
    if not pull.ok:
        return _carried(before, Health(standing=Standing.FAILED))
    known = _Known.of([*past, pull], zone, holiday)
    measures = known.records(rare=rare) + known.shares() if known is not None else []
    if known is not None and not rare and not any(m.standing.strange for m in measures):
        measures += known.losing(lasting=before is not None and before.since is not None and not before.held)
    if not measures:
        return _carried(before, Health(standing=Standing.WAITING))
    worst = min((m.standing for m in measures), key=_GRAVITY.index)
    # Where fewer come for days, their figures may well be right: it is said, and they are judged.
    withheld = any(m.standing in {Standing.NOTHING, Standing.FEW} and m.measured in _HOLDS for m in measures)
    longest = max(m.hours for m in measures if m.standing is worst)
    began = pull.at - timedelta(hours=longest) if worst.strange else None
    return _carried(before, Health(standing=worst, measures=tuple(measures), held=withheld, since=began))


def undelivered(past: Sequence[Pull], pull: Pull, *, zone: str) -> tuple[datetime, datetime] | None:
    """The stretch that was held back until `pull`, which is as usual, where most of it never came: all that came since
    it began is less than two thirds of what comes in such a time. None where it was delivered after all."""
    before = next((p.health for p in reversed(past) if p.health is not None), None)
    if before is None or before.since is None or not before.held or pull.health is None or pull.health.held:
        return None
    known = _Known.of([*past, pull], zone, lambda _: False)
    if known is None:
        return None
    length = pull.at - before.since
    came, usual = known.against(pull.at, length, apart=math.ceil(length / timedelta(weeks=1)))
    if not usual or came >= FEWER * usual:
        return None
    until = known.last_few(before.since)
    return None if until is None else (before.since, until)


def _carried(before: Health | None, health: Health) -> Health:
    """What began earlier goes on until a pull is as usual."""
    if before is None or before.since is None or health.standing in {Standing.USUAL, Standing.MORE}:
        return health
    return replace(health, held=health.held or before.held, since=before.since)


def glimpse(pulls: Sequence[Pull], at: datetime) -> Glimpse | None:
    """Of the pulls of one part, in order of time; None where there is none by `at`."""
    known = [p for p in pulls if p.at <= at]
    if not known:
        return None
    lately = [p for p in known if p.at > at - timedelta(days=1)] or known[-1:]
    return Glimpse(
        last=known[-1], pulls=len(lately), failed=sum(not p.ok for p in lately),
        fresh=sum(p.fresh for p in lately), rejected=sum(p.rejected for p in lately),
        throttled=sum(p.throttled for p in lately), waited_s=sum(p.waited_s for p in lately),
        newest=max((p.newest for p in known if p.newest is not None), default=None),
    )  # fmt: skip


def in_trouble(one: Glimpse) -> bool:
    """Whether its newest pull failed, brought strangely little, or is held back."""
    health = one.last.health
    return not one.last.ok or (health is not None and (health.standing.strange or health.held))


def glimpses(pulls: Mapping[tuple[str, str], Sequence[Pull]], at: datetime) -> list[Glimpse]:
    """Of all parts, in the order of their names."""
    found = (glimpse(of_part, at) for _, of_part in sorted(pulls.items()))
    return [one for one in found if one is not None]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """Stretches between pulls with what came in them: (K,) epoch seconds, and counts (K, 3 + C): fresh records, surveys
    sent, tickets that could be sent one, and the records of each of `parts`, as the newest pull knows them."""

    begins: Floats
    ends: Floats
    counts: Floats
    parts: tuple[tuple[Measured, str], ...]
    zone: ZoneInfo
    holiday: Callable[[date], bool]

    @classmethod
    def of(cls, pulls: Sequence[Pull], zone: str, holiday: Callable[[date], bool]) -> "_Known | None":
        last = pulls[-1]
        parts = (
            *((Measured.FILLED, f) for f in sorted(last.filled)),
            *((Measured.COUNTED, m) for m in sorted(last.counted)),
        )
        stretches: list[tuple[float, float, list[float]]] = []
        nothing = [0.0] * (3 + len(parts))
        begun, waiting = None, nothing
        for pull in sorted(pulls, key=lambda p: p.at):
            at = pull.at.timestamp()
            if pull.whole and not pull.ok:
                continue
            of_parts = ((pull.filled if m is Measured.FILLED else pull.counted).get(name, 0) for m, name in parts)
            own = [pull.fresh, pull.offered, pull.offerable, *of_parts]
            # Pages that came before a pull failed are stored, so they belong to the next one that does not.
            waiting = [a + b for a, b in zip(waiting, own, strict=True)]
            if not pull.ok:
                continue
            if begun is not None and not pull.whole and at > begun:
                stretches.append((begun, at, waiting))
            begun, waiting = at, nothing
        if not stretches or np.median([end - begin for begin, end, _ in stretches]) > _SELDOM:
            return None
        return cls(
            begins=np.array([s[0] for s in stretches]), ends=np.array([s[1] for s in stretches]),
            counts=np.array([s[2] for s in stretches]), parts=parts, zone=ZoneInfo(zone), holiday=holiday,
        )  # fmt: skip

    @cached_property
    def spans(self) -> tuple[_Span, ...]:
        """What is compared, the shortest first."""
        largest = [self._largest(at) for at in self.moments()]
        if any(largest) and float(np.median([x for x in largest if x])) > 0.5:
            return (_LOADS,)
        often = float(np.median(self.ends - self.begins)) <= _OFTEN
        return (_HOURS, _DAY) if often else (_DAY,)

    def moments(self, until: datetime | None = None) -> list[datetime]:
        """A time, or else the newest pull's, and the same hour of that weekday in the weeks before."""
        at = until or datetime.fromtimestamp(float(self.ends[-1]), UTC)
        return [at.astimezone(self.zone) - timedelta(weeks=k) for k in range(WEEKS + 1)]

    def against(self, until: datetime, length: timedelta, *, apart: int = 1) -> tuple[float, float]:
        """(records of a stretch of time, their median in earlier weeks that are `apart`); 0 where one is not known."""
        now, *before = (self.within(at, length) for at in self.moments(until)[::apart])
        known = [b[0] for b in before if b is not None]
        return (float(now[0]), float(np.median(known))) if now is not None and known else (0.0, 0.0)

    def last_few(self, since: datetime) -> datetime | None:
        """The end of the last stretch since then that brought less than a third of the usual."""
        length = _HOURS.length if _HOURS in self.spans else _DAY.length
        for end in self.ends[::-1].tolist():
            at = datetime.fromtimestamp(end, UTC)
            if at <= since:
                return None
            came, usual = self.against(at, length)
            if usual >= SMALL and came < FEW * usual:
                return at
        return None

    def _largest(self, until: datetime) -> float:
        """The largest share that one stretch has of a day's records; 0 where none came."""
        inside = (self.begins < until.timestamp()) & (self.ends > until.timestamp() - 86_400)
        fresh = self.counts[inside, 0]
        return float(fresh.max() / fresh.sum()) if fresh.sum() > 0 else 0.0

    def records(self, *, rare: bool) -> list[Measure]:
        found = []
        for span in self.spans:
            now, before = self._both(span)
            blank = Measure(
                measured=Measured.RECORDS, standing=Standing.WAITING, value=float("nan"), hours=_hours(span)
            )
            if now is not None:
                few = 0.0 if rare else span.few
                blank = _judged(replace(blank, value=now[0]), [b[0] for b in before], few)
            found.append(self._unless_holiday(blank, span))
        return found

    def losing(self, *, lasting: bool) -> list[Measure]:
        """That clearly fewer come for days, if they do; `lasting`: it was said already, and is so until a day is not
        low."""
        now = self.moments()[0]
        days = np.array([self._day(now - timedelta(days=k)) for k in range(BACK.days)])
        found = loss(days)
        if found is None or not (found.told or (lasting and found.low)):
            return []
        # The same weekdays of earlier weeks: where a desk is closed at weekends, Monday follows Friday.
        on = np.array(found.on)
        before = [float(days[on + k].sum()) for k in range(7, len(days) - found.on[-1], 7)]
        weeks = [b for b in before if b == b]  # noqa: PLR0124 - NaN is what differs from itself.
        if len(weeks) < LEAST_WEEKS:
            return []
        return [
            Measure(
                measured=Measured.RECORDS, standing=Standing.LESS, value=found.value, usual=found.usual,
                low=min(weeks), high=max(weeks), weeks=len(weeks), hours=24.0 * (found.on[-1] + 1),
            )
        ]  # fmt: skip

    def _day(self, at: datetime) -> float:
        """The records of the 24 hours to a time; NaN where they are not known, or hold a holiday."""
        found = None if self._free(at, _DAY) else self.within(at, _DAY.length)
        return float("nan") if found is None else float(found[0])

    def shares(self) -> list[Measure]:
        """Of as many records, how many have a value or count, and of tickets who was asked: over the longest span."""
        found = [self._share(m, name, part, 0, FEW) for part, (m, name) in enumerate(self.parts, start=3)]
        return [*found, self._share(Measured.OFFERED, "", 1, 2, FEW_OFFERED)] if self.counts[:, 2].any() else found

    def _share(self, measured: Measured, name: str, part: int, whole: int, few: float) -> Measure:
        span = self.spans[-1]
        now, before = self._both(span)
        blank = Measure(
            measured=measured, standing=Standing.WAITING, value=float("nan"), hours=_hours(span), field=name
        )
        if now is None:
            return blank
        shares = [b[part] / b[whole] for b in before if b[whole] > 0]
        found = replace(blank, value=now[part], of=now[whole])
        return _judged(found, [share * now[whole] for share in shares], few)

    def _both(self, span: _Span) -> tuple[Floats | None, list[Floats]]:
        """(what came in the last span, what came in the same hours of earlier weeks)."""
        moments = self.moments()
        now, *before = (self.within(at, span.length) for at in moments)
        # A holiday is like no other day of its week.
        usual = [b for b, at in zip(before, moments[1:], strict=True) if b is not None and not self._free(at, span)]
        return now, usual

    def within(self, until: datetime, length: timedelta) -> Floats | None:
        """The counts (C,) of a stretch of time; None where pulls did not cover it."""
        end = until.timestamp()
        begin = end - length.total_seconds()
        overlap = np.minimum(self.ends, end) - np.maximum(self.begins, begin)
        inside = overlap > 0
        lengths = self.ends - self.begins
        if (
            overlap[inside].sum() < 0.95 * length.total_seconds()
            or lengths[inside].max() > 1.5 * length.total_seconds()
        ):
            return None
        found: Floats = (self.counts[inside] * (overlap[inside] / lengths[inside])[:, None]).sum(0)
        return found

    def _free(self, until: datetime, span: _Span) -> bool:
        """Whether a holiday is in the span."""
        days = (until.date() - (until - span.length).date()).days
        return any(self.holiday(until.date() - timedelta(days=k)) for k in range(days + 1))

    def _unless_holiday(self, measure: Measure, span: _Span) -> Measure:
        return replace(measure, standing=Standing.HOLIDAY) if self._free(self.moments()[0], span) else measure


def _hours(span: _Span) -> float:
    return span.length.total_seconds() / 3600


def _judged(measure: Measure, before: Sequence[float], few: float) -> Measure:
    """The measure with its standing, by the median and the median deviation of the weeks before."""
    if len(before) < LEAST_WEEKS:
        return replace(measure, weeks=len(before))
    usual = float(np.median(before))
    spread = max(1.4826 * float(np.median(np.abs(np.array(before) - usual))), math.sqrt(usual), LEAST_SPREAD * usual)
    low, high, weeks = min(before), max(before), len(before)
    found = replace(measure, usual=usual, low=low, high=high, weeks=weeks)
    return replace(found, standing=_standing(measure.value, usual, spread, few))


def _standing(value: float, usual: float, spread: float, few: float) -> Standing:
    if usual > 0 and value > MORE * usual and value > usual + BEYOND * spread and value >= SMALL:
        return Standing.MORE
    if usual < SMALL:
        return Standing.SMALL
    below = (usual - value) / spread
    # What came between two pulls is spread over their time, so none at all may be a small part of one record.
    if value < 0.5 and below > BEYOND_SHOWN:
        return Standing.NOTHING
    if value < few * usual and below > BEYOND:
        return Standing.FEW
    return Standing.FEWER if value < FEWER * usual and below > BEYOND_SHOWN else Standing.USUAL
