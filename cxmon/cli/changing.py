"""change add, list, show, plan: the registry of declared decisions."""

from dataclasses import replace
from typing import Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, read_text, say, table
from cxmon.cli.planning import EPILOG, plan


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The registry of declared decisions.", rich_markup_mode=None)
    group.command("add", epilog="Example: cxmon change add --file refunds.yaml --live")(add)
    group.command("list", epilog="Example: cxmon change list --json")(show_all)
    group.command("show", epilog="Example: cxmon change show weekend-phone-desk")(show)
    group.command("plan", epilog=EPILOG)(plan)
    app.add_typer(group, name="change")


def add(
    file: Annotated[str, typer.Option("--file", help="YAML with one change, as under `changes:`; - for stdin.")],
    config: Config = DEFAULT_CONFIG,
    live: Annotated[bool, typer.Option("--live/--draft", help="Judged at once, or a draft to be reviewed.")] = True,
) -> None:
    """Declare a change. What it says is frozen with hash and time when it goes live."""
    from cxmon import actions
    from cxmon.config import parse_change
    from cxmon.model import Status
    from cxmon.service import wall

    text = read_text(file)
    with opened(config) as (plan, store):
        change = replace(parse_change(text, file, plan), status=Status.LIVE if live else Status.DRAFT)
        declared = actions.declare(store, change, now=wall(), origin="cli")
    late = f", declared {declared.days_late} days late" if declared.days_late else ""
    say(f"{change.id}: {declared.change.status}, hash {declared.frozen_hash or '(not frozen: draft)'}{late}")
    if declared.edits:
        say(f"  last edit: {declared.edits[-1]}")


def show_all(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """All declared changes with their latest verdict."""
    from cxmon import wording

    with opened(config, read_only=True) as (plan, store):
        declared, verdicts = store.changes.all(), store.verdicts.all_latest()
    if as_json:
        emit({"changes": declared, "verdicts": verdicts})
        return
    rows = []
    for d in declared:
        verdict = verdicts.get(d.change.id)
        said = f"{verdict.headline} ({verdict.code})" if verdict else str(d.change.status)
        rows.append([d.change.id, d.change.title, wording.day(d.change.starts, plan.zone), d.change.reach.label, said])
    table(["change", "title", "starts", "scope", "verdict"], rows)


def show(
    change: Annotated[str, typer.Argument(help="Its id.")], config: Config = DEFAULT_CONFIG, as_json: Json = False
) -> None:
    """One change: what was declared, what was said of it and when, what was decided."""
    from cxmon import wording
    from cxmon.errors import ActionError

    with opened(config, read_only=True) as (plan, store):
        declared = store.changes.get(change)
        if declared is None:
            known = ", ".join(d.change.id for d in store.changes.all()) or "none yet"
            raise ActionError(f"change {change!r} is not in the registry; expected one of: {known}")
        history, responses = store.verdicts.history(change), store.changes.responses(change)
    if as_json:
        emit({"declared": declared, "verdicts": history, "responses": responses})
        return
    say(f"{declared.change.title} ({declared.change.id}), {declared.change.owner}")
    say(
        f"  declared {wording.stamp(declared.declared_at, plan.zone)} by {declared.origin}, hash {declared.frozen_hash}"
    )
    for part in declared.change.parts() if declared.change.stages else ():
        end = f" to {wording.day(part.ends, plan.zone)}" if part.ends else ""
        say(f"  stage {part.scope.label} from {wording.day(part.starts, plan.zone)}{end}")
    for edit in declared.edits:
        say(f"  edited: {edit}")
    for verdict in history:
        at = wording.stamp(verdict.as_of, plan.zone)
        say(f"\n  Version {verdict.version}, {at}: {verdict.headline} ({verdict.code})")
        for line in (verdict.sentence, *verdict.story):
            say(f"    {line}")
    for where in history[-1].where if history else ():
        if where.places and where.metric in plan.metrics:
            say(f"\n  Inside the scope, {plan.metrics[where.metric].label}:")
            for line in wording.places(where, plan.metrics[where.metric]):
                say(f"    {line}")
    for response in responses:
        due = f", due {wording.day(response.due, plan.zone)}" if response.due else ""
        say(f"\n  {response.decision} by {response.by}: {response.why}{due}")
