"""A year's harm allowance in words: how much is used, what is left, whose decisions carry it, what they leave open."""

import math
from collections.abc import Mapping

from cxmon.model import AllowanceCode, AllowanceUse, Carried, Interval, Metric, Tone
from cxmon.wording import numbers as say
from cxmon.wording import precision
from cxmon.wording.screen import Screen, screen

TOLD_AT_MOST = 3
_SCREEN: Mapping[AllowanceCode, Screen] = {
    AllowanceCode.EXCEEDED: ("More than allowed", Tone.RED, "report"),
    AllowanceCode.WITHIN: ("Within the allowance", Tone.GREY, "shield"),
    AllowanceCode.OPEN: ("Too early", Tone.GREY, "hourglass_empty"),
}


def allowance_screen(use: AllowanceUse) -> Screen:
    """(words, tone, shape) of an allowance."""
    return _SCREEN[use.code]


def allowance_sure(use: AllowanceUse) -> str:
    """How sure the answer is, by where the range lies that it rests on."""
    of = "what happened to everyone" if use.by == "altogether" else "the decisions together"
    match use.code:
        case AllowanceCode.EXCEEDED:
            return f"the whole range of {of} is over what is allowed"
        case AllowanceCode.WITHIN:
            return f"the whole range of {of} is within what is allowed"
        case _:
            return f"not known yet: the range of {of} holds what is allowed"


def allowance_headline(use: AllowanceUse, metric: Metric, zone: str = "UTC") -> str:
    """The answer in one line, for one metric."""
    limit, since = _size(metric, use, use.limit), _since(use, zone)
    if use.code is AllowanceCode.EXCEEDED and use.by == "altogether":
        return f"{metric.label}: worse for everyone by more than the {limit} allowed for all decisions since {since}"
    if use.code is AllowanceCode.EXCEEDED:
        return f"{metric.label}: the decisions since {since} together cost more than the {limit} allowed"
    if use.code is AllowanceCode.WITHIN:
        return f"{metric.label}: the harm allowance of {limit} since {since} is kept so far"
    return f"{metric.label}: too early to say whether the decisions since {since} stay within the {limit} allowed"


def allowance_lines(
    use: AllowanceUse, metric: Metric, titles: Mapping[str, str] | None = None, zone: str = "UTC"
) -> tuple[str, ...]:
    """What the answer rests on: the decisions together, each of them, what is not known, and everyone."""
    told = (
        used(use, metric, zone),
        _carriers(use, metric, titles),
        _unknown(use, metric, titles),
        _everyone(use, metric, zone),
    )
    return tuple(line for line in told if line)


def used(use: AllowanceUse, metric: Metric, zone: str = "UTC") -> str:
    """`5 decisions in force since 1 Jan, together 3.0 points worse for all customers (range 2.2 to 3.8); allowed: 2
    points, 1.0 points over`."""
    since, limit = _since(use, zone), _size(metric, use, use.limit)
    if not use.carried:
        return f"No decision since {since} is in force: nothing of the {limit} allowed is used"
    if len(use.unknown) == len(use.carried):
        return f"{_decisions(use)} in force since {since}, none of them judged yet; allowed: {limit}"
    total = use.summed.estimate
    left = _size(metric, use, use.limit - total)
    left = "none of it used" if total <= 0 else f"{left} {'over' if total > use.limit else 'left'}"
    worst = ", what is not known counted at its worst" if use.unknown else ""
    sized = f"{_directed(metric, use, total)} for all customers ({_range(metric, use, use.summed)}{worst})"
    return f"{_decisions(use)} in force since {since}, together {sized}; allowed: {limit}, {left}"


def allowance_size(use: AllowanceUse, metric: Metric, harm: Interval) -> str:
    """`0.80 points worse (range 0.60 to 1.00)`: one part of an allowance, or all of it."""
    return f"{_directed(metric, use, harm.estimate)} ({_range(metric, use, harm)})"


def allowance_part(use: AllowanceUse, change: str, metric: Metric) -> str:
    """What one decision uses: `Uses 0.3 of the 2 points that all decisions of the year may cost CSAT`; empty where it
    is not among them."""
    mine = next((one for one in use.carried if one.change == change), None)
    if mine is None:
        return ""
    of_all = f"the {_size(metric, use, use.limit)} that all decisions of the year together may cost {metric.label}"
    touched = f"it touches {_percent(mine.share)} of the answers"
    if not mine.known:
        return f"How much it uses of {of_all} is not known yet, {_most(use, metric, mine)} ({mine.reason})"
    if mine.harm.estimate <= 0:
        return f"Uses nothing of {of_all} ({_range(metric, use, mine.harm)} for all customers; {touched})"
    return f"Uses {_size(metric, use, mine.harm.estimate)} of {of_all} ({_range(metric, use, mine.harm)}; {touched})"


def _carriers(use: AllowanceUse, metric: Metric, titles: Mapping[str, str] | None) -> str:
    """The decisions that carry the most, each in the metric of all customers."""
    known = sorted((one for one in use.carried if one.known), key=lambda one: (-abs(one.harm.estimate), one.change))
    if len(known) < 2:
        return ""
    parts = [f"{_title(one, titles)} {_directed(metric, use, one.harm.estimate)}" for one in known[:TOLD_AT_MOST]]
    rest = len(known) - TOLD_AT_MOST
    return f"By decision: {'; '.join(parts)}{f'; and {rest} more' if rest > 0 else ''}"


def _unknown(use: AllowanceUse, metric: Metric, titles: Mapping[str, str] | None) -> str:
    parts = [f"{_title(one, titles)} ({_why(one)}, {_most(use, metric, one)})" for one in use.unknown[:TOLD_AT_MOST]]
    rest = len(use.unknown) - TOLD_AT_MOST
    return f"Not known yet: {'; '.join(parts)}{f'; and {rest} more' if rest > 0 else ''}" if parts else ""


def _why(one: Carried) -> str:
    return one.reason if one.reason.startswith("not judged on") else _small(screen(one.code)[0])


def _everyone(use: AllowanceUse, metric: Metric, zone: str) -> str:
    """What happened to everyone, whatever the cause."""
    everyone = use.altogether
    if not math.isfinite(everyone.harm.estimate) or everyone.since is None:
        return f"Everyone, whatever the cause: not known, {everyone.reason}" if everyone.reason else ""
    day = say.day(everyone.frozen_at, zone, now=use.as_of) if everyone.frozen_at else "its start"
    size = f"{_directed(metric, use, everyone.harm.estimate)} ({_range(metric, use, everyone.harm)})"
    since = say.day(everyone.since, zone, now=use.as_of)
    line = f"Everyone, whatever the cause, on average since {since}: {size} than figures frozen on {day} lead to expect"
    rest = f"not explained by these decisions over the same time: {_directed(metric, use, use.unexplained.estimate)}"
    rest += f" ({_range(metric, use, use.unexplained)})"
    aside = f". It decides nothing: {everyone.reason}" if not everyone.decides else ""
    return f"{line}; {rest if use.carried else 'no decision explains any of it'}{aside}"


def _most(use: AllowanceUse, metric: Metric, one: Carried) -> str:
    if not math.isfinite(one.harm.high):
        return "nothing is ruled out"
    return f"up to {_size(metric, use, one.harm.high)} for all customers"


def _decisions(use: AllowanceUse) -> str:
    return say.counted(len(use.carried), "decision")


def _directed(metric: Metric, use: AllowanceUse, x: float) -> str:
    return f"{_size(metric, use, x)} {'worse' if x > 0 else 'better'}"


def _range(metric: Metric, use: AllowanceUse, found: Interval) -> str:
    """`range 2.2 to 3.8`, `range 0.4 better to 0.7 worse`; where something unknown has no bound, from what on."""
    digits = _digits(metric, use)
    if not (math.isfinite(found.low) or math.isfinite(found.high)):
        return "nothing is ruled out"
    if not math.isfinite(found.low):
        side = "worse" if found.high > 0 else "better"
        return f"up to {say.bare(metric, abs(found.high), use.unit, digits)} {side}, nothing below is ruled out"
    if not math.isfinite(found.high):
        side = "worse" if found.low >= 0 else "better"
        return f"from {say.bare(metric, abs(found.low), use.unit, digits)} {side} on, nothing above is ruled out"
    low, high = (say.bare(metric, abs(x), use.unit, digits) for x in (found.low, found.high))
    if found.low >= 0:
        return f"range {low} to {high}"
    if found.high <= 0:
        return f"range {high} to {low} better"
    return f"range {low} better to {high} worse"


def _size(metric: Metric, use: AllowanceUse, x: float) -> str:
    return say.amount(metric, abs(x), use.unit, None if x == use.limit else _digits(metric, use))


def _digits(metric: Metric, use: AllowanceUse) -> int:
    """One precision for all figures of an allowance: a twentieth of the limit is seen, and no end of what was used
    reads as the limit that it is not."""
    scale = say.factor(metric, use.unit)
    shown = use.limit * scale
    start = max(0, min(4, -math.floor(math.log10(shown / 20)))) if shown > 0 and math.isfinite(shown) else 1
    ends = (use.reading.low * scale, use.reading.high * scale)
    return precision.until(
        start, lambda more: precision.apart(ends, (shown,), more), more=precision.TO_BE_APART, last=True
    )


def _title(one: Carried, titles: Mapping[str, str] | None) -> str:
    return (titles or {}).get(one.change, one.change)


def _since(use: AllowanceUse, zone: str) -> str:
    return say.day(use.year, zone, now=use.as_of)


def _percent(share: float) -> str:
    return f"{say.number(100 * share, 0 if share >= 0.1 else 1)} %"


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
