"""retrospect: since when, and the time before cxmon: lasting changes in everything that is stored."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions
from cxmon.alerts.parts import near
from cxmon.decisions.maturity import ripened
from cxmon.model import MINIMUM_CELL, Declared, Metric, PastShift, Retrospect, Segment, Sheet
from cxmon.panel import Judged, Panel
from cxmon.periods import on_holiday, profile_labels
from cxmon.pipeline.covering import answers_of
from cxmon.pipeline.judge_bands import shown
from cxmon.stats import Shift, many_shifts
from cxmon.store import Store

Floats = npt.NDArray[np.float64]

LEAST = 12


def retrospect(
    store: Store, metric: Metric, *, now: datetime, segments: Sequence[Segment] = (), least: float = MINIMUM_CELL
) -> Retrospect:
    """Lasting changes in the mature periods of a metric, no holidays among them, in each of `segments` (else everyone
    and the configured roll-ups that are not too thin). One between two levels of which one rests on fewer than `least`
    answers is not told. What the metric's sheet told before `now` is held on to."""
    leaves = ripened(store.panel(metric, as_known_at=now))
    told = told_before(store.catalogue.sheet(metric), now)
    return looked_back(leaves, store.changes.all(), now=now, segments=segments, least=least, told=told)


def told_before(sheet: Sheet | None, now: datetime) -> tuple[PastShift, ...]:
    """The changes that were told until `now`; nothing is known of what will be told."""
    return () if sheet is None or sheet.as_of > now else sheet.past.found


def looked_back(
    leaves: Panel, changes: Sequence[Declared], *, now: datetime, segments: Sequence[Segment] = (),
    least: float = MINIMUM_CELL, told: Sequence[PastShift] = (),
) -> Retrospect:  # fmt: skip
    """The same of figures that are read already. Changes `told` before that are old enough stay until the figures speak
    clearly against them, within the days that were told."""
    metric = leaves.metric
    rows = list(segments) or shown(leaves) if len(leaves.starts) and leaves.n.any() else []
    if not rows:
        return Retrospect(metric=metric.id, found=(), looked_at=0, short=0, first=None, last=None)
    panel = leaves.roll_up(rows) if metric.additive else leaves.select(rows, missing_as_empty=True)
    use = panel.mature(now) & ~(on_holiday(panel.starts, metric.grain, metric.zone, metric.holidays) > 0)
    judged = panel.judged()
    values = np.where(use & (panel.n > 0), judged.values, np.nan)
    enough = np.isfinite(values).sum(1) >= LEAST
    period, _ = profile_labels(panel.starts, metric.grain, metric.zone)
    before = [_remembered(told, panel, s) for s in np.flatnonzero(enough).tolist()]
    asks: dict[str, Any] = {"kind": judged.kind, "period": period, "told": before}
    found = many_shifts(values[enough], n=panel.n[enough], **asks) if enough.any() else []
    answers = np.where(use, answers_of(panel), 0.0)
    shown_now = [
        _told(panel, judged, s, shift, changes)
        for s, shifts in zip(np.flatnonzero(enough).tolist(), found, strict=True)
        for shift in _sized(shifts, answers[s], least)
    ]
    seen = np.flatnonzero(np.isfinite(values).any(0))
    return Retrospect(
        metric=metric.id,
        found=tuple(sorted(shown_now, key=lambda p: (p.since, p.segment), reverse=True)),
        looked_at=int(enough.sum()),
        short=int((~enough).sum()),
        first=_at(panel.starts, int(seen[0])) if len(seen) else None,
        last=_at(panel.starts, int(seen[-1])) if len(seen) else None,
    )


def _remembered(told: Sequence[PastShift], panel: Panel, row: int) -> list[Shift]:
    """What was told of a series, by the periods that there are now. Which it was rests on its days alone."""

    def at(day: datetime) -> int:
        return int(np.searchsorted(panel.starts, day.timestamp(), side="left"))

    return [
        Shift(
            at=at(s.since), size=s.size, low=s.low, high=s.high, p_value=s.p_value, earliest=at(s.began[0]),
            latest=at(s.began[1]), settled=at(s.settled),
        )
        for s in told if s.segment == panel.segments[row]
    ]  # fmt: skip


def _sized(shifts: Sequence[Shift], answers: Floats, least: float) -> list[Shift]:
    """The shifts with answers enough on both sides, up to the next shift."""
    at = [0, *sorted(shift.at for shift in shifts), len(answers)]
    few = [answers[a:b].sum() < least for a, b in pairwise(at)]
    return [s for i, s in enumerate(sorted(shifts, key=lambda s: s.at)) if not (few[i] or few[i + 1])]


def _told(panel: Panel, judged: Judged, row: int, shift: Shift, changes: Sequence[Declared]) -> PastShift:
    ends = shift.size, shift.low, shift.high
    size, low, high = (math.expm1(x) for x in ends) if judged.log else ends
    first, last = (_at(panel.starts, i) for i in (shift.earliest, shift.latest))
    segment = panel.segments[row]
    # A change that began with the first or the last of these days is within them too.
    beside = near(changes, segment, first + (last - first) / 2, window=(last - first) / 2 + timedelta(days=1))
    return PastShift(
        metric=panel.metric.id, segment=segment, since=_at(panel.starts, shift.at), began=(first, last),
        settled=_at(panel.starts, shift.settled), size=size, low=low, high=high,
        unit="%" if judged.log else decisions.own_unit(panel.metric), p_value=shift.p_value,
        near=tuple(d.change.title for d in beside),
    )  # fmt: skip


def _at(starts: npt.NDArray[np.int64], i: int) -> datetime:
    return datetime.fromtimestamp(int(starts[min(i, len(starts) - 1)]), UTC)
