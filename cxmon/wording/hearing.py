"""Which channels heard of each decision about an incident, or why none did, from the rows that were written for it."""

import math
from collections.abc import Sequence
from datetime import UTC

from cxmon.model import BY_HAND, Delivery, OutboxRow, Step, Transition, written
from cxmon.wording import delivering, quieting

# How the notes begin that keep what was not told, and what that says of the step they are about.
_KEPT = {quieting.SILENCED: "a silence covered it", quieting.INHIBITED: "a wider incident told of it"}
_OVER = (quieting.OVER, quieting.WIDER_OVER)
_OF_PEOPLE = BY_HAND | {Step.ACKNOWLEDGED}
# The numbers of a decision by the words that its sentence uses; the others are called what they are kept as.
_CALLED = {"score": "size", "told_score": "last told at", "looked_at": "segments watched"}


def numbers_behind(step: Transition) -> str:
    """`value 261.8, expected 184.5, size 4.195, last told at 4.195`, without the period, which is a date."""
    known = {name: x for name, x in step.numbers.items() if name != "period" and math.isfinite(x)}
    return ", ".join(f"{_CALLED.get(name, name)} {written(x, '.4g')}" for name, x in known.items())


def heard(history: Sequence[Transition], rows: Sequence[OutboxRow]) -> list[str]:
    """For each step of a story what was told of it, empty where it was a decision to stay silent. `rows` are the
    story's messages, in the order in which they were queued."""
    found, held = [], list[OutboxRow]()
    for i, one in enumerate(history):
        if one.step is Step.NOTED:
            over = one.reason.partition(":")[0] in _OVER
            found.append(_told(held, rows) if over and held else "")
            continue
        mine = [row for row in rows if _is_of(one, row)]
        kept = next((_kept(one, later) for later in history[i + 1 :] if _kept(one, later)), "")
        if kept:
            # The rows of what is told after all are those of the step: they belong to the line that says so.
            held = mine
            found.append(f"told to nobody then: {kept}")
        elif mine:
            found.append(_told(mine, rows))
        else:
            nobody = "no channel knew of it" if one.step in _OF_PEOPLE else "no message was made of it"
            found.append(f"told to nobody: {nobody}")
    return found


def _is_of(step: Transition, row: OutboxRow) -> bool:
    """A change's story is told by its verdicts, which are of the moment of the step; others by the step and what
    brought it, or, as an allowance's, whose key names its year, the moment."""
    if row.message.thread.startswith("change:"):
        return row.message.at == step.at
    parts = row.key.split("|")
    period = step.numbers.get("period")
    if len(parts) < 3 or parts[1] != step.step.value:
        return False
    if period is not None:
        return parts[2] == f"{period:.0f}"
    return parts[2] == step.at.isoformat() or row.message.at == step.at


def _kept(step: Transition, later: Transition) -> str:
    """Why a step was told to nobody, where a later line is the note of that."""
    name, _, said = later.reason.partition(":")
    about = later.step is Step.NOTED and later.at == step.at and said.startswith(f" that it {step.step.value} was not")
    return _KEPT.get(name, "") if about else ""


def _told(mine: Sequence[OutboxRow], rows: Sequence[OutboxRow]) -> str:
    return "told in " + "; ".join(_where(row, rows) for row in mine)


def _where(row: OutboxRow, rows: Sequence[OutboxRow]) -> str:
    if row.state is not Delivery.SENT:
        due = row.not_before
        waits = f" until {due.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if due and not row.error else ""
        return f"{row.channel} ({delivering.trouble(row)}{waits})"
    first = next(r for r in rows if r.channel == row.channel)
    if row.message.reply is None and row.key != first.key:
        # What was printed, or is a letter, cannot be edited: then the next news says it.
        return f"{row.channel}, calling nobody (its message is edited where that is possible)"
    if row.receipt is not None and row.receipt.group:
        return f"{row.channel}, in one message with others"
    return row.channel
