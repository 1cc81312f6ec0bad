"""What everybody's move is made of since a roll-out began: the split of one date, from its first stage on.

The total of all customers moves as stages come to their segments, so its move is a mean over days on which more and
more of them have the change. Rate, mix, entry and exit add up to that mean.
"""

from dataclasses import replace

import numpy as np

from cxmon.decisions.scoping import Sides
from cxmon.decisions.span import horizon_of
from cxmon.model import Code, Split, Unsplit
from cxmon.pipeline.judge_mix import split_of
from cxmon.pipeline.rollout import Rollout

# What another change has moved on the same customers would be told as this one's.
APART = frozenset({Code.ENTANGLED, Code.NOT_COMPARABLE})


def split_of_rollout(case: Rollout) -> tuple[Split | None, Unsplit | None]:
    """Everybody's gap to expected since the first stage, in parts, read as the verdict is; else why there is
    nothing to tell, as where a stage cannot be told apart from another change."""
    begun = [stage for stage in case.stages if stage.change.starts <= case.now]
    if not begun or any(stage.code in APART for stage in begun):
        return None, Unsplit.ENTANGLED if begun else Unsplit.TOO_LITTLE
    ever = np.any([stage.sides.treated_leaves for stage in case.stages], axis=0)
    free = np.all([stage.sides.free_leaves for stage in case.stages], axis=0) & ~ever
    found = Sides(
        treated=case.whole, controls=case.never, label=case.change.reach.label, free_leaves=free,
        treated_leaves=np.any([stage.sides.treated_leaves for stage in begun], axis=0),
    )  # fmt: skip
    reading = {
        "sequential": True, "horizon": horizon_of(case.change, case.metric), "confidence": case.share.confidence,
    }  # fmt: skip
    # Days of which some stage's answers are still to come, or on which it is not judged, say nothing of the whole.
    out, until = case.span.out.copy(), min(max(s.span.until for s in begun), *(s.span.last for s in begun))
    for stage in begun:
        judged = slice(stage.span.at, min(stage.span.until, stage.span.last))
        out[judged] |= stage.span.out[judged]
    split, why = split_of(case.leaves, found, replace(case.span, out=out, until=until), reading)
    return (None, why) if split is None else (replace(split, staged=True), None)
