"""A YAML file -> a Plan, or every problem in it at once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cxmon.config.access import build_access
from cxmon.config.allowance import build_allowance
from cxmon.config.calendars import build_calendars
from cxmon.config.change_feeds import build_change_feeds
from cxmon.config.changes import build_change, build_changes, build_silences, notes_on_changes
from cxmon.config.dimensions import notes_on_overlap
from cxmon.config.fallbacks import build_company, build_fallbacks
from cxmon.config.feeds import check_feeds
from cxmon.config.frame import Frame
from cxmon.config.holidays import build_holidays
from cxmon.config.metrics import build_metrics, survey
from cxmon.config.moments import known_zone, nearest_zone
from cxmon.config.money import build_money, notes_on_money
from cxmon.config.nodes import Node, read_tree
from cxmon.config.number_format import build_number_format
from cxmon.config.plan import Plan, Schedule, TeamAgreement
from cxmon.config.privacy import build_minimum_cell
from cxmon.config.reading import BAD, Reading, shown
from cxmon.config.records import CHANGE, top
from cxmon.config.routing import build_mutes, build_routes
from cxmon.config.shapes import Entry
from cxmon.config.targets import build_targets
from cxmon.config.units import Measure
from cxmon.config.views import build_digest, build_views
from cxmon.config.wiring import (
    build_channels,
    build_checks,
    build_sources,
    check_importance,
    sqlite_in_folder,
)
from cxmon.errors import ConfigError
from cxmon.model import Change

DEFAULT_STORE = "sqlite:///cxmon.db"


def load(path: Path | str, *, environ: Mapping[str, str] | None = None) -> Plan:
    """The plan in the YAML file at `path`; `${VAR}` is looked up in `environ`, the process's own without it.

    Raises ConfigError with all problems, each `file:line: path: found ..., expected ...`, in the order of the file.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        expected = "a readable file; `-c` names another, `cxmon init` writes a first one"
        raise ConfigError([f"{path}: found {error.strerror or 'no such path'}, expected {expected}"]) from None
    return parse(content, path=path, environ=os.environ if environ is None else environ)


def parse(content: bytes, *, path: Path, environ: Mapping[str, str]) -> Plan:
    """The same from bytes; files named in them are relative to the folder of `path`."""
    reading = Reading(path.name, environ)
    root = read_tree(content, reading)
    plan = None
    if root is not None:
        reading.zone = _zone(root, reading)
        entry = top().read(root, reading)
        if isinstance(entry, Entry):
            plan = _plan(Frame.of(reading, entry), path)
    if reading.found or plan is None:
        raise ConfigError(reading.problems)
    return plan


def _zone(root: Node, reading: Reading) -> ZoneInfo:
    """The plan's zone, which must be known before any date is read."""
    node = root.entries.get("zone")
    if node is None or node.kind != "text" or node.trapped or not node.text:
        return ZoneInfo("UTC")
    if known_zone(node.text):
        return ZoneInfo(node.text)
    reading.wrong(node, f"the unknown time zone {shown(node)}", nearest_zone(node.text))
    return ZoneInfo("UTC")


def _plan(frame: Frame, path: Path) -> Plan | None:
    """The parts are built even where others are broken, so that all problems are told in one go."""
    reading, root = frame.reading, frame.root
    folder = path.parent.resolve()
    survey(frame)
    zone, holidays = root.get("zone", "UTC"), build_holidays(frame)
    calendars = build_calendars(frame, zone, holidays)
    metrics = build_metrics(frame, zone, holidays, calendars)
    sources = build_sources(frame, folder)
    check_feeds(frame, sources)
    parts: dict[str, Any] = {
        "metrics": metrics,
        "sources": sources,
        "checks": build_checks(frame),
        "channels": build_channels(frame, folder),
        "routes": build_routes(frame),
        "views": build_views(frame, zone),
        "digest": build_digest(frame, zone),
        "fallbacks": build_fallbacks(frame),
        "company": build_company(frame),
        "mutes": build_mutes(frame, calendars),
        "changes": build_changes(frame),
        "change_feeds": build_change_feeds(frame, folder),
        "silences": build_silences(frame),
        "money": build_money(frame),
        "allowance": build_allowance(frame),
        "targets": build_targets(frame),
        "minimum_cell": build_minimum_cell(frame),
        "number_format": build_number_format(frame),
        "access": build_access(frame),
    }
    check_importance(frame, parts["checks"])
    if "reasons" in root and frame.dimensions_known:
        frame.known(root.at("reasons"), root.get("reasons"), frame.every_dimension, "dimension")
    if reading.found:
        return None
    notes_on_changes(frame, parts["changes"], metrics)
    notes_on_money(frame, parts["changes"], parts["money"])
    notes_on_overlap(frame, metrics)
    for key in ("title", "zone", "as_of", "backfill", "board_url", "keep_facts", "hash_key", "reasons"):
        if key in root:
            parts[key] = root.values[key]
    store = root.get("store")
    url = DEFAULT_STORE if store is None or store is BAD else store.reveal()
    agreement, budget = root.get("team_agreement"), root.get("alarm_budget")
    if budget is not None:
        parts["alarm_budget"] = budget.values["per_quarter"]
        parts["importance"] = budget.values.get("importance") or {}
    return Plan(
        **parts,
        path=path.resolve(),
        store_url=sqlite_in_folder(url, folder),
        schedule=Schedule(**root.get("schedule").values) if "schedule" in root else Schedule(),
        team_agreement=None if agreement is None else TeamAgreement(**agreement.values),
        notes=tuple(reading.notes),
    )


def parse_change(text: str, file: str, plan: Plan) -> Change:
    """One change in YAML, as under `changes:`, for the metrics of `plan`. Raises ConfigError with all problems.

    The change that it responds to is not looked up: it may be known to the store only.
    """
    reading = Reading(Path(file).name if file != "-" else "stdin", {}, ZoneInfo(plan.zone))
    change = None
    root = read_tree(text.encode(), reading)
    entry = CHANGE.read(root, reading) if root is not None else BAD
    if isinstance(entry, Entry):
        metrics = plan.metrics.values()
        frame = Frame(
            reading,
            entry,
            defined={"metrics": plan.metrics.keys()},
            measures={m.id: Measure(m.kind, m.unit, m.per) for m in metrics},
            dimensions={m.id: m.dimensions for m in metrics},
        )
        change = build_change(frame, entry)
    if reading.found or change is None:
        raise ConfigError(reading.problems)
    return change
