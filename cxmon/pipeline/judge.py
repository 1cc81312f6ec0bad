"""judge: estimates what each declared change did to each watched metric and keeps the verdicts and the bands.

Metrics are the outer loop, because reading a metric's figures costs the most and every change on it uses the same ones.
What goes wrong with one metric is that metric's reason to wait; the others are judged all the same.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from cxmon import decisions
from cxmon.config.plan import Plan
from cxmon.decisions import Share
from cxmon.decisions.maturity import ripened
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


class Depth(Enum):
    """How deep a look goes. What is told, and every word of it but the number of the version, is the same.

    WHOLE: everything. FIGURES: no bands, for those who draw none. TOLD: of a verdict that nobody is told of only what
    its code rests on, so that a grade that turned by itself makes no version.
    """

    WHOLE = "whole"
    FIGURES = "figures"
    TOLD = "told"


Progress = Callable[[str, int, int], None]


def judge(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    changes: Sequence[str] | None = None,
    progress: Progress | None = None,
    depth: Depth = Depth.WHOLE,
) -> list[Verdict]:
    """Judges every live change that has begun by `now` (or those named in `changes`) and returns the verdicts.

    Figures are taken as they were known at `now`. A verdict gets a new version where it is news, else the stored one is
    refreshed; bands of every metric and shown segment are stored beside. Verdicts for a moment before the newest one
    judged are returned and not stored. `progress(metric_id, done, total)` is called before each metric.
    """
    register(plan, store, now=now)
    declared = [d for d in store.changes.all() if d.change.status is Status.LIVE]
    begun = [d for d in declared if d.change.starts <= now and (changes is None or d.change.id in changes)]
    watched = {d.change.id: decisions.watched(d.change, plan.metrics) for d in begun}
    asked = _Asked(
        plan=plan,
        store=store,
        live=[part for d in declared for part in d.change.parts()],
        shares={d.change.id: decisions.shares(watched[d.change.id], d.change.weights) for d in begun},
        now=now,
        drawn=depth is Depth.WHOLE,
        brief=depth is Depth.TOLD,
    )
    found = asked.about(begun, progress)
    if depth is Depth.TOLD:
        told = [d for d in begun if _tells(store, d, found[d.change.id], now)]
        found |= replace(asked, brief=False).about(told)
    titles = {d.change.id: d.change.title for d in declared}
    return [_verdict(plan, store, d, found[d.change.id], titles, now) for d in begun]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One look: what is known of all changes at `now`, and how deep it goes."""

    plan: Plan
    store: Store
    live: Sequence[Change]
    shares: Mapping[str, Mapping[str, Share]]
    now: datetime
    drawn: bool
    brief: bool

    def about(self, begun: Sequence[Declared], progress: Progress | None = None) -> dict[str, list[Evidence]]:
        """The evidence on each of these changes by its id, in the order of the plan's metrics."""
        metrics = self.plan.metrics.values()
        found: dict[str, list[Evidence]] = {d.change.id: [] for d in begun}
        for done, metric in enumerate(metrics):
            if progress is not None:
                progress(metric.id, done, len(metrics))
            asked = [d.change for d in begun if metric.id in self.shares[d.change.id] and not self._sure(found, d)]
            if not asked and not self.drawn:
                continue
            for change, known in self._on_metric(metric, asked):
                found[change].append(known)
        if progress is not None:
            progress("verdicts", len(metrics), len(metrics))
        return found

    def _sure(self, found: Mapping[str, Sequence[Evidence]], declared: Declared) -> bool:
        """Whether no other metric can change the code any more: nothing is graver than harmed."""
        return self.brief and any(k.harm.code is Code.HARMED for k in found[declared.change.id])

    def _on_metric(self, metric: Metric, asked: Sequence[Change]) -> list[tuple[str, Evidence]]:
        """(change id, evidence) for each of the changes `asked` about, and the metric's bands in the store."""
        store, now = self.store, self.now
        try:
            leaves = ripened(store.panel(metric, as_known_at=now))
        except Exception as error:  # noqa: BLE001 - one bad metric stops no other; its reason is told.
            LOG.warning("judge metric=%s error=%s", metric.id, error)
            return [(c.id, failed(metric, c, error, self.shares[c.id][metric.id])) for c in asked]
        found = [(change.id, self._judged(change, leaves)) for change in asked]
        if not self.drawn:
            return found
        drawn = [known.band for _, known in found if known.band is not None]
        try:
            accepted = [i for i in store.incidents.recent(1000) if i.ending is Ending.ACCEPTED]
            harmful = {c for c, known in found if known.harm.code in RED and not _answered(store, c)}
            drawn += bands(leaves, steps(self.live, accepted, metric, now, harmful), now=now)
            _put(store, metric, drawn)
        except Exception as error:  # noqa: BLE001 - verdicts do not depend on what is drawn.
            LOG.warning("bands metric=%s error=%s", metric.id, error)
        return found

    def _judged(self, change: Change, leaves: Panel) -> Evidence:
        share = self.shares[change.id][leaves.metric.id]
        try:
            if change.stages:
                return staged_evidence(change, self.live, leaves, share, now=self.now)
            return evidence(change, self.live, leaves, share, now=self.now, brief=self.brief)
        except Exception as error:  # noqa: BLE001 - one bad metric stops no other; its reason is told.
            LOG.warning("judge change=%s metric=%s error=%s", change.id, leaves.metric.id, error)
            return failed(leaves.metric, change, error, share)


def _tells(store: Store, declared: Declared, known: Sequence[Evidence], now: datetime) -> bool:
    """Whether people would hear of a verdict: its code alone says so."""
    history = [v for v in store.verdicts.history(declared.change.id) if v.as_of <= now]
    verdict = assembled(declared.change, known, now=now, history=history)
    return decisions.telling(decisions.last_told(history), verdict).told


def _answered(store: Store, change: str) -> bool:
    """Whether somebody decided to live with what a change did: then its level is the new normal."""
    return any(r.decision in {Decision.KEEP, Decision.ACCEPT} for r in store.changes.responses(change))


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
