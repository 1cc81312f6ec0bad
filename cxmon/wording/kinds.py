"""Worse service or other kinds of contacts: one line about what an incident's gap is made of."""

from datetime import datetime

from cxmon.decisions.kinds import KindsAnswer, kinds_answer
from cxmon.model import Incident, Kinds, Metric, Split, SplitRanges, Unsplit, Where
from cxmon.wording import numbers as say
from cxmon.wording.mixing import as_read, digits_in, sides
from cxmon.wording.placing import mixed_in

LABEL = "Service or contacts"
# Of incidents that were opened before this was worked out.
NOT_KNOWN = "not known: it was not worked out when this was told"

_LEAD = {
    KindsAnswer.SERVICE: "Worse service, not other contacts",
    KindsAnswer.SERVICE_OPEN: "Worse service; how much of it is other kinds of contacts cannot be said",
    KindsAnswer.BOTH: "Partly worse service, partly other kinds of contacts",
    KindsAnswer.MIX: "Mostly other kinds of contacts",
    KindsAnswer.MIX_OPEN: "Other kinds of contacts; whether service is worse as well cannot be said",
    KindsAnswer.APART: "Cannot say: too few answers to tell worse service from other contacts",
}
_WHY = {
    Unsplit.ACROSS: "segments are compared with each other here, not with their past",
    Unsplit.SORT: "figures of this sort are not made of kinds of contacts",
    Unsplit.OVERLAP: "its segments overlap",
    Unsplit.ONE_PART: "nothing finer than this segment is stored",
    Unsplit.WITHHELD: "too few answers to be shown",
    Unsplit.TOO_NEW: "too little is known of the level before",
    Unsplit.TOO_LITTLE: "too little data in its parts",
    Unsplit.UNLIKE: "the parts do not add up to the figure",
    Unsplit.CROWD: "too many were found at once to look into each",
    Unsplit.ENTANGLED: "another change moved the same contacts",
    Unsplit.EVERYBODY: "it touches every segment, so that none is left to hold its contacts against",
}
# Why nothing is said of where inside an incident's root it happens, where it is not for want of data.
NOT_INSIDE = {
    Unsplit.OVERLAP: "not compared inside, its segments overlap",
    Unsplit.ONE_PART: "nothing finer is stored",
    Unsplit.CROWD: "not compared inside, too many were found at once",
    Unsplit.SORT: "figures of this sort are not compared inside",
}
# Verdicts whose contacts moved too little to be split. The first is about a harm, the second about anything else.
_SAME_KINDS = "the share of contacts that it touches moved by less than a tenth"
_SMALL = "the kinds of contacts shifted, but too little to have moved the figure"
_AS_FAR = "Worse service, as far as is known"
_NOT_COMPARED = "kinds inside it were not compared"
_NONE_INSIDE = "no shift of kinds inside it is shown"
UNJUDGED = "it was not worked out when this was judged"
_SAME, _OTHER, _NEW = "from the same kinds of contacts", "from different kinds", "from segments that are new or gone"


def kinds_line(kinds: Kinds | None, metric: Metric, at: datetime | None = None) -> str:
    """`Worse service, not other contacts: of 3.4 points worse than expected, 3.1 from the same kinds of contacts (2.6
    to 3.6), 0.3 from different kinds (0.1 to 0.5)`; or why it cannot be said. `at` is the period of the figure that it
    stands beside: of another one the line says its day."""
    if kinds is None:
        return NOT_KNOWN
    split = None if kinds.split is None else as_read(kinds.split, metric)
    if split is None or split.ranges is None:
        return f"Cannot say: {_WHY[kinds.why or Unsplit.TOO_LITTLE]}"
    answer = kinds_answer(kinds)
    day = "" if at is None or at == kinds.until else f" (as of {say.day(kinds.until, metric.zone)})"
    mix_first = answer in {KindsAnswer.MIX, KindsAnswer.MIX_OPEN}
    return f"{_LEAD[answer]}{day}: of {_whole(split, metric)}, {_parts(split, split.ranges, metric, mix_first)}"


def unsplit(why: Unsplit | None, *, harmed: bool, where: Where | None = None, metric: Metric | None = None) -> str:
    """What a verdict says whose figure was not split: that contacts stayed as they were, or why it cannot be said. Of
    a harm `where` says what came of the kinds of contacts inside the segments that the change touches."""
    moved = {Unsplit.SAME: _SAME_KINDS, Unsplit.SMALL: _SMALL}.get(why) if why is not None else None
    if moved is not None and harmed and metric is not None:
        return _inside(moved, where, metric)
    if moved is not None:
        return f"{'Worse service, not other contacts' if harmed else 'Not other contacts'}: {moved}"
    return f"Cannot say: {_WHY[why] if why is not None else UNJUDGED}"


def _inside(moved: str, where: Where | None, metric: Metric) -> str:
    """A harm of segments that stayed alike as a whole: the shift of kinds inside them is known where they were compared
    with each other, and told where it is beyond chance."""
    if where is None or where.reason:
        return f"{_AS_FAR}: {moved}; {_NOT_COMPARED}"
    if not where.mixed:
        return f"{_LEAD[KindsAnswer.SERVICE]}: {moved}; {_NONE_INSIDE}"
    more = where.mixed > 0
    lead = _LEAD[(KindsAnswer.MIX if where.mixed > where.whole else KindsAnswer.BOTH) if more else KindsAnswer.SERVICE]
    return f"{lead}: {mixed_in(where, metric)} inside what it touches, beyond chance; {moved}"


def kinds_short(kinds: Kinds | None) -> str:
    """The answer alone, for a line among others; nothing where there is none."""
    answer = KindsAnswer.NONE if kinds is None else kinds_answer(kinds)
    return "" if answer in {KindsAnswer.NONE, KindsAnswer.APART} else _LEAD[answer]


def kinds_of(incident: Incident, metric: Metric, at: datetime | None = None) -> str:
    """The line of an incident, with its label."""
    return f"{LABEL}: {kinds_line(incident.kinds, metric, at)}"


def _whole(split: Split, metric: Metric) -> str:
    size = say.amount(metric, split.total, split.unit, digits_in(split, metric))
    word = sides(split, metric)[0 if split.total > 0 else 1]
    if split.within is None:
        return f"{size} {word} than expected"
    return f"{size} {word} than expected within {say.value(metric, split.within)}"


def _parts(split: Split, ranges: SplitRanges, metric: Metric, mix_first: bool) -> str:
    found = [(split.rate, ranges.rate, _SAME), (split.mix, ranges.mix, _OTHER)]
    if mix_first:
        found.reverse()
    if split.entry_exit or any(ranges.entry_exit):
        found.append((split.entry_exit, ranges.entry_exit, _NEW))
    digits = digits_in(split, metric)
    told = []
    for size, between, where in found:
        # What is worse is told as a part of the whole; what is better is no part of it.
        text = say.bare(metric, size, split.unit, digits)
        less = size < 0 and text != say.bare(metric, 0.0, split.unit, digits)
        text = f"{say.amount(metric, size, split.unit, digits)} {sides(split, metric)[1]}" if less else text
        told.append(f"{text} {where} ({say.between(metric, between, split.unit, digits, sides(split, metric))})")
    return ", ".join(told)
