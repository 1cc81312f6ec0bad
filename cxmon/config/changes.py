"""Changes and silences: references, times that run forward, and the values made of them."""

from typing import Any

from cxmon.config.frame import Frame
from cxmon.config.reading import BAD, did_you_mean, shown
from cxmon.config.shapes import Entry
from cxmon.config.stages import build_stages
from cxmon.model import LONGEST_SILENCE, Category, Change, Metric, Saving, Scope, Segment, Silence, Stage
from cxmon.wording.by_hand import SILENCE_ENDS


def build_changes(frame: Frame) -> tuple[Change, ...]:
    entries = _entries(frame, "changes")
    unique(frame, entries)
    ids = [entry.get("id") for entry in entries]
    built = [build_change(frame, entry) for entry in entries]
    for entry in entries:
        _responds(frame, entry, [name for name in ids if name is not None])
    _circles(frame, entries)
    return tuple(change for change in built if change is not None)


def build_change(frame: Frame, entry: Entry) -> Change | None:
    """The change in `entry`; None where something in it is wrong."""
    before = frame.reading.faults
    _forward(frame, entry)
    _scopes(frame, entry)
    stages = build_stages(frame, entry)
    if frame.dimensions_known:
        frame.known(entry.at("membership"), entry.get("membership"), frame.every_dimension, "dimension")
    amounts = {key: frame.amounts(entry, key) for key in ("limits", "aims")}
    for key in ("guards", "weights"):
        if key in entry:
            frame.known_items(entry.at(key), frame.names("metrics"), "metric")
    return _change(entry, amounts, stages) if entry.sound and frame.reading.faults == before else None


def build_silences(frame: Frame) -> tuple[Silence, ...]:
    entries = _entries(frame, "silences")
    unique(frame, entries)
    built = []
    for entry in entries:
        before = frame.reading.faults
        _forward(frame, entry)
        _ends(frame, entry)
        frame.known(entry.at("metric"), entry.get("metric"), frame.names("metrics"), "metric")
        _dimensions(frame, entry, "segment")
        if entry.sound and frame.reading.faults == before:
            segment = Segment.of(entry.get("segment")) if "segment" in entry else None
            values = {"metric": None} | entry.values | {"segment": segment}
            built.append(Silence(**values))
    return tuple(built)


def notes_on_changes(frame: Frame, changes: tuple[Change, ...], metrics: dict[str, Metric]) -> None:
    """What is valid but may surprise: metrics that cannot be looked at inside the scope, and weights for nothing."""
    by_id = {entry.get("id"): entry for entry in _entries(frame, "changes")}
    for change in changes:
        entry = by_id[change.id]
        named = {*change.limits, *change.aims, *change.guards}
        named |= {guard for name in named for guard in metrics[name].guards}
        for name in sorted(named or metrics):
            declared = change.scope_for(name)
            missing = [d for d in declared.dimensions if d not in metrics[name].dimensions]
            if missing:
                left = Scope(tuple(item for item in declared.values if item[0] not in missing))
                whom = left.label if left.values else "everyone"
                node = entry.at("scope" if "scope" in entry else "stages")
                whole = ", as one change from its first stage on" if change.stages else ""
                frame.reading.note(node, f"{name} has no {' and no '.join(missing)}; judged on {whom}{whole}")
        if change.category in {Category.INVESTMENT, Category.PROGRAMME} and not change.aims:
            frame.reading.note(entry.at("category"), f"{change.category} without aims: judged on its limits only")
        if change.joined_by in change.reach.dimensions and not change.stages:
            found = f"those who have {change.joined_by} chose it and are compared with nobody"
            frame.reading.note(entry.node, f"{found}: not judged until its cohorts stand under stages")
        for name in change.weights:
            if named and name not in named:
                node = entry.at("weights").entries[name]
                frame.reading.note(
                    node, f"{name} has no limit or aim and is no guard here; its weight counts for nothing"
                )


def _entries(frame: Frame, section: str) -> list[Entry]:
    """The readable entries of a section that is a list; also where another item of the list is broken."""
    return [entry for entry in frame.listed(section) if isinstance(entry, Entry)]


def unique(frame: Frame, entries: list[Entry]) -> None:
    """Tells an id that stands twice."""
    first: dict[str, int] = {}
    for entry in entries:
        name, node = entry.get("id"), entry.at("id")
        if name is None:
            continue
        if name in first:
            frame.reading.wrong(node, f"the id {shown(node)} twice", f"each id once (first on line {first[name]})")
        first.setdefault(name, node.line)


def _forward(frame: Frame, entry: Entry) -> None:
    starts, ends = entry.get("starts"), entry.get("ends")
    if starts is not None and ends is not None and ends <= starts:
        end = entry.at("ends")
        expected = f"a moment after the start ({shown(entry.at('starts'))})"
        frame.reading.wrong(end, shown(end), expected)


def _ends(frame: Frame, entry: Entry) -> None:
    """A silence whose end nobody will see hides what it covers for good."""
    starts, ends = entry.get("starts"), entry.get("ends")
    if starts is not None and ends is not None and ends - starts > LONGEST_SILENCE:
        frame.reading.wrong(entry.at("ends"), shown(entry.at("ends")), SILENCE_ENDS)


def _scopes(frame: Frame, entry: Entry) -> None:
    _dimensions(frame, entry, "scope")
    for scope in entry.at("spills_to").items if "spills_to" in entry else []:
        if frame.dimensions_known:
            frame.known_items(scope, frame.every_dimension, "dimension")
    if "scope_by_metric" not in entry:
        return
    node = entry.at("scope_by_metric")
    frame.known_items(node, frame.names("metrics"), "metric")
    for metric, scope in node.entries.items():
        if metric in frame.dimensions:
            frame.known_items(scope, frame.dimensions[metric], "dimension", of=metric)


def _dimensions(frame: Frame, entry: Entry, key: str) -> None:
    if key in entry and frame.dimensions_known:
        frame.known_items(entry.at(key), frame.every_dimension, "dimension")


def _responds(frame: Frame, entry: Entry, ids: list[str]) -> None:
    other, node = entry.get("responds_to"), entry.at("responds_to")
    if other is None:
        return
    if other == entry.get("id"):
        frame.reading.wrong(node, "the change itself", "another change's id")
    elif other not in ids:
        guess = did_you_mean(other, ids)
        frame.reading.wrong(node, f"the unknown change {shown(node)}", f"the id of a change in this file{guess}")


def _circles(frame: Frame, entries: list[Entry]) -> None:
    mends = {entry.get("id"): entry for entry in entries}
    for entry in entries:
        seen, step = set(), entry.get("responds_to")
        while step in mends and step not in seen:
            seen.add(step)
            if step == entry.get("id"):
                if entry.get("responds_to") != step:
                    frame.reading.wrong(
                        entry.at("responds_to"), "changes that respond to each other", "an older change"
                    )
                break
            step = mends[step].get("responds_to")


def _change(entry: Entry, amounts: dict[str, Any], stages: tuple[Stage, ...]) -> Change:
    keys = ["membership", "id", "title", "category", "starts", "ends", "owner", "status", "responds_to", "note"]
    values: dict[str, Any] = {key: entry.values[key] for key in keys if key in entry.values}
    renamed = {"announced": "announced_days", "horizon": "horizon_days"}
    values |= {field: entry.values[key] for key, field in renamed.items() if key in entry.values}
    saving = entry.get("saving")
    return Change(
        **values,
        scope=Scope.of(entry.get("scope") or {}),
        scope_by_metric={name: Scope.of(scope) for name, scope in (entry.get("scope_by_metric") or {}).items()},
        spills_to=tuple(Scope.of(scope) for scope in entry.get("spills_to") or ()),
        limits=amounts["limits"],
        aims=amounts["aims"],
        guards=tuple(entry.get("guards") or ()),
        weights=entry.get("weights") or {},
        stages=stages,
        saving=None if saving is None or saving is BAD else Saving(**saving.values),
    )
