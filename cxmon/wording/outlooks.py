"""What a planner's outlook says, in words: when a harm of the limit is seen, and when it is ruled out."""

import math
from collections.abc import Mapping, Sequence
from datetime import date

from cxmon.model import Answer, Change, Grade, Grain, Kind, Metric, Outlook
from cxmon.wording.numbers import amount, counted, day, days, factor, is_speed, number, percent, value
from cxmon.wording.screen import count_word
from cxmon.wording.withholding import TOO_FEW

HEADERS = ("figure", "where", "answers", "harm of", "seen after", "ruled out after", "compared with")


def planned(change: Change, found: Sequence[Outlook], metrics: Mapping[str, Metric], zone: str) -> list[str]:
    """The answer in two or three sentences, for somebody who decides."""
    lines = [
        f"{change.title}: from {day(change.starts, zone)}, watched for {days(change.horizon_days)}, read every day."
    ]
    said = [o for o in found if not o.reason]
    if len(found) < 2 or not said:
        return lines
    watch = days(change.horizon_days)
    seen, unseen = _sorted([(o, o.seen) for o in said])
    if seen:
        first, last = seen[0][0], seen[-1][0]
        span = f"{first} to {days(last)}" if first != last else days(first)
        whose = f" in {_names([o for _, o in seen], metrics)}" if unseen else ""
        lines.append(f"Where harm just reaches its limit{whose}, it is seen after about {span}.")
    if unseen:
        lines.append(f"Harm of the limit would probably not be seen within {watch}: {_names(unseen, metrics)}.")
    held, open_ = _sorted([(o, o.ruled_out) for o in said])
    if open_:
        lines.append(
            f"Even if nothing gets worse, that a limit holds is probably not known within {watch}:"
            f" {_names(open_, metrics)}."
        )
    elif len(said) == len(found):
        when, slowest = held[-1]
        lines.append(
            f"If nothing gets worse, all limits are known to hold after about {days(when)};"
            f" {_names([slowest], metrics)} comes last."
        )
    if len(said) < len(found):
        lines.append(f"Nothing can be said of {_names([o for o in found if o.reason], metrics)}.")
    return lines


def _sorted(found: Sequence[tuple[Outlook, Answer | None]]) -> tuple[list[tuple[int, Outlook]], list[Outlook]]:
    """Those with an answer within the horizon, soonest first, and those without."""
    within = [(answer.days, o) for o, answer in found if answer is not None and answer.days is not None]
    without = [o for o, answer in found if answer is None or answer.days is None]
    return sorted(within, key=lambda one: one[0]), without


def _names(found: Sequence[Outlook], metrics: Mapping[str, Metric]) -> str:
    return ", ".join(f"{metrics[o.metric].label} ({o.scope})" for o in found)


def outlook(metric: Metric, o: Outlook) -> list[str]:
    """One metric and scope in full sentences: when harm is seen, when it is ruled out, and what would help."""
    where = f"{metric.label}, {o.scope}"
    if o.reason or o.seen is None or o.ruled_out is None:
        return [f"{where}: nothing can be said, {o.reason}."]
    lines = [f"{where}: {volume(metric, o)}, {_beside(o)}."]
    harm, at = _harm(metric, o), metric.zone
    seen, held = o.seen, o.ruled_out
    if seen.days is not None:
        lines.append(f"{harm} would be seen after about {_when(seen.days, seen.on, at)}.")
    else:
        other = smallest(metric, o, seen)
        lines.append(
            f"{harm} would probably not be seen within the {days(o.horizon_days)} watched"
            f" (chance {percent(seen.chance)}); one of {other} would.{_longer(seen, 'see it')}"
        )
    if held.days is not None:
        lines.append(f"If nothing gets worse, it is ruled out after about {_when(held.days, held.on, at)}.")
    else:
        other = smallest(metric, o, held)
        lines.append(
            f"If nothing gets worse, it can probably not be ruled out within {days(o.horizon_days)}"
            f" (chance {percent(held.chance)}); {_article(metric, o)} of {other} can.{_longer(held, 'rule it out')}"
        )
    return [*lines, *(f"{note[:1].upper()}{note[1:]}." for note in o.notes)]


def row(metric: Metric, o: Outlook) -> list[str]:
    """The same as a row of a table under `HEADERS`."""
    if o.reason or o.seen is None or o.ruled_out is None:
        return [metric.label, o.scope, "", _harm_size(metric, o), "cannot be said", "cannot be said", ""]
    beside = counted(len(o.controls), "segment") if o.grade is Grade.CONTROLLED else "before and after"
    cells = [_cell(o, answer) for answer in (o.seen, o.ruled_out)]
    return [metric.label, o.scope, _count(metric, o), _harm_size(metric, o), *cells, beside]


def remarks_on_plan(found: Sequence[Outlook], metrics: Mapping[str, Metric], zone: str) -> list[str]:
    """What all the days rest on; nothing where there are none."""
    found = [o for o in found if not o.reason]
    if not found:
        return []
    waits = {f"{metrics[o.metric].label} {_days(o.wait_days)}": None for o in found if o.wait_days >= 1}
    wait = f", and include the wait until a period's figures are complete ({', '.join(waits)})" if waits else ""
    known = [o.known_until for o in found if o.known_until is not None]
    until = f" From the figures up to {day(max(known), zone)}." if known else ""
    return [f"Half of the possible futures have the answer sooner, half later. Days count from the start{wait}.{until}"]


def volume(metric: Metric, o: Outlook) -> str:
    """`140 answers a day, usually 82.1 %`."""
    if not math.isfinite(o.typical_n):
        return TOO_FEW
    known = f"lately {value(metric, o.level)}"
    # A level is a count itself: nothing stands behind it that could be counted.
    return known if metric.kind is Kind.LEVEL else f"{_count(metric, o)}, {known}"


def smallest(metric: Metric, o: Outlook, answer: Answer) -> str:
    """The smallest harm with an answer by the horizon, rounded up: nothing smaller than that is promised."""
    scale = factor(metric, o.unit)
    shown = answer.smallest * scale
    if not math.isfinite(shown) or shown <= 0:
        return amount(metric, answer.smallest, o.unit)
    step = 10.0 ** (math.floor(math.log10(shown)) - 1)
    return amount(metric, math.ceil(shown / step - 1e-9) * step / scale, o.unit)


def _count(metric: Metric, o: Outlook) -> str:
    if not math.isfinite(o.typical_n):
        return "too few"
    if metric.kind is Kind.LEVEL:
        return ""
    article = "an" if metric.grain is Grain.HOUR else "a"
    return f"{number(o.typical_n, 0)} {count_word(metric)} {article} {metric.grain}"


def _harm_size(metric: Metric, o: Outlook) -> str:
    return amount(metric, o.limit, o.unit)


def _harm(metric: Metric, o: Outlook) -> str:
    article = _article(metric, o)
    return f"{article[:1].upper()}{article[1:]} of {_harm_size(metric, o)}"


def _article(metric: Metric, o: Outlook) -> str:
    if is_speed(metric) and o.unit == "%":
        return "a slowdown"
    return "a fall" if metric.better == "higher" else "a rise"


def _beside(o: Outlook) -> str:
    if o.grade is Grade.CONTROLLED:
        return f"compared with {counted(len(o.controls), 'untouched segment')}"
    return f"before and after only ({o.alone})" if o.alone else "before and after only"


def _when(count: int, on: date | None, zone: str) -> str:
    return f"{days(count)} ({day(on, zone)})" if on is not None else days(count)


def _cell(o: Outlook, answer: Answer) -> str:
    if answer.days is not None:
        return days(answer.days)
    return f"not in {days(o.horizon_days)} (chance {percent(answer.chance)})"


def _longer(answer: Answer, what: str) -> str:
    if answer.days_with_longer is not None:
        return f" A watch of a year would {what} after about {days(answer.days_with_longer)}."
    return f" Even a watch of a year would probably not {what}." if answer.longer_tried else ""


def _days(count: float) -> str:
    return days(math.ceil(count))
