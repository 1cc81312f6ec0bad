"""Targets: where a metric should be by a date, in a value that the metric can take."""

from cxmon.config.changes import unique
from cxmon.config.frame import Frame
from cxmon.config.reading import shown
from cxmon.config.shapes import Entry
from cxmon.config.units import level
from cxmon.model import EVERYONE, Segment, Target


def build_targets(frame: Frame) -> tuple[Target, ...]:
    entries = [entry for entry in frame.listed("targets") if isinstance(entry, Entry)]
    unique(frame, entries)
    return tuple(target for entry in entries if (target := _target(frame, entry)) is not None)


def _target(frame: Frame, entry: Entry) -> Target | None:
    before = frame.reading.faults
    metric = entry.get("metric")
    frame.known(entry.at("metric"), metric, frame.names("metrics"), "metric")
    if "segment" in entry and metric in frame.dimensions:
        frame.known_items(entry.at("segment"), frame.dimensions[metric], "dimension", of=metric)
    measure, size = frame.measures.get(metric), entry.get("value")
    value = level(size, measure) if size is not None and measure is not None else None
    if size is not None and measure is not None and value is None:
        of = f"{metric} (a {measure.kind}{' in ' + measure.unit if measure.unit else ''})"
        frame.reading.wrong(entry.at("value"), f"{shown(entry.at('value'))} for {of}", measure.levels)
    if value is None or not entry.sound or frame.reading.faults != before:
        return None
    segment = entry.get("segment")
    return Target(
        id=entry.values["id"], metric=metric, value=value, by=entry.values["by"], owner=entry.values["owner"],
        segment=EVERYONE if segment is None else Segment.of(segment), note=entry.get("note", ""),
    )  # fmt: skip
