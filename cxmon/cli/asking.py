"""ask: one figure in the terminal, the one that board and Slack show."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.pipeline.answering import Answered
    from cxmon.store import Store


def register(app: typer.Typer) -> None:
    app.command(epilog='Example: cxmon ask csat channel=chat\n\nOr as in Slack: cxmon ask "csat in chat"')(ask)


def ask(
    question: Annotated[
        list[str] | None, typer.Argument(help="A metric and its segment, e.g. csat channel=chat; without it the state.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the board's trend into this PNG file.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """One figure: how it stands against what was expected, since when, and which decisions are near."""
    from cxmon.cli.collecting import state
    from cxmon.pipeline.answering import ask as asked
    from cxmon.pipeline.asking import Unclear, words
    from cxmon.service import clock

    said = words(question[0]) if question and len(question) == 1 else list(question or ())
    with opened(config, read_only=True) as (plan, store):
        if not said:
            state(plan, store, every=False, as_json=as_json)
            return
        found = asked(plan, store, said, now=clock(plan))
        if not isinstance(found, Unclear) and picture is not None:
            _draw(plan, store, found, picture)
    if isinstance(found, Unclear):
        for line in found.lines:
            typer.echo(line, err=True)
        raise typer.Exit(Exit.USAGE)
    if as_json:
        emit(found.document())
        return
    from cxmon.alerts.text import render

    say(render(found.message).rstrip())
    if picture is not None:
        say(f"  Picture: {picture}")


def _draw(plan: "Plan", store: "Store", found: "Answered", path: Path) -> None:
    from cxmon.pipeline.drawing import drawn

    wanted = found.message.picture
    if wanted is None:
        raise typer.BadParameter("there is nothing to draw: too little data", param_hint="--picture")
    try:
        png = drawn(store, plan.metrics, wanted)
    except ImportError as error:
        raise typer.BadParameter(f"{error}; install cxmon[pictures]", param_hint="--picture") from error
    try:
        path.write_bytes(png or b"")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--picture") from error
