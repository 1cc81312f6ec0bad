"""How sure, in words: the grade, the second opinions, the ranks and the segments that are no witnesses."""

from dataclasses import replace

import pytest
from word_examples import CHANGE, CSAT, METRICS, REPLY, harm, verdict

from cxmon import wording
from cxmon.model import Agreement, Code, Grade, Grain, Interval, Method, Opinion, Placebo, Rank

SURE = harm(Code.HARMED, 0.022, 0.026, 0.030)


def opinion(agreement, low=-0.012, high=0.009, method=Method.BLOCKS):
    found = Interval(estimate=(low + high) / 2, low=low, high=high)
    return Opinion(method=method, found=found, agreement=agreement)


def disputed(grade=Grade.BEFORE_AFTER, **more):
    return replace(SURE, grade=grade, opinions=(opinion(Agreement.ACROSS_LIMIT, **more),))


def test_a_lowered_grade_says_what_was_compared_and_that_somebody_disagrees():
    assert wording.grade(disputed()) == "compared with untouched segments, but a second method disagrees"
    assert wording.grade(disputed(Grade.DISPUTED)) == "before and after only, but a second method disagrees"
    assert wording.grade(Grade.DISPUTED) == "before and after only, but a second method disagrees"
    assert wording.grade(replace(SURE, opinions=(opinion(Agreement.AGREES),))) == "compared with untouched segments"


def test_the_verdict_has_the_words_of_the_metric_that_carries_its_code_and_grade():
    held = replace(disputed(), metric="cost", code=Code.SAFE)
    assert wording.grade(verdict(disputed(), held)) == wording.grade(disputed())
    plain = replace(SURE, grade=Grade.BEFORE_AFTER)
    assert wording.grade(verdict(plain, held)) == "before and after only"


def test_only_what_has_evidence_has_a_grade():
    with pytest.raises(TypeError, match="found str, expected a Grade, Harm or Verdict"):
        wording.grade("controlled")


def test_who_disagrees_is_told_with_his_range():
    assert wording.disputes(CSAT, disputed()) == (
        "a t-test on whole weeks disagrees: it sees 1.2 points better to 0.9 points worse, "
        "on the other side of the limit"
    )
    gain = disputed(low=-0.012, high=-0.003, method=Method.STRUCTURAL)
    assert "a structural time-series model disagrees: it sees 0.3 to 1.2 points better" in wording.disputes(CSAT, gain)
    assert "it sees 0.2 to 0.9 points worse" in wording.disputes(CSAT, disputed(low=0.002))
    assert wording.disputes(CSAT, SURE) == ""


@pytest.mark.parametrize("why", sorted(set(Agreement) - {Agreement.AGREES, Agreement.UNKNOWN}))
def test_every_contradiction_has_words(why):
    assert wording.disputes(CSAT, replace(SURE, opinions=(opinion(why),))).startswith(
        "a t-test on whole weeks disagrees"
    )


def test_blocks_of_months_are_called_months():
    assert wording.method(Method.BLOCKS, Grain.MONTH) == "a t-test on whole months"
    assert wording.method(Method.BLOCKS, Grain.HOUR) == "a t-test on whole weeks"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], ""),
        ([Agreement.UNKNOWN], ""),
        ([Agreement.AGREES, Agreement.UNKNOWN], "another method agrees"),
        ([Agreement.AGREES, Agreement.AGREES], "two other methods agree"),
        ([Agreement.AGREES, Agreement.APART], "of two other methods one disagrees"),
        ([Agreement.APART, Agreement.UNKNOWN], "another method disagrees"),
        ([Agreement.APART, Agreement.OPPOSITE], "two other methods disagree"),
    ],
)
def test_who_else_was_asked(said, words):
    assert wording.seconded([opinion(x) for x in said]) == words


def test_segments_that_moved_are_named_once_in_the_sentence_and_in_the_story():
    both = [replace(SURE, controls_moved=("chat", "email"))], [replace(SURE, metric="cost", controls_moved=("email",))]
    told = wording.sentence(verdict(*both[0], *both[1]), CHANGE, METRICS)
    assert told.count("Of the untouched segments email and chat moved by themselves since then and count little") == 1
    assert "CSAT: of the untouched segments chat and email moved" in "\n".join(
        wording.story(verdict(*both[0]), CHANGE, METRICS)
    )
    assert wording.set_aside(()) == ""


def test_the_rank_is_said_with_the_least_chance_it_can_show():
    first = replace(SURE, rank=Rank(place=1, of=6))
    assert wording.unusual(CSAT, first) == (
        "the fall is the largest of 6 segments judged alike, each against its own noise "
        "(by chance 1 in 6, the least that 6 can show)"
    )
    third = replace(SURE, rank=Rank(place=3, of=6), placebo=Placebo(as_large=0, windows=40))
    assert wording.unusual(REPLY, third) == (
        "in 40 comparable windows without a change, a rise this large never happened; the rise is the third largest of "
        "6 segments judged alike, each against its own noise (by chance 3 in 6)"
    )
    late = replace(SURE, rank=Rank(place=5, of=6))
    assert wording.unusual(CSAT, late) == "4 of 5 untouched segments show as large a fall (by chance 5 in 6)"
    assert wording.unusual(CSAT, SURE) == ""


@pytest.mark.parametrize(("count", "said"), [(0, ""), (1, " and 1 more segment"), (2, " and 2 more segments")])
def test_one_more_segment_is_one(count, said):
    assert wording.more_segments(count) == said


def test_of_a_gain_the_rise_is_told():
    gain = harm(Code.IMPROVED, -0.03, -0.02, -0.01, rank=Rank(place=1, of=4))
    assert wording.unusual(CSAT, gain).startswith("the rise is the largest of 4 segments")


def test_windows_that_overlap_are_not_passed_off_as_so_many():
    told = wording.unusual(CSAT, replace(SURE, placebo=Placebo(as_large=0, windows=211, separate=7)))
    assert told.startswith("in 211 comparable windows without a change (7 that do not overlap), a ")
