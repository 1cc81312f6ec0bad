"""Figures, units, days and ranges as words: how precise a number reads follows its interval."""

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from cxmon.model import Amount, Harm, Interval, Kind, Metric, number_format, written
from cxmon.wording import precision

UNKNOWN = "not known"
TIME_UNITS = frozenset({"ms", "s", "sec", "min", "h", "hour", "hours", "d", "day", "days"})


def number(x: float, digits: int) -> str:
    """`1,234.5` in the format in force; never `-0.0`; `not known` for NaN and infinities."""
    return number_format().of(_text(x, digits)) if math.isfinite(x) else UNKNOWN


def percent(chance: float) -> str:
    """A chance below a half in whole per cent, rounded down: of less than a half no half is said. None is nothing."""
    whole = math.floor(100 * chance)
    return f"{whole} %" if whole >= 1 else "under 1 %"


def plain(x: float) -> str:
    """A number as an owner would write it: at most three digits after the point, no zeros at the end."""
    if not math.isfinite(x):
        return UNKNOWN
    return number_format().of(_text(x, 3).rstrip("0").rstrip("."))


def _text(x: float, digits: int) -> str:
    """A figure as Python writes it, before its marks are those of the format in force."""
    text = f"{x:,.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def value(metric: Metric, x: float, digits: int | None = None) -> str:
    """A metric's figure in its natural unit, as people read it: `85.0 %`, `18.4 min`, `3.1 per 1,000`."""
    if not math.isfinite(x):
        return UNKNOWN
    shown = x * factor(metric)
    if digits is None:
        digits = 1 if metric.kind is Kind.PROPORTION else _digits_by_size(shown)
    return number(shown, digits) + suffix(metric)


def amount(metric: Metric, x: float, unit: str, digits: int | None = None) -> str:
    """The size of a difference, without its sign: `2.6 points`, `12 %`, `5 min`, `0.6 per 1,000`.

    `unit` as in `Harm`: `pt` and `%` are fractions shown times 100; anything else is the metric's natural unit.
    """
    if not math.isfinite(x):
        return UNKNOWN
    text = bare(metric, x, unit, digits)
    if unit == "pt":
        return f"{text} point" if text == "1" else f"{text} points"
    return text + (" %" if unit == "%" else suffix(metric))


def bare(metric: Metric, x: float, unit: str, digits: int | None = None) -> str:
    """The number of `amount` alone, without sign and unit."""
    if not math.isfinite(x):
        return UNKNOWN
    shown = abs(x) * factor(metric, unit)
    return plain(shown) if digits is None else number(shown, digits)


def size(amount: Amount) -> str:
    """A size as its owner wrote it, with the marks of the format in force: `1.5pt`, `5 per 1000`."""
    return number_format().of(amount.text)


def as_typed(size: str) -> str:
    """What the help of a field adds where figures are shown with another mark than they are typed with: sizes that
    people type are those of the configuration, whatever the format. `size` is one that holds a point."""
    mark = number_format().decimal
    return "" if mark == "." else f" Typed with a point: {size}, not {number_format().of(size)}."


def factor(metric: Metric, unit: str | None = None) -> float:
    """What a stored figure (or a difference in `unit`) is multiplied with before it is shown."""
    if unit in {"pt", "%"} or (unit is None and is_share(metric)):
        return 100.0
    return metric.per


def is_share(metric: Metric) -> bool:
    """Figures that are stored as shares 0..1 and shown as percentages; their differences are points."""
    return metric.kind is Kind.PROPORTION or (metric.kind in {Kind.RATIO, Kind.RATE} and metric.unit == "%")


def digits(metric: Metric, harm: Harm) -> int:
    """Digits after the point for a harm's figures: those of its interval (`precision`), and as many more as it takes
    for the printed range not to contradict the code (low above the limit reads as above the limit)."""
    scale = factor(metric, harm.unit)
    low, high, limit = (x * scale for x in (harm.so_far.low, harm.so_far.high, harm.limit))
    start = _by_interval(high - low, metric, harm.unit)
    return precision.until(
        start, lambda more: precision.apart((low, high), (0.0, limit), more), more=precision.TO_BE_APART, last=True
    )


def digits_of(metric: Metric, interval: Interval, unit: str) -> int:
    """Digits after the point for an interval of differences that no limit stands beside; where it holds no zero, its
    estimate does not read as one."""
    scale = factor(metric, unit)
    low, high, middle = (x * scale for x in (interval.low, interval.high, interval.estimate))
    start = _by_interval(high - low, metric, unit)
    sure = [middle] if low > 0 or high < 0 else []
    return precision.until(
        start, lambda more: precision.spread(low, high, more) and precision.apart(sure, (0.0,), more)
    )


def digits_apart(metric: Metric, interval: Interval, unit: str, more: int = precision.MORE) -> int:
    """As `digits_of`, and as many more as it takes for no end to read as the zero that it is not; `more` at most."""
    start = digits_of(metric, interval, unit)
    low, high = (x * factor(metric, unit) for x in (interval.low, interval.high))
    return precision.until(start, lambda tried: precision.apart((low, high), (0.0,), tried), more=more)


def level_digits(metric: Metric, low: float, high: float, *, beside: Sequence[float] = ()) -> int | None:
    """Digits after the point for a figure in the metric's natural unit that lies between `low` and `high`, and for
    these; they read apart from the figures `beside` them. None where nothing is known of its range."""
    if not math.isfinite(high - low):
        return None
    ends = low * factor(metric), high * factor(metric)
    marks = [x * factor(metric) for x in beside]
    start = _by_interval(ends[1] - ends[0], metric, "pt" if is_share(metric) else "")
    return precision.until(
        start, lambda more: precision.spread(ends[0], ends[1], more) and precision.apart(ends, marks, more)
    )


def instead_digits(metric: Metric, seen: float, expected: float, gap: Interval, unit: str) -> int | None:
    """Digits after the point for two levels whose difference is told as `gap`, in `unit`: those of its interval, and
    one more where the printed levels would clearly contradict the printed difference. None where its interval is not
    known."""
    if not math.isfinite(gap.high - gap.low):
        return None
    told, relative = digits_apart(metric, gap, unit), unit == "%"
    width = abs(gap.high - gap.low) * (abs(expected) if relative else 1.0) * factor(metric)
    start = _by_interval(width, metric, "pt" if is_share(metric) else "")
    start = start if relative else max(start, told)
    size = round(abs(gap.estimate) * factor(metric, unit), told)

    def add_up(more: int) -> bool:
        shown = [round(x * factor(metric), more) for x in (seen, expected)]
        apart = abs(shown[0] - shown[1])
        if relative:
            apart = 100 * apart / abs(shown[1]) if shown[1] else math.inf
        return round(apart, told) == size

    # That tenths are one off is no contradiction; that whole points are is one.
    return start if add_up(start) or (start and not relative) else start + 1


def instead(metric: Metric, seen: float, expected: float, gap: Interval, unit: str) -> tuple[str, str]:
    """What was seen and what was expected, as they read beside the difference `gap`: (`81 %`, `87 %`)."""
    precise = instead_digits(metric, seen, expected, gap, unit)
    return value(metric, seen, precise), value(metric, expected, precise)


def sided(metric: Metric, x: float, unit: str, precise: int, words: tuple[str, str]) -> str:
    """A difference with its side, `words` for more harm and for less: `2.6 points worse`, `no different`."""
    text = amount(metric, x, unit, precise)
    if precision.reads_zero(text.partition(" ")[0]):
        return "no different"
    return f"{text} {words[0] if x > 0 else words[1]}" if math.isfinite(x) else text


def harm_range(metric: Metric, harm: Harm, interval: Interval | None = None) -> str:
    """The interval of a harm: `2.2 to 3.0`, `0.4 better to 0.7 worse`; a gain reads `4.2 to 5.9` (of better)."""
    shown = harm.so_far if interval is None else interval
    if not (math.isfinite(shown.low) and math.isfinite(shown.high)):
        return UNKNOWN
    return between(metric, (shown.low, shown.high), harm.unit, digits(metric, harm), sides(metric, harm))


def between(metric: Metric, ends: tuple[float, float], unit: str, precise: int, words: tuple[str, str]) -> str:
    """A range of harms, low before high, in the direction that it is told in; `words` for more harm and for less. An
    end that reads as zero has no side."""
    low, high = (bare(metric, x, unit, precise) for x in ends)
    if ends[0] >= 0:
        return f"{low} to {high}"
    if ends[1] <= 0:
        return f"{high} to {low}"
    return f"{with_side(low, words[1])} to {with_side(high, words[0])}"


def with_side(text: str, word: str) -> str:
    """`0.4 better`, but `0.0` alone."""
    return text if precision.reads_zero(text) else f"{text} {word}"


def worse(metric: Metric, harm: Harm) -> str:
    """The estimate in words: `2.6 points worse`, `12 % better`, `12 % faster`, `no different`."""
    return sided(metric, harm.so_far.estimate, harm.unit, digits(metric, harm), sides(metric, harm))


def largest_range(metric: Metric, harm: Harm) -> str:
    """`harm_range` where it stands beside `largest`, which may be more than its upper end: that allows for the missing
    answers of a survey, and the range does not."""
    rate = harm.response_rate
    beyond = rate is not None and rate.bounds is not None and rate.bounds[1] > harm.so_far.high
    return harm_range(metric, harm) + (" among those who answered" if beyond else "")


def largest(metric: Metric, harm: Harm) -> str:
    """The largest harm that is not ruled out: `up to 1.2 points worse`, or that any harm is ruled out; where the
    response rate moved, with the missing answers at their worst."""
    if not math.isfinite(harm.so_far.high):
        return "nothing is ruled out yet"
    rate = harm.response_rate
    high = harm.so_far.high if rate is None or rate.bounds is None else max(harm.so_far.high, rate.bounds[1])
    if high < 0:
        return "a harm is ruled out"
    size = amount(metric, high, harm.unit, digits(metric, harm))
    return f"up to {size} {sides(metric, harm)[0]} is still possible"


class InUnit(Protocol):
    """A difference that is told in a unit, as in `Harm`."""

    @property
    def unit(self) -> str: ...


def sides(metric: Metric, harm: InUnit) -> tuple[str, str]:
    """The words for more harm and for less of it."""
    return ("slower", "faster") if is_speed(metric) and harm.unit == "%" else ("worse", "better")


def limit(metric: Metric, harm: Harm) -> str:
    """The accepted harm as it reads beside the range: `1.5 points`."""
    return amount(metric, harm.limit, harm.unit)


def is_speed(metric: Metric) -> bool:
    """Durations: what is faster when it gets better."""
    return metric.better == "lower" and metric.unit in TIME_UNITS and metric.kind in {Kind.QUANTILE, Kind.MEAN}


def day(at: datetime | date, zone: str = "UTC", *, now: datetime | None = None) -> str:
    """`14 Sep`, with its year where that is not the year of `now`."""
    local = at.astimezone(ZoneInfo(zone)).date() if isinstance(at, datetime) else at
    if now is not None and now.astimezone(ZoneInfo(zone)).year != local.year:
        return f"{local.day} {local:%b %Y}"
    return f"{local.day} {local:%b}"


def between_days(dates: tuple[datetime, datetime] | None, zone: str = "UTC") -> str:
    """` (some day between 20 Oct and 3 Nov)` behind a date that is not known to the day; nothing where it is."""
    if dates is None or dates[0] == dates[1]:
        return ""
    return f" (some day between {day(dates[0], zone)} and {day(dates[1], zone)})"


def stamp(at: datetime, zone: str = "UTC") -> str:
    """`Mon 23 Nov 2026, 06:00 UTC`: what a picture, brief or export carries as its as-of."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} {local:%Z}"


def days(count: int) -> str:
    return counted(count, "day")


def counted(count: int, what: str) -> str:
    """`1 day`, `1,200 days`."""
    return f"1 {what}" if count == 1 else f"{written(count)} {what}s"


def signed(x: float, digits: int) -> str:
    """A difference for the terminal: `+1.2`, `-0.4`, and `0.0` without a sign where nothing else is left of it."""
    text = f"{x:+.{digits}f}"
    return number_format().of(text if text.strip("+-0.") else text[1:])


def days_judged(harm: Harm) -> int:
    """Days from the start of a harm's window to its end."""
    if harm.window_start is None or harm.window_end is None:
        return 0
    return max(0, round((harm.window_end - harm.window_start) / timedelta(days=1)))


def due_day(harm: Harm, zone: str = "UTC") -> int | None:
    """The number of the day, counted from the start of the window as day 1, around which an answer is due. Days are
    those of the metric's `zone`, as in `Harm.due`."""
    if harm.due is None or harm.window_start is None:
        return None
    return (harm.due - harm.window_start.astimezone(ZoneInfo(zone)).date()).days + 1


def suffix(metric: Metric) -> str:
    """What stands behind a metric's figures, with the space before it: ` per 1,000`; empty without a unit."""
    if metric.kind is Kind.PROPORTION or metric.unit == "%":
        return " %"
    if metric.per != 1:
        return f" per {written(metric.per)}"
    return f" {metric.unit}" if metric.unit else ""


def _digits_by_size(shown: float) -> int:
    size = abs(shown)
    if size >= 100 or (size >= 10 and float(shown).is_integer()):
        return 0
    return 1 if size >= 1 or size == 0 else 2


def _by_interval(width: float, metric: Metric, unit: str) -> int:
    """The rule of `precision`, with the most digits that this unit is written with."""
    share = unit in {"pt", "%"} or (not unit and is_share(metric))
    return precision.by_width(width, precision.MOST_OF_SHARES if share else precision.MOST)
