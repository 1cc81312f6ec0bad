"""What the values of dimensions mean: vendors' words in the house's, and dates as the periods they lie in."""

from collections.abc import Mapping

from cxmon.config.calendar_keys import OTHERS
from cxmon.config.frame import Frame
from cxmon.config.reading import BAD
from cxmon.config.shapes import Entry
from cxmon.model import Metric


def check_dimensions(frame: Frame) -> None:
    """Tell dimensions that no metric has, and maps that would add up customers twice."""
    entries = frame.root.get("dimensions") or {}
    if frame.dimensions_known and "dimensions" in frame.root:
        frame.known_items(frame.root.at("dimensions"), frame.every_dimension, "dimension")
    for name, entry in entries.items():
        if not isinstance(entry, Entry):
            continue
        if "map" in entry and "by" in entry:
            frame.reading.wrong(entry.at("by"), "both map and by", "one of them")
        elif "map" not in entry and "by" not in entry:
            frame.reading.wrong(entry.node, "neither map nor by", "one of them")
        targets = [value for value in (entry.get("map") or {}).values() if value is not BAD]
        if OTHERS in (entry.get("map") or {}) or len(set(targets)) < len(targets):
            _overlap(frame, name)


def _overlap(frame: Frame, dimension: str) -> None:
    for metric, entry in frame.metrics.items():
        if entry.get("additive") is False and dimension in frame.dimensions.get(metric, ()):
            found = f"{dimension}, whose map puts values together"
            expected = "values that are put together at the source: its customers overlap, so they cannot be added up"
            frame.reading.wrong(entry.at("additive"), found, expected)


def notes_on_overlap(frame: Frame, metrics: Mapping[str, Metric]) -> None:
    """What metrics with customers in several segments go without, which else shows only once a verdict is there."""
    for name, metric in metrics.items():
        if not metric.additive:
            without = "verdicts tell no place and no move by other kinds of contacts, a scope needs its stored total"
            frame.reading.note(frame.metrics[name].at("additive"), f"{name} has segments that overlap: {without}")


def names_of(frame: Frame, dimensions: tuple[str, ...]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """({dimension: {a source's value: ours}}, {dimension: period}) of those that have any."""
    entries = {name: e for name, e in (frame.root.get("dimensions") or {}).items() if isinstance(e, Entry)}
    maps = {name: dict(entries[name].get("map") or {}) for name in dimensions if name in entries}
    periods = {name: entries[name].get("by") for name in dimensions if name in entries}
    return {name: m for name, m in maps.items() if m}, {name: p for name, p in periods.items() if p}
