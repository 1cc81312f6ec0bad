"""targets: where the metrics should be by a date, and whether they are on course."""

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, table


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon targets --json")(targets)


def targets(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Where each target stands: on course, will miss, or cannot say; judged anew, with nothing written."""
    from cxmon.pipeline.aim import outlooks
    from cxmon.service import clock
    from cxmon.wording import targets as wording

    with opened(config, read_only=True) as (plan, store):
        found = outlooks(plan, store, now=clock(plan))
    if as_json:
        emit(found)
        return
    if not found:
        say("No target is set: name some under `targets:` in the configuration.")
        return
    table(list(wording.HEADERS), [wording.row(o, plan.metrics[o.target.metric], plan.zone) for o in found])
    for line in wording.told(found, plan.metrics, plan.zone):
        say(line)
