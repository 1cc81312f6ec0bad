"""shifts: since when, and the time before cxmon."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, progress, say
from cxmon.cli.responding import parse_segment

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.model import Metric, Segment


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon shifts csat --segment channel=phone")(shifts)


def shifts(
    metric: Annotated[list[str] | None, typer.Argument(help="Metrics; all without any.")] = None,
    segment: Annotated[list[str] | None, typer.Option(help="Only this segment, e.g. channel=phone.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Lasting changes in everything that is stored: which way, how much, between which days. Writes nothing."""
    from cxmon import wording
    from cxmon.pipeline.retrospect import retrospect
    from cxmon.service import clock
    from cxmon.wording.retrospect import FOOTING

    one = parse_segment(segment)
    with opened(config, read_only=True) as (plan, store):
        asked = _asked(plan, metric or [], one)
        now = clock(plan)
        found = []
        with progress("shifts") as advance:
            for done, one_metric in enumerate(asked):
                advance(one_metric.label, done, len(asked))
                wanted = [one] if one is not None else []
                found.append(retrospect(store, one_metric, now=now, segments=wanted, least=plan.minimum_cell))
    if as_json:
        emit(found)
        return
    for one_metric, past in zip(asked, found, strict=True):
        say(wording.looked_back(one_metric, past, plan.zone, now))
        for shift in past.found:
            say(f"  {wording.shifted(one_metric, shift, plan.zone, now)}")
    say()
    say(FOOTING)


def _asked(plan: "Plan", names: "list[str]", one: "Segment | None") -> "list[Metric]":
    """The metrics that were named, else all that know the segment's dimensions."""
    dimensions = () if one is None else one.dimensions
    unknown = next((name for name in names if name not in plan.metrics), None)
    if unknown is not None:
        raise typer.BadParameter(f"found {unknown!r}, expected one of {', '.join(plan.metrics)}", param_hint="METRIC")
    lacking = {m.id for m in plan.metrics.values() if not set(dimensions) <= set(m.dimensions)}
    named = next((plan.metrics[name] for name in names if name in lacking), None)
    if named is not None:
        expected = ", ".join(named.dimensions)
        raise typer.BadParameter(
            f"{named.label} does not know {', '.join(dimensions)}, expected {expected}", param_hint="--segment"
        )
    return [m for id_, m in plan.metrics.items() if (id_ in names if names else id_ not in lacking)]
