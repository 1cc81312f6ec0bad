"""What a new version of a verdict keeps, so that it can be told later why it says something else than before."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import cxmon
from cxmon import decisions
from cxmon.decisions import versions
from cxmon.model import Change, Declared, Figure, Harm, Metric, Verdict
from cxmon.wording.versions import changed, unheard

LOG = logging.getLogger("cxmon.judge")

# Judges one metric of the change over the window of a figure that was told at this moment, as known now.
Again = Callable[[Figure, datetime], Harm]


def kept_first(
    verdict: Verdict,
    declared: Declared,
    history: Sequence[Verdict],
    live: Sequence[Change],
    metrics: Mapping[str, Metric],
    again: Again | None,
) -> Verdict:
    """The verdict with what it was when it was first said: that of the stored version where it is only refreshed.

    Of a new version the metrics that turned are judged `again` over the window of the version before (None: they are
    not), which costs one brief look each.
    """
    previous = history[-1] if history else None
    if previous is not None and previous.version == verdict.version:
        return replace(verdict, first=previous.first)
    watched = [metrics[h.metric] for h in verdict.harms if h.metric in metrics]
    near = [o for m in watched for o in decisions.touching(declared.change, live, m, verdict.as_of)]
    first = versions.first_said(verdict, declared, metrics, near, method=cxmon.__version__)
    if previous is not None and again is not None:
        first = replace(first, recalled=_recalled(previous, verdict, again))
    return replace(verdict, first=first)


def why_changed(
    history: Sequence[Verdict],
    verdict: Verdict,
    declared: Declared,
    metrics: Mapping[str, Metric],
    zone: str,
    titles: Mapping[str, str],
    told: Verdict | None = None,
) -> str:
    """Why the verdict says something else than the version before it, in one line; empty where there is none.

    `told` is the version that people heard of last: where others came since, the line says so first.
    """
    before = [one for one in history if one.version < verdict.version][-1:]
    why = changed(versions.versions([*before, verdict], declared.edits)[-1], metrics, zone, titles)
    between = [one for one in before if told is not None and one.version != told.version]
    return " ".join([*(unheard(one, zone) for one in between), why]) if why else ""


def _recalled(previous: Verdict, verdict: Verdict, again: Again) -> tuple[Figure, ...]:
    about = versions.turned(previous, verdict)
    found = []
    for figure in versions.newest(previous):
        if figure.metric not in about or figure.window_end is None:
            continue
        try:
            found.append(versions.figure_of(again(figure, previous.as_of)))
        except Exception as error:  # noqa: BLE001 - a reason that cannot be found never keeps a verdict back.
            LOG.warning("recall change=%s metric=%s error=%s", verdict.change, figure.metric, error)
    return tuple(found)
