"""Work that asks for effects: it yields its questions and is sent the answers, so that many can be answered at once."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Generic, TypeVar

from cxmon.stats.arrays import Floats
from cxmon.stats.results import Effect
from cxmon.stats.together import Asking, Question, together

__all__ = ["Asking", "begun", "each_step", "effect_of", "one_by_one", "settled", "side_by_side"]

T = TypeVar("T")


def effect_of(values: Floats, at: int, options: Mapping[str, Any]) -> Asking[Effect]:
    """Asks for the effect of a change dated `at` on `values` (T,), of which no picture is drawn."""
    [found] = yield [Question(values, at, {**options, "drawn": False})]
    return found


def settled(found: T) -> Asking[T]:
    """Work that is done already."""
    yield from ()
    return found


def begun(work: Asking[T]) -> Asking[T]:
    """The work, which has gone on to its first questions already: what it reads until there is read now."""
    try:
        first = next(work)
    except StopIteration as done:
        return settled(done.value)
    return _resumed(first, work)


def each_step(work: Asking[T], before: Callable[[], None]) -> Asking[T]:
    """The work, before whose every step there is something to do."""
    before()
    try:
        first = next(work)
    except StopIteration as done:
        found: T = done.value
        return found
    return (yield from _resumed(first, work, before))


def _resumed(asked: Sequence[Question], work: Asking[T], before: Callable[[], None] = lambda: None) -> Asking[T]:
    try:
        while True:
            try:
                answers = yield asked
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked.
                before()
                asked = work.throw(error)
            else:
                before()
                asked = work.send(answers)
    except StopIteration as done:
        found: T = done.value
        return found


def one_by_one(work: Asking[T]) -> T:
    """What the work comes to when its questions are answered as they come."""
    return side_by_side([work])[0]


def side_by_side(works: Sequence[Asking[T]]) -> list[T]:
    """What each work comes to, in their order; the questions that they have at the same time are answered together.

    A question that cannot be answered is raised where it was asked; what a work raises itself ends all.
    """
    open_ = begun = [_Begun(work) for work in works]
    for one in begun:
        one.go_on(None)
    while open_ := [one for one in open_ if not one.found]:
        for one, answers in zip(open_, _answers([one.asked for one in open_]), strict=True):
            one.go_on(answers)
    return [one.found[0] for one in begun]


def _answers(asked: Sequence[Sequence[Question]]) -> list[list[Effect] | Exception]:
    """The answers to the questions of each work."""
    try:
        found = iter(together([*chain.from_iterable(asked)]))
    except Exception:  # noqa: BLE001 - one of them is wrong: each work is answered by itself, and that one is told.
        return [_answer(questions) for questions in asked]
    return [[*islice(found, len(questions))] for questions in asked]


def _answer(questions: Sequence[Question]) -> list[Effect] | Exception:
    try:
        return together(questions)
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked.
        return error


class _Begun(Generic[T]):
    """A work with the questions that it waits for, or what it came to."""

    def __init__(self, work: Asking[T]) -> None:
        self.work = work
        self.asked: Sequence[Question] = ()
        self.found: list[T] = []

    def go_on(self, answers: Sequence[Effect] | Exception | None) -> None:
        try:
            if answers is None:
                self.asked = next(self.work)
            elif isinstance(answers, Exception):
                self.asked = self.work.throw(answers)
            else:
                self.asked = self.work.send(answers)
        except StopIteration as done:
            self.asked, self.found = (), [done.value]
