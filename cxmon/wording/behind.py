"""What stands behind an alert, in words: records that can be opened, and the reasons that grew."""

import math

from cxmon.model import Behind, Growth, Metric
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
        lines.append(f"  {found.kept_back:,} too small to be told")
    return [*lines, "Counts only: no cause is claimed."]


def _grew(one: Growth) -> str:
    return f"{one.reason} {number(one.count, 0)} (usually {number(one.before, 0 if one.before >= 10 else 1)})"


def _how_many(found: Behind) -> str:
    what = "records" if found.all_of_them else "records on the bad side"
    return f"{number(found.count, 0)} {what}" if math.isfinite(found.count) else what
