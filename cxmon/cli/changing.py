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
    from cxmon.decisions.following import fixes_of
    from cxmon.errors import ActionError
    from cxmon.service import clock

    with opened(config, read_only=True) as (plan, store):
        declared = store.changes.get(change)
        if declared is None:
            ids = ", ".join(d.change.id for d in store.changes.all()) or "none yet"
            raise ActionError(f"change {change!r} is not in the registry; expected one of: {ids}")
        history, responses = store.verdicts.history(change), store.changes.responses(change)
        uses = {m: use for m, use in store.allowances.latest().items() if m in plan.allowance.amounts}
        now, known, latest = clock(plan), [d.change for d in store.changes.all()], store.verdicts.all_latest()
        incidents = store.incidents.recent(1000)
    answers_to = wording.answers_to(declared.change, known, latest, incidents)
    fixes = wording.fixes(change, known, latest, now=now, zone=plan.zone)
    if as_json:
        said = {"declared": declared, "verdicts": history, "responses": responses, "allowances": uses}
        emit(said | {"answers_to": declared.change.responds_to, "answered_by": [c.id for c in fixes_of(change, known)]})
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
    if history and (price := history[-1].price) is not None:
        say("\n  What the price is made of")
        for line in wording.price_details(price, plan.metrics):
            say(f"    {line}")
    used = [wording.allowance_part(use, change, plan.metrics[m]) for m, use in uses.items()]
    answers = wording.answers(change, responses, known, now=now, ended=declared.change.ends, zone=plan.zone)
    for line in filter(None, (*used, answers_to, *answers, *fixes)):
        say(f"\n  {line}")
