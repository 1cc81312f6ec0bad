"""What a past that is too short cannot tell of a change, in words that stand beside its range wherever it is told."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxmon.stats import Effect, Prospect
    from cxmon.stats.staged import StageEffect
    from cxmon.stats.window_ahead import Destination

NO_FIT, NO_SEASON = "to show whether untouched segments move alike", "to know the season of the year"


def of_short_past(notes: Sequence[str]) -> list[str]:
    """Those of a harm's notes that say that its past is too short."""
    return [note for note in notes if f"too few {NO_FIT}" in note or f"too few {NO_SEASON}" in note]


def fit_unknown(found: "Effect | Prospect", grain: str) -> str:
    """Why untouched segments prove nothing yet: with so few periods before the change any would seem to move alike.
    Empty where there are enough."""
    if found.n_pre >= found.fit_least:
        return ""
    few = f"{_counted(found.n_pre, grain)} before the change {'is' if found.n_pre == 1 else 'are'} too few"
    return f"{few} {NO_FIT}, {found.fit_least} are needed"


def season_note(found: "Effect | Prospect | Destination", grain: str) -> str:
    """That a past of hardly a year knows no season, and what the range does about it; empty where that does not
    apply."""
    if not found.season_unknown:
        return ""
    return f"{_counted(found.n_pre, grain)} are too few {NO_SEASON}, and the range allows for one"


def too_short(stages: "Sequence[StageEffect]", grain: str) -> list[str]:
    """Both for the stages of a roll-out, each told once, of the shortest past; the first of those with controls."""
    ordered = sorted((stage for stage in stages), key=lambda stage: stage.effect.n_pre)
    fits = [fit_unknown(stage.effect, grain) for stage in ordered if stage.controls]
    seasons = [season_note(stage.effect, grain) for stage in ordered]
    return [next(filter(None, said), "") for said in (fits, seasons) if any(said)]


def _counted(count: int, grain: str) -> str:
    return f"{count} {grain}" if count == 1 else f"{count} {grain}s"
