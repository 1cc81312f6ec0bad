"""What decisions put on a chart: their numbered pins, in the colour of their verdicts. For board and Slack."""

from collections.abc import Collection, Mapping, Sequence

from cxmon import wording
from cxmon.charts.points import Pin
from cxmon.decisions import concerns, reaches
from cxmon.decisions.numbering import numbered
from cxmon.model import Declared, Metric, Segment, Tone, Verdict


def marked(declared: Sequence[Declared], metric: Metric, leaves: Collection[Segment], key: str) -> set[str]:
    """Ids of the changes that stand on the chart of the series `key` (as in `Band`): those that touch
    somebody in it. `leaves` are the metric's stored segments."""
    own = next((d.change for d in declared if key == f"change:{d.change.id}"), None)
    if own is not None:
        inside = [leaf for leaf in leaves if reaches(own, metric, [leaf])]
    elif key.startswith("change:"):
        inside = list(leaves)
    else:
        series = Segment.from_key(key)
        inside = [leaf for leaf in leaves if series.holds(leaf)]
    return {d.change.id for d in declared if concerns(d.change, metric) and reaches(d.change, metric, inside)}


def pins(declared: Sequence[Declared], verdicts: Mapping[str, Verdict], *, of: Collection[str]) -> list[Pin]:
    """The changes `of` these ids as pins in the colour of their verdicts, numbered among all that are declared."""
    found = []
    for number, one in enumerate(numbered(declared), start=1):
        if one.change.id not in of:
            continue
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
