"""A past that is too short is told before a change too, and of roll-outs."""

from datetime import UTC, datetime

import numpy as np
from decision_examples import metric

from cxmon import decisions
from cxmon.decisions.planner import outlooks
from cxmon.decisions.short_past import too_short
from cxmon.decisions.targets import target_outlook
from cxmon.model import Amount, Category, Change, Grade, Grain, Scope, Segment, Target
from cxmon.panel import Panel
from cxmon.periods import grid
from cxmon.stats import staged_effect


def shares(rows: int, periods: int) -> np.ndarray:
    return np.random.default_rng(9).binomial(3000, 0.8, (rows, periods)) / 3000


def known(months: int) -> Panel:
    """So many months of figures before January 2026."""
    starts = grid(datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), Grain.MONTH, "UTC")[-months:]
    n = np.full((4, months), 3000.0)
    return Panel(
        metric=metric(dimensions=("channel",), grain=Grain.MONTH), starts=starts, n=n, total=shares(4, months) * n,
        segments=tuple(Segment.of(channel=c) for c in ("phone", "chat", "email", "forum")),
    )  # fmt: skip


def planned(months: int):
    """What the planner says of a change of January 2026 after these."""
    leaves = known(months)
    cut = Change(
        id="cut", title="Cut", category=Category.COST_CUT, starts=datetime(2026, 1, 1, tzinfo=UTC), owner="Operations",
        scope=Scope.of({"channel": "phone"}), horizon_days=120, limits={"csat": Amount(0.04, False, "4pt")},
    )  # fmt: skip
    share = decisions.shares(["csat"], {})["csat"]
    return outlooks(cut, (), leaves, share, now=datetime(2026, 1, 1, tzinfo=UTC))[0]


def test_the_planner_says_what_so_few_months_will_not_show():
    short, enough = planned(9), planned(13)
    assert short.grade is Grade.BEFORE_AFTER
    assert short.alone.startswith("9 months before the change are too few to show whether untouched segments move")
    assert any(note.startswith("9 months are too few to know the season of the year") for note in short.notes)
    assert enough.grade is Grade.CONTROLLED
    assert enough.notes == ()


def test_a_target_says_that_its_range_allows_for_a_season():
    by = Target(id="t", metric="csat", value=0.75, by=datetime(2026, 7, 1, tzinfo=UTC), owner="CX team")
    short, enough = (target_outlook(by, (), known(months), now=datetime(2026, 1, 20, tzinfo=UTC)) for months in (9, 15))
    assert short.notes == ("9 months are too few to know the season of the year, and the range allows for one",)
    assert enough.notes == ()


def test_a_roll_out_says_each_once_of_its_shortest_past():
    values = shares(3, 14)
    asks = {"n": np.full((2, 14), 3000.0), "never": values[2:], "never_n": np.full((1, 14), 3000.0), "period": 1}
    found = staged_effect(values[:2], [8, 10], kind="proportion", yearly=12, **asks)
    fit, season = too_short(found.stages, "month")
    assert fit == "8 months before the change are too few to show whether untouched segments move alike, 12 are needed"
    assert season == "8 months are too few to know the season of the year, and the range allows for one"
    # Days have a profile of the week, which takes periods of its own, and no season that is asked about.
    by_day = staged_effect(values[:2], [8, 10], kind="proportion", **(asks | {"period": 7}))
    (fit,) = too_short(by_day.stages, "day")
    assert fit == "8 days before the change are too few to show whether untouched segments move alike, 18 are needed"
