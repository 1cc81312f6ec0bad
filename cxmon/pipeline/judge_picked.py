"""A fix is judged twice, with the weeks it was picked on and without them, and credited with what both show."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cxmon import decisions
from cxmon.decisions.picked import Picked, both, picked
from cxmon.model import AimCode, AimResult, Change, Code, Harm

if TYPE_CHECKING:
    from cxmon.pipeline.judge_evidence import Case, Evidence

NOTE = (
    "so a return to the usual is not credited: a gain or a harm counts only if it shows with and without the weeks it "
    "was picked on"
)


def credited(
    case: "Case", others: Sequence[Change], found: "Evidence", again: "Callable[[Case], Evidence]"
) -> "Evidence":
    """What a change that began where things were worst is credited with; `found` as it is where it did not.

    `again` judges a case anew. Where the past without those weeks is too short, what was found stands and says so.
    """
    treated = case.found.treated
    open_ = found.harm.code is Code.UNDECIDED and (found.aim is None or found.aim.code is AimCode.NOT_SHOWN)
    if case.brief and open_:
        # Both readings together are never surer: what is open stays so.
        return found
    why = None if treated is None else picked(case.change, others, treated, case.found.controls, case.span)
    if why is None or not math.isfinite(found.harm.so_far.estimate):
        return found
    span = replace(case.span, out=case.span.out | why.periods)
    other = again(replace(case, span=span, opinions=False, brief=True))
    if not math.isfinite(other.harm.so_far.estimate):
        note = f"{why.why}, and the past is too short to leave those weeks out: a return to the usual may be in it"
        return replace(found, harm=replace(found.harm, notes=(*found.harm.notes, note)))
    return replace(found, harm=_harm(case, found.harm, other.harm, why), aim=_aim(found.aim, other.aim))


def _harm(case: "Case", mine: Harm, other: Harm, why: Picked) -> Harm:
    so_far, now = both(mine.so_far, other.so_far), both(mine.now, other.now)
    code = mine.code if mine.code is Code.ENTANGLED else decisions.code_of(so_far, mine.limit, now)
    note = f"{why.why}, {NOTE}"
    harm = replace(
        mine, code=code, so_far=so_far, now=now, expected=other.expected, p_value=max(mine.p_value, other.p_value),
        notes=(*mine.notes, note), reason=f"{mine.reason}; {note}", due=None,
    )  # fmt: skip
    if case.closed or code not in {Code.UNDECIDED, Code.WORSE} or so_far.high < harm.limit:
        return harm
    return replace(harm, due=decisions.due_date(harm, case.metric, case.now))


def _aim(mine: AimResult | None, other: AimResult | None) -> AimResult | None:
    if mine is None or other is None:
        return mine
    gain = both(mine.gain, other.gain)
    return decisions.aim_result(mine.metric, mine.unit, mine.promised, decisions.turned(gain))
