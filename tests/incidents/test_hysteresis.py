"""What opens an incident is more than what keeps it: a watch recovers only where it is far from an alarm."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.incidents import Reason, decide, walk
from cxmon.model import EVERYONE, Ending, Finding, IncidentPolicy, IncidentState, State, Step
from cxmon.wording.reasons import worded

DAY0 = datetime(2026, 9, 1, tzinfo=UTC)
POLICY = IncidentPolicy(recover_after=3, unknown_after=5)
UNKNOWN = -1.0
# Heights as shares of an alarm: at 1 and beyond it is in breach; `UNKNOWN` is a look that knew nothing.
LOOKS = st.lists(st.sampled_from([UNKNOWN, 0.0, 0.3, 0.66, 0.7, 0.85, 0.99, 1.2, 3.0]), min_size=1, max_size=60)


def days(heights, first=0):
    return [
        Finding(
            check="drift", metric="csat", segment=EVERYONE, at=DAY0 + timedelta(days=first + day), reason=f"day {day}",
            state=State.UNKNOWN if h == UNKNOWN else State.BREACH if h > 1 else State.OK, score=max(h, 0.0),
            height=math.nan if h == UNKNOWN else h,
        )
        for day, h in enumerate(heights)
    ]  # fmt: skip


def reasons(heights, policy=POLICY):
    return [e.transition.reason.split(":")[0] for e in walk([], days(heights), policy, DAY0).events]


def test_at_four_fifths_of_an_alarm_it_has_not_recovered():
    assert reasons([1.2, 0.8, 0.8, 0.8, 0.8]) == ["opened", *["near_alarm"] * 4]
    assert reasons([1.2, 0.6, 0.5, 0.4]) == ["opened", "quiet_k_of_r", "quiet_k_of_r", "recovered"]


def test_quiet_looks_count_in_a_row():
    assert reasons([1.2, 0.6, 0.6, 0.7, 0.6, 0.6, 0.6])[-4:] == [
        "near_alarm", "quiet_k_of_r", "quiet_k_of_r", "recovered",
    ]  # fmt: skip


def test_the_bound_is_the_policys_and_one_is_how_it_was():
    assert reasons([1.2, 0.99, 0.99, 0.99], replace(POLICY, recover_below=1.0))[-1] == "recovered"
    assert reasons([1.2, 0.5, 0.5, 0.5], replace(POLICY, recover_below=0.5))[-1] == "near_alarm"


def test_a_check_that_knows_no_height_recovers_as_before():
    bare = [replace(f, height=math.nan) for f in days([1.2, 0.9, 0.9, 0.9])]
    assert walk([], bare, POLICY, DAY0).incidents[0].ending is Ending.RECOVERED


def test_why_says_what_it_takes():
    events = worded(walk([], days([1.2, 0.8]), POLICY, DAY0), POLICY, "day").events
    assert events[-1].transition.reason == (
        "near_alarm: not in alarm, but not quiet: a day counts as quiet below 67 % only; day 1"
    )


@pytest.mark.parametrize("ending", [Ending.CLOSED_UNKNOWN, Ending.ACCEPTED])
def test_an_end_of_another_kind_is_turned_by_calm_looks_only(ending):
    opened = walk([], days([1.2]), POLICY, DAY0).incidents[0]
    over = replace(opened, state=IncidentState.ENDED, ending=ending)
    for day in range(1, 10):
        over, told, reason = decide(over, days([0.8], day)[0], POLICY, DAY0)
        assert (over.ending, told, reason) == (ending, None, Reason.NEAR_ALARM)
    for day in range(10, 13):
        over, _, reason = decide(over, days([0.2], day)[0], POLICY, DAY0)
    assert reason is (Reason.KNOWN_RECOVERED if ending is Ending.CLOSED_UNKNOWN else Reason.ACCEPTED_USED_UP)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(LOOKS)
def test_every_recovery_follows_enough_calm_looks_and_never_a_look_near_an_alarm(heights):
    """Looks that knew nothing stand between and change nothing."""
    found = days(heights)
    for event in walk([], found, POLICY, DAY0).events:
        if event.transition.step is not Step.ENDED or event.incident.ending is not Ending.RECOVERED:
            continue
        known = [h for h, f in zip(heights, found, strict=True) if f.at <= event.finding.at and h != UNKNOWN]
        needed = POLICY.quiet_looks(event.incident.again)
        assert all(h < POLICY.recover_below for h in known[-needed:])
        assert len(known) > needed


@settings(max_examples=100, deadline=None, derandomize=True)
@given(LOOKS)
def test_less_to_recover_by_never_means_more_messages(heights):
    """Hysteresis takes messages away: who asks for calm hears of no more ends than who asks for no breach."""

    def ends(below):
        walked = walk([], days(heights), replace(POLICY, recover_below=below), DAY0)
        return sum(e.transition.step is Step.ENDED for e in walked.events)

    assert ends(2 / 3) <= ends(1.0) + heights.count(UNKNOWN) // POLICY.unknown_after


@settings(max_examples=60, deadline=None, derandomize=True)
@given(LOOKS, st.lists(st.integers(1, 7), min_size=1, max_size=20))
def test_days_together_or_one_by_one_end_alike(heights, steps):
    """A replay walks many days at once, a live run each as it comes: they decide the same."""
    found = days(heights)
    whole = walk([], found, POLICY, DAY0)
    known, told, at = {}, [], 0
    seen = None
    for step in [*steps, len(found)]:
        part = found[at : at + step]
        if not part:
            break
        walked = walk(tuple(known.values()), part, POLICY, DAY0, seen_through=seen)
        known |= {i.id: i for i in walked.incidents}
        told += [(e.transition.step, e.transition.reason) for e in walked.events]
        at, seen = at + step, part[-1].at
    assert told == [(e.transition.step, e.transition.reason) for e in whole.events]
    assert sorted(known.values(), key=lambda i: i.id) == sorted(whole.incidents, key=lambda i: i.id)
