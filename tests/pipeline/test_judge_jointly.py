"""Two changes near to each other on the same customers: each one's own verdict, or a plain word that there is none."""

import pytest
from judge_world import World, built, change, csat, day

from cxmon.model import Amount, Code, Scope
from cxmon.pipeline.judge import judge

THREE_POINTS = {"csat": Amount(0.03, relative=False, text="3pt")}


def two(segment, at):
    """The phone desk loses 8 points at day 200 and gains 9 at day 210."""
    if segment.get("channel") != "phone":
        return 0.0
    return (-0.08 if at >= 200 else 0.0) + (0.09 if at >= 210 else 0.0)


@pytest.fixture
def judged(tmp_path):
    opened = []

    def ask(apart, now=250):
        cut, mend = change(limits=THREE_POINTS), change(200 + apart, id="call-back", title="Call back", limits={})

        plan, store = built(tmp_path / str(apart), World(moves={"csat": two}), [csat()], [cut, mend])
        opened.append(store)
        return {v.change: v for v in judge(plan, store, now=day(now))}

    yield ask
    for store in opened:
        store.close()


def test_ten_days_apart_each_change_gets_its_own_verdict(judged):
    found = judged(10)
    cut, mend = found["phone-cut"].harms[0], found["call-back"].harms[0]
    assert (cut.code, mend.code) == (Code.HARMED, Code.IMPROVED)
    assert cut.so_far.low <= 0.08 <= cut.so_far.high
    assert mend.so_far.low <= -0.09 <= mend.so_far.high
    note = next(note for note in cut.notes if "estimated together" in note)
    assert note.startswith("estimated together with Call back (")
    assert note.endswith("), which makes the range wider")
    assert note in "\n".join(found["phone-cut"].story)
    assert cut.entangled_with == ()


def test_three_days_apart_they_are_entangled_and_say_with_whom(judged):
    found = judged(3)
    assert found["phone-cut"].code is Code.ENTANGLED
    assert found["phone-cut"].harms[0].entangled_with == ("call-back",)


def test_a_neighbour_elsewhere_is_no_neighbour(tmp_path):

    elsewhere = change(210, id="call-back", scope=Scope.of({"channel": "chat"}))
    plan, store = built(tmp_path, World(moves={"csat": two}), [csat()], [change(limits=THREE_POINTS), elsewhere])
    with store:
        verdict = next(v for v in judge(plan, store, now=day(225)) if v.change == "phone-cut")
    assert not any("together" in note for note in verdict.harms[0].notes)
