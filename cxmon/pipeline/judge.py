"""judge: estimates what each declared change did to each watched metric and keeps the verdicts and the bands.

Metrics are the outer loop, because reading a metric's figures costs the most and every change on it uses the same ones.
What goes wrong with one metric is that metric's reason to wait; the others are judged all the same.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from cxmon import decisions
from cxmon.config.plan import Plan
from cxmon.decisions import Share
from cxmon.model import Band, Change, Code, Decision, Declared, Ending, Metric, Status, Verdict
from cxmon.panel import Panel
from cxmon.pipeline.judge_bands import bands, steps
from cxmon.pipeline.judge_evidence import Evidence, evidence, failed
from cxmon.pipeline.judge_staged import staged_evidence
from cxmon.pipeline.judge_telling import in_words, keep
from cxmon.pipeline.register import register
from cxmon.store import Store

LOG = logging.getLogger("cxmon.judge")

RED = (Code.HARMED, Code.WORSE)

Progress = Callable[[str, int, int], None]


def judge(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    changes: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> list[Verdict]:
    """Judges every live change that has begun by `now` (or those named in `changes`) and returns the verdicts.

    Figures are taken as they were known at `now`. A verdict gets a new version where it is news, else the stored one is
    refreshed; bands of every metric and shown segment are stored beside. Verdicts for a moment before the newest one
    judged are returned and not stored. `progress(metric_id, done, total)` is called before each metric.
    """
    register(plan, store, now=now)
    declared = [d for d in store.changes.all() if d.change.status is Status.LIVE]
    live = [part for d in declared for part in d.change.parts()]
    begun = [d for d in declared if d.change.starts <= now and (changes is None or d.change.id in changes)]
    shares = {d.change.id: decisions.shares(watched(d.change, plan.metrics), d.change.weights) for d in begun}
    found: dict[str, list[Evidence]] = {d.change.id: [] for d in begun}
    for done, metric in enumerate(plan.metrics.values()):
        if progress is not None:
            progress(metric.id, done, len(plan.metrics))
        asked = [d.change for d in begun if metric.id in shares[d.change.id]]
        for change, known in _on_metric(store, metric, asked, live, shares, now):
            found[change].append(known)
    if progress is not None:
        progress("verdicts", len(plan.metrics), len(plan.metrics))
    titles = {d.change.id: d.change.title for d in declared}
    return [_verdict(plan, store, d, found[d.change.id], titles, now) for d in begun]


def watched(change: Change, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """The metrics a change is judged on, in the plan's order.

    Those with a limit or an aim, its guards and the guards of all these; every metric where it names none.
    """
    named = {*change.limits, *change.aims, *change.guards}
    named |= {guard for metric in named & metrics.keys() for guard in metrics[metric].guards}
    return tuple(metric for metric in metrics if not named or metric in named)


def _on_metric(
    store: Store,
    metric: Metric,
    asked: Sequence[Change],
    live: Sequence[Change],
    shares: Mapping[str, Mapping[str, Share]],
    now: datetime,
) -> list[tuple[str, Evidence]]:
    """(change id, evidence) for each of the changes `asked` about, and the metric's bands in the store."""
    try:
        leaves = store.panel(metric, as_known_at=now)
    except Exception as error:  # noqa: BLE001 - one bad metric stops no other; its reason is told.
        LOG.warning("judge metric=%s error=%s", metric.id, error)
        return [(c.id, failed(metric, c, error, shares[c.id][metric.id])) for c in asked]
    found = [(change.id, _judged(change, live, leaves, shares[change.id][metric.id], now)) for change in asked]
    drawn = [known.band for _, known in found if known.band is not None]
    try:
        accepted = [i for i in store.incidents.recent(1000) if i.ending is Ending.ACCEPTED]
        harmful = {c for c, known in found if known.harm.code in RED and not _answered(store, c)}
        drawn += bands(leaves, steps(live, accepted, metric, now, harmful), now=now)
        _put(store, metric, drawn)
    except Exception as error:  # noqa: BLE001 - verdicts do not depend on what is drawn.
        LOG.warning("bands metric=%s error=%s", metric.id, error)
    return found


def _answered(store: Store, change: str) -> bool:
    """Whether somebody decided to live with what a change did: then its level is the new normal."""
    return any(r.decision in {Decision.KEEP, Decision.ACCEPT} for r in store.changes.responses(change))


def _judged(change: Change, live: Sequence[Change], leaves: Panel, share: Share, now: datetime) -> Evidence:
    try:
        if change.stages:
            return staged_evidence(change, live, leaves, share, now=now)
        return evidence(change, live, leaves, share, now=now)
    except Exception as error:  # noqa: BLE001 - one bad metric stops no other; its reason is told.
        LOG.warning("judge change=%s metric=%s error=%s", change.id, leaves.metric.id, error)
        return failed(leaves.metric, change, error, share)


def _put(store: Store, metric: Metric, drawn: Sequence[Band]) -> None:
    """Keeps the bands, unless the store has some for a later moment."""
    known = {key for named, key in store.bands.keys() if named == metric.id}  # noqa: SIM118 - a method, not a mapping.
    sample = next((band for band in drawn if band.key in known), None)
    stored = store.bands.get(metric.id, sample.key) if sample is not None else None
    if stored is None or stored.as_of <= drawn[0].as_of:
        store.bands.put(drawn)


def assembled(change: Change, known: Sequence[Evidence], *, now: datetime, history: Sequence[Verdict] = ()) -> Verdict:
    """The verdict on one change from what is known of each of its metrics, still without words."""
    return decisions.judge(
        change,
        [k.harm for k in known],
        now=now,
        aims=[k.aim for k in known if k.aim is not None],
        splits=[k.split for k in known if k.split is not None],
        history=history,
    )


def _verdict(
    plan: Plan, store: Store, declared: Declared, known: Sequence[Evidence], titles: Mapping[str, str], now: datetime
) -> Verdict:
    history = [v for v in store.verdicts.history(declared.change.id) if v.as_of <= now]
    verdict = assembled(declared.change, known, now=now, history=history)
    verdict = in_words(verdict, declared, plan.metrics, plan.zone, titles)
    if not keep(plan, store, declared, verdict, history, now=now):
        LOG.info("judge change=%s not stored: judged for a later moment already", declared.change.id)
    return verdict
