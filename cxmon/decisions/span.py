"""Which periods of a grid tell about a change, and how the statistics are asked about them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon.decisions.left_out import left_out
from cxmon.decisions.overlap import LONGEST_PAST, PERIOD, Placement
from cxmon.model import Change, Grain, Kind, Metric
from cxmon.panel import Judged, Panel
from cxmon.periods import on_holiday, profile_labels
from cxmon.stats import HolidayLabels, holiday_labels

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# How far back the past of a comparison reaches, and of one without controls, which needs a year to know its seasons.
PAST = timedelta(days=365)
LONG_PAST = LONGEST_PAST
YEAR_KNOWN = timedelta(days=400)
# Twelve months from one first of a month on, or 52 weeks.
WHOLE_YEAR = timedelta(days=364)
COARSE = frozenset({Grain.WEEK, Grain.MONTH})
# The first look: fewer mature periods say nothing that anybody should act on.
FIRST_LOOK = {Grain.HOUR: 24, Grain.DAY: 3, Grain.WEEK: 1, Grain.MONTH: 1}
# Monthly figures are watched for half a year at least, or the horizon would leave hardly a whole month.
LEAST_WATCH = 6
IN_A_YEAR = {Grain.HOUR: 8766.0, Grain.DAY: 365.25, Grain.WEEK: 52.18, Grain.MONTH: 12.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class Span:
    """Which periods count: `first` to `last` of the panel's grid, the change from `at` to before `until` (all indices
    into the grid), and which periods between are left out (T,). `profile` is the profile of `first` to `last`, and says
    what was done about holidays; those that it leaves out are in `out` too."""

    first: int
    at: int
    until: int
    last: int
    out: Bools
    profile: HolidayLabels | None = None

    @property
    def aside(self) -> Bools:
        """The holidays (T,) that are left out."""
        found = np.zeros(len(self.out), bool)
        if self.profile is not None:
            found[self.first : self.last] = self.profile.left_out
        return found

    @property
    def on_holidays(self) -> str:
        """What was done about holidays, in words; empty where there was none."""
        return "" if self.profile is None else self.profile.words


def spanned(placement: Placement, change: Change, panel: Panel, mature: Bools, past: timedelta) -> Span:
    """The periods that count. A period that is only partly with the change belongs to neither side."""
    starts, ends = panel.starts, panel.ends()
    T = len(starts)
    begin, stop = placement.start.timestamp(), _stamp(placement.until)
    at = int(np.searchsorted(starts, begin, "left"))
    until = T if stop is None else max(at, int(np.searchsorted(ends, stop, "right")))
    last = int(np.flatnonzero(mature)[-1]) + 1 if mature.any() else 0
    cut = _stamp(placement.data_until)
    if cut is not None:
        last = min(last, int(np.searchsorted(ends, cut, "right")))
    since = begin - past.total_seconds()
    since = max(since, _stamp(placement.since) or since)
    first = min(int(np.searchsorted(starts, since, "left")), at)
    out = (starts < begin) & (ends > begin - change.announced_days * 86_400)
    if stop is not None:
        out |= (starts < stop) & (ends > stop)
    # A period in which a neighbour begins or ends is half with it.
    for edge in (at for other in placement.jointly_with for at in (other.starts, other.ends) if at is not None):
        out |= (starts < edge.timestamp()) & (ends > edge.timestamp())
    for since_out, until_out in placement.left_out:
        out |= (starts < until_out.timestamp()) & (ends > since_out.timestamp())
    return Span(first=first, at=at, until=until, last=last, out=out | ~mature)


def neighbours(placement: Placement, panel: Panel, span: Span) -> list[tuple[int, int]]:
    """When the changes that are estimated jointly begin and end, as (at, until) counted from `span.first`."""
    found = []
    for other in placement.jointly_with:
        begins = int(np.searchsorted(panel.starts, other.starts.timestamp(), "left"))
        ends = len(panel.starts)
        if other.ends is not None:
            ends = int(np.searchsorted(panel.starts, other.ends.timestamp(), "left"))
        if ends > max(begins, span.first):
            found.append((max(begins - span.first, 0), ends - span.first))
    return found


def with_profile(span: Span, treated: Panel) -> Span:
    """The span with the profile of the `treated` series, and without the holidays that it cannot hold."""
    cut = slice(span.first, span.last)
    part = treated.cut(span.first, span.last)
    found = profile(part, span.at - span.first, span.until - span.first, out=span.out[cut])
    out = span.out.copy()
    out[cut] |= found.left_out
    return replace(span, out=out, profile=found)


def profile(part: Panel, at: int, until: int | None = None, *, out: Bools | None = None) -> HolidayLabels:
    """Profile labels of a series (1, T) with a change at `at`, holidays among them; `out` (T,) counts as unmeasured."""
    return profile_of(part.metric, part.starts, part.judged, at, until, out=out)


def profile_of(
    metric: Metric, starts: Ints, judged: Callable[[], Judged], at: int, until: int | None = None, *,
    out: Bools | None = None,
) -> HolidayLabels:  # fmt: skip
    """The same of figures that are asked for only where there is a holiday."""
    labels, count = profile_labels(starts, metric.grain, metric.zone)
    holiday = on_holiday(starts, metric.grain, metric.zone, metric.holidays)
    if not holiday.any():
        # The figures need not be computed to say that nothing is to be done.
        return holiday_labels(np.full(len(labels), np.nan), labels, count, holiday, at)
    figures = judged()
    values = figures.values[0] if out is None else np.where(out, np.nan, figures.values[0])
    answers = figures.n[0] if figures.kind in {"proportion", "rate"} else None
    precision = answers if figures.se is None else 1 / figures.se[0] ** 2
    return holiday_labels(values, labels, count, holiday, at, until=until, precision=precision)


def options(panel: Panel, controls: Panel | None, span: Span, *, long: bool) -> tuple[Judged, dict[str, Any]]:
    """The treated figures and everything `stats.estimate` is asked besides, cut to the span."""
    metric = panel.metric
    cut = slice(span.first, span.last)
    shown = panel.cut(span.first, span.last)
    figures = shown.judged()
    known = span.profile or profile(shown, span.at - span.first)
    asked: dict[str, Any] = {"kind": figures.kind, "period": known.labels, "n": None, "se": None}
    if figures.se is not None:
        asked["se"] = figures.se[0]
    elif figures.kind in {"proportion", "rate"}:
        asked["n"] = figures.n[0]
    if year := season_of(metric, _history(panel, span), compared=not long):
        asked["yearly"] = year
    if controls is not None:
        part = controls.cut(span.first, span.last)
        theirs = part.judged()
        values = np.where(span.out[cut] | left_out(part, part.left_out), np.nan, theirs.values)
        if metric.kind is Kind.LEVEL:
            values = _on_level(values, figures.values[0], span.at - span.first)
        asked["controls"] = values
        asked["controls_se"] = theirs.se
        asked["controls_n"] = theirs.n if theirs.kind in {"proportion", "rate"} else None
    return figures, asked


def season_of(metric: Metric, past: float, *, compared: bool) -> float | None:
    """Periods in a year where `stats` is to allow for one, after `past` seconds of history; None where it is not.

    Alone (not `compared` with controls) that is where history is enough to know one. Of weeks and months it is also
    where there is too little: they are judged over a good part of a year. Controls show most of what the year does, and
    a year beside them the rest.
    """
    if metric.grain in COARSE:
        return IN_A_YEAR[metric.grain] if not compared or past < WHOLE_YEAR.total_seconds() else None
    return None if compared else year_of(metric, past)


def year_of(metric: Metric, past: float) -> float | None:
    """Periods in a year where `past` seconds of history are enough to know one."""
    return IN_A_YEAR[metric.grain] if past >= YEAR_KNOWN.total_seconds() else None


def _history(panel: Panel, span: Span) -> float:
    """Seconds from the first period that counts to the change; weeks and months are counted from the first answers."""
    first = span.first
    if span.at >= len(panel.starts):
        return 0.0
    if panel.metric.grain in COARSE:
        there = (panel.n[0, first : span.at] > 0) & ~span.out[first : span.at]
        first += int(there.argmax())
    return float(panel.starts[span.at] - panel.starts[first])


def instant(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def watched_for(change: Change, metric: Metric) -> timedelta:
    """How long after its start a change is watched; six periods at least."""
    return max(timedelta(days=change.horizon_days), LEAST_WATCH * PERIOD[metric.grain])


def horizon_of(change: Change, metric: Metric) -> int:
    """How many periods the change is read for: its horizon, or its own length where it ends before."""
    days: float = change.horizon_days
    if change.ends is not None:
        days = min(days, (change.ends - change.starts) / timedelta(days=1))
    return max(LEAST_WATCH, round(days * IN_A_YEAR[metric.grain] / 365.25))


def _on_level(values: Floats, treated: Floats, at: int) -> Floats:
    """Counts of other segments in units of the treated one's: the shared movement of volumes is proportional."""
    mine = np.nanmean(treated[:at]) if np.isfinite(treated[:at]).any() else np.nan
    theirs = np.array([np.nanmean(row[:at]) if np.isfinite(row[:at]).any() else np.nan for row in values])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(values * np.where(theirs > 0, mine / theirs, np.nan)[:, None])


def _stamp(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
