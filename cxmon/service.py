"""When: the scheduler that collects, judges and delivers, with a leader lease, a heartbeat and a clean end.

The plan and the store are the schedule's truth, so the job store is memory and nothing is ever pickled. Correctness
comes from the store's constraints; the lease only keeps two instances from doing the same work twice.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cxmon.config.plan import Plan
from cxmon.errors import CxmonError
from cxmon.model import using
from cxmon.store import Store

if TYPE_CHECKING:
    from cxmon.slack_app.listening import Listening

LOG = logging.getLogger("cxmon.service")
LEASE_S = 60.0
HEARTBEAT_S = 15.0
CLOCK_JUMP_S = 30.0
DIGEST_S = 60.0
# Nobody waits for it: after the first round and the board, and then for decisions that are new.
RETRACE_S, RETRACE_FIRST_S = 600.0, 20.0
STOP_WITHIN_S = 10.0


def wall() -> datetime:
    """The wall clock, for everything operational: leases, claims, retries."""
    return datetime.now(UTC)


def clock(plan: Plan) -> datetime:
    """Now, as data and decisions know it: frozen where the plan says `as_of`."""
    return plan.as_of or wall()


Progress = Callable[[str, int, int], None]


def work(plan: Plan, store: Store, *, now: datetime, progress: Progress | None = None) -> None:
    """One round of the main job: collect, judge, check. Each part reports its own failures and stops no other."""
    gather(plan, store, now=now, progress=progress)
    assess(plan, store, now=now, progress=progress)


def gather(plan: Plan, store: Store, *, now: datetime, progress: Progress | None = None) -> None:
    """The first half of a round: the registry and the figures."""
    from cxmon.pipeline.bring_in import bring_in  # noqa: PLC0415 - statistics are imported when the first job runs.
    from cxmon.pipeline.collect import collect  # noqa: PLC0415
    from cxmon.pipeline.register import register  # noqa: PLC0415

    register(plan, store, now=now)
    for imported in bring_in(plan, store, now=now):
        if not imported.ok:
            LOG.warning("import feed=%s error=%s", imported.feed, imported.error)
    for collected in collect(plan, store, now=now, progress=progress):
        if not collected.ok:
            LOG.warning("collect metric=%s source=%s error=%s", collected.metric, collected.source, collected.error)
        for notice in collected.notices:
            LOG.warning("collect metric=%s notice=%s", collected.metric, notice)


def assess(plan: Plan, store: Store, *, now: datetime, progress: Progress | None = None) -> None:
    """The second half of a round: what the figures say."""
    from cxmon.pipeline.aim import aim  # noqa: PLC0415
    from cxmon.pipeline.check import check  # noqa: PLC0415
    from cxmon.pipeline.judge import judge  # noqa: PLC0415
    from cxmon.pipeline.remind import remind  # noqa: PLC0415
    from cxmon.pipeline.sheets import sheets  # noqa: PLC0415

    for verdict in judge(plan, store, now=now, progress=progress):
        LOG.info("judge change=%s code=%s version=%d", verdict.change, verdict.code, verdict.version)
    aim(plan, store, now=now)
    # After the verdicts, so that a regression which a declared change explains joins that change's story.
    for checked in check(plan, store, now=now):
        if checked.error:
            LOG.warning("check check=%s metric=%s error=%s", checked.check, checked.metric, checked.error)
    for one in remind(plan, store, now=now):
        LOG.info("remind subject=%s standing=%s channels=%s", one.response.subject, one.how.standing, one.channels)
    # Last: nobody waits for it, and nothing that is told rests on it.
    sheets(plan, store, now=now, progress=progress)


class Service:
    """The jobs of one process. `run` blocks until `stop` is set, then ends within ten seconds, whatever hangs."""

    def __init__(self, plan: Plan, *, holder: str | None = None) -> None:
        self._plan = plan
        self._holder = holder or f"{socket.gethostname()}:{os.getpid()}"
        # What people did must reach the thread while a long round goes on: each job waits for itself alone.
        self._busy = {name: threading.Lock() for name in ("work", "digest", "deliver", "retrace")}
        # Weeks of decisions of which nothing could be said yet: they are asked for once.
        self._silent: set[tuple[str, datetime]] = set()
        self._leader = threading.Event()
        self._last_beat = (time.monotonic(), wall())
        self.stop = threading.Event()

    def run(self) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415

        self._beat()
        scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        every = self._plan.schedule
        scheduler.add_job(self._beat, "interval", seconds=HEARTBEAT_S, id="heartbeat")
        scheduler.add_job(
            self._work,
            "interval",
            seconds=every.collect_every.total_seconds(),
            id="work",
            next_run_time=self._next_work(),
        )
        scheduler.add_job(
            self._deliver,
            "interval",
            seconds=every.deliver_every.total_seconds(),
            id="deliver",
            next_run_time=wall(),
        )
        first = wall() + timedelta(seconds=RETRACE_FIRST_S)
        scheduler.add_job(self._retrace, "interval", seconds=RETRACE_S, id="retrace", next_run_time=first)
        if self._plan.digest or any(view.digest for view in self._plan.views):
            scheduler.add_job(self._digest, "interval", seconds=DIGEST_S, id="digest", next_run_time=wall())
        scheduler.start()
        # Every instance listens: Slack gives a click to any one of them, and the store knows what was done.
        ears = [one.start() for one in self._listenings()]
        LOG.info("started holder=%s collect_every=%s", self._holder, every.collect_every)
        self.stop.wait()
        scheduler.pause()
        for one in ears:
            one.stop()
        until = time.monotonic() + STOP_WITHIN_S
        ended = all(lock.acquire(timeout=max(until - time.monotonic(), 0.0)) for lock in self._busy.values())
        scheduler.shutdown(wait=False)
        LOG.info("stopped clean=%s", ended)
        if not ended:
            # A job hangs in a driver. Every step is safe against kill -9, so leaving it is safe too.
            logging.shutdown()
            os._exit(0)

    def _listenings(self) -> "list[Listening]":
        if not any(getattr(channel, "listens", False) for channel in self._plan.channels.values()):
            return []
        from cxmon.slack_app.listening import listenings  # noqa: PLC0415 - most configurations have no buttons.

        return listenings(self._plan, holder=self._holder, clock=wall)

    def _next_work(self) -> datetime:
        """Overdue work runs at once; a restart does not push it an interval away."""
        with Store.open(self._plan.store_url) as store:
            finished = [run.finished_at for run in store.runs.latest().values()]
        if not finished or self._plan.as_of is not None:
            return wall()
        return max(wall(), max(finished) + self._plan.schedule.collect_every)

    def _beat(self) -> None:
        """Renew the lease; after a jump of the wall clock the lease is asked for anew before any work is done."""
        monotonic, now = time.monotonic(), wall()
        drift = (now - self._last_beat[1]).total_seconds() - (monotonic - self._last_beat[0])
        self._last_beat = (monotonic, now)
        if abs(drift) > CLOCK_JUMP_S:
            LOG.warning("clock jumped seconds=%.0f", drift)
        try:
            with Store.open(self._plan.store_url) as store:
                held = store.lease("leader", self._holder, LEASE_S, now)
        except CxmonError as error:
            LOG.warning("heartbeat error=%s", error)
            held = False
        (self._leader.set if held else self._leader.clear)()

    def _guarded(self, name: str, job: Callable[[Store], None]) -> None:
        if self.stop.is_set() or not self._leader.is_set():
            return
        with self._busy[name]:
            began = time.monotonic()
            try:
                # Each job has a thread of the scheduler's, which knows nothing of the format yet.
                with Store.open(self._plan.store_url) as store, using(self._plan.number_format):
                    job(store)
            except CxmonError as error:
                LOG.warning("%s error=%s", name, error)
            except Exception:
                # The scheduler must outlive any one failure; the trace goes to the log and the next tick tries again.
                LOG.exception("%s failed", name)
            LOG.info("%s took_s=%.1f", name, time.monotonic() - began)

    def _work(self) -> None:
        self._guarded("work", lambda store: work(self._plan, store, now=clock(self._plan)))

    def _retrace(self) -> None:
        from cxmon.pipeline.retrace import retrace_all  # noqa: PLC0415

        def job(store: Store) -> None:
            done = retrace_all(self._plan, store, now=clock(self._plan), stopped=self.stop.is_set, without=self._silent)
            for change, readings in done.items():
                LOG.info("retrace change=%s readings=%d", change, readings)

        self._guarded("retrace", job)

    def _digest(self) -> None:
        from cxmon.pipeline.digest import queue_due  # noqa: PLC0415

        def job(store: Store) -> None:
            for row in queue_due(self._plan, store, now=clock(self._plan)):
                LOG.info("digest key=%s", row.key)

        self._guarded("digest", job)

    def _deliver(self) -> None:
        from cxmon.pipeline.notify import deliver  # noqa: PLC0415

        def job(store: Store) -> None:
            for row in deliver(self._plan, store, now=wall(), worker=self._holder):
                LOG.info("deliver key=%s channel=%s state=%s %s", row.key, row.channel, row.state, row.error)

        self._guarded("deliver", job)
