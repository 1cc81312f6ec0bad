"""Vendors' records into the store: one pull serves all metrics of a stream whose cursors stand at the same place."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cxmon.aggregate import fields_of
from cxmon.config.plan import Plan
from cxmon.contracts import Batch, Facts, Rejected, Request, Source
from cxmon.errors import DriftError, QuietError, SourceError
from cxmon.failpoints import failpoint
from cxmon.feeds.ahead import one_ahead
from cxmon.feeds.heap import set_apart
from cxmon.model import Metric, Window, written
from cxmon.pipeline.collect_health import Tally
from cxmon.pipeline.forgotten import fingerprint, must_be_known
from cxmon.pipeline.joining import ENOUGH, Enough, joined
from cxmon.store import Forgotten, Progress, Store

Counts = dict[str, int]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pull:
    """Metrics that are read together, from `cursor` on; `since` is from when on their facts are complete. `whole`: they
    read the past, as long as they have not come to its end. `absent` fields are not asked for."""

    metrics: tuple[Metric, ...]
    since: datetime
    cursor: str | None = None
    whole: bool = False
    absent: frozenset[str] = frozenset()


def pulls(plan: Plan, store: Store, metrics: Sequence[Metric], *, now: datetime, since: datetime | None) -> list[Pull]:
    """How the metrics of one stream are read, at first from the plan's backfill on, or once more from `since` on.

    Metrics whose feed has been read to its end go on together, from the cursor that was stored first: what came after
    it is read again by those that were further. A backfill that was cut short goes on where it stopped.
    """
    known = {m.id: store.facts.progress(m) for m in metrics}
    if since is not None:
        once_more = [m for m in metrics if _begins(known[m.id], since)]
    else:
        once_more = [m for m in metrics if known[m.id].since is None]
    if once_more:
        store.facts.begin(once_more, now - plan.backfill if since is None else since)
        known |= {m.id: store.facts.progress(m) for m in once_more}
    complete = [m for m in metrics if known[m.id].complete_at is not None]
    groups = [(complete, min((known[m.id] for m in complete), key=_age).cursor)] if complete else []
    others: dict[str | None, list[Metric]] = {}
    for metric in metrics:
        if metric not in complete:
            others.setdefault(known[metric.id].cursor, []).append(metric)
    groups += [(group, cursor) for cursor, group in others.items()]
    return [
        Pull(
            metrics=tuple(group), since=min(known[m.id].since or now for m in group), cursor=cursor,
            whole=group is not complete,
        )
        for group, cursor in groups
    ]  # fmt: skip


def read(
    plan: Plan,
    store: Store,
    pull: Pull,
    counts: Mapping[str, Counts],
    quiet: dict[str, str],
    tally: Tally,
    *,
    now: datetime,
    progress: Callable[[str, int, int], None] | None = None,
    unnamed: Mapping[str, dict[tuple[str, str], str]] | None = None,
    notes: list[str] | None = None,
    enough: Enough = ENOUGH,
) -> None:
    """Every page of the feed into the store, small ones joined until there is `enough`; for DriftError `despite_drift`.

    `counts` and `tally` hold what came, also where this raises, `quiet` why the source has nothing any more for some of
    the metrics, `unnamed` the values that no map names, by metric, and `notes` what the source said of how it was read.
    """
    first, source = pull.metrics[0], plan.sources[pull.metrics[0].source]
    must_be_known(plan, store, first.source)
    wanted = frozenset(tally.surveys or ()).union(*map(fields_of, pull.metrics)) - pull.absent
    request = Request(
        metric=first, window=Window(pull.since, now), now=now, cursor=pull.cursor, frozen=plan.as_of is not None,
        hash_key=plan.hash_key, fields=wanted, ahead=True, meter=tally.meter,
    )  # fmt: skip
    days = max(1, (now - pull.since).days)
    tell = progress or (lambda _name, _done, _total: None)
    tell(first.id, 0, days)
    taken, reached = 0, 0
    aside: Rejected | None = None
    for batch in _unless_quiet(_made(source, request, enough), pull.metrics, quiet):
        if not isinstance(batch, Facts):
            raise SourceError(f"{first.id}: source {first.source} brings no records; `read` needs no `stream`")
        if batch.note:
            _tell(batch.note, first.source, notes)
        # Before the page and its cursor are stored: a run that is killed between forgets them once more.
        _forget(plan, store, first.source, batch.forget, now=now)
        done = store.facts.take(pull.metrics, batch, now=now, frozen=request.frozen)
        tally.page(batch, done)
        spared = max(one.spared for one in done.values())
        if spared:
            _tell(
                f"{written(spared)} records were missing in a list that had lost more than half of them: they stay",
                first.source, notes,
            )  # fmt: skip
        for name, one in done.items():
            counts[name]["rejected"] += one.rejected
            if unnamed is not None:
                unnamed[name].update(one.unnamed)
            taken += one.upserted + one.removed + one.unchanged
            aside = aside or one.first_rejected
        if batch.through is not None:
            reached = max(reached, min(days, (batch.through - pull.since).days))
            tell(first.id, reached, days)
    tell(first.id, days, days)
    if not taken and aside is not None:
        count = max(c["rejected"] for c in counts.values())
        told = f"the first is {aside.where}: {aside.reason}"
        raise SourceError(f"{first.id}: source {first.source}: all {count} records were set aside; {told}")


def despite_drift(pull: Pull, quiet: dict[str, str], attempt: Callable[[Pull], None]) -> None:
    """Attempts a pull. A field that its records lack fails the metrics that read it, whose cursors stay, and is said in
    `quiet`; the others are read without it. DriftError where none is left."""
    while True:
        try:
            return attempt(pull)
        except DriftError as error:
            left = tuple(m for m in pull.metrics if not fields_of(m) & error.fields)
            if not left or error.fields <= pull.absent:
                raise
            quiet.update((m.id, str(error)) for m in pull.metrics if m not in left)
            pull = replace(pull, metrics=left, absent=pull.absent | error.fields)


def _forget(plan: Plan, store: Store, source: str, hashes: Sequence[str], *, now: datetime) -> None:
    """Forgets customers of a source by their hashes. Figures follow when they settle."""
    if hashes:
        key = fingerprint(plan.hash_key)
        theirs = [Forgotten(source=source, customer=one, key=key, at=now) for one in hashes]
        store.facts.forget(theirs, with_streams(plan.metrics.values()))


def _tell(note: str, source: str, notes: list[str] | None) -> None:
    _LOG.warning("%s: %s", source, note)
    (notes if notes is not None else []).append(note)


def _unless_quiet(batches: Iterator[Batch], metrics: Iterable[Metric], quiet: dict[str, str]) -> Iterator[Batch]:
    """The same batches; that the source went quiet ends them, and concerns the metrics that read what is missing."""
    try:
        yield from batches
    except QuietError as error:
        quiet.update((m.id, str(error)) for m in metrics if fields_of(m) & error.fields)


def _made(source: Source, request: Request, enough: Enough) -> Iterator[Batch]:
    """What a source brings, small pages joined, all of it made by one thread while what came before is stored."""
    given_up = threading.Event()
    # Not by that thread: a pull that was given up ends after the next one began, whose threshold it would put back.
    with set_apart():
        yield from one_ahead(joined(_fetched(source, request, given_up), enough), given_up)


def _fetched(source: Source, request: Request, given_up: threading.Event) -> Iterator[Batch]:
    """What a source brings, until nobody takes it any more: the next pull may ask the same vendor."""
    for batch in source.fetch(request):
        failpoint("collect-page-fetched")
        if given_up.is_set():
            return
        yield batch


def settle(store: Store, metric: Metric, counts: Counts, *, now: datetime) -> None:
    """The touched periods as figures again, whatever ended the pull."""
    settle_together(store, [metric], {metric.id: counts}, now=now)


def settle_together(store: Store, metrics: Sequence[Metric], counts: Mapping[str, Counts], *, now: datetime) -> None:
    """The same for all metrics of a pull, whose facts are read once. Where one fails, none may be done."""
    for done in store.facts.settle_each(metrics, now=now):
        for name, one in done.items():
            for count in ("written", "revised", "vanished"):
                counts[name][count] += getattr(one, count)


def purge(plan: Plan, store: Store, *, now: datetime) -> None:
    """Facts that have been kept for long enough go; their figures stay."""
    store.facts.purge(with_streams(plan.metrics.values()), now - plan.keep_facts)


def with_streams(metrics: Iterable[Metric]) -> list[Metric]:
    """The metrics that are made of vendors' records."""
    return [m for m in metrics if m.read.stream is not None]


def _begins(known: Progress, since: datetime) -> bool:
    """Whether reading from `since` on begins anew: an unfinished backfill that reaches as far goes on instead."""
    return known.since is None or known.complete_at is not None or since < known.since


def _age(known: Progress) -> tuple[datetime, str]:
    return known.complete_at or datetime.max.replace(tzinfo=UTC), known.cursor or ""
