"""maturity: how the periods of a metric fill up, and since when they count."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, table, wrapped

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.model import Filling


def register(app: typer.Typer) -> None:
    app.command("maturity", epilog="Example: cxmon maturity csat")(maturity)


def maturity(
    metric: Annotated[list[str] | None, typer.Argument(help="Metrics, by id; all that can be late without.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """What part of its answers is in after how many days, whether they slowed, and which periods count."""
    from cxmon.errors import ActionError
    from cxmon.model import Kind
    from cxmon.pipeline.filling import filling
    from cxmon.service import clock
    from cxmon.wording.filling import CAVEAT

    with opened(config, read_only=True) as (plan, store):
        unknown = [name for name in metric or () if name not in plan.metrics]
        if unknown:
            raise ActionError(f"metric {unknown[0]!r} is not configured; expected one of: {', '.join(plan.metrics)}")
        asked = metric or [m.id for m in plan.metrics.values() if m.kind is not Kind.LEVEL]
        found = [filling(store, plan.metrics[name], now=clock(plan)) for name in asked]
    if as_json:
        emit(found)
        return
    for one in found:
        _print(one, plan)
    wrapped(CAVEAT, "")


def _print(one: "Filling", plan: "Plan") -> None:
    from cxmon.wording import filling as wording

    metric = plan.metrics[one.metric]
    say(f"{metric.label} ({metric.id})")
    for line in wording.lines(one, metric):
        wrapped(line, "  ")
    if one.curves:
        table(wording.headers(one), wording.rows(one, metric))
    say()
