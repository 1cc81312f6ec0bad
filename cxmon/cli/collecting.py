"""collect, check, judge, status: the main job by hand."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, progress, say, table, written

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.store import Store


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon collect --metric csat --backfill 18mo")(collect)
    app.command(epilog="Example: cxmon check --json")(check)
    app.command(epilog="Example: cxmon judge --change weekend-phone-desk")(judge)
    app.command(epilog="Example: cxmon status --json")(status)


def collect(
    config: Config = DEFAULT_CONFIG,
    metric: Annotated[list[str] | None, typer.Option(help="Only these metrics.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only metrics of these sources.")] = None,
    backfill: Annotated[str | None, typer.Option(help="Re-read this far back, e.g. 18mo.")] = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Take a window even where more than half of its rows are gone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pull the figures from their sources into the store."""
    from cxmon.config import parse_duration
    from cxmon.pipeline.collect import collect as run
    from cxmon.pipeline.register import register
    from cxmon.service import clock

    with opened(config) as (plan, store), progress("collect", lines="days" if backfill else "") as advance:
        now = clock(plan)
        since = now - parse_duration(backfill) if backfill else None
        register(plan, store, now=now)
        chosen = metric if source is None else _of_sources(plan, metric, source)
        done = run(plan, store, now=now, metrics=chosen, since=since, accept_loss=accept_loss, progress=advance)
        aside = {row.metric: f"{row.where}: {row.reason}" for row in reversed(store.observations.rejected(limit=1000))}
    if as_json:
        emit(done)
    else:
        rows = [
            [
                c.metric,
                c.source,
                "ok" if c.ok else "failed",
                written(c.written),
                written(c.revised),
                written(c.rejected),
                c.error or c.note or (aside.get(c.metric, "") if c.rejected else ""),
            ]
            for c in done
        ]
        table(["metric", "source", "", "new", "revised", "set aside", "why"], rows)
        for notice in (n for c in done for n in c.notices):
            say(f"note: {notice}")
    if not all(c.ok for c in done):
        raise typer.Exit(Exit.SOURCE)


def _of_sources(plan: "Plan", metrics: list[str] | None, sources: list[str]) -> list[str]:
    """The metrics that read from these sources, of those that were asked for."""
    from cxmon.errors import ConfigError

    unknown = [name for name in sources if name not in plan.sources]
    if unknown:
        raise ConfigError([f"no source {name!r}; there are {', '.join(plan.sources)}" for name in unknown])
    return [m for m in metrics or plan.metrics if m not in plan.metrics or plan.metrics[m].source in sources]


def check(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Run the checks on what was collected; opens and ends incidents."""
    from cxmon.model import State
    from cxmon.pipeline.check import check as run
    from cxmon.pipeline.register import register
    from cxmon.service import clock

    with opened(config) as (plan, store):
        register(plan, store, now=clock(plan))
        done = run(plan, store, now=clock(plan))
        open_incidents = store.incidents.open()
    if as_json:
        emit({"checks": done, "open": open_incidents})
    else:
        counts = [[sum(f.state is state for f in c.findings) for state in State] for c in done]
        rows = [[c.check, c.metric, *map(str, n), c.error] for c, n in zip(done, counts, strict=True)]
        table(["check", "metric", "ok", "breach", "unknown", "why"], rows)
        count = len(open_incidents)
        say(
            "No incident is open."
            if not count
            else "1 incident is open."
            if count == 1
            else f"{count} incidents are open."
        )
    if open_incidents:
        raise typer.Exit(Exit.BREACH)


def judge(
    config: Config = DEFAULT_CONFIG,
    change: Annotated[list[str] | None, typer.Option(help="Only these changes.")] = None,
    as_json: Json = False,
) -> None:
    """Judge the declared changes; prints the story of each."""
    from cxmon.cli.story import tell
    from cxmon.model import RED
    from cxmon.pipeline.aim import aim
    from cxmon.pipeline.judge import judge as run
    from cxmon.pipeline.remind import remind
    from cxmon.pipeline.sheets import sheets
    from cxmon.service import clock

    with opened(config) as (plan, store), progress("judge") as advance:
        verdicts = run(plan, store, now=clock(plan), changes=change, progress=advance)
        aim(plan, store, now=clock(plan))
        remind(plan, store, now=clock(plan))
        sheets(plan, store, now=clock(plan), progress=advance)
        if as_json:
            emit(verdicts)
        else:
            tell(plan, store, now=clock(plan))
    if any(v.code in RED for v in verdicts):
        raise typer.Exit(Exit.BREACH)


def status(
    every: Annotated[bool, typer.Option("--all", help="All of it, not only what fits on one screen.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """What needs a decision, what is open, and how old the data are: the gravest first, on one screen."""
    with opened(config, read_only=True) as (plan, store):
        state(plan, store, every=every, as_json=as_json)


def state(plan: "Plan", store: "Store", *, every: bool, as_json: bool) -> None:
    """How things stand; ends the command with 1 where an incident is open."""
    from cxmon.cli.glance import glance
    from cxmon.cli.story import tell
    from cxmon.service import clock

    if as_json:
        emit({
            "verdicts": store.verdicts.all_latest(),
            "allowances": store.allowances.latest(),
            "incidents": store.incidents.open(),
            "runs": store.runs.latest(),
            "targets": store.targets.all(),
            "sources": list(store.pulls.latest().values()),
        })  # fmt: skip
    else:
        (tell if every else glance)(plan, store, now=clock(plan))
    if store.incidents.open():
        raise typer.Exit(Exit.BREACH)
