"""What a trend chart shows, as plain values: points on the shown scale, their state, and the pins of decisions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from cxmon import wording
from cxmon.model import Band, Metric, Tone

State = Literal["calm", "amber", "red", "teal"]
POINTS_MAX = 2000


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A declared change as a numbered pin; `verdict` is its screen word."""

    number: int
    at: datetime
    title: str
    tone: Tone
    verdict: str = ""
    category: str = ""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One period on the shown scale (percent, per 1,000, minutes); `day` is milliseconds of the local date as UTC.

    It is a float because whole numbers reach the browser as BigInt, which Vega's scales do not take. Between points of
    another `stretch` the measurement changed: no line and no band joins them.
    """

    day: float
    value: float
    avg: float
    expected: float
    low: float
    high: float
    complete: bool
    state: State = "calm"
    regime: int = 0
    stretch: int = 0


def local_ms(at: datetime, zone: str) -> float:
    """The local wall time of `at` as if it were UTC, so that a browser in any zone draws the same day."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC).timestamp() * 1000.0


def points(
    band: Band, metric: Metric, *, grave_since: datetime | None = None, limit: float | None = None
) -> list[Point]:
    """A band as points. The line turns vermilion from `grave_since` on, where it is worse than expected by more than
    `limit` (shown scale). Callers give `grave_since` only where the verdict is over the limit, so that line and verdict
    never disagree; else what is outside the band is amber.
    """
    scale = wording.factor(metric)
    since = None if band.since is None else band.since.timestamp()
    red_from = math.inf if grave_since is None else grave_since.timestamp()
    bound = 0.0 if limit is None else limit / scale
    anew = [one.at.timestamp() for one in band.breaks]
    found = []
    for i, start in enumerate(band.starts):
        stretch = sum(start >= at for at in anew)
        avg, low, high = band.avg[i], band.low[i], band.high[i]
        found.append(
            Point(
                day=local_ms(datetime.fromtimestamp(start, UTC), metric.zone),
                value=band.value[i] * scale,
                avg=avg * scale,
                expected=band.expected[i] * scale,
                low=low * scale,
                high=high * scale,
                complete=band.complete[i],
                state=_state(
                    metric.harm_sign, avg, band.expected[i], low, high, bound if start >= red_from else math.inf
                ),
                # An odd number is a forecast.
                regime=2 * stretch + int(since is not None and start >= since),
                stretch=stretch,
            )
        )
    return found


def recent(found: Sequence[Point], days: int) -> list[Point]:
    """The points of the last `days` days."""
    if not found:
        return []
    first = found[-1].day - days * 86_400_000
    return [p for p in found if p.day > first]


def coarse(found: Sequence[Point], most: int = POINTS_MAX) -> list[Point]:
    """Never more points than a browser draws well: every k-th one, which keeps the trailing averages true."""
    if len(found) <= most:
        return list(found)
    step = -(-len(found) // most)
    return [*found[:-1:step], found[-1]]


def runs(found: Sequence[Point]) -> list[tuple[int, Point]]:
    """(run, point): pieces of one state. What lies between two of them takes the calmer colour, so that no gap shows;
    where the measurement changed one does."""
    grave = {"calm": 0, "teal": 1, "amber": 1, "red": 2}
    shown = [p for p in found if math.isfinite(p.avg)]
    out: list[tuple[int, Point]] = []
    run = 0
    for previous, point in zip([None, *shown], shown, strict=False):
        if previous is not None and point.stretch != previous.stretch:
            run += 1
        elif previous is not None and point.state != previous.state:
            run += 1
            if grave[point.state] >= grave[previous.state]:
                out.append((run - 1, replace(point, state=previous.state)))
            else:
                out.append((run, replace(previous, state=point.state)))
        out.append((run, point))
    return out


def _state(sign: int, avg: float, expected: float, low: float, high: float, bound: float) -> State:
    if not all(math.isfinite(x) for x in (avg, low, high)) or low <= avg <= high:
        return "calm"
    if (avg > high) == (sign > 0):
        return "red" if sign * (avg - expected) > bound else "amber"
    return "teal"
