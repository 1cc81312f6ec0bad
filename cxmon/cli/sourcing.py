"""sources and forget: does a source answer, and what is known of one customer."""

from typing import Annotated

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, load_plan, opened, say, written
from cxmon.cli.source_health import health
from cxmon.cli.source_screen import screen


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
    everything: Annotated[
        bool, typer.Option("--all", help="Every stream, field and column, however many lines that takes.")
    ] = False,
) -> None:
    """Credentials, scopes and fields of a source in one look, with ten records masked; nothing is stored."""
    from cxmon.pipeline.probe import probe
    from cxmon.service import clock

    plan = load_plan(config)
    looks = probe(plan, name, now=clock(plan))
    if as_json:
        emit(looks)
    else:
        for line in screen(f"Source {name} ({plan.sources[name].type})", looks, whole=everything):
            say(line)
    if any(look.error for look in looks):
        raise typer.Exit(Exit.SOURCE)


def forget(
    customer: Annotated[str | None, typer.Option(help="The customer's id at the vendor.")] = None,
    config: Config = DEFAULT_CONFIG,
    source: Annotated[str | None, typer.Option(help="Only what came from this source.")] = None,
    by: Annotated[str, typer.Option(help="Who asks: a role or department, not a person.")] = "",
    let_former_go: Annotated[
        bool, typer.Option(help="Take those off the list whom another hash_key named, once they are forgotten anew.")
    ] = False,
) -> None:
    """Delete the records of one customer for good; the figures of their periods are made again without them."""
    from cxmon.errors import ActionError
    from cxmon.pipeline.forget import forget as run
    from cxmon.pipeline.forgotten import fingerprint
    from cxmon.service import clock

    if (customer is None) != let_former_go:
        raise ActionError("say one of --customer and --let-former-go")
    if "@" in by:
        raise ActionError(f"--by: found {by!r}, expected a role or department, not a person")
    with opened(config) as (plan, store):
        if plan.hash_key is None:
            raise ActionError("no hash_key is configured: no customer's id is kept, so nothing can be found by one")
        if source is not None and source not in plan.sources:
            raise ActionError(f"no source {source!r}; there are {', '.join(plan.sources)}")
        if customer is None:
            gone = store.forgotten.let_go(fingerprint(plan.hash_key))
            say(f"Took {written(gone)} off the list of forgotten customers.")
            return
        count = run(plan, store, customer, source=source, now=clock(plan), by=by)
    say(
        f"Deleted {written(count)} record{'' if count == 1 else 's'}; what the vendor still has stays out. "
        "Figures older than the records that are kept stay sums."
    )
