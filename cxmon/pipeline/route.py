"""From news to rows of the outbox: who hears it by the rules, when, and the key that queues the same news once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from cxmon.alerts import Console
from cxmon.alerts.message import breaks_silence, step_of
from cxmon.config.plan import Plan
from cxmon.contracts import Channel
from cxmon.decisions.routing import Routed, Rules, routed
from cxmon.model import (
    Company,
    Delivery,
    IncidentState,
    Message,
    News,
    OpenStory,
    OutboxRow,
    Segment,
    Severity,
    Silence,
    Step,
)
from cxmon.store import Store

log = logging.getLogger(__name__)

# How a row's error begins that waits for the end of a mute.
MUTED = "muted"
_SEVERITIES = {
    "threshold": Severity.OVER_LIMIT,
    "allowance": Severity.OVER_LIMIT,
    "freshness": Severity.SOURCE,
    "source": Severity.SOURCE,
    "data": Severity.SOURCE,
    "error": Severity.SOURCE,
}
# What these find is not what another check's incident about the whole says.
_OF_THEIR_OWN = frozenset({"funnel", "freshness", "source", "data", "error", "allowance", "verdict"})


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The rows for a message, none where it is kept back, and the decision; None for what is never told."""

    rows: tuple[OutboxRow, ...] = ()
    routed: Routed | None = None


def channels_of(plan: Plan) -> Mapping[str, Channel]:
    """The configured channels; where there are none, messages go to standard output."""
    return plan.channels or {"console": Console()}


def rules_of(plan: Plan) -> Rules:
    return Rules(
        routes=plan.routes, views=plan.views, mutes=plan.mutes, channels=tuple(channels_of(plan)), company=plan.company
    )


def severity_of_check(check_type: str) -> Severity | None:
    """The severity of what a check of this type finds; None where the type is not known any more."""
    return _SEVERITIES.get(check_type, Severity.WORSE) if check_type else None


def types_of(plan: Plan) -> dict[str, str]:
    """The type of every check by its name, those of cxmon's own included."""
    return {name: name for name in ("source", "data", "error", "allowance", "verdict")} | {
        c.name: c.check.type for c in plan.checks
    }


class Router:
    """Routing at one moment: what the store knows is read once, however many messages follow."""

    def __init__(self, plan: Plan, store: Store, *, now: datetime) -> None:
        self._plan, self._store, self._now = plan, store, now
        self._types = types_of(plan)
        self._due: dict[tuple[str, Company], datetime | None] = {}

    @cached_property
    def rules(self) -> Rules:
        return rules_of(self._plan)

    @cached_property
    def silences(self) -> Sequence[Silence]:
        return self._store.changes.silences()

    @cached_property
    def stories(self) -> tuple[OpenStory, ...]:
        """The open incidents that can tell of another one about a part of theirs."""
        found = []
        for i in self._store.incidents.open():
            kind = self._types.get(i.check, "")
            severity = severity_of_check(kind)
            if i.state is not IncidentState.PENDING and severity is not None and kind not in _OF_THEIR_OWN:
                found.append(
                    OpenStory(incident=i.id, check=i.check, metric=i.subject, segment=i.root, severity=severity)
                )
        return tuple(found)

    def of_check(self, *, metric: str | None, segment: Segment, check: str, check_type: str, incident: str) -> News:
        """What a check's news is about; `metric` is None where it is a source's."""
        kind = check_type or self._types.get(check, "")
        return News(
            metrics=() if metric is None else (metric,), segment=segment, check=check, severity=severity_of_check(kind),
            incident="" if kind in _OF_THEIR_OWN else incident,
        )  # fmt: skip

    def decide(self, news: News) -> Routed:
        """Where news would go now, and why."""
        return routed(self.rules, news, silences=self.silences, stories=self.stories, now=self._now)

    def place(self, message: Message, news: News) -> Placed:
        """The rows to write in the transaction that decides about the news: none where a silence covers it or a whole's
        incident tells of it."""
        if step_of(message.key) == Step.NOTED:
            return Placed()
        told = tuple(self._store.outbox.channels_of(message.thread, self.rules.channels))
        news = replace(news, told=told, final=breaks_silence(message.key))
        found = self.decide(news)
        log.info("%s: %s", message.key, found.reason)
        return Placed(rows=tuple(self._row(message, name, found, news) for name in found.channels), routed=found)

    def _row(self, message: Message, channel: str, found: Routed, news: News) -> OutboxRow:
        """The key is thread, transition, version and channel: whoever decides the same again queues nothing new."""
        key = f"{message.key}|{channel}"
        row = OutboxRow(key=key, channel=channel, message=replace(message, key=key), state=Delivery.WAITING)
        if channel in found.muted:
            mute, until = found.muted[channel]
            return replace(row, not_before=until, error=f"{MUTED} by {mute.id} until {until:%Y-%m-%d %H:%M} UTC")
        company = found.company.get(channel)
        waits = company is not None and channel not in news.told
        return replace(row, not_before=self._when(channel, company)) if waits and company else row

    def _when(self, channel: str, company: Company) -> datetime | None:
        """When first news may go out, so that what comes together is told together; None: at once."""
        if not company.group_wait and not company.group_interval:
            return None
        if (channel, company) not in self._due:
            outbox = self._store.outbox
            coming, last = outbox.coming(channel, self._now), outbox.last(channel)
            self._due[channel, company] = due(self._now, company, coming, last)
        return self._due[channel, company]


def due(now: datetime, company: Company, coming: datetime | None, last: datetime | None) -> datetime:
    """When first news goes out: `group_interval` after the channel's last first news, or after `group_wait`; and before
    that with what is about to. It waits for nobody longer than that. Pure."""
    wait, interval = company.group_wait or timedelta(0), company.group_interval or timedelta(0)
    alone = max(now + wait, last + interval if last is not None else now)
    return min(coming, alone) if coming is not None and coming > now else alone


def place(
    plan: Plan,
    store: Store,
    message: Message,
    *,
    metrics: Sequence[str],
    segment: Segment | None,
    check: str,
    owner: str,
    now: datetime,
    severity: Severity | None = None,
) -> Placed:
    """Where one message about no incident of a check goes: a verdict, an allowance, a reminder."""
    news = News(metrics=tuple(metrics), segment=segment, check=check, owner=owner, severity=severity)
    return Router(plan, store, now=now).place(message, news)
