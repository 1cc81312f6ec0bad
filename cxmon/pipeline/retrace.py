"""retrace: the weeks of a watch that nobody kept a reading of, judged afterwards with what was known on their days."""

from collections.abc import Callable, Iterable, MutableSet
from dataclasses import replace
from datetime import datetime, timedelta

from cxmon.config.plan import Plan
from cxmon.decisions import readings_of
from cxmon.model import GRAVITY, KeptBy, Reading
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.replay_known import hearsay
from cxmon.store import Overlay, Store

EVERY = timedelta(days=7)
# When the night's figures are in, after the hour at which a change began.
IN = timedelta(hours=6)


def retrace(
    plan: Plan,
    store: Store,
    change: str,
    *,
    now: datetime,
    progress: Callable[[str, int, int], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    without: MutableSet[tuple[str, datetime]] | None = None,
) -> list[Reading]:
    """Keeps a reading of each week of a change's watch up to `now` of which there is none; returns what was worked out.

    What was said is never touched: readings of days that are kept stay as they are. Needs a verdict to begin with:
    empty where there is none. Between two weeks it ends where `stopped`, and keeps what it has. `without` holds weeks
    (decision, moment) that had nothing to say yet, which are not asked again; those that are found are added.
    """
    declared, latest = store.changes.get(change), store.verdicts.latest(change)
    if declared is None or latest is None:
        return []
    kept = [one.at for one in store.verdicts.readings(change)]
    ends = max((harm.window_end for harm in latest.harms if harm.window_end is not None), default=now) + 2 * EVERY
    silent = set[tuple[str, datetime]]() if without is None else without
    missing = _missing(declared.change.starts + IN, min(now, ends), kept)
    moments = [at for at in missing if (change, at) not in silent]
    if not moments:
        return []
    overlay = Overlay.over(store, plan.metrics.values())
    # What was declared late is judged as if it had been known: the question is how sure one could have been.
    heard = hearsay(plan, store, in_time=True, ours=True)
    bare = replace(plan, changes=(), silences=())
    found: list[Reading] = []
    for done, at in enumerate(moments):
        if stopped():
            break
        if progress is not None:
            progress("weeks", done, len(moments))
        overlay.advance(at)
        heard.tell(overlay, at)
        verdicts = judge(bare, overlay, now=at, changes=[change], depth=Depth.FIGURES)
        said = [replace(one, by=KeptBy.AFTERWARDS) for verdict in verdicts for one in readings_of(verdict)]
        found += said
        if not said:
            silent.add((change, at))
    store.verdicts.keep_readings(change, found)
    return found


def retrace_all(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    stopped: Callable[[], bool],
    without: MutableSet[tuple[str, datetime]] | None = None,
) -> dict[str, int]:
    """Every decision with a verdict, the gravest first; {id: readings that were worked out}, of those with any. Options
    as of `retrace`."""
    judged = store.verdicts.all_latest().values()
    found: dict[str, int] = {}
    for verdict in sorted(judged, key=lambda v: (GRAVITY.index(v.code), v.change)):
        if stopped():
            break
        if kept := retrace(plan, store, verdict.change, now=now, stopped=stopped, without=without):
            found[verdict.change] = len(kept)
    return found


def _missing(first: datetime, last: datetime, kept: Iterable[datetime]) -> list[datetime]:
    """A moment a week without any of the `kept` within half a week, oldest first."""
    known = list(kept)
    weeks = (first + i * EVERY for i in range(1, (last - first) // EVERY + 1))
    return [at for at in weeks if all(abs(at - one) > EVERY / 2 for one in known)]
