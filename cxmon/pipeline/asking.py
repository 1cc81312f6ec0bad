"""A question such as `csat channel=chat`, understood: which metric in which segment, or one helpful answer why not."""

import difflib
import re
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cxmon import wording
from cxmon.config.reading import nearest, quoted
from cxmon.model import EVERYONE, Metric, Segment

NOISE = frozenset({"in", "for", "of", "and", "the", "on"})
MOST_LISTED = 12
_SPLITS = re.compile(r"[\s\"'\\=]")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for: a series that is shown."""

    metric: Metric
    segment: Segment


@dataclass(frozen=True, kw_only=True)
class Unclear:
    """Why a question has no answer, and what could be asked instead."""

    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What can be asked of one metric: the segments that are `shown`, and all `values` that are stored by dimension."""

    metric: Metric
    shown: Collection[Segment]
    values: Mapping[str, Collection[str]]


def words(text: str) -> list[str]:
    """The words of a question; what stands in quotes is one word, and so is `channel = chat`."""
    plain = re.sub(r"\s*=\s*", "=", text.translate(_QUOTES))
    try:
        return shlex.split(plain)
    except ValueError:
        return plain.split()


def understood(said: Sequence[str], known: Mapping[str, Known]) -> Asked | Unclear:
    """Which series the words ask for. A metric goes by its id or its name, a segment by `dimension=value` or by a value
    alone where only one dimension has it; capitals do not matter."""
    found = _metric(said, known)
    if isinstance(found, Unclear):
        return found
    of, rest = found
    segment = _segment(rest, of)
    if isinstance(segment, Unclear):
        return segment
    if segment in of.shown:
        return Asked(metric=of.metric, segment=segment)
    return _not_shown(of, segment)


def _metric(said: Sequence[str], known: Mapping[str, Known]) -> tuple[Known, list[str]] | Unclear:
    """The metric that the first words name, and the words behind it."""
    if not known:
        return Unclear(lines=("Nothing has been collected and judged yet, so there is no figure to give.",))
    names = {_plain(name): one for one in known.values() for name in (one.metric.label, one.metric.id)}
    for count in range(len(said), 0, -1):
        one = names.get(_plain(" ".join(said[:count])))
        if one is not None:
            return one, list(said[count:])
    given = " ".join(word for word in said if "=" not in word)
    there = _listed(f"{one.metric.id} ({one.metric.label})" for one in known.values())
    if not given.strip():
        return Unclear(lines=(f"Begin with a metric. There are: {there}.",))
    near = difflib.get_close_matches(_plain(given)[:80], names, n=3, cutoff=0.5)
    meant = _listed(dict.fromkeys(names[name].metric.id for name in near))
    guess = f"Did you mean {meant}? " if meant else ""
    return Unclear(lines=(f"There is no metric {quoted(given)}. {guess}There are: {there}.",))


def _segment(said: Sequence[str], of: Known) -> Segment | Unclear:
    chosen: dict[str, str] = {}
    rest = list(said)
    while rest:
        taken, count = _pair(rest, of)
        if isinstance(taken, Unclear):
            return taken
        if taken is not None:
            name, value = taken
            if chosen.get(name, value) != value:
                return Unclear(lines=(f"{name} is asked for twice, as {chosen[name]} and as {value}: name one.",))
            chosen[name] = value
        del rest[:count]
    return Segment.of(chosen)


def _pair(rest: Sequence[str], of: Known) -> tuple[tuple[str, str] | Unclear | None, int]:
    """(dimension and value of the next words, or what is wrong with them; how many words that were)."""
    name, sign, value = rest[0].partition("=")
    if sign:
        return _named(name, value, of), 1
    for count in range(len(rest), 0, -1):
        text = " ".join(rest[:count])
        here = [(d, v) for d, values in of.values.items() for v in values if _plain(v) == _plain(text)]
        if len(here) == 1:
            return here[0], count
        if here:
            ways = " or ".join(f"{d}={v}" for d, v in here)
            return Unclear(lines=(f"{quoted(text)} stands for more than one thing: say {ways}.",)), count
    if rest[0].lower() in NOISE:
        return None, 1
    every = [v for values in of.values.values() for v in values]
    return Unclear(lines=(_unknown(rest[0], every, f"{of.metric.label} has no segment"), _by(of))), 1


def _named(name: str, value: str, of: Known) -> tuple[str, str] | Unclear:
    dimension = next((d for d in of.values if _plain(d) == _plain(name)), None)
    if dimension is None:
        return Unclear(lines=(_unknown(name, of.values, f"{of.metric.label} has no dimension"), _by(of)))
    found = next((v for v in of.values[dimension] if _plain(v) == _plain(value)), None)
    if found is None:
        return Unclear(lines=(_unknown(value, of.values[dimension], f"No segment has {dimension}"),))
    return dimension, found


def _unknown(given: str, options: Collection[str], what: str) -> str:
    """`No segment has channel 'chta'. Did you mean chat? There are: chat, email, phone.`"""
    meant = nearest(given, options)
    guess = f" Did you mean {meant}?" if meant else ""
    there = f" There are: {_listed(sorted(options))}." if options else ""
    return f"{what} {quoted(given)}.{guess}{there}"


def _not_shown(of: Known, segment: Segment) -> Unclear:
    """A segment that exists, or could, and has no figure of its own."""
    label = of.metric.label
    where = "all customers" if segment == EVERYONE else wording.segment(segment)
    near = [one for one in of.shown if one.holds(segment) or segment.holds(one)]
    best = sorted(near, key=lambda one: (abs(len(one.items) - len(segment.items)), one.key))[:3]
    asked = " or ".join(f"`{example(of.metric, one)}`" for one in best)
    lines = [f"{label} has no figure of its own for {where}.", _by(of)]
    return Unclear(lines=(*lines, f"Ask for {asked}.") if asked else tuple(lines))


def _by(of: Known) -> str:
    """`CSAT is shown for all customers, by channel, and by channel and region, where there are enough answers.`"""
    ways = sorted({one.dimensions for one in of.shown}, key=lambda dims: (len(dims), dims))
    told = ["for all customers" if not dims else f"by {' and '.join(dims)}" for dims in ways]
    if not told:
        return f"No figure of {of.metric.label} is shown yet: too few complete periods."
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])}, and {told[-1]}"
    return f"{of.metric.label} is shown {listed}, where there are enough answers."


def example(metric: Metric, segment: Segment) -> str:
    """How to ask for a series: `csat channel=chat`."""
    parts = [f"{name}={shlex.quote(value) if _SPLITS.search(value) else value}" for name, value in segment.items]
    return " ".join([metric.id, *parts])


def _plain(text: str) -> str:
    """Names are compared without capitals, and `first_response` is `first response`."""
    return " ".join(re.split(r"[\s_-]+", text.strip().casefold()))


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - MOST_LISTED} more" if len(every) > MOST_LISTED else ""
    return ", ".join(every[:MOST_LISTED]) + more
