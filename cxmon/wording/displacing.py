"""A gain beside its price in one sentence: faster, but fewer solved first time."""

import math
from collections.abc import Collection, Iterable, Mapping

from cxmon.decisions.displacement import Displacement, displaced
from cxmon.model import AimResult, Code, Harm, Kind, Metric, Words
from cxmon.wording import numbers as say
from cxmon.wording.evidence import grade


def words_of(metric: Metric) -> Words:
    """What a move of the metric is called where no size stands: its own words, else by its kind and label.

    `faster` and `slower` for durations; `fewer solved first time` where the label says what was done; `more contacts`
    for what is counted; `less churn` for rates; else `lower CSAT`.
    """
    if metric.words is not None:
        return metric.words
    label, up = small(metric.label), metric.better == "higher"
    if say.is_speed(metric):
        return Words(better="faster", worse="slower")
    if _says_done(metric) or metric.kind is Kind.LEVEL:
        more, less = f"more {label}", f"fewer {label}"
    elif metric.kind is Kind.RATE:
        more, less = f"more {label}", f"less {label}"
    else:
        more, less = f"higher {label}", f"lower {label}"
    return Words(better=more, worse=less) if up else Words(better=less, worse=more)


def trade(
    harms: Iterable[Harm], metrics: Mapping[str, Metric], aims: Iterable[AimResult] = (), guards: Collection[str] = ()
) -> str:
    """The gain and its price with their sizes, in one sentence without the full stop; empty where there is none.

    `First reply is 12 % faster, but 3.1 points fewer solved first time (compared with untouched segments)`, or, while
    the guard is open, `First reply is 12 % faster; whether it means fewer solved first time is still open, up to 2.1
    points (...)`.
    """
    found = displaced(harms, aims, metrics, guards)
    if found is None:
        return ""
    gained, paid = metrics[found.gain.metric], metrics[found.price.metric]
    gain = say.worse(gained, found.gain)
    if say.is_speed(gained) and "faster" not in gain:
        size = say.amount(gained, found.gain.so_far.estimate, found.gain.unit, say.digits(gained, found.gain))
        gain = f"{size} faster"
    evidence = " and ".join(dict.fromkeys(grade(harm) for harm in (found.gain, found.price)))
    return f"{gained.label} {is_are(gained)} {gain}{_against(found, paid, sized=True)} ({evidence})"


def breath(
    harms: Iterable[Harm], metrics: Mapping[str, Metric], aims: Iterable[AimResult] = (), guards: Collection[str] = ()
) -> str:
    """The same in the fewest words, where the price is a declared guard: `Faster, but fewer solved first time`."""
    found = displaced(harms, aims, metrics, guards)
    if found is None or not found.guarded:
        return ""
    better = words_of(metrics[found.gain.metric]).better
    return f"{better[:1].upper()}{better[1:]}{_against(found, metrics[found.price.metric], sized=False)}"


def _against(found: Displacement, metric: Metric, *, sized: bool) -> str:
    price, worse = found.price, words_of(metric).worse
    if found.sure:
        size = say.amount(metric, price.so_far.estimate, price.unit, say.digits(metric, price))
        return f", but {_lost(metric, size)}" if sized else f", but {worse}"
    most = "nothing is ruled out"
    if math.isfinite(price.so_far.high) and price.code is Code.UNDECIDED:
        most = f"up to {say.amount(metric, price.so_far.high, price.unit, say.digits(metric, price))}"
    return f"; whether it means {worse} is still open, {most}"


def _lost(metric: Metric, size: str) -> str:
    """`3.1 points fewer solved first time` where the label says what was done, else `CSAT is 3.1 points worse`."""
    if metric.words is not None:
        return f"{size} {metric.words.worse}"
    if _says_done(metric) and metric.better == "higher":
        return f"{size} fewer {small(metric.label)}"
    return f"{metric.label} {is_are(metric)} {size} worse"


def _says_done(metric: Metric) -> bool:
    return metric.kind is Kind.PROPORTION and metric.label.split(" ", maxsplit=1)[0].lower().endswith("ed")


def is_are(metric: Metric) -> str:
    """`are` for labels that end in a plural (Contacts), `is` for the others (CSAT, CES, Loss)."""
    return "are" if metric.label[-1:] == "s" and metric.label[-2:] != "ss" else "is"


def small(text: str) -> str:
    """The first letter small, unless the word is an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
