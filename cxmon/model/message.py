"""What is told: neutral blocks that each channel renders in its own format."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cxmon.model.behind import Record


class Tone(StrEnum):
    """Meaning of a colour; shape and word always stand beside it."""

    RED = "red"
    AMBER = "amber"
    TEAL = "teal"
    GREY = "grey"


@dataclass(frozen=True, kw_only=True)
class Fact:
    label: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A part of the long form of a message, for channels with room: a heading and its lines."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Which chart goes with the message: drawn when it is delivered, by the board's own chart definition. Those
    `below` stand in the same picture."""

    metric: str
    segment: str
    change: str | None
    title: str
    subtitle: tuple[str, ...]
    alt: str
    below: tuple["Picture", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button. `name` is acknowledge, silence, we_know_why or show_segments; `value` an opaque id."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """One thing to tell. `thread` names the story it belongs to: its first message is edited, later ones are replies.

    `text` is the plain one-line form (notifications, screen readers). `sections` are told where there is room for
    more than a few lines. All strings are data: channels escape them. `aloud`: its reply is for the whole channel, not
    only for who follows the thread. `weight` is how large it is, for the order among many of one tone. `evidence` is
    the incident whose records at the vendor are linked; `records` are those, looked up when it is delivered and never
    kept: a message is kept for longer than records may be.
    """

    key: str
    thread: str
    tone: Tone
    badge: str
    title: str
    text: str
    lines: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    footer: str = ""
    link: str | None = None
    picture: Picture | None = None
    actions: tuple[Action, ...] = ()
    reply: str | None = None
    at: datetime | None = None
    sections: tuple[Passage, ...] = ()
    aloud: bool = False
    weight: float = 0.0
    evidence: str = ""
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Where a message landed: enough to edit it and to reply in its thread."""

    channel: str
    ref: str
    detail: str = ""

    @property
    def group(self) -> str:
        """The key of the message that told a story together with others; empty where it has one of its own."""
        if not self.detail.startswith("{"):
            return ""
        try:
            found = json.loads(self.detail)
        except ValueError:
            return ""
        return str(found.get("group", ""))


class Delivery(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    PARKED = "parked"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class OutboxRow:
    """A message on its way to one channel. `key` is made from content, so that the same news is queued once."""

    key: str
    channel: str
    message: Message
    state: Delivery
    attempts: int = 0
    not_before: datetime | None = None
    claimed_at: datetime | None = None
    queued_at: datetime | None = None
    error: str = ""
    receipt: Receipt | None = None
