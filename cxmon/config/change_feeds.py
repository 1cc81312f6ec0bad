"""Feeds of changes: plug-ins made of their own options, and what becomes of their entries."""

from pathlib import Path

from cxmon.config import people
from cxmon.config.change_feed_keys import KEYS
from cxmon.config.frame import Frame
from cxmon.config.plan import AHEAD, FeedPlan
from cxmon.config.plugins import make, registry
from cxmon.config.reading import BAD
from cxmon.config.shapes import Entry
from cxmon.config.wiring import in_folder
from cxmon.model import Category, Drafting, Scope

# Fields of trackers that name whoever wrote an entry or is to do it.
_PEOPLE = frozenset({"reporter", "creator", "organizer", "organiser", "attendee", "author", "requester"})


def build_change_feeds(frame: Frame, folder: Path) -> tuple[FeedPlan, ...]:
    plans = []
    for name, entry in (frame.root.get("change_feeds") or {}).items():
        if not isinstance(entry, Entry):
            continue
        before = frame.reading.faults
        _scopes(frame, entry)
        _owner(frame, entry)
        if not entry.sound or frame.reading.faults != before:
            continue
        values = {key: in_folder(key, value, folder) for key, value in entry.values.items() if key not in KEYS}
        made = make(registry("change_feeds")()[entry.values["type"]], entry, values, frame.reading)
        if made is not BAD:
            plans.append(FeedPlan(name=name, feed=made, rules=_rules(entry), ahead=entry.get("ahead", AHEAD)))
    return tuple(plans)


def _rules(entry: Entry) -> Drafting:
    return Drafting(
        owner=entry.values["owner"],
        category=entry.get("category", Category.POLICY),
        words=tuple(entry.get("words") or ()),
        without=tuple(entry.get("without") or ()),
        scopes={label: Scope.of(scope) for label, scope in (entry.get("scopes") or {}).items()},
        categories=dict(entry.get("categories") or {}),
    )


def _scopes(frame: Frame, entry: Entry) -> None:
    if "scopes" in entry and frame.dimensions_known:
        for scope in entry.at("scopes").entries.values():
            frame.known_items(scope, frame.every_dimension, "dimension")


def _owner(frame: Frame, entry: Entry) -> None:
    """The owner of a change is a department: a field that names a person is not read."""
    name = entry.get("owner_from") or ""
    if people.names_person(f"x_{name}") or _PEOPLE & set(people.words(name)):
        frame.reading.wrong(
            entry.at("owner_from"), f"the person field {name}", "a field that holds a role or department"
        )
