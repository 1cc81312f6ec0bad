"""From a verdict to what is kept and told: one incident per change, one message per piece of news, one transaction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cxmon import decisions, wording
from cxmon.alerts.message import for_verdict
from cxmon.alerts.parts import with_assigned, with_decided
from cxmon.config.plan import Plan
from cxmon.decisions import Telling
from cxmon.decisions.routing import severity_of
from cxmon.incidents import Event, incident_id
from cxmon.model import (
    EVERYONE,
    RED,
    Code,
    Declared,
    Ending,
    Fact,
    Finding,
    Harm,
    Incident,
    IncidentState,
    Metric,
    State,
    Step,
    Transition,
    Verdict,
)
from cxmon.pipeline.behind import told_behind
from cxmon.pipeline.check_telling import kept_back, kept_silent, noted, told_from_its_end
from cxmon.pipeline.judge_versions import why_changed
from cxmon.pipeline.route import Placed, place
from cxmon.store import Store
from cxmon.wording import quieting
from cxmon.wording.messages import BEHIND_IT, FIX
from cxmon.wording.quieting import OVER

CHECK = "verdict"
FINE = frozenset({Code.SAFE, Code.IMPROVED})


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What a verdict does to the change's incident; both None where there is nothing to do."""

    incident: Incident | None = None
    transition: Transition | None = None


def keep(
    plan: Plan, store: Store, declared: Declared, verdict: Verdict, history: Sequence[Verdict], *, now: datetime
) -> bool:
    """Stores the verdict. With news: version, incident and messages in one transaction; without: in place.

    False, with nothing written, where another process has judged this change meanwhile, or for a later moment, or
    where a person has answered its incident meanwhile.
    """
    change = declared.change
    seen = store.incidents.evaluated_through(CHECK, change.id)
    newest = store.verdicts.latest(change.id)
    previous = history[-1] if history else None
    # A refresh without news moves the verdict on, not how far was told; what was judged rests on `history`.
    meanwhile = newest is not None and (previous is None or newest.version != previous.version or newest.as_of > now)
    if meanwhile or (seen is not None and seen > now):
        return False
    if previous is not None and previous.version == verdict.version:
        store.verdicts.touch(verdict)
        _tell_late(plan, store, declared, verdict, history, seen, now)
        return True
    told = decisions.last_told(list(history))
    news = decisions.telling(told, verdict)
    swung = decisions.price_swings(history, verdict) if news.price else decisions.swings(history, verdict)
    news = replace(news, quiet=news.told and swung)
    before = latest(store, change.id)
    lived = live(before, verdict, previous, now)
    placed = _placed(plan, store, declared, verdict, told, lived, news, now) if news.told else Placed()
    steps = [lived.transition] if lived.transition else []
    if steps and lived.incident and news.told and not placed.rows:
        said = kept_silent(steps[0].step.value, placed)
        steps.append(noted(Event(transition=steps[0], incident=lived.incident), said, now))
    if before is not None and store.incidents.get(before.id) != before:
        # A person acknowledged it meanwhile: what they did must not be written over. The next run judges again.
        return False
    return store.incidents.commit(
        check=CHECK,
        subject=change.id,
        seen_through=seen,
        through=now,
        incidents=[lived.incident] if lived.incident else [],
        transitions=steps,
        outbox=placed.rows,
        verdicts=[verdict],
        now=now,
        seen=[] if before is None else [before],
    )


def _tell_late(
    plan: Plan, store: Store, declared: Declared, verdict: Verdict, history: Sequence[Verdict], seen: datetime | None,
    now: datetime,
) -> None:  # fmt: skip
    """Tells what a silence kept back of an incident that still lasts, once no silence covers it any more."""
    incident = latest(store, verdict.change)
    kept = None if incident is None or incident.state is IncidentState.ENDED else kept_back(store, incident)
    if kept is None:
        return
    told = decisions.last_told(list(history[:-1]))
    lived = Lived(incident=kept.incident, transition=kept.transition)
    rows = _placed(plan, store, declared, verdict, told, lived, decisions.telling(told, verdict), now).rows
    if rows:
        note = noted(kept, quieting.told_now(OVER, kept.transition.step.value), now)
        store.incidents.commit(
            check=CHECK, subject=verdict.change, seen_through=seen, through=now, incidents=[], transitions=[note],
            outbox=rows, now=now,
        )  # fmt: skip


def latest(store: Store, change: str) -> Incident | None:
    """The change's incident: the open one, else the newest that ended."""
    found = store.incidents.of(CHECK, change, 1)
    return next((i for i in found if i.state is not IncidentState.ENDED), found[0] if found else None)


def live(incident: Incident | None, verdict: Verdict, previous: Verdict | None, now: datetime) -> Lived:
    """The life of a change's incident: opened by harmed or worse, worsened from worse to harmed, ended by any verdict
    that is neither. One that was accepted opens again only when worse has become harmed. Pure."""
    breach = verdict.code in RED
    finding = as_finding(verdict)
    lasting = incident is not None and incident.state is not IncidentState.ENDED
    if incident is None or not lasting:
        accepted = incident is not None and incident.ending is Ending.ACCEPTED
        graver = previous is not None and previous.code is Code.WORSE and verdict.code is Code.HARMED
        if not breach or (accepted and not graver):
            return Lived()
        root = finding.segment
        opened = Incident(
            id=incident_id(CHECK, verdict.change, root, now),
            check=CHECK,
            subject=verdict.change,
            root=root,
            members=(root,),
            state=IncidentState.OPEN,
            opened_at=now,
            since=finding.since,
            last_breach_at=finding.at,
            worst=finding,
            latest=finding,
            breaches=1,
            told_score=finding.score,
        )
        step = Step.OPENED if incident is None else Step.REOPENED
        return Lived(incident=opened, transition=_transition(opened, step, finding, now))
    if breach:
        worst = finding if incident.worst is None or finding.score > incident.worst.score else incident.worst
        same = replace(
            incident, latest=finding, worst=worst, last_breach_at=finding.at, breaches=incident.breaches + 1, quiet=0
        )
        if previous is not None and previous.code is Code.WORSE and verdict.code is Code.HARMED:
            told = replace(same, told_score=finding.score)
            return Lived(incident=told, transition=_transition(told, Step.WORSENED, finding, now))
        return Lived(incident=same)
    ending = Ending.RECOVERED if verdict.code in FINE else Ending.CLOSED_UNKNOWN
    ended = replace(incident, state=IncidentState.ENDED, ending=ending, ended_at=now, latest=finding)
    return Lived(incident=ended, transition=_transition(ended, Step.ENDED, finding, now))


def as_finding(verdict: Verdict) -> Finding:
    """The verdict's gravest metric as a finding; low and high are the range of the harm, positive is worse."""
    harm = max((h for h in verdict.harms if h.code is verdict.code), key=_against_limit, default=None)
    state = State.BREACH if verdict.code in RED else State.OK if verdict.code in FINE else State.UNKNOWN
    if harm is None:
        return Finding(
            check=CHECK, metric="", segment=EVERYONE, at=verdict.as_of, state=state, reason=verdict.code.value
        )  # fmt: skip
    return Finding(
        check=CHECK,
        metric=harm.metric,
        segment=EVERYONE,
        at=harm.window_end or verdict.as_of,
        state=state,
        reason=verdict.headline or harm.reason,
        value=harm.actual,
        expected=harm.expected,
        low=harm.so_far.low,
        high=harm.so_far.high,
        n=harm.answers,
        since=harm.window_start,
        looked_at=len(verdict.harms),
        score=_against_limit(harm),
    )


def in_words(
    verdict: Verdict, declared: Declared, metrics: Mapping[str, Metric], zone: str, titles: Mapping[str, str]
) -> Verdict:
    """The verdict with its headline, sentence and story."""
    change = declared.change
    return replace(
        verdict,
        headline=wording.headline(verdict, change, metrics, titles),
        sentence=wording.sentence(verdict, change, metrics, zone, titles),
        story=wording.story(verdict, change, metrics, zone, titles),
    )


def _placed(
    plan: Plan, store: Store, declared: Declared, verdict: Verdict, told: Verdict | None, lived: Lived, news: Telling,
    now: datetime,
) -> Placed:  # fmt: skip
    """The messages of one piece of news: one for each channel that its routes name."""
    known = [d.change for d in store.changes.all()]
    titles = {c.id: c.title for c in known}
    metrics = {m.id: m for m in plan.metrics.values()}
    transition = lived.transition
    if news.correction and transition is not None and transition.step is Step.ENDED:
        # What is told is the correction; the incident's own history says that it ended.
        transition = replace(transition, step=Step.CORRECTED)
    message = for_verdict(
        verdict=verdict,
        previous=told,
        declared=declared,
        metrics=metrics,
        zone=plan.zone,
        board_url=plan.board_url,
        transition=transition,
        titles=titles,
        incident=lived.incident.id if lived.incident and lived.incident.state is not IncidentState.ENDED else "",
        why=why_changed(
            store.verdicts.history(declared.change.id), verdict, declared, metrics, plan.zone, titles, told
        ),
    )
    verdicts = store.verdicts.all_latest()
    answers = [
        wording.answers_to(declared.change, known, verdicts),
        *wording.fixes(verdict.change, known, verdicts, now=now, zone=plan.zone),
    ]
    found = told_behind(plan, store, lived.incident, now=now, verdict=verdict) if lived.incident else ""
    more = [Fact(label=FIX, text=line) for line in answers if line] + [Fact(label=BEHIND_IT, text=found)] * bool(found)
    said = store.changes.responses(verdict.change)
    decided = wording.answers(verdict.change, said, known, now=now, ended=declared.change.ends, zone=plan.zone)
    facts = with_decided((*message.facts, *more), decided[-1] if decided else "")
    evidence = lived.incident.id if lived.incident and found else ""
    message = replace(message, facts=with_assigned(facts, lived.incident), evidence=evidence)
    message = told_from_its_end(message, store, lived.incident)
    return place(
        plan,
        store,
        replace(message, reply=None) if news.quiet else message,
        metrics=tuple(h.metric for h in verdict.harms if h.code is verdict.code),
        segment=declared.change.reach.segment,
        check=CHECK,
        owner=declared.change.owner,
        now=now,
        severity=severity_of(verdict, told),
    )


def _transition(incident: Incident, step: Step, finding: Finding, now: datetime) -> Transition:
    numbers = {"low": finding.low, "high": finding.high, "score": finding.score, "n": finding.n}
    known = {name: x for name, x in numbers.items() if math.isfinite(x)}
    return Transition(incident=incident.id, step=step, at=now, reason=finding.reason, numbers=known)


def _against_limit(harm: Harm) -> float:
    """The size of a harm in limits; 0 where it is not known."""
    x = harm.so_far.estimate / harm.limit if harm.limit else harm.so_far.estimate
    return x if math.isfinite(x) else 0.0
