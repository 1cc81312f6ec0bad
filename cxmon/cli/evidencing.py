"""evidence: the records behind an incident, in the vendor's own system, and the reasons that grew."""

from typing import Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon evidence INCIDENT --most 50")(evidence)


def evidence(
    incident: Annotated[str, typer.Argument(help="Its id, as `cxmon incidents` lists it.")],
    most: Annotated[int, typer.Option(min=1, max=1000, help="How many records at most.")] = 20,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """The tickets behind an incident as links into the vendor's system, under its own rights, the worst first."""
    from cxmon import wording
    from cxmon.errors import ActionError
    from cxmon.pipeline.behind import behind
    from cxmon.service import clock

    with opened(config, read_only=True) as (plan, store):
        known = store.incidents.get(incident)
        if known is None:
            raise ActionError(f"there is no incident {incident}; `cxmon incidents --all` lists them")
        found = behind(plan, store, known, now=clock(plan), most=most)
    if found is None:
        raise ActionError(f"incident {incident} is about no figure of the configuration: nothing stands behind it")
    if as_json:
        emit(found)
        return
    counting = plan.metrics.get(found.counted_in)
    # Addresses are copied: a line with one is never broken.
    for line in wording.behind_lines(found, plan.metrics[found.metric], counting, plan.zone):
        say(line)
