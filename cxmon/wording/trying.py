"""What a single file says, in words: a dated effect, or what a watch over it would have told."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cxmon.model import Grade, Interval, Metric, Opinion, Tone, written
from cxmon.wording import numbers as say
from cxmon.wording.evidence import compared, method, seconded


@dataclass(frozen=True, kw_only=True)
class Told:
    """A badge with its tone and shape, the headline, and what stands below it."""

    badge: str
    tone: Tone
    shape: str
    headline: str
    lines: tuple[str, ...] = ()


def unit_of(metric: Metric) -> str:
    """The unit of differences, as in `Harm`."""
    return "pt" if say.is_share(metric) else metric.unit


def effect(
    metric: Metric, where: str, since: datetime, harm: Interval, *, p_value: float, levels: tuple[float, float],
    periods: tuple[int, int], controlled: bool, opinions: Sequence[Opinion], reason: str, yearly: bool,
) -> Told:  # fmt: skip
    """The effect of a date. `harm` is positive where it is worse; `levels` are what was expected and what was seen."""
    what = f"{metric.label}{f', {where}' if where else ''}"
    if not math.isfinite(harm.estimate):
        return Told(badge="Nothing can be said", tone=Tone.GREY, shape="pending", headline=f"{what}: {reason}")
    unit = unit_of(metric)
    precision = say.digits_of(metric, harm, unit)
    size = say.amount(metric, harm.estimate, unit, precision)
    disputed = any(o.disputes for o in opinions)
    grade = compared(Grade.CONTROLLED if controlled else Grade.BEFORE_AFTER, disputed=disputed)
    day = say.day(since)
    ranged = say.between(metric, (harm.low, harm.high), unit, precision, ("worse", "better"))
    if harm.low > 0 or harm.high < 0:
        word = "worse" if harm.low > 0 else "better"
        badge = ("Worse", Tone.AMBER, "warning") if harm.low > 0 else ("Better", Tone.TEAL, "trending_up")
        headline = f"{what} is {size} {word} than expected since {day} (range {ranged}, {grade})"
    else:
        badge = ("Not shown to be different", Tone.GREY, "hourglass_empty")
        worst = say.amount(metric, max(harm.high, 0.0), unit, precision)
        headline = f"{what} is not shown to be different since {day}: up to {worst} worse is still possible ({grade})"
    lines = [f"Range: {ranged}."] if badge[1] is Tone.GREY else []
    after, before = (say.counted(count, metric.grain.value) for count in reversed(periods))
    expected, seen = reversed(say.instead(metric, levels[1], levels[0], harm, unit))
    lines.append(f"Over the {after} since then {expected} was expected without the change, {seen} was seen.")
    lines.append(f"{_chance(p_value)}; the past that it is judged by has {before}.")
    lines += [_second(metric, one, unit, precision) for one in opinions if one.disputes]
    if said := seconded(opinions):
        lines.append(f"{said[:1].upper()}{said[1:]}.")
    if yearly:
        lines.append("The season of the year was taken out.")
    if not controlled:
        lines.append("No untouched segment is known to move alike, so nothing says that the change was the cause.")
    return Told(
        badge=badge[0], tone=badge[1], shape=badge[2], headline=headline, lines=(*lines, *([reason] if reason else ()))
    )


def _chance(p_value: float) -> str:
    if not math.isfinite(p_value) or p_value >= 0.5:
        return "Chance alone shows as much more often than not"
    times = 1 / p_value
    about = round(times, -1 if times > 50 else 0)
    often = f"fewer than 1 in {written(10_000)}" if times > 10_000 else f"about 1 in {written(about)}"
    return f"Where nothing changed, a difference this large comes up {often} times"


def _second(metric: Metric, one: Opinion, unit: str, precision: int) -> str:
    """Only who disagrees is told with figures; how many agree stands in one line."""
    seen = say.between(metric, (one.found.low, one.found.high), unit, precision, ("worse", "better"))
    return f"{method(one.method, metric.grain).capitalize()} disagrees: it sees {seen}."


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a watch knows of one series: since when it is out, by how much (positive is worse), and whether still."""

    name: str
    since: datetime
    alarm: datetime
    harm: Interval
    active: bool


def watch(
    metric: Metric, seen: Sequence[Seen], *, looked: int, began: datetime, last: datetime, quarter: float, short: int
) -> Told:
    """What a watch would have told from `began` to `last`, of `looked` segments; `short` more have too little past."""
    span = f"{say.day(began, now=last)} to {say.day(last, now=last)}"
    budget = f"{say.plain(quarter)} false alarms a quarter were put up with"
    many = f"{say.counted(short, 'segment')} {'is' if short == 1 else 'are'}"
    few = [f"{many} too short to be watched: about two months of days are needed."] if short else []
    now = [one for one in seen if one.active]
    over = [_once(metric, one, last) for one in seen if not one.active]
    if not looked:
        return Told(
            badge="Too little past", tone=Tone.GREY, shape="pending",
            headline="Nothing was watched: the file is too short to know what is usual", lines=tuple(few),
        )  # fmt: skip
    base = f"Watched {span}, {say.counted(looked, 'segment')}; {budget}."
    if not now:
        headline = "Nothing is seen to have got worse for good; a small or slow loss may still hide in the noise"
        return Told(
            badge="As expected", tone=Tone.GREY, shape="hourglass_empty", headline=headline, lines=(*over, base, *few)
        )
    first, *rest = (_now(metric, one, last) for one in now)
    lines = (*(f"{one}." for one in rest), *over, base, *few)
    return Told(badge="Worse than expected", tone=Tone.AMBER, shape="warning", headline=first, lines=lines)


def _now(metric: Metric, one: Seen, last: datetime) -> str:
    unit = unit_of(metric)
    precision = say.digits_of(metric, one.harm, unit)
    size = say.amount(metric, one.harm.estimate, unit, precision)
    ranged = say.between(metric, (one.harm.low, one.harm.high), unit, precision, ("worse", "better"))
    return (
        f"{_named(metric, one.name)} is {size} worse than expected since about {say.day(one.since, now=last)} "
        f"(range {ranged}); a watch would have told it on {say.day(one.alarm, now=last)}"
    )


def _once(metric: Metric, one: Seen, last: datetime) -> str:
    day = say.day(one.alarm, now=last)
    return f"{_named(metric, one.name)} was out of bounds on {day}; that has ended or is the usual level now."


def _named(metric: Metric, name: str) -> str:
    return f"{metric.label}, {name}" if name else metric.label
