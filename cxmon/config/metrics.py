"""Metrics: what only makes sense taken together, and the values made of it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cxmon.config import people
from cxmon.config.calendar_keys import WEEKDAYS
from cxmon.config.dimensions import check_dimensions
from cxmon.config.durations import check_durations
from cxmon.config.frame import Frame
from cxmon.config.moments import known_zone, nearest_zone
from cxmon.config.reading import shown
from cxmon.config.scalars import LEARNT
from cxmon.config.shapes import Entry
from cxmon.config.standards import check_standard, followed, followers, following, still_open
from cxmon.config.surveys import check_survey
from cxmon.config.units import Measure
from cxmon.model import MADE_OF, Amount, BusinessHours, Holidays, Kind, Metric, Read, Words

DEFAULT_LOOKBACK = timedelta(days=7)
LEARNING = timedelta(days=30)

# Columns that aggregated rows need besides `total`; quantiles cannot be made from sums.
_NEEDED = {
    Kind.PROPORTION: ("n",),
    Kind.MEAN: ("n",),
    Kind.RATE: ("n",),
    Kind.RATIO: ("n", "base"),
    Kind.LEVEL: (),
}
# Columns from which a day's own uncertainty comes; of a ratio all of them or none.
_SQUARES = {Kind.MEAN: ("squares",), Kind.RATIO: ("squares", "base_squares", "cross")}

# What the source types of the house can do with `read`; others say so when they are asked.
_RECORDS = ("stream", "churn")
_REFUSED = {"csv": ("table", "query", "where", *_RECORDS), "sql": ("file", "only", *_RECORDS)}


def survey(frame: Frame) -> None:
    """Fill in what the other sections need to know of the metrics, broken ones included."""
    entries = frame.root.get("metrics") or {}
    frame.metrics = {name: following(frame, entry) for name, entry in entries.items() if isinstance(entry, Entry)}
    frame.measures = {
        name: Measure(entry.get("kind"), entry.get("unit", ""), entry.get("per", 1.0))
        for name, entry in frame.metrics.items()
        if entry.get("kind") is not None
    }
    frame.dimensions = {
        name: tuple(entry.get("dimensions") or ())
        for name, entry in frame.metrics.items()
        if len(entry.get("dimensions") or ()) == len(entry.at("dimensions").items if "dimensions" in entry else ())
    }


def build_metrics(
    frame: Frame, zone: str, holidays: Holidays | None, calendars: Mapping[str, BusinessHours]
) -> dict[str, Metric]:
    built, beside = {}, followers(frame)
    check_dimensions(frame)
    for name, entry in frame.metrics.items():
        before = frame.reading.faults
        frame.known(entry.at("source"), entry.get("source"), frame.names("sources"), "source")
        _people(frame, entry)
        _by(frame, name, entry)
        _shape(frame, entry)
        _times(frame, entry)
        matters = _matters(frame, name, entry)
        if isinstance(entry.get("read"), Entry):
            _read(frame, entry)
        _guards(frame, name, entry)
        differ = check_survey(frame, name, entry)
        check_durations(frame, entry)
        check_standard(frame, entry, calendars)
        if entry.sound and matters is not None and frame.reading.faults == before:
            metric = _metric(name, entry, matters, zone, holidays)
            built[name] = followed(frame, replace(metric, missing_differ=differ), entry, calendars, beside)
    return built


def _matters(frame: Frame, name: str, entry: Entry) -> Amount | None:
    size, measure = entry.get("matters"), frame.measures.get(name)
    if size is None or measure is None:
        return None
    return frame.amount(entry.at("matters"), size, measure, name)


def _people(frame: Frame, entry: Entry) -> None:
    """No person is a dimension, neither by its name nor by the column behind it."""
    agreed = "team_agreement" in frame.root
    places = [item for item in entry.at("dimensions").items if item.kind == "text"] if "dimensions" in entry else []
    read = entry.at("read") if "read" in entry else None
    columns = read.entries.get("columns") if read is not None else None
    places += [node for node in columns.entries.values() if node.kind == "text"] if columns is not None else []
    ticket = read.entries.get("ticket") if read is not None else None
    for node in [*places, *([ticket] if ticket is not None and ticket.kind == "text" else [])]:
        named = re.findall(r"\w+", node.text) if node.variable is None else [node.text]
        person = next((word for word in named if people.names_person(word)), None)
        team = next((word for word in named if people.names_team(word)), None)
        shown = f"{person or team}" if node.variable is None else node.variable
        if person is not None:
            frame.reading.wrong(
                node, f"the person field {shown}", people.TICKET_REASON if node is ticket else people.REASON
            )
        elif team is not None and not agreed:
            frame.reading.wrong(node, f"the team field {shown}", people.TEAM_REASON)


def _by(frame: Frame, name: str, entry: Entry) -> None:
    dimensions = frame.dimensions.get(name)
    if dimensions is None:
        return
    for combination in entry.at("by").items if "by" in entry else []:
        frame.known_items(combination, dimensions, "dimension", of=name)
    read = entry.at("read")
    columns = read.entries.get("columns") if "read" in entry else None
    if columns is not None:
        frame.known_items(columns, dimensions, "dimension", of=name)


def _shape(frame: Frame, entry: Entry) -> None:
    """Keys that go with some kinds only."""
    kind = entry.get("kind")
    wrong = frame.reading.wrong
    if "quantile" in entry and "quantiles" in entry:
        wrong(entry.at("quantiles"), "both quantile and quantiles", "one of them")
    for key in ("quantile", "quantiles"):
        if key in entry and kind not in {None, Kind.QUANTILE}:
            wrong(entry.at(key), f"{key} on a {kind}", "kind: quantile beside it, or no such key")
    if "per" in entry and kind not in {None, Kind.RATE, Kind.RATIO}:
        wrong(entry.at("per"), f"per on a {kind}", "kind: rate or ratio beside it, or no such key")
    if "unit" in entry and kind is Kind.PROPORTION:
        wrong(entry.at("unit"), "a unit on a proportion", "none: shares are shown in %")
    if "week_start" in entry and "grain" not in entry:
        wrong(entry.at("week_start"), "week_start without weeks", "grain: week beside it")


def _times(frame: Frame, entry: Entry) -> None:
    zone = entry.get("zone")
    if zone is not None and not known_zone(zone):
        frame.reading.wrong(entry.at("zone"), f"the unknown time zone {shown(entry.at('zone'))}", nearest_zone(zone))
    lookback, matures = entry.get("lookback"), entry.get("matures_after")
    if lookback is not None and isinstance(matures, timedelta) and lookback < matures:
        said = shown(entry.at("matures_after")) if "matures_after" in entry else f"{matures.days}d, of its standard"
        found = f"{shown(entry.at('lookback'))}, shorter than matures_after ({said})"
        frame.reading.wrong(entry.at("lookback"), found, "at least as long, or figures would never be read complete")


def _guards(frame: Frame, name: str, entry: Entry) -> None:
    if "guards" not in entry:
        return
    frame.known_items(entry.at("guards"), frame.names("metrics"), "metric")
    for item in entry.at("guards").items:
        if item.text == name:
            frame.reading.wrong(item, f"{name} as its own guard", "other metrics")


def _read(frame: Frame, entry: Entry) -> None:
    """What the source and the kind need to be read."""
    read, wrong = entry.get("read"), frame.reading.wrong
    if "table" in read and "query" in read:
        wrong(read.at("query"), "both table and query", "one of them")
    if "where" in read and "query" in read:
        wrong(read.at("where"), "where beside query", "the condition inside the query")
    source = (frame.root.get("sources") or {}).get(entry.get("source"))
    sort = source.get("type") if isinstance(source, Entry) else None
    for key in _REFUSED.get(sort or "", ()):
        if key in read:
            wrong(read.at(key), f"{key} for a {sort} source", "none: such a source has no use for it")
    if sort == "sql" and "table" not in read and "query" not in read:
        wrong(read.node, "neither table nor query", "one of them: a sql source needs to know what to read")
    if "value" in read and "total" in read:
        wrong(read.at("total"), "both value (event rows) and total (aggregated rows)", "one of them")
    elif entry.get("kind") is not None:
        _figures(frame, entry.get("kind"), read)


def _figures(frame: Frame, kind: Kind, read: Entry) -> None:
    wrong = frame.reading.wrong
    if not {"value", "total", *MADE_OF} & read.node.entries.keys():
        rows = "the key value (event rows)" + ("" if kind is Kind.QUANTILE else " or total (aggregated rows)")
        wrong(read.node, "no figures", rows)
    elif "censored" in read and (kind is not Kind.QUANTILE or not {"value", "ended"} & read.node.entries.keys()):
        wrong(read.at("censored"), f"censored for a {kind}", "none: only a duration can be still open")
    elif "total" in read and kind is Kind.QUANTILE:
        wrong(read.at("total"), "total for a quantile", "value (event rows): quantiles cannot be made from sums")
    elif kind is Kind.RATIO and "value" in read and "base" not in read and "churn" not in read:
        wrong(read.node, "no base", "the key base: the denominator of each row of a ratio")
    missing = [key for key in _NEEDED.get(kind, ()) if key not in read] if "total" in read else []
    for key in missing:
        wrong(read.node, f"no {key}", f"the key {key}: aggregated rows of a {kind} need it")
    if "base" in read and kind is not Kind.RATIO:
        wrong(read.at("base"), f"base for a {kind}", "none: only a ratio has a denominator")
    useful = _SQUARES.get(kind, ()) if "total" in read else ()
    for key in ("squares", "base_squares", "cross"):
        if key in read and key not in useful:
            wrong(read.at(key), f"{key} for {'event rows' if 'value' in read else f'a {kind}'}", "none")
    given = [key for key in useful if key in read]
    if given and len(given) < len(useful):
        wrong(read.node, f"{' and '.join(given)} alone", f"{', '.join(useful)} together, or none of them")
    elif useful and not given:
        frame.reading.note(read.node, f"no {', '.join(useful)}: noise is learnt from how the figure scatters over time")


def _metric(name: str, entry: Entry, matters: Amount, zone: str, holidays: Holidays | None) -> Metric:
    values: dict[str, Any] = {k: v for k, v in entry.values.items() if k in _AS_WRITTEN}
    dimensions = tuple(entry.get("dimensions") or ())
    by = entry.get("by")
    matures = entry.get("matures_after")
    learnt = not isinstance(matures, timedelta)
    # To learn how late answers come they have to be read for a while.
    lookback = LEARNING if matures == LEARNT else max(DEFAULT_LOOKBACK, timedelta(0) if learnt else matures)
    read, kind, scale = entry.values["read"], entry.values["kind"], entry.get("scale")
    return Metric(
        **values,
        id=name,
        label=entry.get("label") or name.replace("_", " "),
        matters=matters,
        read=Read(**still_open(kind, read) | read.values | _only(read)),
        zone=entry.get("zone", zone),
        week_start=WEEKDAYS.index(entry.get("week_start", WEEKDAYS[0])),
        dimensions=dimensions,
        by=tuple(tuple(c) for c in by) if by is not None else ((), *((d,) for d in dimensions)),
        quantiles=tuple(entry.get("quantiles") or [entry.get("quantile", 0.5)]),
        matures_after=timedelta(0) if learnt else matures,
        learns_maturity=learnt,
        lookback=entry.get("lookback", lookback),
        guards=tuple(entry.get("guards") or ()),
        holidays=holidays,
        words=Words(**entry.values["words"].values) if "words" in entry else None,
        response_of=entry.get("response_of", ""),
        scale=tuple(scale) if scale and kind in {Kind.MEAN, Kind.QUANTILE} else None,
    )


def _only(read: Entry) -> dict[str, Any]:
    """The values of `only` as tuples: one alone may stand without its list."""
    asked: dict[str, Any] = read.get("only") or {}
    return {"only": {name: (one,) if isinstance(one, str) else tuple(one) for name, one in asked.items()}}


_AS_WRITTEN = frozenset(
    ["source", "kind", "better", "unit", "per", "definition", "grain", "settle", "min_n", "additive"]
)
