"""What the store knows for a brief, read together as one value."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cxmon.decisions.numbering import numbered, shown
from cxmon.decisions.versions import versions
from cxmon.model import EVERYONE, Band, Declared, Incident, Metric, Status, Verdict, Version
from cxmon.store.facade import Store
from cxmon.wording.briefing import Briefing, Decided

# How long ago last time was, where nobody says.
QUARTER = timedelta(days=91)


def by_the_end_of(day: date, zone: str) -> datetime:
    """The last second of a day on the clocks of a zone: what was told on the day of the last meeting was told by it."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).astimezone(UTC)


def briefing(store: Store, *, since: datetime | None = None) -> Briefing | None:
    """The brief of the newest judgement, as board and terminal have it; None where nothing was collected yet."""
    catalogue = store.catalogue.load()
    if catalogue is None:
        return None
    verdicts = store.verdicts.all_latest()
    moments = [v.as_of for v in verdicts.values()] + [o.as_of for o in store.targets.all()]
    as_of = max(moments, default=catalogue.as_of or datetime.fromtimestamp(0, UTC))
    metrics = {m.id: m for m in catalogue.metrics}
    return assembled(
        store, store, verdicts, metrics=metrics, title=catalogue.title, zone=catalogue.zone, as_of=as_of,
        since=since or as_of - QUARTER, incidents=store.incidents.open(),
    )  # fmt: skip


def assembled(
    store: Store,
    said: Store,
    verdicts: Mapping[str, Verdict],
    *,
    metrics: Mapping[str, Metric],
    title: str,
    zone: str,
    as_of: datetime,
    since: datetime,
    incidents: Sequence[Incident],
    again: bool = False,
) -> Briefing:
    """The brief of what `store` knows by `as_of`, with what was `said` by then: versions of verdicts and answers."""
    declared = numbered(shown(store.changes.all(), as_of))
    responses = [r for r in said.changes.responses() if r.at <= as_of]
    told = {d.change.id: _versions(said, d, as_of) for d in declared}
    decided = [
        Decided(
            number=number, declared=d, verdict=verdicts.get(d.change.id),
            told=next((v for v in reversed(told[d.change.id]) if v.said_from <= since), None),
            since=tuple(v for v in told[d.change.id] if v.said_from > since),
            responses=tuple(r for r in responses if r.subject == d.change.id),
        )
        for number, d in enumerate(declared, 1)
        if d.change.status is Status.LIVE
    ]  # fmt: skip
    bands = [store.bands.get(metric, EVERYONE.key) for metric in metrics]
    runs = store.runs.latest().values()
    return Briefing(
        title=title, zone=zone, as_of=as_of, since=since, metrics=metrics, decided=tuple(decided),
        drafts=tuple(d for d in declared if d.change.status is not Status.LIVE),
        allowances=store.allowances.latest(), targets=tuple(store.targets.all()), incidents=tuple(incidents),
        complete={end for band in bands if band is not None and (end := _complete(band)) is not None},
        failed=tuple(f"{metrics[r.metric].label if r.metric in metrics else r.metric}: not collected, {r.error}."
                     for r in runs if not r.ok),
        again=again,
    )  # fmt: skip


def _versions(said: Store, declared: Declared, as_of: datetime) -> list[Version]:
    """What was said of a decision by then, oldest first. What a version was when it was first said never changes."""
    history = said.verdicts.history(declared.change.id)
    return [v for v in versions(history, declared.edits) if v.said_from <= as_of]


def _complete(band: Band) -> datetime | None:
    """The last period of which the figure is complete and an expectation is known, as on the board's cards."""
    known = zip(band.starts, band.complete, band.avg, band.expected, band.low, strict=True)
    ends = [start for start, ok, *figures in known if ok and all(map(math.isfinite, figures))]
    return datetime.fromtimestamp(ends[-1], UTC) if ends else None
