"""remind: what was decided and is due, or overdue, reaches who is to see to it, once each."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from cxmon.alerts.response_message import for_reminder, reminds
from cxmon.config.plan import Plan
from cxmon.decisions.following import Followed, followed
from cxmon.decisions.routing import severity_of
from cxmon.model import EVERYONE, Change, Incident, Message, OutboxRow, Response, Severity, Verdict
from cxmon.pipeline.judge_telling import CHECK
from cxmon.pipeline.route import place, severity_of_check, types_of
from cxmon.store import Store
from cxmon.wording.answers import ended_at

LOG = logging.getLogger("cxmon.remind")


@dataclass(frozen=True, kw_only=True)
class Reminded:
    """A response that is due or overdue, why, and to which channels its reminder goes (none where it is silenced)."""

    response: Response
    how: Followed
    channels: tuple[str, ...]


def remind(plan: Plan, store: Store, *, now: datetime) -> list[Reminded]:
    """Queues a reminder for every response that is due or overdue at `now`; one that was queued before stays one.

    It goes where the news of the change or incident goes, and stands in the same story.
    """
    said = store.changes.responses()
    if not any(r.due is not None and r.due <= now for r in said):
        return []
    changes = {d.change.id: d.change for d in store.changes.all()}
    done, queued = [], []
    for response in said:
        change = changes.get(response.subject)
        incident = None if change is not None else store.incidents.get(response.subject)
        how = followed(response, now=now, others=said, changes=changes.values(), ended=ended_at(change, incident))
        LOG.debug("remind subject=%s standing=%s reason=%s", response.subject, how.standing, how.reason)
        if how.reminds:
            rows = _rows(plan, store, response, how, change, incident, now)
            queued += rows
            done.append(Reminded(response=response, how=how, channels=tuple(r.channel for r in rows)))
    if queued:
        store.outbox.queue(queued, now)
    return done


def _rows(
    plan: Plan, store: Store, response: Response, how: Followed, change: Change | None, incident: Incident | None,
    now: datetime,
) -> list[OutboxRow]:  # fmt: skip
    """The reminder for each channel. Where the story was told before, its first message stays and a reply is added."""
    thread = f"change:{change.id}" if change is not None else f"incident:{response.subject}"
    message = for_reminder(
        response=response, how=how, thread=thread, title=_title(plan, change, incident, response), zone=plan.zone,
        board_url=plan.board_url, change=change.id if change is not None else "", at=now,
    )  # fmt: skip
    verdict = store.verdicts.latest(change.id) if change is not None else None
    found = [h.metric for h in verdict.harms if h.code is verdict.code] if verdict is not None else []
    rows = place(
        plan,
        store,
        message,
        metrics=tuple(found) if incident is None else (incident.subject,),
        segment=incident.root if incident is not None else EVERYONE if change is None else change.reach.segment,
        check=CHECK if incident is None else incident.check,
        owner=change.owner if change is not None else response.owner or response.by,
        now=now,
        severity=_severity(plan, verdict, incident),
    ).rows
    told = {channel: row.message for channel, row in store.outbox.newest(thread).items()}
    return [_beside(row, told.get(row.channel)) for row in rows]


def _severity(plan: Plan, verdict: Verdict | None, incident: Incident | None) -> Severity | None:
    if verdict is not None:
        return severity_of(verdict)
    return None if incident is None else severity_of_check(types_of(plan).get(incident.check, ""))


def _beside(row: OutboxRow, last: Message | None) -> OutboxRow:
    """The story's message as it stood last, with the reminder as its newest reply."""
    if last is None or reminds(last):
        return row
    mine = row.message
    return replace(row, message=replace(last, key=mine.key, reply=mine.reply, at=mine.at))


def _title(plan: Plan, change: Change | None, incident: Incident | None, response: Response) -> str:
    if change is not None:
        return change.title
    if incident is None:
        return response.subject
    metric = plan.metrics.get(incident.subject)
    where = f", {incident.root.label}" if incident.root != EVERYONE else ""
    return f"{metric.label if metric else incident.subject}{where}"
