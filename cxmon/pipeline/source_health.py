"""Incidents about sources: a run that failed, data that are strange or overdue, and what is configured no longer."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cxmon.checks import Freshness
from cxmon.config.plan import CheckPlan, Plan
from cxmon.contracts import CheckContext
from cxmon.decisions.source_health import Glimpse, glimpses
from cxmon.incidents import Event, Reason, walk
from cxmon.model import (
    EVERYONE,
    Ending,
    Finding,
    IncidentPolicy,
    IncidentState,
    Pull,
    Standing,
    State,
    Step,
    Transition,
)
from cxmon.pipeline.check_telling import tell
from cxmon.pipeline.checked import BUSY, Checked
from cxmon.pipeline.collect_health import DATA, newest_of
from cxmon.store import Run, Store
from cxmon.wording import source_health as wording
from cxmon.wording.reasons import worded

log = logging.getLogger(__name__)

SOURCE, ERROR = "source", "error"
# Whether a run failed is a fact, not noise: it opens and ends an incident at once. While a source cannot be read it is
# not known whether its data are as usual again, however long that takes.
AT_ONCE = IncidentPolicy(breaches=1, of=1, recover_after=1, unknown_after=1_000_000)


def is_about_sources(check_plan: CheckPlan) -> bool:
    return isinstance(check_plan.check, Freshness)


def run(plan: Plan, store: Store, *, now: datetime) -> list[Checked]:
    """One look at each source: its runs, what they brought, and by each freshness check whether data are overdue."""
    runs, ran = store.runs.latest(), store.runs.each_last_ok()
    pulls = [p for p in store.pulls.latest().values() if any(m in plan.metrics for m in p.metrics)]
    done: list[Checked] = []
    for source in sorted({m.source for m in plan.metrics.values()}):
        mine = [r for metric, r in sorted(runs.items()) if metric in plan.metrics and r.source == source]
        if mine:
            done.append(_guarded(plan, store, SOURCE, source, _of_runs(source, mine), now))
        brought = [p for p in pulls if p.source == source]
        told = any(not r.ok for r in mine)
        if brought:
            found = _of_pulls(plan, source, brought, pulls)
            told = told or found.state is State.BREACH
            done.append(_guarded(plan, store, DATA, source, found, now))
        for check_plan in filter(is_about_sources, plan.checks):
            metrics = [m for m in check_plan.metrics if plan.metrics[m].source == source]
            if not metrics:
                continue
            try:
                finding = _freshness(plan, store, check_plan, source, {m: ran.get(m) for m in metrics}, now)
            except Exception as e:
                log.exception("check %s on %s failed", check_plan.name, source)
                done.append(Checked(check=check_plan.name, metric=source, error=f"{type(e).__name__}: {e}"))
                continue
            if told and finding.state is State.BREACH and not _open(store, check_plan.name, source):
                # The incident of the run, or of what it brought, tells of it; two messages for one fault help nobody.
                known = replace(finding, reason=f"{Reason.TOLD_BY_SOURCE.value}: {finding.reason}")
                done.append(Checked(check=check_plan.name, metric=source, findings=(known,)))
            else:
                done.append(_guarded(plan, store, check_plan.name, source, finding, now))
    return done


def lately(plan: Plan, store: Store, source: str | None = None, *, now: datetime) -> list[Glimpse]:
    """What each part of each source, or of one, came to lately; where no pull was measured, such as in a store that was
    filled otherwise, when it was collected last, whether that went well, and how old its figures are."""
    found = glimpses(store.pulls.lately(source), now)
    seen = {(one.last.source, one.last.part) for one in found}
    for name, run in sorted(store.runs.latest().items()):
        metric = plan.metrics.get(name)
        if metric is None or source not in {None, run.source} or run.finished_at > now:
            continue
        part, newest = (run.source, metric.read.stream or name), newest_of(store, metric, now)
        if part not in seen:
            pull = Pull(
                source=run.source, part=part[1], metrics=(name,), at=run.finished_at, ok=run.ok, newest=newest,
                rejected=run.rejected, error=run.error,
            )  # fmt: skip
            found.append(
                Glimpse(
                    last=pull, pulls=1, failed=int(not run.ok), fresh=0, rejected=run.rejected, throttled=0,
                    waited_s=0.0, newest=newest,
                )
            )  # fmt: skip
            seen.add(part)
    return found


def failing(plan: Plan, store: Store, done: Sequence[Checked], *, now: datetime) -> list[Checked]:
    """One look at each check that raised, and at each that did so before: it is an incident of its own until it runs
    again, and says nothing about customers."""
    before = {i.subject for i in store.incidents.open(ERROR)}
    found = []
    for checked in done:
        subject = subject_of(checked.check, checked.metric)
        if (checked.error and checked.error != BUSY) or (subject in before and not checked.error):
            said = checked.error.partition("\n")[0][:300]
            finding = Finding(
                check=ERROR, metric=subject, segment=EVERYONE, at=now, state=State.BREACH if said else State.OK,
                reason=said or "it ran", since=now if said else None, score=1.0 if said else 0.0,
            )  # fmt: skip
            found.append(_guarded(plan, store, ERROR, subject, finding, now))
    return found


def subject_of(check: str, metric: str) -> str:
    """What the incident is about of a check that cannot be run on a metric."""
    return f"{check} on {metric}"


def retire(plan: Plan, store: Store, *, now: datetime) -> list[Checked]:
    """Ends what nobody looks at any more, because its check, metric or source has left the configuration."""
    looked_at = {(c.name, m) for c in plan.checks for m in c.metrics}
    sources = {m.source for m in plan.metrics.values()}
    looked_at |= {(c.name, s) for c in plan.checks if is_about_sources(c) for s in sources}
    looked_at |= {(name, s) for name in (SOURCE, DATA) for s in sources}
    looked_at |= {(ERROR, subject_of(*checked)) for checked in looked_at}
    done = []
    for incident in store.incidents.open():
        allowed = incident.check == "allowance" and incident.subject in plan.allowance.amounts
        if incident.check == "verdict" or allowed or (incident.check, incident.subject) in looked_at:
            continue
        ended = replace(incident, state=IncidentState.ENDED, ending=Ending.CLOSED_UNKNOWN, ended_at=now)
        why = f"{Reason.RETIRED.value}: {incident.check} on {incident.subject} is configured no longer"
        # Its newest look names the news, so that two processes that end it at once tell it once.
        newest = incident.last_breach_at if incident.latest is None else incident.latest.at
        numbers = {"period": newest.timestamp()}
        transition = Transition(incident=incident.id, step=Step.ENDED, at=now, reason=why, numbers=numbers)
        event = Event(transition=transition, incident=ended, finding=incident.latest)
        metric = plan.metrics.get(incident.subject)
        telling = tell(plan, store, [event], metric=metric, check=incident.check, check_type="", changes=(), now=now)
        store.incidents.amend(ended, transition, telling.rows)
        done.append(Checked(check=incident.check, metric=incident.subject, transitions=(transition,)))
    return done


def _of_runs(source: str, runs: Sequence[Run]) -> Finding:
    failed = [r for r in runs if not r.ok]
    words = "; ".join(f"{r.metric}: {r.error or 'no reason given'}" for r in failed)
    return Finding(
        check=SOURCE,
        metric=source,
        segment=EVERYONE,
        at=max(r.finished_at for r in runs),
        state=State.BREACH if failed else State.OK,
        reason=f"{len(failed)} of {len(runs)} metrics could not be collected: {words}" if failed else "collected",
        since=min((r.started_at for r in failed), default=None),
        looked_at=len(runs),
        score=float(len(failed)),
    )


def _of_pulls(plan: Plan, source: str, pulls: Sequence[Pull], everything: Sequence[Pull]) -> Finding:
    """All parts of a source as one finding: one that is strange is a breach, and only where all that are known are as
    usual it is fine. Where nothing worse is said than that fewer come for days, it has figures: those of the worst."""
    standings = [p.health.standing if p.ok and p.health is not None else Standing.FAILED for p in pulls]
    strange = [p for p, standing in zip(pulls, standings, strict=True) if standing.strange]
    unsure = {Standing.FEWER, Standing.HOLIDAY, Standing.FAILED, Standing.WHOLE} & set(standings)
    fine = {Standing.USUAL, Standing.MORE} & set(standings)
    state = State.BREACH if strange else State.OK if fine and not unsure else State.UNKNOWN
    said = [wording.told(p, plan.metrics, plan.zone) for p in strange or pulls]
    held = next((w for p in strange if (w := wording.held(p.health))), "")
    doubt = wording.doubt(strange, everything, plan.metrics)
    less = [m for p in strange if p.health for m in p.health.measures if m.standing is Standing.LESS]
    worst = min(less, key=lambda m: m.value / m.usual) if less and len(less) == len(strange) else None
    return Finding(
        check=DATA,
        metric=source,
        segment=EVERYONE,
        at=max(p.at for p in pulls),
        state=state,
        reason=". ".join(part for part in (*said, held, doubt) if part),
        value=float("nan") if worst is None else worst.value,
        expected=float("nan") if worst is None else worst.usual,
        since=min((p.health.since for p in strange if p.health and p.health.since), default=None),
        looked_at=len(pulls),
        score=float(len(strange)),
    )


def _freshness(
    plan: Plan, store: Store, check_plan: CheckPlan, source: str, ran: Mapping[str, datetime | None], now: datetime
) -> Finding:
    """The metrics of one source, which `ran` last then, as one finding: the most overdue speaks, all that are quiet are
    named."""
    found = []
    for metric_id, at in ran.items():
        metric = plan.metrics[metric_id]
        panel = store.counted(metric, now)
        context = CheckContext(as_of=now, mature=panel.mature(now), last_run_ok_at=at)
        found += check_plan.check.evaluate(panel, context)
    worst = max(found, key=lambda f: (f.state is State.BREACH, f.score, f.metric))
    quiet = [f.reason for f in found if f.state is State.BREACH]
    return replace(
        worst,
        check=check_plan.name,
        metric=source,
        reason="; ".join(quiet) or worst.reason,
        looked_at=len(found),
    )


def _guarded(plan: Plan, store: Store, check: str, source: str, finding: Finding, now: datetime) -> Checked:
    try:
        return _look(plan, store, check, source, finding, now)
    except Exception as e:
        log.exception("check %s on %s failed", check, source)
        return Checked(check=check, metric=source, error=f"{type(e).__name__}: {e}")


def _look(plan: Plan, store: Store, check: str, source: str, finding: Finding, now: datetime) -> Checked:
    seen = store.incidents.evaluated_through(check, source)
    if seen is not None and finding.at <= seen:
        return Checked(check=check, metric=source, findings=(finding,))
    policy = _policy(plan, check)
    known = [i for i in store.incidents.recent(1000) if (i.check, i.subject) == (check, source)]
    walked = worded(walk(known, [finding], policy, now, seen_through=seen), policy)
    kind = check if check in {DATA, ERROR} else "freshness"
    telling = tell(
        plan, store, walked.events, metric=None, check=check, check_type=kind,
        changes=store.changes.all() if check == DATA else (), now=now,
    )  # fmt: skip
    taken = store.incidents.commit(
        check=check, subject=source, seen_through=seen, through=finding.at, incidents=walked.incidents,
        transitions=telling.transitions, outbox=telling.rows, now=now,
    )  # fmt: skip
    if not taken:
        return Checked(check=check, metric=source, findings=(finding,))
    news = tuple(t for t in telling.transitions if t.step is not Step.NOTED)
    return Checked(check=check, metric=source, findings=(finding,), transitions=news)


def _policy(plan: Plan, check: str) -> IncidentPolicy:
    """Freshness has its patience in `after`: one look opens, and data that are there again end it at once."""
    planned = next((c.policy for c in plan.checks if c.name == check), AT_ONCE)
    return replace(planned, breaches=1, of=1, recover_after=1)


def _open(store: Store, check: str, source: str) -> bool:
    return any(i.subject == source for i in store.incidents.open(check))
