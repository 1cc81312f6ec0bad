"""A neutral message as Slack's Block Kit, within Slack's limits. Pure: dictionaries out, nothing is sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxmon.alerts.markup import clean, cut, cut_lines, escape, linked, safe_url, size, unformatted
from cxmon.alerts.parts import one_line
from cxmon.alerts.text import command_hint, record_lines
from cxmon.model import Action, Fact, Message, Record, Tone
from cxmon.wording.messages import EXACT_VIEW, RECORDS

Block = dict[str, Any]

# A shape and a colour each; the word always stands beside them.
SHAPES: Mapping[Tone, str] = {Tone.RED: "🛑", Tone.AMBER: "🔶", Tone.TEAL: "🟢", Tone.GREY: "⚪"}

HEADER = 150
SECTION = 3_000
FIELD = 2_000
FIELDS = 10
BUTTON = 75
BUTTONS = 25
VALUE = 2_000
ALT = 2_000
TEXT = 3_900
_FACTS = 40
_FORMATTING = 8


def notification(message: Message) -> str:
    """The `text` of a payload: what notifications and screen readers get, escaped, never empty."""
    return _escaped(message.text or message.title, TEXT) or "cxmon"


def plain_text(message: Message) -> str:
    """The whole message as escaped text without blocks: the fallback where Slack refuses the blocks."""
    facts = [f"{f.label}: {f.text}" for f in message.facts]
    link = safe_url(message.link)
    told = [one_line(message.badge, message.title), *message.lines, *facts, *record_lines(message)]
    lines = [*told, message.footer, link or ""]
    kept = cut_lines([unformatted(clean(line)) for line in lines if line], TEXT)
    return "\n".join(escape(line) for line in kept) or "cxmon"


def render(message: Message, *, image: str | None = None, interactive: bool = False) -> list[Block]:
    """The blocks of a message. `image` is the id of an uploaded file; `interactive` tells that somebody hears buttons:
    without it the actions are named as commands, because a button that does nothing is worse than none."""
    blocks: list[Block] = [
        {"type": "header", "text": plain(message.title or message.text, HEADER)},
        {"type": "section", "text": _body(message)},
        *_facts(message.facts),
        *_records(message.records),
    ]
    if image is not None:
        alt = cut(clean(message.picture.alt if message.picture else message.text), ALT) or "chart"
        blocks.append({"type": "image", "slack_file": {"id": image}, "alt_text": escape(alt)})
    if interactive and message.actions:
        blocks.append({"type": "actions", "elements": [_button(a) for a in message.actions[:BUTTONS]]})
    footer = _footer(message, commands=not interactive)
    return [*blocks, *footer]


def render_reply(reply: str) -> list[Block]:
    """A reply in a message's thread."""
    lines = cut_lines([unformatted(clean(line)) for line in reply.splitlines() if clean(line)], SECTION)
    return [{"type": "section", "text": mrkdwn("\n".join(escape(line) for line in lines) or "…")}]


def image_in(blocks: Any) -> str:
    """The id of the file that a message's blocks, as Slack gives them back, show as its picture; else empty."""
    for block in blocks if isinstance(blocks, list) else []:
        file = block.get("slack_file") if isinstance(block, dict) else None
        if isinstance(file, dict) and isinstance(file.get("id"), str):
            return str(file["id"])
    return ""


def reply_text(reply: str) -> str:
    """The `text` of a reply."""
    return _escaped(reply, TEXT) or "…"


def _escaped(text: str, limit: int) -> str:
    return escape(cut(unformatted(clean(text)), limit))


def plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": escape(cut(clean(text), limit)) or "cxmon", "emoji": False}


def mrkdwn(escaped: str) -> Block:
    return {"type": "mrkdwn", "text": escaped, "verbatim": True}


def _body(message: Message) -> Block:
    badge = f"{SHAPES[message.tone]} {cut(unformatted(clean(message.badge)), HEADER)}"
    room = SECTION - size(badge) - _FORMATTING
    lines = cut_lines([unformatted(clean(line)) for line in message.lines if clean(line)], room)
    return mrkdwn("\n".join([f"*{escape(badge)}*", *(escape(line) for line in lines)]))


def _facts(facts: Sequence[Fact]) -> list[Block]:
    shown = [_field(fact) for fact in facts[:_FACTS]]
    if len(facts) > _FACTS:
        shown[-1] = mrkdwn(f"… (+{len(facts) - _FACTS + 1} more)")
    return [{"type": "section", "fields": shown[i : i + FIELDS]} for i in range(0, len(shown), FIELDS)]


def _field(fact: Fact) -> Block:
    label = _escaped(fact.label, HEADER) or "…"
    return mrkdwn(f"*{label}*\n{_escaped(fact.text, FIELD - len(label.encode('utf-16-le')) // 2 - _FORMATTING)}")


def _records(records: Sequence[Record]) -> list[Block]:
    """Links into the vendor's own system, each named by its id there."""
    links = [f"<{escape(url)}|{_escaped(name, HEADER)}>" for name, url in linked(records)]
    return [{"type": "context", "elements": [mrkdwn(f"{RECORDS}: {' · '.join(links)}")]}] if links else []


def _button(action: Action) -> Block:
    return {
        "type": "button",
        "action_id": cut(clean(action.name), 255),
        "text": plain(action.label, BUTTON),
        "value": cut(clean(action.value), VALUE),
    }


def _footer(message: Message, *, commands: bool) -> list[Block]:
    parts = [_escaped(message.footer, FIELD)]
    link = safe_url(message.link)
    if link:
        parts.insert(0, f"<{escape(link)}|{EXACT_VIEW}>")
    hint = command_hint(message) if commands else ""
    if hint:
        parts.append(f"`{_escaped(hint, 300)}`")
    elements = [mrkdwn(part) for part in parts if part]
    return [{"type": "context", "elements": elements}] if elements else []
