"""What a line says of one decision, and of one incident, the same on the board and in the digest."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cxmon import decisions
from cxmon.model import (
    EVERYONE,
    GRAVITY,
    RED,
    AimCode,
    Change,
    Code,
    Harm,
    Incident,
    Metric,
    Response,
    State,
    Tone,
    Verdict,
)
from cxmon.wording.aiming import gain
from cxmon.wording.answers import answers
from cxmon.wording.kinds import kinds_short
from cxmon.wording.numbers import harm_range, largest, limit, worse
from cxmon.wording.pricing import price_line
from cxmon.wording.screen import more_segments, screen
from cxmon.wording.verdicts import saving

OPEN = (Code.UNDECIDED, Code.WAITING, Code.ENTANGLED, Code.NOT_COMPARABLE)
ASKED = "Asked: keep, amend or roll back"

Metrics = Mapping[str, Metric]


def price(change: Change, verdict: Verdict | None) -> str:
    """What it saves against what it costs, else what it is said to save."""
    if verdict is not None and verdict.price is not None:
        return price_line(verdict.price)
    return saving(change.saving) if change.saving else ""


def response(
    change: Change, tone: Tone, responses: Iterable[Response], changes: Sequence[Change], *, now: datetime, zone: str
) -> str:
    """The newest response and how it stands; what is asked where there is none."""
    mine = [r for r in responses if r.subject == change.id]
    if not mine:
        return ASKED if tone in {Tone.RED, Tone.AMBER} else ""
    return answers(change.id, mine, changes, now=now, ended=change.ends, zone=zone)[-1]


def told(verdict: Verdict | None) -> list[Harm]:
    """The metrics that decide a verdict: those of its own code, at most two."""
    return [h for h in verdict.harms if h.code is verdict.code][:2] if verdict else []


def told_words(verdict: Verdict | None, metrics: Metrics) -> str:
    """What decides a verdict, in figures: the gains where it is judged on its aims, else the harms."""
    if verdict is not None and decisions.aims_answer_of(verdict) is not None:
        gains = "; ".join(gain(aim, metrics[aim.metric]) for aim in verdict.aims if aim.metric in metrics)
        return f"N{gains[1:]}" if gains.startswith("no ") else gains
    return "; ".join(harm_words(h, metrics) for h in told(verdict) if h.metric in metrics)


def still_open(verdict: Verdict | None) -> list[Harm]:
    """Watched metrics without an answer, beyond those already told."""
    if verdict is None:
        return []
    shown = told(verdict)
    return [h for h in verdict.harms if h.code in OPEN and h not in shown]


def harm_words(harm: Harm, metrics: Metrics) -> str:
    """`CSAT 2.6 points worse (2.2 to 3.0), limit 1.5 points`, or what is still possible."""
    metric = metrics[harm.metric]
    if harm.code in {*RED, Code.IMPROVED}:
        size = worse(metric, harm)
        return f"{metric.label} {size} ({harm_range(metric, harm)}), limit {limit(metric, harm)}"
    return open_words(harm, metrics)


def open_words(harm: Harm, metrics: Metrics) -> str:
    metric = metrics[harm.metric]
    if harm.code is Code.WAITING or not math.isfinite(harm.so_far.high):
        return f"{metric.label}: {harm.reason}"
    return f"{metric.label}: {largest(metric, harm)}, limit {limit(metric, harm)}"


def calm_of(verdicts: Iterable[Verdict]) -> str:
    """How many decisions are in which state, the gravest first: `1 worse, within the limit; 2 too early`."""
    ordered = sorted(verdicts, key=lambda v: (GRAVITY.index(v.code), decisions.aims_answer_of(v) is not AimCode.MISSED))
    counts = Counter(
        screen(v if v.code is Code.WORSE or decisions.aims_answer_of(v) is not None else v.code)[0].lower()
        for v in ordered
    )
    return "; ".join(f"{n} {words}" for words, n in counts.items())


def incident_title(incident: Incident, metrics: Metrics, titles: Mapping[str, str]) -> str:
    """`CSAT, phone · eu`, or the title of the decision."""
    if incident.check == "verdict":
        return titles.get(incident.subject, incident.subject)
    metric = metrics.get(incident.subject)
    where = f", {incident.root.label}" if incident.root != EVERYONE else ""
    rest = more_segments(len(incident.members) - 1)
    return f"{metric.label if metric else incident.subject}{where}{rest}"


def incident_detail(incident: Incident, verdicts: Mapping[str, Verdict]) -> str:
    """The reason of the newest breach, and whether it is worse service or other contacts; for a decision the words of
    its verdict."""
    if incident.check == "verdict" and incident.subject in verdicts:
        return screen(verdicts[incident.subject])[0]
    told = incident.worst if incident.latest is None or incident.latest.state is not State.BREACH else incident.latest
    kinds = kinds_short(incident.kinds)
    lower = f"; {kinds[:1].lower()}{kinds[1:]}" if kinds else ""
    return f"{told.reason}{lower}" if told else f"found by {incident.check}"
