"""change add, list, show, retrace, plan: the registry of declared decisions."""

from dataclasses import replace
from typing import Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, load_plan, opened, read_text, say, table
from cxmon.cli.importing import adopt
from cxmon.cli.planning import EPILOG, plan
from cxmon.cli.retracing import retrace
from cxmon.cli.showing import show


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The registry of declared decisions.", rich_markup_mode=None)
    group.command("add", epilog="Example: cxmon change add --file refunds.yaml --live")(add)
    group.command("list", epilog="Example: cxmon change list --json")(show_all)
    group.command("show", epilog="Example: cxmon change show weekend-phone-desk --html story.html")(show)
    group.command("retrace", epilog="Example: cxmon change retrace weekend-phone-desk")(retrace)
    group.command("plan", epilog=EPILOG)(plan)
    group.command("adopt", epilog="Example: cxmon change adopt calendar-CX-12 > desk.yaml")(adopt)
    app.add_typer(group, name="change")


def add(
    file: Annotated[str, typer.Option("--file", help="YAML with one change, as under `changes:`; - for stdin.")],
    config: Config = DEFAULT_CONFIG,
    live: Annotated[bool, typer.Option("--live/--draft", help="Judged at once, or a draft to be reviewed.")] = True,
    check: Annotated[bool, typer.Option("--check", help="Say what would be declared, and store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Declare a change. What it says is frozen with hash and time when it goes live."""
    from cxmon.config import parse_change
    from cxmon.model import Status

    text, status = read_text(file), Status.LIVE if live else Status.DRAFT
    if check:
        change = replace(parse_change(text, file, load_plan(config)), status=status)
        emit(change) if as_json else say(f"{change.id}: {change.title}, {status}, hash {change.declared_hash}")
        return
    from cxmon import actions
    from cxmon.service import wall

    with opened(config) as (plan, store):
        change = replace(parse_change(text, file, plan), status=status)
        declared = actions.declare(store, change, now=wall(), origin="cli")
    if as_json:
        emit(declared)
        return
    late = f", declared {declared.days_late} days late" if declared.days_late else ""
    say(f"{change.id}: {declared.change.status}, hash {declared.frozen_hash or '(not frozen: draft)'}{late}")
    if declared.edits:
        say(f"  last edit: {declared.edits[-1]}")


def show_all(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """All declared changes with their latest verdict."""
    from cxmon import decisions, wording

    with opened(config, read_only=True) as (plan, store):
        declared, verdicts = store.changes.all(), store.verdicts.all_latest()
    if as_json:
        emit({"changes": declared, "verdicts": verdicts})
        return
    rows = []
    for d in declared:
        if d.change.withdrawn:
            continue
        verdict = verdicts.get(d.change.id)
        unjudged = f"draft from {d.of_feed}" if d.of_feed else str(d.change.status)
        said = f"{verdict.headline} ({decisions.answer_of(verdict)})" if verdict else unjudged
        rows.append([d.change.id, d.change.title, wording.day(d.change.starts, plan.zone), d.change.reach.label, said])
    table(["change", "title", "starts", "scope", "verdict"], rows)
