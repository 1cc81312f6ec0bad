"""What comes together is told together: many new stories in one channel are one message, with one row for each."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cxmon.alerts.together_message import for_many
from cxmon.config.plan import Plan
from cxmon.contracts import Channel
from cxmon.model import Message, OutboxRow, Receipt
from cxmon.store import Store

log = logging.getLogger(__name__)

# From so many on, a person rather reads one message than each. A verdict says more than a line can hold.
LEAST, LEAST_VERDICTS = 10, 20
# How the error of a row begins that is on its way in a message with others, before the key of that message.
TOGETHER = "told together in "
_STORIES = {"incident": LEAST, "change": LEAST_VERDICTS}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows of one channel that one message tells. `members` are the newest of each story, `home` where the message
    stands already; `key` is made of the rows, so that it is found again after a crash."""

    channel: str
    key: str
    rows: tuple[OutboxRow, ...]
    members: tuple[Message, ...]
    home: Receipt | None = None

    @property
    def keys(self) -> list[str]:
        return [row.key for row in self.rows]


@dataclass
class Crowd:
    """Finds batches in one run; channels in which there is none are not looked through again."""

    plan: Plan
    store: Store
    looked: set[str] = field(default_factory=set)

    def batch(self, at: datetime) -> Batch | None:
        """The first batch that is due at `at`; None where what is due is told one by one."""
        for channel in self.store.outbox.crowded(at, LEAST):
            if channel in self.looked:
                continue
            found = self._of(channel, at)
            if found is not None:
                return found
            self.looked.add(channel)
        return None

    def _of(self, channel: str, at: datetime) -> Batch | None:
        stories: dict[str, list[OutboxRow]] = {}
        for row in self.store.outbox.pending(channel):
            if _kind(row.message.thread) in _STORIES:
                stories.setdefault(row.message.thread, []).append(row)
        due = {t: rows for t, rows in stories.items() if rows[0].not_before is None or rows[0].not_before <= at}
        homes = self.store.outbox.homes(channel, list(due))
        apart: dict[tuple[str, Receipt | None], list[list[OutboxRow]]] = {}
        for thread, rows in due.items():
            home = homes.get(thread)
            # A story that has a message of its own is told on there.
            if home is None or home.group:
                apart.setdefault((_kind(thread), home), []).append(rows)
        for (kind, home), told in apart.items():
            if len(told) >= _STORIES[kind]:
                return batch_of(channel, [row for rows in told for row in rows], home)
        return None


def _kind(thread: str) -> str:
    return thread.partition(":")[0]


def batch_of(channel: str, rows: Sequence[OutboxRow], home: Receipt | None, key: str = "") -> Batch:
    """The batch that tells these rows, in the order they were queued."""
    newest = {row.message.thread: row.message for row in rows}
    made = hashlib.sha256("|".join(sorted(row.key for row in rows)).encode()).hexdigest()[:16]
    return Batch(
        channel=channel, key=key or f"together:{made}|{len(newest)}|{channel}", rows=tuple(rows),
        members=tuple(newest.values()), home=home,
    )  # fmt: skip


def message_for(plan: Plan, store: Store, batch: Batch, at: datetime) -> Message:
    """The batch as one message; where its message stands already, that one as it is by now, with the news as reply."""
    members, labels = batch.members, {m.id: m.label for m in plan.metrics.values()}
    news: tuple[Message, ...] = ()
    if batch.home is not None:
        newer = {m.thread: m for m in members}
        standing = [row.message for row in store.outbox.told_with(batch.home, batch.channel)]
        # A receipt that a newer version writes in other words finds no rows: then the news alone is the message.
        # An edit that calls nobody is no news.
        said = {row.message.thread for row in batch.rows if row.message.reply}
        news = tuple(m for m in members if m.thread in said)
        members = tuple(newer.get(m.thread, m) for m in standing) or batch.members
    return for_many(
        members, key=batch.key, at=at, labels=labels, zone=plan.zone, board_url=plan.board_url, news=news
    )  # fmt: skip


def in_its_thread(plan: Plan, store: Store, row: OutboxRow, home: Receipt, at: datetime) -> Message:
    """Later news of one story that was told with others: the message of all as they are now, and the news below."""
    known, said = batch_of(row.channel, [row], home, key=row.key), row.message.reply
    # Among many stories the news has to say which one it is of.
    silent = not said or row.message.title in said
    named = row.message if silent else replace(row.message, reply=f"{row.message.title}\n{said}")
    message = message_for(plan, store, replace(known, members=(named,)), at)
    return replace(message, key=row.key, thread=row.message.thread, aloud=row.message.aloud)


def spared(channel: Channel, message: Message) -> bool:
    """Whether a channel does not get a later message of a story: it calls nobody, and there is nothing to edit. The
    next news says what it says."""
    return message.reply is None and not getattr(channel, "edits", False)


def landed(receipt: Receipt, batch: Batch) -> Receipt:
    """What all rows of a batch keep of where it landed."""
    return batch.home or replace(receipt, detail=json.dumps({"group": batch.key}))


def doubtful(rows: Sequence[OutboxRow], homes: Callable[[str, Sequence[str]], Mapping[str, Receipt]]) -> list[Batch]:
    """The batches among rows in doubt: those whose error names the same message."""
    together: dict[tuple[str, str], list[OutboxRow]] = {}
    for row in rows:
        if row.error.startswith(TOGETHER):
            together.setdefault((row.channel, row.error), []).append(row)
    found = []
    for (channel, error), mine in together.items():
        known = homes(channel, [row.message.thread for row in mine])
        home = known.get(mine[0].message.thread)
        found.append(batch_of(channel, mine, home, key=error.removeprefix(TOGETHER)))
    return found
