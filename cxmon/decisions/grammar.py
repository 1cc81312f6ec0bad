"""The grammar of verdicts (design section 6): a code per metric, the gravest for the change, and the aims."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cxmon.decisions.agreement import weakest
from cxmon.decisions.news import is_news
from cxmon.decisions.price_news import price_due, standing
from cxmon.decisions.scale import turned
from cxmon.model import (
    GRAVITY,
    AimCode,
    AimResult,
    Category,
    Change,
    Code,
    Harm,
    Interval,
    Price,
    Split,
    Verdict,
    Where,
)

# What spends money to gain something is judged on the gain; everything else on the harm it may do.
ON_AIMS = frozenset({Category.INVESTMENT, Category.PROGRAMME})


def code_of(harm: Interval, limit: float, now: Interval | None = None) -> Code:
    """The code of one metric from the interval of its harm (positive is worse) and the accepted harm `limit` > 0.

    harmed: low > limit; worse: low > 0; improved: high < 0; safe: high < limit; else undecided. NaN means waiting.
    `now` is the harm of the last periods by themselves: while those are surely worse nothing is safe, because a harm
    that came late is thin in the mean so far.
    """
    if math.isnan(harm.low) or math.isnan(harm.high) or math.isnan(limit):
        return Code.WAITING
    if harm.low > limit:
        return Code.HARMED
    if harm.low > 0:
        return Code.WORSE
    if harm.high < 0:
        return Code.IMPROVED
    came_late = now is not None and now.low > 0
    return Code.SAFE if harm.high < limit and not came_late else Code.UNDECIDED


def gravest(codes: Iterable[Code]) -> Code:
    """The gravest code in the order of `GRAVITY`; waiting where there is none.

    `safe` comes after every open code, so that "held" is never said while one watched metric is open.
    """
    return min(codes, key=GRAVITY.index, default=Code.WAITING)


def aim_result(metric: str, unit: str, promised: float, harm: Interval) -> AimResult:
    """Whether a promised gain is there. shown: gain.low > 0; missed: gain.high < promised; else not shown (yet).

    `promised` > 0 and `harm` are in `unit`. A gain that is there but smaller than promised is shown and missed at once:
    it counts as missed, because the promise is what is judged.
    """
    gain = turned(harm)
    here = AimCode.SHOWN if gain.low > 0 else AimCode.NOT_SHOWN
    code = AimCode.MISSED if gain.high < promised else here
    return AimResult(metric=metric, code=code, unit=unit, promised=promised, gain=gain)


def judge(
    change: Change,
    harms: Sequence[Harm],
    *,
    now: datetime,
    aims: Sequence[AimResult] = (),
    splits: Sequence[Split] = (),
    unsplit: Mapping[str, str] | None = None,
    where: Sequence[Where] = (),
    history: Sequence[Verdict] = (),
    price: Price | None = None,
) -> Verdict:
    """The verdict on `change` as of `now`, without its words.

    The code is the gravest over `harms`; the grade is the weakest among the metrics that carry that code. `history` is
    what was said before, oldest first: the version grows by one where there is news and stays where there is none. A
    change of the measurement itself judges nothing and is never comparable with itself. A `price` by itself is news
    once a week; with other news its answer is told too.
    """
    code = gravest(harm.code for harm in harms)
    if change.category is Category.MEASUREMENT:
        code = Code.NOT_COMPARABLE
    carrying = [harm.grade for harm in harms if harm.code is code]
    current = Verdict(
        change=change.id,
        as_of=now,
        code=code,
        grade=weakest(carrying),
        harms=tuple(sorted(harms, key=lambda harm: (GRAVITY.index(harm.code), harm.metric))),
        aims=tuple(sorted(aims, key=lambda aim: aim.metric)),
        splits=tuple(sorted(splits, key=lambda split: split.metric)),
        unsplit=tuple(sorted((unsplit or {}).items())),
        day=day_of(harms),
        on_aims=change.category in ON_AIMS and bool(aims),
        where=tuple(sorted(where, key=lambda one: one.metric)),
        price=price,
    )
    previous = history[-1] if history else None
    said = None if previous is None else previous.price_said
    priced = replace(current, price_said=standing(said, price, ended=change.ends is not None))
    if previous is None:
        return priced
    current = replace(current, price_said=said)
    if price_due(change, previous.as_of, now) or is_news(previous, current):
        current = priced
    return replace(current, version=previous.version + bool(is_news(previous, current)))


def day_of(harms: Iterable[Harm]) -> int:
    """The day of the watch: days from the start to the end of the longest window judged, 0 where none was."""
    lengths = [
        round((harm.window_end - harm.window_start) / timedelta(days=1))
        for harm in harms
        if harm.window_start is not None and harm.window_end is not None
    ]
    return max(lengths, default=0)
