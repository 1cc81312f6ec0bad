"""Work that a thread does ahead of whoever waits for it, so that a vendor and the store are busy at once."""

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def begun(work: Callable[[], T]) -> "Future[T]":
    """What comes of work that a thread of its own has begun; whoever asks for it is told what went wrong."""
    found: Future[T] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as problem:  # noqa: BLE001 - whoever wants the result is told.
            found.set_exception(problem)

    _start(run)
    return found


def one_ahead(items: Generator[T, None, None], given_up: threading.Event | None = None) -> Iterator[T]:
    """The same items, each of them made by one thread while whoever takes them is busy with the one before it: two are
    held at most. What is made when nobody takes any more is dropped, and `items` closed; until then `given_up` tells
    `items` that there is no need to finish it."""
    made: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
    wanted: SimpleQueue[bool] = SimpleQueue()

    def run() -> None:
        try:
            for item in items:
                made.put((item,))
                if not wanted.get():
                    break
            made.put(None)
        except BaseException as problem:  # noqa: BLE001 - whoever takes them is told.
            made.put(problem)
        finally:
            items.close()

    try:
        _start(run)
        while (found := made.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            wanted.put(True)
            yield found[0]
    finally:
        wanted.put(False)
        if given_up is not None:
            given_up.set()


def _start(run: Callable[[], None]) -> None:
    """A thread that nobody has to wait for at the end of the process. What goes wrong in it is told with the figures of
    the format of whoever starts it."""
    threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()
