"""What decisions put on a chart: their numbered pins, and the limit where a verdict is over it. For board and Slack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cxmon import wording
from cxmon.charts.points import Pin
from cxmon.decisions.numbering import numbered
from cxmon.model import Code, Declared, Harm, Metric, Segment, Tone, Verdict


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Which decision is over its limit and from when; `height` is how far that is on the shown scale (None: a relative
    limit has no one height to be drawn at), `text` its words."""

    number: int
    since: datetime
    height: float | None
    text: str


def pins(declared: Sequence[Declared], verdicts: Mapping[str, Verdict]) -> list[Pin]:
    """All declared changes as pins in the colour of their verdicts."""
    found = []
    for number, one in enumerate(numbered(declared), start=1):
        verdict = verdicts.get(one.change.id)
        unjudged = wording.draft_words(one) or "Not judged yet"
        words, tone, _ = wording.screen(verdict) if verdict else (unjudged, Tone.GREY, "")
        found.append(
            Pin(
                number=number,
                at=one.change.starts,
                title=one.change.title,
                tone=tone,
                verdict=words,
                category=wording.category(one.change.category),
            )
        )
    return found


def limit(declared: Sequence[Declared], verdicts: Mapping[str, Verdict], metric: Metric, key: str) -> Limit | None:
    """The latest decision over its limit on `metric` whose scope holds the series `key` (as in `Band`)."""
    found = [
        (number, one, harm)
        for number, one in enumerate(numbered(declared), start=1)
        for harm in _over(verdicts.get(one.change.id), metric)
        if _inside(one, metric, key)
    ]
    if not found:
        return None
    number, one, harm = found[-1]
    height = None if harm.unit == "%" else harm.limit * wording.factor(metric)
    text = f"limit of #{number}: {wording.limit(metric, harm)}"
    return Limit(number=number, since=one.change.starts, height=height, text=text)


def _over(verdict: Verdict | None, metric: Metric) -> list[Harm]:
    return [h for h in verdict.harms if h.metric == metric.id and h.code is Code.HARMED] if verdict else []


def _inside(declared: Declared, metric: Metric, key: str) -> bool:
    if key.startswith("change:"):
        return key == f"change:{declared.change.id}"
    return declared.change.scope_for(metric.id).touches(Segment.from_key(key))
