"""Declaring a change from Slack: editors declare, who else may see proposes a draft, and an editor declares that."""

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from cxmon import wording
from cxmon.alerts import Slack
from cxmon.alerts.blocks import notification, render, render_reply, reply_text
from cxmon.alerts.declared_message import PUT_LIVE, for_declared
from cxmon.decisions.drafting import cleaned
from cxmon.decisions.routing import routed
from cxmon.model import (
    Act,
    Allowed,
    Change,
    Declared,
    Delivery,
    Message,
    News,
    OutboxRow,
    Receipt,
    Severity,
    Status,
    may,
)
from cxmon.pipeline.route import rules_of
from cxmon.signing import declare_new, put_live
from cxmon.slack_app import modals
from cxmon.slack_app.contract import Answer, Call, Deed, Handler, Handlers, Kind, Place, Request, Respond
from cxmon.slack_app.declare_reading import Wrong, change_of
from cxmon.slack_app.declare_rollout import inputs
from cxmon.slack_app.declare_view import METRICS, NAME, Begun, Offer, answerable, view
from cxmon.slack_app.modals import Origin, origin
from cxmon.slack_app.trail import ORIGIN, kept
from cxmon.wording import clicking
from cxmon.wording import forms as words

SHORTCUT, FROM_MESSAGE = "declare_change", "declare_from_message"
# How far back a message is looked for among those that were told.
LOOK_BACK = 1_000
_MENTION = re.compile(r"<[@#!][^>]*>|<(?:https?|mailto):[^>]*>")


def open_form(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    """The form, begun with what the message says that it was opened on."""
    at = origin(request)
    subject = _subject(place, at.channel, request.thread_ts or request.message_ts)
    begun = Begun(title="" if subject else _first_words(request), responds_to=subject)
    # What a click held is no subject of the form.
    thread = request.thread_ts or request.message_ts
    private = replace(at, subject=subject, message_ts=thread, image="").private
    return (modals.opened(request, view(offer(place, now, subject), begun, private=private, more=inputs)),)


def offer(place: Place, now: datetime, subject: str = "") -> Offer:
    """What can be chosen in this place; `subject` is what the form was opened on."""
    plan, store = place.plan, place.store
    values: dict[str, set[str]] = {}
    for metric in plan.metrics.values():
        for leaf in store.leaves(metric):
            for name, value in leaf.items:
                values.setdefault(name, set()).add(value)
    earlier = [d.change for d in store.changes.all() if d.change.status is Status.LIVE]
    answers = answerable(earlier, plan.zone)
    incident = store.incidents.get(subject) if subject and subject not in answers else None
    if incident is not None:
        about = plan.metrics.get(incident.subject)
        name = f"{about.label if about else incident.subject}, {wording.segment(incident.root)} (incident)"
        answers = {incident.id: name} | answers
    return Offer(
        metrics=plan.metrics,
        values=values,
        answers=answers,
        zone=plan.zone,
        today=f"{now.astimezone(ZoneInfo(plan.zone)):%Y-%m-%d}",
        live=isinstance(may(place.role, Act.SIGN), Allowed),
        by="" if place.by == clicking.signed(place.role) else place.by,
        currency=plan.money.currency if plan.money else "",
    )


def _follow(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    """Metrics were chosen in the form: it is shown anew with a limit for each, and what was typed stays."""
    seen = request.payload.get("view")
    at = origin(replace(request, kind=Kind.VIEW_SUBMISSION))
    given = request.inputs.get(METRICS, ())
    begun = Begun(responds_to=at.subject, chosen=(given,) if isinstance(given, str) else given)
    arguments: dict[str, Any] = {
        "view_id": request.view,
        "view": view(offer(place, now, at.subject), begun, private=request.private, more=inputs),
    }
    if isinstance(seen, Mapping) and isinstance(seen.get("hash"), str):
        # Of two choices made at once the later one counts.
        arguments["hash"] = seen["hash"]
    return (Call(method="views.update", arguments=arguments, best_effort=True),)


def _check(request: Request, place: Place, now: datetime) -> Answer | None:
    try:
        read(request, place, now)
    except Wrong as wrong:
        return modals.errors(_shown_fields(wrong.fields, request))
    return None


def _shown_fields(found: Mapping[str, str], request: Request) -> dict[str, str]:
    """What is wrong by field; at the title where the form as it was sent has no such field: Slack takes no other."""
    seen = request.payload.get("view")
    blocks = seen.get("blocks") if isinstance(seen, Mapping) else None
    shown = {b.get("block_id") for b in blocks if isinstance(b, Mapping)} if isinstance(blocks, list) else set(found)
    placed: dict[str, str] = {}
    for name, said in found.items():
        at = name if name in shown else "title"
        placed[at] = f"{placed[at]} {said}" if at in placed else said
    return placed


def read(request: Request, place: Place, now: datetime) -> Change:
    """What the form says as it stands. Raises Wrong."""
    at = origin(request)
    # What this very click has declared before it was tried again is no other change.
    known = [d for d in place.store.changes.all() if (d.declared_at, d.origin) != (now, ORIGIN)]
    taken = {*(d.change.id for d in known), *(c.id for c in place.plan.changes)}
    return change_of(request, place.plan, offer(place, now, at.subject), taken)


def _declare(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    try:
        change = read(request, place, now)
    except Wrong as wrong:
        # Somebody was quicker between the two readings.
        return (Respond(text=str(wrong)),)
    live = change.status is Status.LIVE
    declared = kept(
        request, place, Act.SIGN if live else Act.PROPOSE,
        lambda store: declare_new(store, change, now=now, origin=ORIGIN), subject=change.id,
        why=change.note or words.by_form(), now=now, content=change.declared_hash if live else "",
    )  # fmt: skip
    at = origin(request)
    channel = at.channel or _channel_of(place, declared, now)
    message = _message(declared, place, by=place.by)
    shown = _shown(message)
    if not channel:
        return (Respond(text=shown["text"], blocks=tuple(shown["blocks"])),)
    thread = {"thread_ts": at.message_ts} if at.message_ts else {}
    # What comes of it may be told in its thread; a reply has no thread of its own.
    keep = None if thread else partial(_kept_as_told, place, message, channel, now)
    arguments = {"channel": channel, **shown, **thread}
    told: tuple[Deed, ...] = (Call(method="chat.postMessage", arguments=arguments, kept=keep),)
    return told if at.channel else (*told, Respond(text=words.declared_to(declared, channel)))


def _put_live(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    """An editor declares what was proposed; the message says so at once, and its thread by whom."""
    at = origin(request)
    name, _, content = at.subject.partition("|")
    before = place.store.changes.get(name)
    if before is None:
        return (Respond(text=words.no_decision()),)
    if before.change.status is Status.LIVE and before.frozen_at != now:
        return (*_anew(before, place, at, by=""), Respond(text=words.already_live(before.frozen_at, place.plan.zone)))
    change = before.change
    if change.declared_hash != content:
        return (*_anew(before, place, at, by=""), Respond(text=words.edited_since()))
    # Who presses it has what is signed before them: that is the review, and each step has its line in the trail.
    why = words.by_button()
    kept(request, place, Act.REVIEW, lambda _: None, subject=name, why=why, now=now, content=content)
    declared = kept(
        request, place, Act.SIGN, lambda store: put_live(store, change, now=now, origin=ORIGIN), subject=name, why=why,
        now=now, content=content,
    )  # fmt: skip
    said = words.put_live(declared, place.by)
    reply = {"channel": at.channel, "thread_ts": at.message_ts, "text": reply_text(said), "blocks": render_reply(said)}
    return (
        *_anew(declared, place, at, by=place.by),
        Call(method="chat.postMessage", arguments=reply, best_effort=True),
    )


def _anew(declared: Declared, place: Place, at: Origin, *, by: str) -> tuple[Deed, ...]:
    arguments = {"channel": at.channel, "ts": at.message_ts, **_shown(_message(declared, place, by=by))}
    # An edit takes no word on unfurling: the first message's stands.
    taken = {name: given for name, given in arguments.items() if not name.startswith("unfurl_")}
    return (Call(method="chat.update", arguments=taken, best_effort=True),)


def _message(declared: Declared, place: Place, *, by: str) -> Message:
    """What was declared, as it is told."""
    plan, answered = place.plan, declared.change.responds_to or ""
    other = place.store.changes.get(answered) if answered else None
    return for_declared(
        declared, metrics=plan.metrics, zone=plan.zone, board_url=plan.board_url, by=by,
        answers=other.change.title if other else answered,
    )  # fmt: skip


def _kept_as_told(place: Place, message: Message, channel: str, now: datetime, answer: Mapping[str, Any]) -> None:
    """Where the message stands, so that its thread is known."""
    named = {name: one.channel for name, one in place.plan.channels.items() if isinstance(one, Slack)}
    name = next((n for n, of in named.items() if of == channel), next(iter(named), ""))
    if not (name and answer.get("ts") and answer.get("channel")):
        return
    key = f"{message.key}|{name}"
    receipt = Receipt(channel=str(answer["channel"]), ref=str(answer["ts"]))
    row = OutboxRow(
        key=key, channel=name, message=replace(message, key=key), state=Delivery.SENT, receipt=receipt
    )  # fmt: skip
    place.store.outbox.queue([row], now)


def _shown(message: Message) -> dict[str, Any]:
    """Text and blocks of what was declared."""
    return {
        "text": notification(message), "blocks": render(message, interactive=True), "unfurl_links": False,
        "unfurl_media": False,
    }  # fmt: skip


def _channel_of(place: Place, declared: Declared, now: datetime) -> str:
    """Where the verdict on it will be told, if that is in Slack; else the first Slack channel there is."""
    plan, change = place.plan, declared.change
    metrics = tuple(change.limits) or tuple(plan.metrics)
    news = News(
        metrics=metrics, segment=change.reach.segment, check="verdict", owner=change.owner, severity=Severity.OVER_LIMIT
    )
    for name in [*routed(rules_of(plan), news, now=now).channels, *plan.channels]:
        channel = plan.channels.get(name)
        if isinstance(channel, Slack):
            return channel.channel
    return ""


def _subject(place: Place, channel: str, ts: str) -> str:
    """The change or incident whose story a message tells; empty where it is no message of ours."""
    if not (channel and ts):
        return ""
    for row in place.store.outbox.rows(Delivery.SENT, limit=LOOK_BACK):
        if row.receipt is not None and (row.receipt.channel, row.receipt.ref) == (channel, ts):
            return row.message.thread.partition(":")[2]
    return ""


def _first_words(request: Request) -> str:
    """What somebody wrote, as the beginning of a title: without mentions, links and addresses."""
    message = request.payload.get("message")
    text = message.get("text") if isinstance(message, Mapping) else ""
    if not isinstance(text, str):
        return ""
    lines = [cleaned(html.unescape(_MENTION.sub("", line))) for line in text.splitlines()]
    return next((line for line in lines if line), "")


HANDLERS: Handlers = {
    (Kind.SHORTCUT, SHORTCUT): Handler(handle=open_form, needs=Act.PROPOSE, once=False),
    (Kind.MESSAGE_SHORTCUT, FROM_MESSAGE): Handler(handle=open_form, needs=Act.PROPOSE, once=False),
    (Kind.BLOCK_ACTIONS, METRICS): Handler(handle=_follow, needs=Act.PROPOSE, once=False),
    (Kind.VIEW_SUBMISSION, NAME): Handler(handle=_declare, answer=_check, needs=Act.PROPOSE),
    (Kind.BLOCK_ACTIONS, PUT_LIVE): Handler(handle=_put_live, needs=Act.SIGN),
}
