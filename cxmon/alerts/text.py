"""A neutral message as plain lines for a terminal or a log: no colours, no control characters from data."""

import textwrap
from collections.abc import Iterator

from cxmon.alerts.markup import clean, cut, linked, safe_url
from cxmon.alerts.parts import one_line
from cxmon.model import Message
from cxmon.wording.messages import RECORDS, commands
from cxmon.wording.shapes import SHAPES

WIDTH = 110
_INDENT = "  "
_LABEL = 24


def render(message: Message, *, update: bool = False) -> str:
    """The message in full; an `update` of what was told before is headed by its reply."""
    news = [f"↳ {clean(line)}" for line in (message.reply or "").splitlines() if update and clean(line)]
    lines = [*news, f"{SHAPES[message.tone]} {one_line(clean(message.badge), clean(message.title))}"]
    # The long form says all that the lines say.
    for line in () if message.sections else message.lines:
        lines += _wrapped(clean(line))
    for fact in message.facts:
        lines += _fact(clean(fact.label), clean(fact.text))
    lines += [_INDENT + line for line in record_lines(message)]
    for one in message.sections:
        lines += ["", _INDENT + clean(one.heading)]
        for line in one.lines:
            lines += _item(clean(line))
    lines += [""] if message.sections else []
    tail = (safe_url(message.link) or "", clean(message.footer), command_hint(message))
    lines += [_INDENT + line for line in tail if line]
    return "\n".join(lines) + "\n"


def record_lines(message: Message) -> list[str]:
    """The records behind it with their addresses, a line each; nothing where none is linked."""
    found = linked(message.records)
    return [f"{RECORDS}:", *(f"  {cut(clean(name), WIDTH)}  {url}" for name, url in found)] if found else []


def command_hint(message: Message) -> str:
    """What to type instead of pressing a button that nobody hears: `cxmon ack ID · cxmon why ID`; empty without
    actions."""
    ids = {action.name: clean(action.value) for action in message.actions}
    return commands(ids.get("acknowledge", ""), ids.get("add_note") or ids.get("acknowledge", ""))


def _wrapped(line: str) -> Iterator[str]:
    yield from textwrap.wrap(line, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False)


def _item(line: str) -> Iterator[str]:
    head = f"{_INDENT}- "
    yield from textwrap.wrap(
        line, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
    )


def _fact(label: str, text: str) -> Iterator[str]:
    head = f"{_INDENT}{cut(label, WIDTH // 2):<{_LABEL}} "
    below = " " * len(f"{_INDENT}{'':<{_LABEL}} ")
    yield from textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=below, break_on_hyphens=False)
