"""replay: a past period as if it were live, with only what was known on each day. Sends nothing, writes nothing."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cxmon.checks import Watch
from cxmon.config.plan import Plan
from cxmon.decisions import Allowance
from cxmon.errors import ActionError, StoreError
from cxmon.model import QUARTER, Change, Delivery, Incident, IncidentState, Message, OutboxRow, Receipt
from cxmon.pipeline.budgeting import budget
from cxmon.pipeline.check import check
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.memory import InMind
from cxmon.pipeline.replay_ahead import ahead
from cxmon.pipeline.replay_known import hearsay, unheard
from cxmon.pipeline.replay_sources import brought
from cxmon.store import Catalogue, Overlay, Store

# Where nothing was collected on a day, because the store was filled later, this is when the night's figures are in.
LOOK = time(6)
MOST = 100_000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One message that a channel would have got, at which look. `standing`: at the first look, so it began before.

    `story` names what it is about, alike in two replays: `change ID`, or check, metric and segment of an incident;
    `step` is what happened to it. `quiet`: an edit of what stands there, for which nobody is called.
    """

    at: datetime
    channel: str
    story: str
    step: str
    standing: bool
    message: Message
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What a period brought: the alerts in order, the incidents that watch opened in it, and what the replay rests on.

    `standing` are those that stood at the first look, of which the period is not the cause. `guessed` are labels of
    metrics whose figures count as known once complete; `unheard` are changes that nobody had declared in time.
    """

    since: datetime
    until: datetime
    looks: int
    alerts: tuple[Alert, ...]
    incidents: tuple[Incident, ...]
    standing: tuple[Incident, ...]
    codes: dict[str, str]
    allowances: tuple[Allowance, ...]
    per_quarter: float
    guessed: tuple[str, ...] = ()
    unheard: tuple[Change, ...] = ()

    @property
    def quarters(self) -> float:
        return (self.until - self.since) / QUARTER

    @property
    def near(self) -> int:
        """How many of the incidents named a declared change that they are consistent with."""
        return sum("consistent with the declared" in i.worst.reason for i in self.incidents if i.worst)

    @property
    def allowed(self) -> float:
        return self.per_quarter * self.quarters


def period(plan: Plan, store: Store, since: datetime, until: datetime | None) -> tuple[datetime, datetime]:
    """The period to replay: up to `until`, else to the last collection. ActionError where it holds nothing."""
    if until is None:
        until = plan.as_of or max((r.finished_at for r in store.runs.all()), default=None)
        if until is None:
            raise StoreError(f"store {store.url}: nothing was ever collected; `cxmon collect` fills it")
    if until <= since:
        raise ActionError(f"--until: found {_day(until, plan)}, expected a time after --since ({_day(since, plan)})")
    return since, until


def replay(
    plan: Plan,
    store: Store,
    *,
    since: datetime,
    until: datetime,
    thorough: bool = False,
    in_time: bool = False,
    ours: bool = True,
    processes: int = 1,
    progress: Progress | None = None,
) -> Replayed:
    """Runs checks, verdicts, incidents and routes over the period, a look a day, from an empty history.

    `store` may be read-only. `thorough` asks every method every day, so that versions of verdicts are counted as live;
    without it they are asked of what is told. `in_time` and `ours` as in `hearsay`. From two `processes` on, verdicts
    are worked out in one of their own. Raises ActionError where there are no figures in the period.
    """
    overlay = Overlay.over(store, plan.metrics.values())
    moments = looks(since, until, [r.finished_at for r in store.runs.all()], plan.zone)
    _some_figures(plan, overlay, since, until)
    heard, came = hearsay(plan, store, in_time=in_time, ours=ours), brought(plan, store)
    # The registry says what is declared when; the plan must not declare it at every look again.
    bare = replace(plan, changes=(), silences=())
    for silence in {s.id: s for s in (*store.changes.silences(), *plan.silences)}.values():
        overlay.changes.put_silence(silence, origin="replay")
    overlay.catalogue.save(
        Catalogue(title=plan.title, zone=plan.zone, metrics=tuple(plan.metrics.values()), board_url=plan.board_url)
    )
    minds: dict[tuple[str, str], InMind] = defaultdict(InMind)
    alerts: list[Alert] = []
    standing: tuple[Incident, ...] = ()
    depth = Depth.FIGURES if thorough else Depth.TOLD
    with ahead(bare, store, deepcopy(heard), moments, depth, wanted=processes > 1) as other:
        for done, now in enumerate(moments):
            if progress is not None:
                progress("days", done, len(moments))
            came.advance(overlay, now)
            heard.tell(overlay, now)
            judge(bare, overlay, now=now, depth=depth, known=other.known(done))
            check(bare, overlay, now=now, memories=lambda name, metric: minds[name, metric])
            alerts += _delivered(overlay, now, standing=done == 0)
            if done == 0:
                standing = _opened(plan, overlay)
    if progress is not None:
        progress("days", len(moments), len(moments))
    before = {i.id for i in standing}
    return Replayed(
        since=since,
        until=until,
        looks=len(moments),
        alerts=tuple(alerts),
        incidents=tuple(i for i in _opened(plan, overlay) if i.id not in before),
        standing=standing,
        codes={change: v.code.value for change, v in sorted(overlay.verdicts.all_latest().items())},
        allowances=budget(plan, overlay, now=moments[-1]),
        per_quarter=plan.alarm_budget,
        guessed=tuple(m.label for m in plan.metrics.values() if overlay.guessed(m)),
        unheard=tuple(unheard(heard, until)),
    )


def looks(since: datetime, until: datetime, ran: Sequence[datetime], zone: str) -> list[datetime]:
    """When a replay looks: at the last collection of each day, as live did; and before the first collection ever, when
    nobody could have looked live, at six in the morning."""
    local = ZoneInfo(zone)
    last: dict[date, datetime] = {}
    for at in sorted(ran):
        if at <= until:
            last[at.astimezone(local).date()] = at
    first = min(last, default=None)
    day, end = since.astimezone(local).date(), until.astimezone(local).date()
    found = []
    while day <= end:
        if day in last:
            found.append(last[day])
        elif first is None or day < first:
            found.append(datetime.combine(day, LOOK, local))
        day += timedelta(days=1)
    return [at for at in found if since <= at <= until]


def _some_figures(plan: Plan, overlay: Overlay, since: datetime, until: datetime) -> None:
    """ActionError where no metric has figures in the period."""
    extents = [e for m in plan.metrics.values() if (e := overlay.extent(m)) is not None]
    if any(first < until and last > since for first, last in extents):
        return
    between = f"{_day(since, plan)} and {_day(until, plan)}"
    if not extents:
        raise ActionError(f"no figures between {between}: the store has none of these metrics as they are defined here")
    first, last = min(e[0] for e in extents), max(e[1] for e in extents)
    raise ActionError(
        f"no figures between {between}: the store's are from {_day(first, plan)} to {_day(last, plan)}; "
        "`cxmon collect --backfill` reads further back"
    )


def _delivered(overlay: Overlay, now: datetime, *, standing: bool) -> list[Alert]:
    """What this look queued, taken as sent: later news of a story go where its first went."""
    found = []
    for row in reversed(overlay.outbox.rows(Delivery.WAITING, limit=MOST)):
        known = overlay.outbox.first_receipt(row.message.thread, row.channel) is not None
        overlay.outbox.sent(row.key, Receipt(channel=row.channel, ref="replay"), now)
        alert = _alert(overlay, row, now, standing=standing)
        found.append(replace(alert, quiet=known and row.message.reply is None))
    return found


def _alert(overlay: Overlay, row: OutboxRow, now: datetime, *, standing: bool) -> Alert:
    sort, _, id_ = row.message.thread.partition(":")
    incident = overlay.incidents.get(id_) if sort == "incident" else None
    story = f"{sort} {id_}"
    if incident is not None:
        story = f"{incident.check} {incident.subject}, {incident.root.label}"
    # A verdict is told by what it says, an incident by what happened to it.
    step = row.message.badge if incident is None else row.message.key.split("|")[1]
    return Alert(at=now, channel=row.channel, story=story, step=step, standing=standing, message=row.message)


def _opened(plan: Plan, overlay: Overlay) -> tuple[Incident, ...]:
    """The incidents of watches, oldest first."""
    watches = {c.name for c in plan.checks if isinstance(c.check, Watch)}
    found = [i for i in overlay.incidents.recent(MOST) if i.check in watches and i.state is not IncidentState.PENDING]
    return tuple(sorted(found, key=lambda i: (i.opened_at, i.id)))


def _day(at: datetime, plan: Plan) -> str:
    return f"{at.astimezone(ZoneInfo(plan.zone)):%Y-%m-%d}"
