"""What `cxmon sources test` shows: on one screen whether all is right, what is wrong, and ten records."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cxmon.cli.common import written
from cxmon.wording import counted

if TYPE_CHECKING:
    from cxmon.pipeline.probe import Counted, Look

WIDE, HIGH = 100, 24
# Rows of what is shown, with their heading and the line above, and what a look may take at most.
_TABLE, _WRONG = 12, 3


def screen(title: str, looks: Sequence["Look"], *, whole: bool = False) -> list[str]:
    """Lines of at most `WIDE` signs, no more than `HIGH` where all is right; `whole` says everything, however long.

    What is wrong stands first and is never shortened.
    """
    bad = [look for look in looks if look.error]
    aside = sum(one.rejected for look in looks for one in look.metrics)
    lines = [f"{title}: {_verdict(looks, bad)}" + (f", {counted(aside, 'row')} set aside" if aside else "")]
    if not looks:
        return [*lines, "  no metric reads from it, so there is nothing to look for"]
    ordered = [*bad, *(look for look in looks if not look.error)]
    tables = [look for look in ordered if look.rows]
    room = HIGH - 1 - (_TABLE if tables else 0)
    blocks = [_block(look, whole=whole) for look in ordered]
    kept = len(blocks)
    while not whole and kept > max(1, len(bad)) and sum(map(len, blocks[:kept])) + (kept < len(blocks)) > room:
        kept -= 1
    lines += [line for block in blocks[:kept] for line in block]
    if kept < len(blocks):
        lines.append(f"  and {len(blocks) - kept} more, which can be read as well (--all shows them)")
    for look in tables if whole else tables[:1]:
        lines += ["", *_table(look, whole=whole)]
    return lines


def _verdict(looks: Sequence["Look"], bad: Sequence["Look"]) -> str:
    if not all(look.access for look in looks):
        return f"credentials refused for {sum(not look.access for look in looks)} of {len(looks)}"
    if bad:
        return f"{len(bad)} of {len(looks)} cannot be read"
    asked = any(look.filled for look in looks)
    return "credentials accepted, all can be read" if asked else "all can be read" if looks else "not looked at"


def _block(look: "Look", *, whole: bool) -> list[str]:
    if not look.access:
        return [f"  {look.what}: credentials refused", f"    {look.error}"]
    if look.error:
        lines = [f"  {look.what}: failed", f"    {look.error}"]
        sound = [f"{one.metric} {_said(one)}" for one in look.metrics]
        return lines + ([_listed("    counts all the same: ", sound, whole=whole)] if sound else [])
    newest = f", newest {look.newest:%Y-%m-%d %H:%M} UTC" if look.newest else ""
    lines = [_short(f"  {look.what}: {written(look.records)} {look.of}{newest}", whole=whole)]
    wrong = [one for one in look.metrics if one.rejected]
    shown = wrong if whole else wrong[:_WRONG]
    lines += [f"    {one.metric}: {_said(one)}, {written(one.rejected)} set aside ({one.reason})" for one in shown]
    if len(wrong) > len(shown):
        lines.append(f"    and {counted(len(wrong) - len(shown), 'metric')} more that set rows aside")
    sound = [f"{one.metric} {_said(one)}" for one in look.metrics if not one.rejected]
    if sound and (look.filled or whole or look.what != look.metrics[0].metric):
        lines.append(_listed("    counts: ", sound, whole=whole))
    return lines + _fields(look, whole=whole)


def _said(one: "Counted") -> str:
    return f"{written(one.count)}" + (f" ({written(one.others)} not, or not yet)" if one.others else "")


def _fields(look: "Look", *, whole: bool) -> list[str]:
    """How many records have a value in each field: those that metrics read first, and of these the emptiest first."""
    read = set(look.rows[0]) if look.rows else set()
    ordered = sorted(look.filled, key=lambda name: (name not in read, look.filled[name]))
    parts = [f"{name} {look.filled[name]:.0%}" for name in ordered if look.filled[name] < 1]
    if not look.filled or not look.records:
        return []
    if not parts:
        return [f"    fields: all {len(look.filled)} are filled everywhere"]
    return [_listed("    filled: ", parts, whole=whole)]


def _listed(label: str, parts: Sequence[str], *, whole: bool) -> str:
    """As many parts as a line takes, and how many more there are."""
    line = label + ", ".join(parts)
    kept = len(parts)
    while not whole and len(line) > WIDE and kept > 1:
        kept -= 1
        line = label + ", ".join(parts[:kept]) + f" and {len(parts) - kept} more"
    return line


def _short(line: str, *, whole: bool) -> str:
    return line if whole or len(line) <= WIDE else line[: WIDE - 1] + "…"


def _table(look: "Look", *, whole: bool) -> list[str]:
    names = list(look.rows[0])
    cells = [names, *([str(row[name]) for name in names] for row in look.rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(names))]
    fits = [k for k in range(len(names)) if whole or 4 + sum(widths[: k + 1]) + 2 * k <= WIDE] or [0]
    return ["    " + "  ".join(row[k].ljust(widths[k]) for k in fits).rstrip() for row in cells]
