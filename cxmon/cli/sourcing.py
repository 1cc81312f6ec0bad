"""sources and forget: does a source answer, and what is known of one customer."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, load_plan, opened, say, table, written
from cxmon.cli.source_health import health

if TYPE_CHECKING:
    from cxmon.pipeline.probe import Look

FULL = 6  # Columns that a record is shown with.


def register(app: typer.Typer) -> None:
    sources = typer.Typer(no_args_is_help=True, help="Look at the sources.", rich_markup_mode=None)
    sources.command("test", epilog="Example: cxmon sources test helpdesk")(look_at)
    sources.command("health", epilog="Example: cxmon sources health helpdesk")(health)
    app.add_typer(sources, name="sources")
    app.command(epilog="Example: cxmon forget --customer 4711 --source helpdesk")(forget)


def look_at(
    name: Annotated[str, typer.Argument(help="The source, as the configuration names it.")],
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Credentials, scopes and fields of a source in one look, with ten records masked; nothing is stored."""
    from cxmon.pipeline.probe import probe
    from cxmon.service import clock

    plan = load_plan(config)
    looks = probe(plan, name, now=clock(plan))
    if as_json:
        emit(looks)
    else:
        say(f"Source {name} ({plan.sources[name].type})")
        for look in looks:
            _tell(look)
        if not looks:
            say("  no metric reads from it, so there is nothing to look for")
    if any(look.error for look in looks):
        raise typer.Exit(Exit.SOURCE)


def _tell(look: "Look") -> None:
    say(f"\n  {look.what}")
    if not look.access:
        say(f"    credentials  refused: {look.error}")
        return
    if look.error:
        say(f"    failed       {look.error}")
        return
    if look.filled or look.rows:
        say("    credentials  accepted, and they may read this")
    newest = f", the newest change on {look.newest:%Y-%m-%d %H:%M} UTC" if look.newest else ""
    say(f"    answered     {written(look.records)} {look.of}{newest}")
    for one in look.metrics:
        others = f", {written(one.others)} do not (yet)" if one.others else ""
        aside = f", {written(one.rejected)} set aside ({one.reason})" if one.rejected else ""
        say(f"    {one.metric:<12} {written(one.count)} count{others}{aside}")
    if look.filled:
        empty = [f for f, share in look.filled.items() if not share]
        partly = [f"{f} {share:.0%}" for f, share in look.filled.items() if 0 < share < 1]
        say(f"    fields       {', '.join(partly) or 'all are filled everywhere'}" if partly or not empty else "")
        if empty:
            say(f"    empty        {', '.join(empty)}")
    if look.rows:
        names = list(look.rows[0])[:FULL]
        table(names, [[row[name] for name in names] for row in look.rows])


def forget(
    customer: Annotated[str, typer.Option(help="The customer's id at the vendor.")],
    config: Config = DEFAULT_CONFIG,
    source: Annotated[str | None, typer.Option(help="Only what came from this source.")] = None,
) -> None:
    """Delete the records of one customer; the figures of their periods are made again without them."""
    from cxmon.errors import ActionError
    from cxmon.pipeline.forget import forget as run
    from cxmon.service import clock

    with opened(config) as (plan, store):
        if plan.hash_key is None:
            raise ActionError("no hash_key is configured: no customer's id is kept, so nothing can be found by one")
        if source is not None and source not in plan.sources:
            raise ActionError(f"no source {source!r}; there are {', '.join(plan.sources)}")
        count = run(plan, store, customer, source=source, now=clock(plan))
    records = f"{written(count)} record{'' if count == 1 else 's'}"
    say(f"Deleted {records}; figures older than the records that are kept stay sums.")
