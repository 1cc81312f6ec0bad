"""sources health: what each source brought lately, against what it usually brings."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, table, wrapped, written

if TYPE_CHECKING:
    from datetime import datetime

    from cxmon.config.plan import Plan
    from cxmon.decisions.source_health import Glimpse


def health(
    name: Annotated[str | None, typer.Argument(help="Only this source.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """What each source brought in the last day against the usual, how old it is, what lacks, and what went wrong."""
    from cxmon.decisions.source_health import in_trouble
    from cxmon.errors import ConfigError
    from cxmon.pipeline.source_health import lately
    from cxmon.service import clock

    with opened(config, read_only=True) as (plan, store):
        if name is not None and name not in plan.sources:
            raise ConfigError([f"no source {name!r}; there are {', '.join(plan.sources)}"])
        now = clock(plan)
        found = lately(plan, store, name, now=now)
    if as_json:
        emit(found)
    elif not found:
        say("Nothing has been collected yet.")
    else:
        _tell(plan, found, now)
    if any(map(in_trouble, found)):
        raise typer.Exit(Exit.SOURCE)


def _tell(plan: "Plan", found: "list[Glimpse]", now: "datetime") -> None:
    from cxmon.decisions.source_health import in_trouble
    from cxmon.wording import source_health as wording

    rows = []
    for one in found:
        pull = one.last
        emptiest = next(((n, s) for n, s in wording.empty_shares(pull) if s > 0), None)
        rows.append([
            f"{pull.source}, {wording.part(pull, plan.metrics)}",
            wording.standing_screen(pull)[0],
            wording.age(pull.at, now),
            wording.age(one.newest, now),
            wording.of_usual(pull),
            f"{emptiest[0]} {emptiest[1]:.0%}" if emptiest else "",
            wording.offered_share(pull),
            written(one.rejected),
            wording.slowed(one),
            f"{one.failed} of {one.pulls}" if one.failed else "",
        ])  # fmt: skip
    headers = [
        "source",
        "state",
        "pulled",
        "newest",
        "came",
        "empty",
        "surveys sent",
        "set aside",
        "slowed down",
        "failed",
    ]
    kept = [k for k in range(len(headers)) if k < 5 or any(row[k] not in {"", "0"} for row in rows)]
    table([headers[k] for k in kept], [[row[k] for k in kept] for row in rows])
    if any(one.last.ok and one.last.health is None for one in found):
        wrapped(
            "What a source brings is measured from its next collection on; the usual is known after three weeks.", "  "
        )
    for one in filter(in_trouble, found):
        held = wording.held(one.last.health)
        wrapped(f"{one.last.source}: {wording.told(one.last, plan.metrics, plan.zone)}", "  ")
        if held:
            wrapped(f"{held}.", "    ")
