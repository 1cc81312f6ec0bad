"""What late answers are told to tell of those who never answer."""

from dataclasses import replace
from datetime import UTC, datetime

from word_examples import CSAT

from cxmon.model import Filling, FillingCurve, LearntFrom
from cxmon.wording.filling import late_ones, lines


def filling(yes, no):
    """Eight thousand yes and two thousand no, of which these shares are in after 0, 1 and 2 days."""
    curves = tuple(
        FillingCurve(kind=kind, share=share, periods=50, answers=count)
        for kind, share, count in (("yes", yes, 8000.0), ("no", no, 2000.0))
    )
    return Filling(
        metric="csat", as_of=datetime(2026, 6, 1, tzinfo=UTC), learnt_from=LearntFrom.REVISIONS, ages=(0, 1, 2),
        curves=curves, wait_days=2.0, declared_days=2.0, slow_since=None, slow_wait_days=None, counts_through=None,
    )  # fmt: skip


def test_late_answers_are_set_against_the_first_half():
    # In after a day: 4800 yes and 1600 no, 75.0 %; later 3200 and 400, 88.9 %.
    said = late_ones(filling((0.2, 0.6, 1.0), (0.3, 0.8, 1.0)))
    assert said.startswith("Answers after 1 day are 13.9 points higher than those before (range 12.3 to 15.5)")
    alike = late_ones(filling((0.2, 0.6, 1.0), (0.2, 0.6, 1.0)))
    assert alike.startswith("Answers after 1 day are not seen to differ from those before (by 1.6 points at most)")


def test_only_a_survey_whose_answers_come_late_is_told_so():
    nothing, some = filling((0.99, 1.0, 1.0), (0.99, 1.0, 1.0)), filling((0.2, 0.6, 1.0), (0.3, 0.8, 1.0))
    assert late_ones(nothing) == late_ones(replace(some, curves=some.curves[:1])) == ""
    assert late_ones(some) not in lines(some, replace(CSAT, response_of=""))
    assert late_ones(some) in lines(some, replace(CSAT, response_of="solved"))
