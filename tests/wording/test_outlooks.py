"""An outlook in words: never more than was found out."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from cxmon.model import Amount, Answer, Better, Category, Change, Grade, Grain, Kind, Metric, Outlook, Read
from cxmon.wording import outlooks as wording

START = datetime(2026, 9, 1, tzinfo=UTC)
CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, source="desk", read=Read(time="day"),
    matters=Amount(0.01, relative=False, text="1pt"),
)  # fmt: skip
SOON = Answer(days=19, on=date(2026, 9, 20), chance=0.9, smallest=0.011)
NEVER = Answer(days=None, on=None, chance=0.499, smallest=0.02301, longer_tried=True)
CHANGE = Change(id="cut", title="Cut", category=Category.COST_CUT, starts=START, owner="Operations")


def outlook(**more) -> Outlook:
    given = {
        "metric": "csat", "scope": "phone", "unit": "pt", "limit": 0.02, "horizon_days": 90, "wait_days": 2.0,
        "confidence": 0.92, "starts": START, "known_until": START, "typical_n": 140.0, "level": 0.82, "spread": 0.03,
        "n_pre": 300, "grade": Grade.CONTROLLED, "controls": ("chat", "email"), "seen": SOON, "ruled_out": SOON,
    }  # fmt: skip
    return Outlook(**(given | more))


def test_what_is_within_the_horizon_is_a_day():
    assert wording.outlook(CSAT, outlook()) == [
        "CSAT, phone: 140 answers a day, lately 82.0 %, compared with 2 untouched segments.",
        "A fall of 2 points would be seen after about 19 days (20 Sep).",
        "If nothing gets worse, it is ruled out after about 19 days (20 Sep).",
    ]


def test_answers_are_told_by_the_period_of_the_metric():
    hourly = replace(CSAT, grain=Grain.HOUR)
    assert wording.outlook(hourly, outlook())[0].startswith("CSAT, phone: 140 answers an hour, lately")


def test_a_level_has_no_answers_behind_it():
    contacts = replace(CSAT, id="contacts", label="Contacts", kind=Kind.LEVEL)
    found = outlook(metric="contacts", unit="%", typical_n=1.0, level=801.0)
    assert wording.outlook(contacts, found)[0] == "Contacts, phone: lately 801, compared with 2 untouched segments."
    assert wording.row(contacts, found)[2] == ""


@pytest.mark.parametrize(
    ("more", "advice"),
    [
        ({}, " Even a watch of a year would probably not see it."),
        ({"days_with_longer": 140}, " A watch of a year would see it after about 140 days."),
        ({"longer_tried": False}, ""),
    ],
)
def test_what_is_not_is_a_chance_below_one_half_and_a_harm_rounded_up(more, advice):
    late = Answer(**(vars(NEVER) | more))
    _, seen, _ = wording.outlook(CSAT, outlook(seen=late))
    said = "A fall of 2 points would probably not be seen within the 90 days watched (chance 49 %)"
    assert seen == f"{said}; one of 2.4 points would.{advice}"


@pytest.mark.parametrize(
    ("chance", "said"), [(0.0, "under 1 %"), (0.0099, "under 1 %"), (0.01, "1 %"), (0.4999, "49 %")]
)
def test_a_chance_is_never_said_to_be_nothing(chance, said):
    assert wording.row(CSAT, outlook(seen=Answer(days=None, on=None, chance=chance, smallest=0.03)))[4] == (
        f"not in 90 days (chance {said})"
    )


def test_one_that_cannot_be_said_keeps_nobody_from_the_others():
    none = outlook(seen=None, ruled_out=None, scope="chat", reason="no complete figures of CSAT before the start")
    assert wording.outlook(CSAT, none) == [
        "CSAT, chat: nothing can be said, no complete figures of CSAT before the start."
    ]
    lines = wording.planned(CHANGE, [outlook(), none], {"csat": CSAT}, "UTC")
    assert lines[1:] == [
        "Where harm just reaches its limit, it is seen after about 19 days.",
        "Nothing can be said of CSAT (chat).",
    ]
    assert wording.remarks_on_plan([none], {"csat": CSAT}, "UTC") == []


def test_all_limits_are_known_when_the_last_one_is():
    later = outlook(scope="chat", ruled_out=Answer(days=30, on=date(2026, 10, 1), chance=0.8, smallest=0.01))
    lines = wording.planned(CHANGE, [outlook(), later], {"csat": CSAT}, "UTC")
    assert (
        lines[2] == "If nothing gets worse, all limits are known to hold after about 30 days; CSAT (chat) comes last."
    )
