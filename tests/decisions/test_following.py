"""How a response stands: due, overdue, done, replaced; each with its reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmon.decisions.following import Standing, followed
from cxmon.model import Category, Change, Decision, Response, Status

NOW = datetime(2026, 9, 14, tzinfo=UTC)
DUE = NOW + timedelta(days=10)
AMEND = Response(subject="cut", decision=Decision.AMEND, by="Operations", why="harm", at=NOW, due=DUE, owner="Planning")
FIX = Change(
    id="fix", title="Desk reopened", category=Category.STAFFING, starts=NOW + timedelta(days=5), owner="Planning",
    responds_to="cut",
)  # fmt: skip


def standing(at, response=AMEND, **more):
    return followed(response, now=at, **more).standing


def test_it_is_ahead_then_due_for_a_day_then_overdue():
    assert [standing(DUE + timedelta(hours=h)) for h in (-1, 0, 23, 24, 400)] == [
        Standing.AHEAD, Standing.DUE, Standing.DUE, Standing.OVERDUE, Standing.OVERDUE,
    ]  # fmt: skip
    assert followed(AMEND, now=DUE + timedelta(days=3)).reason == "overdue by 3 days, and no fix has begun"
    assert standing(DUE, replace(AMEND, due=None)) is Standing.NO_DATE


def test_a_fix_that_has_begun_since_carries_it_out_and_one_before_or_a_draft_does_not():
    late = DUE + timedelta(days=2)
    found = followed(AMEND, now=late, changes=[FIX])
    assert (found.standing, found.fix, found.reason) == (Standing.DONE, "fix", "Desk reopened has begun")
    for other in (
        replace(FIX, starts=NOW - timedelta(days=1)), replace(FIX, status=Status.DRAFT),
        replace(FIX, responds_to="x"), replace(FIX, starts=late + timedelta(days=1)),
    ):  # fmt: skip
        assert standing(late, changes=[other]) is Standing.OVERDUE


def test_what_has_ended_or_was_answered_again_reminds_nobody():
    again = replace(AMEND, decision=Decision.KEEP, by="Board", at=NOW + timedelta(days=1), due=None)
    found = followed(AMEND, now=DUE, others=[AMEND, again])
    assert (found.standing, found.reason) == (Standing.REPLACED, "answered again by Board: keep")
    assert standing(DUE, ended=NOW + timedelta(days=4)) is Standing.DONE
    assert standing(DUE, others=[AMEND, replace(again, subject="other")]) is Standing.DUE


@pytest.mark.parametrize("decision", Decision)
def test_what_stays_as_it_is_waits_for_another_answer_and_what_is_to_change_for_a_fix(decision):
    stays = decision in {Decision.KEEP, Decision.ACCEPT}
    missing = "not answered again" if stays else "no fix has begun"
    said = replace(AMEND, decision=decision)
    assert followed(said, now=DUE).reason == f"due today, and {missing}"
    assert followed(said, now=DUE + timedelta(days=1)).reason == f"overdue by 1 day, and {missing}"


@given(st.integers(-500, 500), st.integers(0, 500))
def test_who_is_reminded_once_is_not_reminded_as_ahead_later(hours, more):
    """As long as nothing else happens it only moves on: ahead, due, overdue."""
    order = [Standing.AHEAD, Standing.DUE, Standing.OVERDUE]
    first = DUE + timedelta(hours=hours)
    assert order.index(standing(first)) <= order.index(standing(first + timedelta(hours=more)))
