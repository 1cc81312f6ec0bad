"""Who still answers a survey, in words: the response rate, and what the missing answers could do to the verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cxmon.model import Harm, Interval, Metric, Unlike
from cxmon.wording.evidence import disputes, set_aside
from cxmon.wording.numbers import harm_range, number, sides, worse


def responded(harm: Harm, metric: Metric) -> str:
    """The response rate beside a survey metric; empty for a metric that is none.

    `response rate 60.2 %, 60.0 % expected`; where it moved `response rate fell to 52.1 %, 60.1 % expected (6.2 to 9.8
    points fewer); whatever the missing answers would have said, 2.8 to 17.5 points worse: the verdict is the same`.
    """
    rate = harm.response_rate
    if rate is None:
        return ""
    if not math.isfinite(rate.actual):
        return f"response rate not known: {rate.reason}"
    actual, expected = (f"{number(100 * x, 1)} %" for x in (rate.actual, rate.expected))
    if not rate.moved:
        return f"response rate {actual}, {expected} expected"
    least, most = sorted(abs(100 * x) for x in (rate.low, rate.high))
    fell = rate.high < 0
    moved = f"response rate {'fell' if fell else 'rose'} to {actual}, {expected} expected"
    told = f"{moved} ({number(least, 1)} to {number(most, 1)} points {'fewer' if fell else 'more'})"
    if rate.bounds is None:
        return told
    which = "missing answers would have said" if fell else "additional answers say"
    end = "too wide for a verdict" if harm.unlike is Unlike.ANSWERS else "the verdict is the same"
    return f"{told}; whatever the {which}, {_bounds(harm, metric, rate.bounds)}: {end}"


def rates_moved(harms: Sequence[Harm], metrics: Mapping[str, Metric]) -> list[str]:
    """A sentence for each metric whose response rate moved."""
    moved = [h for h in harms if h.response_rate is not None and h.response_rate.moved]
    return [f"{metrics[h.metric].label}: {responded(h, metrics[h.metric])}." for h in moved]


def beside_a_list(harm: Harm, metric: Metric, *, listed: bool) -> tuple[str, ...]:
    """Who disagrees, and, unless a list of metrics beside it says so (`listed`), which untouched segments moved by
    themselves and who still answers."""
    return (disputes(metric, harm), *(() if listed else (set_aside(harm.controls_moved), responded(harm, metric))))


def unmatched(harm: Harm, metric: Metric) -> str:
    """A metric that the missing answers could turn: why, and what those who answered say."""
    return f"{harm.reason}; those who answered are {worse(metric, harm)} (range {harm_range(metric, harm)})"


def _bounds(harm: Harm, metric: Metric, bounds: tuple[float, float]) -> str:
    """`0.8 to 7.5 points worse`, `2.1 better to 9.4 points worse`: the range of the harm with its side."""
    low, high = bounds
    wide = replace(harm, so_far=Interval(estimate=harm.so_far.estimate, low=low, high=high))
    ranged = harm_range(metric, wide)
    if low < 0 < high or not math.isfinite(low + high):
        return ranged
    unit = {"pt": " points", "%": " %"}.get(harm.unit, f" {harm.unit}" if harm.unit else "")
    side = sides(metric, harm)[0 if low >= 0 else 1]
    return f"{ranged}{unit} {side}"
