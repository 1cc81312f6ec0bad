"""Second opinions, ranks and controls that moved, on small planted worlds in a real store."""

import numpy as np
import pytest
from judge_world import LEAVES, World, built, change, csat, day, falls

from cxmon.model import Agreement, Code, Grade, Method, Rank
from cxmon.pipeline.judge import judge
from cxmon.pipeline.judge_opinions import among_controls


@pytest.fixture
def judged(tmp_path):
    """`judged(World(...), now=300)` -> the verdict as it stands in the store."""
    stores = []

    def verdict(figures, now=300, **more):
        plan, store = built(tmp_path, figures, [csat(by=((),))], [change(**more)])
        stores.append(store)
        judge(plan, store, now=day(now))
        return store.verdicts.latest("phone-cut")

    yield verdict
    for store in stores:
        store.close()


def three_bad_days(segment, at):
    """A fall so large and late that a mean over all days sees it and whole weeks do not."""
    return -0.5 if 207 <= at < 210 and segment.get("channel") == "phone" else 0.0


def one_control_falls_too(segment, at):
    hit = segment.get("channel") == "phone" or segment == LEAVES[2]
    return -0.05 if at >= 200 and hit else 0.0


def test_a_plain_harm_is_seen_by_both_other_methods_and_its_grade_stays(judged):
    verdict = judged(World(moves={"csat": falls(-0.05)}))
    harm = verdict.harms[0]
    assert {o.method: o.agreement for o in harm.opinions} == dict.fromkeys(Method, Agreement.AGREES)
    assert all(o.found.low < 0.05 < o.found.high for o in harm.opinions)
    assert (harm.grade, harm.disputed) == (Grade.CONTROLLED, False)
    assert harm.rank == Rank(place=1, of=5)


def test_a_contradiction_lowers_the_grade_is_stored_and_said(judged):
    verdict = judged(World(moves={"csat": three_bad_days}), now=212)
    harm = verdict.harms[0]
    assert (verdict.code, verdict.grade, harm.grade) == (Code.HARMED, Grade.BEFORE_AFTER, Grade.BEFORE_AFTER)
    blocks = next(o for o in harm.opinions if o.method is Method.BLOCKS)
    assert blocks.agreement is Agreement.APART
    assert blocks.found.high < harm.so_far.low
    assert "Because of" not in verdict.sentence
    assert "compared with untouched segments, but a second method disagrees" in verdict.sentence
    assert "CSAT: a structural time-series model disagrees: it sees" in verdict.sentence
    assert any("a t-test on whole weeks disagrees: it sees" in line for line in verdict.story)


def test_without_untouched_segments_a_contradiction_makes_the_evidence_disputed(judged):
    phone = [s for s in LEAVES if s.get("channel") == "phone"]
    verdict = judged(World(moves={"csat": three_bad_days}, leaves=phone), now=212)
    assert (verdict.code, verdict.grade) == (Code.HARMED, Grade.DISPUTED)
    assert verdict.harms[0].rank is None
    assert "before and after only, but a second method disagrees" in verdict.sentence


def test_an_untouched_segment_that_moved_by_itself_is_named_and_is_no_witness(judged):
    verdict = judged(World(moves={"csat": one_control_falls_too}))
    harm = verdict.harms[0]
    assert harm.controls_moved == ("chat · eu",)
    assert harm.controls == ("chat · us", "email · eu", "email · us")
    assert harm.rank == Rank(place=1, of=4)
    assert "Of the untouched segments chat · eu moved by itself since then" in verdict.sentence
    assert any(line.startswith("CSAT: of the untouched segments chat · eu moved") for line in verdict.story)


def test_an_improvement_is_ranked_among_rises(judged):
    harm = judged(World(moves={"csat": falls(0.06)})).harms[0]
    assert harm.code is Code.IMPROVED
    assert harm.placebo.as_large == 0
    assert harm.rank.place == 1


def test_what_has_not_moved_has_no_rank_and_is_asked_about_all_the_same(judged):
    harm = judged(World(), now=230).harms[0]
    assert harm.code in {Code.UNDECIDED, Code.SAFE}
    assert (harm.placebo, harm.rank) == (None, None)
    assert len(harm.opinions) == 2


def test_a_second_opinion_that_cannot_answer_says_why_and_lowers_nothing(judged):
    harm = judged(World(moves={"csat": falls(-0.05)}), now=206).harms[0]
    blocks = next(o for o in harm.opinions if o.method is Method.BLOCKS)
    assert blocks.agreement is Agreement.UNKNOWN
    assert "0 since, at least 4 and 1 are needed" in blocks.reason
    assert not harm.disputed


def test_each_control_is_judged_against_the_others_and_never_against_itself():
    rng = np.random.default_rng(2)
    shared = 0.3 * np.cumsum(rng.standard_normal(150))
    X = shared + rng.standard_normal((5, 150))
    y = shared + rng.standard_normal(150)
    X[3, 120:] -= 4
    asked = {
        "kind": "mean", "period": np.arange(150) % 7, "until": 150, "n": None, "se": None, "controls": X,
        "controls_n": None, "controls_se": None,
    }  # fmt: skip
    y[120:] -= 2
    assert among_controls(y, 120, asked, sign=-1) == Rank(place=2, of=6)
    assert among_controls(y, 120, asked | {"controls": X[:2]}, sign=-1) is None
