"""digest: the week in the terminal, as a page, and to its channels."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, wrapped

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.model import View
    from cxmon.store import Store
    from cxmon.wording.week import Week


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon digest --out digest.html")(digest)


def digest(
    view: Annotated[str | None, typer.Option(help="Only what this view of the configuration covers.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it as one self-contained page to this file.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it to its channels, once a week.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """What needs a decision, what is new since the last digest, and where things stand."""
    from cxmon.pipeline.digest import view_of

    if out is not None and not out.resolve().parent.is_dir():
        raise typer.BadParameter(f"{out}: there is no such folder", param_hint="--out")
    with opened(config, read_only=not send) as (plan, store):
        chosen = view_of(plan, view)
        if send:
            _send(plan, store, chosen)
            return
        found = _week(plan, store, chosen)
        if out is not None:
            _write(out, plan, store, found)
    if as_json:
        _emit(found)
    elif out is not None:
        say(f"{out}: {_title(found)}, one page")
    else:
        _print(found)


def _week(plan: "Plan", store: "Store", view: "View | None") -> "Week":
    """As of now, with what is new since the last digest; without a schedule, in the last seven days."""
    from cxmon.pipeline.digest import last_of, read
    from cxmon.service import clock

    now, when = clock(plan), view.digest if view else plan.digest
    last = last_of(store, view, when, before=now) if when else None
    return read(plan, store, view, since=last or now - timedelta(days=7), now=now)


def _send(plan: "Plan", store: "Store", view: "View | None") -> None:
    from cxmon.errors import ConfigError
    from cxmon.model import Delivery
    from cxmon.pipeline.digest import put
    from cxmon.pipeline.notify import deliver
    from cxmon.service import clock, wall

    when = view.digest if view else plan.digest
    if when is None:
        whose = f"views.{view.id}.digest" if view else "digest"
        example = f"`{whose}: {{day: monday, at: 08:00, channel: ...}}`"
        raise ConfigError([f"no digest is configured: {example} says when and to whom"])
    rows = put(plan, store, view, when, now=clock(plan))
    if not rows:
        say("The digest of this week was queued before; nothing is sent twice.")
        return
    keys = {row.key for row in rows}
    done = [one for one in deliver(plan, store, now=wall(), worker="cli") if one.key in keys]
    for one in done:
        say(f"{one.channel}: {one.state}" + (f", {one.error}" if one.error else ""))
    if len(done) < len(rows) or any(one.state is not Delivery.SENT for one in done):
        raise typer.Exit(Exit.NOT_DELIVERED)


def _title(found: "Week") -> str:
    return f"The week of {found.title}{f', {found.view}' if found.view else ''}"


def _print(found: "Week") -> None:
    from cxmon import wording
    from cxmon.wording.digest import headline, sections

    stamp = wording.stamp(found.now, found.zone)
    say(f"{_title(found)} · as of {stamp}, news since {found.day(found.since)}")
    wrapped(headline(found), "")
    for one in sections(found):
        say(f"\n  {one.heading}")
        for line in one.lines:
            wrapped(f"- {line}", "    ")


def _emit(found: "Week") -> None:
    from cxmon.wording import digest as words

    emit({
        "title": found.title, "view": found.view, "as_of": found.now, "since": found.since,
        "headline": words.headline(found), "needs": [str(one) for one in words.needs(found)],
        "sections": [{"heading": one.heading, "lines": one.lines} for one in words.sections(found)],
    })  # fmt: skip


def _write(path: Path, plan: "Plan", store: "Store", found: "Week") -> None:
    from cxmon.pipeline.digest_page import page

    try:
        path.write_text(page(plan, store, found), encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--out") from error
