"""What a metric is, how its cases lie, and how a year ago compares, in words."""

import math
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from cxmon.model import Kind, Metric, Spread, written
from cxmon.wording.numbers import amount, counted, day, is_share, is_speed, number, plain, value

_KINDS = {
    Kind.PROPORTION: "a share: how many of the answers count as good or bad",
    Kind.MEAN: "an average over all answers",
    Kind.RATE: "a rate: events among all who could have had one",
    Kind.RATIO: "a ratio of two sums",
    Kind.LEVEL: "a count at one moment",
}
_PARTS = {0.25: "a quarter", 0.5: "half", 0.75: "three of four", 0.9: "nine of ten"}


def _part(quantile: float) -> str:
    return _PARTS.get(quantile, f"{written(100 * quantile, 'g')} %")


def definition(metric: Metric) -> list[tuple[str, str]]:
    """(term, what it says) of a metric, in the order in which somebody would ask."""
    better = "higher" if metric.better == "higher" else "lower"
    column = metric.read.time.replace("_", " ")
    said = [
        ("What it is", metric.definition.rstrip(".") or "nobody has written it down: add `definition` to the metric"),
        ("How it is made", _made(metric)),
        ("Better", f"{better} is better"),
        ("Worth acting on", f"a difference of {_size(metric)} or more"),
        ("Belongs to", f"the {metric.grain.value} of “{column}” in its records, in {metric.zone}"),
        ("Complete", _complete(metric)),
        ("Read from", metric.source),
    ]
    if metric.dimensions:
        said.append(("Split by", ", ".join(metric.dimensions)))
    return said


def _made(metric: Metric) -> str:
    if metric.kind is Kind.QUANTILE:
        part = _part(metric.quantiles[0])
        return f"what {part} of the cases {'are done within' if is_speed(metric) else 'lie below'}"
    return _KINDS[metric.kind]


def _size(metric: Metric) -> str:
    """What matters as people read it: `1 point`, `10 %`, `5 min`."""
    return amount(metric, metric.matters.value, "%" if metric.matters.relative else "pt" if is_share(metric) else "")


def _complete(metric: Metric) -> str:
    if metric.learns_maturity:
        return "as learnt from how its answers come in; younger periods are in no figure"
    days = metric.matures_after.days
    when = f"when it is {counted(days, 'day')} old" if days else "as soon as it has ended"
    return f"a {metric.grain.value} counts {when}; younger ones are in no figure"


def a_year_before(metric: Metric, now: float, then: float, window: str, earlier: str) -> str:
    """`85.0 % in the 7 days to 14 Nov, 86.9 % a year before (7 days to 15 Nov 2025): 1.9 points worse`."""
    told = f"{value(metric, now)} in the {window}, {value(metric, then)} a year before ({earlier})"
    if is_share(metric):
        size = amount(metric, abs(now - then), "pt", 1)
    elif then > 0 and (metric.judged_as_ratio or metric.matters.relative):
        size = amount(metric, abs(now / then - 1), "%", 0)
    else:
        size = amount(metric, abs(now - then), metric.unit)
    if not any(c in "123456789" for c in size):
        return f"{told}: the same"
    words = ("slower", "faster") if is_speed(metric) else ("worse", "better")
    return f"{told}: {size} {words[metric.harm_sign * (now - then) < 0]}"


YEAR_CAVEAT = (
    "The same weekdays, 52 weeks apart. A year ago is not what was expected: growth and old decisions are in it."
)
# More names than these are counted.
_NAMED = 4


def apart(days: Sequence[tuple[date, str]]) -> str:
    """`Thanksgiving (27 Nov 2025), Sports day (16 Nov 2026) and 3 more days`: off in one of two years only."""
    told = [f"{name} ({at:%-d %b %Y})" for at, name in days[:_NAMED]]
    more = len(days) - len(told)
    return ", ".join(told) + (f" and {counted(more, 'more day')}" if more else "")


def lies(metric: Metric, spread: Spread) -> str:
    """`Half within 8 min, three of four within 1,500 min, nine of ten within 2,700 min`."""
    where = "within" if is_speed(metric) else "below"
    told = ", ".join(f"{_part(q)} {where} {value(metric, x)}" for q, x in spread.points)
    return told[:1].upper() + told[1:]


def spread_window(spread: Spread, zone: str) -> str:
    return f"cases of {day(spread.since, zone)} to {day(spread.until, zone)}, about {number(spread.n, 0)}"


def bins(metric: Metric, edges: Sequence[float]) -> list[str]:
    """The names of the bins that the edges divide: `under 1`, `1–1.5`, `over 700`."""
    shown = [plain(edge * (100 if is_share(metric) else metric.per)) for edge in edges]
    if not shown:
        return ["all"]
    return [f"<{shown[0]}", *(f"{a}–{b}" for a, b in pairwise(shown)), f">{shown[-1]}"]


def unit(metric: Metric) -> str:
    """What stands below an axis of the metric's figures."""
    if is_share(metric):
        return "%"
    return f"per {written(metric.per)}" if metric.per != 1 else metric.unit


def behind(metric: Metric, n: float, grain: str) -> str:
    """`about 140 answers a day`; empty where that is not known."""
    if not math.isfinite(n) or metric.kind is Kind.LEVEL:
        return ""
    words = {Kind.PROPORTION: "answers", Kind.MEAN: "answers", Kind.QUANTILE: "cases", Kind.RATE: "counted"}
    return f"about {number(n, 0)} {words.get(metric.kind, 'units')} a {grain}"
