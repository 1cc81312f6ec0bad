"""A survey whose answerers change: what the verdict says of it, and what is said where those asked are not known."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from judge_world import LEAVES, day, plan
from response_world import CUT, SHARE, SOLVED, START, SURVEY, Answering, panels, told

from cxmon import wording
from cxmon.contracts import Cells, Observations
from cxmon.model import Amount, Code, Scope, Stage, Unlike, Window
from cxmon.pipeline.judge import Depth, figures, judge, look
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_response import answered, rate_panel
from cxmon.pipeline.judge_staged import staged_evidence
from cxmon.pipeline.register import register
from cxmon.store import Overlay, Store

NOW = day(START + 30)
UNHAPPY = Answering(unhappy=0.5)


def beside(survey, asked, now=NOW):
    return answered(evidence(CUT, [CUT], survey, SHARE, now=now, brief=True), CUT, [CUT], survey, asked, now=now).harm


def test_the_unhappy_who_stop_to_answer_make_no_better_figure():
    plain, harm = told(*panels(UNHAPPY, 1), 28)
    assert plain.code is Code.IMPROVED
    assert (harm.code, harm.unlike, harm.due) == (Code.NOT_COMPARABLE, Unlike.ANSWERS, None)
    rate = harm.response_rate
    assert rate.high < 0
    # A tenth of those who would have answered are gone.
    assert 0.06 < 1 - rate.actual / rate.expected < 0.14
    # Truth, no harm at all, is within the bounds.
    assert rate.bounds[0] < 0 < rate.bounds[1]


def test_a_harm_beyond_what_the_missing_could_make_stands_and_shows_it():
    plain, harm = told(*panels(Answering(worse=0.2, happy=0.9, unhappy=0.9), 1), 28)
    assert plain.code is harm.code is Code.HARMED
    assert harm.response_rate.moved
    assert harm.limit < harm.response_rate.bounds[0] < harm.so_far.low
    assert "the verdict is the same" in wording.responded(harm, SURVEY)


def test_a_rate_that_did_not_move_changes_nothing_but_what_stands_beside():
    plain, harm = told(*panels(Answering(worse=0.05), 1), 28)
    assert replace(harm, response_rate=None) == plain
    rate = harm.response_rate
    assert (rate.moved, rate.of, rate.bounds) == (False, "solved", None)
    assert rate.actual == pytest.approx(0.6, abs=0.03)
    assert rate.asked == pytest.approx(28 * 2 * 300, rel=0.1)


def test_a_gain_waits_until_the_rate_is_known_and_says_when():
    plain, harm = told(*panels(UNHAPPY, 3), 5)
    assert plain.code is Code.IMPROVED
    assert (harm.response_rate.moved, harm.code, harm.unlike) == (False, Code.UNDECIDED, None)
    assert harm.due is not None
    assert harm.reason.endswith("that could turn the verdict")
    assert "too wide for a verdict yet" in wording.responded(harm, SURVEY)


def test_with_a_declared_difference_answers_that_go_missing_at_random_cost_no_verdict():
    survey, asked = panels(Answering(worse=0.05, happy=0.9, unhappy=0.9), 1)
    worst = beside(survey, asked)
    near = replace(SURVEY, missing_differ=Amount(0.1, relative=False, text="10pt"))
    harm = beside(replace(survey, metric=near), asked)
    assert worst.code is not Code.HARMED
    assert (harm.code, harm.response_rate.differ) == (Code.HARMED, 0.1)
    assert "lie at most 10 points from the others, as declared" in wording.responded(harm, near)


def test_where_those_asked_are_not_known_the_verdict_stands_and_says_why():
    survey, asked = panels(UNHAPPY, 1)
    empty = replace(asked, n=np.zeros_like(asked.n), total=np.zeros_like(asked.n))
    few = replace(asked, total=asked.total / 3)
    for given, said in ((empty, "no figures of Solved yet"), (few, "have more answers than Solved counts")):
        harm = beside(survey, given)
        assert harm.code is Code.IMPROVED
        assert said in harm.response_rate.reason
        assert wording.responded(harm, SURVEY).startswith("response rate not known: ")


def test_days_on_which_those_asked_are_not_complete_are_left_out_of_the_rate():
    survey, asked = panels(UNHAPPY, 1)
    slow = replace(asked, metric=replace(SOLVED, matures_after=timedelta(days=10)))
    rate = rate_panel(survey, slow, now=day(START + 30))
    assert rate.n[:, START + 19].all()
    assert not rate.n[:, START + 20 :].any()
    assert beside(survey, slow).response_rate.asked < beside(survey, asked).response_rate.asked


def test_those_asked_are_rolled_up_to_what_the_survey_knows():
    survey, asked = panels(Answering(), 1)
    split = tuple(replace(s, items=(*s.items, ("tier", "pro"))) for s in asked.segments[:5])
    finer = replace(asked, segments=split, n=asked.n[:5], total=asked.total[:5])
    rate = rate_panel(survey, finer, now=NOW)
    assert rate.segments == tuple(sorted(LEAVES))
    assert rate.n.sum() == finer.total[:, finer.mature(NOW)].sum()


def test_a_roll_out_in_stages_has_one_rate_for_all():
    stages = tuple(
        Stage(starts=at, scope=Scope.of({"region": region})) for at, region in ((CUT.starts, "eu"), (day(300), "us"))
    )
    rolled = replace(CUT, stages=stages)
    survey, asked = panels(UNHAPPY, 2)
    plain = staged_evidence(rolled, list(rolled.parts()), survey, SHARE, now=NOW)
    harm = answered(plain, rolled, list(rolled.parts()), survey, asked, now=NOW).harm
    assert plain.harm.code is Code.IMPROVED
    assert harm.unlike is Unlike.ANSWERS
    assert [one.code for one in harm.stages] == [Code.NOT_COMPARABLE, Code.WAITING]


def filled(path, what):
    """A store with the survey and its tickets, and the plan."""
    asked = plan(path, [SURVEY, SOLVED], [replace(CUT, guards=("csat",))])
    store = Store.open(asked.store_url)
    for panel in panels(what, 1):
        rows, columns = (index.ravel() for index in np.indices(panel.n.shape))
        cells = Cells(
            segments=panel.segments, segment=rows, start=panel.starts[columns], n=panel.n.ravel(),
            total=panel.total.ravel(), known_at=np.zeros(panel.n.size, np.int64), squares=None,
            sketches=None,
        )  # fmt: skip
        window = Window(day(0), day(panel.n.shape[1]))
        store.observations.apply(panel.metric, Observations(window=window, cells=cells), now=day(0))
    return asked, store


def test_the_rate_is_stored_with_the_verdict_and_told_in_its_words(tmp_path):
    asked, store = filled(tmp_path, UNHAPPY)
    with store:
        [told_] = judge(asked, store, now=NOW, depth=Depth.TOLD)
        [kept] = store.verdicts.all_latest().values()
        assert kept == told_
        [harm] = kept.harms
        assert (kept.code, harm.unlike) == (Code.NOT_COMPARABLE, Unlike.ANSWERS)
        assert kept.headline == "Phone desk cut: fewer answers, cannot compare"
        assert "CSAT: response rate fell to" in kept.sentence
        assert any("too wide for a verdict" in line for line in kept.story)
        [whole] = judge(asked, store, now=NOW, depth=Depth.FIGURES)
        assert (whole.version, whole.harms[0].response_rate) == (1, harm.response_rate)


def test_a_survey_of_which_nothing_says_who_was_asked_says_so_and_keeps_its_verdict(tmp_path):
    asked, store = filled(tmp_path, UNHAPPY)
    alone = replace(SURVEY, response_of="", standard="csat")
    with store:
        [said] = judge(replace(asked, metrics=asked.metrics | {"csat": alone}), store, now=NOW, depth=Depth.TOLD)
    assert said.code is Code.IMPROVED
    assert any("CSAT: response rate not known: nothing says who was asked (`response_of`)" in t for t in said.story)


@pytest.mark.parametrize(("first", "second"), [("solved", "csat"), ("csat", "solved")])
def test_days_asked_together_know_who_was_asked_whichever_metric_comes_first(tmp_path, first, second):
    asked, store = filled(tmp_path, UNHAPPY)
    early = replace(CUT, guards=(second,), limits={})
    late = replace(CUT, id="late", starts=day(START + 20), guards=(first,), limits={})
    asked = replace(asked, metrics={id_: asked.metrics[id_] for id_ in (first, second)}, changes=(early, late))
    moments = [day(START + age) for age in (19, 26, 30)]

    def answers(moments):
        overlay, looks = Overlay.over(store, asked.metrics.values()), []
        register(asked, overlay, now=NOW)
        overlay.keep_steps()
        for now in moments:
            overlay.advance(now)
            looks.append(look(asked, overlay, now=now, depth=Depth.TOLD))
        return [
            {
                (id_, harm.metric): (harm.code, harm.answers, harm.reason, round(harm.now.estimate, 8))
                for id_, known in found.items()
                for harm in (one.harm for one in known)
            }
            for found in figures(looks)
        ]

    with store:
        together = answers(moments)
        begun = {("phone-cut", second), ("late", first)}
        assert [set(found) for found in together] == [{("phone-cut", second)}, begun, begun]
        assert together == [answers([now])[0] for now in moments]
        assert "could not be judged" not in str(together)
