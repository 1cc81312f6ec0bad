"""Months with hardly a past: nothing is called compared with untouched segments, and every surface says why."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from judge_world import LEAVES, change, csat

from cxmon import wording
from cxmon.decisions import shares
from cxmon.decisions.span import season_of
from cxmon.model import Declared, Grade, Grain, Verdict
from cxmon.panel import Panel
from cxmon.periods import grid
from cxmon.pipeline.judge_evidence import evidence
from cxmon.wording import told
from cxmon.wording.doubts import doubts

FIRST = {8: datetime(2023, 5, 1, tzinfo=UTC), 12: datetime(2023, 1, 1, tzinfo=UTC)}
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
CUT = change(starts=BEGAN)
FIT = "8 months before the change are too few to show whether untouched segments move alike, 12 are needed"
SEASON = "8 months are too few to know the season of the year, and the range allows for one"


def judged(months: int, *, silent: int = 0):
    """The harm of a change that began in January 2024, three months later, with so many months before it; the first
    `silent` of them without answers of what it touches."""
    metric = csat(grain=Grain.MONTH)
    starts = grid(FIRST[months], datetime(2024, 4, 1, tzinfo=UTC), Grain.MONTH, "UTC")
    rng = np.random.default_rng(4)
    n = rng.poisson(4000, (len(LEAVES), len(starts))).astype(float)
    n[[leaf.get("channel") == "phone" for leaf in LEAVES], :silent] = 0
    leaves = Panel(metric=metric, segments=LEAVES, starts=starts, n=n, total=rng.binomial(n.astype(int), 0.8) * 1.0)
    return evidence(CUT, [CUT], leaves, shares(["csat"], {})["csat"], now=datetime(2024, 4, 5, tzinfo=UTC)).harm


def test_eight_months_lower_the_grade_and_say_why():
    harm = judged(8)
    assert (harm.n_pre, harm.n_post) == (8, 3)
    assert harm.controls
    assert harm.grade is Grade.BEFORE_AFTER
    assert harm.notes[:2] == (FIT, SEASON)
    assert FIT in harm.reason
    assert SEASON in harm.reason


def test_a_year_of_months_is_enough_beside_controls():
    harm = judged(12)
    assert harm.grade is Grade.CONTROLLED
    assert harm.notes == ()


def test_a_segment_that_began_late_has_no_longer_past_than_its_own():
    harm = judged(12, silent=4)
    assert harm.grade is Grade.BEFORE_AFTER
    assert harm.notes[:2] == (FIT, SEASON)


def test_terminal_message_and_brief_say_it():
    harm, metric = judged(8), csat(grain=Grain.MONTH)
    verdict = Verdict(change="phone-cut", as_of=BEGAN, code=harm.code, grade=harm.grade, harms=(harm,))
    lines = doubts(verdict, Declared(change=CUT, declared_at=BEGAN, origin="yaml"), {"csat": metric})
    assert lines[0].startswith("CSAT: before and after only, the untouched segments beside it are not known to move")
    for said in (
        wording.line(harm, metric),
        told.how_sure(harm, metric),
        *wording.story(verdict, CUT, {"csat": metric})[1:2],
    ):
        assert "before and after only" in said
        assert FIT in said
        assert SEASON in said
    assert {f"CSAT: {FIT}", f"CSAT: {SEASON}"} <= set(lines)


@pytest.mark.parametrize(
    ("grain", "days", "compared", "year"),
    [
        (Grain.DAY, 399, False, None), (Grain.DAY, 400, False, 365.25), (Grain.DAY, 300, True, None),
        (Grain.MONTH, 150, False, 12.0), (Grain.MONTH, 800, False, 12.0), (Grain.MONTH, 150, True, 12.0),
        (Grain.MONTH, 365, True, None), (Grain.WEEK, 357, True, 52.18), (Grain.WEEK, 364, True, None),
        (Grain.HOUR, 150, True, None),
    ],
)  # fmt: skip
def test_a_season_is_allowed_for_where_weeks_and_months_cannot_know_it(grain, days, compared, year):
    assert season_of(csat(grain=grain), days * 86_400.0, compared=compared) == year


def test_what_all_metrics_share_is_told_once_and_not_only_in_a_fold():
    harm = judged(8)
    both = (harm, replace(harm, metric="churn"))
    assert wording.short_past(both) == f"For every metric: {FIT}; {SEASON}."
    assert wording.short_past((harm,)) == ""
    assert wording.short_past((harm, judged(12))) == ""
