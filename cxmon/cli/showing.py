"""change show: the whole story of one change, in the terminal, as JSON, and as one page of HTML."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, table

if TYPE_CHECKING:
    from cxmon.charts import Drawing
    from cxmon.config.plan import Plan
    from cxmon.store import Store
    from cxmon.wording.whole import Section, Whole

WIDTH = 100
# As many charts as leave the page at two sheets of A4.
MOST_CHARTS = 2


def show(
    change: Annotated[str, typer.Argument(help="Its id.")],
    page: Annotated[
        Path | None, typer.Option("--html", help="Write the story as one self-contained page to this file.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """One change: what was declared, what was said of it when and why that changed, and what was decided."""
    with opened(config, read_only=True) as (plan, store):
        known = _whole(change, plan, store)
        if page is not None:
            if not page.resolve().parent.is_dir():
                raise typer.BadParameter(f"{page}: there is no such folder", param_hint="--html")
            _write(page, known, _drawings(known, store))
    if as_json:
        emit({
            "declared": known.declared, "verdicts": known.history, "versions": known.versions,
            "incident": known.steps, "responses": known.responses,
        })  # fmt: skip
        return
    if page is not None:
        say(f"{page}: {known.declared.change.title}, one page")
        return
    _print(known)


def _whole(change: str, plan: "Plan", store: "Store") -> "Whole":
    from cxmon.errors import ActionError
    from cxmon.store.story import whole

    if store.changes.get(change) is None:
        known = ", ".join(d.change.id for d in store.changes.all()) or "none yet"
        raise ActionError(f"change {change!r} is not in the registry; expected one of: {known}")
    return whole(store, change, plan.metrics, plan.zone)


def _print(known: "Whole") -> None:
    from cxmon.wording.whole import sections, stand

    declared = known.declared
    say(f"{declared.change.title} ({declared.change.id})")
    say(f"  {stand(known)}")
    for one in sections(known):
        say(f"\n  {one.heading}")
        _section(one)


def _section(one: "Section") -> None:
    for text in one.lines:
        if text:
            within = "    " + " " * (len(text) - len(text.lstrip()))
            say(textwrap.fill(text.strip(), WIDTH, initial_indent=within, subsequent_indent=within + "  "))
    # A table beside lines holds the same figures again, for a page to be read across.
    if one.table is not None and not one.lines:
        table(list(one.table.headers), [list(row) for row in one.table.rows])


def _drawings(known: "Whole", store: "Store") -> "list[Drawing]":
    """The trends of the gravest metrics whose band is stored."""
    from cxmon import charts, wording

    declared, verdicts = store.changes.all(), store.verdicts.all_latest()
    latest = known.latest
    marked = {known.declared.change.id, *(latest.first.near if latest is not None and latest.first else ())}
    found: list[Drawing] = []
    for harm in known.harms:
        metric = known.metrics[harm.metric]
        band = store.bands.get(metric.id, f"change:{known.declared.change.id}")
        if band is None or len(found) == MOST_CHARTS:
            continue
        where, to = f"{metric.label}, {band.label}", wording.day(band.as_of, known.zone)
        said = f"{where}, over time. {wording.line(harm, metric, known.titles)}"
        caption = f"{where}, the last {charts.DAYS} days to {to}. {charts.LEGEND}"
        found.append(charts.drawing(band, metric, declared, verdicts, shown_changes=marked, caption=caption, alt=said))
    return found


def _write(path: Path, known: "Whole", drawings: "list[Drawing]") -> None:
    from cxmon import charts

    try:
        path.write_text(charts.page(known, drawings), encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--html") from error
