"""What a source brings, in words: how much of what is usual, since when, and what that means for its figures."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon.decisions.source_health import WEEKS, Glimpse
from cxmon.model import Health, Kind, Measure, Measured, Metric, Pull, Standing, Tone, written
from cxmon.wording.numbers import number, stamp
from cxmon.wording.screen import Screen

HELD = "Figures from it are not judged until it delivers as usual again"

# Standing -> (words, tone, shape). A source that is in trouble is grey: it says nothing of customers.
_SCREEN: Mapping[Standing, Screen] = {
    Standing.USUAL: ("As usual", Tone.GREY, "check"),
    Standing.MORE: ("More than usual", Tone.GREY, "stacked_line_chart"),
    Standing.FEWER: ("Fewer than usual", Tone.GREY, "trending_down"),
    Standing.LESS: ("Fewer for days", Tone.GREY, "trending_down"),
    Standing.FEW: ("Far too few", Tone.GREY, "cloud_off"),
    Standing.NOTHING: ("Nothing comes", Tone.GREY, "cloud_off"),
    Standing.WAITING: ("Too little past to say", Tone.GREY, "pending"),
    Standing.SMALL: ("Too few to say", Tone.GREY, "pending"),
    Standing.HOLIDAY: ("Holiday, not compared", Tone.GREY, "event"),
    Standing.WHOLE: ("The past was read", Tone.GREY, "history"),
    Standing.FAILED: ("Failed", Tone.GREY, "cloud_off"),
}


def standing_screen(pull: Pull) -> Screen:
    """What the pull is called on the screen."""
    return _SCREEN[pull.health.standing if pull.health is not None else Standing.WAITING]


def told(pull: Pull, metrics: Mapping[str, Metric], zone: str) -> str:
    """One sentence on a pull: what is strange of it, or else its records against the usual."""
    health = pull.health
    name = part(pull, metrics)
    if not pull.ok:
        return f"{name}: {pull.error}"
    if health is None or not health.measures:
        return f"{name}: {_SCREEN[Standing.WAITING if health is None else health.standing][0].lower()}"
    strange = [m for m in health.measures if m.standing.strange]
    # Of counts over several spans the longest says most.
    records = _of(pull, Measured.RECORDS)
    chosen = [m for m in strange if m.measured is not Measured.RECORDS or m is _longest(strange)]
    said = [_measure(m, pull, metrics, zone) for m in chosen or records[-1:]]
    return f"{name}: {'; '.join(said)}"


def held(health: Health | None) -> str:
    return HELD if health is not None and health.held else ""


def doubt(strange: Sequence[Pull], everything: Sequence[Pull], metrics: Mapping[str, Metric]) -> str:
    """Of parts that bring fewer for days, what counts do not tell, and what the other sources and parts say; empty
    where there are none."""
    less = [p for p in strange if _standing(p) is Standing.LESS]
    if not less:
        return ""
    mine = {p.source for p in less}
    others = [p for p in everything if p not in strange]
    # Both lists of a source that loses records may shrink: only another source says that demand fell.
    alike = [p for p in others if p.source not in mine and (_standing(p).strange or _standing(p) is Standing.FEWER)]
    fine = [p for p in others if _standing(p) in {Standing.USUAL, Standing.MORE}]
    if alike:
        return (
            f"Demand may have fallen, since fewer came of {_listed(alike, mine, metrics)} as well; or records are lost"
        )
    said = f", while {_listed(fine, mine, metrics)} came as usual" if fine else ""
    return f"Records are lost, or demand fell{said}; the figures are judged as they come"


def _standing(pull: Pull) -> Standing:
    return Standing.FAILED if not pull.ok or pull.health is None else pull.health.standing


def _listed(pulls: Sequence[Pull], mine: Collection[str], metrics: Mapping[str, Metric]) -> str:
    names = [part(p, metrics) + ("" if p.source in mine else f" of {p.source}") for p in pulls]
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


def part(pull: Pull, metrics: Mapping[str, Metric]) -> str:
    """A stream's name, or the label of a metric."""
    return metrics[pull.part].label if pull.part in metrics else pull.part


def of_usual(pull: Pull) -> str:
    """`12 of 480 in 24 h`, the newest count beside the usual one; empty where there is none."""
    counts = _of(pull, Measured.RECORDS)
    if not counts or not counts[-1].weeks or math.isnan(counts[-1].value):
        return ""
    one = counts[-1]
    usual = f"{_count(one.usual)} usual" if one.standing.known else f"{one.weeks} of {WEEKS} weeks known"
    return f"{_count(one.value)} in {_count(one.hours)} h, {usual}"


def empty_shares(pull: Pull) -> list[tuple[str, float]]:
    """(field, share of the fresh records without a value), the emptiest first: of a day, or else of the pull alone."""
    shares = [(m.field, 1 - m.value / m.of) for m in _of(pull, Measured.FILLED) if m.of > 0]
    if not shares and pull.fresh:
        shares = [(name, 1 - count / pull.fresh) for name, count in pull.filled.items()]
    return sorted(((n, min(1.0, max(0.0, s))) for n, s in shares), key=lambda pair: (-pair[1], pair[0]))


def offered_share(pull: Pull) -> str:
    """`42 % of 300`, of a day or else of the pull alone; empty where nobody knows it or there was none to ask."""
    one = next((m for m in _of(pull, Measured.OFFERED) if m.of > 0), None)
    sent, could = (pull.offered, pull.offerable) if one is None else (one.value, one.of)
    return f"{sent / could:.0%}".replace("%", " %") + f" of {_count(could)}" if could else ""


def slowed(glimpse: Glimpse) -> str:
    """`7 times, 42 s waited`, of the last day."""
    if not glimpse.throttled:
        return ""
    times = "once" if glimpse.throttled == 1 else f"{written(glimpse.throttled)} times"
    return f"{times}, {number(glimpse.waited_s, 0)} s waited"


def age(at: datetime | None, now: datetime) -> str:
    """`3 min`, `5 h`, `4 days`; a dash where it is not known, `now` where it lies ahead."""
    if at is None:
        return "–"
    span = now - at
    if span < timedelta(minutes=1):
        return "now"
    if span < timedelta(hours=2):
        return f"{span // timedelta(minutes=1)} min"
    if span < timedelta(days=3):
        return f"{span // timedelta(hours=1)} h"
    return f"{span.days} days"


def _of(pull: Pull, measured: Measured) -> list[Measure]:
    return [m for m in pull.health.measures if m.measured is measured] if pull.health is not None else []


def _longest(measures: list[Measure]) -> Measure | None:
    counts = [m for m in measures if m.measured is Measured.RECORDS]
    return max(counts, key=lambda m: m.hours, default=None)


def _measure(one: Measure, pull: Pull, metrics: Mapping[str, Metric], zone: str) -> str:
    when = f"in the {_count(one.hours)} hours to {stamp(pull.at, zone)}"
    what = _what(pull, metrics)
    usual = f"usually {_count(one.usual)} ({_count(one.low)} to {_count(one.high)} in {one.weeks} earlier weeks)"
    if one.measured is Measured.RECORDS:
        came = f"{_count(one.value)} {what} came {when}" if one.value >= 0.5 else f"no {what} came {when}"
        if one.standing is Standing.LESS:
            return f"{came}; {usual}"
        weekday = f"{pull.at.astimezone(ZoneInfo(zone)):%A}"
        return f"{came}; {usual.replace('usually', f'on a usual {weekday}')}" if one.standing.known else came
    if one.measured is Measured.FILLED:
        return f"{_count(one.value)} of {_count(one.of)} {what} {when} have {one.field}; {usual}"
    if one.measured is Measured.COUNTED:
        label = metrics[one.field].label if one.field in metrics else one.field
        return f"{_count(one.value)} of {_count(one.of)} {what} {when} count for {label}; {usual}"
    return f"a survey was sent for {_count(one.value)} of {_count(one.of)} tickets {when}; {usual}"


def _what(pull: Pull, metrics: Mapping[str, Metric]) -> str:
    metric = metrics.get(pull.part)
    if metric is None:
        return "records"
    return "events" if metric.kind is Kind.RATE else "answers" if metric.kind is not Kind.LEVEL else "figures"


def _count(x: float) -> str:
    return written(x)
