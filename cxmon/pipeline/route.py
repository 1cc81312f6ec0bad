"""Who hears what: the first route that matches, silences, and the key that queues the same news once."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cxmon.alerts import Console
from cxmon.alerts.message import breaks_silence, step_of
from cxmon.config.plan import Plan, Route
from cxmon.contracts import Channel
from cxmon.model import EVERYONE, Delivery, Message, OutboxRow, Segment, Silence, Step
from cxmon.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Routed:
    """Where a message goes (nowhere where `silence` covers it), and why."""

    channels: tuple[str, ...]
    reason: str
    silence: Silence | None = None


def channels_of(plan: Plan) -> Mapping[str, Channel]:
    """The configured channels; where there are none, messages go to standard output."""
    return plan.channels or {"console": Console()}


def queue(
    plan: Plan,
    store: Store,
    message: Message,
    *,
    metrics: Sequence[str],
    segment: Segment | None,
    check: str,
    owner: str,
    now: datetime,
) -> list[OutboxRow]:
    """The rows to write in the transaction that decides about the news.

    None where it is silenced, unless it is an end or a correction.
    A story that has been told in a channel is told on there, wherever the routes point by now.
    """
    if step_of(message.key) == Step.NOTED:
        return []
    routed = decide(
        plan, store.changes.silences(), message, metrics=metrics, segment=segment, check=check, owner=owner, now=now
    )
    log.info("%s: %s", message.key, routed.reason)
    if not routed.channels:
        return []
    told = [name for name in channels_of(plan) if store.outbox.first_receipt(message.thread, name) is not None]
    return [_row(message, name) for name in dict.fromkeys([*routed.channels, *told])]


def decide(
    plan: Plan,
    silences: Iterable[Silence],
    message: Message,
    *,
    metrics: Sequence[str],
    segment: Segment | None,
    check: str,
    owner: str,
    now: datetime,
) -> Routed:
    """Where one message goes, with the reason in a sentence. Pure."""
    quiet = next((s for s in silences if silenced(s, metrics, segment, now)), None)
    if quiet is not None and not breaks_silence(message.key):
        until = f"{quiet.ends:%Y-%m-%d %H:%M} UTC"
        return Routed(channels=(), silence=quiet, reason=f"silenced until {until} by {quiet.by} ({quiet.why})")
    for number, route in enumerate(plan.routes, start=1):
        if matches(route, metrics=metrics, segment=segment, check=check, owner=owner):
            return Routed(channels=(route.channel,), reason=f"route {number} sends it to {route.channel}")
    first = next(iter(channels_of(plan)))
    return Routed(channels=(first,), reason=f"no route matches, so it goes to the first channel, {first}")


def matches(route: Route, *, metrics: Sequence[str], segment: Segment | None, check: str, owner: str) -> bool:
    """True where everything that the route names fits; what it does not name fits always."""
    return (
        (not route.metrics or any(m in route.metrics for m in metrics))
        and (route.segment is None or route.segment.holds(segment or EVERYONE))
        and (not route.owners or owner in route.owners)
        and (not route.checks or check in route.checks)
    )


def silenced(silence: Silence, metrics: Sequence[str], segment: Segment | None, now: datetime) -> bool:
    """True where the silence is on and covers all that the message is about: news of a metric or of a wider segment
    that it does not name is told."""
    covers_metric = silence.metric is None or (bool(metrics) and set(metrics) == {silence.metric})
    covers_segment = silence.segment is None or silence.segment.holds(segment or EVERYONE)
    return silence.starts <= now < silence.ends and covers_metric and covers_segment


def _row(message: Message, channel: str) -> OutboxRow:
    """The key is thread, transition, version and channel: whoever decides the same again queues nothing new."""
    key = f"{message.key}|{channel}"
    return OutboxRow(key=key, channel=channel, message=replace(message, key=key), state=Delivery.WAITING)
