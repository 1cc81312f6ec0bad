"""What people marked as not real: not told once more on the same evidence, and nothing that follows is hidden."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from test_lifecycle import DAY0, PHONE, found
from test_walk import EVERYONE, at, row

from cxmon.incidents import Event, Reason, Walked, decide, walk
from cxmon.model import Ending, IncidentPolicy, IncidentState, NotReal, State, Step
from cxmon.wording.reasons import worded

POLICY = IncidentPolicy(recover_after=2, mark_holds=4)
ACTIVE = {IncidentState.OPEN, IncidentState.ACKNOWLEDGED}


def marked(incident):
    """As `actions.mark_not_real` leaves it."""
    mark = NotReal(by="Operations", why="test calls", at=DAY0, ended=True)
    return replace(
        incident, not_real=mark, state=IncidentState.ENDED, ending=Ending.CLOSED_UNKNOWN, ended_at=DAY0, quiet=0
    )


def lived(incident, looks, policy=POLICY, day=1):
    seen = []
    for offset, (mark, score) in enumerate(looks):
        finding = found(day + offset, mark, score)
        incident, transition, reason = decide(incident, finding, policy, finding.at)
        seen.append((incident, transition, reason))
    return seen


def opened():
    return decide(None, found(0, "B"), POLICY, DAY0)[0]


def test_the_same_breach_is_kept_quiet_and_told_when_it_lasts():
    seen = lived(marked(opened()), [("B", 1.0)] * 4)
    assert [reason for _, _, reason in seen] == [Reason.NOT_REAL_KEEPS] * 3 + [Reason.NOT_REAL_LASTS]
    last, transition, _ = seen[-1]
    assert (last.state, last.not_real, transition.step) == (IncidentState.OPEN, None, Step.REOPENED)
    told = Event(transition=transition, incident=last, finding=found(4, "B"))
    (worded_,) = worded(Walked(events=(told,)), POLICY, "day").events
    assert "in alarm for 4 days since, and no chance lasts so long" in worded_.transition.reason


def test_what_gets_clearly_worse_is_told_at_once_and_the_mark_is_gone():
    ((last, transition, reason),) = lived(marked(opened()), [("B", 3.0)])
    assert (reason, last.state, last.not_real, last.told_score) == (
        Reason.NOT_REAL_WORSE, IncidentState.OPEN, None, 3.0,
    )  # fmt: skip
    assert transition.step is Step.REOPENED


def test_once_quiet_it_is_known_to_have_recovered_untold_and_the_next_breach_is_a_story_of_its_own():
    seen = lived(marked(opened()), [("B", 1.0), ("o", 0.0), ("o", 0.0), ("B", 1.0)])
    assert [reason for _, _, reason in seen] == [
        Reason.NOT_REAL_KEEPS, Reason.QUIET_K_OF_R, Reason.NOT_REAL_OVER, Reason.OPENED,
    ]  # fmt: skip
    assert [t is None for _, t, _ in seen] == [True, True, True, False]
    over = seen[2][0]
    assert (over.ending, over.not_real.by) == (Ending.RECOVERED, "Operations")
    assert seen[3][0].id != over.id


def test_another_segment_is_told_although_it_is_near_what_was_marked():
    first = walk([], row(0, " B   "), IncidentPolicy(), at(0))
    (whole,) = first.incidents
    assert whole.root == PHONE
    after = walk([marked(whole)], row(1, "BB   "), IncidentPolicy(), at(1), seen_through=at(0))
    assert [(e.incident.root, e.transition.step) for e in after.events if e.told] == [(EVERYONE, Step.OPENED)]


LOOKS = st.lists(st.tuples(st.sampled_from("BBBo?"), st.sampled_from([0.5, 1.0, 1.4, 2.5, 4.0])), max_size=25)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(looks=LOOKS)
def test_whatever_an_open_incident_would_tell_a_marked_one_tells_as_early(looks):
    """Its twin that nobody marked: what that one calls people for, the marked one calls them for, too."""
    twin, quiet, told = opened(), marked(opened()), False
    breaches = 0
    for offset, (mark, score) in enumerate(looks):
        finding = found(1 + offset, mark, score)
        twin, news, _ = decide(twin, finding, POLICY, finding.at)
        quiet, own, _ = decide(quiet, finding, POLICY, finding.at)
        told = told or own is not None
        if news is not None and news.step in {Step.WORSENED, Step.OPENED, Step.REOPENED}:
            assert told
        breaches = breaches + 1 if finding.state is State.BREACH and not told else 0 if mark == "o" else breaches
        # Kept quiet for a bounded number of looks, whatever they say.
        assert breaches < POLICY.mark_holds or quiet is None or quiet.state in ACTIVE or told
