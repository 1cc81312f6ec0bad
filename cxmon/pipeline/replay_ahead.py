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
from dataclasses import dataclass
from datetime import datetime

from cxmon.config.plan import Plan
from cxmon.pipeline.judge import Depth, Known, figures, look
from cxmon.pipeline.replay_known import Hearsay
from cxmon.store import Overlay, Store

LOG = logging.getLogger("cxmon.replay")

# Days that are asked together: more are hardly faster, and the figures of each are held.
DAYS = 8


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """The answers to come, one for each look."""

    answers: Sequence[Future[list[Known]]]

    def known(self, look: int) -> Known | None:
        """What was found for a look; None where nobody works ahead, or no longer, or where this one took it over: then
        it is asked here. Looks are asked for in their order."""
        part, day = divmod(look, DAYS)
        if part >= len(self.answers) or self.answers[part].cancelled():
            return None
        if not self.answers[part].done():
            # The other one is the slower: of the days it has not begun, the next are worked out here.
            next((later for later in self.answers[part + 1 :] if later.cancel()), None)
        try:
            return self.answers[part].result()[day]
        except BrokenProcessPool as error:
            LOG.warning("the second process of the replay ended (%s); the figures are worked out here", error)
            return None


@contextmanager
def ahead(
    plan: Plan, store: Store, heard: Hearsay, moments: Sequence[datetime], depth: Depth, *, wanted: bool
) -> Iterator[Ahead]:
    """Works ahead through `moments` where that is `wanted`; `plan` declares nothing by itself."""
    if not wanted:
        yield Ahead(answers=())
        return
    # A forked copy of a process with threads may hang; a fresh one imports what it needs in a second.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(plan, store.url, heard)) as pool:
        try:
            parts = [moments[i : i + DAYS] for i in range(0, len(moments), DAYS)]
            yield Ahead(answers=[pool.submit(_figures, part, depth) for part in parts])
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
