"""Sources into the store: every metric for itself, so that one that fails takes no other with it."""

import logging
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from cxmon.config.plan import Plan
from cxmon.contracts import Observations, Request, Source, Unnamed
from cxmon.errors import ConfigError, CxmonError, SourceError, StoreError
from cxmon.failpoints import failpoint
from cxmon.model import Health, Metric, Secret, Window
from cxmon.pipeline import collect_feeds as feeds
from cxmon.pipeline.collect_health import Tally, begun, settled
from cxmon.pipeline.joining import ENOUGH, Enough
from cxmon.pipeline.unnamed import news
from cxmon.store import Run, Store
from cxmon.wording.collected import nothing_between

Progress = Callable[[str, int, int], None]

COUNTS = ("written", "revised", "vanished", "rejected")

_LOG = logging.getLogger(__name__)
# What may carry a secret into an error: user:password@host, Slack's tokens and hooks, authorization headers.
_SECRETS = (
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), "***"),
    (re.compile(r"\bx(?:ox[a-z]|app)-[A-Za-z0-9-]+"), "***"),
    (re.compile(r"hooks\.slack\.com/services/\S+"), "hooks.slack.com/services/***"),
    (re.compile(r"(?i)\b(bearer |(?:authorization|password|token)\s*[:=]\s*(?:basic |bearer )?)[^\s,;]+"), r"\1***"),
)


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What collecting one metric came to, in cells; `error` is empty where `ok`. `notices` are for whoever reads;
    `note` is what its source said."""

    metric: str
    source: str
    ok: bool
    written: int = 0
    revised: int = 0
    vanished: int = 0
    rejected: int = 0
    error: str = ""
    notices: tuple[str, ...] = ()
    note: str = ""


def collect(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    metrics: Iterable[str] | None = None,
    since: datetime | None = None,
    accept_loss: bool = False,
    progress: Progress | None = None,
    enough: Enough = ENOUGH,
) -> list[Collected]:
    """Collects `metrics` (all where None), one after the other, and records a run of each.

    Reads from the watermark less the metric's lookback, or from `since`, or at first the plan's backfill, up to
    `now - settle`. Each batch is one transaction, and so are small pages of records until there is `enough`: what a
    failing source brought before it failed stays. `accept_loss` takes windows that lost more than half of their cells.
    `progress(metric, days done, days in all)`. Raises ConfigError where a named metric does not exist; everything else
    ends in `error` of its metric.
    """
    chosen = list(plan.metrics) if metrics is None else list(metrics)
    unknown = [name for name in chosen if name not in plan.metrics]
    if unknown:
        raise ConfigError([f"no metric {name!r}; there are {', '.join(plan.metrics)}" for name in unknown])
    done: dict[str, Collected] = {}
    for name in chosen:
        metric = plan.metrics[name]
        if metric.read.stream is None:
            done[name] = _collect(plan, store, metric, now, since, progress, accept_loss=accept_loss)
        elif name not in done:
            # The metrics of a stream are read together.
            both = metric.source, metric.read.stream
            together = [m for m in map(plan.metrics.__getitem__, chosen) if (m.source, m.read.stream) == both]
            done |= _collect_stream(plan, store, together, now, since, progress, enough)
    return [done[name] for name in chosen]


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with known secrets, and what looks like one, replaced by ***."""
    for secret in sorted({s for s in secrets if len(s) > 2}, key=len, reverse=True):
        text = text.replace(secret, "***")
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _collect(
    plan: Plan,
    store: Store,
    metric: Metric,
    now: datetime,
    since: datetime | None,
    progress: Progress | None,
    *,
    accept_loss: bool,
) -> Collected:
    counts, tally = dict.fromkeys(COUNTS, 0), Tally(whole=since is not None, since=since)
    unnamed: dict[tuple[str, str], str] = {}
    source = plan.sources.get(metric.source)
    error = _attempted(
        lambda: _take(plan, store, metric, now, since, progress, counts, tally, unnamed, accept_loss=accept_loss),
        source,
        metric.id,
    )
    held = _held(plan, store, [metric], tally, error, now)
    note = "" if error or any(counts.values()) else _nothing_yet(plan, store, metric, now, since)
    return _recorded(store, _collected(metric, error, counts, note), now, unnamed, held=held)


def _nothing_yet(plan: Plan, store: Store, metric: Metric, now: datetime, since: datetime | None) -> str:
    """Where was looked, of a metric that has no figure at all; else nothing."""
    if store.observations.watermark(metric) is not None:
        return ""
    window = _window(plan, store, metric, now, since)
    return "" if window is None else nothing_between(window.since, window.until, plan.zone, now)


def _collect_stream(
    plan: Plan,
    store: Store,
    metrics: list[Metric],
    now: datetime,
    since: datetime | None,
    progress: Progress | None,
    enough: Enough,
) -> dict[str, Collected]:
    """The metrics of one stream of a vendor's records, with as few pulls as their cursors allow."""
    source, done = plan.sources.get(metrics[0].source), {}
    for pull in feeds.pulls(plan, store, metrics, now=now, since=since):
        counts = {m.id: dict.fromkeys(COUNTS, 0) for m in pull.metrics}
        unnamed: dict[str, dict[tuple[str, str], str]] = {m.id: {} for m in pull.metrics}
        quiet: dict[str, str] = {}
        notes: list[str] = []
        tally = begun(store, pull.metrics, source, pull.since, whole=pull.whole)
        attempt = partial(
            feeds.read,
            plan,
            store,
            counts=counts,
            quiet=quiet,
            tally=tally,
            now=now,
            progress=progress,
            unnamed=unnamed,
            notes=notes,
            enough=enough,
        )
        read = partial(feeds.despite_drift, pull, quiet, attempt)
        error = _attempted(read, source, ", ".join(counts))
        held = _held(plan, store, pull.metrics, tally, error, now)
        # All together is cheaper; where one cannot be counted the others still are, and its own error is found.
        _attempted(partial(feeds.settle_together, store, pull.metrics, counts, now=now), source, ", ".join(counts))
        for metric in pull.metrics:
            own = _attempted(partial(feeds.settle, store, metric, counts[metric.id], now=now), source, metric.id)
            told = error or own or quiet.get(metric.id, "")
            found = _collected(metric, told, counts[metric.id], "; ".join(notes))
            done[metric.id] = _recorded(store, found, now, unnamed[metric.id], held=held)
    _attempted(lambda: feeds.purge(plan, store, now=now), source, metrics[0].source)
    return done


def _collected(metric: Metric, error: str, counts: Mapping[str, int], note: str = "") -> Collected:
    taken: dict[str, Any] = dict(counts)
    return Collected(metric=metric.id, source=metric.source, ok=not error, error=error, note=note, **taken)


def _held(plan: Plan, store: Store, metrics: Sequence[Metric], tally: Tally, error: str, now: datetime) -> bool:
    """Keeps what the pull came to; whether its figures are held back. That it cannot be kept fails no collection."""
    found: list[Health] = []
    names = ", ".join(m.id for m in metrics)
    failed = _attempted(
        lambda: found.append(settled(store, metrics, tally, error=error, now=now)),
        plan.sources.get(metrics[0].source),
        names,
    )
    if failed:
        _LOG.error("%s: what the pull came to was not kept: %s", names, failed)
    return any(health.held for health in found)


def _attempted(work: Callable[[], None], source: Source | None, names: str) -> str:
    """The error that ended `work`, without the secrets of its source; empty where it went well."""
    secrets = secrets_of(source)
    try:
        work()
    except CxmonError as failure:
        return redacted(str(failure), secrets)
    except Exception as failure:  # noqa: BLE001 - a fault in one source must not keep the other metrics from running.
        _LOG.error("%s", redacted(traceback.format_exc(), secrets))
        return redacted(f"{names}: unexpected {type(failure).__name__}: {failure}", secrets)
    return ""


def _take(
    plan: Plan,
    store: Store,
    metric: Metric,
    now: datetime,
    since: datetime | None,
    progress: Progress | None,
    counts: dict[str, int],
    tally: Tally,
    unnamed: dict[tuple[str, str], str],
    *,
    accept_loss: bool,
) -> None:
    """Every batch of the window into the store; `counts`, `tally` and `unnamed` hold what was taken, also where this
    raises."""
    tally.whole = tally.whole or store.observations.watermark(metric) is None
    window = _window(plan, store, metric, now, since)
    if window is None:
        return
    total = max(1, (window.until - window.since).days)
    request = Request(metric=metric, window=window, now=now, frozen=plan.as_of is not None)
    if progress is not None:
        progress(metric.id, 0, total)
    taken, aside = 0, None
    for batch in plan.sources[metric.source].fetch(request):
        failpoint("collect-batch-fetched")
        if not isinstance(batch, Observations):
            raise SourceError(f"{metric.id}: source {metric.source} brings records; `read` needs `stream`")
        applied = store.observations.apply(metric, batch, now=now, accept_loss=accept_loss)
        tally.piece(batch, applied)
        taken += applied.written + applied.revised + applied.vanished + applied.unchanged
        aside = aside or next(iter(batch.rejected), None)
        unnamed |= batch.unnamed
        for name in counts:
            counts[name] += getattr(applied, name)
        if progress is not None:
            progress(metric.id, min(total, max(0, (batch.window.until - window.since).days)), total)
    if progress is not None:
        progress(metric.id, total, total)
    if not taken and aside is not None:
        told = f"the first is {aside.where}: {aside.reason}"
        raise SourceError(f"{metric.id}: source {metric.source}: all {counts['rejected']} rows were set aside; {told}")


def _window(plan: Plan, store: Store, metric: Metric, now: datetime, since: datetime | None) -> Window | None:
    """What is read: None where nothing has settled yet."""
    until = now - metric.settle
    if since is None:
        watermark = store.observations.watermark(metric)
        since = now - plan.backfill if watermark is None else watermark - metric.lookback
    return Window(since, until) if since < until else None


def _recorded(store: Store, done: Collected, now: datetime, unnamed: Unnamed, *, held: bool) -> Collected:
    """`done`, once its run stands in the store, with what is news; a store that cannot take it makes it fail."""
    failpoint("collect-before-run")
    run = Run(
        metric=done.metric,
        source=done.source,
        started_at=now,
        finished_at=now,
        ok=done.ok,
        written=done.written,
        revised=done.revised,
        rejected=done.rejected,
        error=done.error,
        held=held,
    )
    try:
        store.runs.record(run)
        return replace(done, notices=news(store, done.source, unnamed))
    except StoreError as failure:
        return replace(done, ok=False, error=done.error or str(failure))


def secrets_of(source: object) -> list[str]:
    """The values that a source keeps secret, in whatever part of it, and the passwords inside its addresses."""
    if isinstance(source, Secret):
        value = source.reveal()
        try:
            found = urlsplit(value).password
        except ValueError:
            found = None
        return [value, found, unquote(found)] if found else [value]
    if isinstance(source, Mapping):
        return [secret for part in source.values() for secret in secrets_of(part)]
    if not is_dataclass(source):
        return []
    return [secret for f in fields(source) for secret in secrets_of(getattr(source, f.name))]
