"""Which of two readings of the same change is news: a new version, and whether people are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile

from cxmon.decisions.price_news import FIRM
from cxmon.decisions.versions import said
from cxmon.model import RED, AimCode, Code, Harm, PriceCode, Verdict

# What people are told without asking. The others are on the board and in the story.
TELLING = frozenset({Code.HARMED, Code.WORSE, Code.IMPROVED, AimCode.SHOWN, AimCode.MISSED})
# Days within which a verdict that swings about its limit is told once.
SWINGS = timedelta(days=28)
# Codes under which the aims of an investment decide: no limit is known to be exceeded.
CALM = frozenset({Code.SAFE, Code.IMPROVED, Code.UNDECIDED})
_AIMS = (AimCode.MISSED, AimCode.NOT_SHOWN, AimCode.SHOWN)
_UNSHOWN = frozenset({AimCode.MISSED, AimCode.NOT_SHOWN})


def aims_answer_of(verdict: Verdict) -> AimCode | None:
    """The answer of a change that is judged on its aims, the poorest of them; None where the limits decide."""
    if not verdict.on_aims or not verdict.aims or verdict.code not in CALM:
        return None
    return min((aim.code for aim in verdict.aims), key=_AIMS.index)


def answer_of(verdict: Verdict) -> Code | AimCode:
    """What a verdict is told by: its code, or the answer on its aims where these decide."""
    return aims_answer_of(verdict) or verdict.code


def is_news(previous: Verdict | None, current: Verdict) -> str:
    """Why `current` deserves a version of its own; empty where it says the same again, a day later.

    Reasons, in this order: first verdict; the verdict turned; the grade changed; a metric turned, came or went, or
    turned in one stage of a roll-out; an aim turned; the price turned; an estimate left the interval that was told.
    """
    if previous is None:
        return "first verdict"
    if previous.code is not current.code:
        return f"turned from {previous.code} to {current.code}"
    if previous.grade is not current.grade:
        return f"evidence changed from {previous.grade} to {current.grade}"
    before = {harm.metric: harm for harm in previous.harms}
    after = {harm.metric: harm for harm in current.harms}
    for metric in sorted(before.keys() ^ after.keys()):
        return f"{metric} {'is watched now' if metric in after else 'is no longer watched'}"
    for metric in sorted(after):
        if before[metric].code is not after[metric].code:
            return f"{metric} turned from {before[metric].code} to {after[metric].code}"
        stages = {(one.scope, one.starts): one.code for one in before[metric].stages}
        for one in after[metric].stages:
            was = stages.get((one.scope, one.starts))
            if was is not None and was is not one.code:
                return f"{metric} in {one.scope} turned from {was} to {one.code}"
    aims = {aim.metric: aim.code for aim in previous.aims}
    for aim in sorted(current.aims, key=lambda one: one.metric):
        if aims.get(aim.metric) is not aim.code:
            return f"aim for {aim.metric} is {aim.code}"
    if previous.price_said is not current.price_said:
        return _price_turned(previous.price_said, current.price_said)
    for metric in sorted(after):
        if _outside(before[metric], after[metric]):
            return f"{metric} left the range that was told"
    return ""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Whether a verdict is told, why, and whether it takes back what was told before. `quiet`: what stands there is
    brought up to date, and nobody is called for it. `price`: it is told for its price alone."""

    told: bool
    reason: str
    correction: bool = False
    quiet: bool = False
    price: bool = False


def telling(told_before: Verdict | None, current: Verdict) -> Telling:
    """Whether people hear of `current`, given the newest verdict that they have heard of (None: none yet).

    Told are harmed, worse and improved (of an investment or programme: an aim shown or missed), the first time and
    where one turns into another, each further metric that is over its limit, and any other verdict that follows one of
    these. That is an end where a harm has come
    to be within the limit, else a correction: what was called sure is not sure any more. Nothing is told twice. What is
    not told for its code is told where the price turned, to a firm answer or away from one.
    """
    found = _by_code(told_before, current)
    before = told_before.price_said if told_before is not None else None
    if found.told or before is current.price_said or not FIRM & {before, current.price_said}:
        return found
    return Telling(told=True, reason=_price_turned(before, current.price_said), price=True)


def over_limit(verdict: Verdict) -> set[str]:
    """The metrics that are over their limit."""
    return {h.metric for h in verdict.harms if h.code is Code.HARMED}


def _price_turned(before: PriceCode | None, says: PriceCode | None) -> str:
    return f"price turned from {before or 'not known'} to {says or 'not known'}"


def _by_code(told_before: Verdict | None, current: Verdict) -> Telling:
    says = answer_of(current)
    if told_before is None:
        told = says in TELLING
        return Telling(told=told, reason="first verdict to tell" if told else f"{says} is not told")
    before = answer_of(told_before)
    if before is says:
        further = over_limit(current) - over_limit(told_before)
        if further:
            return Telling(told=True, reason=f"over its limit, too: {', '.join(sorted(further))}")
        return Telling(told=False, reason=f"already told: {says}")
    told = says in TELLING or before in TELLING
    reason = f"turned from {before} to {says}"
    ended = before in RED and current.code is Code.SAFE
    return Telling(told=told, reason=reason, correction=told and says not in TELLING and not ended)


def last_told(history: tuple[Verdict, ...] | list[Verdict]) -> Verdict | None:
    """The newest verdict of a history (oldest first) that people have heard of, by the rule of `telling`."""
    told: Verdict | None = None
    for verdict in history:
        if telling(told, verdict).told:
            told = verdict
    return told


def swings(history: Sequence[Verdict], current: Verdict) -> bool:
    """Whether a red verdict only swings about its limit: it was over it within four weeks, and red ever since, with
    every metric that is over its limit now. An aim swings in the same way about what was promised: missed within four
    weeks, and not shown ever since."""
    lately = [v for v in history if v.as_of >= current.as_of - SWINGS]
    if answer_of(current) in _UNSHOWN:
        of_aims = takewhile(lambda v: answer_of(v) in _UNSHOWN, reversed(lately))
        return any(answer_of(v) is AimCode.MISSED for v in of_aims)
    since = next((i for i in range(len(lately), 0, -1) if lately[i - 1].code not in RED), 0)
    over = [over_limit(v) for v in lately[since:] if v.code is Code.HARMED]
    return current.code in RED and bool(over) and over_limit(current) <= set().union(*over)


def price_swings(history: Sequence[Verdict], current: Verdict) -> bool:
    """Whether the price was told within four weeks before it turned again."""
    pairs = zip([None, *history], history, strict=False)
    told = [v for was, v in pairs if v.price_said is not (None if was is None else was.price_said)]
    return any(said(v).at >= current.as_of - SWINGS for v in told if v.price_said is not None)


def _outside(before: Harm, after: Harm) -> bool:
    x = after.so_far.estimate
    return before.unit == after.unit and (x < before.so_far.low or x > before.so_far.high)
