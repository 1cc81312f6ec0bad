"""The newest complete average of a series against what was expected: one figure for board, Slack and terminal."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cxmon.model import Band, Interval, Metric, Tone
from cxmon.wording import precision
from cxmon.wording.numbers import (
    amount,
    bare,
    day,
    digits_apart,
    factor,
    instead,
    instead_digits,
    is_share,
    suffix,
    value,
)

SPARK_DAYS = 84
# The signs of a figure that a card has room for where two stand side by side on a phone.
CARD = 11


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The newest complete average against what was expected; harm is positive, in `unit` as in `Harm`.

    `between`: where the average falls in 99 of 100 cases when nothing changes, in the natural unit. `since`: the first
    period of those, up to the newest, of which the average lies outside on the same side; None where it lies inside.
    """

    value: float
    expected: float
    harm: float
    low: float
    high: float
    unit: str
    until: datetime
    n: float
    spark: tuple[float, ...]
    between: tuple[float, float]
    since: datetime | None = None

    @property
    def tone(self) -> Tone:
        if self.low > 0:
            return Tone.AMBER
        return Tone.TEAL if self.high < 0 else Tone.GREY


def gap(band: Band, metric: Metric) -> Gap | None:
    """The gap of a band's last complete period; None where nothing is complete."""
    i = next(_told(band), None)
    if i is None:
        return None
    avg, expected, scale = band.avg[i], band.expected[i], factor(metric)
    harm, unit = _harm(metric, avg, expected, band.low[i], band.high[i])
    # Figures before the measurement changed are no part of the same line.
    anew = max((at for one in band.breaks if (at := one.at.timestamp()) <= band.starts[i]), default=-math.inf)
    recent = (j for j in range(max(0, i + 1 - SPARK_DAYS), i + 1) if band.starts[j] >= anew)
    return Gap(
        value=avg,
        expected=expected,
        harm=harm.estimate,
        low=harm.low,
        high=harm.high,
        unit=unit,
        until=datetime.fromtimestamp(band.starts[i], UTC),
        n=sum(band.n[max(0, i + 1 - band.smooth) : i + 1]),
        spark=tuple(band.avg[j] * scale for j in recent if math.isfinite(band.avg[j])),
        between=(band.low[i], band.high[i]),
        since=_since(band),
    )


def _harm(metric: Metric, avg: float, expected: float, low: float, high: float) -> tuple[Interval, str]:
    """How much worse an average is than expected, harm positive, from where it would lie without a change, and the
    unit of that."""
    sign = metric.harm_sign
    unit, per = _unit(metric, expected)
    ends = sorted((sign * (avg - low), sign * (avg - high)))
    return Interval(estimate=sign * (avg - expected) / per, low=ends[0] / per, high=ends[1] / per), unit


def levels_shown(metric: Metric, avg: float, expected: float, low: float, high: float) -> tuple[str, str]:
    """`levels` of a point of a chart, whose figures are on the shown scale."""
    figures = [x / factor(metric) for x in (avg, expected, low, high)]
    harm, unit = _harm(metric, *figures)
    return instead(metric, figures[0], figures[1], harm, unit)


def _told(band: Band) -> Iterator[int]:
    """The periods that can be told, newest first: a page asks hundreds of bands, and of each for the last few."""
    for i in reversed(range(len(band.starts))):
        if band.complete[i] and all(math.isfinite(x) for x in (band.avg[i], band.expected[i], band.low[i])):
            yield i


def _since(band: Band) -> datetime | None:
    """When the average left its range for the last time, among the periods that can be told."""
    newest, first = 0, None
    for i in _told(band):
        side = (band.avg[i] > band.high[i]) - (band.avg[i] < band.low[i])
        if not side or (newest and side != newest):
            break
        newest, first = side, i
    return None if first is None else datetime.fromtimestamp(band.starts[first], UTC)


def _unit(metric: Metric, expected: float) -> tuple[str, float]:
    """(unit of differences, what a natural difference is divided by)."""
    if metric.judged_as_ratio or metric.matters.relative:
        return "%", expected or 1.0
    return ("pt", 1.0) if is_share(metric) else (metric.unit, 1.0)


def stands(found: Gap, metric: Metric, over: int | None = None) -> tuple[str, str, str]:
    """How it stands, in three pieces of which the middle one is what matters: `2.6 points worse` ` than expected`.

    `over` is the number of a decision that is over its limit here, which the newest days alone may not show.
    """
    if found.tone is not Tone.GREY:
        return "", pill(found, metric), " than expected" if found.harm else ""
    if over is not None:
        return f"decision {over} is ", "over its limit", ", the newest days alone do not show it"
    return "", pill(found, metric), ""


def pill(found: Gap, metric: Metric) -> str:
    """`2.6 points worse`, or `as expected`."""
    if found.tone is Tone.GREY:
        return "as expected"
    return f"{size(found.harm, found, metric)} {'worse' if found.harm > 0 else 'better'}"


def possible(found: Gap, metric: Metric) -> str:
    """What a card or caption adds: the range of the gap, or the largest harm that could still hide in it."""
    if found.tone is Tone.GREY:
        return f"up to {size(found.high, found, metric)} worse still possible"
    ends = sorted((abs(found.low), abs(found.high)))
    return f"range {_bare(ends[0], found, metric)} to {size(ends[1], found, metric)}"


def _digits(found: Gap, metric: Metric) -> int:
    return digits_apart(metric, _interval(found), found.unit, more=precision.TO_BE_APART)


def _interval(found: Gap) -> Interval:
    return Interval(estimate=found.harm, low=found.low, high=found.high)


def levels(found: Gap, metric: Metric) -> tuple[str, str]:
    """The average and what was expected, as precise as their difference is known: (`81 %`, `87 %`)."""
    return instead(metric, found.value, found.expected, _interval(found), found.unit)


def on_card(found: Gap, metric: Metric) -> tuple[str, str]:
    """The average as a card has room for it, also on a phone, and the unit that goes below it then: (`1.13`,
    `per 1,000`), (`81 %`, empty)."""
    shown = levels(found, metric)[0]
    unit = suffix(metric)
    if len(shown) <= CARD or not unit:
        return shown, ""
    return shown.removesuffix(unit), unit.strip()


def range_of(found: Gap, metric: Metric) -> tuple[str, str]:
    """The ends of `between`, written like the figures that they stand beside."""
    precise = instead_digits(metric, found.value, found.expected, _interval(found), found.unit)
    low, high = (value(metric, x, precise) for x in found.between)
    return low, high


def size(x: float, found: Gap, metric: Metric) -> str:
    """A difference in the unit and with the precision of the gap."""
    return amount(metric, abs(x), found.unit, _digits(found, metric))


def _bare(x: float, found: Gap, metric: Metric) -> str:
    return bare(metric, abs(x), found.unit, _digits(found, metric))


def window(found: Gap, band: Band, zone: str) -> str:
    """`7 days to 14 Nov`, the window behind a figure."""
    return window_to(band, day(found.until, zone))


def window_to(band: Band, last: str) -> str:
    """The same of an average that ends on another day."""
    if band.smooth <= 1:
        return f"period of {last}"
    return f"{band.smooth} {'days' if daily(band) else 'periods'} to {last}"


def first(found: Gap, band: Band, zone: str) -> str:
    """`14 Nov (the average of the 7 days to it)`, from when on it lies outside; empty where it does not."""
    if found.since is None:
        return ""
    averaged = f" (the average of the {band.smooth} {'days' if daily(band) else 'periods'} to it)"
    return day(found.since, zone) + (averaged if band.smooth > 1 else "")


def daily(band: Band) -> bool:
    """True where the periods are days."""
    return len(band.starts) > 1 and band.starts[1] - band.starts[0] < 2 * 86_400
