"""The weeks of a watch that nobody kept are worked out with what was known then; what was said stays."""

from datetime import timedelta

from judge_world import World, built, change, csat, day, falls

from cxmon.model import KeptBy
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.retrace import retrace, retrace_all


def test_missing_weeks_are_worked_out_once_and_what_was_said_stays(tmp_path):
    plan, store = built(tmp_path, World(days=232, moves={"csat": falls(-0.09)}), [csat()], [change()])
    with store:
        assert retrace(plan, store, "phone-cut", now=day(231)) == []
        judge(plan, store, now=day(230), depth=Depth.FIGURES)
        said, version = store.verdicts.readings("phone-cut"), store.verdicts.history("phone-cut")
        # The service asks between two weeks whether it shall end, and what it has is kept.
        asked = iter([False, False, False, True])
        begun = retrace_all(plan, store, now=day(231), stopped=lambda: next(asked))
        assert begun == {"phone-cut": 2}
        assert len(store.verdicts.readings("phone-cut")) == len(said) + 2
        found = retrace(plan, store, "phone-cut", now=day(231))
        kept = store.verdicts.readings("phone-cut")
        assert retrace_all(plan, store, now=day(231), stopped=lambda: False) == {}
        assert store.verdicts.history("phone-cut") == version
    assert {one.by for one in found} == {KeptBy.AFTERWARDS}
    assert [one for one in kept if one.by is KeptBy.DAILY] == list(said)
    widths = [one.so_far.high - one.so_far.low for one in kept]
    assert widths == sorted(widths, reverse=True)
    assert all(one.until <= one.at for one in found)


def test_a_week_of_which_nothing_could_be_said_is_asked_for_once(tmp_path):
    slow = csat(matures_after=timedelta(days=9))
    plan, store = built(tmp_path, World(days=232, moves={"csat": falls(-0.09)}), [slow], [change()])
    silent, asked = set(), []

    def stopped():
        asked.append(True)
        return False

    with store:
        judge(plan, store, now=day(231), depth=Depth.FIGURES)
        assert retrace_all(plan, store, now=day(231), stopped=stopped, without=silent)
        assert [name for name, _ in silent] == ["phone-cut"]
        asked.clear()
        assert retrace_all(plan, store, now=day(231), stopped=stopped, without=silent) == {}
        assert len(asked) == 1
