"""What a declared change explains joins that change's thread: a reply there, and no message of its own."""

import hashlib
import logging
from dataclasses import replace
from datetime import datetime

from cxmon.alerts.declared_message import declared_thread, for_declared
from cxmon.alerts.parts import news_key
from cxmon.config.plan import Plan
from cxmon.decisions.routing import severity_of
from cxmon.incidents import Reason
from cxmon.model import EVERYONE, Declared, Incident, Message, News, OutboxRow, Step, Transition
from cxmon.pipeline.explaining import VERDICT
from cxmon.pipeline.route import Router, channels_of
from cxmon.store import Store
from cxmon.wording.joining import seen_reply

log = logging.getLogger(__name__)

NOTE = f"{Reason.EXPLAINED.value}:"
STEP = "explained"


def tell_explained(plan: Plan, store: Store, *, now: datetime) -> int:
    """Queues what the notes on the open incidents of verdicts say, once each, and counts it.

    It goes as a reply into the thread of the change's verdict, else of the message that declared it, in every channel
    that has threads. Where neither stands yet, or a silence covers it, it waits: every look tries again.
    """
    noted = store.incidents.noted((NOTE,))
    if not noted:
        return 0
    router, threaded = Router(plan, store, now=now), _threaded(plan)
    rows = [
        row
        for incident in store.incidents.open(VERDICT)
        if incident.id in noted
        for row in _rows(plan, store, router, incident, now)
        if row.channel in threaded
    ]
    if rows:
        store.outbox.queue(rows, now)
    return len(rows)


def _threaded(plan: Plan) -> frozenset[str]:
    """The channels in which a reply is no message of its own."""
    return frozenset(name for name, channel in channels_of(plan).items() if getattr(channel, "edits", False))


def _rows(plan: Plan, store: Store, router: Router, incident: Incident, now: datetime) -> list[OutboxRow]:
    declared = store.changes.get(incident.subject)
    if declared is None:
        return []
    own, first = store.outbox.story(incident.thread), store.outbox.story(declared_thread(incident.subject))
    stands = {r.channel: r.message for r in (*first, *own)}
    known = {r.key for r in (*first, *own)}
    rows = []
    for note in store.incidents.history(incident.id):
        if note.step is not Step.NOTED or not note.reason.startswith(NOTE):
            continue
        key = _key(incident, note)
        if all(f"{key}|{channel}" in known for channel in stands):
            continue
        for channel, message in stands.items():
            rows += _row(plan, router, store, declared, _as_reply(plan, declared, message, key, note, now), channel)
    return [row for row in rows if row.key not in known]


def _key(incident: Incident, note: Transition) -> str:
    """The same for one check, metric and segment, wherever it is told."""
    said = hashlib.sha256(f"{incident.id}|{note.reason.partition(';')[0]}".encode()).hexdigest()[:12]
    return news_key(incident.thread, STEP, said)


def _as_reply(plan: Plan, declared: Declared, last: Message, key: str, note: Transition, now: datetime) -> Message:
    """The message that stands there, with the note as its newest reply; one that declared the change may have been
    edited since, so it is made anew where it is not the same declaration any more."""
    if last.thread == declared_thread(declared.change.id):
        anew = for_declared(declared, metrics=plan.metrics, zone=plan.zone, board_url=plan.board_url)
        last = last if last.key.startswith(anew.key) or f"|{STEP}|" in last.key else anew
    return replace(last, key=key, reply=seen_reply(note.reason), aloud=False, at=now)


def _row(
    plan: Plan, router: Router, store: Store, declared: Declared, message: Message, channel: str
) -> list[OutboxRow]:  # fmt: skip
    """The row for one channel, where the news of the change may be told now."""
    verdict = store.verdicts.latest(declared.change.id)
    found = () if verdict is None else tuple(h.metric for h in verdict.harms if h.code is verdict.code)
    news = News(
        metrics=found, segment=declared.change.reach.segment if declared.change.scope.values else EVERYONE,
        check=VERDICT, owner=declared.change.owner, severity=None if verdict is None else severity_of(verdict),
    )  # fmt: skip
    return [row for row in router.place(message, news).rows if row.channel == channel and channel in plan.channels]
