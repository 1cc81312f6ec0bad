"""The figures behind each day's verdicts, worked out in a second process while the first one checks.

They rest on what was known on a day and never on what was said of it, so they need not wait for the day before: a few
days are asked together, which takes hardly longer than one.
"""

import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from cxmon.config.plan import Plan
from cxmon.feeds.heap import set_apart
from cxmon.model import NumberFormat, number_format, use
from cxmon.pipeline.judge import Depth, Known, figures, look
from cxmon.pipeline.replay_known import Hearsay
from cxmon.processes import end_with_parent
from cxmon.store import Overlay, Store

LOG = logging.getLogger("cxmon.replay")

# Days that are asked together: twice as many are hardly faster, and the figures of each are held.
DAYS = 16
# Those that are worked out here meanwhile: the other process needs as long to begin.
FIRST = 4


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """The answers to come, for `DAYS` looks each, after the `FIRST`. What is handed over is never taken back: days that
    are asked one by one cost twice as much, and a pool whose process died stumbles over an answer that was
    withdrawn."""

    answers: Sequence[Future[list[Known]]]
    lost: list[BrokenProcessPool] = field(default_factory=list)

    def known(self, look: int) -> Known | None:
        """What was found for a look; None where it is asked here, as all are once the other process has ended."""
        part, day = divmod(look - FIRST, DAYS)
        try:
            return self.answers[part].result()[day] if 0 <= part < len(self.answers) else None
        except BrokenProcessPool as error:
            if not self.lost:
                LOG.warning("the second process of the replay ended (%s); the figures are worked out here", error)
            self.lost.append(error)
            return None


@contextmanager
def ahead(
    plan: Plan, store: Store, heard: Hearsay, moments: Sequence[datetime], depth: Depth, *, wanted: bool
) -> Iterator[Ahead]:
    """Works ahead through `moments` where that is `wanted`; `plan` declares nothing by itself."""
    parts = [moments[i : i + DAYS] for i in range(FIRST, len(moments), DAYS)]
    if not wanted or not parts:
        yield Ahead(answers=())
        return
    # A forked copy of a process with threads may hang; a fresh one imports what it needs in a second.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(
        1, mp_context=context, initializer=_begin, initargs=(plan, store.url, heard, number_format())
    ) as pool:
        answers = [_handed(pool, part, depth) for part in parts]
        try:
            yield Ahead(answers=answers)
        except BaseException:
            # Nobody waits for its answers any more, and the command is to end at once.
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise


def _handed(pool: ProcessPoolExecutor, part: Sequence[datetime], depth: Depth) -> Future[list[Known]]:
    """The answer to come, or the error where the other process ended before all were handed over."""
    try:
        return pool.submit(_figures, part, depth)
    except BrokenProcessPool as error:
        never: Future[list[Known]] = Future()
        never.set_exception(error)
        return never


# What the second process works with: a pool's tasks can only reach what is global there.
_AT: list[tuple[Plan, Overlay, Hearsay]] = []


def _begin(plan: Plan, url: str, heard: Hearsay, format_: NumberFormat) -> None:
    end_with_parent()
    use(format_)
    overlay = Overlay.over(Store.open(url, read_only=True), plan.metrics.values())
    _AT.append((plan, overlay, heard))


def _figures(moments: Sequence[datetime], depth: Depth) -> list[Known]:
    plan, overlay, heard = _AT[0]
    looks = []
    with set_apart():
        for now in moments:
            overlay.advance(now)
            heard.tell(overlay, now)
            looks.append(look(plan, overlay, now=now, depth=depth))
        return figures(looks)
