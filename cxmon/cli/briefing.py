"""brief: one printable page for the board meeting."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, load_plan, progress, say, table, wrapped

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.wording.briefing import Briefing


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon brief --since 2026-09-01 --out brief.html")(brief)


def brief(
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="As it stood at the end of that day; default the newest judgement."),
    ] = None,
    since: Annotated[str | None, typer.Option(help="When the last meeting was; default a quarter before.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write a page to this file, .html or .pdf; - is HTML on stdout.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """What was told last time and what became of it, all decisions with their sums, and what is open."""
    if out is not None and str(out) != "-" and out.suffix.lower() not in {".html", ".pdf"}:
        raise typer.BadParameter(f"found {out}, expected a name that ends in .html or .pdf", param_hint="--out")
    if out is not None and not out.resolve().parent.is_dir():
        raise typer.BadParameter(f"{out}: there is no such folder", param_hint="--out")
    plan = load_plan(config)
    known = _known(plan, as_of, since)
    if as_json:
        emit(known)
    elif out is None:
        _print(known)
    else:
        _write(out, known)


def _known(plan: "Plan", as_of: str | None, since: str | None) -> "Briefing":
    from cxmon.errors import ActionError
    from cxmon.pipeline.briefing import briefing_of
    from cxmon.service import clock
    from cxmon.store import Store
    from cxmon.store.briefing import briefing

    last = _moment(since, plan) if since is not None else None
    with Store.open(plan.store_url, read_only=True) as store:
        if as_of is None:
            known = briefing(store, since=last)
            if known is None:
                raise ActionError("nothing has been collected yet: run `cxmon collect`, then `cxmon judge`")
        else:
            at = min(_moment(as_of, plan), clock(plan))
            with progress("brief") as advance:
                known = briefing_of(plan, store, as_of=at, since=last, progress=advance)
    if known.since >= known.as_of:
        raise typer.BadParameter(f"found {since}, expected a day before the brief's", param_hint="--since")
    return known


def _moment(text: str, plan: "Plan") -> datetime:
    """An instant, or the end of a day in the plan's zone."""
    from cxmon.config import parse_instant
    from cxmon.store.briefing import by_the_end_of

    found = parse_instant(text, plan.zone)
    if len(text) > len("2026-11-27"):
        return found
    return by_the_end_of(found.astimezone(ZoneInfo(plan.zone)).date(), plan.zone)


def _write(out: Path, known: "Briefing") -> None:
    from cxmon.errors import ActionError

    try:
        # A page has the colours of the board's charts, which are Altair's.
        from cxmon.charts.brief import brief_page
    except ModuleNotFoundError as error:
        raise ActionError("a page needs Altair; install cxmon with the extra `board` or `pictures`") from error
    page = brief_page(known)
    if str(out) == "-":
        typer.echo(page, nl=False)
        return
    try:
        if out.suffix.lower() == ".pdf":
            from cxmon.charts.paper import pdf

            out.write_bytes(pdf(page))
        else:
            out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{out}: {error}", param_hint="--out") from error
    say(f"{out}: {known.title}, one brief")


def _print(known: "Briefing") -> None:
    from cxmon.wording.briefing import answer, head, sections

    headline, sentence, _ = answer(known)
    say(f"{known.title}: brief")
    say(f"  {head(known)}\n")
    wrapped(headline, "  ")
    wrapped(sentence, "  ")
    for one in sections(known):
        say(f"\n  {one.heading}")
        if one.table is not None:
            table(list(one.table.headers), [list(row) for row in one.table.rows])
        for line in one.on_page:
            wrapped(line, "    ")
