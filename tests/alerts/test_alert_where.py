"""Where it happens and what it is made of: every message that lasts answers both, if only that it cannot be said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from alert_samples import ALIKE, NOW, OTHER, PHONE_EU, SERVICE, finding, harm, incident, of_incident, told, verdict

from cxmon.model import EVERYONE, RED, Code, Ending, Grade, IncidentState, Place, Segment, Unsplit, WhereAnswer
from cxmon.wording.messages import MAY_HAVE_BEGUN, NONE_NEAR, NOT_THE_CAUSE

LABEL = "Service or contacts"
PHONE = Place(
    segment=Segment.of(channel="phone"), harm=0.041, low=0.03, high=0.052, own=0.042, rest=0.006, share=0.85,
    volume=0.3, answers=900.0, p_value=0.001, named=True,
)  # fmt: skip
OPEN = replace(ALIKE, answer=WhereAnswer.CANNOT_SAY, largest=0.054)


def fact(message, label):
    return next((f.text for f in message.facts if f.label == label), None)


def where(kind="watch", inside=ALIKE, **more):
    everyone = finding(segment=EVERYONE)
    given = {"kinds": replace(SERVICE, where=inside)} | more
    return fact(of_incident(incident(everyone, **given), found=everyone, check_type=kind), "Where")


def test_where_all_fare_alike_with_power_enough_that_is_said():
    assert where() == (
        "all customers; everywhere alike, no segment more than 1.9 points above or below it; 12 segments compared"
    )


def test_where_a_segment_stands_out_it_is_named_and_where_none_can_it_says_so():
    assert where(inside=replace(ALIKE, answer=WhereAnswer.HERE, places=(PHONE,))).startswith(
        "all customers; mostly phone, 4.1 points worse (range 3.0 to 5.2, 85 % of the harm), the rest 0.6 worse"
    )
    assert where(inside=OPEN, members=(EVERYONE, PHONE_EU)) == (
        "all customers; too little data to say where inside: no segment stands out, but 5 points above or below it is "
        "not ruled out; 12 segments compared; in alarm by themselves too: phone · eu"
    )


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (Unsplit.ONE_PART, "nothing finer is stored"),
        (Unsplit.OVERLAP, "not compared inside, its segments overlap"),
        (Unsplit.CROWD, "not compared inside, too many were found at once"),
        (Unsplit.TOO_NEW, "too little data to say where inside"),
        (None, "too little data to say where inside"),
    ],
)
def test_where_nothing_was_compared_that_is_said(why, said):
    assert where(kinds=replace(SERVICE, split=None, why=why, where=None)) == (f"all customers; {said}")


def test_checks_that_compare_nothing_and_ends_name_their_segments_alone():
    assert where("funnel") == where("threshold") == "all customers"
    over = {"state": IncidentState.ENDED, "ending": Ending.RECOVERED, "ended_at": NOW}
    assert where("watch", **over) == "all customers"


@pytest.mark.parametrize("code", list(Code))
def test_every_verdict_answers_service_or_contacts(code):
    harms = (harm(code=code),)
    for unsplit in ((("csat", why.value),) for why in Unsplit):
        answer = fact(told(verdict(code, harms, unsplit=unsplit)), LABEL)
        assert answer
        assert answer.startswith(("Worse service, ", "Not other contacts: ", "Cannot say: "))
        # That service is worse is said of a harm only.
        assert code in RED or not answer.startswith("Worse service")
    assert fact(told(verdict(code, harms, unsplit=())), LABEL).startswith("Cannot say: ")


def test_a_verdict_says_what_part_is_other_contacts_or_that_they_stayed_the_same():
    split = replace(SERVICE.split, grade=Grade.CONTROLLED)
    of_two = fact(told(replace(verdict(), splits=(split,))), LABEL)
    assert of_two.startswith("Worse service, not other contacts: CSAT, all customers: 3.2 points worse than expected")
    alike = "the share of contacts that it touches moved by less than a tenth"
    assert fact(told(verdict()), LABEL) == (
        f"Worse service, as far as is known: {alike}; kinds inside it were not compared"
    )
    assert fact(told(verdict(Code.IMPROVED)), LABEL).startswith("Not other contacts: the share of ")


@pytest.mark.parametrize(
    ("mixed", "said"),
    [
        (0.0, "Worse service, not other contacts: {}; no shift of kinds inside it is shown"),
        (0.004, "Partly worse service, partly other kinds of contacts: 0.4 points worse {}"),
        (0.05, "Mostly other kinds of contacts: 5.0 points worse {}"),
        (-0.004, "Worse service, not other contacts: 0.4 points better {}"),
    ],
)
def test_a_verdict_says_what_other_kinds_of_contacts_bring_inside_what_it_touches(mixed, said):
    alike = "the share of contacts that it touches moved by less than a tenth"
    inside = f"by different kinds of contacts inside what it touches, beyond chance; {alike}"
    answer = fact(told(replace(verdict(), where=(replace(ALIKE, mixed=mixed),))), LABEL)
    assert answer == said.format(inside if mixed else alike)
    unknown = replace(ALIKE, mixed=mixed, reason="no two segments can be compared")
    assert fact(told(replace(verdict(), where=(unknown,))), LABEL).startswith("Worse service, as far as is known: ")


def test_where_it_may_have_begun_weeks_before_the_changes_of_those_weeks_are_named():
    """ "None" would be wrong beside a range that holds one."""
    begins = OTHER.change.starts
    since = begins + timedelta(days=30)

    def near_by(*began):
        found = finding(since=since, at=since + timedelta(days=3), began=began or None)
        return fact(of_incident(incident(found), found=found), "Declared near by")

    assert near_by() == near_by(begins + timedelta(days=1), since) == NONE_NEAR
    named = near_by(begins, since)
    assert named == f"{MAY_HAVE_BEGUN}{OTHER.change.title} (18 Oct, all customers){NOT_THE_CAUSE}"
