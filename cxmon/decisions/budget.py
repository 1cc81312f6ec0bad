"""The alarm budget, split: how many false alarms each story may cost, and why that many.

A story is what a team thinks of as one: a metric's total with its segments. Metrics share by importance, because
answers and customers cannot be added up; the stories of one metric share half evenly and half by volume, so that a
small one is watched more strictly but never given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cxmon.model import Segment, written

# The part of a metric's allowance that its stories share evenly, whatever their size.
EVEN = 0.5


@dataclass(frozen=True, kw_only=True)
class Story:
    """What is watched as one: `root` with its `series`, itself among them where it is watched. `volume` is what the
    figures of the past year stand on, in answers or in what a level counts."""

    check: str
    metric: str
    root: Segment
    series: tuple[Segment, ...]
    volume: float = 0.0
    importance: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """One story's part of the budget: false incidents per quarter, and why that many."""

    story: Story
    per_quarter: float
    reason: str

    @property
    def per_series_year(self) -> float:
        """What each of its series may alarm falsely in a year: all together no more than the story may, even where no
        two of them ever alarm at once."""
        return self.per_quarter * 4 / len(self.story.series)


def allowances(per_quarter: float, stories: Sequence[Story]) -> tuple[Allowance, ...]:
    """The budget over all stories, in the order of `stories`; the parts add up to it, and none is zero."""
    groups: dict[tuple[str, str], list[Story]] = {}
    for story in stories:
        groups.setdefault((story.check, story.metric), []).append(story)
    whole = sum(group[0].importance for group in groups.values())
    found = []
    for story in stories:
        group = groups[story.check, story.metric]
        part = story.importance / whole
        volume = sum(one.volume for one in group)
        by_size = story.volume / volume if volume > 0 else 1 / len(group)
        share = EVEN / len(group) + (1 - EVEN) * by_size
        found.append(
            Allowance(
                story=story,
                per_quarter=per_quarter * part * share,
                reason=_reason(story, len(groups), part, len(group), by_size if volume > 0 else None, share),
            )
        )
    return tuple(found)


def _reason(story: Story, metrics: int, part: float, stories: int, by_size: float | None, share: float) -> str:
    """Why a story gets what it gets, in one sentence."""
    if metrics == 1:
        first = "the only metric that is watched"
    else:
        first = f"{part:.0%} for its metric (importance {written(story.importance, 'g')}, {metrics} watched)"
    if stories == 1:
        return f"{first}, all of it for its one story"
    if by_size is None:
        return f"{first}, of that {share:.0%}: one of {stories} stories, none with figures yet"
    return f"{first}, of that {share:.0%}: one of {stories} stories, with {by_size:.0%} of the volume"
