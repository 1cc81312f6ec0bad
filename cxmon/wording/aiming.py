"""The answer of a change that is judged on its aims: an investment or a programme promises gains, and is told by them.

What it costs elsewhere is guarded all the same: where a limit is exceeded that is the answer, and not the aims.
"""

import math
from collections.abc import Mapping

from cxmon.decisions.news import aims_answer_of
from cxmon.model import AimCode, AimResult, Change, Code, Metric, Tone, Verdict
from cxmon.wording import numbers as say

_SCREEN = {
    AimCode.SHOWN: ("Gain shown", Tone.TEAL, "trending_up"),
    AimCode.NOT_SHOWN: ("No gain shown", Tone.GREY, "hourglass_empty"),
    AimCode.MISSED: ("Aim missed", Tone.AMBER, "trending_flat"),
}
SMALLER = "Gain smaller than promised"


def aims_screen(verdict: Verdict) -> tuple[str, Tone, str] | None:
    """Words, tone and shape of a verdict that its aims decide; None where they do not."""
    code = aims_answer_of(verdict)
    if code is None:
        return None
    words, tone, shape = _SCREEN[code]
    if code is AimCode.MISSED and all(a.gain.low > 0 for a in verdict.aims if a.code is code):
        words = SMALLER
    if code is AimCode.SHOWN and verdict.code is Code.UNDECIDED:
        # What is not known yet is never shown as fine.
        words, tone = f"{words}, a limit still open", Tone.GREY
    return words, tone, shape


def aims_headline(verdict: Verdict, change: Change, metrics: Mapping[str, Metric]) -> str:
    """`Coaching for chat: no gain shown for CSAT, more than 3.1 points is ruled out`; empty where aims do not
    decide."""
    code = aims_answer_of(verdict)
    deciding = [aim for aim in verdict.aims if aim.code is code and aim.metric in metrics]
    if not deciding:
        return ""
    told = "; ".join(gain(aim, metrics[aim.metric]) for aim in deciding[:2])
    more = f"; and {len(deciding) - 2} more" if len(deciding) > 2 else ""
    return f"{change.title}: {told}{more}"


def gain(aim: AimResult, metric: Metric) -> str:
    """One promised gain: `no gain shown for CSAT, more than 3.1 points is ruled out`, `CSAT better by at least 0.4
    points (promised 2)`."""
    digits = say.digits_of(metric, aim.gain, aim.unit)
    promised = say.amount(metric, aim.promised, aim.unit)
    if not math.isfinite(aim.gain.high):
        return f"no gain known yet for {metric.label}"
    low, high = (say.amount(metric, x, aim.unit, digits) for x in (aim.gain.low, aim.gain.high))
    if aim.gain.low > 0:
        bare = say.bare(metric, aim.gain.low, aim.unit, digits)
        if aim.code is AimCode.MISSED:
            return f"{metric.label} better by {bare} to {high}, less than the {promised} promised"
        return f"{metric.label} better by at least {low}, promised {promised}"
    if aim.gain.high <= 0:
        return f"no gain for {metric.label}, any gain is ruled out"
    return f"no gain shown for {metric.label}, more than {high} is ruled out ({promised} promised)"
