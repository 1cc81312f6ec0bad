"""Metrics that follow the catalogue: what it brings where the file does not say, and what their values are made of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cxmon.config.catalogue import CATALOGUE
from cxmon.config.dimensions import names_of
from cxmon.config.frame import Frame
from cxmon.config.reading import BAD
from cxmon.config.shapes import Entry
from cxmon.config.standard import Formula, Standard
from cxmon.model import UNIT_SECONDS, BusinessHours, Kind, Making, Metric, Words

# What goes with the kind: none of it is a default where the file says another kind.
_OF_KIND = ("unit", "per", "quantiles", "scale")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_CALLS = ("answered", "abandoned", "waited")


def standard_of(entry: Entry) -> Standard | None:
    return CATALOGUE.get(entry.get("standard") or "")


def _formula_of(entry: Entry, standard: Standard) -> Formula:
    """The formula that the file names, or the usual one where it names none that there is."""
    named = entry.get("formula") or ""
    return standard.formula(named if named in {f.name for f in standard.formulas} else "")


def following(frame: Frame, entry: Entry) -> Entry:
    """The entry with the defaults of its standard below what the file says; what differs in kind is noted."""
    standard = standard_of(entry)
    if standard is None:
        return entry
    defaults = standard.defaults(_formula_of(entry, standard))
    for key in ("kind", "better"):
        said = entry.get(key)
        if said is not None and said is not defaults[key] and not entry.get("definition"):
            told = f"{said}, where {standard.name} is {defaults[key]}; say in `definition` what the figure is then"
            frame.reading.note(entry.at(key), told)
    dropped = set(_OF_KIND) if entry.get("kind", defaults["kind"]) is not defaults["kind"] else set()
    if "quantile" in entry:
        dropped.add("quantiles")
    matures, lookback = entry.get("matures_after"), standard.lookback
    if lookback is not None and (isinstance(matures, str) or (matures or timedelta(0)) > lookback):
        # Longer than usual is waited: then it is read for as long as without a standard.
        dropped.add("lookback")
    kept = {key: value for key, value in defaults.items() if key not in dropped}
    return Entry(entry.node, kept | entry.values, entry.sound)


def still_open(kind: Kind, read: Entry) -> dict[str, object]:
    """What goes for durations whose end is read: one is known when it has ended, and those without an end go on."""
    return {"known_at": read.get("ended"), "censored": kind is Kind.QUANTILE} if "ended" in read else {}


def check_standard(frame: Frame, entry: Entry, calendars: Mapping[str, BusinessHours]) -> None:
    """Tell which of the keys that go with a standard, or with what values are made of, do not fit together."""
    standard, wrong = standard_of(entry), frame.reading.wrong
    if "formula" in entry and "standard" not in entry:
        wrong(entry.at("formula"), "formula without standard", "the key standard beside it")
    elif standard is not None and "formula" in entry:
        names = [f.name for f in standard.formulas]
        frame.known(entry.at("formula"), entry.get("formula"), names, "formula", of=standard.name)
    for key in ("within", "short"):
        if key in entry and entry.values.get("standard") is not BAD and not (standard is not None and standard.waits):
            wrong(entry.at(key), f"{key} on what is no wait", "standard: service_level or abandonment beside it")
    if standard is not None and standard.waits:
        within, short = _limits(entry, standard)
        if short > within:
            at = entry.at("short") if "short" in entry else entry.at("within")
            wrong(at, f"short ({span(short)}) above within ({span(within)})", "short to be the shorter one")
    read = entry.get("read")
    if isinstance(read, Entry):
        _check_made(frame, entry, read, standard)
        if "calendar" in entry:
            known = set(calendars) | set(frame.root.get("calendars") or ())
            frame.known(entry.at("calendar"), entry.get("calendar"), sorted(known), "calendar")
            if "ended" not in read:
                wrong(entry.at("calendar"), "calendar without ended", "read: {ended: ...}: what cxmon measures itself")


def _check_made(frame: Frame, entry: Entry, read: Entry, standard: Standard | None) -> None:
    """What values are made of fits the kind, and is whole."""
    wrong, kind = frame.reading.wrong, entry.get("kind")
    calls = [key for key in _CALLS if key in read]
    made = [*(key for key in ("ended", "score") if key in read), *calls[:1]]
    others = [key for key in ("value", "total") if key in read]
    if "began" in read and "ended" not in read:
        wrong(read.at("began"), "began without ended", "the key ended beside it")
    if len(made) > 1 or (made and others):
        wrong(read.at(made[0]), f"both {made[0]} and {[*made[1:], *others][0]}", "one of them")
        return
    if "ended" in read and kind is not None:
        if kind not in {Kind.QUANTILE, Kind.MEAN}:
            wrong(read.at("ended"), f"ended for a {kind}", "kind: quantile or mean, as durations have")
        elif entry.get("unit", "") not in UNIT_SECONDS:
            wrong(read.at("ended"), "a duration in no unit of time", "unit: s, min, h or d")
    formula = _formula_of(entry, standard) if standard is not None else None
    fits = formula is not None and kind in {None, formula.kind or (standard.kind if standard else None)}
    if calls and not (fits and formula and formula.outcomes):
        wrong(read.at(calls[0]), f"{calls[0]} without a formula", "standard: service_level or abandonment")
    elif calls and "answered" not in read:
        wrong(read.at(calls[0]), f"{calls[0]} without answered", "the key answered beside it")
    elif calls and "waited" not in read and formula is not None and _waits(formula):
        wrong(read.node, "no waited", f"the key waited: {formula.name} needs the seconds that a caller waited")
    if "score" in read and not (fits and formula and formula.box):
        wrong(read.at("score"), "score without a formula", "standard: csat, nps or ces, and the kind of its formula")


def _waits(formula: Formula) -> bool:
    """Whether it makes a difference how long a caller waited."""
    return len(set(formula.outcomes[:2])) > 1 or len(set(formula.outcomes[2:])) > 1


def _limits(entry: Entry, standard: Standard) -> tuple[timedelta, timedelta]:
    within, short = standard.within or timedelta(0), standard.short or timedelta(0)
    return entry.get("within", within), entry.get("short", short)


def followed(
    frame: Frame,
    metric: Metric,
    entry: Entry,
    calendars: Mapping[str, BusinessHours],
    beside: Mapping[str, Sequence[str]],
) -> Metric:
    """The metric with what its standard, its calendar and the names of its dimensions make of it; `beside` are the
    `followers` of each standard."""
    mapped, dated = names_of(frame, metric.dimensions)
    found: dict[str, Any] = {"mapped": mapped, "dated": dated}
    standard = standard_of(entry)
    hours = calendars.get(entry.get("calendar") or "")
    if hours is not None:
        found["making"] = Making(hours=hours)
    if standard is not None:
        formula = _formula_of(entry, standard)
        found |= {"standard": standard.name, "formula": "" if formula is standard.usual else formula.name}
        found |= _made(metric, entry, standard, formula)
        if not metric.definition:
            found["definition"] = defined(standard, formula, entry, metric, hours)
        if metric.words is None and standard.moves is not None:
            found["words"] = Words(better=standard.moves[0], worse=standard.moves[1])
        if "guards" not in entry:
            others = (other for guard in standard.guards for other in beside.get(guard, ()))
            found["guards"] = tuple(other for other in others if other != metric.id)
    return replace(metric, **found)


def _made(metric: Metric, entry: Entry, standard: Standard, formula: Formula) -> dict[str, Any]:
    """The making of a metric whose standard has one, and the scale of its values."""
    read = entry.values["read"]
    if standard.waits:
        within, short = _limits(entry, standard)
        made = formula.outcomes if "answered" in read else ()
        if made or (within, short) != (standard.within, standard.short):
            made_of = Making(outcomes=made, within_s=within.total_seconds(), short_s=short.total_seconds())
            return {"making": made_of}
    if "score" not in read or formula.scale is None:
        return {}
    low, high = formula.scale
    scale = tuple(entry.get("scale")) if "scale" in entry else (float(low), float(high))
    return {
        "making": Making(scale=scale, steps=formula.steps(scale)),
        "scale": standard.answers(replace(formula, scale=scale), metric.kind),
    }


def followers(frame: Frame) -> dict[str, list[str]]:
    """{standard: the metrics of the plan that follow it}."""
    found: dict[str, list[str]] = {}
    for name, entry in frame.metrics.items():
        found.setdefault(entry.get("standard") or "", []).append(name)
    return found


def defined(standard: Standard, formula: Formula, entry: Entry, metric: Metric, hours: BusinessHours | None) -> str:
    """What the figure says, in words: the formula, whose hours, and the column that says when a case counts."""
    within, short = _limits(entry, standard)
    said = formula.words.format(within=span(within), short=span(short))
    if hours is not None:
        said += f", in the business hours of {hours.name}"
    return f"{said}; by {metric.read.time}" if _COLUMN.fullmatch(metric.read.time) else said


def span(length: timedelta | None) -> str:
    """`20 s`, `2 min`."""
    seconds = 0.0 if length is None else length.total_seconds()
    return f"{seconds / 60:g} min" if seconds and seconds % 60 == 0 else f"{seconds:g} s"
