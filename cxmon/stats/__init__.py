"""Numerics: arrays in, small named results out. No pandas, no I/O, no clock.

Names are re-exported lazily (PEP 562), so that a room that needs one of them does not load the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxmon.stats.arrival import Arrivals, arrivals
    from cxmon.stats.blocks import BlockTest, block_test
    from cxmon.stats.contrasts import Cells, contrast
    from cxmon.stats.dated import effect, effects, estimate
    from cxmon.stats.decomposition import Decomposition, Part, decompose
    from cxmon.stats.heterogeneity import Heterogeneity, believed, shrunk
    from cxmon.stats.holidays import HolidayLabels, Treatment, holiday_labels
    from cxmon.stats.joint import correlations
    from cxmon.stats.opinion import SecondOpinion, second_opinion
    from cxmon.stats.prospects import Chance, Prospect, prospect
    from cxmon.stats.results import Effect, Estimate, Shift, WatchDays, WatchState
    from cxmon.stats.shift import many_shifts, shifts
    from cxmon.stats.staged import Staged, staged_effect
    from cxmon.stats.watch_packing import packed, unpacked
    from cxmon.stats.watch_trail import WatchLook, watch_look
    from cxmon.stats.watching import watch, watch_days, watch_state, watch_threshold
    from cxmon.stats.window_ahead import Destination, destination

HOMES = {
    "Arrivals": "arrival", "arrivals": "arrival",
    "BlockTest": "blocks", "Cells": "contrasts", "Chance": "prospects", "Decomposition": "decomposition",
    "Destination": "window_ahead", "destination": "window_ahead",
    "Effect": "results", "Estimate": "results", "Heterogeneity": "heterogeneity", "HolidayLabels": "holidays",
    "Part": "decomposition", "Prospect": "prospects", "SecondOpinion": "opinion", "Shift": "results",
    "Staged": "staged", "Treatment": "holidays", "WatchDays": "results", "WatchLook": "watch_trail",
    "WatchState": "results", "believed": "heterogeneity", "block_test": "blocks", "contrast": "contrasts",
    "correlations": "joint", "decompose": "decomposition", "effect": "dated", "effects": "dated",
    "estimate": "dated", "holiday_labels": "holidays", "many_shifts": "shift", "packed": "watch_packing",
    "prospect": "prospects", "second_opinion": "opinion", "shifts": "shift", "shrunk": "heterogeneity",
    "staged_effect": "staged", "unpacked": "watch_packing", "watch": "watching", "watch_days": "watching",
    "watch_look": "watch_trail", "watch_state": "watching", "watch_threshold": "watching",
}  # fmt: skip
__all__ = [
    "Arrivals", "BlockTest", "Cells", "Chance", "Decomposition", "Destination", "Effect", "Estimate", "Heterogeneity",
    "HolidayLabels", "Part", "Prospect", "SecondOpinion", "Shift", "Staged", "Treatment", "WatchDays", "WatchLook",
    "WatchState", "arrivals", "believed", "block_test", "contrast", "correlations", "decompose", "destination",
    "effect", "effects",
    "estimate", "holiday_labels", "many_shifts", "packed", "prospect", "second_opinion", "shifts", "shrunk",
    "staged_effect", "unpacked", "watch", "watch_days", "watch_look", "watch_state", "watch_threshold",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(f"cxmon.stats.{HOMES[name]}"), name)
    raise AttributeError(f"module 'cxmon.stats' has no attribute {name!r}")
