"""News that was overtaken before it could be told: its story as it stands by now, in one message.

The rows that such a message tells with its own are taken along in one transaction before it is sent, and share its
fate: after a kill they are in doubt with it, so that nothing is told a second time behind it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cxmon.model import Delivery, Message, OutboxRow
from cxmon.pipeline.notify_together import LEASE_S, NOT_ARRIVED, REPEAT, as_repeat
from cxmon.pipeline.route import MUTED
from cxmon.store import Store
from cxmon.wording import quieting

# How the error begins of a row that the message of another one tells, while that is on its way.
ALONG = "told with "
# News that waited so long is not worth a call each: what a story brought in an outage is one message.
LATE = timedelta(hours=1)
# So many pieces of news fit into one reply; where there are more, the newest ones stand there.
MOST = 5


def as_it_stands(store: Store, row: OutboxRow, *, first: bool, at: datetime) -> tuple[Message, list[OutboxRow]]:
    """What to send for a row: itself, or its story as it stands by now, with the rows that this tells too.

    So it is where the channel has refused a story's beginning (`first`) before, where a mute held it back, and where it
    waited for an hour.
    """
    message = as_repeat(row.message) if row.error.startswith(REPEAT) else row.message
    waited = row.error.startswith(MUTED)
    late = row.queued_at is not None and at - row.queued_at >= LATE
    refused = first and not row.error.startswith(NOT_ARRIVED)
    if not row.error or row.error.startswith(REPEAT) or not (refused or waited or late):
        return message, []
    newer = [
        r
        for r in store.outbox.story(message.thread)
        if r.channel == row.channel and r.state is Delivery.WAITING and r.key != row.key
    ]
    if not newer:
        return message, []
    latest = newer[-1].message
    told = quieting.told_late(row.message, muted=waited)
    # What people did brings no picture of its own, and an edit that calls nobody takes no news away.
    said = list(dict.fromkeys(m.reply for m in (message, *(r.message for r in newer)) if m.reply))
    picture = latest.picture or message.picture
    reply = None if first or not said else said[-1] if waited else quieting.newest_of(said, MOST)
    return replace(latest, key=message.key, reply=reply, lines=(*latest.lines, told), picture=picture), newer


def take_along(store: Store, row: OutboxRow, others: Sequence[OutboxRow], *, at: datetime, worker: str) -> bool:
    """Whether the rows that the message of `row` tells too are taken for it; False where somebody else has one."""
    keys = [other.key for other in others]
    return not keys or store.outbox.take(keys, at, worker=worker, lease_s=LEASE_S, error=f"{ALONG}{row.key}")


def along(store: Store, row: OutboxRow) -> list[str]:
    """The keys of the rows that were taken along with `row`."""
    return [r.key for r in store.outbox.story(row.message.thread) if r.error == f"{ALONG}{row.key}"]


def let_go(store: Store, keys: Sequence[str], at: datetime) -> None:
    """Their message did not tell them: each is due by itself again. Before anything is said of the row that they went
    with, so that a kill between leaves that one in doubt and none of them behind."""
    if keys:
        store.outbox.later_together(keys, "", at)


def left_behind(store: Store, stuck: Iterable[OutboxRow]) -> list[str]:
    """The keys of rows in doubt that went with one that is not on its way any more."""
    found = []
    for row in stuck:
        if row.error.startswith(ALONG):
            lead = row.error.removeprefix(ALONG)
            going = (r for r in store.outbox.story(row.message.thread) if r.key == lead)
            found += [row.key] if all(r.state is not Delivery.SENDING for r in going) else []
    return found
