"""The life of an incident: each decision by name, and the laws that hold for every sequence of findings."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cxmon.incidents import Reason, decide, incident_id, join, merge
from cxmon.model import EVERYONE, Ending, Finding, Incident, IncidentPolicy, IncidentState, Segment, State, Step

DAY0 = datetime(2026, 9, 1, tzinfo=UTC)
PHONE = Segment.of(channel="phone")
MARKS = {"B": State.BREACH, "o": State.OK, "?": State.UNKNOWN}


def found(day: int, mark: str, score: float = 1.0, segment: Segment = PHONE) -> Finding:
    at = DAY0 + timedelta(days=day)
    return Finding(
        check="floor",
        metric="csat",
        segment=segment,
        at=at,
        state=MARKS[mark],
        reason=f"day {day}",
        value=0.7,
        expected=0.8,
        low=0.68,
        high=0.72,
        n=400,
        score=score,
    )


def walk(marks: str, policy: IncidentPolicy, incident: Incident | None = None, day: int = 0):
    """Every (incident, transition, reason) along a string of looks."""
    seen = []
    for offset, mark in enumerate(marks):
        finding = found(day + offset, mark)
        incident, transition, reason = decide(incident, finding, policy, finding.at + timedelta(days=1))
        seen.append((incident, transition, reason))
    return seen


@pytest.mark.parametrize(
    ("marks", "k", "n", "opens_on"),
    [
        ("B", 1, 1, 0),
        ("oB", 2, 3, None),
        ("BB", 2, 3, 1),
        ("BoB", 2, 3, 2),
        ("BooB", 2, 3, None),
        ("BoBo", 3, 3, None),
        ("B?B", 2, 3, 2),
        ("B??B", 2, 3, None),
        ("BooBB", 3, 5, 4),
        ("BoooBBB", 3, 5, 6),
    ],
)
def test_an_incident_opens_exactly_when_k_of_the_last_n_looks_are_in_breach(marks, k, n, opens_on):
    seen = walk(marks, IncidentPolicy(breaches=k, of=n))
    opened = [day for day, (_, transition, _) in enumerate(seen) if transition and transition.step is Step.OPENED]
    assert opened == ([] if opens_on is None else [opens_on])
    assert all(reason is Reason.OPENED for day, (_, _, reason) in enumerate(seen) if day in opened)


def test_a_breach_that_is_not_enough_says_how_many_it_has_and_needs():
    (pending, transition, reason), *_ = walk("B", IncidentPolicy(breaches=2, of=3))
    assert (pending.state, transition, reason) == (IncidentState.PENDING, None, Reason.NOT_YET_K_OF_N)


def test_unknown_never_opens_even_when_the_count_is_reached_without_it():
    seen = walk("B???", IncidentPolicy(breaches=1, of=1))
    assert seen[0][2] is Reason.OPENED
    assert walk("????", IncidentPolicy())[-1][:2] == (None, None)
    pending = walk("B?", IncidentPolicy(breaches=2, of=3))
    assert pending[-1][2] is Reason.UNKNOWN_OPENS_NOTHING


def test_it_recovers_after_enough_quiet_looks_and_a_breach_between_starts_the_count_again():
    reasons = [reason for _, _, reason in walk("BooBooo", IncidentPolicy(recover_after=3))]
    quiet, still = Reason.QUIET_K_OF_R, Reason.STILL_BREACH_NOT_CLEARLY_WORSE
    assert reasons == [Reason.OPENED, quiet, quiet, still, quiet, quiet, Reason.RECOVERED]


def test_unknown_keeps_it_open_then_closes_it_as_unknown_and_the_next_breach_reopens_the_same_one():
    seen = walk("B???B", IncidentPolicy(unknown_after=3))
    assert [r for _, _, r in seen] == [
        Reason.OPENED,
        Reason.UNKNOWN_KEEPS,
        Reason.UNKNOWN_KEEPS,
        Reason.CLOSED_UNKNOWN,
        Reason.REOPENED,
    ]
    assert seen[3][0].ending is Ending.CLOSED_UNKNOWN
    assert seen[4][0].id == seen[0][0].id
    assert (seen[4][0].reopened, seen[4][0].ended_at, seen[4][0].state) == (1, None, IncidentState.OPEN)


def test_quiet_looks_after_an_unknown_end_correct_it_to_recovered_and_the_next_breach_is_a_new_incident():
    policy = IncidentPolicy(unknown_after=2, recover_after=2)
    seen = walk("B??ooB", policy)
    assert seen[4][1].step is Step.CORRECTED
    assert seen[4][0].ending is Ending.RECOVERED
    assert seen[5][2] is Reason.OPENED
    assert seen[5][0].id != seen[0][0].id


def test_it_is_told_again_only_when_clearly_worse_both_relatively_and_absolutely():
    policy = IncidentPolicy(notify_again_ratio=1.5, notify_again_score=1.0)
    incident, _, _ = decide(None, found(0, "B", 4.0), policy, DAY0)
    for day, (score, worse) in enumerate([(5.9, False), (6.0, True), (8.9, False), (math.nan, False), (9.0, True)], 1):
        incident, transition, reason = decide(incident, found(day, "B", score), policy, DAY0)
        assert (reason is Reason.WORSENED) is worse
        assert (transition is not None) is worse
    small, _, _ = decide(None, found(0, "B", 0.2), policy, DAY0)
    assert decide(small, found(1, "B", 1.1), policy, DAY0)[2] is Reason.STILL_BREACH_NOT_CLEARLY_WORSE
    assert decide(small, found(1, "B", 1.2), policy, DAY0)[2] is Reason.WORSENED


def test_the_same_period_twice_is_one_decision():
    policy = IncidentPolicy()
    incident, _, _ = decide(None, found(3, "B"), policy, DAY0)
    for mark in "Bo?":
        assert decide(incident, found(3, mark), policy, DAY0) == (incident, None, Reason.DUPLICATE_PERIOD)


def test_an_accepted_level_stays_quiet_until_it_is_clearly_worse():
    policy = IncidentPolicy(recover_after=2)
    opened, _, _ = decide(None, found(0, "B", 2.0), policy, DAY0)
    accepted = replace(opened, state=IncidentState.ENDED, ending=Ending.ACCEPTED, ended_at=DAY0)
    same, transition, reason = decide(accepted, found(1, "B", 2.4), policy, DAY0)
    assert (same.state, transition, reason) == (IncidentState.ENDED, None, Reason.ACCEPTED_LEVEL)
    worse, transition, reason = decide(same, found(2, "B", 3.5), policy, DAY0)
    assert (reason, worse.id != opened.id, transition.step) == (Reason.OPENED, True, Step.OPENED)


def test_an_acceptance_is_used_up_once_the_level_was_better_for_long_enough():
    policy = IncidentPolicy(recover_after=2)
    opened, _, _ = decide(None, found(0, "B", 2.0), policy, DAY0)
    accepted = replace(opened, state=IncidentState.ENDED, ending=Ending.ACCEPTED, ended_at=DAY0)
    seen = walk("ooB", policy, accepted, day=1)
    assert [r for _, _, r in seen] == [Reason.QUIET_K_OF_R, Reason.ACCEPTED_USED_UP, Reason.OPENED]


def test_the_id_is_made_of_content_and_not_of_the_moment_of_the_run():
    policy = IncidentPolicy()
    one, _, _ = decide(None, found(0, "B"), policy, DAY0 + timedelta(days=1))
    two, _, _ = decide(None, found(0, "B"), policy, DAY0 + timedelta(days=9))
    assert one.id == two.id == incident_id("floor", "csat", PHONE, DAY0)
    assert one.id != decide(None, found(0, "B", segment=EVERYONE), policy, DAY0)[0].id


def test_series_that_open_together_are_one_incident_that_began_when_its_root_did():
    policy = IncidentPolicy()
    phone, _, _ = decide(None, replace(found(5, "B"), since=DAY0 + timedelta(days=2)), policy, DAY0)
    everyone, _, _ = decide(None, found(5, "B", segment=EVERYONE), policy, DAY0)
    one = merge([phone, everyone], PHONE)
    assert (one.id, one.members, one.since) == (phone.id, (EVERYONE, PHONE), DAY0 + timedelta(days=2))


def test_joining_widens_once_and_says_by_what():
    incident, _, _ = decide(None, found(0, "B"), IncidentPolicy(), DAY0)
    wider, transition = join(incident, [found(1, "B", segment=EVERYONE), found(1, "B")], DAY0)
    assert wider.members == (EVERYONE, PHONE)
    assert (transition.step, transition.reason) == (Step.WIDENED, "joined: all customers")
    assert join(wider, [found(2, "B", segment=EVERYONE)], DAY0) == (wider, None)


class Life(RuleBasedStateMachine):
    """Any findings in any order, under one policy: what the store may ever see of one series."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = IncidentPolicy(breaches=2, of=3, recover_after=2, unknown_after=3)
        self.incident: Incident | None = None
        self.day = 0
        self.told: dict[str, list[Step]] = {}

    @rule(mark=st.sampled_from("Bo?"), score=st.floats(0, 20), again=st.booleans())
    def look(self, mark: str, score: float, again: bool) -> None:
        before, day = self.incident, self.day if again else self.day + 1
        finding = found(day, mark, score)
        self.incident, transition, reason = decide(before, finding, self.policy, finding.at)
        assert isinstance(reason, Reason)
        if again and before is not None:
            assert (self.incident, transition) == (before, None)
        if mark == "?":
            assert transition is None or reason is Reason.CLOSED_UNKNOWN
            assert self.incident is None or self.incident.ending is not Ending.RECOVERED or self.incident == before
        if transition is not None:
            self.told.setdefault(transition.incident, []).append(transition.step)
        self.day = day

    @rule()
    def a_person_acknowledges(self) -> None:
        if self.incident is not None and self.incident.state is IncidentState.OPEN:
            self.incident = replace(self.incident, state=IncidentState.ACKNOWLEDGED, acknowledged_by="Operations")

    @rule()
    def a_person_accepts(self) -> None:
        if self.incident is not None and self.incident.state in {IncidentState.OPEN, IncidentState.ACKNOWLEDGED}:
            at = DAY0 + timedelta(days=self.day)
            self.incident = replace(
                self.incident, state=IncidentState.ENDED, ending=Ending.ACCEPTED, ended_at=at, quiet=0
            )
            self.told[self.incident.id].append(Step.ENDED)

    @invariant()
    def every_story_begins_with_opened_and_alternates_with_its_ends(self) -> None:
        for steps in self.told.values():
            assert steps[0] is Step.OPENED
            assert steps.count(Step.OPENED) == 1
            ends = [s for s in steps if s in {Step.OPENED, Step.ENDED, Step.REOPENED}]
            for before, after in pairwise(ends):
                assert (before is Step.ENDED) is (after is Step.REOPENED)

    @invariant()
    def at_most_one_story_is_open(self) -> None:
        is_open = {
            i
            for i, steps in self.told.items()
            if [s for s in steps if s in {Step.OPENED, Step.ENDED, Step.REOPENED}][-1] is not Step.ENDED
        }
        live = {IncidentState.OPEN, IncidentState.ACKNOWLEDGED}
        held = {self.incident.id} if self.incident is not None and self.incident.state in live else set()
        assert is_open == held

    @invariant()
    def an_end_has_a_time_and_an_ending_and_only_an_end_has_them(self) -> None:
        if self.incident is not None:
            ended = self.incident.state is IncidentState.ENDED
            assert (self.incident.ending is not None) is ended
            assert (self.incident.ended_at is not None) is ended


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=120, stateful_step_count=40, deadline=None, derandomize=True)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(marks=st.text("Bo?", max_size=40), k=st.integers(1, 4), extra=st.integers(0, 3))
def test_deciding_twice_from_the_same_state_gives_the_same_answer(marks, k, extra):
    policy = IncidentPolicy(breaches=k, of=k + extra)
    assert walk(marks, policy) == walk(marks, policy)
