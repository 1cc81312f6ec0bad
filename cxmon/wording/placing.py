"""Where a harm happens, in words: the segments that stand out, or that all fare alike, and how many were looked at."""

import math

from cxmon.model import Interval, Kind, Metric, Place, Where, WhereAnswer
from cxmon.wording import numbers as say
from cxmon.wording import precision

# From this share of the harm on a place has most of it.
MOST = 0.5
TOO_LITTLE = "too little data to say where inside"


def placed(where: Where, metric: Metric) -> str:
    """The answer in one line: `CSAT, where: mostly phone · eu, 4.1 points worse (range 2.0 to 6.3, 85 % of the harm),
    the rest 0.6 worse; 12 segments looked at`, `everywhere alike ...`, or that too little is known, and what is
    not ruled out."""
    return f"{metric.label}, where: {_answer(where, metric, alone=True)}"


def placed_in(where: Where, metric: Metric) -> str:
    """The same without its beginning and without the size of the whole, for a place that says already what it is about
    and how much."""
    return _answer(where, metric, alone=False)


def _answer(where: Where, metric: Metric, *, alone: bool) -> str:
    if where.reason:
        return f"not known, {where.reason}"
    looked = f"{say.counted(where.looked_at, 'segment')} {'looked at' if alone else 'compared'}"
    left = len(where.not_looked_at)
    if left:
        looked += f", {left} more {'has' if left == 1 else 'have'} too few answers or nothing to compare with"
    digits = _precise(where, metric)
    if mixed := _mixed(where, metric, digits):
        looked = f"apart from {mixed}; {looked}"
    whole = f"{say.sided(metric, where.whole, where.unit, digits, say.sides(metric, where))} in all"
    apart = say.bare(metric, where.largest, where.unit, digits) if alone else _size(where, metric, digits)
    beside = f"{apart} above or below"
    match where.answer:
        case WhereAnswer.HERE:
            single = len(where.named) == 1
            return f"{'; '.join(_named(p, where, metric, alone=single) for p in where.named)}; {looked}"
        case WhereAnswer.EVERYWHERE_ALIKE:
            size = f"{whole} and no segment more than {beside} that" if alone else f"no segment more than {beside} it"
            return f"everywhere alike, {size}; {looked}"
        case _:
            open_ = f"no segment stands out, but {beside} {'that' if alone else 'it'} is not ruled out"
            return f"{TOO_LITTLE}: {f'{whole} and {open_}' if alone else open_}; {looked}"


def _size(where: Where, metric: Metric, digits: int) -> str:
    return say.amount(metric, where.largest, where.unit, digits)


def _mixed(where: Where, metric: Metric, digits: int) -> str:
    """What other kinds of contacts bring, which is no segment's; it does not read as nothing."""
    if not where.mixed:
        return ""
    shown = where.mixed * say.factor(metric, where.unit)
    precise = precision.until(digits, lambda more: precision.apart([shown], [0.0], more), last=True)
    size = say.amount(metric, where.mixed, where.unit, precise)
    return f"{size} {_side(where.mixed, where, metric)} by different kinds of contacts"


def mixed_in(where: Where, metric: Metric) -> str:
    """`0.4 points worse by different kinds of contacts`, of those inside the segments that were compared."""
    return _mixed(where, metric, _precise(where, metric))


def places(where: Where, metric: Metric) -> list[str]:
    """One line a segment: its harm towards which that of the whole counts, its share of harm and answers."""
    lines, of = [], "usual volume" if metric.kind is Kind.LEVEL else "answers"
    for place in where.places:
        carried = f"{_percent(place.share)} of the harm with {_percent(place.volume)} of the {of}"
        stands = "; stands out" if place.named else ""
        lines.append(f"{place.segment.label}: {_harm(place, where, metric)}, {carried}{stands}")
    return lines


def cell(place: Place, where: Where, metric: Metric) -> str:
    """The same for a table: `5.0 points worse (1.6 to 8.0), 54 % / 53 %`, shares of harm and answers."""
    stands = ", stands out" if place.named else ""
    size = _harm(place, where, metric).replace("(range ", "(")
    shares = f"{_percent(place.share)} / {_percent(place.volume)}".replace(" ", "\u00a0")
    return f"{size}, {shares}{stands}"


def _named(place: Place, where: Where, metric: Metric, *, alone: bool) -> str:
    """A segment that stands out; where it is the only one, what the rest of the scope has."""
    more = "mostly" if place.share >= MOST else "more than elsewhere in"
    how = "less in" if place.harm < place.rest else more
    shown = f"{how} {place.segment.label}, {_harm(place, where, metric, carried=True)}"
    return f"{shown}, the rest {_moved(place.rest, where, metric, _digits(place, where, metric))}" if alone else shown


def _harm(place: Place, where: Where, metric: Metric, *, carried: bool = False) -> str:
    digits = _digits(place, where, metric)
    ends = say.between(metric, (place.low, place.high), where.unit, digits, say.sides(metric, where))
    share = f", {_percent(place.share)} of the harm" if carried else ""
    size = say.sided(metric, place.harm, where.unit, digits, say.sides(metric, where))
    return f"{size} (range {ends}{share})"


def _moved(x: float, where: Where, metric: Metric, digits: int) -> str:
    """A size without its unit, which was told just before: `0.6 worse`, `no different`."""
    text = say.bare(metric, x, where.unit, digits)
    return "no different" if precision.reads_zero(text) else f"{text} {_side(x, where, metric)}"


def _side(x: float, where: Where, metric: Metric) -> str:
    return say.sides(metric, where)[0 if x > 0 else 1]


def _digits(place: Place, where: Where, metric: Metric) -> int:
    found = Interval(estimate=place.harm, low=place.low, high=place.high)
    return say.digits_of(metric, found, where.unit)


def _precise(where: Where, metric: Metric) -> int:
    """Digits with which the largest difference and the harm of the whole do not read the same."""
    found = Interval(estimate=0.0, low=-where.largest, high=where.largest)
    start = say.digits_of(metric, found, where.unit)
    largest, whole = (abs(x) * say.factor(metric, where.unit) for x in (where.largest, where.whole))
    return precision.until(start, lambda more: precision.spread(largest, whole, more))


def _percent(share: float) -> str:
    return f"{say.number(100 * share, 0)} %" if math.isfinite(share) else say.UNKNOWN
