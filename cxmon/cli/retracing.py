"""change retrace: how sure a verdict could have been in the weeks of which nothing was kept."""

from typing import Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, progress, say


def retrace(
    change: Annotated[str, typer.Argument(help="Its id.")],
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Work out, with what was known then, the weeks of a watch of which no reading was kept, for the board's chart."""
    from cxmon.errors import ActionError
    from cxmon.pipeline.retrace import retrace as run
    from cxmon.service import clock
    from cxmon.wording.narrowing import day_of, reading_range

    with opened(config) as (plan, store), progress("retrace") as advance:
        if store.verdicts.latest(change) is None:
            judged = ", ".join(store.verdicts.all_latest()) or "none yet"
            raise ActionError(f"change {change!r} has no verdict; expected one of: {judged}")
        found = run(plan, store, change, now=clock(plan), progress=advance)
    if as_json:
        emit(found)
        return
    for one in found:
        metric = plan.metrics[one.metric]
        say(f"day {day_of(one)}, {metric.label}: {reading_range(one, metric)} ({one.code})")
    if not found:
        say("Each week has a reading already.")
