"""changes, changes import, change adopt: decisions that stand elsewhere, from a draft to a declaration."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, progress, say, table, written

if TYPE_CHECKING:
    from cxmon.model import Declared
    from cxmon.pipeline.bring_in import FeedImport
    from cxmon.store import Store


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Drafts of changes that calendars, lists and trackers know of.", rich_markup_mode=None,
        epilog="Example: cxmon changes",
    )  # fmt: skip
    group.callback(invoke_without_command=True)(drafts)
    group.command("import", epilog="Example: cxmon changes import --from decisions.csv")(bring)
    app.add_typer(group, name="changes")


def drafts(
    context: typer.Context,
    config: Config = DEFAULT_CONFIG,
    everything: Annotated[bool, typer.Option("--all", help="Those too whose entries were cancelled.")] = False,
    as_json: Json = False,
) -> None:
    """List the drafts: what somebody wrote down and nobody has declared."""
    if context.invoked_subcommand is not None:
        return
    from cxmon import wording
    from cxmon.model import Status
    from cxmon.service import clock

    with opened(config, read_only=True) as (plan, store):
        found = [d for d in store.changes.all() if d.change.status is Status.DRAFT]
        now, zone = clock(plan), plan.zone
    found = [d for d in found if everything or not d.change.withdrawn]
    if as_json:
        emit(found)
        return
    rows = [
        [d.change.id, d.change.title, wording.day(d.change.starts, zone, now=now), d.change.reach.label, d.change.owner,
         d.of_feed or d.origin, "cancelled" if d.change.withdrawn else ""]
        for d in found
    ]  # fmt: skip
    if not rows:
        say("No draft: no feed knows of a decision that nobody has declared.")
        return
    table(["draft", "title", "starts", "scope", "owner", "from", ""], rows)
    say("`cxmon change adopt DRAFT` makes a declaration of one.")


def bring(
    config: Config = DEFAULT_CONFIG,
    file: Annotated[
        Path | None, typer.Option("--from", help="Read this file in place of what the feed reads.", exists=True)
    ] = None,
    feed: Annotated[list[str] | None, typer.Option(help="Only these feeds.")] = None,
    owner: Annotated[
        str | None, typer.Option(help="With --from and without a feed for it: the role that answers for its drafts.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read the feeds of changes now; entries become drafts, and drafts follow their entries."""
    from cxmon.pipeline.bring_in import bring_in, chosen_feeds, for_file
    from cxmon.service import clock

    with opened(config) as (whole, store), progress("import") as advance:
        plan = whole if file is None or owner is None else for_file(whole, file, owner)
        names = chosen_feeds(plan, feed, file)
        done = bring_in(plan, store, now=clock(plan), feeds=names, file=file, progress=advance)
    if as_json:
        emit(done)
    else:
        table(
            ["feed", "", "new", "changed", "same", "withdrawn", "taken over", "passed over", "why"],
            [_row(d) for d in done],
        )
    if not all(d.ok for d in done):
        raise typer.Exit(Exit.SOURCE)


def _row(done: "FeedImport") -> list[str]:
    b = done.brought
    counts = (b.new, b.changed, b.same, b.withdrawn, b.taken_over, done.passed_over)
    notes = [f"{written(done.hidden)} private" if done.hidden else ""]
    if done.rejected:
        first = done.rejected[0]
        notes.append(f"{written(len(done.rejected))} set aside, the first is {first.where}: {first.reason}")
    why = done.error or "; ".join(note for note in notes if note)
    return [done.feed, "ok" if done.ok else "failed", *(written(n) for n in counts), why]


def adopt(
    draft: Annotated[str, typer.Argument(help="The draft's id, as `cxmon changes` lists it.")],
    config: Config = DEFAULT_CONFIG,
    store_it: Annotated[
        bool, typer.Option("--store", help="Take it over as it stands; it stays a draft, and no feed changes it.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Declare it as it stands: judged, each metric with the harm that matters.")
    ] = False,
) -> None:
    """A declared change out of a draft: as YAML to be filled in, or stored at once."""
    from cxmon import actions
    from cxmon.service import wall
    from cxmon.wording.declaring import declaration

    with opened(config, read_only=not (store_it or live)) as (plan, store):
        found = _draft(store, draft)
        if not (store_it or live):
            typer.echo(declaration(found.change, plan.metrics, plan.zone), nl=False)
            return
        declared = actions.take_over(store, draft, live=live, now=wall(), origin="cli")
    late = f", declared {declared.days_late} days late" if declared.days_late and live else ""
    frozen = f"hash {declared.frozen_hash}" if declared.frozen_hash else "taken over, not judged until it goes live"
    say(f"{declared.change.id}: {declared.change.status}, {frozen}{late}")


def _draft(store: "Store", name: str) -> "Declared":
    from cxmon.errors import ActionError
    from cxmon.model import Status

    found = store.changes.get(name)
    if found is None or found.change.status is not Status.DRAFT:
        why = "is live already" if found is not None else "is not known; `cxmon changes` lists the drafts"
        raise ActionError(f"the draft {name} {why}")
    return found
