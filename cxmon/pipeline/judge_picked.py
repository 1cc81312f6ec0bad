"""A fix is judged twice, with the weeks it was picked on and without them, and credited with what both show."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cxmon import decisions
from cxmon.decisions.picked import Picked, both, got_worse, lasting, picked
from cxmon.model import RED, AimCode, AimResult, Change, Code, Harm, StageHarm

if TYPE_CHECKING:
    from cxmon.pipeline.estimating import Asking
    from cxmon.pipeline.judge_evidence import Case, Evidence
    from cxmon.pipeline.rollout import Rollout

NOTE = (
    "so a return to the usual is not credited: a gain or a harm counts only if it shows with and without the weeks it "
    "was picked on"
)
SINCE = (
    "so it is compared with the level since then: a gain or a harm counts only if it shows with and without the first "
    "weeks of that"
)
TOO_SHORT = "and the past is too short to leave those weeks out: a return to the usual may be in it"
BEFORE = "in the weeks before it things were no better, so whether it made anything worse cannot be told yet"


def credited(
    case: "Case", others: Sequence[Change], found: "Evidence", again: "Callable[[Case], Asking[Evidence]]"
) -> "Asking[Evidence]":
    """What a change that began where things were worst is credited with; `found` as it is where it did not.

    `again` judges a case anew. Where the past without those weeks is too short, what was found stands and says so.
    """
    treated, controls, span = case.found.treated, case.found.controls, case.span
    # What a declared change did before it is known already.
    falls = not case.placement.jointly_with
    why = None if treated is None else picked(case.change, others, treated, controls, span, falls=falls)
    if why is None or treated is None or not math.isfinite(found.harm.so_far.estimate):
        return found
    if case.brief and why.fell is None and _open(found):
        # Both readings together are never surer: what is open stays so.
        return found
    if why.fell is not None:
        case = replace(case, since=why.fell)
        found = yield from again(case)
    aside = replace(span, out=span.out | why.periods)
    other = yield from again(replace(case, span=aside, opinions=False, brief=True))
    if not math.isfinite(other.harm.so_far.estimate):
        return _unsplit(found, why)
    return _with_both(
        case, found, other, why, share=lasting(treated, controls, span, why),
        worse=lambda: got_worse(treated, controls, span, why),
    )  # fmt: skip


def credited_in_stages(
    case: "Rollout", others: Sequence[Change], found: "Evidence", again: "Callable[[Rollout], Asking[Evidence]]"
) -> "Asking[Evidence]":
    """The same of a fix that is rolled out in stages: it was picked before its first one, and all stages are judged
    with those weeks and without them."""
    span, first = case.span, case.stages[0].sides.treated
    why = picked(case.change, others, case.whole, case.never, span)
    if why is None or not math.isfinite(found.harm.so_far.estimate):
        return found
    other = yield from again(replace(case, values=np.where(why.periods[case.first : case.last], np.nan, case.values)))
    if not math.isfinite(other.harm.so_far.estimate):
        return _unsplit(found, why)
    return _with_both(
        case, found, other, why, share=lasting(case.whole, case.never, span, why),
        worse=lambda: first is None or got_worse(first, case.never, span, why),
    )  # fmt: skip


def _with_both(
    case: "Case | Rollout", found: "Evidence", other: "Evidence", why: Picked, *, share: float,
    worse: Callable[[], bool],
) -> "Evidence":  # fmt: skip
    """What `found` and the reading without the weeks, `other`, show together; a harm only where things got `worse`."""
    harm = _harm(found.harm, other.harm, why, share)
    if harm.code in RED and not worse():
        harm = _not_blamed(harm)
    if not harm.closed and _waits(harm):
        harm = replace(harm, due=decisions.due_date(harm, case.metric, case.now))
    return replace(found, harm=harm, aim=_aim(found.aim, other.aim, share))


def _open(found: "Evidence") -> bool:
    return found.harm.code is Code.UNDECIDED and (found.aim is None or found.aim.code is AimCode.NOT_SHOWN)


def _unsplit(found: "Evidence", why: Picked) -> "Evidence":
    return replace(found, harm=replace(found.harm, notes=(*found.harm.notes, f"{why.why}, {TOO_SHORT}")))


def _harm(mine: Harm, other: Harm, why: Picked, share: float) -> Harm:
    so_far, now = (both(a, b, lasting=share) for a, b in ((mine.so_far, other.so_far), (mine.now, other.now)))
    code = mine.code if mine.code is Code.ENTANGLED else decisions.code_of(so_far, mine.limit, now)
    note = f"{why.why}, {NOTE if why.fell is None else SINCE}"
    pairs = zip(mine.stages, other.stages, strict=True)
    return replace(
        mine, code=code, so_far=so_far, now=now, p_value=max(mine.p_value, other.p_value),
        expected=other.expected + share * (mine.expected - other.expected),
        notes=(*mine.notes, note), reason=f"{mine.reason}; {note}", due=None,
        stages=tuple(_stage(a, b, share) for a, b in pairs),
    )  # fmt: skip


def _stage(mine: StageHarm, other: StageHarm, share: float) -> StageHarm:
    """One stage with both readings; open where the one without the weeks has nothing to say."""
    if not math.isfinite(mine.so_far.estimate):
        return mine
    if not math.isfinite(other.so_far.estimate):
        return replace(mine, code=Code.UNDECIDED, reason=other.reason)
    so_far = both(mine.so_far, other.so_far, lasting=share)
    return replace(mine, so_far=so_far, code=decisions.code_of(so_far, mine.limit))


def _not_blamed(harm: Harm) -> Harm:
    """A harm that was there before the fix: open, with the reason."""
    stages = tuple(replace(one, code=Code.UNDECIDED) if one.code in RED else one for one in harm.stages)
    return replace(
        harm, code=Code.UNDECIDED, notes=(*harm.notes, BEFORE), reason=f"{harm.reason}; {BEFORE}", stages=stages
    )  # fmt: skip


def _waits(harm: Harm) -> bool:
    return harm.code in {Code.UNDECIDED, Code.WORSE} and harm.so_far.high >= harm.limit


def _aim(mine: AimResult | None, other: AimResult | None, share: float) -> AimResult | None:
    if mine is None or other is None:
        return mine
    gain = both(mine.gain, other.gain, lasting=share)
    return decisions.aim_result(mine.metric, mine.unit, mine.promised, decisions.turned(gain))
