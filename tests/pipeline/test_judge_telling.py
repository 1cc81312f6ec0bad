"""The life of a change's incident, as a pure function of its verdicts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cxmon.model import Code, Ending, Grade, Harm, IncidentState, Interval, Step, Verdict
from cxmon.pipeline.judge_telling import as_finding, live

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
START = datetime(2026, 9, 14, tzinfo=UTC)


def verdict(code, estimate=0.03):
    found = Interval(estimate=estimate, low=estimate - 0.01, high=estimate + 0.01)
    harm = Harm(
        metric="csat", code=code, reason="why", unit="pt", limit=0.015, so_far=found, now=found, actual=0.85,
        expected=0.88, grade=Grade.CONTROLLED, p_value=0.01, confidence=0.92, n_pre=300, n_post=68, answers=9000.0,
        window_start=START, window_end=START + timedelta(days=68), scope="chat",
    )  # fmt: skip
    return Verdict(change="cut", as_of=NOW, code=code, grade=Grade.CONTROLLED, harms=(harm,), headline="It fell")


def opened(code=Code.WORSE):
    return live(None, verdict(code), None, NOW).incident


@pytest.mark.parametrize("code", Code)
def test_only_harmed_and_worse_open_an_incident(code):
    lived = live(None, verdict(code), None, NOW)
    assert (lived.incident is not None) == (code in {Code.HARMED, Code.WORSE})
    if lived.incident is not None:
        assert lived.transition.step is Step.OPENED
        assert (lived.incident.check, lived.incident.subject) == ("verdict", "cut")
        assert lived.incident.since == START
        assert lived.transition.reason == "It fell"


def test_worse_that_becomes_harmed_worsens_and_harmed_that_becomes_worse_is_silent():
    up = live(opened(), verdict(Code.HARMED, 0.05), verdict(Code.WORSE), NOW)
    assert up.transition.step is Step.WORSENED
    assert up.incident.worst.score == pytest.approx(0.05 / 0.015)
    down = live(up.incident, verdict(Code.WORSE, 0.02), verdict(Code.HARMED), NOW)
    assert down.transition is None
    assert down.incident.worst == up.incident.worst
    assert down.incident.latest.score == pytest.approx(0.02 / 0.015)


@pytest.mark.parametrize("code", [c for c in Code if c not in {Code.HARMED, Code.WORSE}])
def test_any_other_verdict_ends_it_and_says_whether_it_is_known_that_it_recovered(code):
    lived = live(opened(), verdict(code), verdict(Code.WORSE), NOW)
    assert lived.transition.step is Step.ENDED
    assert lived.incident.state is IncidentState.ENDED
    known = code in {Code.SAFE, Code.IMPROVED}
    assert lived.incident.ending is (Ending.RECOVERED if known else Ending.CLOSED_UNKNOWN)


def test_after_its_end_a_new_breach_reopens_under_a_new_incident():
    ended = live(opened(), verdict(Code.SAFE), verdict(Code.WORSE), NOW).incident
    again = live(ended, verdict(Code.WORSE), verdict(Code.SAFE), NOW + timedelta(days=1))
    assert again.transition.step is Step.REOPENED
    assert again.incident.id != ended.id


def test_what_was_accepted_opens_again_only_when_worse_has_become_harmed():
    accepted = replace(opened(), state=IncidentState.ENDED, ending=Ending.ACCEPTED)
    assert live(accepted, verdict(Code.WORSE), verdict(Code.WORSE), NOW).incident is None
    graver = live(accepted, verdict(Code.HARMED), verdict(Code.WORSE), NOW + timedelta(days=1))
    assert graver.transition.step is Step.REOPENED


def test_a_verdict_as_a_finding_is_its_gravest_metric():
    small, large = verdict(Code.HARMED, 0.03).harms[0], verdict(Code.HARMED, 0.06).harms[0]
    both = replace(verdict(Code.HARMED), harms=(small, replace(large, metric="churn")))
    found = as_finding(both)
    assert (found.metric, found.looked_at) == ("churn", 2)
    assert (found.low, found.high) == pytest.approx((0.05, 0.07))
    assert as_finding(replace(both, harms=())).reason == "harmed"
