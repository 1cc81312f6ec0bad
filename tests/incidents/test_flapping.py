"""A story that goes on and off is told so once, and then only when it is worse or stable."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.incidents import walk
from cxmon.model import EVERYONE, Ending, Finding, IncidentPolicy, IncidentState, Segment, State, Step
from cxmon.wording.reasons import worded

DAY0 = datetime(2026, 9, 1, tzinfo=UTC)
PHONE = Segment.of(channel="phone")
MARKS = {"B": State.BREACH, "W": State.BREACH, "o": State.OK, "?": State.UNKNOWN}
POLICY = IncidentPolicy(recover_after=2, flap_openings=3, flap_within=timedelta(days=28), unknown_after=5)
STABLE = POLICY.quiet_looks(1)


def at(day):
    return DAY0 + timedelta(days=day)


def days(marks, segment=EVERYONE, first=0):
    return [
        Finding(check="floor", metric="csat", segment=segment, at=at(first + day), state=MARKS[m], reason=f"day {day}",
                score=9.0 if m == "W" else 1.0)
        for day, m in enumerate(marks)
    ]  # fmt: skip


def told(walked):
    return [(e.transition.step, e.transition.reason.split(":")[0]) for e in walked.events if e.told]


def test_the_third_opening_says_that_it_goes_on_and_off_and_then_it_is_quiet():
    walked = walk([], days("BooBooBooBooBoo"), POLICY, at(99))
    assert told(walked) == [
        (Step.OPENED, "opened"),
        (Step.ENDED, "recovered"),
        (Step.OPENED, "opened"),
        (Step.ENDED, "recovered"),
        (Step.OPENED, "flapping"),
    ]
    last = walked.incidents[-1]
    assert (last.state, last.flaps) == (IncidentState.OPEN, 2)
    reasons = [e.transition.reason for e in worded(walked, POLICY, "day").events]
    (opened,) = [reason for reason in reasons if reason.startswith("flapping")]
    assert "opened 3 times within 28 days" in opened
    assert f"quiet for {STABLE} days" in opened


def test_it_is_told_when_it_is_clearly_worse_and_when_it_is_stable():
    walked = walk([], days("BooBooBooWoo" + "o" * (STABLE - 2)), POLICY, at(99))
    assert told(walked)[-2:] == [(Step.WORSENED, "worsened"), (Step.ENDED, "stable")]
    assert walked.incidents[-1].ending is Ending.RECOVERED


def test_what_came_back_long_ago_or_elsewhere_is_no_flapping():
    months = "Boo" + "o" * 27
    assert "flapping" not in {why for _, why in told(walk([], days(months * 4), POLICY, at(999)))}
    chat = Segment.of(channel="chat")
    both = days("BooBoo", PHONE) + days("oooooo", chat) + days("ooo", PHONE, 6) + days("Boo", chat, 6)
    assert "flapping" not in {why for _, why in told(walk([], both, POLICY, at(99)))}


def test_a_part_that_flaps_makes_its_whole_flap():
    parts = days("BooBoo", PHONE) + days("Boo", EVERYONE, 6)
    assert told(walk([], parts, POLICY, at(99)))[-1] == (Step.OPENED, "flapping")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text("BBoo?", min_size=1, max_size=60))
def test_messages_are_few_however_it_swings(marks):
    """After the damping each further opening needs `STABLE` quiet looks before it."""
    walked = walk([], days(marks), POLICY, at(999))
    openings = [e for e in walked.events if e.transition.step is Step.OPENED]
    ends = [e for e in walked.events if e.transition.step is Step.ENDED]
    windows = len(marks) // 28 + 1
    assert len(openings) <= (POLICY.flap_openings - 1) * windows + len(marks) // (STABLE + 1) + 1
    assert len(ends) <= len(openings) + sum(e.transition.step is Step.REOPENED for e in walked.events)
    for event in ends:
        if event.incident.flaps and event.incident.ending is Ending.RECOVERED:
            assert event.incident.quiet >= STABLE


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.text("BBoo?", min_size=1, max_size=30))
def test_one_walk_damps_as_a_run_each_day_does(marks):
    known, by_day = {}, []
    findings = days(marks)
    for day in range(len(marks)):
        done = walk(list(known.values()), [findings[day]], POLICY, at(day), seen_through=at(day - 1) if day else None)
        known |= {i.id: i for i in done.incidents}
        by_day += told(done)
    assert by_day == told(walk([], findings, POLICY, at(999)))


def lasting(marks, since, first=0):
    """As `days`, of a check that says since when: what it finds later began on the day `since`, too."""
    return [replace(f, since=at(since) if f.state is State.BREACH else None) for f in days(marks, first=first)]


def test_what_began_before_it_was_called_recovered_is_the_same_story_and_no_second_one():
    walked = walk([], lasting("BoooB", since=-9), replace(POLICY, recover_after=3), at(99))
    assert told(walked) == [(Step.OPENED, "opened"), (Step.ENDED, "recovered"), (Step.REOPENED, "came_back")]
    (incident,) = walked.incidents
    assert (incident.state, incident.reopened, incident.since, incident.flaps) == (IncidentState.OPEN, 1, at(-9), 0)
    (last,) = [e.transition.reason for e in worded(walked, POLICY, "day").events if e.transition.step is Step.REOPENED]
    assert last.startswith("came_back: in alarm again, and it began before it was called recovered: it had not ended")


def test_it_is_the_same_story_in_the_next_run_too_and_not_after_the_time_in_which_stories_flap():
    policy = replace(POLICY, recover_after=3)
    ended = walk([], lasting("Booo", since=-9), policy, at(3)).incidents
    again = walk(ended, lasting("B", since=-9, first=4), policy, at(4), seen_through=at(3))
    assert told(again) == [(Step.REOPENED, "came_back")]
    late = walk(ended, lasting("B", since=-9, first=40), policy, at(40), seen_through=at(3))
    assert told(late) == [(Step.OPENED, "opened")]


def test_what_was_called_recovered_too_soon_takes_longer_to_end():
    policy = replace(POLICY, recover_after=3, stable_after=None)
    walked = walk([], lasting("BoooBooooooo", since=-9), policy, at(99))
    assert told(walked)[-1] == (Step.ENDED, "recovered")
    # Three quiet looks ended it at first, six after it came back.
    ends = [e for e in worded(walked, policy, "day").events if e.transition.step is Step.ENDED]
    assert [e.finding.at for e in ends] == [at(3), at(10)]
    assert ["quiet for 3 days" in ends[0].transition.reason, "quiet for 6 days" in ends[1].transition.reason] == [
        True, True,
    ]  # fmt: skip


def test_what_began_after_the_end_is_a_story_of_its_own():
    assert told(walk([], [*lasting("Booo", since=-9), *lasting("B", since=4, first=4)], POLICY, at(99)))[-1] == (
        Step.OPENED, "opened",
    )  # fmt: skip


def test_a_story_that_comes_back_again_and_again_goes_on_and_off():
    walked = walk([], lasting("BooBooooBoo", since=-9), POLICY, at(99))
    assert told(walked)[-1] == (Step.REOPENED, "flapping")
    assert walked.incidents[-1].flaps == 2
