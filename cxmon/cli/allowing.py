"""allowance: how much of the year's harm allowance all decisions together have used."""

from typing import TYPE_CHECKING

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, wrapped

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.store import Store


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon allowance --json")(allowance)


def allowance(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """How much of the year's harm allowance the decisions have used together, and what is left."""
    from cxmon.model import AllowanceCode

    with opened(config, read_only=True) as (plan, store):
        uses = {m: use for m, use in store.allowances.latest().items() if m in plan.allowance.amounts}
        if as_json:
            emit(uses)
        elif not plan.allowance.amounts:
            say("No harm is allowed for: `allowance: {csat: 2pt}` in the configuration does.")
        else:
            for text, indent in _told(plan, store):
                wrapped(text, indent)
    if any(use.code is AllowanceCode.EXCEEDED for use in uses.values()):
        raise typer.Exit(Exit.BREACH)


def _told(plan: "Plan", store: "Store") -> list[tuple[str, str]]:
    """Lines with their indents: of each metric the answer, and what it rests on."""
    from cxmon import wording

    uses = store.allowances.latest()
    titles = {d.change.id: d.change.title for d in store.changes.all()}
    lines = []
    for name in plan.allowance.amounts:
        metric, use = plan.metrics[name], uses.get(name)
        if use is None:
            lines.append((f"{metric.label}: not judged yet", ""))
            continue
        lines.append((f"{wording.allowance_headline(use, metric, plan.zone)} ({use.code})", ""))
        lines += [(line, "  ") for line in wording.allowance_lines(use, metric, titles, plan.zone)]
    return lines
