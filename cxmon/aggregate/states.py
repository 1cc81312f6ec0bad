"""What subscriptions are worth from when on becomes what each customer is worth at every instant. Pure.

A state says of one subject (a subscription) that it has a value from an instant on, or had it until then. States come
in any order and not all of them come; those that do agree wherever they say something of the same stretch of time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import fsum
from operator import itemgetter
from typing import NamedTuple

# What a customer is worth is a sum of amounts of money: less than this is nothing.
NOTHING = 1e-9
# The field of a stream of states that says how each holds: from its instant on (1), until then (0), or as a guess: from
# then on it was what there is now (2).
AFTER = "after"
UNTIL, SINCE, GUESSED = 0, 1, 2
_NOBODY = -1


class State(NamedTuple):
    """A state of the subject that its `name` begins with, up to the first slash; `segment` is a number."""

    at: int
    known: int
    name: str
    value: float
    segment: int
    holds: int


class Point(NamedTuple):
    """From `at` on the value is another, until the next point."""

    at: int
    value: float
    segment: int


Level = tuple[float, int]
_ZERO: Level = (0.0, _NOBODY)


def subject(name: str) -> str:
    """What a state is a state of."""
    return name.partition("/")[0]


def timeline(states: Sequence[State]) -> list[Point]:
    """What a customer is worth, by the states of all that is theirs: the sum, in the segment of the largest part.

    A state that became known later stands over what was known before of its instant and after it.
    """
    of: dict[str, list[State]] = {}
    for state in states:
        of.setdefault(subject(state.name), []).append(state)
    if len(of) == 1:
        return _alone(_of_subject(states))
    steps = sorted((p.at, name, (p.value, p.segment)) for name, own in of.items() for p in _of_subject(own))
    levels: dict[str, Level] = {}
    found: list[Point] = []
    for at, together in groupby(steps, key=itemgetter(0)):
        levels |= {name: level for _, name, level in together}
        value = fsum(levels[name][0] for name in sorted(levels))
        largest = max(levels.values(), key=lambda level: (level[0], -level[1]))
        new = (value, largest[1]) if value > NOTHING else _ZERO
        if new != (found[-1][1:] if found else _ZERO):
            found.append(Point(at, *new))
    return found


def _alone(points: Sequence[Point]) -> list[Point]:
    """The same of one subject alone, as most customers have."""
    found: list[Point] = []
    for at, value, segment in points:
        new = (value, segment) if value > NOTHING else _ZERO
        if new != (found[-1][1:] if found else _ZERO):
            found.append(Point(at, *new))
    return found


def late(states: Iterable[State]) -> list[int]:
    """When something became known of an instant that had passed."""
    return sorted({s.known for s in states if s.known > s.at})


def standing(names: Sequence[str], at: Sequence[int], known: Sequence[int], *, bound: int) -> Iterator[int]:
    """Which states (S,) before `bound` are needed to know what holds from then on: the last of each subject."""
    last: dict[str, tuple[tuple[int, int, str], int]] = {}
    for i, name in enumerate(names):
        if at[i] < bound:
            key, whose = (known[i], at[i], name), subject(name)
            held = last.get(whose)
            if held is None or held[0] < key:
                last[whose] = key, i
    return (i for _, i in last.values())


def _of_subject(states: Sequence[State]) -> list[Point]:
    """Between two instants that are known of, what the later one says it was until then counts, if it says so; before
    it too, as far back as there are guesses only. That it was nothing just then does not say since when, unless what is
    known before the guesses had left nothing."""
    if all(s.holds != UNTIL and s.known == s.at for s in states):
        # Nothing says what was before, and nothing came late: each holds until the next one.
        last = {s.at: s for s in sorted(states)}
        return [Point(at, *_level(s)) for at, s in last.items()]
    found: list[Point] = []
    guessed: list[bool] = []
    for at, group in _in_force(states).items():
        until = [_level(s) for s in group if s.holds == UNTIL]
        after = [_level(s) for s in group if s.holds != UNTIL]
        now = after[-1] if after else _ZERO
        if until:
            held, now = _between(until, after, found[-1][1:] if found else _ZERO)
            i = len(found) - 1
            while i > 0 and guessed[i]:
                i -= 1
            if found and (held != _ZERO or not guessed[-1] or (not guessed[i] and found[i][1:] == _ZERO)):
                found[i:] = [Point(point.at, *held) for point in found[i:]]
        found.append(Point(at, *now))
        guessed.append(all(s.holds == GUESSED for s in group))
    return found


def _between(until: Sequence[Level], after: Sequence[Level], held: Level) -> tuple[Level, Level]:
    """(what it was before changes of one second, what it is after them). They have no order: what one came from and
    another went to lies between them. Where one of them does not say what it came from, what was held may be that."""
    come, gone = Counter(until) - Counter(after), Counter(after) - Counter(until)
    if held not in (come or until) and (come or len(until) >= len(after)):
        held = next(level for level in until if level in come or not come)
    return held, next((level for level in reversed(after) if level in gone), held)


def _in_force(states: Sequence[State]) -> Mapping[int, list[State]]:
    """The states by their instants, oldest first, without those that something known later stands over."""
    order = sorted(states, key=lambda s: (s.known, s.at, s.name))
    kept: list[tuple[int, list[State]]] = []
    for (_, at), group in reversed([(key, list(g)) for key, g in groupby(order, key=lambda s: (s.known, s.at))]):
        if not kept or at < kept[-1][0]:
            kept.append((at, group))
    return dict(reversed(kept))


def _level(state: State) -> Level:
    return (state.value, state.segment) if state.value > NOTHING else _ZERO
