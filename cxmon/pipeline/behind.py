"""What stands behind an incident: the vendor's records, with links into its own system, and the reasons that grew.

Small groups are covered as everywhere (`covering`): what may not be counted is not listed either.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from cxmon import decisions, wording
from cxmon.config.plan import Plan
from cxmon.contracts import Feed, Linked, Traceable
from cxmon.decisions.disclosure import Cover, Showing
from cxmon.errors import SourceError
from cxmon.model import RED, Behind, Change, Growth, Incident, Kind, Message, Metric, Record, Segment, Verdict, Window
from cxmon.panel import Panel
from cxmon.periods import next_start, profile_labels
from cxmon.pipeline import covering
from cxmon.pipeline.collect import redacted, secrets_of
from cxmon.pipeline.tracing import worst_rows
from cxmon.stats import growth
from cxmon.store import Store

log = logging.getLogger(__name__)

MOST_RECORDS = 20
# So many records are linked in a message.
LINKED = 3
MOST_REASONS = 3
CONFIDENCE = 0.95
BEFORE = timedelta(days=28)
_WHOLE = "the segment"
# What is counted by answers or units; exposure and snapshots say nothing of how often somebody wrote.
_COUNTED = (Kind.PROPORTION, Kind.MEAN, Kind.QUANTILE, Kind.RATIO)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One figure that is looked behind: which segments are meant, and when."""

    metric: Metric
    segment: Segment
    where: str
    inside: Callable[[Segment], bool]
    window: Window


def behind(
    plan: Plan,
    store: Store,
    incident: Incident,
    *,
    now: datetime,
    most: int = MOST_RECORDS,
    verdict: Verdict | None = None,
    live: bool = True,
) -> Behind | None:
    """At most `most` records and the reasons that grew; None where the incident is about no figure, as of a source.
    `verdict` is the change's where it is not stored yet; `live`: rows that are not kept may be read from their source.
    """
    asked = _asked(plan, store, incident, verdict)
    if asked is None:
        return None
    metric, window = asked.metric, asked.window
    found = Behind(
        incident=incident.id, metric=metric.id, segment=asked.segment, where=asked.where, since=window.since,
        until=window.until,
    )  # fmt: skip
    grown = _grown(plan, store, asked, now)
    if grown is not None:
        found = replace(
            found, dimension=plan.reasons, counted_in=grown.metric, grown=grown.most, kept_back=grown.kept_back,
            looked_at=grown.looked_at,
        )  # fmt: skip
    kept = isinstance(plan.sources.get(metric.source), Feed)
    records = _with_records if kept else _with_rows if live else _with_none
    return records(plan, store, asked, found, now, most)


def told_behind(plan: Plan, store: Store, incident: Incident, *, now: datetime, verdict: Verdict | None = None) -> str:
    """The same in a line for a message. What stands behind an alert never keeps the alert back."""
    try:
        found = behind(plan, store, incident, now=now, most=1, verdict=verdict, live=False)
    except Exception:
        log.exception("nothing found behind incident %s", incident.id)
        return ""
    return "" if found is None else wording.behind_short(found)


def linked(plan: Plan, store: Store, message: Message, *, now: datetime) -> Message:
    """The message with links to the worst records behind it, as they may be told now; without them where they are not
    kept here, and where anything goes wrong."""
    incident = store.incidents.get(message.evidence) if message.evidence else None
    if incident is None:
        return message
    try:
        found = _records_alone(plan, store, incident, plan.as_of or now)
    except Exception:
        log.exception("no records found behind incident %s", incident.id)
        return message
    return replace(message, records=tuple(record for record in found if record.link))


def _records_alone(plan: Plan, store: Store, incident: Incident, now: datetime) -> tuple[Record, ...]:
    asked = _asked(plan, store, incident, None)
    if asked is None or not isinstance(plan.sources.get(asked.metric.source), Feed):
        return ()
    window = asked.window
    empty = Behind(
        incident=incident.id, metric=asked.metric.id, segment=asked.segment, where=asked.where, since=window.since,
        until=window.until,
    )  # fmt: skip
    return _with_records(plan, store, asked, empty, now, LINKED).records


def _asked(plan: Plan, store: Store, incident: Incident, verdict: Verdict | None) -> _Asked | None:
    if incident.check == "verdict":
        known = verdict or store.verdicts.all_latest().get(incident.subject)
        return None if known is None else _of_verdict(plan, store, incident, known)
    metric = plan.metrics.get(incident.subject)
    if metric is None:
        return None
    root = incident.root
    since = incident.since or incident.last_breach_at
    until = next_start(incident.last_breach_at, metric.grain, metric.zone)
    window = Window(min(since, incident.last_breach_at), until)
    return _Asked(metric=metric, segment=root, where=wording.segment(root), inside=root.holds, window=window)


def _of_verdict(plan: Plan, store: Store, incident: Incident, verdict: Verdict) -> _Asked | None:
    """The gravest metric of a change, where and since when the change is judged."""
    declared = store.changes.get(incident.subject)
    if declared is None:
        return None
    for harm in wording.by_gravity(verdict.harms):
        metric = plan.metrics.get(harm.metric)
        if metric is not None and harm.code in RED and harm.window_start is not None and harm.window_end is not None:
            scope = decisions.scope_of(declared.change, metric)
            return _Asked(
                metric=metric, segment=incident.root, where=scope.label, inside=_touched(declared.change, metric),
                window=Window(harm.window_start, harm.window_end),
            )  # fmt: skip
    return None


def _touched(change: Change, metric: Metric) -> Callable[[Segment], bool]:
    scopes = [decisions.scope_of(part, metric) for part in change.parts()]
    return lambda segment: any(scope.touches(segment) for scope in scopes)


def _with_records(plan: Plan, store: Store, asked: _Asked, found: Behind, now: datetime, most: int) -> Behind:
    metric, stream = asked.metric, asked.metric.read.stream or ""
    source: object = plan.sources.get(metric.source)
    if metric.read.churn:
        return replace(found, note="losses are counted from all states of subscriptions; none stands behind one alone")
    worst = store.worst.find(metric, asked.inside, asked.window, most)
    if not worst.held:
        return replace(found, note=_deleted(worst.kept_from, asked, plan) or "no record of this time is stored")
    links: Mapping[str, str] = source.links if isinstance(source, Linked) else {}
    notes = [_deleted(worst.kept_from, asked, plan)]
    notes += [] if stream in links else [f"no address is known for records of {stream}"]
    return _told(plan, store, asked, found, now, worst.ids, worst.count, links.get(stream, ""), notes)


def _with_none(_plan: Plan, _store: Store, _asked: _Asked, found: Behind, _now: datetime, _most: int) -> Behind:
    """A message waits for no source: its rows are read where somebody asks for them."""
    return found


def _with_rows(plan: Plan, store: Store, asked: _Asked, found: Behind, now: datetime, most: int) -> Behind:
    """Rows that are added up as they come are not kept: where they have ids, their source is read once more."""
    metric, source = asked.metric, plan.sources.get(asked.metric.source)
    if metric.read.aggregated:
        return replace(found, note=f"{metric.source} brings sums; no single row stands behind them")
    if not isinstance(source, Traceable) or not source.ticket_url or not metric.read.ticket:
        note = (
            f"{metric.source} brings rows that are added up as they come; no record is kept; with `ticket_url` under "
            "the source and `read.ticket` the tickets have links"
        )
        return replace(found, note=note)
    frozen = plan.as_of is not None
    try:
        ids, count = worst_rows(source, metric, asked.inside, asked.window, most, now=now, frozen=frozen)
    except SourceError as error:
        return replace(found, note=f"the rows cannot be read now: {redacted(str(error), secrets_of(source))}")
    if not count:
        return found
    return _told(plan, store, asked, found, now, ids, count, source.ticket_url, [])


def _told(
    plan: Plan, store: Store, asked: _Asked, found: Behind, now: datetime, ids: tuple[str, ...], count: float,
    template: str, notes: Sequence[str],
) -> Behind:  # fmt: skip
    """What may be told of these records, the worst of `count`."""
    metric = asked.metric
    cover, leaves, _ = _covered(store, asked, metric, (), plan.minimum_cell, now)
    told = cover.window(_WHOLE, *_places(leaves, asked.window))
    if told is Showing.WITHHELD:
        return replace(found, note="too few records to be told")
    if told is Showing.ROUNDED:
        # What is listed must not count what is only told roughly.
        step = max(1, int(plan.minimum_cell))
        ids, count = (ids[: len(ids) // step * step] if len(ids) == count else ids), cover.rounded(count)
    return replace(
        found,
        records=tuple(Record(id=name, link=_address(template, name)) for name in ids),
        count=float(count),
        all_of_them=metric.kind is not Kind.PROPORTION,
        note="; ".join(note for note in notes if note),
    )


def _address(template: str, name: str) -> str:
    """Empty where the id does not say what its record belongs to."""
    if "{first}" in template and "/" not in name:
        return ""
    parts = {"{id}": name, "{first}": name.partition("/")[0], "{last}": name.rpartition("/")[2]}
    for place, part in parts.items():
        template = template.replace(place, quote(part, safe=""))
    return template


def _deleted(kept_from: datetime | None, asked: _Asked, plan: Plan) -> str:
    if kept_from is None or kept_from <= asked.window.since:
        return ""
    days = f"{plan.keep_facts.days} days"
    if kept_from >= asked.window.until:
        return f"the records of this time have been deleted, as all are after {days} (keep_facts)"
    return f"those before {wording.day(kept_from, asked.metric.zone)} have been deleted (keep_facts: {days})"


@dataclass(frozen=True, kw_only=True)
class _Grown:
    """The metric that reasons are counted in, those that grew most, how many were looked at, and how many are too small
    to be told."""

    metric: str
    most: tuple[Growth, ...] = ()
    looked_at: int = 0
    kept_back: int = 0


def _grown(plan: Plan, store: Store, asked: _Asked, now: datetime) -> _Grown | None:
    """None where no metric knows reasons."""
    metric = _counting(plan, asked)
    if metric is None:
        return None
    leaves = store.leaves(metric)
    reasons = sorted({r for s in leaves if asked.inside(s) and (r := s.get(plan.reasons)) is not None})
    if not reasons:
        return None
    cover, panel, masks = _covered(store, asked, metric, reasons, plan.minimum_cell, now, plan.reasons)
    first, last = _places(panel, asked.window)
    last = min(last, int(np.flatnonzero(panel.mature(now))[-1]) + 1 if panel.mature(now).any() else 0)
    begin = int(np.searchsorted(panel.starts, (asked.window.since - BEFORE).timestamp(), "left"))
    if not begin < first < last or (panel.starts[first] - panel.starts[begin]) < BEFORE.total_seconds() / 2:
        return _Grown(metric=metric.id)
    labels, _ = profile_labels(panel.starts, metric.grain, metric.zone)
    told = {r: {cover.window(r, a, b) for a, b in ((first, last), (begin, first))} for r in reasons}
    shown = [reason for reason in reasons if Showing.WITHHELD not in told[reason]]
    found = []
    for reason in shown:
        counts = panel.n[masks[reason]].sum(0)
        usual = growth.usual(counts[begin:first], labels[begin:first], labels[first:last])
        count, before = float(counts[first:last].sum()), usual.expected
        if Showing.ROUNDED in told[reason]:
            count, before = cover.rounded(count), cover.rounded(before)
        if count > before:
            # Of many reasons some grow by chance: the ranges hold for all of them at once.
            low, high = growth.ratio(count, before, usual, 1 - (1 - CONFIDENCE) / len(shown))
            found.append(Growth(reason=reason, count=count, before=before, low=low, high=high))
    found.sort(key=lambda g: (g.before - g.count, g.reason))
    return _Grown(
        metric=metric.id, most=tuple(found[:MOST_REASONS]), looked_at=len(shown), kept_back=len(reasons) - len(shown)
    )


def _counting(plan: Plan, asked: _Asked) -> Metric | None:
    """The metric that reasons are counted in: the incident's own, else the first that knows them and its segment."""
    needed = {plan.reasons, *asked.segment.dimensions}
    return next(
        (
            m
            for m in (asked.metric, *plan.metrics.values())
            if needed <= set(m.dimensions) and m.kind in _COUNTED and m.additive
        ),
        None,
    )


def _covered(
    store: Store, asked: _Asked, metric: Metric, reasons: Sequence[str], least: float, now: datetime, along: str = "",
) -> tuple[Cover, Panel, dict[str, npt.NDArray[np.bool_]]]:  # fmt: skip
    """How finely the segment, and each reason in it, may be told."""
    leaves = store.panel(metric, as_known_at=now)
    inside = np.array([asked.inside(s) for s in leaves.segments], bool)
    masks = {r: inside & np.array([s.get(along) == r for s in leaves.segments], bool) for r in reasons}
    return covering.of_leaves(leaves, masks or {_WHOLE: inside}, now, least), leaves, masks


def _places(panel: Panel, window: Window) -> tuple[int, int]:
    """Which periods of a panel lie in a window."""
    first = int(np.searchsorted(panel.starts, window.since.timestamp(), "left"))
    return first, int(np.searchsorted(panel.ends(), window.until.timestamp(), "right"))
