"""Work that asks for effects: it yields each question and is sent the answer, so that many can be answered at once."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from cxmon.stats.arrays import Floats
from cxmon.stats.results import Effect
from cxmon.stats.together import Question, together

T = TypeVar("T")
Asking = Generator[Question, Effect, T]


def question(values: Floats, at: int, options: Mapping[str, Any]) -> Question:
    """The question for the effect of a change dated `at` on `values` (T,), of which no picture is drawn."""
    return Question(values, at, {**options, "drawn": False})


def settled(found: T) -> Asking[T]:
    """Work that is done already."""
    yield from ()
    return found


def begun(work: Asking[T]) -> Asking[T]:
    """The work, which has gone on to its first question already: what it reads until there is read now."""
    try:
        first = next(work)
    except StopIteration as done:
        return settled(done.value)
    return _resumed(first, work)


def _resumed(asked: Question, work: Asking[T]) -> Asking[T]:
    try:
        while True:
            try:
                answer = yield asked
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked.
                asked = work.throw(error)
            else:
                asked = work.send(answer)
    except StopIteration as done:
        found: T = done.value
        return found


def one_by_one(work: Asking[T]) -> T:
    """What the work comes to when each of its questions is answered as it comes."""
    return side_by_side([work])[0]


def side_by_side(works: Sequence[Asking[T]]) -> list[T]:
    """What each work comes to, in their order; the questions that they have at the same time are answered together.

    A question that cannot be answered is raised where it was asked; what a work raises itself ends all.
    """
    open_ = begun = [_Begun(work) for work in works]
    for one in begun:
        one.go_on(None)
    while open_ := [one for one in open_ if one.question is not None]:
        for one, answer in zip(open_, _answers([one.question for one in open_ if one.question]), strict=True):
            one.go_on(answer)
    return [one.found[0] for one in begun]


def _answers(questions: Sequence[Question]) -> list[Effect | Exception]:
    try:
        return [*together(questions)]
    except Exception:  # noqa: BLE001 - one of them is wrong: each is asked by itself, and that one is told.
        return [_answer(question) for question in questions]


def _answer(question: Question) -> Effect | Exception:
    try:
        return question.answer()
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked.
        return error


class _Begun(Generic[T]):
    """A work with the question that it waits for, or what it came to."""

    def __init__(self, work: Asking[T]) -> None:
        self.work = work
        self.question: Question | None = None
        self.found: list[T] = []

    def go_on(self, answer: Effect | Exception | None) -> None:
        try:
            if answer is None:
                self.question = next(self.work)
            elif isinstance(answer, Exception):
                self.question = self.work.throw(answer)
            else:
                self.question = self.work.send(answer)
        except StopIteration as done:
            self.question, self.found = None, [done.value]
