"""Many findings into incidents: laws over every sequence, in one walk or in many."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.incidents import Walked, walk
from cxmon.model import EVERYONE, Ending, Finding, Incident, IncidentPolicy, IncidentState, Segment, State, Step
from cxmon.wording.reasons import worded

DAY0 = datetime(2026, 9, 1, tzinfo=UTC)
SEGMENTS = (
    EVERYONE,
    Segment.of(channel="phone"),
    Segment.of(channel="chat"),
    Segment.of(channel="phone", region="eu"),
    Segment.of(channel="chat", region="us"),
)
MARKS = {"B": State.BREACH, "o": State.OK, "?": State.UNKNOWN}
POLICY = IncidentPolicy(breaches=2, of=3, recover_after=2, unknown_after=3)


def at(day):
    return DAY0 + timedelta(days=day)


def row(day, marks):
    """One finding per segment; a blank says nothing of it."""
    return [
        Finding(
            check="floor", metric="csat", segment=s, at=at(day), state=MARKS[m], reason=f"day {day}", score=1.0,
            since=at(day) if m == "B" else None,
        )
        for s, m in zip(SEGMENTS, marks, strict=True)
        if m != " "
    ]  # fmt: skip


def rows(table):
    return [f for day, marks in enumerate(table) for f in row(day, marks)]


def in_runs(table, policy=POLICY):
    """One run a day, each knowing only what the runs before it wrote, and the last looks for k of n."""
    known: dict[str, Incident] = {}
    events = []
    for day in range(len(table)):
        before = [f for d in range(max(0, day - policy.of), day) for f in row(d, table[d])]
        through = at(day - 1) if day else None
        done = walk(list(known.values()), [*before, *row(day, table[day])], policy, at(day), seen_through=through)
        known |= {i.id: i for i in done.incidents}
        events += done.events
    return known, events


def lasting(incidents):
    return [i for i in incidents if i.state is not IncidentState.ENDED]


TABLES = st.lists(st.text("BBo? ", min_size=len(SEGMENTS), max_size=len(SEGMENTS)), min_size=1, max_size=14)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(TABLES)
def test_no_series_ever_belongs_to_two_open_incidents(table):
    for days in range(1, len(table) + 1):
        known, _ = in_runs(table[:days])
        members = [m for i in lasting(known.values()) for m in i.members]
        assert len(members) == len(set(members))
        assert all(i.root in i.members for i in known.values())


@settings(max_examples=120, deadline=None, derandomize=True)
@given(TABLES)
def test_one_walk_over_many_days_decides_what_a_run_each_day_decides(table):
    known, events = in_runs(table)
    # The moment of the run is the one thing that differs: everything is decided by the periods.
    once = walk([], rows(table), POLICY, at(99))
    assert [(e.transition.incident, e.transition.step) for e in once.events] == [
        (e.transition.incident, e.transition.step) for e in events
    ]
    assert {i.id: (i.state, i.members, i.root, i.ending) for i in once.incidents} == {
        i.id: (i.state, i.members, i.root, i.ending) for i in known.values()
    }


@settings(max_examples=120, deadline=None, derandomize=True)
@given(TABLES)
def test_every_story_opens_once_and_its_ends_and_reopenings_alternate(table):
    _, events = in_runs(table)
    told: dict[str, list[Step]] = {}
    for event in events:
        told.setdefault(event.transition.incident, []).append(event.transition.step)
    for steps in told.values():
        turning = [s for s in steps if s in {Step.OPENED, Step.ENDED, Step.REOPENED}]
        assert turning[0] is steps[0] is Step.OPENED
        assert all(s is (Step.ENDED if i % 2 else Step.REOPENED) for i, s in enumerate(turning) if i)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(TABLES)
def test_a_period_that_says_only_unknown_opens_and_recovers_nothing(table):
    known, _ = in_runs(table)
    blind = row(len(table), "?" * len(SEGMENTS))
    done = walk(list(known.values()), blind, POLICY, at(50), seen_through=at(len(table) - 1))
    assert {e.transition.step for e in done.events} <= {Step.NOTED, Step.ENDED}
    assert all(i.ending is not Ending.RECOVERED for i in done.incidents)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(TABLES)
def test_the_first_look_keeps_only_what_is_open_at_its_end_and_tells_each_once(table):
    done: Walked = walk([], rows(table), POLICY, at(50), first=True)
    assert lasting(done.incidents) == list(done.incidents)
    assert sorted(e.transition.incident for e in done.events) == sorted(i.id for i in done.incidents)
    assert {e.transition.step for e in done.events} <= {Step.OPENED}


AT_ONCE = IncidentPolicy(recover_after=2, unknown_after=2)


def test_an_ancestor_joins_the_open_incident_of_its_part_and_tells_it_from_then_on():
    known, events = in_runs(["oBooo", "BBoBo"], AT_ONCE)
    (incident,) = known.values()
    assert incident.members == tuple(sorted(SEGMENTS[i] for i in (0, 1, 3)))
    assert incident.root == EVERYONE
    joined = [e.transition for e in worded(Walked(events=tuple(events)), AT_ONCE).events if e.joined]
    assert joined[0].reason == "joined: now also in all customers, phone · eu; it is about all customers from now on"


def test_a_part_of_what_was_told_joins_without_calling_anybody():
    _, events = in_runs(["BoBoo", "BBBoo"], AT_ONCE)
    assert [(e.transition.step, e.quiet) for e in events if e.told] == [(Step.OPENED, False), (Step.WIDENED, True)]
    _, events = in_runs(["oBooo", "BBooo"], AT_ONCE)
    assert [e.quiet for e in events if e.transition.step is Step.WIDENED] == [False]


def test_siblings_without_a_parent_in_breach_are_two_incidents():
    known, _ = in_runs(["oBBoo"], AT_ONCE)
    assert [i.members for i in lasting(known.values())] == [(SEGMENTS[2],), (SEGMENTS[1],)]


def test_a_part_in_breach_reopens_the_story_of_its_parent_that_ended_without_knowing():
    known, events = in_runs(["oBooo", "o?ooo", "o?ooo", "o?oBo"], AT_ONCE)
    (incident,) = known.values()
    assert (incident.state, incident.reopened) == (IncidentState.OPEN, 1)
    assert [e.transition.step for e in events if e.told] == [Step.OPENED, Step.ENDED, Step.REOPENED, Step.WIDENED]


def test_what_an_open_verdict_tells_already_is_not_opened_and_is_named():
    done = walk([], rows(["BBoBo"]), AT_ONCE, at(1), explained=lambda f: "v1" if f.segment != EVERYONE else None)
    assert [i.members for i in done.incidents] == [(EVERYONE,)]
    assert [(f.segment, by) for f, by in done.kept_quiet] == [(SEGMENTS[1], "v1"), (SEGMENTS[3], "v1")]


def test_an_incident_whose_segments_vanish_ends_as_not_known():
    known, _ = in_runs(["oBooo", "o oo ", "o oo "], AT_ONCE)
    (incident,) = known.values()
    assert incident.ending is Ending.CLOSED_UNKNOWN
