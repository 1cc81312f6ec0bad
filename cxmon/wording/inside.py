"""The segments inside a change's scope: lines for a terminal, and one small table for a page, where metrics stand side
by side."""

from collections.abc import Mapping, Sequence

from cxmon.model import Metric, Where
from cxmon.wording.placing import cell, places
from cxmon.wording.whole import Section, Table


def inside(found: Sequence[Where], metrics: Mapping[str, Metric]) -> Section:
    """What each segment bears of the harm, of the metrics of which it is known."""
    known = [w for w in found if w.places and w.metric in metrics]
    labels = dict.fromkeys(place.segment.label for w in known for place in w.places)
    cells = [{place.segment.label: cell(place, w, metrics[w.metric]) for place in w.places} for w in known]
    lines = tuple(f"{metrics[w.metric].label}: {line}" for w in known for line in places(w, metrics[w.metric]))
    table = Table(
        headers=("Segment", *(f"{metrics[w.metric].label} (range), of the harm / of the answers" for w in known)),
        rows=tuple((label, *(one.get(label, "") for one in cells)) for label in labels),
    )
    return Section(heading="Inside the scope", lines=lines, table=table if known else None)
