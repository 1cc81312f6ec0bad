"""What was decided reaches people: claim, draw, deliver, mark as sent; what is in doubt is looked up before a resend.

The promise: at least once, and one visible alert per piece of news, through a kill at any point, several workers and a
day without Slack. A row in `sending` whose worker died may have arrived: the channel is asked for its key first, and
where the channel cannot tell, the resend says that it may be a repeat.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from cxmon.alerts.message import for_test
from cxmon.config.plan import Plan
from cxmon.contracts import Channel
from cxmon.errors import DeliveryError
from cxmon.failpoints import failpoint
from cxmon.model import Delivery, OutboxRow, Receipt
from cxmon.pipeline.behind import linked
from cxmon.pipeline.drawing import any_picture, draw
from cxmon.pipeline.falling_back import fall_back
from cxmon.pipeline.notify_together import LEASE_S, LOOK_BACK, NOT_ARRIVED, REPEAT, look_up, tell
from cxmon.pipeline.overtaken import ALONG, along, as_it_stands, left_behind, let_go, take_along
from cxmon.pipeline.route import MUTED, channels_of
from cxmon.pipeline.together import TOGETHER, Batch, Crowd, in_its_thread, spared
from cxmon.store import Store

log = logging.getLogger(__name__)

STALE_S = 25.0
RUN_S = 45.0
SHORT_PAUSE_S = 2.0
BLOCKED_S = 600.0
BACKOFF_S = 5.0
LONGEST_BACKOFF_S = 600.0
TRIES_OF_A_BUG = 10


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of one row in this run. `within` is the key of the message that told it, where it is another one."""

    key: str
    channel: str
    state: Delivery
    error: str = ""
    within: str = ""


@dataclass(frozen=True, kw_only=True)
class Ticking:
    """How time passes in a run: seconds since some moment, and waiting for some of them."""

    seconds: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


REAL = Ticking()


@dataclass
class _Run:
    """One run of `deliver`: who works, and what time it is by `now` plus what has passed since."""

    plan: Plan
    store: Store
    now: datetime
    worker: str
    channels: Mapping[str, Channel]
    ticking: Ticking = REAL
    began: float = 0.0

    def __post_init__(self) -> None:
        self.began = self.ticking.seconds()

    @property
    def elapsed(self) -> float:
        return self.ticking.seconds() - self.began

    @property
    def at(self) -> datetime:
        return self.now + timedelta(seconds=self.elapsed)


def deliver(plan: Plan, store: Store, *, now: datetime, worker: str, ticking: Ticking = REAL) -> list[Delivered]:
    """Send what is due, for at most 45 seconds, and return what became of each row.

    `now` is the wall clock even where `as_of` freezes the figures: leases and pauses must run out. Channel errors are
    in the rows, never raised. `ticking` is how time passes from `now` on.
    """
    run = _Run(plan=plan, store=store, now=now, worker=worker, channels=channels_of(plan), ticking=ticking)
    fall_back(plan, store, now=now)
    _take_up_parked(run)
    store.outbox.release(MUTED, run.at)
    done = _reconcile(run)
    crowd = Crowd(plan, store)
    while run.elapsed < RUN_S:
        if (batch := crowd.batch(run.at)) is not None:
            done += _together(run, crowd, batch)
            continue
        at = run.at
        rows = store.outbox.claim(at, worker=worker, limit=1, lease_s=LEASE_S)
        if rows:
            failpoint("notify-claimed")
            done += _one(run, rows[0])
        elif (pause := _short_pause(run, at)) > 0:
            run.ticking.wait(pause)
        else:
            break
    return done


def send_test(plan: Plan, store: Store, *, channel: str | None = None, now: datetime) -> list[Delivered]:
    """Send one well-formed test message, with a picture where there is one to draw, past the outbox.

    `channel` None is every configured channel. Raises DeliveryError where there is no such channel; what the channel
    itself says is in the result. A channel that takes the message takes up again what was parked for it.
    """
    known = channels_of(plan)
    if channel is not None and channel not in known:
        raise DeliveryError(f"no channel {channel!r}: expected one of {', '.join(known)}", permanent=True)
    picture = any_picture(plan, store)
    done = []
    for name in [channel] if channel is not None else list(known):
        message = for_test(
            channel=name, now=now, title=plan.title, zone=plan.zone, board_url=plan.board_url, picture=picture
        )
        try:
            known[name].deliver(message, None, draw(store, plan.metrics, message, known[name]))
        except DeliveryError as problem:
            state = Delivery.PARKED if problem.permanent else Delivery.WAITING
            done.append(Delivered(key=message.key, channel=name, state=state, error=str(problem)))
            continue
        store.outbox.pause(name, now)
        store.outbox.unpark(name, now)
        done.append(Delivered(key=message.key, channel=name, state=Delivery.SENT))
    return done


def _take_up_parked(run: _Run) -> None:
    """Try again, slowly: what was parked goes on its way when its channel's pause is over."""
    for name in {row.channel for row in run.store.outbox.rows(Delivery.PARKED)}:
        until = run.store.outbox.paused(name)
        if name in run.channels and (until is None or until <= run.at):
            run.store.outbox.unpark(name, run.at)


def _reconcile(run: _Run) -> list[Delivered]:
    """Rows in doubt: those that arrived are marked as sent, those that did not are sent again."""
    outbox = run.store.outbox
    stuck = outbox.doubtful(run.at, LEASE_S)
    done = [Delivered(key=r.key, channel=r.channel, state=Delivery.SENT) for r in look_up(run, stuck)]
    for row in (r for r in stuck if not r.error.startswith((TOGETHER, ALONG))):
        channel = run.channels.get(row.channel)
        others = along(run.store, row)
        if channel is None:
            let_go(run.store, others, run.at)
            done += _parked(run, [row], _unknown_channel(row))
            continue
        since = (row.claimed_at or run.at) - LOOK_BACK
        try:
            found = channel.find(row.message, since, outbox.first_receipt(row.message.thread, row.channel))
        except DeliveryError as problem:
            if problem.permanent:
                let_go(run.store, others, run.at)
                # Once at once; a channel that never answers is then left more and more time.
                wait = _backoff(row.attempts) if row.error.startswith(REPEAT) else 0.0
                outbox.later(row.key, f"{REPEAT}: {problem}", run.at + timedelta(seconds=wait))
            else:
                log.warning("%s is still in doubt: %s", row.key, problem)
            continue
        except Exception:
            # A fault of a plug-in: this row stays in doubt, others go on.
            log.exception("channel %s cannot look for %s", row.channel, row.key)
            continue
        failpoint("notify-looked-up")
        if found is None:
            let_go(run.store, others, run.at)
            outbox.later(row.key, NOT_ARRIVED, run.at)
        else:
            outbox.sent_together([row.key, *others], found, run.at)
            done += [Delivered(key=key, channel=row.channel, state=Delivery.SENT) for key in (row.key, *others)]
    let_go(run.store, left_behind(run.store, stuck), run.at)
    return done


def _together(run: _Run, crowd: Crowd, batch: Batch) -> list[Delivered]:
    """Many rows in one message: they are taken, sent and kept together, or fail together."""
    taken = run.store.outbox.take(
        batch.keys, run.at, worker=run.worker, lease_s=LEASE_S, error=f"{TOGETHER}{batch.key}"
    )
    if not taken:
        return []
    state, problem = tell(run, crowd, batch, partial(_pace, run))
    if problem is not None:
        return _failed(run, batch.rows, problem)
    return [Delivered(key=row.key, channel=row.channel, state=state, within=batch.key) for row in batch.rows]


def _short_pause(run: _Run, at: datetime) -> float:
    """Seconds from `at` until a channel that waited for its pace then may go on, where something was due for it; else
    0. A pause that has ended since is none the less why nothing was claimed."""
    due = {r.channel for r in run.store.outbox.rows(Delivery.WAITING) if r.not_before is None or r.not_before <= at}
    waits = []
    for name in due:
        until = run.store.outbox.paused(name)
        left = (until - at).total_seconds() if until is not None else 0.0
        if 0 < left <= SHORT_PAUSE_S:
            waits.append(left)
    return min(waits) + 0.01 if waits else 0.0


def _one(run: _Run, row: OutboxRow) -> list[Delivered]:
    """One claimed row to its end in this run, and those that its message tells with it."""
    claimed = run.elapsed
    outbox = run.store.outbox
    channel = run.channels.get(row.channel)
    if channel is None:
        return _parked(run, [row], _unknown_channel(row))
    previous = outbox.first_receipt(row.message.thread, row.channel)
    message, others = as_it_stands(run.store, row, first=previous is None, at=run.at)
    if previous is not None and spared(channel, message):
        return _all_sent(run, row, others, previous)
    if previous is not None and previous.group:
        message = in_its_thread(run.plan, run.store, replace(row, message=message), previous, run.at)
    picture = draw(run.store, run.plan.metrics, message, channel)
    message = linked(run.plan, run.store, message, now=run.at)
    failpoint("notify-drawn")
    if run.elapsed - claimed > STALE_S:
        # The lease may be over before the answer is here: somebody else could be looking for it by then.
        outbox.later(row.key, "drawing took too long", run.at)
        return _ended([row], Delivery.WAITING, "drawing took too long")
    if not take_along(run.store, row, others, at=run.at, worker=run.worker):
        outbox.later(row.key, row.error, run.at)
        return _ended([row], Delivery.WAITING, row.error)
    _pace(run, row.channel, channel)
    try:
        receipt = channel.deliver(message, previous, picture)
    except DeliveryError as problem:
        if problem.payload:
            # It is this form that is refused: what else it would have told is tried by itself.
            let_go(run.store, [r.key for r in others], run.at)
            others = []
        return _failed(run, [row, *others], problem)
    except Exception as problem:
        log.exception("channel %s failed on %s", row.channel, row.key)
        let_go(run.store, [r.key for r in others], run.at)
        return [_broken(run, row, problem)]
    finally:
        # A slow way there must not bring the next message closer: the channel counts from when this one arrived.
        _pace(run, row.channel, channel)
    failpoint("notify-delivered")
    return _all_sent(run, row, others, receipt)


def _all_sent(run: _Run, row: OutboxRow, others: Sequence[OutboxRow], receipt: Receipt) -> list[Delivered]:
    """The row as sent, and those that its message told with it, in one transaction."""
    if not others:
        return [_sent(run, row, receipt)]
    run.store.outbox.sent_together([row.key, *(r.key for r in others)], receipt, run.at)
    mine = Delivered(key=row.key, channel=row.channel, state=Delivery.SENT)
    return [mine, *(replace(mine, key=r.key, within=row.key) for r in others)]


def _pace(run: _Run, name: str, channel: Channel) -> None:
    """Claim the channel's next moment before using it: all workers read the same pause."""
    until = run.at + timedelta(seconds=channel.pace_s)
    if channel.pace_s > 0:
        _pause(run, name, until)


def _pause(run: _Run, name: str, until: datetime) -> None:
    """Pauses only ever grow: a pace must not undo what the channel asked for."""
    before = run.store.outbox.paused(name)
    if before is None or before < until:
        run.store.outbox.pause(name, until)


def _sent(run: _Run, row: OutboxRow, receipt: Receipt) -> Delivered:
    run.store.outbox.sent(row.key, receipt, run.at)
    failpoint("notify-sent")
    return Delivered(key=row.key, channel=row.channel, state=Delivery.SENT)


def _failed(run: _Run, rows: Sequence[OutboxRow], problem: DeliveryError) -> list[Delivered]:
    """The four things that can be wrong with a message, each with its own end, for all rows that it was to tell."""
    # That it may be a repeat must outlive a failed try.
    error = next((row.error for row in rows if row.error.startswith(REPEAT)), str(problem))
    named = rows[0].key if len(rows) == 1 else f"{rows[0].key} and {len(rows) - 1} more"
    if problem.in_doubt:
        # Left in `sending`: it is looked up when its lease is over, never sent again before that.
        log.warning("%s is in doubt: %s", named, error)
        return _ended(rows, Delivery.SENDING, error)
    if problem.payload:
        log.error("%s cannot be sent in any form: %s", named, error)
        for row in rows:
            run.store.outbox.dead(row.key, error)
        return _ended(rows, Delivery.DEAD, error)
    if problem.permanent:
        return _parked(run, rows, error)
    wait = _backoff(rows[0].attempts)
    if problem.retry_after is not None:
        wait = min(max(problem.retry_after, 1.0), LONGEST_BACKOFF_S)
        _pause(run, rows[0].channel, run.at + timedelta(seconds=wait))
    run.store.outbox.later_together([row.key for row in rows], error, run.at + timedelta(seconds=wait))
    return _ended(rows, Delivery.WAITING, error)


def _parked(run: _Run, rows: Sequence[OutboxRow], error: str) -> list[Delivered]:
    """They wait for somebody to mend something, and their channel with them; tried again every ten minutes, for
    ever."""
    log.error("channel %s takes nothing: %s", rows[0].channel, error)
    run.store.outbox.park([row.key for row in rows], error)
    _pause(run, rows[0].channel, run.at + timedelta(seconds=BLOCKED_S))
    return _ended(rows, Delivery.PARKED, error)


def _ended(rows: Sequence[OutboxRow], state: Delivery, error: str) -> list[Delivered]:
    return [Delivered(key=row.key, channel=row.channel, state=state, error=error) for row in rows]


def _broken(run: _Run, row: OutboxRow, problem: Exception) -> Delivered:
    """A fault of ours or of a plug-in: others go on, this row is given up after some tries."""
    error = f"{type(problem).__name__}: {problem}"
    if row.attempts >= TRIES_OF_A_BUG:
        run.store.outbox.dead(row.key, error)
        return Delivered(key=row.key, channel=row.channel, state=Delivery.DEAD, error=error)
    run.store.outbox.later(row.key, error, run.at + timedelta(seconds=_backoff(row.attempts)))
    return Delivered(key=row.key, channel=row.channel, state=Delivery.WAITING, error=error)


def _backoff(attempts: int) -> float:
    return float(min(BACKOFF_S * 2 ** min(attempts, 10), LONGEST_BACKOFF_S))


def _unknown_channel(row: OutboxRow) -> str:
    return f"the configuration has no channel {row.channel!r} any more"
