"""Why a verdict says something else than before: one world a reason."""

from dataclasses import replace
from datetime import timedelta

import pytest
from decision_examples import NOW, START, change, harm, metric, verdict
from hypothesis import given
from hypothesis import strategies as st

from cxmon.decisions.versions import figure_of, first_said, reasons, versions
from cxmon.model import Agreement, Cause, Code, Declared, Grade, Interval, Method, Opinion, StageHarm
from cxmon.wording.versions import before, changed, turns, why

LATER = NOW + timedelta(days=10)
METRICS = {"csat": metric()}
DECLARED = Declared(change=change(), declared_at=START, origin="yaml")
OPEN = harm(Code.UNDECIDED, -0.01, 0.03)
OVER = harm(Code.HARMED, 0.02, 0.05, n_post=78, window_end=START + timedelta(days=78))


def told(found, at=NOW, *, declared=DECLARED, near=(), metrics=METRICS, recalled=(), method="1", version=1):
    """A verdict as judge keeps it when it is first said."""
    found = replace(found, as_of=at, version=version, headline=f"version {version}")
    first = first_said(found, declared, metrics, near, method=method)
    return replace(found, first=replace(first, recalled=tuple(map(figure_of, recalled))))


def after(found, **more):
    return told(found, LATER, version=2, **more)


def causes(one, two, edits=()):
    return {r.cause: r for r in reasons(one, two, edits)}


def again(of, **more):
    """The window of before, as known now."""
    return replace(of, **more)


def test_more_days_alone_turn_it_where_the_days_before_say_the_same():
    found = causes(told(verdict(OPEN)), after(verdict(OVER), recalled=[OPEN]))
    assert set(found) == {Cause.MORE_DAYS}
    assert (found[Cause.MORE_DAYS].count, found[Cause.MORE_DAYS].decisive) == (10, True)


def test_late_answers_alone_turn_it_where_the_days_before_say_the_new():
    revised = again(OPEN, code=Code.HARMED, so_far=OVER.so_far, actual=0.83, answers=9210.0)
    found = causes(told(verdict(OPEN)), after(verdict(OVER), recalled=[revised]))
    late = found[Cause.REVISED]
    assert (late.decisive, late.before, late.after, late.count) == (True, 0.85, 0.83, 210)
    assert not found[Cause.MORE_DAYS].decisive
    line = changed(versions([told(verdict(OPEN)), after(verdict(OVER), recalled=[revised])])[1], METRICS)
    assert line == (
        "What changed since version 1: CSAT turned from “too early” to “over the limit”; figures of earlier days were "
        "revised: CSAT to 20 Nov was 85.0 %, is 83.0 % now; 210 more answers came in; over the very same days the "
        "verdict is another one; 10 more days of CSAT are judged, to 30 Nov."
    )


def test_what_turned_into_worse_is_told_with_its_limit():
    """The limit of the examples is 1.5 points."""
    for high, words in ((0.012, "worse, within the limit"), (0.03, "worse, limit still open")):
        worse = harm(Code.WORSE, 0.002, high)
        [_, second] = versions([told(verdict(OPEN)), after(verdict(worse), recalled=[OPEN])])
        assert turns(second, METRICS) == (f"CSAT turned from “too early” to “{words}”",)


def test_late_answers_that_say_the_same_leave_the_turn_to_the_later_days():
    revised = again(OPEN, actual=0.849, answers=9210.0)
    found = causes(told(verdict(OPEN)), after(verdict(OVER), recalled=[revised]))
    assert not found[Cause.REVISED].decisive
    assert found[Cause.MORE_DAYS].decisive


def test_another_verdict_over_other_days_is_no_revision():
    cut = again(OPEN, window_end=START + timedelta(days=40), n_post=40, actual=0.8)
    assert Cause.REVISED not in causes(told(verdict(OPEN)), after(verdict(OVER), recalled=[cut]))


def test_an_edit_that_was_taken_is_named_and_one_that_was_not_is_none():
    edits = ("d1: owner A -> B", "d2: ends (none) -> 1 Oct", "d3: limits 1pt -> 2pt was asked for; it stays as frozen")
    early = replace(DECLARED, edits=edits[:1])
    edited = replace(DECLARED, change=replace(change(), ends=LATER), edits=edits)
    found = causes(told(verdict(OPEN), declared=early), after(verdict(OVER), declared=edited, recalled=[OPEN]), edits)
    assert found[Cause.EDITED].names == edits[1:2]
    asked = replace(early, edits=edits)
    assert Cause.EDITED not in causes(told(verdict(OPEN), declared=early), after(verdict(OVER), declared=asked), edits)


def test_a_change_that_came_near_is_named_and_decides_where_they_cannot_be_separated():
    other = change(id="roster", title="New roster")
    found = causes(told(verdict(OPEN)), after(verdict(OVER), near=[other]))
    assert (found[Cause.OTHER_CHANGE].names, found[Cause.OTHER_CHANGE].decisive) == (("roster",), False)
    tangled = harm(Code.ENTANGLED, 0.0, 0.03, entangled_with=("roster",))
    assert causes(told(verdict(OPEN)), after(verdict(tangled), near=[other]))[Cause.OTHER_CHANGE].decisive


def test_a_second_opinion_a_grade_a_setting_and_the_method_have_reasons_of_their_own():
    one = Opinion(method=Method.BLOCKS, found=Interval(estimate=0, low=-1, high=1), agreement=Agreement.OPPOSITE)
    disputed = replace(OPEN, opinions=(one,), grade=Grade.BEFORE_AFTER)
    assert set(causes(told(verdict(OPEN)), after(verdict(disputed)))) == {Cause.OPINION}
    alone = replace(OPEN, grade=Grade.BEFORE_AFTER)
    assert set(causes(told(verdict(OPEN)), after(verdict(alone)))) == {Cause.COMPARED}
    slower = {"csat": metric(matures_after=timedelta(days=9))}
    found = causes(told(verdict(OPEN)), after(verdict(OVER), metrics=slower, method="2"))
    assert found[Cause.SETTINGS].names == ("matures_after: 0d -> 9d",)
    assert found[Cause.METHOD].names == ("1", "2")


def test_a_survey_that_changed_a_metric_that_came_and_one_that_went():
    gone = harm(Code.NOT_COMPARABLE, reason="New survey changed the measurement too near to the start")
    found = causes(told(verdict(OPEN)), after(verdict(gone)))
    assert found[Cause.MEASUREMENT].names == (gone.reason,)
    churn = replace(OPEN, metric="churn")
    assert set(causes(told(verdict(OPEN)), after(verdict(OPEN, churn)))) == {Cause.WATCHED}
    assert set(causes(told(verdict(OPEN, churn)), after(verdict(OPEN)))) == {Cause.UNWATCHED}


def test_a_stage_that_began_and_a_watch_that_ended():
    stage = {
        "code": Code.UNDECIDED, "so_far": OPEN.so_far, "limit": 0.01, "grade": Grade.CONTROLLED, "n_post": 9,
        "answers": 9.0,
    }  # fmt: skip
    stages = (StageHarm(scope="de", starts=START, **stage), StageHarm(scope="uk", starts=LATER, **stage))
    found = causes(told(verdict(replace(OPEN, stages=stages))), after(verdict(replace(OVER, stages=stages))))
    assert found[Cause.STAGE].names == ("uk",)
    assert Cause.WINDOW in causes(told(verdict(OPEN)), after(verdict(replace(OVER, closed=True))))


def test_a_history_from_before_reasons_were_kept_says_what_it_can():
    old, new = verdict(OPEN, headline="Too early"), verdict(OVER, headline="It fell", version=2, as_of=LATER)
    first, second = versions([old, new])
    assert (first.before, first.reasons[0].cause) == ("", Cause.FIRST)
    assert (second.before_headline, second.reasons[0].cause) == ("Too early", Cause.MORE_DAYS)
    assert not second.reasons[0].decisive
    assert before(first) == "nothing"
    same = versions([old, replace(old, version=2, as_of=LATER)])[1]
    assert (same.reasons[0].cause, turns(same, METRICS), why(same, METRICS)) == (
        Cause.UNRECORDED, (), ("why was not recorded",),
    )  # fmt: skip


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words(cause):
    names = ("pays", "costs_more", "controlled") if cause is Cause.PRICE else ("controlled", "disputed")
    one = replace(reasons(told(verdict(OPEN)), after(verdict(OVER)))[0], cause=cause, names=names)
    version = replace(versions([verdict(OPEN)])[0], reasons=(one,))
    (words,) = why(version, METRICS)
    assert words
    assert why(version, {})


codes = st.sampled_from([Code.HARMED, Code.WORSE, Code.UNDECIDED, Code.SAFE, Code.IMPROVED])


@given(was=codes, now=codes, recalled=codes, moved=st.booleans(), added=st.integers(0, 30))
def test_at_most_one_of_late_answers_and_later_days_is_decisive_and_a_turn_has_a_reason(
    was, now, recalled, moved, added
):
    old = replace(OPEN, code=was)
    new = replace(OPEN, code=now, n_post=OPEN.n_post + added)
    known = replace(old, code=recalled if moved else was, actual=0.84 if moved else old.actual)
    found = reasons(told(verdict(old)), after(verdict(new), recalled=[known]))
    assert found
    assert sum(r.decisive for r in found) <= 1
    if was is not now and (moved or added):
        assert found[0].cause in {Cause.REVISED, Cause.MORE_DAYS}
    if not moved:
        assert all(r.cause is not Cause.REVISED for r in found)
