"""What a pull came to, beside its own past: measured while it is collected, and kept with what it is taken for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from cxmon.contracts import Facts, Meter, Observations, Records, Surveying, Unfit
from cxmon.decisions.source_health import BACK, assess, undelivered
from cxmon.model import Ending, Grain, Health, Kind, Metric, Pull
from cxmon.periods import next_start, on_holiday
from cxmon.store import Applied, Store, Taken

DATA = "data"
RECENT = 1000


@dataclass(kw_only=True)
class Tally:
    """What is counted while one part of a source is read. `surveys` are the fields that say who was sent a survey;
    records that changed up to `after` (epoch seconds) came in an earlier pull, and are read again only. `since` is from
    when on the past is read."""

    whole: bool = False
    since: datetime | None = None
    after: int = 0
    surveys: tuple[str, str] | None = None
    meter: Meter = field(default_factory=Meter)
    rows: int = 0
    fresh: float = 0.0
    rejected: int = 0
    newest: int = 0
    filled: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    offered: int = 0
    offerable: int = 0

    def page(self, batch: Facts, taken: Mapping[str, Taken]) -> None:
        """A page of a vendor's records."""
        records = batch.upserts
        self.rows += len(records) + len(batch.deletes)
        self.rejected += max((one.rejected for one in taken.values()), default=0)
        self.newest = max(self.newest, max(records.changed, default=0))
        for name, one in taken.items():
            self.counted[name] = self.counted.get(name, 0) + one.upserted + one.removed
        fresh, columns = self._fresh(records)
        self.fresh += fresh
        for name, column in columns.items():
            empty = column.count(None) + column.count("")
            if Unfit in set(map(type, column)):
                empty += sum(type(value) is Unfit for value in column)
            self.filled[name] = self.filled.get(name, 0) + len(column) - empty
        if self.surveys is not None and set(self.surveys) <= columns.keys():
            could, was = (columns[name] for name in self.surveys)
            sent = [w is not None for c, w in zip(could, was, strict=True) if c is not None]
            self.offerable += len(sent)
            self.offered += sum(sent)

    def _fresh(self, records: Records) -> tuple[int, Mapping[str, Sequence[object]]]:
        """(how many records are fresh, their fields). What does not say when it changed counts as fresh."""
        if not self.after or not records.changed:
            return len(records), records.fields
        which = [i for i, at in enumerate(records.changed) if not at or at > self.after]
        if len(which) == len(records):
            return len(records), records.fields
        return len(which), {name: [column[i] for i in which] for name, column in records.fields.items()}

    def piece(self, batch: Observations, applied: Applied) -> None:
        """A piece of a table."""
        self.rows += len(batch.cells)
        self.rejected += applied.rejected
        self.fresh += applied.arrived


def begun(store: Store, metrics: Sequence[Metric], source: object, since: datetime, *, whole: bool) -> Tally:
    """A pull of a stream begins."""
    stream = metrics[0].read.stream or ""
    before = store.pulls.newest(metrics[0].source, stream)
    after = 0 if whole or before is None else int(before.timestamp())
    return Tally(whole=whole, since=since, after=after, surveys=surveys_of(source, stream))


def surveys_of(source: object, stream: str) -> tuple[str, str] | None:
    """The fields of a stream that say who was sent a survey, where the source can know it."""
    return source.surveys_sent.get(stream) if isinstance(source, Surveying) else None


def settled(store: Store, metrics: Sequence[Metric], tally: Tally, *, error: str, now: datetime) -> Health:
    """Keeps the pull that `tally` counted, and says what it is taken for. `metrics` were read together."""
    first = metrics[0]
    pull = Pull(
        source=first.source, part=first.read.stream or first.id, metrics=tuple(m.id for m in metrics), at=now,
        ok=not error, whole=tally.whole, rows=tally.rows, fresh=round(tally.fresh),
        rejected=tally.rejected, newest=_newest(store, first, tally, now), filled=tally.filled,
        counted=tally.counted, offered=tally.offered,
        offerable=tally.offerable, requests=tally.meter.requests, throttled=tally.meter.throttled,
        waited_s=round(tally.meter.waited_s, 1), error=error,
    )  # fmt: skip
    past = _past(store, pull)
    health = judged(past, pull, first)
    pull = replace(pull, health=health)
    store.pulls.record(pull)
    gap = undelivered(past, pull, zone=first.zone)
    if gap is not None:
        store.gaps.open(pull.metrics, *gap, now=now)
    if pull.whole and pull.ok and tally.since is not None:
        store.gaps.close(pull.metrics, tally.since, now=now)
    return health


def judged(past: Sequence[Pull], pull: Pull, metric: Metric) -> Health:
    """What a pull is taken for, beside the earlier ones of its part; `metric` is the first that was read with it."""
    rare = metric.read.stream is None and metric.kind is Kind.RATE
    return assess(past, pull, zone=metric.zone, holiday=lambda day: _holiday(day, metric), rare=rare)


def _past(store: Store, pull: Pull) -> list[Pull]:
    """The earlier pulls of the same part that are a measure of it, the last one with what was said of it."""
    key, new = (pull.source, pull.part), max(accepted(store, pull.source), default=None)
    counted = store.pulls.since(pull.at - BACK, source=pull.source, part=pull.part, said=False)
    past = [p for p in counted.get(key, ()) if p.at < pull.at and (new is None or p.at > new)]
    if past:
        last = store.pulls.since(past[-1].at, source=pull.source, part=pull.part)[key]
        past[-1] = next(p for p in last if (p.at, p.whole) == (past[-1].at, past[-1].whole))
    return past


def _newest(store: Store, metric: Metric, tally: Tally, now: datetime) -> datetime | None:
    """The newest change of a record, or the end of the newest period that has figures."""
    if metric.read.stream is not None:
        return datetime.fromtimestamp(tally.newest, UTC) if tally.newest else None
    return newest_of(store, metric, now)


def newest_of(store: Store, metric: Metric, now: datetime) -> datetime | None:
    """The end of the newest period that has figures."""
    start = store.observations.watermark(metric)
    return None if start is None else min(next_start(start, metric.grain, metric.zone), now)


def accepted(store: Store, source: str) -> list[datetime]:
    """When the state of this source was accepted as the new usual: what came before it is no measure any more."""
    return [
        i.ended_at for i in store.incidents.recent(RECENT)
        if (i.check, i.subject, i.ending) == (DATA, source, Ending.ACCEPTED) and i.ended_at is not None
    ]  # fmt: skip


def _holiday(day: date, metric: Metric) -> bool:
    if metric.holidays is None:
        return False
    midnight = datetime.combine(day, time(), ZoneInfo(metric.zone))
    starts = np.array([int(midnight.timestamp())], np.int64)
    return bool(on_holiday(starts, Grain.DAY, metric.zone, metric.holidays)[0] > 0)
