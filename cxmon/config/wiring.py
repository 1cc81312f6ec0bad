"""Sources, checks and channels: plug-ins made from their options."""

import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cxmon.config.frame import Frame
from cxmon.config.plan import CheckPlan
from cxmon.config.plugins import make, registry
from cxmon.config.reading import BAD, shown
from cxmon.config.records import CHANNEL_KEYS, CHECK_KEYS
from cxmon.config.routing import OWN_CHECKS
from cxmon.config.shapes import Entry
from cxmon.config.units import Size, level
from cxmon.contracts import Channel, Check, Source
from cxmon.model import IncidentPolicy, Secret


def build_sources(frame: Frame, folder: Path) -> dict[str, Source]:
    sources = {}
    for name, entry in (frame.root.get("sources") or {}).items():
        if isinstance(entry, Entry) and entry.sound:
            plugin = registry("sources")()[entry.values["type"]]
            values = {key: in_folder(key, value, folder) for key, value in entry.values.items()}
            made = make(plugin, entry, values, frame.reading)
            if made is not BAD:
                sources[name] = made
    used = {entry.get("source") for entry in frame.metrics.values()}
    for name in sources:
        if name not in used:
            frame.reading.note(frame.root.at("sources").entries[name], "no metric reads from this source")
    return sources


def in_folder(key: str, value: Any, folder: Path) -> Any:
    """Files are relative to the configuration's folder."""
    if key == "url" and isinstance(value, Secret):
        return Secret(sqlite_in_folder(value.reveal(), folder))
    if key == "ca_file" and isinstance(value, str) and value:
        return str(folder / value)
    if key == "path" and isinstance(value, str):
        # The folder is meant literally, whatever it is called; the rest may be a glob.
        return str(Path(glob.escape(str(folder))) / value)
    return value


def sqlite_in_folder(url: str, folder: Path) -> str:
    """`sqlite:///var/desk.db` (or duckdb) as an absolute path below `folder`; every other address as it is."""
    match = re.fullmatch(r"((?:sqlite(?:\+\w+)?|duckdb):///)(file:)?([^?]+)(\?.*)?", url)
    if match is None or match[3].startswith(("/", "md:", "motherduck:")) or match[3] == ":memory:":
        return url
    path = (folder / match[3]).resolve()
    return f"{match[1]}{match[2] or ''}{path}{match[4] or ''}"


def build_channels(frame: Frame, folder: Path) -> dict[str, Channel]:
    channels: dict[str, Channel] = {}
    if "channels" not in frame.root and "console" in registry("alerts")():
        return {"console": registry("alerts")()["console"]()}
    for name, entry in (frame.root.get("channels") or {}).items():
        if isinstance(entry, Entry) and entry.sound:
            own = {k: in_folder(k, value, folder) for k, value in entry.values.items() if k not in CHANNEL_KEYS}
            made = make(registry("alerts")()[entry.values["type"]], entry, own, frame.reading)
            if made is not BAD:
                channels[name] = made
            access = frame.root.get("access")
            heard = made is not BAD and getattr(made, "listens", False)
            if heard and not (isinstance(access, Entry) and access.get("editors")):
                frame.reading.note(entry.at("app_token"), "nobody may press its buttons: access names no editors")
    return channels


def build_checks(frame: Frame) -> tuple[CheckPlan, ...]:
    plans: list[CheckPlan] = []
    for name, entry in (frame.root.get("checks") or {}).items():
        if not isinstance(entry, Entry):
            continue
        if name in OWN_CHECKS:
            frame.reading.wrong(entry.node, f"a check named {name}", "another name: that one is cxmon's own")
        if "metrics" in entry:
            frame.known_items(entry.at("metrics"), frame.names("metrics"), "metric")
        if "by" in entry:
            _along(frame, entry)
        policy = _policy(entry)
        if entry.sound:
            plans += _check_plans(frame, name, entry, policy)
    return tuple(plans)


def check_importance(frame: Frame, checks: Sequence[CheckPlan]) -> None:
    """The alarm budget is shared among metrics that exist; one that no watch looks at gets none, which is remarked."""
    entry = frame.root.get("alarm_budget")
    if not isinstance(entry, Entry) or "importance" not in entry:
        return
    node = entry.at("importance")
    frame.known_items(node, frame.names("metrics"), "metric")
    watched = {metric for plan in checks if plan.check.type == "watch" for metric in plan.metrics}
    for metric in entry.get("importance") or {}:
        if metric in frame.metrics and metric not in watched:
            frame.reading.note(node.entries[metric], f"no check of type watch looks at {metric}: it gets none")


def _along(frame: Frame, entry: Entry) -> None:
    """A check that compares segments does so along dimensions that its metrics have."""
    for metric in entry.get("metrics") or ():
        if metric in frame.dimensions:
            frame.known_items(entry.at("by"), frame.dimensions[metric], "dimension", of=metric)
    if "metrics" not in entry and frame.dimensions_known:
        frame.known_items(entry.at("by"), frame.every_dimension, "dimension")


def _policy(entry: Entry) -> IncidentPolicy:
    breaches, of = entry.get("opens_after") or (1, 1)
    keys = {"recover_after": "recovers_after", "recover_below": "recovers_below", "unknown_after": "unknown_after"}
    own = {name: entry.get(key) for name, key in keys.items()}
    flapping = entry.get("flapping")
    if isinstance(flapping, Entry):
        names = {"openings": "flap_openings", "within": "flap_within", "stable_after": "stable_after"}
        own |= {names[key]: flapping.get(key) for key in flapping.values}
    given = {key: value for key, value in own.items() if value is not None}
    return IncidentPolicy(breaches=breaches, of=of, **given)


def _check_plans(frame: Frame, name: str, entry: Entry, policy: IncidentPolicy) -> list[CheckPlan]:
    """One plan; or one per metric where the check has levels that mean different numbers in different units."""
    plugin = registry("checks")()[entry.values["type"]]
    metrics = tuple(entry.get("metrics") or frame.names("metrics"))
    values = {key: value for key, value in entry.values.items() if key not in CHECK_KEYS}
    sized = {key: value for key, value in values.items() if isinstance(value, Size)}
    groups: dict[tuple[Any, ...], list[str]] = {}
    for metric in metrics:
        numbers = tuple(_level(frame, entry, key, size, metric) for key, size in sized.items())
        groups.setdefault(numbers, []).append(metric)
    plans = []
    for numbers, members in groups.items():
        if any(number is None for number in numbers):
            continue
        made = make(plugin, entry, values | dict(zip(sized, numbers, strict=True)), frame.reading)
        if made is not BAD:
            check: Check = made
            plans.append(CheckPlan(name=name, check=check, metrics=tuple(members), policy=policy))
    return plans


def _level(frame: Frame, entry: Entry, key: str, size: Size, metric: str) -> float | None:
    measure = frame.measures.get(metric)
    if measure is None:
        return None
    value = level(size, measure)
    if value is None:
        of = f"{metric} (a {measure.kind}{' in ' + measure.unit if measure.unit else ''})"
        frame.reading.wrong(entry.at(key), f"{shown(entry.at(key))} for {of}", measure.levels)
    return value
