"""What stands behind an alert, in words: records that can be opened, and the reasons that grew."""

import math

from cxmon.model import Behind, Growth, Metric, written
from cxmon.wording.numbers import day, number


def behind_short(found: Behind) -> str:
    """One line for a message; empty where there is nothing to say. It names no record: messages are kept for longer
    than records may be."""
    told = []
    if found.records:
        told.append(f"{_how_many(found)}; `cxmon evidence {found.incident}` has the links")
    if found.grown:
        told.append(f"More about: {'; '.join(_grew(one) for one in found.grown)}")
    return ". ".join(told)


def behind_lines(found: Behind, metric: Metric, counting: Metric | None, zone: str) -> list[str]:
    """All of it, a line each."""
    last = day(found.until, zone)
    lines = [f"{metric.label}, {found.where}, {day(found.since, zone)} to before {last}"]
    if found.records:
        lines.append(f"{_how_many(found)}; the worst first:")
        lines += [f"  {record.id}  {record.link}".rstrip() for record in found.records]
    elif not found.note:
        lines.append(
            "No record of this time is on the bad side." if not found.all_of_them else "No record of this time."
        )
    if found.note:
        lines.append(f"{found.note[:1].upper()}{found.note[1:]}.")
    if found.dimension:
        lines += _grown_lines(found, counting)
    return lines


def _grown_lines(found: Behind, counting: Metric | None) -> list[str]:
    counted = f" (counted in {counting.label})" if counting is not None else ""
    lines = [f"Contact reasons that grew most{counted}, against the same weekdays of the four weeks before:"]
    lines += [f"  {_grew(one)}" for one in found.grown]
    if not found.grown:
        lines = [f"No contact reason{counted} is known to have grown."]
    if found.kept_back:
        lines.append(f"  {written(found.kept_back)} too small to be told")
    told = "Counts only"
    if any(math.isfinite(one.high) for one in found.grown):
        all_of_them = "both" if found.looked_at == 2 else f"all {written(found.looked_at)}"
        together = f" for {all_of_them} reasons together" if found.looked_at > 1 else ""
        told = f"The ranges hold with 95 % confidence{together}"
    return [*lines, f"{told}; no cause is claimed."]


def _grew(one: Growth) -> str:
    usually = number(one.before, 0 if one.before >= 10 else 1)
    return f"{one.reason} {number(one.count, 0)} (usually {usually}{_how_sure(one)})"


def _how_sure(one: Growth) -> str:
    """The range of how many times as often, or that it may be chance; nothing where too little is known."""
    if not math.isfinite(one.high):
        return ""
    precision = 1 if one.high < 10 else 0
    low, high = number(one.low, precision), number(one.high, precision)
    if one.low <= 1 or low == number(1, precision):
        return f"; may be chance: up to {high} times as often"
    return f"; {low} to {high} times as often"


def _how_many(found: Behind) -> str:
    what = "records" if found.all_of_them else "records on the bad side"
    return f"{number(found.count, 0)} {what}" if math.isfinite(found.count) else what
