"""What a channel's readers see, by a clock that goes on when it is told to: new messages, edits, replies in threads.

`retell` delivers news at the moments they were decided, through the real outbox and the real Slack channel to the
strict fake; the delivery and the fake live by the same clock. A picture is uploaded as an empty one of the size that
the drawn one had: what a reader is told of it is its size and its alternative text.
"""

import html
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fakeslack.server import FakeSlack

from cxmon.alerts import Slack
from cxmon.config.plan import Plan
from cxmon.model import Delivery, Message, OutboxRow, Receipt, Secret
from cxmon.pipeline.notify import deliver
from cxmon.pipeline.replay_delivery import Clock
from cxmon.store import Store

NEW, REPLY, EDIT, DRAWN = "new message", "in its thread", "edited", "its picture"
PICTURE = "[picture"


@dataclass(frozen=True, kw_only=True)
class Told:
    """One thing that a reader saw: when, in which channel, what sort of thing, about which message, and its lines. Of
    an edit only the lines that were not there before."""

    at: datetime
    channel: str
    sort: str
    ts: str
    lines: tuple[str, ...]


@dataclass
class WatchedSlack(FakeSlack):
    """The workspace with a reader who sees everything as it comes: what stood there before an edit is not lost."""

    told: list[Told] = field(default_factory=list)
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def answer(self, method: str, token: str, args: dict[str, Any]) -> dict[str, Any]:
        result = super().answer(method, token, args)
        if method in {"chat.postMessage", "chat.update"} and result["ok"]:
            thread = args.get("thread_ts")
            sort = EDIT if method == "chat.update" else REPLY if thread else NEW
            with self._lock:
                self._see(sort, thread or result["ts"], result["channel"], seen(args, self._size))
        return result

    def _size(self, file: str) -> str:
        return " × ".join(map(str, size_of(self.files[file]["data"])))

    def _see(self, sort: str, ts: str, channel: str, lines: tuple[str, ...]) -> None:
        fresh = tuple(line for line in lines if sort != EDIT or line not in self.shown[ts])
        if sort == EDIT and fresh and all(line.startswith(PICTURE) for line in fresh):
            sort = DRAWN
        if sort != REPLY:
            self.shown[ts] = lines
        at = datetime.fromtimestamp(self.clock(), UTC)
        self.told.append(Told(at=at, channel=self.channels[channel], sort=sort, ts=ts, lines=fresh))

    def written(self) -> str:
        """All that was seen as plain text, for people; of a message's pictures only the first."""
        first = {t.ts: t for t in self.told if t.sort == NEW}
        drawn = {t.ts: t for t in reversed(self.told) if t.sort == DRAWN}
        shown = [t for t in self.told if t.sort != DRAWN or drawn[t.ts] is t]
        return "\n".join(line for t in shown for line in (*_written(t, first[t.ts]), ""))


@dataclass(frozen=True, kw_only=True)
class Illustrated(Slack):
    """Slack with pictures of these sizes (width and height in pixels) by a message's key."""

    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def deliver(self, message: Message, previous: Receipt | None, picture: bytes | None) -> Receipt:
        size = self.sizes.get(message.key)
        return super().deliver(message, previous, picture if size is None else empty(*size))


def empty(width: int, height: int) -> bytes:
    """A white PNG."""
    rows = zlib.compress((b"\0" + b"\xff" * ((width + 7) // 8)) * height)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def retell(
    news: Iterable[tuple[datetime, str, Message]], folder: Path, sizes: Mapping[str, tuple[int, int]] | None = None
) -> tuple[WatchedSlack, list[str]]:
    """Delivers news (moment, channel, message), oldest first, with pictures of these `sizes`: the workspace in which it
    was seen, and what went wrong on the way."""
    slack, wrong = WatchedSlack(channels={}, polls_until_ready=0), []
    slack.start()
    try:
        with Store.open(f"sqlite:///{folder / 'told.db'}") as store:
            clock = Clock(datetime(2000, 1, 1, tzinfo=UTC))
            slack.clock = clock.seconds
            plan = Plan(path=folder / "cxmon.yaml", store_url="", zone="UTC")
            for at, channel, message in news:
                plan = _with(plan, channel, slack, sizes or {})
                clock.now = max(clock.now, at)
                row = OutboxRow(key=message.key, channel=channel, message=message, state=Delivery.WAITING)
                store.outbox.queue([row], clock.now)
                done = deliver(plan, store, now=clock.now, worker="w", ticking=clock.ticking)
                wrong += [f"{d.key}: {d.state.value} {d.error}" for d in done if d.state is not Delivery.SENT]
    finally:
        slack.stop()
    return slack, [*wrong, *slack.problems, *map(str, slack.refused)]


def _with(plan: Plan, channel: str, slack: FakeSlack, sizes: Mapping[str, tuple[int, int]]) -> Plan:
    id_ = f"C0{channel.upper()}"
    slack.channels[id_] = channel
    known = Illustrated(channel=id_, token=Secret("xoxb-good"), base_url=slack.url, sizes=sizes)
    return replace(plan, channels={**plan.channels, channel: known})


def seen(message: dict, size: Callable[[str], str] = str) -> tuple[str, ...]:
    """The lines of a message as they stand on a screen: blocks, else the text. `size` says how large a file is."""
    lines: list[str] = []
    blocks = message.get("blocks") or ()
    for block in json.loads(blocks) if isinstance(blocks, str) else blocks:
        if block["type"] in {"header", "section"}:
            lines += [block["text"]["text"]] if "text" in block else []
            lines += [part["text"].replace("\n", " ") for part in block.get("fields", ())]
        elif block["type"] == "context":
            lines += [e["text"] for e in block["elements"] if "text" in e]
        elif block["type"] == "image":
            lines.append(f"{PICTURE} {size(block['slack_file']['id'])}] {block['alt_text']}")
        elif block["type"] == "actions":
            lines.append(" ".join(f"[{e['text']['text']}]" for e in block["elements"]))
    lines = lines or [message.get("text", "")]
    return tuple(html.unescape(part) for line in lines for part in line.split("\n") if part.strip())


def _written(one: Told, first: Told) -> list[str]:
    of = "" if one.sort == NEW else f" · of {first.at:%Y-%m-%d}: {first.lines[0]}"
    mark = {NEW: "    ", REPLY: "      ↳ ", EDIT: "      ~ ", DRAWN: "      "}[one.sort]
    return [f"{one.at:%Y-%m-%d %H:%M} #{one.channel} · {one.sort}{of}", *(f"{mark}{line}" for line in one.lines)]
