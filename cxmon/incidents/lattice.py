"""Which findings are one story: segments form a lattice, and what is wrong in a part shows in every whole above it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from cxmon.model import Finding, Incident, Segment, State

# A two-sided 95 % interval is this many standard errors wide.
WIDTH = 2 * 1.959964
# Another segment explains clearly more where it leaves less than so much of what the story's own leaves unexplained.
CLEARLY = 0.5


def comparable(a: Segment, b: Segment) -> bool:
    """True where one is the other or a part of it."""
    return a.holds(b) or b.holds(a)


def components(segments: Iterable[Segment]) -> list[tuple[Segment, ...]]:
    """The connected sets of comparable segments: each is one story. Sorted, so that the order of findings is of no
    account."""
    return [*_components(tuple(sorted(set(segments))))]


# The series that are watched hardly ever change, and each look asks several times which of them are one story.
@lru_cache(maxsize=64)
def _components(known: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], ...]:
    shapes = {s.dimensions for s in known}
    above = {s: s for s in known}

    def top(segment: Segment) -> Segment:
        while above[segment] != segment:
            above[segment] = above[above[segment]]
            segment = above[segment]
        return segment

    for s in known:
        # What holds a segment is the segment itself along fewer dimensions: no pairs need to be tried.
        for whole in (s.along(shape) for shape in shapes if set(shape) < set(s.dimensions)):
            if whole in above:
                one, two = sorted((top(s), top(whole)))
                above[two] = one
    found: dict[Segment, list[Segment]] = {}
    for s in known:
        found.setdefault(top(s), []).append(s)
    return tuple(tuple(group) for group in found.values())


def fold(incident: Incident, findings: Mapping[Segment, Finding]) -> Finding | None:
    """What this period says of the whole incident; None where nothing was said of any of its members.

    One member in breach keeps the incident in breach. Without one, the root speaks: where the root is not known, the
    incident is not known, however quiet its other members are.
    """
    said = [findings[m] for m in incident.members if m in findings]
    if not said:
        return None
    breaches = [f for f in said if f.state is State.BREACH]
    root = findings.get(incident.root)
    if breaches:
        return root if root in breaches else max(breaches, key=lambda f: (f.score, f.segment))
    if root is not None:
        return root
    return next((f for f in said if f.state is State.UNKNOWN), said[0])


def root_of(component: Sequence[Segment], findings: Mapping[Segment, Finding], held: Segment | None = None) -> Segment:
    """The segment by which a story is told: the member whose shift, taken as the only one, leaves least unexplained.

    First form. A finding's gap is g = value - expected with the standard error of its interval. If segment r were all
    that is wrong, every part of r would have r's gap, and any other segment s the gap of r times the share of its
    volume that lies in r (n of the overlap / n of s). The residual of r is the sum of ((g_s - predicted_s) / se_s)^2
    over all findings of the period, those that are fine included: a fine sibling speaks against their parent. Ties, and
    findings without numbers, go to the most general segment. A finding that has no value of its own, and none that
    is withheld, speaks about its parts and is the root. A story that goes by `held` keeps that name while it is in
    breach and nothing explains clearly more: findings of one period share most of their answers.
    """
    if len(component) == 1:
        return component[0]
    speakers = [s for s in component if math.isnan(findings[s].value) and not findings[s].withheld]
    if speakers:
        return min(speakers, key=_generality)
    sized = {s: f for s, f in findings.items() if _se(f) > 0 and math.isfinite(_gap(f)) and f.n > 0}
    candidates = [s for s in component if s in sized]
    if not candidates:
        return min(component, key=_generality)
    left = {r: round(_residual(r, sized), 6) for r in candidates}
    best = min(candidates, key=lambda r: (left[r], *_generality(r)))
    return best if held not in left or left[best] < CLEARLY * left[held] else held


def _generality(segment: Segment) -> tuple[int, str]:
    return len(segment.items), segment.key


def _gap(finding: Finding) -> float:
    return finding.value - finding.expected


def _se(finding: Finding) -> float:
    return (finding.high - finding.low) / WIDTH if math.isfinite(finding.high - finding.low) else 0.0


def _residual(root: Segment, findings: Mapping[Segment, Finding]) -> float:
    at_root = _gap(findings[root])
    whole = max(f.n for f in findings.values())
    total = 0.0
    for segment, finding in findings.items():
        predicted = at_root * _share(root, segment, findings, whole)
        total += ((_gap(finding) - predicted) / _se(finding)) ** 2
    return total


def _share(root: Segment, of: Segment, findings: Mapping[Segment, Finding], whole: float) -> float:
    """The share of the volume of `of` that lies in `root`: known where one holds the other, else from their overlap,
    which is taken as independent where its volume is not known."""
    if root.holds(of):
        return 1.0
    mine = findings[of].n
    if of.holds(root):
        return min(1.0, findings[root].n / mine)
    if any(of.get(name) not in {None, value} for name, value in root.items):
        return 0.0
    overlap = findings.get(Segment.of({**dict(root.items), **dict(of.items)}))
    shared = overlap.n if overlap is not None else mine * findings[root].n / whole
    return min(1.0, shared / mine)
