"""replay: a past period as if it were live, with only what was known on each day. Sends nothing, writes nothing."""

from collections import defaultdict
from collections.abc import Callable, Container, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from cxmon.alerts.parts import step_of
from cxmon.checks import Watch
from cxmon.config.plan import Plan
from cxmon.decisions import Allowance
from cxmon.errors import ActionError, StoreError
from cxmon.feeds.heap import set_apart
from cxmon.model import QUARTER, Change, Incident, IncidentState, Message, OutboxRow
from cxmon.pipeline.budgeting import budget
from cxmon.pipeline.check import check
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.memory import InMind
from cxmon.pipeline.remind import remind
from cxmon.pipeline.replay_ahead import ahead
from cxmon.pipeline.replay_delivery import MOST, Deliveries, Sent
from cxmon.pipeline.replay_known import hearsay, unheard
from cxmon.pipeline.replay_sources import brought
from cxmon.store import Catalogue, Overlay, Store

# Where nothing was collected on a day, because the store was filled later, this is when the night's figures are in.
LOOK = time(6)
NEW, REPLY, EDIT = "new", "reply", "edit"
TOGETHER = "together"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One piece of news: `story` names what it is about, alike in two replays (`change ID`, or check, metric and
    segment of an incident); `step` is what happened to it."""

    story: str
    step: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One message that a channel would have got, and when. `standing`: all of it was so at the first look already.

    `pieces` are the news that it tells, several where they waited for quiet hours to end or are told in company;
    `story` and `step` are those of the newest, `together` where there are many stories. `sort` is how it comes: a `new`
    message, a `reply` in the thread of one that stands there, or an `edit` of it alone, for which nobody is called.
    """

    at: datetime
    channel: str
    story: str
    step: str
    standing: bool
    message: Message
    pieces: tuple[Piece, ...]
    sort: str

    @property
    def quiet(self) -> bool:
        return self.sort == EDIT


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What a period brought: the alerts in order, the incidents that watch opened in it, and what the replay rests on.

    `standing` are those that stood at the first look, of which the period is not the cause. `waiting` is news that was
    not told by its end: of quiet hours, or for company. `guessed` are labels of metrics whose figures count as known
    once complete; `unheard` are changes that nobody had declared in time.
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
    waiting: tuple[OutboxRow, ...] = ()
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
    at_end: Callable[[Store], None] | None = None,
) -> Replayed:
    """Runs checks, verdicts, incidents, routes and delivery over the period, a look a day, from an empty history.

    `store` may be read-only. `thorough` asks every method every day, so that versions are counted as live; else they
    are asked of what is told. `in_time` and `ours` as in `hearsay`. From two `processes` on, effects are worked out in
    one of their own. `at_end` gets what was known at the end. ActionError without figures or looks in the period.
    """
    ran = [r.finished_at for r in store.runs.all()]
    moments = looks(since, until, ran, plan.zone)
    heard, came = hearsay(plan, store, in_time=in_time, ours=ours), brought(plan, store)
    # The registry says what is declared when; the plan must not declare it at every look again.
    bare, looked = replace(plan, changes=(), silences=()), rounds(moments, ran, plan.schedule.collect_every)
    minds: dict[tuple[str, str], InMind] = defaultdict(InMind)
    standing: tuple[Incident, ...] = ()
    before: set[str] = set()
    depth, advance = Depth.FIGURES if thorough else Depth.TOLD, progress or _unseen
    with ahead(bare, store, deepcopy(heard), moments, depth, wanted=processes > 1) as other:
        # The other process begins while this one reads the figures.
        overlay = _beginning(plan, store, since, until, moments)
        deliveries = Deliveries(plan=bare, store=overlay, heard=heard, rounds=looked)
        # The figures of all time, which stay, are not searched for cycles with every day.
        with set_apart():
            for done, now in enumerate(moments):
                advance("days", done, len(moments))
                deliveries.until(now)
                came.advance(overlay, now)
                heard.tell(overlay, now)
                answer = other.answer(done)
                judge(bare, overlay, now=now, depth=depth, known=answer.known, everyone=answer.everyone)
                check(bare, overlay, now=now, memories=lambda name, metric: minds[name, metric], waits=answer.waits)
                remind(bare, overlay, now=now)
                heard.tell_late(overlay, now)
                if done == 0:
                    standing, before = _opened(plan, overlay), {row.key for row in deliveries.waiting}
                deliveries.look(now)
    deliveries.until(until)
    advance("days", len(moments), len(moments))
    if at_end is not None:
        at_end(overlay)
    return Replayed(
        since=since, until=until, looks=len(moments), standing=standing, per_quarter=plan.alarm_budget,
        alerts=tuple(_alert(overlay, sent, before) for sent in deliveries.sent),
        incidents=tuple(i for i in _opened(plan, overlay) if i.id not in {stood.id for stood in standing}),
        codes={change: v.code.value for change, v in sorted(overlay.verdicts.all_latest().items())},
        allowances=budget(plan, overlay, now=moments[-1]),
        waiting=tuple(deliveries.waiting), unheard=tuple(unheard(heard, until)),
        guessed=tuple(m.label for m in plan.metrics.values() if overlay.guessed(m)),
    )  # fmt: skip


def _unseen(what: str, done: int, of: int) -> None:
    """The progress of a replay that nobody watches."""


def _beginning(plan: Plan, store: Store, since: datetime, until: datetime, moments: Sequence[datetime]) -> Overlay:
    """The empty history, which knows the metrics and the silences. ActionError where the period has no figures or no
    look."""
    overlay = Overlay.over(store, plan.metrics.values())
    _some_figures(plan, overlay, since, until)
    if not moments:
        first, last = (f"{at.astimezone(ZoneInfo(plan.zone)):%Y-%m-%d %H:%M %Z}" for at in (since, until))
        raise ActionError(f"no day was judged between {first} and {last}: each is judged once, at its last collection")
    for silence in {s.id: s for s in (*store.changes.silences(), *plan.silences)}.values():
        overlay.changes.put_silence(silence, origin="replay")
    overlay.catalogue.save(
        Catalogue(title=plan.title, zone=plan.zone, metrics=tuple(plan.metrics.values()), board_url=plan.board_url)
    )
    return overlay


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


def rounds(moments: Sequence[datetime], ran: Sequence[datetime], every: timedelta) -> list[datetime]:
    """When live looked, or would have: at its collections, and before the first one ever `every` so often."""
    found, first = set(ran), min(ran, default=None)
    for one, following in pairwise([*moments, *moments[-1:]]):
        at = one
        while (first is None or at < first) and at < following:
            found.add(at)
            at += every
    return sorted(found)


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


def _alert(overlay: Overlay, sent: Sent, before: Container[str]) -> Alert:
    pieces = tuple(dict.fromkeys(_piece(overlay, row.message) for row in sent.rows))
    stories = {piece.story for piece in pieces}
    last = pieces[-1] if len(stories) == 1 else Piece(story=TOGETHER, step=sent.message.badge)
    reply = sent.message.reply
    return Alert(
        at=sent.at, channel=sent.channel, story=last.story, step=last.step, message=sent.message, pieces=pieces,
        standing=all(row.key in before for row in sent.rows), sort=NEW if sent.first else REPLY if reply else EDIT,
    )  # fmt: skip


def _piece(overlay: Overlay, message: Message) -> Piece:
    sort, _, id_ = message.thread.partition(":")
    incident = overlay.incidents.get(id_) if sort == "incident" else None
    # A verdict is told by what it says, an incident by what happened to it.
    if incident is None:
        return Piece(story=f"{sort} {id_}", step=message.badge)
    return Piece(story=f"{incident.check} {incident.subject}, {incident.root.label}", step=step_of(message.key))


def _opened(plan: Plan, overlay: Overlay) -> tuple[Incident, ...]:
    """The incidents of watches, oldest first."""
    watches = {c.name for c in plan.checks if isinstance(c.check, Watch)}
    found = [i for i in overlay.incidents.recent(MOST) if i.check in watches and i.state is not IncidentState.PENDING]
    return tuple(sorted(found, key=lambda i: (i.opened_at, i.id)))


def _day(at: datetime, plan: Plan) -> str:
    return f"{at.astimezone(ZoneInfo(plan.zone)):%Y-%m-%d}"
