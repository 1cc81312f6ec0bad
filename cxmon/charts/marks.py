"""What decisions put on a chart: their numbered pins, in the colour of their verdicts. For board and Slack."""

from collections.abc import Mapping, Sequence

from cxmon import wording
from cxmon.charts.points import Pin
from cxmon.decisions.numbering import numbered
from cxmon.model import Declared, Tone, Verdict


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
