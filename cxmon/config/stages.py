"""The stages of a roll-out: dates that fit the change's own, and segments that no two of them share."""

from cxmon.config.frame import Frame
from cxmon.config.reading import BAD, one_of, shown
from cxmon.config.shapes import Entry
from cxmon.model import Scope, Stage


def build_stages(frame: Frame, entry: Entry) -> tuple[Stage, ...]:
    """The stages of the change in `entry`, those that could be read; every problem is told at its own line."""
    found = [one for one in entry.get("stages") or [] if isinstance(one, Entry)]
    placed = []
    for one in found:
        before = frame.reading.faults
        if "scope" in one and frame.dimensions_known:
            frame.known_items(one.at("scope"), frame.every_dimension, "dimension")
        _inside(frame, entry, one)
        # What is not clear in itself is not set against others.
        placed += [one] if frame.reading.faults == before else []
        _forward(frame, entry, one)
    _first(frame, entry, found)
    _apart(frame, placed)
    return tuple(
        Stage(starts=one.values["starts"], scope=_scope(one), ends=one.get("ends")) for one in found if one.sound
    )


def _scope(entry: Entry) -> Scope:
    """The scope as far as it could be read."""
    values = entry.get("scope") or {}
    return Scope.of({name: value for name, value in values.items() if value is not BAD})


def _inside(frame: Frame, change: Entry, stage: Entry) -> None:
    """A stage names no value that the change's own scope leaves out."""
    allowed = dict(_scope(change).values)
    for name, values in _scope(stage).values:
        left_out = [value for value in values if value not in allowed.get(name, values)]
        if left_out:
            node = stage.at("scope").entries[name]
            found = f"{name} '{left_out[0]}', which is outside the change's scope"
            frame.reading.wrong(node, found, one_of(allowed[name], left_out[0]))


def _forward(frame: Frame, change: Entry, stage: Entry) -> None:
    starts, ends = stage.get("starts"), stage.get("ends")
    over = change.get("ends")
    if starts is not None and ends is not None and ends <= starts:
        expected = f"a moment after the stage's start ({shown(stage.at('starts'))})"
        frame.reading.wrong(stage.at("ends"), shown(stage.at("ends")), expected)
    for key, moment in (("starts", starts), ("ends", ends)):
        late = over is not None and moment is not None and (moment > over or (key == "starts" and moment == over))
        if late:
            expected = f"a moment before the change's end ({shown(change.at('ends'))})"
            frame.reading.wrong(stage.at(key), shown(stage.at(key)), expected)


def _first(frame: Frame, change: Entry, stages: list[Entry]) -> None:
    """The change starts with its first stage."""
    starts = change.get("starts")
    known = [one for one in stages if one.get("starts") is not None]
    if starts is None or not known or len(known) < len(stages):
        return
    first = min(known, key=lambda one: one.values["starts"])
    if first.values["starts"] != starts:
        node = first.at("starts")
        expected = f"the start of the first stage ({shown(node)}, line {node.line})"
        frame.reading.wrong(change.at("starts"), shown(change.at("starts")), expected)


def _apart(frame: Frame, stages: list[Entry]) -> None:
    """No customer is in two stages."""
    for i, one in enumerate(stages):
        for other in stages[:i]:
            mine, theirs = _scope(one), _scope(other)
            if mine.values and theirs.values and mine.overlaps(theirs):
                node = one.at("scope")
                found = f"{mine.label}, which overlaps with the stage on line {other.node.line}"
                frame.reading.wrong(node, found, "segments that no other stage has")
                break
