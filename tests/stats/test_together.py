"""What is asked together is answered as one by one, whatever the questions have in common."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import effect
from cxmon.stats.together import Question, together

AT, LONGEST = 60, 96
NUMBERS = ("estimate", "low", "high", "p_value", "se")


def days_of(seed, *, counted, controls, lasts, others):
    """A question a day, as looks at one change ask them: each series ends one period later."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(80, (1 + controls, LONGEST)).astype(float)
    share = np.clip(0.8 + np.cumsum(rng.normal(0, 0.004, LONGEST)), 0.05, 0.95)
    values = rng.binomial(n.astype(int), share) / n
    values[:, rng.integers(0, LONGEST, 4)] = np.nan
    asked = []
    for size in (70, 77, 78, 91, LONGEST):
        options = {"kind": "proportion" if counted else "mean", "sequential": True, "horizon": 40}
        options |= {
            "until": size if lasts else min(size, 85),
            "others": [(20, size if others else 40)] if size > 70 else [],
        }
        if counted:
            options["n"] = n[0, :size]
        if controls:
            options["controls"] = values[1:, :size]
            options["controls_n"] = n[1:, :size] if counted else None
        asked.append(Question(values[0, :size], AT, options))
    return asked


def with_profile(asked, labels):
    return Question(asked.values, AT, {**asked.options, "period": labels[: asked.size]})


def same(one, other):
    for name in NUMBERS:
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-8, abs=1e-8, nan_ok=True), name
    for name in ("expected", "expected_low", "expected_high"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-7, atol=1e-8)
    told = ("n_pre", "n_post", "pre_fit_ok", "shape", "reason")
    assert [getattr(one, name) for name in told] == [getattr(other, name) for name in told]
    assert one.controls_used.tolist() == other.controls_used.tolist()
    assert one.controls_moved.tolist() == other.controls_moved.tolist()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.sampled_from([0, 3]), st.booleans(), st.booleans())
def test_together_equals_one_by_one(seed, counted, controls, lasts, others):
    asked = days_of(seed, counted=counted, controls=controls, lasts=lasts, others=others)
    for question, answer in zip(asked, together(asked), strict=True):
        same(question.answer(), answer)


def test_days_of_one_change_share_a_fit_and_a_profile_with_a_new_label_does_not():
    asked = days_of(1, counted=True, controls=3, lasts=True, others=False)[1:]
    assert len({q.kind for q in asked}) == 1
    weekday = np.arange(LONGEST) % 7
    holiday = np.where(np.arange(LONGEST) == LONGEST - 1, 7, weekday)
    labelled = [
        Question(q.values, AT, {**q.options, "period": (holiday if q.size == LONGEST else weekday)[: q.size]})
        for q in asked
    ]
    assert len({q.kind for q in labelled}) == 2
    for question, answer in zip(labelled, together(labelled), strict=True):
        same(question.answer(), answer)


def test_profiles_that_begin_alike_and_part_later_are_asked_apart():
    asked = days_of(2, counted=True, controls=0, lasts=True, others=False)[-2:]
    weekday = np.arange(LONGEST) % 7
    moved = np.where(np.arange(LONGEST) >= 80, (weekday + 1) % 7, weekday)
    labelled = [
        Question(q.values, AT, {**q.options, "period": p[: q.size]})
        for q, p in zip(asked, (weekday, moved), strict=True)
    ]
    assert not labelled[0].goes_before(labelled[1])
    for question, answer in zip(labelled, together(labelled), strict=True):
        same(question.answer(), answer)


def test_too_little_data_among_others_is_a_reason_and_spoils_nothing():
    asked = days_of(3, counted=True, controls=0, lasts=True, others=False)
    empty = Question(np.full(70, np.nan), AT, {**asked[0].options})
    answers = together([*asked, empty])
    assert "at least" in answers[-1].reason
    same(asked[-1].answer(), answers[-2])


def test_nothing_asked_is_nothing_answered_and_a_wrong_question_is_an_error():
    assert together([]) == []
    with pytest.raises(ValueError, match="kind is 'none'"):
        together([Question(np.ones(80), AT, {"kind": "none"})])


def test_an_answer_is_that_of_effect():
    question = days_of(4, counted=True, controls=3, lasts=True, others=False)[0]
    same(question.answer(), effect(question.values, AT, **question.options))


def test_series_with_the_same_controls_are_answered_with_what_those_say_once():
    first, other = days_of(5, counted=True, controls=3, lasts=True, others=False)[-1], np.random.default_rng(6)
    asked = [Question(first.values + other.normal(0, 0.01, LONGEST), AT, first.options) for _ in range(3)]
    for question, answer in zip(asked, together(asked), strict=True):
        same(question.answer(), answer)
