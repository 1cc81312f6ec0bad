"""A moved total in words: how much is a different kind of contacts, and how much the same kinds faring otherwise."""

from dataclasses import dataclass, replace

from cxmon.model import Better, Interval, Metric, Split, SplitRanges
from cxmon.wording import numbers as say
from cxmon.wording import precision
from cxmon.wording.evidence import grade

EVERYBODY = "all customers"
DIFFERENT, SAME = "from different kinds of contacts", "from the same kinds of contacts"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a moved total, or the total, in the split's unit: positive is worse. `range` is None where it was not
    estimated."""

    label: str
    size: float
    range: tuple[float, float] | None
    said: str
    total: bool = False


def mix(split: Split, metric: Metric) -> str:
    """A moved total as the part that is a different kind of contacts and the part that is the same contacts faring
    differently: `CSAT, all customers: 1.7 points worse than expected (range 0.9 to 2.5, before and after only): 1.2
    points worse from different kinds of contacts (0.8 to 1.6), ...`. Of a quantile it is the share answered in time."""
    split = as_read(split, metric)
    name = metric.label if split.within is None else f"{metric.label} within {say.value(metric, split.within)}"
    alone = "; only the kinds of contacts are shown to have changed" if moved_by_mix_alone(split, metric) else ""
    ranges = split.ranges
    if ranges is None:
        return f"{name}, {EVERYBODY}: {_before(split, metric)}{alone}"
    digits = digits_in(split, metric)
    told = [
        f"{_moved(x, split, metric, digits)} {where} ({_range(r, split, metric)})"
        for x, r, where, _ in _ranged(split, ranges, metric)
    ]
    evidence = f", {grade(split.grade)}" if split.grade is not None else ""
    whole = f"{_moved(split.total, split, metric, digits)} than expected"
    sure = f"range {_range(ranges.total, split, metric)}{evidence}"
    everybody = f"{EVERYBODY} since the first stage" if split.staged else EVERYBODY
    return f"{name}, {everybody}: {whole} ({sure}): {', '.join(told)}{alone}"


def parts(split: Split, metric: Metric) -> list[Part]:
    """What a total is made of, in the order in which it is told, and the total at the end."""
    split = as_read(split, metric)
    ranges = split.ranges
    digits = 1 if ranges is None and split.unit in {"pt", "%"} else None if ranges is None else digits_in(split, metric)
    if ranges is None:
        bare = [(split.mix, "Different kinds"), (split.rate, "Same kinds"), (split.entry_exit, "New or gone")]
        sized = [(size, None, label) for size, label in bare if size or label != "New or gone"]
        every: list[tuple[float, tuple[float, float] | None, str]] = [*sized, (split.total, None, "In all")]
    else:
        every = [(x, between, label) for x, between, _, label in _ranged(split, ranges, metric)]
        every.append((split.total, ranges.total, "In all"))
    return [
        Part(
            label=label, size=size, range=between, total=label == "In all",
            said=_moved(size, split, metric, digits) + (f" ({_range(between, split, metric)})" if between else ""),
        )
        for size, between, label in every
    ]  # fmt: skip


def _ranged(
    split: Split, ranges: SplitRanges, metric: Metric
) -> list[tuple[float, tuple[float, float], str, str]]:  # fmt: skip
    """(size, range, in words, by name) of each part that there is."""
    digits = digits_in(split, metric)
    found = [
        (split.mix, ranges.mix, DIFFERENT, "Different kinds"),
        (split.rate, ranges.rate, SAME, "Same kinds"),
    ]
    if split.entry_exit or any(ranges.entry_exit):
        found.append((split.entry_exit, ranges.entry_exit, "from segments that are new or gone", "New or gone"))
    if say.bare(metric, split.remainder, split.unit, digits) != say.bare(metric, 0.0, split.unit, digits):
        found.append((split.remainder, ranges.remainder, "left over by separate estimates", "Left over"))
    return found


def moved_by_mix_alone(split: Split, metric: Metric) -> bool:
    """True where a total moved by something worth acting on, and nearly all of that is mix, entry and exit. With ranges
    known, those must be beyond chance, and the rest within it."""
    matters = metric.matters.value if not metric.matters.relative else 0.0
    other = split.mix + split.entry_exit
    close = abs(split.total) >= matters / 2 and split.total * other > 0 and abs(split.rate) <= abs(other) / 4
    if split.ranges is None or not close:
        return close
    largest = split.ranges.mix if abs(split.mix) >= abs(split.entry_exit) else split.ranges.entry_exit
    return split.ranges.rate[0] <= 0 <= split.ranges.rate[1] and not largest[0] <= 0 <= largest[1]


def _before(split: Split, metric: Metric) -> str:
    """What was told before ranges were estimated: the gap to as many periods before."""
    if split.total == 0:
        return "no different from before"
    parts = [(split.mix, DIFFERENT), (split.rate, SAME)]
    if split.entry_exit:
        parts.append((split.entry_exit, "from kinds of contacts that came or went"))
    digits = 1 if split.unit in {"pt", "%"} else None
    told = ", ".join(f"{_moved(part, split, metric, digits)} {where}" for part, where in parts)
    return f"{_moved(split.total, split, metric, digits)} than before ({told})"


def sides(split: Split, metric: Metric) -> tuple[str, str]:
    """What harm and gain are called: worse and better, or of a share answered in time fewer and more."""
    if split.within is None:
        return "worse", "better"
    return ("fewer", "more") if metric.better is Better.LOWER else ("more", "fewer")


def _moved(x: float, split: Split, metric: Metric, digits: int | None) -> str:
    text = say.amount(metric, x, split.unit, digits)
    number, _, unit = text.partition(" ")
    side = sides(split, metric)[0 if x > 0 else 1]
    return text if precision.reads_zero(number) else f"{number} {unit} {side}"


def digits_in(split: Split, metric: Metric) -> int:
    """Digits after the point, the same for all figures of a split: those of the part that is known worst, and as many
    more as it takes for each range to read as one, and for the parts to add up nearly as they are."""
    known = [] if split.ranges is None else [split.ranges.rate, split.ranges.mix]
    starts = [say.digits_of(metric, Interval(estimate=0.0, low=low, high=high), split.unit) for low, high in known]
    scale = say.factor(metric, split.unit)
    ranges = [(low * scale, high * scale) for low, high in known]

    def reads_right(digits: int) -> bool:
        # Of tenths a whole one may go from one part to another, of points, which stand for more, less.
        near = abs(_left(split, scale, digits) - split.rate * scale) < (1.0 if digits else 0.75) * 10.0**-digits
        return near and all(precision.spread(low, high, digits) for low, high in ranges)

    return precision.until(min(starts, default=1), reads_right)


def _left(split: Split, scale: float, digits: int) -> float:
    """What the other parts leave of the whole, all as they read."""
    others = sum(round(x * scale, digits) for x in (split.mix, split.entry_exit, split.remainder))
    return round(round(split.total * scale, digits) - others, digits)


def as_read(split: Split, metric: Metric) -> Split:
    """The split with parts that add up as they read: what rounding leaves over is the same kinds', whose part is known
    worst, unless that turns its side or moves it by more than a digit."""
    if split.ranges is None:
        return split
    digits, scale = digits_in(split, metric), say.factor(metric, split.unit)
    rate = _left(split, scale, digits)
    near = abs(rate - split.rate * scale) <= 10.0**-digits
    return replace(split, rate=rate / scale) if near and rate * split.rate >= 0 else split


def _range(between: tuple[float, float], split: Split, metric: Metric) -> str:
    """`0.8 to 1.6`, in the direction that the estimate is told in; `0.4 better to 0.7 worse` across zero."""
    return say.between(metric, between, split.unit, digits_in(split, metric), sides(split, metric))
