"""A verdict as its message tells it: how much, how sure, what was said before, as of when."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cxmon import wording
from cxmon.model import RED, Change, Code, Declared, Harm, Kinds, Metric, Split, Unsplit, Verdict, Where
from cxmon.wording.kinds import kinds_short, unsplit
from cxmon.wording.messages import LEGEND

# Verdicts that say that something moved: what is told of how unusual that is.
_NO_FIGURE = frozenset({Code.WAITING, Code.NOT_COMPARABLE, Code.ENTANGLED})
MOVED = frozenset({Code.HARMED, Code.WORSE, Code.IMPROVED})


def before(verdict: Verdict, previous: Verdict | None, zone: str, titles: Mapping[str, str]) -> str:
    if previous is None or previous.version == verdict.version:
        return ""
    words = wording.screen(previous, titles=titles)[0]
    return f"Before: {words} (version {previous.version}, {wording.day(previous.as_of, zone, now=verdict.as_of)})."


def how_much(harm: Harm, metric: Metric) -> str:
    limit = f"limit {wording.limit(metric, harm)}"
    if not math.isfinite(harm.so_far.estimate):
        return f"{metric.label}: {harm.reason or 'not known yet'}; {limit}"
    size = f"{wording.worse(metric, harm)} ({wording.harm_range(metric, harm)}), {limit}"
    if not (math.isfinite(harm.actual) and math.isfinite(harm.expected)):
        return f"{metric.label}: {size}"
    seen, expected = wording.instead(metric, harm.actual, harm.expected, harm.so_far, harm.unit)
    figures = f"{seen} instead of {expected}"
    return f"{metric.label} {figures}: {size}"


def how_sure(harm: Harm, metric: Metric, said: Sequence[str] = ()) -> str:
    """How strong the evidence is, and the largest harm that is not ruled out where the lines have not `said` that."""
    parts = [wording.grade(harm), "" if harm.disputed else wording.seconded(harm.opinions)]
    parts += [wording.unusual(metric, harm)] if harm.code in MOVED else []
    largest = wording.largest(metric, harm)
    parts += [largest] if harm.code is not Code.HARMED and not any(largest in line for line in said) else []
    return "; ".join(part for part in (*parts, *wording.remarks(harm)) if part)


def made_of(verdict: Verdict, metrics: Mapping[str, Metric]) -> str:
    """Other kinds of contacts or the same ones faring otherwise: of the gravest metric, or why that cannot be said
    (docs/methods/mix.md says when a figure is split), then of the others that were split."""
    first = wording.by_gravity(verdict.harms)[:1]
    splits = sorted(verdict.splits, key=lambda split: [split.metric] != [harm.metric for harm in first])
    told = [_split(split, metrics[split.metric]) for split in splits if split.metric in metrics]
    for harm in first:
        if harm.metric in metrics and harm.metric not in {split.metric for split in splits}:
            placed = next((where for where in verdict.where if where.metric == harm.metric), None)
            answer = _unsplit(harm, dict(verdict.unsplit).get(harm.metric), placed, metrics[harm.metric])
            told.insert(0, f"{metrics[harm.metric].label}: {answer}" if told else answer)
    return "; ".join(told)


def _split(split: Split, metric: Metric) -> str:
    """The parts, behind the answer that they support where it is worse."""
    parts = wording.mix(split, metric)
    at = datetime(2000, 1, 1, tzinfo=UTC)
    lead = kinds_short(Kinds(since=at, until=at, split=split)) if split.total > 0 else ""
    return f"{lead}: {parts}" if lead else parts


def _unsplit(harm: Harm, why: str | None, where: Where | None, metric: Metric) -> str:
    if harm.code in _NO_FIGURE:
        return "Cannot say: the figure itself cannot be judged" + (" yet" if harm.code is Code.WAITING else "")
    return unsplit(None if why is None else Unsplit(why), harmed=harm.code in RED, where=where, metric=metric)


def awaited(due: int) -> str:
    """What follows the day since which it is judged."""
    return f"; an answer is due around day {due}"


def late_or_edited(declared: Declared, zone: str) -> str:
    """When it was declared, where that was late or it was edited since."""
    late = f", declared {wording.days(declared.days_late)} late" if declared.days_late else ""
    edited = f", edited since ({len(declared.edits)}x, the frozen limits stand)" if declared.edits else ""
    return f"{wording.day(declared.declared_at, zone)}{late}{edited}" if late or edited else ""


def corrected(before: str) -> str:
    return f"Correction: the figures known now no longer show what was said. {before}"


def footer(verdict: Verdict, zone: str, incident: str) -> str:
    version = f"as of {wording.stamp(verdict.as_of, zone)} · verdict version {verdict.version}"
    return f"{wording.grade(verdict)} · {version}" + (f" · incident {incident}" if incident else "")


def subtitle(verdict: Verdict, change: Change, harm: Harm, metric: Metric, zone: str) -> tuple[str, str]:
    """What stands below the title of its picture."""
    ranged = f"range {wording.harm_range(metric, harm)} · limit {wording.limit(metric, harm)}"
    stamp = wording.stamp(verdict.as_of, zone)
    return (
        f"{change.title} · {wording.grade(harm)} · {wording.window_text(harm, zone)}, {ranged}",
        f"As of {stamp}, verdict version {verdict.version} · {harm.scope} · {LEGEND}",
    )


def over_time(harm: Harm, metric: Metric, zone: str) -> str:
    """What a picture shows, for those who do not see it."""
    return f"{metric.label} over time: {wording.clause(harm, metric, zone)}"


def reply(verdict: Verdict, previous: Verdict | None, told: str, zone: str, titles: Mapping[str, str]) -> str:
    said = before(verdict, previous, zone, titles)
    news = f"{told} (version {verdict.version}, {wording.grade(verdict)})."
    return f"{news}\n{said}" if said else news
