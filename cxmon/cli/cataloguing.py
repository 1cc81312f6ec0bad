"""metrics: the catalogue of metrics, and what one of them means, in one screen."""

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import WIDTH, Json, emit, say, table, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxmon.config.standard import Formula, Standard

HEADERS = ["name", "what it is", "kind", "better", "complete", "watched beside it"]
INDENT = " " * 12


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon metrics csat")(metrics)


def metrics(
    name: Annotated[str | None, typer.Argument(help="One of them, explained; without it all.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The catalogue as a table for documents.")] = False,
    as_json: Json = False,
) -> None:
    """The catalogue of metrics: formula, window, direction, maturity and guards, which `standard:` brings."""
    from cxmon.config.catalogue import CATALOGUE
    from cxmon.config.reading import did_you_mean
    from cxmon.errors import ActionError

    if name is not None and name not in CATALOGUE:
        meant = did_you_mean(name, CATALOGUE)
        raise ActionError(f"no metric {name!r} in the catalogue{meant}; there are {', '.join(CATALOGUE)}")
    chosen = CATALOGUE.values() if name is None else [CATALOGUE[name]]
    if as_json:
        emit(list(chosen))
    elif markdown:
        say(as_markdown(chosen))
    elif name is not None:
        _explain(CATALOGUE[name])
    else:
        table(HEADERS, [_row(entry) for entry in chosen])
        say("`cxmon metrics NAME` explains one; `standard: NAME` under a metric brings all of it.")


def words(formula: "Formula", standard: "Standard") -> str:
    """The formula with the usual limits of its waits."""
    from cxmon.config.standards import span

    return formula.words.format(within=span(standard.within), short=span(standard.short))


def _row(entry: "Standard") -> list[str]:
    return [
        entry.name,
        words(entry.usual, entry),
        str(entry.kind),
        str(entry.better),
        _complete(entry),
        ", ".join(entry.guards) or "-",
    ]


def _complete(entry: "Standard") -> str:
    if entry.matures_after is None:
        return "as learnt"
    days = entry.matures_after.days
    return "at once" if not days else f"after {days} day{'' if days == 1 else 's'}"


def _explain(entry: "Standard") -> None:
    say(f"{entry.name} ({entry.label})")
    several = len(entry.formulas) > 1
    for formula in entry.formulas:
        of = [str(x) for x in (formula.kind, formula.better and f"{formula.better} is better") if x]
        said = f" ({', '.join(of)})" if of else ""
        usual = " [usual]" if several and formula is entry.usual else ""
        _line("formula" if formula is entry.usual else "", f"{formula.name}{usual}: {words(formula, entry)}{said}")
    _line("window", entry.window)
    unit = "shown in %" if entry.kind == "proportion" else entry.unit
    per = f"per {written(entry.per)}" if entry.per != 1 else ""
    shares = ", ".join(written(q, "g") for q in entry.quantiles)
    quantiles = f"quantiles {shares}" if shares else ""
    _line("figure", ", ".join(filter(None, (str(entry.kind), unit, per, quantiles, f"by {entry.grain}"))))
    _line("better", str(entry.better))
    again = f"; read again for {entry.lookback.days} days" if entry.lookback else ""
    _line("complete", f"{_complete(entry)}{again}")
    _line("guards", ", ".join(entry.guards) or "none")
    _line("rows", entry.reads)
    for i, trap in enumerate(entry.traps):
        _line("" if i else "traps", trap)
    say("\n  In the configuration (what is written there goes before these defaults):\n")
    matters, read = entry.example
    say(f"    {entry.name}:")
    say(f"      standard: {entry.name}")
    if several:
        say(f"      formula: {entry.usual.name}")
    say(f"      source: ...\n      matters: {matters}\n      read: {read}")


def _line(head: str, text: str) -> None:
    """A heading of a fixed width, and text that is broken below itself."""
    first, *rest = textwrap.wrap(text, WIDTH - len(INDENT))
    say(f"  {head:<10}{first}")
    for line in rest:
        say(INDENT + line)


def as_markdown(entries: "Iterable[Standard]") -> str:
    """A row for each formula: the table of docs/metrics.md."""
    lines = [
        "| `standard` | `formula` | what it is | kind | better | window | complete | guards |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in entries:
        for formula in entry.formulas:
            usual = formula is entry.usual
            cells = [
                f"`{entry.name}`" if usual else "",
                f"`{formula.name}`",
                words(formula, entry),
                str(formula.kind or entry.kind),
                str(formula.better or entry.better),
                entry.window if usual else "",
                _complete(entry) if usual else "",
                (", ".join(f"`{g}`" for g in entry.guards) or "none") if usual else "",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
