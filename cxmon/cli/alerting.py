"""alerts test, alerts send: messages by hand; alerts route: where they would go."""

import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from typing import Annotated

import typer

from cxmon.cli import Exit, routing
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Messages by hand.", rich_markup_mode=None)
    group.command("test", epilog="Example: cxmon alerts test --channel slack")(send_test)
    group.command("send", epilog="Example: cxmon alerts send")(send)
    routing.register(group)
    app.add_typer(group, name="alerts")


def send_test(
    config: Config = DEFAULT_CONFIG,
    channel: Annotated[str | None, typer.Option(help="Which channel of the configuration; default the first.")] = None,
    as_json: Json = False,
) -> None:
    """Send one well-formed test message."""
    from cxmon.pipeline.notify import send_test as run
    from cxmon.service import wall

    with opened(config) as (plan, store):
        name = channel or next(iter(plan.channels), None)
        if name is None or name not in plan.channels:
            known = ", ".join(plan.channels) or "none"
            raise typer.BadParameter(f"found {name!r}, expected one of: {known}", param_hint="--channel")
        with _apart(as_json=as_json):
            done = run(plan, store, channel=name, now=wall())
    _report(done, as_json=as_json)


def send(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Deliver what is queued now, once."""
    from cxmon.pipeline.notify import deliver
    from cxmon.service import wall

    with opened(config) as (plan, store), _apart(as_json=as_json):
        done = deliver(plan, store, now=wall(), worker="cli")
    _report(done, as_json=as_json)


def _apart(*, as_json: bool) -> AbstractContextManager[object]:
    """With --json, messages that a channel prints go to stderr, so that stdout stays one JSON document."""
    return redirect_stdout(sys.stderr) if as_json else nullcontext()


def _report(done: list, *, as_json: bool) -> None:  # type: ignore[type-arg]
    from cxmon.model import Delivery

    if as_json:
        emit(done)
    else:
        for row in done:
            say(f"{row.channel}: {row.state}" + (f", {row.error}" if row.error else ""))
        if not done:
            say("Nothing is queued.")
    if any(row.state is not Delivery.SENT for row in done):
        raise typer.Exit(Exit.NOT_DELIVERED)
