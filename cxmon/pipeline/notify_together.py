"""One message for many rows on its way to a channel: claimed together, sent or looked up together, none lost."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from cxmon.config.plan import Plan
from cxmon.contracts import Channel
from cxmon.errors import DeliveryError
from cxmon.failpoints import failpoint
from cxmon.model import Delivery, Message, OutboxRow
from cxmon.pipeline.drawing import draw
from cxmon.pipeline.together import Batch, Crowd, doubtful, landed, message_for, spared
from cxmon.store import Store

log = logging.getLogger(__name__)

LEASE_S = 60.0
# Our clock may run ahead of the channel's: the look-up begins well before the claim.
LOOK_BACK = timedelta(days=1)
REPEAT = "possible repeat"
NOT_ARRIVED = "it did not arrive at the first try"


class Running(Protocol):
    """One run of `deliver`."""

    plan: Plan
    store: Store
    worker: str
    channels: Mapping[str, Channel]

    @property
    def at(self) -> datetime: ...


def tell(
    run: Running, crowd: Crowd, batch: Batch, pace: Callable[[str, Channel], None]
) -> tuple[Delivery, DeliveryError | None]:
    """Sends a batch that was taken as one message: what its rows are then, and what the channel said where it was not
    sent. What cannot be told together at all waits, and is told one by one in this run."""
    channel, outbox = run.channels.get(batch.channel), run.store.outbox
    if channel is None:
        return Delivery.WAITING, DeliveryError("the configuration has no such channel any more", permanent=True)
    failpoint("notify-together-taken")
    message = message_for(run.plan, run.store, batch, run.at)
    if batch.home is not None and spared(channel, message):
        outbox.sent_together(batch.keys, batch.home, run.at)
        return Delivery.SENT, None
    if any(row.error.startswith(REPEAT) for row in batch.rows):
        message = as_repeat(message)
    picture = draw(run.store, run.plan.metrics, message, channel)
    pace(batch.channel, channel)
    try:
        receipt = channel.deliver(message, batch.home, picture)
    except Exception as found:
        if isinstance(found, DeliveryError) and not found.payload:
            return Delivery.WAITING, found
        log.exception("%s cannot be told together in %s", batch.key, batch.channel)
        crowd.looked.add(batch.channel)
        outbox.later_together(batch.keys, "", run.at)
        return Delivery.WAITING, None
    finally:
        pace(batch.channel, channel)
    failpoint("notify-together-delivered")
    outbox.sent_together(batch.keys, landed(receipt, batch), run.at)
    return Delivery.SENT, None


def look_up(run: Running, stuck: Sequence[OutboxRow]) -> list[OutboxRow]:
    """The batches among rows in doubt: all of one arrived, which is given back, or none, which is sent again."""
    sent: list[OutboxRow] = []
    outbox = run.store.outbox
    for batch in doubtful(stuck, outbox.homes):
        channel = run.channels.get(batch.channel)
        if channel is None:
            # One by one they are parked, as all rows of a channel that is configured no longer.
            outbox.later_together(batch.keys, "", run.at)
            continue
        since = (batch.rows[0].claimed_at or run.at) - LOOK_BACK
        try:
            found = channel.find(message_for(run.plan, run.store, batch, run.at), since, batch.home)
        except DeliveryError as problem:
            if problem.permanent:
                outbox.later_together(batch.keys, f"{REPEAT}: {problem}", run.at)
            else:
                log.warning("%s is still in doubt: %s", batch.key, problem)
            continue
        except Exception:
            log.exception("channel %s cannot look for %s", batch.channel, batch.key)
            continue
        if found is None:
            outbox.later_together(batch.keys, NOT_ARRIVED, run.at)
            continue
        outbox.sent_together(batch.keys, landed(found, batch), run.at)
        sent += batch.rows
    return sent


def as_repeat(message: Message) -> Message:
    """The same, saying that it may have been told before."""
    reply = f"{message.reply} ({REPEAT})" if message.reply else message.reply
    return replace(message, footer=f"{message.footer} · {REPEAT}", reply=reply)
