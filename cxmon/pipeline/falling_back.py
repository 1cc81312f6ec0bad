"""While a channel takes nothing, its messages go to its fallback too, once each; they stay queued for it as well."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from cxmon.config.plan import Plan
from cxmon.model import Delivery, OutboxRow
from cxmon.store import Store
from cxmon.wording import quieting

log = logging.getLogger(__name__)

# Somebody who is mending a token needs some minutes; who waits for an alert should not need many more.
AFTER = timedelta(minutes=15)


def fall_back(plan: Plan, store: Store, *, now: datetime) -> list[OutboxRow]:
    """Queue for the fallback what a channel has not taken since `AFTER`, and what came behind it.

    The key is the message's with the other channel's name, so that it is queued once, whoever does it and how often.
    """
    if not plan.fallbacks:
        return []
    queued: list[OutboxRow] = []
    for name, (since, error) in store.outbox.blocked().items():
        to = plan.fallbacks.get(name)
        if to is None or since > now - AFTER:
            continue
        said = quieting.told_here(name, error)
        # Who was told before the outage is called by no edit, so nobody is elsewhere.
        due = [r for r in store.outbox.unsent(name, now) if r.message.reply or not _known(store, r)]
        rows = [_copy(row, to, said) for row in due]
        known = store.outbox.known([row.key for row in rows])
        queued += [row for row in rows if row.key not in known]
    if queued:
        log.warning("%d messages go to fallbacks: %s", len(queued), sorted({row.channel for row in queued}))
        store.outbox.queue(queued, now)
    return queued


def _known(store: Store, row: OutboxRow) -> bool:
    return store.outbox.first_receipt(row.message.thread, row.channel) is not None


def _copy(row: OutboxRow, to: str, said: str) -> OutboxRow:
    key = f"{row.key.removesuffix(f'|{row.channel}')}|{to}"
    message = replace(row.message, key=key, lines=(*row.message.lines, said))
    return OutboxRow(key=key, channel=to, message=message, state=Delivery.WAITING)
