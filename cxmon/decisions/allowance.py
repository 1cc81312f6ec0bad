"""A year's harm allowance: what all decisions together did to everyone, and whether it is more than was allowed.

Two readings. The sum over the decisions of their own harms, each by the share of the answers it touches; and what
happened to everyone against a baseline frozen at the year's start, which holds everything else as well.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from statistics import NormalDist
from zoneinfo import ZoneInfo

from cxmon.decisions.overlap import scope_of
from cxmon.decisions.scale import NOTHING
from cxmon.model import (
    AllowanceCode,
    Altogether,
    Carried,
    Category,
    Change,
    Code,
    Grade,
    Harm,
    Interval,
    Kind,
    Metric,
    Status,
)

# The chance that decisions which stay within the allowance are ever called more than that, per metric and year: one
# half is the sum's, the other that of the reading of everyone.
ALLOWANCE_ERROR = 0.05
SUM_ERROR = EVERYONE_ERROR = ALLOWANCE_ERROR / 2
# Codes whose range says what this decision did.
MEASURED = frozenset({Code.HARMED, Code.WORSE, Code.IMPROVED, Code.SAFE, Code.UNDECIDED, Code.ENTANGLED})


def year_of(now: datetime, zone: str, month: int = 1, day: int = 1) -> tuple[datetime, datetime]:
    """Start and end (UTC instants) of the year that `now` lies in, as `zone` has it."""
    local = now.astimezone(ZoneInfo(zone))
    starts = [datetime(year, month, day, tzinfo=ZoneInfo(zone)) for year in range(local.year - 1, local.year + 2)]
    begun = max(i for i, start in enumerate(starts) if start <= local)
    return starts[begun].astimezone(now.tzinfo), starts[begun + 1].astimezone(now.tzinfo)


def counted(changes: Sequence[Change], year: datetime, now: datetime) -> list[Change]:
    """The decisions whose harm is in force: live, begun this year and not taken back; by start, then id.

    What began before the year is part of its baseline, and what was taken back does no harm any more.
    """
    found = [
        c
        for c in changes
        if c.status is Status.LIVE
        and c.category is not Category.MEASUREMENT
        and year <= c.starts <= now
        and (c.ends is None or c.ends > now)
    ]
    return sorted(found, key=lambda c: (c.starts, c.id))


@dataclass(frozen=True, kw_only=True)
class Terms:
    """In what an allowance is counted: `level` is everyone's figure before the year, in natural units."""

    metric: Metric
    unit: str
    limit: float
    level: float

    def of_all(self, harm: float, own: Harm, share: float) -> float:
        """A harm inside a scope as one of everyone, in the allowance's unit. Levels add up; others are averages."""
        natural = harm * abs(own.expected) if own.unit == "%" else harm
        weighted = natural if self.metric.kind is Kind.LEVEL else natural * share
        return weighted / abs(self.level) if self.unit == "%" else weighted

    def most(self, share: float) -> float:
        """The most that a harm to this share of the answers can be: a share or a sum cannot fall below nothing."""
        if self.metric.harm_sign < 0:
            room = abs(self.level)
        else:
            room = 1 - self.level if self.metric.kind is Kind.PROPORTION else math.inf
        return share * room / (abs(self.level) if self.unit == "%" else 1.0)


def carried(change: Change, harm: Harm | None, share: float, terms: Terms, *, compared: float = 0.0) -> Carried:
    """One decision's part. Unknown is what was never looked at, waits for data or cannot be compared."""
    code = Code.WAITING if harm is None else harm.code
    if harm is None or code not in MEASURED or not math.isfinite(harm.so_far.high):
        reason = f"not judged on {terms.metric.label}" if harm is None else harm.reason
        unknown = Interval(estimate=math.nan, low=math.nan, high=terms.most(share))
        return Carried(change=change.id, code=code, share=share, harm=unknown, reason=reason)
    wider = max(1.0, _z(SUM_ERROR) / _z((1 - harm.confidence) / 2))
    middle = harm.so_far.estimate
    ends = (middle + wider * (end - middle) for end in (harm.so_far.low, harm.so_far.high))
    low, high = (terms.of_all(end, harm, share) for end in ends)
    found = Interval(estimate=terms.of_all(middle, harm, share), low=low, high=high)
    return Carried(change=change.id, code=code, share=share, harm=found, compared=compared)


def summed(
    parts: Sequence[Carried], harms: Mapping[str, Harm], changes: Mapping[str, Change], terms: Terms
) -> Interval:
    """The sum of the parts, with its range: half widths h_i give the root of the sum of r_ij h_i h_j.

    The correlations r_ij are those of `_together`. Of decisions that cannot be separated the joint effect counts once,
    that of the one with the most answers; what another of them did beyond it is not known apart and widens the range by
    what its own allows. What is not known adds nothing to the estimate and to the low end (a gain counts once it is
    seen), and the most it can be to the high end, together no more than everyone can lose.
    """
    known, beyond = _once([one for one in parts if one.known], harms, changes, terms.metric)
    low = high = 0.0
    for a, b in product(known, repeat=2):
        r = 1.0 if a is b else _together(a, b, harms, changes, terms.metric)
        low += r * (a.harm.estimate - a.harm.low) * (b.harm.estimate - b.harm.low)
        high += r * (a.harm.high - a.harm.estimate) * (b.harm.high - b.harm.estimate)
    estimate = math.fsum(one.harm.estimate for one in known)
    above = math.fsum(one.harm.high for one in parts if not one.known)
    above += math.fsum(max(0.0, one.harm.high) for one in beyond)
    below = math.fsum(min(0.0, one.harm.low) for one in beyond)
    most = max(terms.most(1.0), estimate)
    return Interval(
        estimate=estimate,
        low=estimate - math.sqrt(low) + below,
        high=min(estimate + math.sqrt(high) + above, most),
    )


def allowance_code(harm: Interval, limit: float) -> AllowanceCode:
    """exceeded: low > limit; within: high < limit; else open."""
    if harm.low > limit:
        return AllowanceCode.EXCEEDED
    return AllowanceCode.WITHIN if harm.high < limit else AllowanceCode.OPEN


def settled(total: Interval, parts: Sequence[Carried], everyone: Altogether, limit: float) -> tuple[AllowanceCode, str]:
    """(code, which reading it comes from).

    The decisions' own sum speaks first. Where it leaves the question open, what happened to everyone may say
    `exceeded`, if there is a decision at all. It never says `within`: the mean of a year thins what came late in it.
    """
    code = allowance_code(total, limit)
    over = everyone.decides and everyone.code is AllowanceCode.EXCEEDED
    if code is AllowanceCode.OPEN and parts and over:
        return AllowanceCode.EXCEEDED, "altogether"
    return code, "decisions"


def thinned(parts: Sequence[Carried], changes: Mapping[str, Change], since: datetime, until: datetime) -> list[Carried]:
    """The parts as means over the time from `since` to `until`, of which each decision had only some."""
    out = []
    for one in parts:
        began = max(changes[one.change].starts, since)
        some = max(0.0, (until - began) / (until - since))
        h = one.harm
        harm = Interval(estimate=some * h.estimate, low=some * h.low, high=some * h.high if some else 0.0)
        out.append(replace(one, harm=harm))
    return out


def left_over(everyone: Interval, total: Interval) -> Interval:
    """What happened to everyone that the decisions, thinned over the same time, do not explain; both ranges count in
    full, because the figures behind them are partly the same."""
    if not math.isfinite(everyone.estimate):
        return NOTHING
    return Interval(
        estimate=everyone.estimate - total.estimate, low=everyone.low - total.high, high=everyone.high - total.low
    )


def share_of(change: Change, metric: Metric, now: datetime, volume: Callable[[Change], float]) -> float:
    """The share of the answers that a change touches by now; of a roll-out that of the stages begun."""
    begun = [p for p in change.parts() if p.starts <= now and (p.ends is None or p.ends > now)]
    if any(not scope_of(part, metric).values for part in begun):
        return 1.0
    return min(1.0, math.fsum(volume(part) for part in begun))


def _once(
    parts: Sequence[Carried], harms: Mapping[str, Harm], changes: Mapping[str, Change], metric: Metric
) -> tuple[list[Carried], list[Carried]]:
    """(the parts without those whose joint effect one with more answers tells already, those of them that touch
    customers besides)."""
    told: dict[str, Carried] = {}
    kept, beyond = [], []
    for one in sorted(parts, key=lambda one: (-one.share, one.change)):
        scope, other = scope_of(changes[one.change], metric), told.get(one.change)
        if other is not None and harms[one.change].code is Code.ENTANGLED:
            if not scope.within(scope_of(changes[other.change], metric)):
                beyond.append(one)
            continue
        told |= dict.fromkeys((one.change, *harms[one.change].entangled_with), one)
        kept.append(one)
    return kept, beyond


def _together(
    a: Carried, b: Carried, harms: Mapping[str, Harm], changes: Mapping[str, Change], metric: Metric
) -> float:
    """How far the errors of two estimates go together, at the most.

    1 where they judge the same customers or both before and after only. Where they share compared segments, the part of
    an error that comes from these: with touched segments of volume t, compared ones of volume c in k series, that is
    t / (t + c) of the sampling error and 1 / (1 + k) of what each series moves by itself; the more counts. Else 0.
    """
    mine, theirs = harms[a.change], harms[b.change]
    if scope_of(changes[a.change], metric).overlaps(scope_of(changes[b.change], metric)):
        return 1.0
    if mine.grade is not Grade.CONTROLLED and theirs.grade is not Grade.CONTROLLED:
        return 1.0
    if not set(mine.controls) & set(theirs.controls):
        return 0.0
    sampled = [one.share / (one.share + one.compared) for one in (a, b) if one.share + one.compared > 0]
    return max([*sampled, 1 / (1 + min(len(mine.controls), len(theirs.controls)))])


def _z(error: float) -> float:
    return NormalDist().inv_cdf(1 - error)
