"""Which decision is over its limit where: for charts, words and Slack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cxmon.decisions.numbering import numbered
from cxmon.model import Code, Declared, Harm, Metric, Segment, Verdict
from cxmon.wording import numbers


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Which decision is over its limit and from when; `height` is how far that is on the shown scale (None: a relative
    limit has no one height to be drawn at), `text` its words."""

    number: int
    since: datetime
    height: float | None
    text: str


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
    height = None if harm.unit == "%" else harm.limit * numbers.factor(metric)
    text = f"limit of #{number}: {numbers.limit(metric, harm)}"
    return Limit(number=number, since=one.change.starts, height=height, text=text)


def _over(verdict: Verdict | None, metric: Metric) -> list[Harm]:
    return [h for h in verdict.harms if h.metric == metric.id and h.code is Code.HARMED] if verdict else []


def _inside(declared: Declared, metric: Metric, key: str) -> bool:
    if key.startswith("change:"):
        return key == f"change:{declared.change.id}"
    return declared.change.scope_for(metric.id).touches(Segment.from_key(key))
