"""How sure a verdict is, in words: what it was compared with, who else was asked, and how unusual the move is."""

import math
from collections.abc import Sequence
from functools import singledispatch

from cxmon.decisions.short_past import of_short_past
from cxmon.model import Agreement, Grade, Grain, Harm, Method, Metric, Opinion, Placebo, Rank, Verdict, written
from cxmon.wording.numbers import amount, bare, digits, sides

_COMPARED = {Grade.CONTROLLED: "compared with untouched segments", Grade.BEFORE_AFTER: "before and after only"}
_DISAGREES = "but a second method disagrees"
_WHY = {
    Agreement.OPPOSITE: "the opposite",
    Agreement.ACROSS_LIMIT: "on the other side of the limit",
    Agreement.APART: "outside the range found here",
    Agreement.EXCLUDED: "without the move found here",
}


@singledispatch
def grade(which: Grade | Harm | Verdict) -> str:
    """How strong the evidence is, as every sentence names it: `compared with untouched segments`.

    Of a harm or verdict whose grade a second opinion has lowered it says what was compared all the same, and that a
    second method disagrees. Raises TypeError for anything else.
    """
    raise TypeError(f"grade: found {type(which).__name__}, expected a Grade, Harm or Verdict")


@grade.register
def _grade(which: Grade) -> str:
    return compared(Grade.BEFORE_AFTER, disputed=True) if which is Grade.DISPUTED else compared(which, disputed=False)


@grade.register
def _grade_of_harm(which: Harm) -> str:
    if not which.disputed:
        return _grade(which.grade)
    # What a second method disputes stands one step lower than what was compared.
    before = Grade.CONTROLLED if which.grade is Grade.BEFORE_AFTER else Grade.BEFORE_AFTER
    return compared(before, disputed=True)


@grade.register
def _grade_of_verdict(which: Verdict) -> str:
    weakest = [harm for harm in which.harms if harm.code is which.code and harm.grade is which.grade]
    disputed = next((harm for harm in weakest if harm.disputed), None)
    return _grade(which.grade) if disputed is None else _grade_of_harm(disputed)


def compared(grade_before: Grade, *, disputed: bool) -> str:
    """What was compared, and whether a second method disagrees."""
    return _COMPARED[grade_before] + (f", {_DISAGREES}" if disputed else "")


def method(which: Method, grain: Grain) -> str:
    """A second method by name, with its article."""
    if which is Method.STRUCTURAL:
        return "a structural time-series model"
    return f"a t-test on whole {'months' if grain is Grain.MONTH else 'weeks'}"


def seconded(opinions: Sequence[Opinion]) -> str:
    """Who else was asked, and what came of it: `two other methods agree`; empty where nobody could say anything."""
    known = [opinion for opinion in opinions if opinion.agreement is not Agreement.UNKNOWN]
    against = sum(opinion.disputes for opinion in known)
    if not known:
        return ""
    if not against:
        return "two other methods agree" if len(known) > 1 else "another method agrees"
    if against == len(known):
        return "two other methods disagree" if against > 1 else "another method disagrees"
    return "of two other methods one disagrees"


def disputes(metric: Metric, harm: Harm) -> str:
    """Who disagrees, and with what: `a t-test on whole weeks disagrees: it sees 0.2 points better to 1.1 points worse,
    on the other side of the limit`; empty where nobody does."""
    return "; ".join(
        f"{method(o.method, metric.grain)} disagrees: it sees {_ranged(metric, harm, o)}, {_WHY[o.agreement]}"
        for o in harm.opinions
        if o.disputes
    )


def set_aside(names: Sequence[str]) -> str:
    """Untouched segments that are no witnesses, by name; empty where there is none."""
    if not names:
        return ""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    moved = "by itself since then and counts" if len(names) == 1 else "by themselves since then and count"
    return f"of the untouched segments {listed} moved {moved} little or not at all"


def remarks(harm: Harm) -> tuple[str, ...]:
    """What an estimate rests on: its notes and its holidays; empty where there is none: its reason tells them."""
    return tuple(filter(None, (*harm.notes, harm.holidays))) if math.isfinite(harm.so_far.high) else ()


def remarks_on_all(harms: Sequence[Harm]) -> tuple[str, ...]:
    """The remarks that all estimated metrics share, where there are several: they are told once."""
    known = [remarks(harm) for harm in harms if math.isfinite(harm.so_far.high)]
    return tuple(one for one in known[0] if all(one in other for other in known)) if len(known) > 1 else ()


def short_past(harms: Sequence[Harm]) -> str:
    """That the past is too short, of what all metrics share: it stands beside the grades, never only in a fold. Empty
    where it is long enough, and where a metric tells it by itself."""
    said = of_short_past(remarks_on_all(harms))
    return f"For every metric: {'; '.join(said)}." if said else ""


def unusual(metric: Metric, harm: Harm) -> str:
    """How unusual a move is, in time and among segments; empty where neither is known.

    `in 211 comparable windows without a change (7 that do not overlap), a fall this large never happened; the fall is
    the largest of 6 segments judged alike, each against its own noise (by chance 1 in 6, the least that 6 can show)`.
    """
    moved = "fall" if metric.harm_sign * harm.so_far.estimate < 0 else "rise"
    parts = [] if harm.placebo is None else [_in_time(harm.placebo, moved)]
    parts += [] if harm.rank is None else [_among(harm.rank, moved)]
    return "; ".join(parts)


def _in_time(placebo: Placebo, moved: str) -> str:
    times = {0: "never happened", 1: "happened once", 2: "happened twice"}
    happened = times.get(placebo.as_large, f"happened {written(placebo.as_large)} times")
    few = f" ({placebo.separate} that do not overlap)" if 0 < placebo.separate < placebo.windows else ""
    return f"in {written(placebo.windows)} comparable windows without a change{few}, a {moved} this large {happened}"


def _among(rank: Rank, moved: str) -> str:
    place = {1: "the largest", 2: "the second largest", 3: "the third largest"}.get(rank.place)
    # With few segments even the first place is no rarity, and no place could be one.
    least = f", the least that {rank.of} can show" if rank.place == 1 else ""
    chance = f"by chance {rank.place} in {rank.of}{least}"
    if place is None:
        return f"{rank.place - 1} of {rank.of - 1} untouched segments show as large a {moved} ({chance})"
    return f"the {moved} is {place} of {rank.of} segments judged alike, each against its own noise ({chance})"


def _ranged(metric: Metric, harm: Harm, opinion: Opinion) -> str:
    """The range of an opinion with its unit and both directions, as precise as the harm's own."""
    precision = digits(metric, harm)
    more, less = sides(metric, harm)
    low, high = opinion.found.low, opinion.found.high
    if not math.isfinite(high - low):
        return "nothing"
    if low >= 0:
        return f"{bare(metric, low, harm.unit, precision)} to {amount(metric, high, harm.unit, precision)} {more}"
    if high <= 0:
        return f"{bare(metric, high, harm.unit, precision)} to {amount(metric, low, harm.unit, precision)} {less}"
    better = f"{amount(metric, low, harm.unit, precision)} {less}"
    return f"{better} to {amount(metric, high, harm.unit, precision)} {more}"
