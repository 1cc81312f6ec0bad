"""A question answered from what judge stored for the board: no figure is worked out anew, so none can differ."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cxmon.alerts.answer_message import for_answer
from cxmon.alerts.parts import near, near_drafts
from cxmon.config.plan import Plan
from cxmon.decisions.numbering import numbered, shown
from cxmon.model import Band, Incident, IncidentState, Message, Metric, Segment, Tone
from cxmon.pipeline.asking import Asked, Known, Unclear, understood
from cxmon.store import Store
from cxmon.wording.gap import Gap, gap
from cxmon.wording.over import limit

VERDICT = "verdict"
STATES = {Tone.AMBER: "worse", Tone.TEAL: "better", Tone.GREY: "as_expected"}


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One series as the board shows it. `found` is None where nothing complete can be shown, with the `reason`.

    `over` is the id of a decision that is over its limit here, `incidents` the ids of open ones that hold the segment,
    `near` those of changes that begin or end within two weeks of when it went off (or of the newest figure).
    """

    metric: str
    segment: Segment
    found: Gap | None
    reason: str
    as_of: datetime
    over: str
    incidents: tuple[str, ...]
    near: tuple[str, ...]
    message: Message = field(repr=False)

    def document(self) -> dict[str, object]:
        """As `--json` prints it: figures in the metric's unit, without the board's small picture."""
        one = self.found
        figures = {} if one is None else {
            "value": one.value, "expected": one.expected, "expected_low": one.between[0],
            "expected_high": one.between[1], "n": one.n, "until": one.until, "state": STATES[one.tone],
            "off_since": one.since, "harm": {"size": one.harm, "low": one.low, "high": one.high, "unit": one.unit},
        }  # fmt: skip
        return {
            "metric": self.metric, "segment": dict(self.segment.items), **figures, "reason": self.reason,
            "as_of": self.as_of, "over_limit_of": self.over, "incidents": self.incidents, "near": self.near,
            "words": self.message.title, "link": self.message.link,
        }  # fmt: skip


def ask(plan: Plan, store: Store, said: Sequence[str], *, now: datetime) -> Answered | Unclear:
    """The answer to a question in words (`csat channel=chat`), or why there is none."""
    asked = understood(said, known(plan, store))
    return answer(plan, store, asked, now=now) if isinstance(asked, Asked) else asked


def known(plan: Plan, store: Store) -> dict[str, Known]:
    """What can be asked: the series with a band, which are those of the board; and every stored value by dimension, so
    that one without a band gets an answer too."""
    segments: dict[str, list[Segment]] = {}
    for of, key in store.bands.keys():  # noqa: SIM118 - a method of the store, no dictionary.
        if not key.startswith("change:"):
            segments.setdefault(of, []).append(Segment.from_key(key))
    found = {}
    for name, metric in plan.metrics.items():
        there = segments.get(name, [])
        values: dict[str, set[str]] = {dimension: set() for dimension in metric.dimensions}
        for one in (*there, *store.leaves(metric)):
            for dimension, value in one.items:
                values.setdefault(dimension, set()).add(value)
        if there:
            found[name] = Known(metric=metric, shown=there, values=values)
    return found


def answer(plan: Plan, store: Store, asked: Asked, *, now: datetime) -> Answered | Unclear:
    """What is known of a series that is shown."""
    metric, segment = asked.metric, asked.segment
    band = store.bands.get(metric.id, segment.key)
    if band is None:
        return Unclear(lines=(f"{metric.label} is not shown any more for {segment.label}: ask again.",))
    declared, verdicts = shown(store.changes.all(), band.as_of), store.verdicts.all_latest()
    over = limit(declared, verdicts, metric, segment.key)
    decision = numbered(declared)[over.number - 1].change if over else None
    incidents, found = _open(store, metric, segment), gap(band, metric)
    when = _when(found, band, [one for one in incidents if _belongs(segment, one)])
    close, drafts = near(declared, segment, when), near_drafts(declared, segment, when)
    message = for_answer(
        metric=metric, segment=segment, band=band, over=over, over_title=decision.title if decision else "",
        incidents=incidents, changes_near=close, drafts_near=drafts, zone=plan.zone, board_url=plan.board_url, at=now,
    )  # fmt: skip
    return Answered(
        metric=metric.id,
        segment=segment,
        found=found,
        reason="" if found else band.reason,
        as_of=band.as_of,
        over=decision.id if decision else "",
        incidents=tuple(one.id for one in incidents),
        near=tuple(d.change.id for d in close),
        message=message,
    )


def _when(found: Gap | None, band: Band, incidents: Sequence[Incident]) -> datetime:
    """Around which day changes are near: when it went off, as an incident knows it best, else the newest figure."""
    onset = min((i.since for i in incidents if i.since is not None), default=None)
    if onset is not None:
        return onset
    if found is None:
        return band.as_of
    return found.since or found.until


def _open(store: Store, metric: Metric, segment: Segment) -> list[Incident]:
    """Open incidents of the metric that this segment belongs to, or that lie inside it."""
    return [
        one
        for one in store.incidents.open()
        if one.check != VERDICT
        and one.subject == metric.id
        and one.state in {IncidentState.OPEN, IncidentState.ACKNOWLEDGED}
        and (_belongs(segment, one) or any(segment.holds(member) for member in (one.root, *one.members)))
    ]


def _belongs(segment: Segment, incident: Incident) -> bool:
    return any(member.holds(segment) for member in (incident.root, *incident.members))
