"""Who still answers a survey, in words: the response rate, and what the missing answers could do to the verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cxmon.decisions import code_of
from cxmon.model import Code, Harm, Interval, Kind, Metric, ResponseRate, Unlike
from cxmon.wording.evidence import disputes, set_aside
from cxmon.wording.numbers import amount, harm_range, number, sides, worse
from cxmon.wording.precision import MOST_OF_SHARES, by_width


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
    precise = by_width(100 * (rate.high - rate.low), MOST_OF_SHARES)
    actual, expected = (f"{number(100 * x, precise)} %" for x in (rate.actual, rate.expected))
    if rate.moved:
        least, most = sorted(abs(100 * x) for x in (rate.low, rate.high))
        fewer = "fewer" if rate.high < 0 else "more"
        told = f"response rate {'fell' if rate.high < 0 else 'rose'} to {actual}, {expected} expected"
        told += f" ({number(least, precise)} to {number(most, precise)} points {fewer})"
    else:
        told = f"response rate {actual}, {expected} expected"
        if rate.bounds is not None:
            ends = f"{number(-100 * rate.low, precise)} points fewer to {number(100 * rate.high, precise)} more"
            told += f", not known well enough yet ({ends})"
    if rate.bounds is None:
        return told
    return f"{told}; {_supposed(rate, metric)}, {_bounds(harm, metric, rate.bounds)}: {_stands(harm, metric)}"


def _supposed(rate: ResponseRate, metric: Metric) -> str:
    """What is taken of the answers that are not like those before: anything, or what was declared."""
    which = "missing answers" if rate.actual < rate.expected else "additional answers"
    if rate.differ is None:
        return f"whatever the {which} {'would have said' if rate.actual < rate.expected else 'say'}"
    return f"if the {which} lie at most {_apart(metric, rate.differ)} from the others, as declared"


def _stands(harm: Harm, metric: Metric) -> str:
    """What the bounds did to the verdict."""
    rate, alone = harm.response_rate, code_of(harm.so_far, harm.limit, harm.now)
    if harm.unlike is Unlike.ANSWERS:
        # Rounded down: no more is said to hold than does.
        to = 0.0 if rate is None or rate.holds_to is None else math.floor(100 * rate.holds_to) / 100
        held = f"; what those who answered say holds if the others lie at most {_apart(metric, to)} from them"
        return f"too wide for a verdict{held if to else ''}"
    if harm.code is alone:
        return "the verdict is the same"
    if harm.code is Code.UNDECIDED:
        return "too wide for a verdict yet"
    return f"no more than that is sure; those who answered are {worse(metric, harm)}"


def _apart(metric: Metric, size: float) -> str:
    """A difference between answers, on their own scale."""
    return amount(metric, size, "pt" if metric.kind is Kind.PROPORTION else metric.unit)


def rates_moved(harms: Sequence[Harm], metrics: Mapping[str, Metric]) -> list[str]:
    """A sentence for each metric whose response rate moved, or is not known well enough to bear the verdict."""
    moved = [h for h in harms if (rate := h.response_rate) is not None and (rate.moved or rate.bounds is not None)]
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
