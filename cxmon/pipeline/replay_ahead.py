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
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Self

from cxmon.config.plan import Plan
from cxmon.feeds.heap import set_apart
from cxmon.model import NumberFormat, number_format, use
from cxmon.pipeline.check import Waits, watched_waits
from cxmon.pipeline.estimating import side_by_side
from cxmon.pipeline.judge import Depth, Known, figures, look
from cxmon.pipeline.judge_allowance import Everyone, to_everyone
from cxmon.pipeline.replay_known import Hearsay
from cxmon.processes import end_with_parent, keep_memory
from cxmon.store import Overlay, Store

LOG = logging.getLogger("cxmon.replay")

# Days that are asked together: twice as many are hardly faster, and the figures of each are held.
DAYS = 16
# Bytes that the figures of all changes on one metric may take: where there are many series fewer days are asked
# together.
HELD = 1_000_000_000
# Those that are worked out here meanwhile: the other process needs as long to begin.
FIRST = 4


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was found for one look, as `judge` takes it: the evidence on its changes, and what happened to everyone; and
    as `check` does, how long periods have to wait. All None where it is asked here."""

    known: Known | None = None
    everyone: Everyone | None = None
    waits: Waits | None = None


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """The answers to come, for `DAYS` looks each, after the `FIRST`. What is handed over is never taken back: days that
    are asked one by one cost twice as much, and a pool whose process died stumbles over an answer that was
    withdrawn."""

    answers: Sequence[Future[list[Answer]]]
    lost: list[BrokenProcessPool] = field(default_factory=list)

    def answer(self, look: int) -> Answer:
        """What was found for a look; nothing once the other process has ended."""
        part, day = divmod(look - FIRST, DAYS)
        try:
            return self.answers[part].result()[day] if 0 <= part < len(self.answers) else Answer()
        except BrokenProcessPool as error:
            if not self.lost:
                LOG.warning("the second process of the replay ended (%s); the figures are worked out here", error)
            self.lost.append(error)
            return Answer()


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
    begins = plan, store.url, heard, number_format(), moments[:FIRST]
    with ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=begins) as pool:
        answers = [_handed(pool, part, depth) for part in parts]
        try:
            yield Ahead(answers=answers)
        except BaseException:
            # Nobody waits for its answers any more, and the command is to end at once.
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise


def _handed(pool: ProcessPoolExecutor, part: Sequence[datetime], depth: Depth) -> Future[list[Answer]]:
    """The answer to come, or the error where the other process ended before all were handed over."""
    try:
        return pool.submit(_figures, part, depth)
    except BrokenProcessPool as error:
        never: Future[list[Answer]] = Future()
        never.set_exception(error)
        return never


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known at a moment, and who tells of it: one moves on by itself."""

    overlay: Overlay
    heard: Hearsay

    @classmethod
    def of(cls, overlay: Overlay, heard: Hearsay) -> Self:
        return cls(overlay=overlay, heard=deepcopy(heard))

    def at(self, now: datetime) -> Overlay:
        """Moved on to a moment."""
        self.overlay.advance(now)
        self.heard.tell(self.overlay, now)
        return self.overlay


# What the second process works with: a pool's tasks can only reach what is global there. What changes are asked about
# is read when all days of a part are, what happened to everyone at each of them, so both have figures of their own.
_AT: list[tuple[Plan, _Known, _Known]] = []


def _begin(plan: Plan, url: str, heard: Hearsay, format_: NumberFormat, first: Sequence[datetime]) -> None:
    end_with_parent()
    keep_memory()
    use(format_)
    store = Store.open(url, read_only=True)
    overlay = Overlay.over(store, plan.metrics.values())
    spent = overlay.beside(store, [plan.metrics[id_] for id_ in plan.allowance.amounts])
    known, allowed = _Known.of(overlay, heard), _Known.of(spent, heard)
    _AT.append((plan, known, allowed))
    for now in first:
        # What a year is measured against is frozen at the look at which it is there, as in the first process.
        to_everyone(plan, allowed.at(now), now=now)


def _figures(moments: Sequence[datetime], depth: Depth) -> list[Answer]:
    plan, known, allowed = _AT[0]
    with set_apart():
        asked = [to_everyone(plan, allowed.at(now), now=now) for now in moments]
        everyone = iter(side_by_side([work for works in asked for work in works.values()]))
        found = [dict(zip(works, islice(everyone, len(works)), strict=True)) for works in asked]
        evidence: list[Known] = []
        waits: list[Waits] = []
        each = known.overlay.held(brief=depth is Depth.TOLD) * max(1, len(known.overlay.changes.all()))
        together = within(HELD, each)
        for first in range(0, len(moments), together):
            some = moments[first : first + together]
            known.overlay.keep_steps()
            looks = []
            for now in some:
                looks.append(look(plan, known.at(now), now=now, depth=depth))
                waits.append(watched_waits(plan, known.overlay, now=now))
            evidence += figures(looks)
        return [Answer(known=k, everyone=e, waits=w) for k, e, w in zip(evidence, found, waits, strict=True)]


def within(room: int, each: int) -> int:
    """How many days that take `each` bytes are asked together in so much `room`."""
    return max(1, min(DAYS, room // max(each, 1)))
