"""leading: which early figures ran ahead of a late one on months held out."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, wrapped

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.model import LeadingAnswer


def register(app: typer.Typer) -> None:
    app.command("leading", epilog="Example: cxmon leading --of churn --by tier")(leading)


def leading(
    of: Annotated[str, typer.Option("--of", help="The late figure, a metric's id.")] = "churn",
    by: Annotated[str | None, typer.Option("--by", help="One answer for each value of this dimension.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Which early figures ran ahead of a late one, e.g. of churn, on months held out; kept for the board."""
    from cxmon.pipeline.leading import leading as ask
    from cxmon.service import clock

    with opened(config) as (plan, store):
        answer = ask(plan, store, late=of, dimension=by, now=clock(plan))
        store.catalogue.keep_leading(answer)
    if as_json:
        emit(answer)
    else:
        _print(answer, plan)


def _print(answer: "LeadingAnswer", plan: "Plan") -> None:
    from cxmon.wording import leading as wording

    say(wording.title(answer, plan.metrics, plan.zone))
    for one in answer.tiers:
        if one.tier:
            say(f"\n  {one.tier}")
        for line in wording.tier(one, answer, plan.metrics):
            wrapped(line, "    ")
    say()
    wrapped(wording.CAVEAT, "  ")
