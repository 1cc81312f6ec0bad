"""Many findings, period by period, into incidents: each period is decided once, in order. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from cxmon.incidents.lattice import comparable, components, fold, root_of
from cxmon.incidents.lifecycle import come_back, damped, decide, join, merge, note
from cxmon.incidents.reasons import Reason
from cxmon.model import (
    Ending,
    Finding,
    Incident,
    IncidentPolicy,
    IncidentState,
    Segment,
    State,
    Step,
    Transition,
)

ACTIVE = frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED})


@dataclass(frozen=True, kw_only=True)
class Event:
    """One decision about an incident, as it was right after it, and the finding that brought it. `quiet`: what stands
    there is brought up to date, and nobody is called for it. `joined` are the segments that it is about from now on
    too, and `moved` says that it goes by another segment since then."""

    transition: Transition
    incident: Incident
    finding: Finding | None = None
    quiet: bool = False
    joined: tuple[Segment, ...] = ()
    moved: bool = False

    @property
    def told(self) -> bool:
        return self.transition.step is not Step.NOTED


@dataclass(frozen=True, kw_only=True)
class Walked:
    """What a walk changed: incidents as they are now, and all decisions in order, those to stay silent included."""

    incidents: tuple[Incident, ...] = ()
    events: tuple[Event, ...] = ()
    kept_quiet: tuple[tuple[Finding, str], ...] = ()


def walk(
    known: Sequence[Incident],
    findings: Sequence[Finding],
    policy: IncidentPolicy,
    now: datetime,
    *,
    seen_through: datetime | None = None,
    first: bool = False,
    explained: Callable[[Finding], str | None] = lambda _: None,
) -> Walked:
    """Walks one check's findings on one subject in order of time.

    `known` are its incidents, ended ones included. Findings up to `seen_through` were decided before: they only fill
    the memory of pending series (k of n). `explained` names the incident that already tells of a breach: then nothing
    is opened for it. `first`: only what is open at the end is kept, told once; the past is not told after the fact.
    """
    w = _Walk(policy, now, explained)
    w.take(known)
    for at, group in groupby(sorted(findings, key=lambda f: (f.at, f.segment)), key=lambda f: f.at):
        said = {f.segment: f for f in group}
        if seen_through is not None and at <= seen_through:
            w.remember(said)
        else:
            w.look(said)
    return w.collapsed() if first else w.result()


def holds_on(incident: Incident, policy: IncidentPolicy) -> bool:
    """True where the incident decides for its series: open, ended without knowing or by a mark, or accepted and not
    used up."""
    if incident.state in ACTIVE:
        return True
    accepted = incident.ending is Ending.ACCEPTED and incident.quiet < policy.recover_after
    return incident.state is IncidentState.ENDED and (incident.ending is Ending.CLOSED_UNKNOWN or accepted)


@dataclass
class _Walk:
    policy: IncidentPolicy
    now: datetime
    explained: Callable[[Finding], str | None]
    holding: dict[str, Incident] = field(default_factory=dict)
    pending: dict[Segment, Incident] = field(default_factory=dict)
    over: dict[Segment, datetime] = field(default_factory=dict)
    changed: dict[str, Incident] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    quiet: list[tuple[Finding, str]] = field(default_factory=list)
    recovered: list[Incident] = field(default_factory=list)

    def take(self, known: Sequence[Incident]) -> None:
        """Newer stories come last and speak for a series that several old ones held."""
        self.recovered = [i for i in known if i.ending is Ending.RECOVERED]
        for incident in sorted(known, key=lambda i: (i.opened_at, i.id)):
            if holds_on(incident, self.policy):
                superseded = [
                    other.id
                    for other in self.holding.values()
                    if other.state not in ACTIVE and set(other.members) & set(incident.members)
                ]
                for other in superseded:
                    del self.holding[other]
                self.holding[incident.id] = incident
            elif incident.latest is not None:
                for member in incident.members:
                    self.over[member] = max(incident.latest.at, self.over.get(member, incident.latest.at))

    def remember(self, said: dict[Segment, Finding]) -> None:
        """Looks that were decided before: they count for k of n but open nothing, not even when revised since."""
        self._forget(said)
        held = {m for i in self.holding.values() for m in i.members}
        never = replace(self.policy, breaches=self.policy.of + 1)
        for segment, finding in said.items():
            if segment not in held and finding.at > self.over.get(
                segment, datetime.min.replace(tzinfo=finding.at.tzinfo)
            ):
                self._pend(segment, decide(self.pending.get(segment), finding, never, self.now)[0])

    def look(self, said: dict[Segment, Finding]) -> None:
        self._forget(said)
        held = {m for i in self.holding.values() for m in i.members}
        for incident in list(self.holding.values()):
            self._go_on(incident, said)
        opening: dict[Segment, tuple[Incident, Transition, Finding]] = {}
        for segment, finding in said.items():
            if segment in held:
                continue
            told_by = self.explained(finding) if finding.state is State.BREACH else None
            if told_by is not None:
                self.quiet.append((finding, told_by))
                continue
            begun, transition, _ = decide(self.pending.get(segment), finding, self.policy, self.now)
            if begun is not None and transition is not None:
                opening[segment] = begun, transition, finding
                self.pending.pop(segment, None)
            else:
                self._pend(segment, begun)
        older = list(self.holding)
        for story in components(opening):
            self._open(story, opening, said, older)
        # The oldest story is joined first; those of one period stand by their ids, as they do when they are read again.
        newer = sorted(set(self.holding) - set(older))
        self.holding = {id_: self.holding[id_] for id_ in (*older, *newer)}

    def result(self) -> Walked:
        return Walked(incidents=tuple(self.changed.values()), events=tuple(self.events), kept_quiet=tuple(self.quiet))

    def collapsed(self) -> Walked:
        """The first look: what is open at its end, opened by one event each."""
        lasting = {i.id: i for i in self.changed.values() if i.state in ACTIVE}
        events = [
            replace(e, incident=lasting[e.incident.id], finding=lasting[e.incident.id].latest)
            for e in self.events
            if e.transition.step is Step.OPENED and e.incident.id in lasting
        ]
        newest = max((f.at for f, _ in self.quiet), default=None)
        quiet = tuple((f, by) for f, by in self.quiet if f.at == newest)
        return Walked(incidents=tuple(lasting.values()), events=tuple(events), kept_quiet=quiet)

    def _go_on(self, incident: Incident, said: dict[Segment, Finding]) -> None:
        finding = fold(incident, said) or _silence(incident, said)
        after, transition, reason = decide(incident, finding, self.policy, self.now)
        if after is None or reason is Reason.DUPLICATE_PERIOD:
            return
        if after.id != incident.id:
            # Clearly worse than what was accepted: a story of its own, about all that the old one covered.
            after = replace(after, members=tuple(sorted({*after.members, *incident.members})))
        if after.id != incident.id or not holds_on(after, self.policy):
            del self.holding[incident.id]
        if holds_on(after, self.policy):
            self.holding[after.id] = after
        self.changed[after.id] = after
        if after.ending is Ending.RECOVERED:
            self.recovered.append(after)
        what = transition or note(after, reason, finding, self.now)
        self.events.append(Event(transition=what, incident=after, finding=finding))

    def _open(
        self,
        story: tuple[Segment, ...],
        opening: dict[Segment, tuple[Incident, Transition, Finding]],
        said: dict[Segment, Finding],
        older: Sequence[str],
    ) -> None:
        """New series in breach join the oldest story in their lattice; without one they are a story of their own. Those
        that open in the same look are apart already, so only the older ones can be joined."""
        near = [
            i
            for i in map(self.holding.__getitem__, older)
            if i.ending is not Ending.ACCEPTED
            and not (i.not_real and i.not_real.ended)
            and any(comparable(m, s) for m in i.members for s in story)
        ]
        host = min(near, key=lambda i: i.state not in ACTIVE, default=None)
        if host is None:
            root = root_of(story, said)
            incident = merge([opening[s][0] for s in story], root)
            _, transition, finding = opening[root]
            if (old := self._not_ended(story, finding)) is not None:
                self.recovered.remove(old)
                before = self._flaps(story, finding.at) + old.reopened + 1
                back, said_so = come_back(old, incident, before, finding, self.policy, self.now)
                self._keep(Event(transition=said_so, incident=back, finding=finding))
                return
            damp = damped(incident, self._flaps(story, finding.at), finding, self.policy, self.now)
            incident, transition = damp or (incident, transition)
            self._keep(Event(transition=transition, incident=incident, finding=finding))
            return
        findings = [opening[s][2] for s in story]
        if host.state not in ACTIVE:
            worst = max(findings, key=lambda f: (f.score, f.segment))
            # It was looked at in this period already, as not known: what is in breach now is its new news.
            again, reopened, _ = decide(replace(host, latest=None), worst, self.policy, self.now)
            if again is None or reopened is None:
                return
            host = again
            self._keep(Event(transition=reopened, incident=host, finding=worst))
        # That a part is in it, too, is nothing new to who was told of the whole.
        quiet = all(any(m.holds(s) for m in host.members) for s in story)
        wider, joined = join(host, findings, self.now)
        if joined is not None:
            told = _told_by_its_root(wider, said)
            new = tuple(sorted(set(wider.members) - set(host.members)))
            moved = told.root != wider.root
            one = Event(transition=joined, incident=told, finding=told.latest, quiet=quiet, joined=new, moved=moved)
            self._keep(one)

    def _not_ended(self, story: tuple[Segment, ...], finding: Finding) -> Incident | None:
        """The newest incident of this story that was called recovered lately, where what is in breach now began before
        that: it is the same story, which had not ended."""
        same = [
            i
            for i in self.recovered
            if i.latest is not None
            and finding.at - i.latest.at <= self.policy.flap_within
            and finding.since is not None
            and finding.since <= i.last_breach_at
            and any(comparable(m, s) for m in i.members for s in story)
        ]
        return max(same, key=lambda i: (i.last_breach_at, i.id), default=None)

    def _flaps(self, story: tuple[Segment, ...], at: datetime) -> int:
        """How often this story has opened and recovered lately."""
        lately = [i for i in self.recovered if i.latest is not None and at - i.latest.at <= self.policy.flap_within]
        return sum(any(comparable(m, s) for m in i.members for s in story) for i in lately)

    def _keep(self, event: Event) -> None:
        self.holding[event.incident.id] = event.incident
        self.changed[event.incident.id] = event.incident
        self.events.append(event)

    def _forget(self, said: dict[Segment, Finding]) -> None:
        """A pending series of which nothing is said has had a look at which nothing was known."""
        for segment in set(self.pending) - set(said):
            blank = _silence(self.pending[segment], said)
            self._pend(segment, decide(self.pending[segment], blank, self.policy, self.now)[0])

    def _pend(self, segment: Segment, incident: Incident | None) -> None:
        if incident is None:
            self.pending.pop(segment, None)
        else:
            self.pending[segment] = incident


def _told_by_its_root(incident: Incident, said: dict[Segment, Finding]) -> Incident:
    """A story that has grown is told by the segment that explains all of it now: a collapse everywhere must not go by
    the name of the one small part that went wrong before."""
    breaches = [m for m in incident.members if m in said and said[m].state is State.BREACH]
    root = root_of(breaches, said, held=incident.root) if breaches else incident.root
    if root == incident.root:
        return incident
    finding = said[root]
    return replace(
        incident, root=root, since=finding.since or incident.since, latest=finding, worst=finding,
        told_score=finding.score,
    )  # fmt: skip


def _silence(incident: Incident, said: dict[Segment, Finding]) -> Finding:
    """Nothing was said of any member: not known, which is neither a breach nor fine."""
    return Finding(
        check=incident.check,
        metric=incident.subject,
        segment=incident.root,
        at=next(iter(said.values())).at,
        state=State.UNKNOWN,
        reason=Reason.NOT_LOOKED_AT.value,
    )
