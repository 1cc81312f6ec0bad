"""Figures, units, days and ranges as words: how precise a number reads follows its interval."""

import math
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon.model import Amount, Harm, Interval, Kind, Metric, Reading, Where, number_format, written

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
    return number(shown, digits) + _suffix(metric)


def amount(metric: Metric, x: float, unit: str, digits: int | None = None) -> str:
    """The size of a difference, without its sign: `2.6 points`, `12 %`, `5 min`, `0.6 per 1,000`.

    `unit` as in `Harm`: `pt` and `%` are fractions shown times 100; anything else is the metric's natural unit.
    """
    if not math.isfinite(x):
        return UNKNOWN
    text = bare(metric, x, unit, digits)
    if unit == "pt":
        return f"{text} point" if text == "1" else f"{text} points"
    return text + (" %" if unit == "%" else _suffix(metric))


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
    """Digits after the point for a harm's figures: two that count in the half width of its interval, and as many more
    as it takes for the printed range not to contradict the code (low above the limit reads as above the limit)."""
    scale = factor(metric, harm.unit)
    low, high, limit = (x * scale for x in (harm.so_far.low, harm.so_far.high, harm.limit))
    start = _digits_by_interval(high - low)
    if harm.unit == "pt":
        start = max(start, 1)
    for more in range(start, start + 3):
        if _reads_right(low, high, limit, more):
            return more
    return start + 2


def digits_of(metric: Metric, interval: Interval, unit: str) -> int:
    """Digits after the point for an interval of differences that no limit stands beside."""
    found = _digits_by_interval((interval.high - interval.low) * factor(metric, unit))
    return max(found, 1) if unit == "pt" else found


def digits_apart(metric: Metric, interval: Interval, unit: str) -> int:
    """As `digits_of`, and as many more as it takes for no end to read as the zero that it is not."""
    start = digits_of(metric, interval, unit)
    low, high = (x * factor(metric, unit) for x in (interval.low, interval.high))
    return next((more for more in range(start, start + 2) if _reads_right(low, high, 0.0, more)), start + 2)


def harm_range(metric: Metric, harm: Harm, interval: Interval | None = None) -> str:
    """The interval of a harm: `2.2 to 3.0`, `0.4 better to 0.7 worse`; a gain reads `4.2 to 5.9` (of better)."""
    shown = harm.so_far if interval is None else interval
    if not (math.isfinite(shown.low) and math.isfinite(shown.high)):
        return UNKNOWN
    return between(metric, (shown.low, shown.high), harm.unit, digits(metric, harm), sides(metric, harm))


def between(metric: Metric, ends: tuple[float, float], unit: str, precision: int, words: tuple[str, str]) -> str:
    """A range of harms, low before high, in the direction that it is told in; `words` for more harm and for less."""
    low, high = (bare(metric, x, unit, precision) for x in ends)
    if ends[0] >= 0:
        return f"{low} to {high}"
    if ends[1] <= 0:
        return f"{high} to {low}"
    return f"{low} {words[1]} to {high} {words[0]}"


def worse(metric: Metric, harm: Harm) -> str:
    """The estimate in words: `2.6 points worse`, `12 % better`, `12 % faster`, `no different`."""
    x = harm.so_far.estimate
    size = amount(metric, x, harm.unit, digits(metric, harm))
    if not math.isfinite(x):
        return UNKNOWN
    worse_word, better_word = sides(metric, harm)
    return f"{size} {worse_word if x > 0 else better_word}"


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


def sides(metric: Metric, harm: Harm | Where | Reading) -> tuple[str, str]:
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
    """` (between 20 Oct and 3 Nov)` behind a date that is not known to the day; nothing where it is."""
    if dates is None or dates[0] == dates[1]:
        return ""
    return f" (between {day(dates[0], zone)} and {day(dates[1], zone)})"


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


def _suffix(metric: Metric) -> str:
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


def _digits_by_interval(width: float) -> int:
    if not math.isfinite(width) or width <= 0:
        return 1
    return min(4, max(0, -math.floor(math.log10(width / 2))))


def _reads_right(low: float, high: float, bound: float, precision: int) -> bool:
    """True where rounding keeps what is strictly apart apart: low and high from zero and from the limit."""
    ends = [x for x in (low, high) if math.isfinite(x)]
    return all(round(end, precision) != round(mark, precision) for end in ends for mark in (0.0, bound) if end != mark)
