"""A printed range and the words beside it never disagree: about zero, about the limit, about what is allowed."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from word_examples import CHURN, CSAT, REPLY, harm

from cxmon import decisions, wording
from cxmon.alerts.message import for_incident
from cxmon.model import (
    EVERYONE,
    AllowanceCode,
    AllowanceUse,
    Altogether,
    Carried,
    Code,
    Finding,
    Incident,
    IncidentState,
    Interval,
    Kind,
    State,
    Step,
    Tone,
    Transition,
)
from cxmon.wording import gap as gaps

AT = datetime(2026, 9, 14, tzinfo=UTC)
SURER = "that something began is surer than how large it is"
# Ends that rounding could carry across: a hair beside zero, a hundred-thousandth of a point at least.
HAIRS = st.integers(2, 7).flatmap(lambda k: st.sampled_from([10.0**-k, -(10.0**-k)]))
ENDS = st.one_of(st.floats(-0.2, 0.2), HAIRS).filter(lambda x: abs(x) >= 1e-7)


def signed(range_words, more, less):
    """The ends of a printed range of harms, low before high: `0.4 better to 0.7 worse`; None of one without sides."""
    low, high = range_words.split(" to ")
    figures = [float(end.split()[0]) for end in (low, high)]
    if less in low:
        figures[0] *= -1
    return figures


def told(value, expected, low, high, metric=CSAT, kind="watch"):
    found = Finding(
        check="drift", metric=metric.id, segment=EVERYONE, at=AT, state=State.BREACH, reason="so it is", value=value,
        expected=expected, low=low, high=high, n=900.0, since=AT - timedelta(days=6), looked_at=23, score=2.0,
    )  # fmt: skip
    story = Incident(
        id="a", check="drift", subject=metric.id, root=EVERYONE, members=(EVERYONE,), state=IncidentState.OPEN,
        opened_at=AT, last_breach_at=AT, since=found.since, latest=found, worst=found,
    )  # fmt: skip
    step = Transition(incident="a", step=Step.OPENED, at=AT, reason=f"opened: {found.reason}")
    message = for_incident(incident=story, transition=step, finding=found, metric=metric, check_type=kind)
    return {fact.label: fact.text for fact in message.facts}


def includes_zero(against):
    """Whether the range that is printed in `2.6 points worse than expected (2.2 to 3.0), 900 answers` includes zero."""
    low, high = re.search(r"expected \((.+?) to (.+?)\)", against).groups()
    figures = [float(end.split()[0]) for end in (low, high)]
    return (low.endswith(("better", "faster")) and high.endswith(("worse", "slower"))) or 0.0 in figures


@pytest.mark.parametrize("metric", [CSAT, REPLY, CHURN], ids=lambda metric: metric.id)
@given(share=st.floats(0.1, 0.9), low=ENDS, width=st.floats(1e-5, 0.3), kind=st.sampled_from(["watch", "funnel"]))
@example(share=0.4, low=-0.04, width=0.05, kind="watch")
@example(share=0.4, low=-0.0400004, width=0.04, kind="watch")
def test_a_range_that_includes_zero_says_what_is_surer_and_no_other_does(metric, share, low, width, kind):
    usual = 4.0 if metric.kind is Kind.QUANTILE else 0.5
    facts = told(usual + low + share * width, usual, usual + low, usual + low + width, metric, kind)
    assert (SURER in facts["How sure"]) == includes_zero(facts["Against expected"])


def test_a_bound_or_a_source_has_no_range_around_zero():
    assert SURER not in told(0.7, float("nan"), -0.1, 0.1, kind="threshold")["How sure"]
    assert SURER not in told(0.7, 0.8, float("nan"), float("nan"))["How sure"]


@given(low=ENDS, width=st.floats(1e-4, 0.3), limit=st.integers(1, 200))
@example(low=1e-7, width=0.2, limit=15)
@example(low=-0.2, width=0.2 - 1e-7, limit=15)
@example(low=0.015 + 1e-7, width=0.2, limit=15)
@example(low=-0.1, width=0.115 - 1e-7, limit=15)
def test_a_verdict_never_says_another_thing_than_its_printed_range(low, width, limit):
    accepted = limit / 1000
    found = Interval(estimate=low + width / 2, low=low, high=low + width)
    code = decisions.code_of(found, accepted)
    judged = harm(code, found.low, found.estimate, found.high, limit=accepted)
    first, last = signed(wording.harm_range(CSAT, judged), "worse", "better")
    if code is Code.IMPROVED:
        # A gain is written the other way about, smaller first.
        first, last = -last, -first
    shown = float(wording.limit(CSAT, judged).split()[0])
    apart = [x for x in (found.low, found.high) if abs(100 * (x - accepted)) < 1e-6 or abs(100 * x) < 1e-6]
    if apart:
        return
    assert (first > 0) == (code in {Code.WORSE, Code.HARMED})
    assert (last < 0) == (code is Code.IMPROVED)
    assert (first > shown) == (code is Code.HARMED)
    assert (last < shown) == (code in {Code.SAFE, Code.IMPROVED} or (code is Code.WORSE and found.high < accepted))


@given(low=ENDS.map(abs), width=st.floats(1e-4, 0.3), better=st.booleans())
@example(low=1e-7, width=0.33, better=True)
def test_a_card_that_says_worse_or_better_has_no_range_from_nothing(low, width, better):
    """`16 % better than expected (range 0 to 33 %)` would say both."""
    side = -1 if better else 1
    ends = sorted((side * low, side * (low + width)))
    found = gaps.Gap(
        value=0.8, expected=0.8 - side * (low + width / 2), harm=side * (low + width / 2), low=ends[0], high=ends[1],
        unit="pt", until=AT, n=100.0, spark=(), between=(0.7, 0.75),
    )  # fmt: skip
    assert found.tone is (Tone.TEAL if better else Tone.AMBER)
    least = float(re.match(r"range (\S+) to", gaps.possible(found, CSAT)).group(1))
    assert least > 0


def test_what_is_over_the_allowance_does_not_read_as_the_limit():
    used = Interval(estimate=0.007, low=0.003004, high=0.011)
    everyone = Altogether(
        harm=used, code=AllowanceCode.OPEN, since=AT, until=AT, answers=900.0, frozen_at=AT, decides=False
    )
    use = AllowanceUse(
        metric="csat", year=AT, ends=AT.replace(year=2027), as_of=AT, code=AllowanceCode.EXCEEDED, by="decisions",
        unit="pt", limit=0.003, summed=used, altogether=everyone, unexplained=used,
        carried=(Carried(change="five", code=Code.HARMED, share=0.2, harm=used),),
    )  # fmt: skip
    assert "range 0.3004 to 1.1000" in wording.used(use, CSAT)
    assert "range 0.31 to 1.10" in wording.used(replace(use, summed=replace(used, low=0.0031)), CSAT)
