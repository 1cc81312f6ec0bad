"""A verdict as its message tells it: how much, how sure, what was said before, as of when."""

import math
from collections.abc import Mapping

from cxmon import wording
from cxmon.model import RED, Change, Code, Declared, Harm, Metric, Verdict
from cxmon.wording.messages import LEGEND

# docs/methods/mix.md says when a verdict's figures are split.
NOT_SPLIT = "not split: too small a shift of contacts to have moved the figure, or its parts cannot be told apart"
# Verdicts that say that something moved: what is told of how unusual that is.
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


def how_sure(harm: Harm, metric: Metric) -> str:
    parts = [wording.grade(harm), "" if harm.disputed else wording.seconded(harm.opinions)]
    parts += [wording.unusual(metric, harm)] if harm.code in MOVED else []
    parts += [wording.largest(metric, harm)] if harm.code is not Code.HARMED else []
    return "; ".join(part for part in (*parts, *wording.remarks(harm)) if part)


def made_of(verdict: Verdict, metrics: Mapping[str, Metric]) -> str:
    """How much is a different kind of contacts; of a harm that was not split, that it was not. Empty of others."""
    told = [wording.mix(split, metrics[split.metric]) for split in verdict.splits if split.metric in metrics]
    return "; ".join(told) or (NOT_SPLIT if verdict.code in RED else "")


def around(due: int) -> str:
    return f"around day {due}"


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
