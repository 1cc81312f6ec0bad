"""A verdict in sentences: the headline, what is asked of the reader to know, and the terminal's story.

The rules (look and design sections 6 and 8): the cause is named only where untouched segments were compared; every
sentence names its grade; what is not red says the largest harm that is not ruled out and when the answer is due; a
gain in speed beside a loss in quality is one breath.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cxmon.decisions import NOW_PERIODS, answer_of
from cxmon.model import (
    GRAVITY,
    RED,
    AimCode,
    AimResult,
    Change,
    Code,
    Grade,
    Harm,
    Metric,
    Saving,
    StageHarm,
    Verdict,
)
from cxmon.wording import numbers as say
from cxmon.wording.aiming import aims_headline, gain
from cxmon.wording.answering import beside_a_list, rates_moved, unmatched
from cxmon.wording.displacing import breath, is_are, small, trade
from cxmon.wording.evidence import disputes, grade, remarks_on_all, set_aside
from cxmon.wording.mixing import mix
from cxmon.wording.placing import placed
from cxmon.wording.pricing import price_story
from cxmon.wording.screen import aim, came_late, screen

Titles = Mapping[str, str] | None
Metrics = Mapping[str, Metric]

_OPEN = (Code.UNDECIDED, Code.WAITING, Code.ENTANGLED, Code.NOT_COMPARABLE)
_TOLD_AT_MOST = 3


def headline(verdict: Verdict, change: Change, metrics: Metrics, titles: Titles = None) -> str:
    """The answer in one line, without a cause; a gain never stands without its guard."""
    told = _headline(verdict, change, metrics, titles)
    traded = breath(verdict.harms, metrics, verdict.aims, change.guards)
    if not traded:
        return told
    return f"{traded}: {told}" if verdict.code in RED else f"{change.title}: {small(traded)}"


def _headline(verdict: Verdict, change: Change, metrics: Metrics, titles: Titles) -> str:
    gravest = by_gravity(verdict.harms)
    if not gravest:
        return f"{change.title}: {screen(verdict, titles=titles)[0]}"
    if on_aims := aims_headline(verdict, change, metrics):
        return on_aims
    first = gravest[0]
    metric = metrics[first.metric]
    more = sum(harm.code is first.code for harm in gravest) - 1
    rest = f", and {more} more {'metric' if more == 1 else 'metrics'}" if more else ""
    match first.code:
        case Code.HARMED:
            moved = "fell" if metric.better == "higher" else "rose"
            return f"{metric.label} {moved} more than the limit of {say.limit(metric, first)}{rest}"
        case Code.WORSE:
            return f"{metric.label} {is_are(metric)} {say.worse(metric, first)} than expected{rest}"
        case Code.IMPROVED:
            return f"{metric.label} {is_are(metric)} {say.worse(metric, first)} than expected{rest}"
        case Code.WAITING:
            return f"{change.title}: waiting for data on {metric.label}{rest}"
        case Code.UNDECIDED if came_late(first):
            return f"{change.title}: {metric.label} {lately(first, metric)}{rest}"
        case Code.UNDECIDED:
            return f"{change.title}: too early, {say.largest(metric, first)} for {metric.label}"
        case _:
            return f"{change.title}: {small(screen(verdict, titles=titles)[0])}"


def sentence(
    verdict: Verdict,
    change: Change,
    metrics: Metrics,
    zone: str = "UTC",
    titles: Titles = None,
    *,
    moved: bool = True,
) -> str:
    """What happened to whom, by how much, how sure: the gravest metrics in full, what is open, and the trade.

    Without `moved` the untouched segments that moved by themselves are left to what stands beside it. A response rate
    is told where it moved.
    """
    harms = by_gravity(verdict.harms)
    grave = [harm for harm in harms if harm.code in RED]
    told = (grave or harms)[:_TOLD_AT_MOST]
    parts = [f"{_upper(gain(aim, metrics[aim.metric]))}." for aim in verdict.aims] if verdict.on_aims else []
    parts += [_caused(harm, change, metrics[harm.metric], zone, titles, first=not i) for i, harm in enumerate(told)]
    parts += [f"{rollout(harm, metrics[harm.metric], verdict.as_of, zone)}." for harm in told[:1] if harm.stages]
    parts += [
        f"{metrics[harm.metric].label}: {disputes(metrics[harm.metric], harm)}." for harm in told if harm.disputed
    ]
    parts += rates_moved(told, metrics)
    aside = tuple(dict.fromkeys(name for harm in told for name in harm.controls_moved)) if moved else ()
    parts += [f"{_upper(set_aside(aside))}."] if aside else []
    traded = trade(harms, metrics, verdict.aims, change.guards)
    parts += [f"{traded}."] if traded else []
    still = [harm for harm in harms if harm.code in _OPEN and harm not in told]
    if still:
        parts.append("Still open: " + "; ".join(_open_words(harm, metrics[harm.metric]) for harm in still) + ".")
    return " ".join(parts)


def clause(harm: Harm, metric: Metric, zone: str = "UTC", titles: Titles = None) -> str:
    """One metric in one sentence, without the cause and without the full stop; names the grade."""
    evidence = grade(harm)
    since = f"since {say.day(harm.window_start, zone)}, {say.days(say.days_judged(harm))}" if harm.window_start else ""
    due = _due_words(harm, metric)
    match harm.code:
        case Code.HARMED | Code.WORSE | Code.IMPROVED:
            shown = f"{metric.label} {is_are(metric)} {say.worse(metric, harm)} than expected {since}"
            return f"{shown} (range {say.harm_range(metric, harm)}, {evidence}), {_against_limit(metric, harm)}"
        case Code.SAFE:
            held = f"{metric.label}: limit of {say.limit(metric, harm)} held so far, to day {say.days_judged(harm)}"
            return f"{held}; {say.largest(metric, harm)} ({evidence})"
        case Code.UNDECIDED if came_late(harm):
            within = f"{metric.label}: within the limit of {say.limit(metric, harm)} on average {since}"
            return f"{within}, but {lately(harm, metric)} ({evidence})"
        case Code.UNDECIDED:
            early = f"{metric.label}: too early to say {since}; {say.largest(metric, harm)}"
            return f"{early}, limit {say.limit(metric, harm)} ({evidence}); {due}"
        case Code.ENTANGLED:
            joint = f"{metric.label}: {small(screen(harm, titles=titles)[0])}"
            if math.isfinite(harm.so_far.high):
                return f"{joint}; together {say.harm_range(metric, harm)} ({evidence})"
            return f"{joint} ({evidence}): {harm.reason}"
        case _:
            return f"{metric.label}: {small(screen(harm)[0])} ({evidence}): {harm.reason}"


def story(
    verdict: Verdict, change: Change, metrics: Metrics, zone: str = "UTC", titles: Titles = None
) -> tuple[str, ...]:
    """The lines for the terminal: word and code first, then each metric, the trade, the mix, the aims, the price.

    The one that prints them names the change (its title, kind, day and scope) above.
    """
    since = f", since {say.day(change.starts, zone, now=verdict.as_of)}"
    lines = [f"{screen(verdict, titles=titles)[0]} ({answer_of(verdict)}){since}"]
    harms = by_gravity(verdict.harms)
    told = remarks_on_all(harms)
    for harm in harms:
        lines.append(line(harm, metrics[harm.metric], titles, told=told))
        lines += staged(harm, metrics[harm.metric], verdict.as_of, zone, titles)
    return (*lines, *beside(verdict, metrics, guards=change.guards), *price_story(verdict.price, metrics))


def beside(verdict: Verdict, metrics: Metrics, *, moved: bool = True, guards: Collection[str] = ()) -> tuple[str, ...]:
    """The lines of a story after its metrics: what all of them rest on alike, who disagrees, which untouched segments
    moved by themselves and who still answers (these two only with `moved`), the trade, places, the mix, the aims."""
    harms = by_gravity(verdict.harms)
    told = [(metrics[h.metric].label, beside_a_list(h, metrics[h.metric], listed=not moved)) for h in harms]
    alike = remarks_on_all(harms)
    lines = [f"For every metric: {'; '.join(alike)}"] if alike else []
    lines += [f"{label}: {'; '.join(filter(None, parts))}" for label, parts in told if any(parts)]
    traded = trade(harms, metrics, verdict.aims, guards)
    lines += [traded] if traded else []
    lines += [placed(where, metrics[where.metric]) for where in verdict.where]
    lines += [mix(split, metrics[split.metric]) for split in verdict.splits]
    return (*lines, *aims_lines(verdict, metrics))


def line(harm: Harm, metric: Metric, titles: Titles = None, *, told: Sequence[str] = ()) -> str:
    """One metric in one line: `CSAT: Over the limit (harmed), 2.6 points worse (range 2.2 to 3.0, limit ...)`.

    A size is called worse or better only where it is beyond chance; else the largest harm still possible stands. What
    the last periods say by themselves follows where that is beyond chance. Remarks in `told` stand elsewhere.
    """
    return f"{metric.label}: {_assessed(harm, metric, titles, told)}"


def staged(
    harm: Harm, metric: Metric, as_of: datetime, zone: str = "UTC", titles: Titles = None, *, codes: bool = True
) -> list[str]:
    """One line a stage of a roll-out: `  de since 1 Mar: Worse (worse), ...`, `  uk waits until 1 Apr`; without `codes`
    in the words of the screen alone."""
    lines = []
    for stage in harm.stages:
        day = say.day(stage.starts, zone, now=as_of)
        if stage.starts > as_of:
            lines.append(f"  {stage.scope} waits until {day}")
            continue
        note = f"; {stage.reason}" if stage.reason and math.isfinite(stage.so_far.high) else ""
        lines.append(
            f"  {stage.scope} since {day}: {_assessed(as_harm(harm, stage), metric, titles, codes=codes)}{note}"
        )
    return lines


def rollout(harm: Harm, metric: Metric, as_of: datetime, zone: str = "UTC") -> str:
    """`Rolled out to 2 of 3 segments: de since 1 Mar, 5.1 points worse; fr since 15 Mar, too early; uk waits ...`.

    A size is told only where it is beyond chance.
    """
    begun = [stage for stage in harm.stages if stage.starts <= as_of]
    told = []
    for stage in begun:
        one = as_harm(harm, stage)
        sure = stage.code in {Code.HARMED, Code.WORSE, Code.IMPROVED}
        words = say.worse(metric, one) if sure else small(screen(one)[0])
        told.append(f"{stage.scope} since {say.day(stage.starts, zone, now=as_of)}, {words}")
    waits = [f"{s.scope} waits until {say.day(s.starts, zone, now=as_of)}" for s in harm.stages if s.starts > as_of]
    where = f"Rolled out to {len(begun)} of {len(harm.stages)} segments"
    return f"{where}: {'; '.join([*told, *waits])}"


def as_harm(harm: Harm, stage: StageHarm) -> Harm:
    """A stage as a harm of its own, to be said in the same words."""
    return replace(
        harm, code=stage.code, so_far=stage.so_far, limit=stage.limit, grade=stage.grade, n_post=stage.n_post,
        scope=stage.scope, reason=stage.reason, window_start=None, window_end=None, due=None,
        closed=False, stages=(), holidays="", now=stage.so_far, opinions=(), controls_moved=(), notes=(), unlike=None,
        response_rate=None,
    )  # fmt: skip


def _assessed(harm: Harm, metric: Metric, titles: Titles, told: Sequence[str] = (), *, codes: bool = True) -> str:
    words = screen(harm, titles=titles)[0] + (f" ({harm.code})" if codes else "")
    if not math.isfinite(harm.so_far.high):
        return f"{words}: {harm.reason}; {grade(harm)}"
    if harm.unlike is not None:
        return f"{words}: {unmatched(harm, metric)}; limit {say.limit(metric, harm)}; {grade(harm)}"
    reach = say.harm_range if harm.code in {Code.HARMED, Code.IMPROVED} else say.largest_range
    evidence = f"range {reach(metric, harm)}, limit {say.limit(metric, harm)}, {grade(harm)}"
    if harm.code in {Code.HARMED, Code.WORSE, Code.IMPROVED}:
        words += f", {say.worse(metric, harm)}"
    if harm.code not in {Code.HARMED, Code.IMPROVED}:
        words += f", {say.largest(metric, harm)}"
    recent = lately(harm, metric)
    open_still = (harm.code is Code.UNDECIDED and not came_late(harm)) or (
        harm.code is Code.WORSE and harm.so_far.high > harm.limit
    )
    # A stage carries no projection of its own.
    known = harm.due is not None or harm.closed or harm.window_end is not None
    notes, holidays = ([one for one in said if one not in told] for said in (harm.notes, (harm.holidays,)))
    more = [*notes, recent, _due_words(harm, metric) if open_still and known else "", *holidays]
    return "; ".join([f"{words} ({evidence})", *(part for part in more if part)])


def lately(harm: Harm, metric: Metric) -> str:
    """The last periods by themselves where they are beyond chance: `lately 4.1 points worse (range 1.2 to 7.0 in the
    last 14 days)`. Empty otherwise, and where the last periods are all there are."""
    now = harm.now
    if now == harm.so_far or not (now.low > 0 or now.high < 0):
        return ""
    alone = replace(harm, so_far=now)
    recent = f"range {say.harm_range(metric, alone)} in the last {NOW_PERIODS} {metric.grain}s"
    return f"lately {say.worse(metric, alone)} ({recent})"


def saving(claimed: Saving) -> str:
    """What the owner claims: `Saves 1,200,000 USD a year, claimed by Operations, not verified`."""
    verb = "Saves" if claimed.amount >= 0 else "Costs"
    by = f"claimed by {claimed.claimed_by}" if claimed.claimed_by else "claimed"
    checked = f"verified by {claimed.verified_by}" if claimed.verified_by else "not verified"
    return f"{verb} {say.number(abs(claimed.amount), 0)} {claimed.currency} a {claimed.per}, {by}, {checked}"


def limits_answer(verdict: Verdict, titles: Titles = None) -> str:
    """The first of a change's two answers: were the limits kept?"""
    return screen(verdict, titles=titles)[0]


def aims_answer(verdict: Verdict, metrics: Metrics) -> str:
    """The second: were the promised gains seen? Empty where nothing was promised."""
    return "; ".join(aims_lines(verdict, metrics))


def aims_lines(verdict: Verdict, metrics: Metrics) -> tuple[str, ...]:
    """One line a promised gain."""
    return tuple(aimed(result, metrics[result.metric]) for result in verdict.aims)


def aimed(result: AimResult, metric: Metric) -> str:
    """One promised gain: shown with the least it is, or not, with the largest gain that is not ruled out."""
    promised = say.amount(metric, result.promised, result.unit)
    words = f"{aim(result.code)} for {metric.label}, promised {promised} better"
    if not math.isfinite(result.gain.high):
        return f"{words}: not known yet"
    precision = say.digits_of(metric, result.gain, result.unit)
    if result.code is AimCode.SHOWN:
        return f"{words}: at least {say.amount(metric, result.gain.low, result.unit, precision)} better"
    if result.gain.high <= 0:
        return f"{words}: any gain is ruled out"
    return f"{words}: a gain above {say.amount(metric, result.gain.high, result.unit, precision)} is ruled out"


def window_text(harm: Harm, zone: str = "UTC") -> str:
    """`since 14 Sep, 68 days`: the one window behind a metric's figures."""
    if harm.window_start is None:
        return "no window yet"
    return f"since {say.day(harm.window_start, zone)}, {say.days(say.days_judged(harm))}"


def not_complete(metric: Metric, first: datetime, last: datetime, zone: str = "UTC") -> str:
    """`CSAT 21 Nov to 22 Nov not complete yet`."""
    return f"{metric.label} {say.day(first, zone)} to {say.day(last, zone)} not complete yet"


def _caused(harm: Harm, change: Change, metric: Metric, zone: str, titles: Titles, *, first: bool) -> str:
    text = clause(harm, metric, zone, titles)
    if not first or harm.code not in {Code.HARMED, Code.WORSE, Code.IMPROVED}:
        return f"{text}."
    if harm.grade is Grade.CONTROLLED:
        return f"Because of {change.title}, {text}."
    return f"Consistent with an effect of {change.title}: {text}."


def _against_limit(metric: Metric, harm: Harm) -> str:
    if harm.code is Code.HARMED:
        return f"over the limit of {say.limit(metric, harm)}"
    if harm.code is Code.IMPROVED:
        return say.largest(metric, harm)
    if harm.so_far.high <= harm.limit:
        return f"within the limit of {say.limit(metric, harm)}, {say.largest(metric, harm)}"
    due = _due_words(harm, metric)
    return f"limit of {say.limit(metric, harm)} still open, {say.largest(metric, harm)}; {due}"


def _due_words(harm: Harm, metric: Metric) -> str:
    if harm.closed:
        return f"its {say.days(say.days_judged(harm))} are over, so later data will not settle it"
    due = say.due_day(harm, metric.zone)
    return f"an answer is due around day {due}" if due is not None else "no answer is in sight within a year"


def _open_words(harm: Harm, metric: Metric) -> str:
    if came_late(harm):
        return f"{metric.label}, {lately(harm, metric)} ({grade(harm)})"
    if harm.code is Code.UNDECIDED:
        return f"{metric.label}, {say.largest(metric, harm)}, {_due_words(harm, metric)} ({grade(harm)})"
    return f"{metric.label}, {small(screen(harm)[0])} ({grade(harm)})"


def by_gravity(harms: Iterable[Harm]) -> list[Harm]:
    """Gravest first; within a code the largest harm against its limit first."""

    def against_limit(harm: Harm) -> float:
        size = harm.so_far.estimate / harm.limit if harm.limit else harm.so_far.estimate
        return -size if math.isfinite(size) else 0.0

    return sorted(harms, key=lambda harm: (GRAVITY.index(harm.code), against_limit(harm), harm.metric))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
