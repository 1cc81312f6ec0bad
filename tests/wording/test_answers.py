"""What was decided and which fix answers what, in words."""

from dataclasses import replace
from datetime import timedelta

from word_examples import CHANGE, NOW, harm, verdict

from cxmon import wording
from cxmon.model import Code, Decision, Response, Status

FIX = replace(CHANGE, id="fix", title="Saturday desk", starts=NOW - timedelta(days=20), responds_to="five")
SAID = Response(subject="five", decision=Decision.ROLL_BACK, by="Operations", why="harm", at=NOW - timedelta(days=30))
VERDICTS = {
    "five": verdict(harm(Code.HARMED, 0.02, 0.03, 0.04)),
    "fix": replace(verdict(harm(Code.IMPROVED, -0.04, -0.03, -0.02)), change="fix"),
}


def test_a_fix_and_what_it_answers_stand_in_each_others_story():
    known = [CHANGE, FIX, replace(FIX, id="draft", status=Status.DRAFT)]
    assert wording.fixes("five", known, VERDICTS, now=NOW) == ["Answered by Saturday desk, since 3 Nov: Better"]
    ahead = replace(FIX, starts=NOW + timedelta(days=5))
    assert wording.fixes("five", [ahead], {}, now=NOW) == ["Answered by Saturday desk, from 28 Nov on: not judged yet"]
    assert wording.answers_to(FIX, known, VERDICTS) == "Answers Tier-1 chat outsourced: Over the limit"
    assert wording.answers_to(CHANGE, known, VERDICTS) == ""
    assert wording.answers_to(replace(FIX, responds_to="i7"), known, VERDICTS) == "Answers i7"


def test_what_cannot_be_separated_is_named_by_its_title():
    other = replace(FIX, id="saturday", title="New roster", responds_to=None)
    apart = {"five": verdict(harm(Code.ENTANGLED, 0.0, 0.01, 0.03, entangled_with=("saturday",)))}
    said = "Cannot be separated from New roster"
    assert wording.answers_to(FIX, iter([CHANGE, FIX, other]), apart) == f"Answers Tier-1 chat outsourced: {said}"
    told = wording.fixes("five", iter([CHANGE, FIX, other]), {"fix": apart["five"]}, now=NOW)
    assert told == [f"Answered by Saturday desk, since 3 Nov: {said}"]


def test_a_response_says_until_when_by_whom_and_how_it_stands():
    assert wording.answers("five", [SAID], [], now=NOW) == ["Roll back (Operations): harm"]
    due = replace(SAID, due=NOW - timedelta(days=5), owner="Planning")
    assert wording.answers("five", [due], [], now=NOW) == [
        "Roll back by 18 Nov (Planning), overdue by 5 days, and no fix has begun: harm"
    ]
    assert wording.answers("five", [due], [FIX], now=NOW) == [
        "Roll back by 18 Nov (Planning), Saturday desk has begun: harm"
    ]
    kept = replace(due, decision=Decision.KEEP)
    assert wording.answers("five", [kept], [], now=NOW) == [
        "Keep, look again by 18 Nov (Planning), overdue by 5 days, and not answered again: harm"
    ]
    ahead = replace(SAID, due=NOW + timedelta(days=5))
    assert wording.answers("five", [ahead, due], [], now=NOW, late=True) == wording.answers("five", [due], [], now=NOW)
