"""From a proposal to a declaration: draft, reviewed, live."""

from collections.abc import Sequence
from enum import StrEnum

from cxmon.model import Act, Declared, Outcome, Signed, Status


class Stage(StrEnum):
    DRAFT = "draft"
    REVIEWED = "reviewed"
    LIVE = "live"


def review(declared: Declared, trail: Sequence[Signed]) -> Signed | None:
    """The newest review of what the change says now; a review of what it said before counts for nothing."""
    content = declared.change.declared_hash
    found = [s for s in _of(declared, trail, Act.REVIEW) if s.content == content]
    return found[-1] if found else None


def signature(declared: Declared, trail: Sequence[Signed]) -> Signed | None:
    """The act with which a live change went live, where a signed-in editor did it."""
    found = [s for s in _of(declared, trail, Act.SIGN) if s.content == declared.frozen_hash]
    return found[0] if found else None


def stage(declared: Declared, trail: Sequence[Signed]) -> Stage:
    if declared.change.status is Status.LIVE:
        return Stage.LIVE
    return Stage.REVIEWED if review(declared, trail) is not None else Stage.DRAFT


def _of(declared: Declared, trail: Sequence[Signed], act: Act) -> list[Signed]:
    return [s for s in trail if (s.subject, s.act, s.outcome) == (declared.change.id, act, Outcome.DONE)]
