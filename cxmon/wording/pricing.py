"""The price of a decision in words: what it is said to save, what was lost, and where it stops to pay.

A loss is said to be the decision's own only where untouched segments were compared, and only beyond chance. What rests
on values without a source or a date is called illustrative.
"""

import math
from collections.abc import Mapping
from datetime import date

from cxmon.model import PER_DAYS, Grade, Input, Interval, Metric, Part, Price, PriceCode, Verdict
from cxmon.wording import numbers as say
from cxmon.wording.displacing import small
from cxmon.wording.evidence import grade

_WORDS = {
    PriceCode.PAYS: "Pays",
    PriceCode.COSTS_MORE: "Costs more than it saves",
    PriceCode.OPEN: "Open whether it pays",
    PriceCode.WAITING: "Too early for a price",
    PriceCode.UNCLAIMED: "No saving was claimed",
}
_RULED_OUT = {
    PriceCode.PAYS: "a loss as large as the saving is ruled out",
    PriceCode.COSTS_MORE: "a loss smaller than the saving is ruled out",
    PriceCode.OPEN: "whether that is more or less than it saves is not known yet",
}
# From this share of the volume on a roll-out is told as whole.
WHOLE = 0.995
RESTS = "Rests on:"
_MORE = {"customers": "lost customers", "contacts": "further contacts"}


def price_words(price: Price) -> str:
    """The answer in a few words; a cause is in them only where untouched segments were compared."""
    return answer_words(price.code, price.grade)


def answer_words(code: PriceCode, graded: Grade) -> str:
    if code is PriceCode.COSTS_MORE and graded is not Grade.CONTROLLED:
        return "More lost since than it saves"
    return _WORDS[code]


def price_turn(before: Verdict | None, verdict: Verdict) -> str:
    """What is news of the price since the version that was told `before`, in a line: `The price turned from “pays” to
    “costs more than it saves”: ...`; empty where it says the same or nothing."""
    said, price = verdict.price_said, verdict.price
    was = None if before is None else before.price_said
    if said is None or price is None or was is said:
        return ""
    return f"{turned_words(was, said, price.grade)}: {_against(price)}"


def turned_words(before: PriceCode | None, said: PriceCode, graded: Grade) -> str:
    """From which answer to which a price turned: `The price is known now, “pays”` where there was none."""
    now = f"“{small(answer_words(said, graded))}”"
    if before is None:
        return f"The price is known now, {now}"
    was = f"“{small(answer_words(before, graded))}”"
    if said is PriceCode.OPEN:
        return f"The price {was} is taken back, {now} again"
    return f"The price turned from {was} to {now}"


def price_line(price: Price) -> str:
    """One line for ledger and messages: `Open whether it pays: saves 243,000 USD so far (claimed by Operations, not
    verified); lost 177,000 USD (237,000 gained to 785,000 lost)`."""
    mark = " (illustrative)" if price.illustrative else ""
    return f"{price_words(price)}{mark}: {_against(price)}"


def price_story(price: Price | None, metrics: Mapping[str, Metric], *, codes: bool = True) -> tuple[str, ...]:
    """The lines of a story: the answer, the break-even, and a projection where a part is not complete; without the
    cause where nobody was compared with. `codes`: the answer's code stands behind its words, as in a terminal."""
    if price is None:
        return ()
    mark = "illustrative: a value has no source or no date" if price.illustrative else ""
    beside = ", ".join(filter(None, (str(price.code) if codes else "", mark)))
    said = f"{price_words(price)} ({beside})" if beside else price_words(price)
    lines = [f"Price: {said}: {_against(price, grade(price.grade))}"]
    even = _break_even(price, metrics)
    lines += [even] if even else []
    year = _year(price)
    lines += [year] if year else []
    if price.projection is not None:
        left = price.projection
        range_ = _range(left, "left over", "lost")
        size = money(left.estimate, price.currency, left)
        what = "left over" if left.estimate > 0 else "lost"
        lines.append(f"Projection, not an answer: at the pace so far a year ends with {size} {what} (range {range_})")
    return tuple(lines)


def price_details(price: Price, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """How the price is made: each part, and every figure that it rests on with its source and date."""
    return (*_parts(price, metrics), *(f"{RESTS} {given}" for given in _resting(price)))


def price_brief(price: Price, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """The same with all that it rests on in one line."""
    given = " · ".join(_resting(price))
    return (*_parts(price, metrics), *([f"{RESTS} {given}"] if given else []))


def _resting(price: Price) -> list[str]:
    """The figures that the price rests on, and what is assumed where they cannot tell."""
    staged = math.isfinite(price.full_days) and math.isfinite(price.saving)
    assumed = ["the saving comes with the volume that the stages reach; assumed"] if staged else []
    return [*(_given(one) for one in price.inputs), *assumed]


def money(x: float, currency: str, beside: Interval | None = None) -> str:
    """The size of an amount as precise as the largest figure beside it allows: three digits that count."""
    if not math.isfinite(x):
        return say.UNKNOWN
    if beside is None and abs(x) < 100:
        # As it was given: of a contact's cost the cents count.
        return f"{say.plain(abs(x))} {currency}"
    ends = [x] if beside is None else [e for e in (x, beside.estimate, beside.low, beside.high) if math.isfinite(e)]
    return f"{_rounded(abs(x), max(abs(e) for e in ends))} {currency}"


def _rounded(x: float, largest: float) -> str:
    """Three digits of the largest figure beside it."""
    if largest < 100:
        return say.plain(round(x, 1 if largest >= 10 else 2 if largest >= 1 else 3))
    step = 10.0 ** (math.floor(math.log10(largest)) - 2)
    return say.number(round(x / step) * step, 0)


def _range(one: Interval, more: str, less: str) -> str:
    """`12,000 to 785,000`, `237,000 gained to 785,000 lost`; below zero turned round."""
    largest = max(abs(one.low), abs(one.high))
    low, high = _rounded(abs(one.low), largest), _rounded(abs(one.high), largest)
    if one.low >= 0:
        return f"{low} to {high}"
    return f"{high} to {low}" if one.high <= 0 else f"{low} {less} to {high} {more}"


def _against(price: Price, evidence: str = "") -> str:
    """The claim and what stands against it over the same days; what waits says which parts are counted alone."""
    graded = f", {evidence}" if evidence else ""
    counted = [part.name for part in price.parts if part.counted]
    alone = f"{' and '.join(counted)} alone: " if counted and price.reason else ""
    found = f"{alone}{_lost(price)}{graded}" if counted else ""
    ready = [part.ready for part in price.parts if part.ready is not None]
    when = f" ({_day(max(ready))})" if ready and price.reason else ""
    claimed = f"in {say.days(round(price.days))}" if price.code is PriceCode.UNCLAIMED else _claimed(price)
    return "; ".join(filter(None, (claimed, f"{price.reason}{when}", found)))


def _claimed(price: Price) -> str:
    """`said to save 243,000 USD in 74 days (1,200,000 a year, claimed by Operations, not verified)`."""
    by = f"claimed by {price.claimed_by}" if price.claimed_by else "claimed"
    checked = f"verified by {price.verified_by}" if price.verified_by else "not verified"
    if not math.isfinite(price.saving):
        return f"a saving was {by}, {checked}"
    size = money(price.saving, price.currency)
    if any(one.name == "saving" and one.per == "once" for one in price.inputs):
        return f"said to save {size} once ({by}, {checked})"
    year = f"{_rounded(price.saving_year, price.saving_year)} a year"
    far = ""
    if price.reached < WHOLE:
        far, year = f" with {say.number(100 * price.reached, 0)} % of it rolled out", f"{year} once all of it is"
    return f"said to save {size} in {say.days(round(price.days))}{far} ({year}, {by}, {checked})"


def _year(price: Price) -> str:
    """`A year at the pace of these 74 days, which is no forecast: 804,000 USD lost (222,000 gained to 2,370,000 lost)`:
    what the answer rests on. Empty where there is no answer yet."""
    if price.code not in _RULED_OUT or not math.isfinite(price.loss_year.estimate):
        return ""
    whole = " with all of it rolled out" if price.reached < WHOLE else ""
    later = "a harm that grows or fades makes another year"
    year = lost(price.loss_year, price.currency)
    return f"A year{whole} at the pace of these {say.days(round(price.days))}, no forecast: {year}; {later}"


def lost(loss: Interval, currency: str) -> str:
    """`804,000 USD lost (222,000 gained to 2,370,000 lost)`."""
    size = f"{money(loss.estimate, currency, loss)} {'lost' if loss.estimate >= 0 else 'gained'}"
    return f"{size} ({_range(loss, 'lost', 'gained')})"


def _lost(price: Price) -> str:
    """What was lost over the same days; beyond chance only where the range says so."""
    loss = price.loss
    if not math.isfinite(loss.estimate):
        return "what was lost is not known"
    if loss.high <= 0 and loss.low >= 0:
        return "no loss was found"
    size, range_ = money(loss.estimate, price.currency, loss), _range(loss, "lost", "gained")
    if loss.estimate == loss.low == 0:
        return f"no loss was found, up to {money(loss.high, price.currency, loss)} is not ruled out"
    if loss.low > 0:
        return f"{'it cost' if price.grade is Grade.CONTROLLED else 'consistent with a loss of'} {size} ({range_})"
    if loss.high <= 0:
        return f"{'it gained' if price.grade is Grade.CONTROLLED else 'consistent with a gain of'} {size} ({range_})"
    which = "loss" if loss.estimate > 0 else "gain"
    return f"a {which} of {size} is not beyond chance ({range_})"


def _break_even(price: Price, metrics: Mapping[str, Metric]) -> str:
    """`It pays while it costs fewer than 78 customers a month (Churn 11 % worse); found so far: 57 a month (45 fewer to
    149 more); neither ... is ruled out`."""
    part = next((p for p in price.parts if math.isfinite(p.break_even_events) and p.metric in metrics), None)
    if part is None or not part.known:
        return ""
    metric = metrics[part.metric]
    many = say.number(part.break_even_events, _digits_of_few(part.break_even_events))
    harm = ""
    if math.isfinite(part.break_even):
        size = say.amount(metric, part.break_even, part.unit, _digits_of_percent(part))
        harm = f" ({metric.label} {size} worse)"
    text = f"It pays while it costs fewer than {many} {_MORE[part.name]} a month{harm}"
    if price.paced_days:
        pace = _paced(part.events, PER_DAYS["month"] / price.paced_days)
        early = "" if part.counted else ", which is no answer yet"
        text += f"; found so far: {_count(pace)} a month{early}"
    return f"{text}; {_RULED_OUT[price.code]}" if price.code in _RULED_OUT else text


def _digits_of_few(many: float) -> int:
    """Digits after the point of a number of events: none from ten on, and below one as many as it takes to say any."""
    if many >= 10:
        return 0
    return max(1, -math.floor(math.log10(many))) if many > 0 else 1


def _digits_of_percent(part: Part) -> int | None:
    """Digits of a break-even harm: whole per cent, and below half a per cent as many as it takes to say any."""
    if part.unit != "%":
        return None
    shown = 100 * abs(part.break_even)
    return 0 if shown >= 0.5 or not shown else -math.floor(math.log10(shown))


def _parts(price: Price, metrics: Mapping[str, Metric]) -> list[str]:
    return [_part(part, price, metrics) for part in price.parts if part.metric in metrics]


def _part(part: Part, price: Price, metrics: Mapping[str, Metric]) -> str:
    name = f"{part.name.capitalize()} ({metrics[part.metric].label})"
    if not part.known:
        return f"{name}: not known, {part.reason}"
    mean = "on average of those who usually leave" if part.by_segment else "each"
    each = f"{money(part.each, price.currency)} {mean}"
    size = f"{money(part.loss.estimate, price.currency, part.loss)} {'lost' if part.loss.estimate >= 0 else 'gained'}"
    lost = f"{size} ({_range(part.loss, 'lost', 'gained')})" if part.loss.high or part.loss.low else "no loss"
    why = f"; {part.reason}" if part.reason else ""
    counts = "" if part.counted else "not counted yet: "
    return f"{name}: {counts}{_count(part.events)} than expected, {each}: {lost}, {grade(part.grade)}{why}"


def _count(events: Interval) -> str:
    """`57 more (45 fewer to 149 more)`."""
    largest = max(abs(events.low), abs(events.high))
    which = "more" if events.estimate >= 0 else "fewer"
    return f"{_rounded(abs(events.estimate), largest)} {which} ({_range(events, 'more', 'fewer')})"


def _paced(one: Interval, factor: float) -> Interval:
    return Interval(estimate=one.estimate * factor, low=one.low * factor, high=one.high * factor)


def _given(one: Input) -> str:
    """`a lost customer (basic) 180 EUR a year for 24 months; Finance, margin by tier, 30 Jun 2026`."""
    if one.name == "rate":
        what = f"1 {one.of} = {say.plain(one.amount)} {one.currency}"
    else:
        which = {"saving": "the saving", "customers": "a lost customer", "contacts": "a contact"}[one.name]
        of = f" ({one.of})" if one.of else ""
        per = "" if one.per == "once" else f" a {one.per}"
        long = f" for {say.counted(round(one.horizon_days / PER_DAYS['month']), 'month')}" if one.horizon_days else ""
        what = f"{which}{of} {say.plain(one.amount)} {one.currency}{per}{long}"
    missing = " and ".join(w for w, ok in (("source", one.source), ("date", one.as_of)) if not ok)
    told = ", ".join(filter(None, (one.source, _day(one.as_of) if one.as_of else "")))
    return f"{what}; {f'illustrative, no {missing}' if missing else told}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
