"""Numerics: arrays in, small named results out. No pandas, no I/O, no clock.

Names are re-exported lazily (PEP 562), so that a room that needs one of them does not load the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxmon.stats.blocks import BlockTest, block_test
    from cxmon.stats.dated import effect, effects, estimate
    from cxmon.stats.decomposition import Decomposition, Part, decompose
    from cxmon.stats.holidays import HolidayLabels, Treatment, holiday_labels
    from cxmon.stats.joint import correlations
    from cxmon.stats.opinion import SecondOpinion, second_opinion
    from cxmon.stats.results import Effect, Estimate, Shift, WatchDays, WatchState
    from cxmon.stats.shift import many_shifts, shifts
    from cxmon.stats.staged import Staged, staged_effect
    from cxmon.stats.watching import watch, watch_days, watch_state, watch_threshold

HOMES = {
    "BlockTest": "blocks", "Decomposition": "decomposition", "Effect": "results", "Estimate": "results",
    "HolidayLabels": "holidays", "Part": "decomposition", "SecondOpinion": "opinion", "Shift": "results",
    "Staged": "staged", "Treatment": "holidays", "WatchDays": "results", "WatchState": "results",
    "block_test": "blocks", "correlations": "joint", "decompose": "decomposition", "effect": "dated",
    "effects": "dated", "estimate": "dated", "holiday_labels": "holidays", "many_shifts": "shift",
    "second_opinion": "opinion", "shifts": "shift", "staged_effect": "staged", "watch": "watching",
    "watch_days": "watching", "watch_state": "watching", "watch_threshold": "watching",
}  # fmt: skip
__all__ = [
    "BlockTest", "Decomposition", "Effect", "Estimate", "HolidayLabels", "Part", "SecondOpinion", "Shift", "Staged",
    "Treatment", "WatchDays", "WatchState", "block_test", "correlations", "decompose", "effect", "effects", "estimate",
    "holiday_labels", "many_shifts", "second_opinion", "shifts", "staged_effect", "watch", "watch_days", "watch_state",
    "watch_threshold",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(f"cxmon.stats.{HOMES[name]}"), name)
    raise AttributeError(f"module 'cxmon.stats' has no attribute {name!r}")
