"""A gain and its price belong in one breath: which pair is told, and that there is none without a gain."""

import math
from itertools import permutations

from decision_examples import change, duration, harm, interval, metric
from hypothesis import given
from hypothesis import strategies as st

from cxmon import wording
from cxmon.decisions.displacement import NOT_RULED_OUT, displaced
from cxmon.model import RED, AimCode, AimResult, Code, Kind, Verdict, Words

METRICS = {
    m.id: m
    for m in (
        metric(guards=("complaints",)),
        duration(guards=("solved",)),
        metric(id="solved", label="Solved first time"),
        metric(id="reopened", label="Reopened", better="lower"),
        metric(id="complaints", label="Complaints", kind=Kind.LEVEL, better="lower"),
    )
}
FASTER = harm(Code.IMPROVED, -0.15, -0.09, metric="first_reply", unit="%", limit=0.1)
POORER = harm(Code.WORSE, 0.022, 0.04, metric="solved")
OPEN = harm(Code.UNDECIDED, -0.004, 0.021, metric="solved")


def said(*harms, aims=(), **more):
    asked = change(**more)
    code = min((h.code for h in harms), key=list(Code).index)
    verdict = Verdict(change=asked.id, as_of=asked.starts, code=code, grade=harms[0].grade, harms=harms, aims=aims)
    story = wording.story(verdict, asked, METRICS)
    return wording.headline(verdict, asked, METRICS), wording.sentence(verdict, asked, METRICS), story


def test_faster_but_fewer_solved_first_time():
    headline, sentence, story = said(FASTER, POORER)
    assert headline.startswith("Faster, but fewer solved first time: ")
    told = "First reply is 12 % faster, but 3.1 points fewer solved first time (compared with untouched segments)"
    assert told in sentence
    assert told in story


def test_a_gain_never_stands_alone_while_its_guard_is_open():
    headline, sentence, story = said(FASTER, OPEN)
    end = "faster; whether it means fewer solved first time is still open, up to 2.1 points"
    assert headline == f"Tier-1 chat outsourced: {end}"
    assert f"First reply is 12 % {end} (compared with untouched segments)." in sentence
    assert any(end in line for line in story)
    waiting = harm(Code.WAITING, metric="solved")
    assert "is still open, nothing is ruled out" in said(FASTER, waiting)[0]


def test_the_changes_own_guards_count_and_others_only_where_they_are_surely_worse():
    reopened = harm(Code.UNDECIDED, -0.01, 0.02, metric="reopened")
    assert displaced([FASTER, reopened], (), METRICS) is None
    assert displaced([FASTER, reopened], (), METRICS, ["reopened"]).price.metric == "reopened"
    worse = harm(Code.HARMED, 0.02, 0.04, metric="reopened")
    assert not displaced([FASTER, worse], (), METRICS).guarded
    assert "whether it means more reopened is still open" in said(FASTER, reopened, guards=("reopened",))[0]


def test_an_aim_that_is_shown_is_a_gain():
    tangled = harm(Code.ENTANGLED, -0.2, -0.1, metric="first_reply", unit="%", limit=0.1)
    aim = AimResult(metric="first_reply", code=AimCode.SHOWN, unit="%", promised=0.1, gain=interval(0.1, 0.2))
    assert displaced([tangled, POORER], (), METRICS) is None
    assert displaced([tangled, POORER], [aim], METRICS).price is POORER


def test_a_metric_has_words_of_its_own_or_those_of_its_kind():
    told = {name: wording.words_of(m) for name, m in METRICS.items()}
    assert told["csat"] == Words(better="higher CSAT", worse="lower CSAT")
    assert told["first_reply"] == Words(better="faster", worse="slower")
    assert told["solved"].worse == "fewer solved first time"
    assert told["reopened"] == Words(better="fewer reopened", worse="more reopened")
    assert told["complaints"].worse == "more complaints"
    own = Words(better="a shorter wait", worse="a longer wait")
    assert wording.words_of(duration(words=own)) == own


harms = st.builds(
    lambda code, size, half, name: harm(code, size - half, size + half, metric=name),
    st.sampled_from(Code), st.floats(-0.1, 0.1), st.floats(0.001, 0.05), st.sampled_from(sorted(METRICS)),
)  # fmt: skip


@given(st.lists(harms, min_size=1, max_size=4, unique_by=lambda h: h.metric), st.sets(st.sampled_from(sorted(METRICS))))
def test_the_order_of_metrics_does_not_matter_and_nothing_is_told_without_a_gain(found, guards):
    told = [displaced(order, (), METRICS, guards) for order in permutations(found)]
    assert all(one == told[0] for one in told)
    gains = [h for h in found if h.code is Code.IMPROVED]
    if told[0] is None:
        # A gain that is told alone has no guard that is worse or open.
        for gain in gains:
            mine = {*guards, *METRICS[gain.metric].guards} - {gain.metric}
            assert not any(h.metric in mine and h.code in RED | NOT_RULED_OUT for h in found)
    else:
        assert told[0].gain in gains
        assert math.isfinite(told[0].gain.so_far.estimate)
    assert bool(told[0]) == bool(wording.trade(found, METRICS, (), guards))
