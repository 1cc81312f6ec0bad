"""The figures behind each day's verdicts, worked out in a second process while the first one checks.

They rest on what was known on a day and never on what was said of it, so they need not wait for the day before: a few
days are asked together, which takes hardly longer than one.
"""

import logging
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime

from cxmon.config.plan import Plan
from cxmon.pipeline.judge import Depth, Known, figures, look
from cxmon.pipeline.replay_known import Hearsay
from cxmon.store import Overlay, Store

LOG = logging.getLogger("cxmon.replay")

# Days that are asked together: more are hardly faster, and the figures of each are held.
DAYS = 8
# Parts that wait at the second process: one that it works on, and the next, so that it never idles.
SENT = 3

Ask = Callable[[Sequence[datetime]], "Future[list[Known]]"]


class Ahead:
    """The answers to come. A part that is handed over is never taken back: the pool of a process that died may answer
    for it, and what it finds withdrawn would end the thread that tells of the others."""

    def __init__(self, parts: Sequence[Sequence[datetime]], ask: Ask) -> None:
        self._parts, self._ask = parts, ask
        self._answers: dict[int, Future[list[Known]]] = {}
        # The first part is this one's: the other needs as long to begin.
        self._next = 1

    def known(self, look: int) -> Known | None:
        """What was found for a look; None where nobody works ahead, or no longer, or where this one took it over: then
        it is asked here. Looks are asked for in their order."""
        part, day = divmod(look, DAYS)
        try:
            self._hand_over(after=part)
            answer = self._answers.get(part)
            if answer is None:
                return None
            if not answer.done() and day == 0:
                # The other one is the slower: the next days that it was not given are worked out here.
                self._next += 1
            return answer.result()[day]
        except BrokenProcessPool as error:
            LOG.warning("the second process of the replay ended (%s); the figures are worked out here", error)
            self._parts, self._answers = (), {}
            return None

    def _hand_over(self, *, after: int) -> None:
        """Keeps parts waiting at the other process; those up to `after` that it never got are this one's."""
        for done in [part for part in self._answers if part < after]:
            del self._answers[done]
        self._next = max(self._next, after + 1)
        while self._next < len(self._parts) and sum(not a.done() for a in self._answers.values()) < SENT:
            self._answers[self._next] = self._ask(self._parts[self._next])
            self._next += 1


@contextmanager
def ahead(
    plan: Plan, store: Store, heard: Hearsay, moments: Sequence[datetime], depth: Depth, *, wanted: bool
) -> Iterator[Ahead]:
    """Works ahead through `moments` where that is `wanted`; `plan` declares nothing by itself."""
    # A forked copy of a process with threads may hang; a fresh one imports what it needs in a second.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(plan, store.url, heard)) as pool:
        try:
            parts = [moments[i : i + DAYS] for i in range(0, len(moments), DAYS)]
            yield Ahead(parts if wanted else (), lambda part: pool.submit(_figures, part, depth))
        finally:
            pool.shutdown(cancel_futures=True)


# What the second process works with: a pool's tasks can only reach what is global there.
_AT: list[tuple[Plan, Overlay, Hearsay]] = []


def _begin(plan: Plan, url: str, heard: Hearsay) -> None:
    overlay = Overlay.over(Store.open(url, read_only=True), plan.metrics.values())
    _AT.append((plan, overlay, heard))


def _figures(moments: Sequence[datetime], depth: Depth) -> list[Known]:
    plan, overlay, heard = _AT[0]
    looks = []
    for now in moments:
        overlay.advance(now)
        heard.tell(overlay, now)
        looks.append(look(plan, overlay, now=now, depth=depth))
    return figures(looks)
