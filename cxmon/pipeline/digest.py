"""digest: the week as it stands in the store, told once a week to each channel that asked for it."""

import logging
from datetime import datetime

from cxmon.alerts.digest_message import for_digest
from cxmon.config.plan import Plan
from cxmon.decisions import viewing, week
from cxmon.decisions.source_health import glimpses, in_trouble
from cxmon.errors import ActionError
from cxmon.model import (
    AlarmQuarter,
    AlarmsKept,
    Declared,
    Delivery,
    DigestTime,
    Incident,
    OutboxRow,
    Segment,
    Status,
    Verdict,
    View,
)
from cxmon.pipeline.standing import unread_changes
from cxmon.store import Store, alarms
from cxmon.wording import collected, keeping
from cxmon.wording import source_health as health
from cxmon.wording.over import numbered, shown
from cxmon.wording.week import Week

log = logging.getLogger("cxmon.digest")

MOST_INCIDENTS = 1_000


def view_of(plan: Plan, name: str | None) -> View | None:
    """The view of that name, None for everything. ActionError where there is none."""
    if name is None:
        return None
    found = next((view for view in plan.views if view.id == name), None)
    if found is None:
        known = ", ".join(view.id for view in plan.views)
        expected = f"expected one of: {known}" if known else "it has no views"
        raise ActionError(f"view {name!r} is not in the configuration; {expected}")
    return found


def read(plan: Plan, store: Store, view: View | None, *, since: datetime, now: datetime) -> Week:
    """What a digest is made of, as of `now`, with what was said at `since` beside it."""
    own = viewing.own(view, plan.metrics)
    declared = shown(store.changes.all(), now)
    touched = {d.change.id: d for d in declared if viewing.touches(d.change, view, own)}
    live = {k: d for k, d in touched.items() if d.change.status is Status.LIVE}
    sources = {plan.metrics[name].source for name in own}
    bands = {
        (metric, key): band
        for metric, key in store.bands.keys()  # noqa: SIM118 - a method of the store, no dictionary.
        if metric in own and _covered(view, metric, key) and (band := store.bands.get(metric, key)) is not None
    }
    told = _alarms(store, since, now) if view is None else None
    return Week(
        alarms=keeping.lines(*told, plan.zone) if told else (),
        alarm_table=keeping.table(*told, plan.zone) if told else None,
        alarm_notes=keeping.notes(*told, plan.zone) if told else None,
        alarms_brief=keeping.brief(*told, plan.zone) if told else "",
        title=plan.title,
        view=view.label if view else "",
        zone=plan.zone,
        since=since,
        now=now,
        metrics=plan.metrics,
        own=own,
        declared=live,
        numbers={d.change.id: i for i, d in enumerate(numbered(declared), start=1)},
        verdicts={k: v for k, v in store.verdicts.all_latest().items() if k in live},
        before={k: v for k in live if (v := _said_at(store, k, since)) is not None},
        every=tuple(d.change for d in declared),
        responses=tuple(store.changes.responses()),
        incidents=_incidents(store, view, own, live, sources),
        bands=bands,
        roots={name: viewing.root(name, bands) for name in own},
        # What all decisions of a year may cost is said of all customers.
        allowances=() if view and view.scope.values else tuple(
            u for m, u in store.allowances.latest().items() if m in plan.allowance.amounts and m in own
        ),
        targets=tuple(
            o for o in store.targets.all()
            if o.target.metric in own and (view is None or view.covers(o.target.metric, o.target.segment))
        ),
        silences=tuple(
            s for s in store.changes.silences()
            if s.starts <= now < s.ends and viewing.quiets(s, view, own)
        ),
        drafts=tuple(d for d in touched.values() if d.change.status is Status.DRAFT and not d.change.withdrawn),
        data=_data(plan, store, own, sources, now, everything=view is None),
    )  # fmt: skip


def queue_due(plan: Plan, store: Store, *, now: datetime) -> list[OutboxRow]:
    """Queues each digest whose time has come and that was not queued in its week; one that was missed goes out late.

    The key names the week, so that a second instance, a restart or a look a minute later queues nothing new.
    """
    queued = []
    for view, when in scheduled(plan):
        at = week.slot(when, now)
        if week.due(now, at, last_of(store, view, when, before=at)):
            queued += put(plan, store, view, when, now=now)
    return queued


def scheduled(plan: Plan) -> list[tuple[View | None, DigestTime]]:
    """The digests of a plan: of everything, and of each view that has one."""
    own = [(view, view.digest) for view in plan.views if view.digest is not None]
    return [(None, plan.digest), *own] if plan.digest is not None else [*own]


def put(plan: Plan, store: Store, view: View | None, when: DigestTime, *, now: datetime) -> list[OutboxRow]:
    """Queues the digest of the week of `now` for its channels that have not got it yet."""
    at = week.slot(when, now)
    thread = _thread(view, week.name(when, at))
    names = when.channels or (view.channels if view else ())
    keys = {f"{thread}|digest|1|{name}": name for name in names}
    known = store.outbox.known(list(keys))
    missing = {key: name for key, name in keys.items() if key not in known}
    if not missing:
        return []
    since = week.since(when, at, last_of(store, view, when, before=at))
    found = read(plan, store, view, since=since, now=now)
    rows = [
        OutboxRow(
            key=key, channel=name, state=Delivery.WAITING,
            message=for_digest(found, key=key, thread=thread, board_url=plan.board_url, view=view.id if view else "",
                               late_for=at if now - at >= week.LATE else None),
        )
        for key, name in missing.items()
    ]  # fmt: skip
    store.outbox.queue(rows, now)
    log.info("digest view=%s week=%s channels=%s", view.id if view else "", thread, list(missing.values()))
    return rows


def last_of(store: Store, view: View | None, when: DigestTime, *, before: datetime) -> datetime | None:
    """When the newest digest of an earlier week was due; None where there was none."""
    prefix = _thread(view, "")
    named = [thread.removeprefix(prefix) for thread in store.outbox.threads(prefix)]
    return max((at for one in named if (at := week.moment(when, one)) < before), default=None)


def _thread(view: View | None, named: str) -> str:
    return f"digest:{view.id if view else '*'}:{named}"


def _covered(view: View | None, metric: str, key: str) -> bool:
    return not key.startswith("change:") and (view is None or view.covers(metric, Segment.from_key(key)))


def _said_at(store: Store, change: str, at: datetime) -> Verdict | None:
    """The verdict that stood at a moment."""
    said = [v for v in store.verdicts.history(change) if (v.first.at if v.first else v.as_of) <= at]
    return said[-1] if said else None


def _incidents(
    store: Store, view: View | None, own: tuple[str, ...], live: dict[str, Declared], sources: set[str]
) -> tuple[Incident, ...]:
    """Those that are open, and the newest that are over."""
    found = {one.id: one for one in (*store.incidents.open(), *store.incidents.recent(MOST_INCIDENTS))}
    return tuple(one for one in found.values() if viewing.concerns(one, view, own, set(live), sources))


def _alarms(store: Store, since: datetime, now: datetime) -> tuple[AlarmsKept, AlarmQuarter | None] | None:
    """What was promised of false alarms and what was told, per quarter and since the last digest."""
    kept = alarms.alarms(store, now=now)
    if kept is None or not kept.quarters:
        return None
    return kept, alarms.since(store, kept, since, now=now) if kept.watches else None


def _data(
    plan: Plan, store: Store, own: tuple[str, ...], sources: set[str], now: datetime, *, everything: bool
) -> tuple[str, ...]:
    """How the data came in: what is in trouble, one line where nothing is."""
    runs = [run for name, run in store.runs.latest().items() if name in own]
    measured = store.observations.measured()
    told = collected.lines(runs, measured, *((store.outbox.blocked(), unread_changes(store)) if everything else ({},)))
    seen = [one for one in glimpses(store.pulls.lately(), now) if one.last.source in sources and in_trouble(one)]
    return (*told, *(f"{one.last.source}: {health.told(one.last, plan.metrics, plan.zone)}" for one in seen))
