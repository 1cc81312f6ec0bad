"""budget, replay: who may cost how many false alarms, and what a past period would have brought."""

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, table


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon budget")(budget)


def budget(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Who gets how much of the alarm budget, and why."""
    from cxmon.pipeline.budgeting import budget as split
    from cxmon.service import clock

    with opened(config, read_only=True) as (plan, store):
        found = split(plan, store, now=clock(plan))
    if as_json:
        emit(found)
        return
    rows = [
        [
            a.story.check,
            plan.metrics[a.story.metric].label,
            a.story.root.label,
            str(len(a.story.series)),
            f"{a.per_quarter:.2f}",
            f"{a.per_series_year:.3f}",
            a.reason,
        ]
        for a in found
    ]
    table(["check", "metric", "story", "series", "a quarter", "a series and year", "why"], rows)
    say(f"False watch incidents a quarter that are bearable: {plan.alarm_budget:g}, over {len(found)} stories.")
