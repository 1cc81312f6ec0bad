"""Verdicts in sentences, and the rules that hold for each of them."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from word_examples import CHANGE, METRICS, harm, metric, verdict

from cxmon import decisions, wording
from cxmon.model import (
    AimCode,
    AimResult,
    Code,
    Ending,
    Finding,
    Grade,
    Incident,
    IncidentState,
    Interval,
    Saving,
    Segment,
    Split,
    SplitRanges,
    State,
    Tone,
    Unlike,
)
from cxmon.wording import ledger

OVER = harm(Code.HARMED, 0.022, 0.026, 0.030)
WITHIN = harm(Code.WORSE, 0.002, 0.006, 0.010)
OPEN = harm(Code.WORSE, 0.002, 0.010, 0.024, due=date(2026, 12, 7))
BETTER = harm(Code.IMPROVED, -0.059, -0.05, -0.042)
HELD = harm(Code.SAFE, -0.002, 0.004, 0.007)
EARLY = harm(Code.UNDECIDED, -0.011, 0.006, 0.024, due=date(2026, 12, 7), grade=Grade.BEFORE_AFTER)
WAITS = harm(Code.WAITING, grade=Grade.BEFORE_AFTER, window_start=None, window_end=None)
SURVEY = harm(
    Code.NOT_COMPARABLE, grade=Grade.BEFORE_AFTER, window_start=None, window_end=None, unlike=Unlike.MEASUREMENT
)  # fmt: skip
TANGLED = harm(Code.ENTANGLED, -0.002, 0.003, 0.007, entangled_with=("four",), grade=Grade.BEFORE_AFTER)
EVERY = [OVER, WITHIN, OPEN, BETTER, HELD, EARLY, WAITS, SURVEY, TANGLED]
FASTER = harm(Code.IMPROVED, -0.2, -0.12, -0.05, metric="reply", unit="%", limit=0.1)
TITLES = {"four": "Call-backs within 8 h"}


def test_states_are_counted_in_the_words_of_each_verdict():
    counted = ledger.calm_of([verdict(WITHIN), verdict(OPEN), verdict(WITHIN), verdict(HELD)])
    assert counted == "2 worse, within the limit; 1 worse, limit still open; 1 limit held so far"


@pytest.mark.parametrize(
    ("what", "words", "tone"),
    [
        (OVER, "Over the limit", Tone.RED),
        (OPEN, "Worse, limit still open", Tone.AMBER),
        (WITHIN, "Worse, within the limit", Tone.AMBER),
        (BETTER, "Better", Tone.TEAL),
        (HELD, "Limit held so far, to day 68", Tone.GREY),
        (EARLY, "Too early", Tone.GREY),
        (WAITS, "Waiting for data", Tone.GREY),
        (SURVEY, "Survey changed, cannot compare", Tone.GREY),
        (TANGLED, "Cannot be separated from Call-backs within 8 h", Tone.GREY),
    ],
)
def test_the_screen_words_of_a_metric_and_of_the_verdict_that_it_carries(what, words, tone):
    assert wording.screen(what, titles=TITLES)[:2] == (words, tone)
    assert wording.screen(verdict(what), titles=TITLES)[:2] == (words, tone)
    assert wording.screen(what.code)[1] == tone


def test_every_code_has_its_own_shape_and_nothing_else_can_be_put_on_screen():
    assert len({wording.screen(code)[2] for code in Code}) == len(Code)
    with pytest.raises(TypeError, match="found str, expected a Code, Harm or Verdict"):
        wording.screen("harmed")


def test_within_the_limit_is_not_said_of_a_change_while_a_metric_is_open():
    both = verdict(WITHIN, harm(Code.UNDECIDED, -0.1, 0.0, 0.1, metric="churn"))
    assert wording.screen(both)[0] == "Worse, limit still open"


@pytest.mark.parametrize("what", EVERY)
def test_every_sentence_names_its_grade_and_ends_with_a_full_stop(what):
    said = wording.sentence(verdict(what), CHANGE, METRICS, titles=TITLES)
    assert wording.grade(what.grade) in said
    assert said.endswith(".")
    assert "nan" not in said


@pytest.mark.parametrize("what", EVERY)
def test_because_of_is_said_only_where_untouched_segments_were_compared(what):
    for graded in Grade:
        said = wording.sentence(verdict(_graded(what, graded)), CHANGE, METRICS)
        if graded is Grade.BEFORE_AFTER:
            assert "Because of" not in said


@pytest.mark.parametrize("what", [WITHIN, OPEN, HELD, EARLY])
def test_what_is_not_red_says_the_largest_harm_that_is_not_ruled_out(what):
    largest = wording.largest(METRICS["csat"], what)
    assert largest in wording.sentence(verdict(what), CHANGE, METRICS)
    assert largest in wording.line(what, METRICS["csat"])


@pytest.mark.parametrize("what", [OPEN, EARLY])
def test_what_is_open_says_when_the_answer_is_due(what):
    assert "an answer is due around day 85" in wording.sentence(verdict(what), CHANGE, METRICS)
    never = wording.clause(_due(what, None), METRICS["csat"])
    assert never.endswith("no answer is in sight within a year")


def test_a_harm_over_the_limit_reads_as_on_the_board():
    said = verdict(OVER, FASTER)
    assert wording.headline(said, CHANGE, METRICS) == "CSAT fell more than the limit of 1.5 points"
    assert wording.sentence(said, CHANGE, METRICS) == (
        "Because of Tier-1 chat outsourced, CSAT is 2.6 points worse than expected since 14 Sep, 68 days (range 2.2 to"
        " 3.0, compared with untouched segments), over the limit of 1.5 points. First reply is 12 % faster, but CSAT is"
        " 2.6 points worse (compared with untouched segments)."
    )
    assert wording.story(said, CHANGE, METRICS) == (
        "Over the limit (harmed), since 14 Sep",
        (
            "CSAT: Over the limit (harmed), 2.6 points worse"
            " (range 2.2 to 3.0, limit 1.5 points, compared with untouched segments)"
        ),
        "First reply: Better (improved), 12 % faster (range 5 to 20, limit 10 %, compared with untouched segments)",
        "First reply is 12 % faster, but CSAT is 2.6 points worse (compared with untouched segments)",
    )


def test_before_and_after_only_is_consistent_with_the_change_and_no_more():
    weak = _graded(OVER, Grade.BEFORE_AFTER)
    said = wording.sentence(verdict(weak), CHANGE, METRICS)
    assert said.startswith("Consistent with an effect of Tier-1 chat outsourced: CSAT is 2.6 points worse")


def test_faster_but_fewer_solved_first_time_in_one_breath():
    poorer = harm(Code.HARMED, 0.022, 0.031, 0.040, metric="solved")
    said = wording.trade([FASTER, poorer], METRICS)
    assert said.startswith("First reply is 12 % faster, but 3.1 points fewer solved first time")
    assert not wording.trade([FASTER, HELD], METRICS)
    assert not wording.trade([OVER], METRICS)


def test_what_is_still_open_stands_beside_what_is_sure():
    open_churn = harm(Code.UNDECIDED, -0.001, 0.0, 0.002, metric="churn", unit="", limit=0.001)
    said = wording.sentence(verdict(OVER, open_churn), CHANGE, METRICS)
    assert "Still open: Churn, up to 2.0 per 1,000 worse is still possible" in said


def test_too_early_calls_no_size_worse():
    line = wording.line(EARLY, METRICS["csat"])
    assert line.startswith("CSAT: Too early (undecided), up to 2.4 points worse is still possible (range 1.1 better to")
    assert "0.6 points worse" not in line


@example(low=-0.0625, width=0.0625, limit=0.0625, graded=Grade.CONTROLLED)
@given(st.floats(-0.1, 0.1), st.floats(1e-4, 0.1), st.floats(1e-3, 0.1), st.sampled_from(Grade))
def test_words_never_contradict_the_code(low, width, limit, graded):
    found = Interval(estimate=low + width / 2, low=low, high=low + width)
    code = decisions.code_of(found, limit)
    what = harm(code, found.low, found.estimate, found.high, limit=limit, grade=graded)
    said = wording.sentence(verdict(what), CHANGE, METRICS)
    line = wording.line(what, METRICS["csat"])
    assert f"({code})" in line
    assert ("over the limit" in said) == (code is Code.HARMED)
    assert ("held so far" in said) == (code is Code.SAFE)
    assert ("a harm is ruled out" in said) == (code is Code.IMPROVED)
    assert wording.grade(graded) in said
    assert "+" not in said
    assert "−" not in said


def test_a_verdict_without_metrics_and_measurement_changes_still_have_words():
    nothing = verdict(code=Code.WAITING)
    assert wording.headline(nothing, CHANGE, METRICS) == "Tier-1 chat outsourced: Waiting for data"
    assert wording.story(nothing, CHANGE, METRICS) == ("Waiting for data (waiting), since 14 Sep",)


def test_the_two_answers_stand_apart():
    aims = tuple(
        AimResult(metric="csat", code=code, unit="pt", promised=0.05, gain=Interval(estimate=0, low=low, high=high))
        for code, low, high in [
            (AimCode.SHOWN, 0.01, 0.06),
            (AimCode.NOT_SHOWN, -0.01, 0.06),
            (AimCode.MISSED, -0.03, 0.02),
            (AimCode.MISSED, -0.03, -0.01),
        ]
    )
    said = verdict(HELD, aims=aims)
    assert wording.limits_answer(said) == "Limit held so far, to day 68"
    assert wording.aims_answer(said, METRICS).split("; ") == [
        "Aim shown for CSAT, promised 5 points better: at least 1 point better",
        "Aim not shown for CSAT, promised 5 points better: a gain above 6 points is ruled out",
        "Aim missed for CSAT, promised 5 points better: a gain above 2 points is ruled out",
        "Aim missed for CSAT, promised 5 points better: any gain is ruled out",
    ]


def test_a_total_is_told_in_parts_with_a_range_for_each():
    ranges = SplitRanges(
        total=(0.009, 0.025), mix=(0.008, 0.016), rate=(-0.001, 0.01), entry_exit=(0.0, 0.0), remainder=(-0.002, 0.002)
    )
    split = Split(
        metric="csat", total=0.017, mix=0.012, rate=0.006, entry_exit=0.0, remainder=-0.001, unit="pt", ranges=ranges,
        grade=Grade.CONTROLLED,
    )  # fmt: skip
    assert wording.mix(split, METRICS["csat"]) == (
        "CSAT, all customers: 1.7 points worse than expected (range 0.9 to 2.5, compared with untouched segments):"
        " 1.2 points worse from different kinds of contacts (0.8 to 1.6),"
        " 0.6 points worse from the same kinds of contacts (0.1 better to 1.0 worse),"
        " 0.1 points better left over by separate estimates (0.2 better to 0.2 worse)"
    )
    assert not wording.moved_by_mix_alone(split, METRICS["csat"])
    moved = replace(split, rate=0.002, entry_exit=0.003, ranges=replace(ranges, entry_exit=(0.001, 0.005)))
    told = wording.mix(moved, METRICS["csat"])
    assert "0.3 points worse from segments that are new or gone (0.1 to 0.5)" in told
    assert told.endswith("; only the kinds of contacts are shown to have changed")


def test_a_quantile_is_told_in_parts_by_the_share_answered_in_time():
    ranges = SplitRanges(
        total=(0.02, 0.06), mix=(-0.01, 0.03), rate=(0.01, 0.05), entry_exit=(0.0, 0.0), remainder=(0.0, 0.0)
    )
    split = Split(
        metric="reply", total=0.04, mix=0.01, rate=0.03, entry_exit=0.0, unit="pt", ranges=ranges,
        grade=Grade.BEFORE_AFTER, within=42.0,
    )  # fmt: skip
    assert wording.mix(split, METRICS["reply"]) == (
        "First reply within 42 min, all customers: 4 points fewer than expected (range 2 to 6,"
        " before and after only): 1 point fewer from different kinds of contacts (1 more to 3 fewer),"
        " 3 points fewer from the same kinds of contacts (1 to 5)"
    )


def test_a_total_that_moved_by_mix_alone_is_called_that():
    moved = Split(metric="csat", total=0.012, rate=0.001, mix=0.011, entry_exit=0.0, unit="pt")
    assert wording.mix(moved, METRICS["csat"]) == (
        "CSAT, all customers: 1.2 points worse than before (1.1 points worse from different kinds of contacts,"
        " 0.1 points worse from the same kinds of contacts); only the kinds of contacts are shown to have changed"
    )
    fared = Split(metric="csat", total=0.012, rate=0.011, mix=0.001, entry_exit=0.0, unit="pt")
    assert not wording.moved_by_mix_alone(fared, METRICS["csat"])


def test_savings_are_marked_as_claimed():
    claimed = Saving(amount=1_200_000, currency="USD", claimed_by="Operations")
    assert wording.saving(claimed) == "Saves 1,200,000 USD a year, claimed by Operations, not verified"
    checked = Saving(amount=-90_000, currency="USD", verified_by="Finance")
    assert wording.saving(checked) == "Costs 90,000 USD a year, claimed, verified by Finance"


def test_incidents_say_how_they_ended_and_findings_what_they_saw():
    root = Segment.of(channel="phone")
    seen = Finding(
        check="watch", metric="csat", segment=root, at=CHANGE.starts, state=State.BREACH, reason="below for 3 days",
        value=0.8, expected=0.85, n=1200,
    )  # fmt: skip
    lasting = Incident(
        id="i", check="watch", subject="csat", root=root, members=(root,), state=IncidentState.OPEN,
        opened_at=CHANGE.starts, since=None, last_breach_at=CHANGE.starts,
    )  # fmt: skip
    assert wording.state(lasting) == "Open"
    words = {wording.ending(ending) for ending in Ending}
    assert words == {"Recovered", "Accepted as the new level", "Closed, not known whether it recovered"}
    assert wording.finding(seen, METRICS["csat"]) == (
        "Out of bounds: CSAT 80.0 %, expected 85.0 % (phone, 1,200 answers); below for 3 days"
    )
    assert wording.finding(seen) == "Out of bounds: below for 3 days"


@pytest.mark.parametrize(("label", "verb"), [("CSAT", "is"), ("CES", "is"), ("Contacts", "are"), ("Loss", "is")])
def test_labels_in_the_plural_take_a_plural_verb(label, verb):
    m = metric(label, id="csat")
    assert wording.headline(verdict(WITHIN), CHANGE, {"csat": m}) == f"{label} {verb} 0.6 points worse than expected"


def test_further_metrics_with_the_same_code_are_counted():
    two = [OVER, harm(Code.HARMED, 0.016, 0.02, 0.024, metric="solved")]
    assert wording.headline(verdict(*two), CHANGE, METRICS).endswith("limit of 1.5 points, and 1 more metric")


def test_labels_that_are_abbreviations_keep_their_capitals():
    early = verdict(harm(Code.UNDECIDED, -0.1, 0.0, 0.1, metric="nps"))
    said = wording.headline(early, CHANGE, {"nps": metric("NPS", id="nps")})
    assert said.endswith("for NPS")


def _graded(what, grade):
    from dataclasses import replace

    return replace(what, grade=grade)


def _due(what, due):
    from dataclasses import replace

    return replace(what, due=due)


def test_a_window_that_is_over_says_that_later_data_will_not_settle_it():
    said = wording.clause(replace(EARLY, due=None, closed=True), METRICS["csat"])
    assert said.endswith("are over, so later data will not settle it")


@pytest.mark.parametrize("what", [OVER, OPEN, HELD, EARLY], ids=lambda what: what.code)
def test_what_was_done_about_holidays_ends_the_line(what):
    said = "5 holidays left out, 3 since the change: 200 days of past, 350 are needed to know them"
    plain = wording.line(what, METRICS["csat"])
    assert wording.line(replace(what, holidays=said), METRICS["csat"]) == f"{plain}; {said}"


NOTE = "past begins with Call back (2 Mar)"


def test_what_an_estimate_rests_on_follows_the_grade():
    assert f"before and after only); {NOTE}; " in wording.line(replace(EARLY, notes=(NOTE,)), METRICS["csat"])
    nothing = harm(Code.WAITING, notes=(NOTE,))
    assert wording.remarks(nothing) == ()
    assert NOTE not in wording.line(nothing, METRICS["csat"])


def test_what_all_metrics_rest_on_alike_is_told_once():
    said = "5 holidays left out, 3 since the change: 200 days of past, 350 are needed to know them"
    csat = replace(OVER, notes=(NOTE, "only here"), holidays=said)
    cost = replace(HELD, metric="cost", notes=(NOTE,), holidays=said)
    lines = wording.story(verdict(csat, cost, harm(Code.WAITING, metric="reply")), CHANGE, METRICS)
    assert f"For every metric: {NOTE}; {said}" in lines
    assert "\n".join(lines).count(said) == 1
    assert "only here" in lines[1]
    apart = "\n".join(wording.story(verdict(csat, replace(cost, notes=(), holidays="another")), CHANGE, METRICS))
    assert "For every metric" not in apart
    assert said in apart
    assert "another" in apart


def test_the_last_fortnight_is_told_where_it_is_beyond_chance_by_itself():
    later = replace(HELD, now=Interval(estimate=0.04, low=0.012, high=0.068))
    told = wording.line(later, METRICS["csat"])
    assert told.startswith("CSAT: Limit held so far, to day 68 (safe), up to 0.7 points worse is still possible")
    assert told.endswith("; lately 4 points worse (range 1 to 7 in the last 14 days)")
    better = replace(FASTER, now=Interval(estimate=-0.3, low=-0.4, high=-0.2))
    assert wording.lately(better, METRICS["reply"]) == "lately 30 % faster (range 20 to 40 in the last 14 days)"


def test_a_harm_that_came_late_is_neither_held_nor_called_too_early():
    late = harm(Code.UNDECIDED, -0.002, 0.004, 0.007, now=Interval(estimate=0.04, low=0.012, high=0.068))
    found = verdict(late)
    assert wording.screen(late)[:2] == wording.screen(found)[:2] == ("Worse lately", Tone.GREY)
    recent = "lately 4 points worse (range 1 to 7 in the last 14 days)"
    assert wording.headline(found, CHANGE, METRICS) == f"Tier-1 chat outsourced: CSAT {recent}"
    assert wording.sentence(found, CHANGE, METRICS) == (
        "CSAT: within the limit of 1.5 points on average since 14 Sep, 68 days, "
        f"but {recent} (compared with untouched segments)."
    )
    assert "answer is" not in wording.line(late, METRICS["csat"])
    assert f"CSAT, {recent}" in wording.sentence(verdict(OVER, late), CHANGE, METRICS)


@pytest.mark.parametrize(
    "now", [HELD.so_far, Interval(estimate=0.04, low=-0.001, high=0.08), harm(Code.WAITING).so_far]
)
def test_the_last_fortnight_is_not_told_where_it_says_nothing_of_its_own(now):
    assert wording.lately(replace(HELD, now=now), METRICS["csat"]) == ""
