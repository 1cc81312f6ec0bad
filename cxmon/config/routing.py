"""Who hears what: routes and mutes with names that exist, and remarks on routes that get in each other's way."""

from collections.abc import Collection, Mapping
from typing import Any

from cxmon.config.frame import Frame
from cxmon.config.routing_keys import COMPANY_KEYS
from cxmon.config.shapes import Entry
from cxmon.model import BusinessHours, Mute, Route, Segment

# Who speaks besides the checks of the file: verdicts on changes, the health of sources, a check that cannot be run, and
# a year's harm allowance.
OWN_CHECKS = ("verdict", "source", "data", "error", "allowance")
_LISTS = ("metrics", "owners", "checks", "severities", "views")


def build_routes(frame: Frame) -> tuple[Route, ...]:
    channels, own = frame.channels, _otherwise(frame)
    if "routes" not in frame.root:
        shared = [name for name in channels if name not in own]
        if len(shared) > 1:
            expected = "routes that say which of the channels gets what; {channel: ...} alone takes everything"
            frame.reading.wrong(frame.root.node, "no routes", expected, key="routes")
        return tuple(Route(channel=name) for name in (shared or channels)[:1])
    routes: list[tuple[Route, Entry]] = []
    for entry in frame.listed("routes"):
        if isinstance(entry, Entry):
            heard = _known(frame, entry)
            if entry.sound and heard:
                routes.append((_route(entry, heard), entry))
    _overlaps(frame, routes)
    used = own | {name for route, _ in routes for name in route.channels}
    for name in channels if "channels" in frame.root else []:
        if name not in used:
            frame.reading.note(frame.root.at("channels").entries[name], "no route leads to this channel")
    return tuple(route for route, _ in routes)


def build_mutes(frame: Frame, calendars: Mapping[str, BusinessHours]) -> dict[str, Mute]:
    """The mutes that are sound, by name."""
    built = {}
    for name, entry in (frame.root.get("mutes") or {}).items():
        if not isinstance(entry, Entry):
            continue
        before = frame.reading.faults
        given = [key for key in ("outside", "during") if key in entry]
        if len(given) != 1:
            found = "both outside and during" if given else "neither outside nor during"
            frame.reading.wrong(entry.node, found, "one of them, with the name of a calendar")
            continue
        calendar = entry.get(given[0])
        named = frame.root.at("calendars").entries if "calendars" in frame.root else {}
        frame.known(entry.at(given[0]), calendar, named, "calendar")
        if entry.sound and frame.reading.faults == before and calendar in calendars:
            built[name] = Mute(
                id=name, hours=calendars[calendar], outside=given == ["outside"], exempt=_one_or_more(entry, "except")
            )
    return built


def mutes_of(frame: Frame, entry: Entry) -> tuple[str, ...]:
    """The mutes that a route or a view names, each of which has to exist."""
    if "mute" in entry:
        named = frame.root.at("mutes").entries if "mutes" in frame.root else ()
        frame.known_items(entry.at("mute"), named, "mute")
    return tuple(entry.get("mute") or ())


def _known(frame: Frame, entry: Entry) -> tuple[str, ...]:
    """Tells names in a route that lead nowhere; its channels."""
    checks = [*frame.names("checks"), *OWN_CHECKS]
    views: Collection[str] = frame.root.at("views").entries if "views" in frame.root else ()
    for key, names, what in (
        ("metrics", frame.names("metrics"), "metric"), ("checks", checks, "check"), ("views", views, "view"),
    ):  # fmt: skip
        if key in entry:
            frame.known_items(entry.at(key), names, what)
    if "segment" in entry and frame.dimensions_known:
        frame.known_items(entry.at("segment"), frame.every_dimension, "dimension")
    mutes_of(frame, entry)
    return frame.heard(entry)


def _route(entry: Entry, heard: tuple[str, ...]) -> Route:
    keys = ("metrics", "owners", "checks", "views")
    given: dict[str, Any] = {key: tuple(entry.get(key) or ()) for key in keys}
    given |= {key: entry.values[key] for key in COMPANY_KEYS if entry.get(key) is not None}
    segment = entry.get("segment")
    return Route(
        channel=heard[0], also=heard[1:], segment=None if segment is None else Segment.of(segment),
        severities=_one_or_more(entry, "severity"), mutes=tuple(entry.get("mute") or ()), **given,
    )  # fmt: skip


def _one_or_more(entry: Entry, key: str) -> tuple[Any, ...]:
    said = entry.get(key)
    return tuple(said) if isinstance(said, list) else () if said is None else (said,)


def _overlaps(frame: Frame, routes: list[tuple[Route, Entry]]) -> None:
    """A specific route above a general one is how routes are meant. Remarked is one that is never reached, and two of
    which neither holds the other: what fits both goes where the first one says."""
    for i, (later, entry) in enumerate(routes):
        above = [(route, other.node.line) for route, other in routes[:i]]
        hidden = next(((route, line) for route, line in above if holds(route, later)), None)
        if hidden is not None:
            takes = "all of it" if _conditions(hidden[0]) else "everything"
            frame.reading.note(entry.node, f"never reached: the route on line {hidden[1]} takes {takes}")
            continue
        for route, line in above:
            apart = set(route.channels) != set(later.channels)
            if apart and meet(route, later) and not holds(later, route):
                said = f"overlaps the route on line {line}: news that fits both goes to {' and '.join(route.channels)}"
                frame.reading.note(entry.node, f"{said} only")


def holds(one: Route, other: Route) -> bool:
    """True where everything that fits `other` fits `one`."""
    for key in _LISTS:
        mine, theirs = getattr(one, key), getattr(other, key)
        if mine and (not theirs or not set(theirs) <= set(mine)):
            return False
    return one.segment is None or (other.segment is not None and one.segment.holds(other.segment))


def meet(one: Route, other: Route) -> bool:
    """True where some news could fit both: nothing that both name rules it out."""
    for key in _LISTS:
        mine, theirs = getattr(one, key), getattr(other, key)
        # Two views may share news, whatever they are called.
        if mine and theirs and key != "views" and not set(mine) & set(theirs):
            return False
    if _never_of_a_change(one, other) or _never_of_a_change(other, one):
        return False
    both = dict((one.segment or Segment()).items)
    return all(both.get(name, value) == value for name, value in (other.segment or Segment()).items)


def _never_of_a_change(one: Route, other: Route) -> bool:
    """Owners belong to changes: what another check found has none."""
    return bool(one.owners and other.checks and not {"verdict"} & set(other.checks))


def _conditions(route: Route) -> bool:
    return route.segment is not None or any(getattr(route, key) for key in _LISTS)


def _otherwise(frame: Frame) -> set[str]:
    """The channels that a view, a digest or another channel's fallback leads to."""
    views = (frame.root.get("views") or {}).values()
    entries = [frame.root.get("digest"), *views, *(v.get("digest") for v in views if isinstance(v, Entry))]
    named = [_one_or_more(e, "channel") for e in entries if isinstance(e, Entry)]
    channels = (frame.root.get("channels") or {}).values()
    named += [_one_or_more(e, "fallback") for e in channels if isinstance(e, Entry)]
    return {name for names in named for name in names}
