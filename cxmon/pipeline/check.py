"""Runs the checks: new mature periods become findings, findings become incidents, incidents become messages."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import numpy as np

from cxmon.checks import Funnel, Watch
from cxmon.config.plan import CheckPlan, Plan
from cxmon.contracts import CheckContext
from cxmon.decisions.left_out import left_out
from cxmon.decisions.maturity import Ripening, ripened, ripening
from cxmon.errors import StoreError
from cxmon.incidents import Walked, holds_on, walk
from cxmon.model import Declared, Finding, Incident, IncidentState, Kind, Metric, Segment, State, Step, Transition
from cxmon.panel import Panel
from cxmon.pipeline import covering, source_health
from cxmon.pipeline.again import tell_again
from cxmon.pipeline.budgeting import budget, of_series, rolled
from cxmon.pipeline.check_telling import tell
from cxmon.pipeline.checked import BUSY, Checked
from cxmon.pipeline.explained import tell_explained
from cxmon.pipeline.explaining import explanation, new_levels, open_verdicts, reaching, told_elsewhere
from cxmon.pipeline.kinds import Asking, worked_out
from cxmon.pipeline.memory import Keeping, Memories, Stored
from cxmon.store import Store
from cxmon.wording.joining import seen_too
from cxmon.wording.reasons import worded
from cxmon.wording.watching import consistent_with

__all__ = ["Checked", "check"]

log = logging.getLogger(__name__)

# After a long pause the newest periods are walked; what lay before them is not told after the fact.
CATCH_UP = 31
# How often a look is taken again when somebody else looked at the same subject meanwhile.
TRIES = 3
RECENT = 1000


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the store knows when a look begins."""

    incidents: tuple[Incident, ...]
    changes: tuple[Declared, ...]
    verdicts: dict[str, Incident]


# How long the periods of each watched metric have to wait, by its id, where that is learnt.
Waits = Mapping[str, Ripening]


def check(
    plan: Plan, store: Store, *, now: datetime, memories: Memories | None = None, waits: Waits | None = None
) -> list[Checked]:
    """Runs every configured check on every metric it names, up to the newest period that is mature at `now`.

    Incidents, transitions and messages of one check on one metric are one transaction, which also moves on how far the
    check has judged: the same periods are never told twice. A check that raises is reported in its `Checked.error`, has
    an incident of its own, and stops no other. Incidents of checks and metrics that are configured no longer are ended,
    told once. What checks keep from one look to the next is in the store, unless `memories` hold it. `waits` is what
    `watched_waits` says of the same moment, where somebody has asked before.
    """
    if memories is None:
        memories = partial(Stored, store)
    done = source_health.run(plan, store, now=now)
    shares, figures = budget(plan, store, now=now), Figures.of(plan, store, now, waits)
    for check_plan in plan.checks:
        if source_health.is_about_sources(check_plan):
            continue
        for metric_id in check_plan.metrics:
            try:
                mine = of_series(shares, check_plan.name, metric_id)
                memory = memories(check_plan.name, metric_id)
                look = _Looking(plan, store, check_plan, plan.metrics[metric_id], mine, now, memory, figures)
                done.append(look.taken())
            except Exception as e:
                log.exception("check %s on %s failed", check_plan.name, metric_id)
                done.append(Checked(check=check_plan.name, metric=metric_id, error=f"{type(e).__name__}: {e}"))
    done += source_health.failing(plan, store, done, now=now)
    done += source_health.retire(plan, store, now=now)
    tell_explained(plan, store, now=now)
    tell_again(plan, store, now=now)
    return done


def watched_waits(plan: Plan, store: Store, *, now: datetime) -> Waits:
    """What `check` learns at `now` of how long periods have to wait. Of durations it does so itself: sums of their
    histograms are large."""
    found = {}
    for id_ in Figures.of(plan, store, now).asked:
        metric = plan.metrics[id_]
        if metric.kind is Kind.QUANTILE or not (segments := rolled(store, metric)):
            continue
        if (learnt := ripening(store.panel(metric, segments, as_known_at=now))) is not None:
            found[id_] = learnt
    return found


@dataclass(frozen=True)
class Figures:
    """The watched series of each metric as known at one moment: read once for all checks that name it, and held no
    longer than until the last of them. Histograms are too large to be held for many metrics at once, but where the
    store does so anyway, as in a replay."""

    store: Store
    now: datetime
    asked: Counter[str]
    waits: Waits = field(default_factory=dict)
    held: dict[str, Panel] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, store: Store, now: datetime, waits: Waits | None = None) -> "Figures":
        names = (name for c in plan.checks if not source_health.is_about_sources(c) for name in c.metrics)
        return cls(store, now, Counter(names), waits or {})

    def take(self, metric: Metric, segments: Sequence[Segment]) -> Panel:
        self.asked[metric.id] -= 1
        panel = self.held.pop(metric.id, None)
        if panel is None or panel.segments != tuple(segments):
            panel = self._ripened(self.store.panel(metric, segments, as_known_at=self.now))
        if self.asked[metric.id] > 0 and (panel.counts is None or panel.kept is not None):
            self.held[metric.id] = panel
        return panel

    def _ripened(self, panel: Panel) -> Panel:
        known = self.waits.get(panel.metric.id)
        return known.of(panel) if known is not None and known.fits(panel) else ripened(panel)


@dataclass(frozen=True)
class _Looking:
    """One check on one metric at one moment."""

    plan: Plan
    store: Store
    check_plan: CheckPlan
    metric: Metric
    shares: Mapping[Segment, float]
    now: datetime
    memory: Keeping
    figures: Figures

    def taken(self) -> Checked:
        for _ in range(TRIES):
            taken = self._look()
            if taken is not None:
                return taken
        return Checked(check=self.check_plan.name, metric=self.metric.id, error=BUSY)

    def _look(self) -> Checked | None:
        """One look; None where somebody else has looked meanwhile, so that nothing was written."""
        plan, store, check_plan, metric, now = self.plan, self.store, self.check_plan, self.metric, self.now
        name = check_plan.name
        seen = store.incidents.evaluated_through(name, metric.id)
        segments = rolled(store, metric)
        if not segments:
            return Checked(check=name, metric=metric.id)
        panel = self.figures.take(metric, segments)
        # What was judged stays judged: a period enters once, however the curve is seen later.
        mature = panel.mature(now) | (panel.starts <= (-np.inf if seen is None else seen.timestamp()))
        new = np.flatnonzero(mature & (panel.starts > (-np.inf if seen is None else seen.timestamp())))
        if not len(new):
            return Checked(check=name, metric=metric.id)
        known = _known(store, name, metric)
        context = CheckContext(
            as_of=now,
            mature=mature,
            evaluated_through=_from(panel, mature, new, check_plan, first=seen is None),
            last_run_ok_at=store.runs.last_ok(metric.id),
            alarm_budgets=self.shares,
            rebaselined=new_levels(metric, segments, known.changes, known.incidents, now),
            settled=int(np.searchsorted(panel.ends(), (now - metric.lookback).timestamp(), side="right")),
            memory=self.memory,
            left_out=left_out(panel, store.left_out.all(metric.id, known_at=now)),
        )
        through = datetime.fromtimestamp(int(panel.starts[new[-1]]), UTC)
        findings, quiet = self._told(panel, *_findings(check_plan, panel, context, known))
        walked = walk(
            known.incidents, findings, check_plan.policy, now, seen_through=seen, first=seen is None,
            explained=told_elsewhere(metric, known.changes, known.verdicts) if _watches(check_plan) else lambda _: None,
        )  # fmt: skip
        ask = Asking(
            store=store, metric=metric, check=check_plan.check, context=context, now=now, least=plan.minimum_cell
        )  # fmt: skip
        walked = worded(walked, check_plan.policy, metric.grain.value)
        walked = worked_out(replace(walked, kept_quiet=(*quiet, *walked.kept_quiet)), ask)
        telling = tell(
            plan, store, walked.events, metric=metric, check=name, check_type=check_plan.check.type,
            changes=known.changes, now=now, scores={f.segment: f.score for f in findings if f.at == through},
        )  # fmt: skip
        told = (*telling.transitions, *_notes(store, walked, metric, now))
        # Where a person did something about one while we were looking, that must not be written over.
        changed = {i.id for i in walked.incidents}
        open_before = [
            i
            for i in known.incidents
            if i.state is not IncidentState.ENDED or holds_on(i, check_plan.policy) or i.id in changed
        ]
        taken = store.incidents.commit(
            check=name, subject=metric.id, seen_through=seen, through=through, incidents=walked.incidents,
            transitions=told, outbox=telling.rows, now=now, seen=open_before,
        )  # fmt: skip
        if not taken:
            return None
        self._kept()
        fresh = tuple(f for f in findings if f.at == through)
        news = tuple(t for t in told if t.step is not Step.NOTED)
        return Checked(check=name, metric=metric.id, findings=fresh, transitions=news)

    def _told(
        self, panel: Panel, findings: Sequence[Finding], quiet: Sequence[tuple[Finding, str]]
    ) -> tuple[list[Finding], list[tuple[Finding, str]]]:
        """The same without the figures of groups that are too small to be shown: nothing after this has them."""
        check, least = self.check_plan.check, self.plan.minimum_cell
        over = check.periods(self.metric) if isinstance(check, Funnel) else 1
        both = covering.findings(
            [*findings, *(f for f, _ in quiet)], panel, lambda: self.store.leaves(self.metric), self.now, least, over
        )
        kept = both[len(findings) :]
        return both[: len(findings)], [(f, incident) for f, (_, incident) in zip(kept, quiet, strict=True)]

    def _kept(self) -> None:
        """The look is taken and told: a checkpoint that cannot be kept costs the next one time, and nothing else."""
        try:
            self.memory.save()
        except StoreError as e:
            log.warning("checkpoint of %s on %s not kept: %s", self.check_plan.name, self.metric.id, e)


def _known(store: Store, name: str, metric: Metric) -> _Known:
    return _Known(
        incidents=tuple(store.incidents.of(name, metric.id, RECENT)),
        changes=reaching(store.changes.all(), metric, store.leaves(metric)),
        verdicts=open_verdicts(store.incidents.open("verdict")),
    )


def _from(panel: Panel, mature: np.ndarray, new: np.ndarray, check_plan: CheckPlan, *, first: bool) -> datetime | None:
    """Where judging starts: a bounded number of new periods, and before them the looks that k of n needs.

    A first run looks only at the newest periods, as many as it takes to open or end an incident.
    """
    policy = check_plan.policy
    most = max(policy.of, policy.recover_after) if first else CATCH_UP
    oldest = new[-most:][0]
    before = np.flatnonzero(mature[:oldest])[-policy.of :]
    warm = before[:1] if len(before) else before
    return datetime.fromtimestamp(int(panel.starts[warm[0]]), UTC) if len(warm) else None


def _findings(
    check_plan: CheckPlan, panel: Panel, context: CheckContext, known: _Known
) -> tuple[list[Finding], list[tuple[Finding, str]]]:
    """(the findings, under the check's name and with the change they are consistent with; breaches that the incident of
    a verdict already tells of). Watch takes the level since such a change as the new one, and looks again."""
    findings = _named(check_plan, check_plan.check.evaluate(panel, context))
    if not _watches(check_plan):
        return findings, []
    mine = {m for i in known.incidents if i.state is not IncidentState.ENDED for m in i.members}
    told: dict[Segment, tuple[Finding, str]] = {}
    levels = dict(context.rebaselined)
    for finding in findings:
        if finding.state is not State.BREACH or finding.segment in mine:
            continue
        found = explanation(finding, panel.metric, known.changes, known.verdicts)
        if found is not None and found.incident is not None:
            told[finding.segment] = finding, found.incident.id
            starts = found.change.change.starts
            levels[finding.segment] = tuple(sorted({*levels.get(finding.segment, ()), starts}))
    if told:
        findings = _named(check_plan, check_plan.check.evaluate(panel, replace(context, rebaselined=levels)))
    return [_consistent(f, panel.metric, known) for f in findings], list(told.values())


def _watches(check_plan: CheckPlan) -> bool:
    return isinstance(check_plan.check, Watch)


def _named(check_plan: CheckPlan, findings: Iterable[Finding]) -> list[Finding]:
    return [f if f.check == check_plan.name else Finding(**{**vars(f), "check": check_plan.name}) for f in findings]


def _consistent(finding: Finding, metric: Metric, known: _Known) -> Finding:
    """The finding, naming the declared change that it is consistent with where there is one."""
    found = explanation(finding, metric, known.changes, known.verdicts) if finding.state is State.BREACH else None
    if found is None:
        return finding
    title = found.change.change.title
    return replace(finding, reason=f"{finding.reason}{consistent_with(title)}")


def _notes(store: Store, walked: Walked, metric: Metric, now: datetime) -> Sequence[Transition]:
    """What was not opened because a verdict's incident tells of it, noted there once for each segment."""
    notes: dict[tuple[str, Segment], Transition] = {}
    for finding, incident in walked.kept_quiet:
        head = seen_too(finding.check, metric.label, finding.segment.label)
        if not any(t.reason.startswith(head) for t in store.incidents.history(incident)):
            notes[incident, finding.segment] = Transition(
                incident=incident, step=Step.NOTED, at=now, reason=f"{head}; {finding.reason}"
            )
    return tuple(notes.values())
