"""Which early figures ran ahead, in words: about forecasts on months held out, and never about causes."""

from collections.abc import Mapping

from cxmon.model import Ahead, Early, LeadingAnswer, Metric, TierAnswer
from cxmon.wording import numbers as say
from cxmon.wording import precision

CAVEAT = (
    "Ran ahead: forecasts with it missed by less, in months that were not used to make them. It says what to look at "
    "early, not why: what moves both runs ahead as well."
)


def title(answer: LeadingAnswer, metrics: Mapping[str, Metric], zone: str = "UTC") -> str:
    """`Which early figures ran ahead of Churn, per tier; as of ...`."""
    per = f", per {answer.dimension}" if answer.dimension else ""
    late = label(answer.late, metrics)
    return f"Which early figures ran ahead of {late}{per}; as of {say.stamp(answer.as_of, zone)}"


def label(metric: str, metrics: Mapping[str, Metric]) -> str:
    return metrics[metric].label if metric in metrics else metric


def tier(one: TierAnswer, answer: LeadingAnswer, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """The answer for one tier in a line for each figure that ran ahead; else one that says none, or what is missing."""
    named = sorted((e for e in one.asked if e.named), key=lambda e: e.p_value)
    match one.answer:
        case Ahead.NAMED:
            return tuple(ran(e, answer, metrics) for e in named)
        case Ahead.NONE:
            return (none(one, metrics),)
        case _:
            return (f"Not known: {one.reason}",)


def ran(e: Early, answer: LeadingAnswer, metrics: Mapping[str, Metric]) -> str:
    """`CSAT fell 2 months before Churn got worse: forecasts missed by 12 % less (range 4 to 19) in 9 months ...`."""
    moved = "fell" if e.falls_first else "rose"
    when = f"{say.counted(e.lag, 'month')} before {label(answer.late, metrics)} got worse"
    less = f"{say.number(100 * e.gain, _digits(e))} % less ({_range(e)})"
    held = f"in {e.months} months held out, {e.segments} segments"
    return f"{label(e.metric, metrics)} {moved} {when}: forecasts missed by {less} {held}"


def none(one: TierAnswer, metrics: Mapping[str, Metric]) -> str:
    """`None of 4 figures at 1 to 3 months ran ahead (12 asked, 9 months held out, 12 segments); the nearest ...`."""
    known = [e for e in one.asked if not e.reason]
    figures = len({e.metric for e in known})
    lags = sorted({e.lag for e in known})
    held = min(e.months for e in known)
    asked = f"{len(known)} asked, {held} months held out, {max(e.segments for e in known)} segments"
    best = min(known, key=lambda e: e.p_value)
    size = say.number(abs(100 * best.gain), 0)
    missed = "by as much" if size == "0" else f"by {size} % {'less' if best.gain > 0 else 'more'}"
    nearest = f"the nearest was {label(best.metric, metrics)} {say.counted(best.lag, 'month')} earlier"
    most = say.number(max(0.0, *(100 * e.high for e in known)), 0)
    what = "figure" if figures == 1 else "figures"
    return (
        f"None of {figures} {what} at {lags[0]} to {lags[-1]} months ran ahead ({asked}); {nearest}, with which "
        f"forecasts missed {missed} ({_range(best)}); with one of them up to {most} % less is still possible"
    )


def _digits(e: Early) -> int:
    """Whole per cent, and as many digits more as keep an end that is above or below zero from reading as zero."""
    if not (e.low > 0 or e.high < 0):
        return 0
    ends = 100 * e.low, 100 * e.high
    return precision.until(0, lambda more: precision.apart(ends, (0.0,), more))


def _range(e: Early) -> str:
    """`range 4 to 19`, `range 3 more to 12 less` across zero."""
    low, high = (say.number(abs(100 * x), _digits(e)) for x in (e.low, e.high))
    if e.low >= 0:
        return f"range {low} to {high}"
    return f"range {high} to {low}" if e.high <= 0 else f"range {low} more to {high} less"
