"""How a metric's periods fill up, in words: what is in at which age, and since when periods count."""

import math

from cxmon.model import Filling, FillingCurve, Kind, LearntFrom, Metric
from cxmon.wording import numbers as say
from cxmon.wording.precision import MOST_OF_SHARES, by_width

_SOURCE = {
    LearntFrom.REVISIONS: "learnt from when its figures came",
    LearntFrom.DURATIONS: "learnt from how long they took to end: no revision says when its figures came",
    LearntFrom.NOTHING: "not known: too few figures have been followed from one day to the next",
}
# Where less than about this is in, a period is not complete.
COMPLETE = 0.98
# So many late answers tell how they differ.
LATE = 500
CAVEAT = (
    "It is wrong where figures are corrected rather than added, where a source is loaded anew, and of what comes later "
    "than 90 days, which nobody follows."
)


def headers(one: Filling) -> list[str]:
    return ["", *(f"{age} d" for age in one.ages), "from"]


def rows(one: Filling, metric: Metric) -> list[list[str]]:
    """A line for each curve: the part of the answers that is in so many days after a period's end."""
    found = []
    for curve in one.curves:
        answers = say.number(curve.answers, 0)
        known = f"{say.counted(curve.periods, metric.grain.value)}, {answers} {_things(metric)}"
        found.append([curve_name(curve), *map(_share, curve.share), known])
        if curve.slowed:
            since = say.counted(curve.slowed_periods, metric.grain.value)
            found.append([f"{curve_name(curve)}, lately", *map(_share, curve.slowed), since])
    return found


def lines(one: Filling, metric: Metric) -> list[str]:
    """What the curve is learnt from, what it means for the wait, and which periods count."""
    grain = metric.grain.value
    said = [f"How its {grain}s fill up is {_SOURCE[one.learnt_from]}."]
    days = round(one.wait_days)
    counts = f"A {grain} counts " + (
        f"when it is {say.counted(days, 'day')} old" if days else "as soon as it has ended"
    )
    if one.declared_days is not None and one.wait_days > one.declared_days:
        said.append(f"{counts}, not {round(one.declared_days)} as declared.{_too_soon(one, one.declared_days)}")
    elif one.declared_days is not None:
        said.append(f"{counts}, as declared.{_too_soon(one, one.wait_days)}")
    elif one.learnt_from is LearntFrom.NOTHING:
        said.append(f"{counts}; declare matures_after where answers come later.")
    else:
        said.append(f"{counts}: then at least 98 % of its answers are in.")
    if one.slow_since is not None:
        how = "it is not known yet when they are complete"
        if one.slow_wait_days is not None:
            how = f"they count when they are {say.counted(round(one.slow_wait_days), 'day')} old"
        said.append(f"Since about {one.slow_since:%-d %b %Y} answers do not come in as they used to; {how}.")
    through = f"The newest {grain} that counts is {one.counts_through:%-d %b %Y}." if one.counts_through else ""
    said.append(through or f"No {grain} counts yet.")
    return [*said, *([late_ones(one)] if metric.response_of and late_ones(one) else [])]


def late_ones(one: Filling) -> str:
    """How far the answers of a share that come late lie from the first half of them: those who never answer are not
    known, but to declare them nearer than that is hard to defend. Empty where too few come late to tell."""
    curves = {c.kind: c for c in one.curves}
    if not {"yes", "no"} <= set(curves):
        return ""
    yes, no = curves["yes"], curves["no"]
    total = yes.answers + no.answers
    each = zip(one.ages, yes.share, no.share, strict=True)
    arrived = [(age, yes_in * yes.answers, no_in * no.answers) for age, yes_in, no_in in each]
    half = [one for one in arrived if total / 2 <= sum(one[1:]) <= total - LATE]
    if not half:
        return ""
    age, *early = half[0]
    late = yes.answers - early[0], no.answers - early[1]
    gap = late[0] / sum(late) - early[0] / sum(early)
    level = yes.answers / total
    error = math.sqrt(level * (1 - level) * (1 / sum(early) + 1 / sum(late)))
    precise = by_width(100 * 2 * 1.96 * error, MOST_OF_SHARES)
    low, high = (say.number(100 * (abs(gap) + k * error), precise) for k in (-1.96, 1.96))
    after = f"Answers after {say.counted(age, 'day')}"
    if abs(gap) <= 1.96 * error:
        return f"{after} are not seen to differ from those before (by {high} points at most)."
    side = "higher" if gap > 0 else "lower"
    size = say.number(100 * abs(gap), precise)
    return (
        f"{after} are {size} points {side} than those before (range {low} to {high}); those who never answer may lie "
        "further off, and to take them for nearer is hard to defend."
    )


def _too_soon(one: Filling, declared: float) -> str:
    """That a declared wait is shorter than the answers need; empty where it is not."""
    reached = [k for k, age in enumerate(one.ages) if age <= declared]
    short = [(c.share[reached[-1]], c) for c in one.curves if reached and c.share[reached[-1]] < COMPLETE - 0.01]
    if not short:
        return ""
    share, curve = min(short, key=lambda pair: pair[0])
    some = f"{_share(share)} of {_of(curve)} are in"
    return f" By then {some}: too few, wait longer or let the wait be learnt (key matures_after)."


def curve_name(curve: FillingCurve) -> str:
    """What a curve follows, for its line in a chart and its row in a table."""
    return {"yes": "“yes”", "no": "“no”"}.get(curve.kind, "all")


def _of(curve: FillingCurve) -> str:
    return f"the answers {curve_name(curve)}" if curve.kind in {"yes", "no"} else curve_name(curve)


def _share(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.0f} %"


def _things(metric: Metric) -> str:
    return "events" if metric.kind is Kind.RATE else "cases" if metric.kind is Kind.QUANTILE else "answers"
