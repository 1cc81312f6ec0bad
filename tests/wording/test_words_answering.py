"""The response rate in words, and why a metric cannot be compared."""

import math
from dataclasses import replace

import pytest
from word_examples import CHANGE, METRICS, harm, verdict

from cxmon import wording
from cxmon.model import Code, Grade, ResponseRate, Unlike

CSAT = METRICS["csat"]
FEWER = "response rate fell to 52.1 %, 60.1 % expected (6.2 to 9.8 points fewer)"
GONE = f"{FEWER}; whatever the missing answers would have said"
WIDE = (
    "11 better to 4 worse: too wide for a verdict; what those who answered say holds if the others lie at most 12 "
    "points from them"
)
SOME = "(1.0 points fewer to 1.4 more); whatever the additional answers say, 3 better to 12 worse"
STABLE = ResponseRate(of="solved", actual=0.602, expected=0.6, low=-0.01, high=0.014, asked=14000.0)
UNSURE = replace(STABLE, bounds=(-0.03, 0.12))
FELL = replace(STABLE, actual=0.521, expected=0.601, low=-0.098, high=-0.062, missing=0.158)
OVER = harm(Code.HARMED, 0.042, 0.05, 0.06, response_rate=replace(FELL, bounds=(0.02, 0.19)))
APART = harm(
    Code.NOT_COMPARABLE, -0.085, -0.07, -0.05, response_rate=replace(FELL, bounds=(-0.11, 0.04)),
    unlike=Unlike.ANSWERS, reason="fewer answered than expected",
)  # fmt: skip


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (harm(Code.SAFE, 0, 0, 0.01), ""),
        (harm(Code.SAFE, 0, 0, 0.01, response_rate=STABLE), "response rate 60.2 %, 60.0 % expected"),
        (
            OVER,
            f"{GONE}, 2.0 to 19.0 points worse: the verdict is the same",
        ),
        (
            APART,
            f"{GONE}, 11 better to 4 worse: too wide for a verdict",
        ),
        (
            replace(APART, response_rate=replace(APART.response_rate, differ=0.2, holds_to=0.1279)),
            f"{FEWER}; if the missing answers lie at most 20 points from the others, as declared, {WIDE}",
        ),
        (
            replace(OVER, code=Code.WORSE),
            f"{GONE}, 2.0 to 19.0 points worse: no more than that is sure; those who answered are 5.0 points worse",
        ),
        (
            replace(OVER, code=Code.UNDECIDED, response_rate=UNSURE),
            f"response rate 60.2 %, 60.0 % expected, not known well enough yet {SOME}: too wide for a verdict yet",
        ),
        (
            harm(Code.WAITING, response_rate=replace(FELL, actual=0.66, low=0.04, high=0.07)),
            "response rate rose to 66.0 %, 60.1 % expected (4.0 to 7.0 points more)",
        ),
        (
            harm(Code.SAFE, response_rate=replace(STABLE, actual=math.nan, reason="no figures of Solved yet")),
            "response rate not known: no figures of Solved yet",
        ),
    ],
)
def test_the_rate_is_told_as_far_as_it_is_known(what, said):
    assert wording.responded(what, CSAT) == said


def test_a_rate_stands_in_the_story_and_in_the_sentence_only_where_it_moved():
    calm = verdict(harm(Code.SAFE, -0.002, 0.004, 0.007, response_rate=STABLE))
    assert "CSAT: response rate 60.2 %, 60.0 % expected" in wording.story(calm, CHANGE, METRICS)
    assert "response rate" not in wording.sentence(calm, CHANGE, METRICS)
    assert "CSAT: response rate fell to 52.1 %" in wording.sentence(verdict(OVER), CHANGE, METRICS)
    held = replace(OVER, code=Code.UNDECIDED, response_rate=UNSURE)
    assert "not known well enough yet" in wording.sentence(verdict(held), CHANGE, METRICS)
    assert wording.screen(held)[0] == "Too early"
    assert not any("response rate" in line for line in wording.beside(verdict(OVER), METRICS, moved=False))


def test_a_harm_that_only_the_missing_make_possible_does_not_contradict_its_range():
    held = harm(Code.UNDECIDED, -0.01, 0.0, 0.008, response_rate=UNSURE)
    assert "up to 12.0 points worse is still possible (range 1.0 better to 0.8 worse among those who answered" in (
        wording.line(held, CSAT)
    )
    calm = harm(Code.UNDECIDED, -0.01, 0.0, 0.008, response_rate=STABLE)
    assert "among" not in wording.line(calm, CSAT)
    assert "among" not in wording.line(replace(OVER, code=Code.IMPROVED), CSAT)


def test_what_the_missing_could_turn_says_what_those_who_answered_say_and_how_bad_it_may_be():
    line = wording.line(APART, CSAT)
    assert line.startswith(
        "CSAT: Fewer answers, cannot compare (not_comparable): fewer answered than expected; those who"
    )
    assert "answered are 7.0 points better (range 5.0 to 8.5)" in line
    assert wording.largest(CSAT, APART) == "up to 4.0 points worse is still possible"
    assert wording.largest(CSAT, OVER) == "up to 19.0 points worse is still possible"


@pytest.mark.parametrize(
    ("unlike", "rate", "words"),
    [
        (Unlike.MEASUREMENT, None, "Survey changed, cannot compare"),
        (Unlike.VANISHED, None, "No figures since, cannot compare"),
        (Unlike.ANSWERS, FELL, "Fewer answers, cannot compare"),
        (Unlike.ANSWERS, replace(FELL, low=0.06, high=0.09), "More answers, cannot compare"),
        (None, None, "Cannot compare"),
    ],
)
def test_why_a_metric_cannot_be_compared_is_its_words(unlike, rate, words):
    one = harm(Code.NOT_COMPARABLE, unlike=unlike, response_rate=rate, grade=Grade.BEFORE_AFTER)
    assert wording.screen(one)[0] == wording.screen(verdict(one))[0] == words
    other = replace(one, metric="cost", unlike=Unlike.VANISHED)
    both = wording.screen(verdict(one, other))[0]
    assert both == (words if unlike is Unlike.VANISHED else "Cannot compare")
