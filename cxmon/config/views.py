"""Views: metrics, dimensions and channels that exist, and a time of the week for the digest."""

from datetime import time

from cxmon.config.frame import Frame
from cxmon.config.routing import mutes_of
from cxmon.config.shapes import Entry
from cxmon.model import DigestTime, Scope, View


def build_views(frame: Frame, zone: str) -> tuple[View, ...]:
    """The views that are sound; `zone` is the plan's."""
    views = []
    for name, entry in (frame.root.get("views") or {}).items():
        view = _view(frame, name, entry, zone) if isinstance(entry, Entry) else None
        if view is not None:
            views.append(view)
    return tuple(views)


def build_digest(frame: Frame, zone: str) -> DigestTime | None:
    """When the summary of everything goes out, and to whom."""
    return _digest(frame, frame.root.get("digest"), zone, ())


def _view(frame: Frame, name: str, entry: Entry, zone: str) -> View | None:
    before = frame.reading.faults
    if "metrics" in entry:
        frame.known_items(entry.at("metrics"), frame.names("metrics"), "metric")
    if "segment" in entry and frame.dimensions_known:
        frame.known_items(entry.at("segment"), frame.every_dimension, "dimension")
    own = entry.get("segment_by_metric") or {}
    if own:
        node = entry.at("segment_by_metric")
        frame.known_items(node, frame.names("metrics"), "metric")
        for metric, child in node.entries.items():
            if metric in frame.dimensions:
                frame.known_items(child, frame.dimensions[metric], "dimension", of=metric)
    heard, quiet = frame.heard(entry), mutes_of(frame, entry)
    digest = _digest(frame, entry.get("digest"), zone, heard)
    if not entry.sound or frame.reading.faults != before:
        return None
    view = View(
        id=name,
        label=entry.get("label", name),
        metrics=tuple(entry.get("metrics") or ()),
        scope=Scope.of(entry.get("segment") or {}),
        scope_by_metric={metric: Scope.of(scope) for metric, scope in own.items()},
        channels=heard,
        digest=digest,
        mutes=quiet,
    )
    _notes(frame, entry, view)
    return view


def _digest(frame: Frame, entry: Entry | None, zone: str, heard: tuple[str, ...]) -> DigestTime | None:
    if not isinstance(entry, Entry):
        return None
    to = frame.heard(entry)
    if not to and not heard:
        frame.reading.wrong(entry.node, "a digest that nobody gets", "a channel here or of the view", key="channel")
    hour, _, minute = entry.get("at", "08:00").partition(":")
    return DigestTime(
        day=entry.get("day", "monday"), at=time(int(hour), int(minute)), zone=frame.zone_of(entry, zone),
        channels=to,
    )  # fmt: skip


def _notes(frame: Frame, entry: Entry, view: View) -> None:
    """A metric without the view's dimensions is not in it, which may surprise; a name that it has given twice too."""
    for metric in view.metrics or frame.dimensions:
        missing = [d for d in view.scope_for(metric).dimensions if d not in frame.dimensions.get(metric, ())]
        if missing and metric in frame.dimensions:
            lacks = f"{metric} has no {' and no '.join(missing)}"
            said = f"{lacks}: nothing of it is in this view; segment_by_metric can name what it has"
            frame.reading.note(entry.at("metrics" if view.metrics else "segment"), said)
