"""Which periods of which series people left out of what is expected. Pure."""

from collections.abc import Sequence

import numpy as np

from cxmon.model import LeftOut
from cxmon.panel import Bools, Panel


def left_out(panel: Panel, found: Sequence[LeftOut]) -> Bools:
    """(S, T): the periods of a panel that lie in what was left out, in its segments and in all that are inside its
    root. Other wider segments keep their periods: most of their customers were not in it."""
    mask = np.zeros((len(panel.segments), len(panel.starts)), np.bool_)
    for one in found:
        if one.metric != panel.metric.id:
            continue
        when = (panel.starts >= one.since.timestamp()) & (panel.starts < one.until.timestamp())
        where = np.array([s in one.segments or one.root.holds(s) for s in panel.segments], np.bool_)
        mask |= where[:, None] & when
    return mask
