"""Where a harm happens, in words that contradict neither the code nor each other."""

from dataclasses import replace

from word_examples import CSAT, REPLY, place, where

from cxmon import wording
from cxmon.model import WhereAnswer

HERE, ALIKE, OPEN = WhereAnswer.HERE, WhereAnswer.EVERYWHERE_ALIKE, WhereAnswer.CANNOT_SAY
PHONE = place("phone", 0.041, 0.020, 0.063, 0.006, 0.85)


def test_the_place_that_has_most_of_the_harm_and_the_rest():
    assert wording.placed(where(HERE, PHONE), CSAT) == (
        "CSAT, where: mostly phone, 4 points worse (range 2 to 6, 85 % of the harm), the rest 1 worse; "
        "12 segments looked at"
    )


def test_a_place_with_less_than_half_of_it_and_one_that_is_spared():
    some = replace(PHONE, share=0.4)
    spared = place("chat", 0.002, -0.013, 0.015, 0.03, 0.02)
    said = wording.placed(where(HERE, some, spared, not_looked_at=("fax",)), CSAT)
    assert said == (
        "CSAT, where: more than elsewhere in phone, 4 points worse (range 2 to 6, 40 % of the harm); "
        "less in chat, 0.2 points worse (range 1.3 better to 1.5 worse, 2 % of the harm); 12 segments looked at, "
        "1 more has too few answers or nothing to compare with"
    )


def test_alike_everywhere_is_an_answer_with_its_numbers():
    assert wording.placed(where(ALIKE), CSAT) == (
        "CSAT, where: everywhere alike, 2.6 points worse in all and no segment more than 1.9 above or below that; "
        "12 segments looked at"
    )
    slower = where(ALIKE, unit="%", whole=0.34, largest=0.23)
    assert "everywhere alike, 34 % slower in all and no segment more than 23 above or below that" in wording.placed(
        slower, REPLY
    )


def test_a_difference_just_below_the_harm_does_not_read_as_the_same():
    assert "2.60 points worse in all and no segment more than 2.59 above" in wording.placed(
        where(ALIKE, largest=0.02592, whole=0.026), CSAT
    )


def test_what_other_kinds_of_contacts_bring_is_told_apart():
    assert wording.placed(where(OPEN, largest=0.054, mixed=0.019), CSAT).endswith(
        "ruled out; apart from 2 points worse by different kinds of contacts; 12 segments looked at"
    )


def test_what_is_not_clear_says_what_is_not_ruled_out_and_what_is_not_known_says_why():
    assert wording.placed(where(OPEN, largest=0.054), CSAT) == (
        "CSAT, where: too little data to say where inside: 3 points worse in all and no segment stands out, but 5 "
        "above or below that is not "
        "ruled out; 12 segments looked at"
    )
    assert wording.placed(where(OPEN, reason="it is a level"), CSAT) == "CSAT, where: not known, it is a level"


def test_each_segment_has_a_line_with_its_share_of_harm_and_answers():
    other = place("chat", 0.01, -0.001, 0.021, 0.03, 0.15, named=False)
    assert wording.places(where(HERE, PHONE, other), CSAT) == [
        "phone: 4 points worse (range 2 to 6), 85 % of the harm with 30 % of the answers; stands out",
        "chat: 1.0 points worse (range 0.1 better to 2.1 worse), 15 % of the harm with 30 % of the answers",
    ]
