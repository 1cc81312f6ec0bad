"""Questions for effects that somebody asks at once: those that differ in their newest periods only share one fit.

A look of every day asks the same question with one period more. Behind its own end a series is padded with periods
that were never measured; they change no answer.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from cxmon.stats.arrays import Floats
from cxmon.stats.dated import effect, effects
from cxmon.stats.profiles import cycle_length, labels
from cxmon.stats.results import Effect

BY_PERIOD = ("n", "se", "complete", "controls", "controls_n", "controls_se")
CONTROLS = {"controls", "controls_n", "controls_se"}
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Question:
    """What `effect` is asked: `values` (T,) of a change dated `at`, and its options by their names."""

    values: Floats
    at: int
    options: Mapping[str, Any]

    def answer(self) -> Effect:
        """The answer by itself."""
        return effect(self.values, self.at, **self.options)

    @property
    def size(self) -> int:
        return len(self.values)

    @cached_property
    def labels(self) -> Any:
        """Profile labels (T,) in the order of their first appearance."""
        return labels(self.options.get("period", 7), self.size)

    @property
    def until(self) -> int | None:
        """The end of the change; None where it lasts beyond the newest period."""
        until = self.options.get("until")
        return None if until is None or until >= self.size else int(until)

    @property
    def others(self) -> list[tuple[int, int | None]]:
        """The other changes, without an end where they last beyond the newest period."""
        return [(b, None if e >= self.size else e) for b, e in self.options.get("others", ())]

    @cached_property
    def kind(self) -> tuple[Any, ...]:
        """What questions have to have in common to be answered together."""
        given = tuple((name, np.shape(self.options[name])[:-1]) for name in BY_PERIOD if self._has(name))
        yearly = self.options.get("yearly")
        rest = sorted((k, v) for k, v in self.options.items() if k not in {*BY_PERIOD, "period", "until", "others"})
        return (
            self.at, given, self.until, tuple(self.others), yearly is not None and self.size >= yearly,
            int(self.labels.max(initial=-1)), cycle_length(self.labels, self.size), tuple(rest),
        )  # fmt: skip

    def goes_before(self, other: "Question") -> bool:
        """Whether the profile of this one is how that of `other`, which is no shorter, begins."""
        return bool((other.labels[: self.size] == self.labels).all())

    def _has(self, name: str) -> bool:
        return self.options.get(name) is not None

    def padded(self, name: str, size: int) -> Floats:
        """One of the arrays by period, up to `size` periods; what was never measured is NaN, and not complete."""
        given = np.asarray(self.values if name == "values" else self.options[name], float)
        lacking = [(0, 0)] * (given.ndim - 1) + [(0, size - self.size)]
        return np.pad(given, lacking, constant_values=0.0 if name == "complete" else np.nan)


# Work that needs effects: it yields the questions that it has at a time and is sent their answers, in their order.
Asking = Generator[Sequence[Question], Sequence[Effect], T]


def answered(work: Asking[T]) -> T:
    """What the work comes to by itself. Raises what it raises, and what `effect` raises on any of its questions."""
    try:
        questions = next(work)
        while True:
            questions = work.send(together(questions))
    except StopIteration as done:
        found: T = done.value
        return found


def together(questions: Sequence[Question]) -> list[Effect]:
    """The answers to all questions, in their order: as `effect` gives them one by one, to 1e-8.

    Raises what `effect` raises on any of them.
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    for i, question in enumerate(questions):
        alike.setdefault(question.kind, []).append(i)
    found: dict[int, Effect] = {}
    for group in alike.values():
        waiting = sorted(group, key=lambda i: -questions[i].size)
        while waiting:
            longest = questions[waiting[0]]
            mine = [i for i in waiting if questions[i].goes_before(longest)]
            waiting = [i for i in waiting if i not in set(mine)]
            found.update(zip(mine, _answers([questions[i] for i in mine]), strict=True))
    return [found[i] for i in range(len(questions))]


def _answers(alike: Sequence[Question]) -> list[Effect]:
    """The answers to questions of one kind, the longest first."""
    longest = alike[0]
    if len(alike) == 1:
        return [longest.answer()]
    size = longest.size
    asked = {name: value for name, value in longest.options.items() if name not in BY_PERIOD}
    for name in BY_PERIOD:
        given = longest.options.get(name)
        if given is None:
            continue
        if name in CONTROLS and all(q.options[name] is given and q.size == size for q in alike):
            # What they say of everyone is worked out once.
            asked[name] = given
        else:
            asked[name] = np.stack([q.padded(name, size) for q in alike])
    values = np.stack([q.padded("values", size) for q in alike])
    answers = effects(values, longest.at, **asked)
    return [_cut(answer, q.size) for answer, q in zip(answers, alike, strict=True)]


def _cut(answer: Effect, size: int) -> Effect:
    if len(answer.expected) == size:
        return answer
    return replace(
        answer, expected=answer.expected[:size], expected_low=answer.expected_low[:size],
        expected_high=answer.expected_high[:size],
    )  # fmt: skip
