"""Days that people left out as a one-off: no verdict uses them from the moment it was said, and it says why."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_world import World, built, change, csat, day, falls

from cxmon import decisions
from cxmon.decisions import Share
from cxmon.decisions.versions import versions
from cxmon.model import EVERYONE, Cause, Code, LeftOut, Scope, Segment, Stage
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_staged import staged_evidence

PHONE, CHAT = Segment.of(channel="phone"), Segment.of(channel="chat")
FLOOD = LeftOut(
    id="flood", metric="csat", root=PHONE, segments=(PHONE,), since=day(200), until=day(204), by="Operations",
    why="flood in Dublin", at=day(215),
)  # fmt: skip
SAID = "18 Dec to 21 Dec left out as a one-off by Operations: flood in Dublin"
SHARE = Share(so_far=0.02, now=0.005)
CUT = change(190, horizon_days=60)
STAGED = change(
    190, horizon_days=60, stages=(
        Stage(starts=day(190), scope=Scope.of({"channel": "phone", "region": "eu"})),
        Stage(starts=day(197), scope=Scope.of({"channel": "phone", "region": "us"})),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def leaves(tmp_path_factory):
    _, store = built(tmp_path_factory.mktemp("left_out"), World(days=240), [csat()], [])
    with store:
        yield store.panel(csat(), as_known_at=day(239))


def spoilt(panel, one, share):
    """The same, with other answers on the days that were left out, wherever the one-off reaches."""
    inside = np.array([one.root.holds(s) for s in panel.segments])
    days = (panel.starts >= one.since.timestamp()) & (panel.starts < one.until.timestamp())
    total = np.where(inside[:, None] & days, np.round(share * panel.n), panel.total)
    return replace(panel, total=total, left_out=(one,))


def figures(harm):
    return harm.so_far, harm.now, harm.actual, harm.expected, harm.n_pre, harm.n_post, harm.code, harm.controls


@pytest.mark.parametrize(
    ("judged", "asked", "root", "since"),
    [
        (evidence, CUT, PHONE, 150),
        (evidence, CUT, PHONE, 200),
        (evidence, CUT, CHAT, 200),
        (staged_evidence, STAGED, PHONE, 200),
        (staged_evidence, STAGED, CHAT, 150),
    ],
    ids=["touched, before", "touched, since", "compared with", "in stages", "in stages, compared with"],
)
def test_no_answer_of_a_day_that_was_left_out_moves_a_verdict(leaves, judged, asked, root, since):
    one = replace(FLOOD, root=root, segments=(root,), since=day(since), until=day(since + 4))
    found = [judged(asked, (), spoilt(leaves, one, share), SHARE, now=day(238), brief=True).harm for share in (0.1, 1)]
    assert figures(found[0]) == figures(found[1])
    counted = judged(asked, (), replace(spoilt(leaves, one, 0.1), left_out=()), SHARE, now=day(238), brief=True).harm
    assert figures(counted) != figures(found[0])
    assert bool(found[0].left_out) is (root != CHAT)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    scope=st.sampled_from([(), (("channel", ("phone",)),), (("channel", ("phone",)), ("region", ("eu",)))]),
    root=st.sampled_from([EVERYONE, PHONE, CHAT, Segment.of(channel="phone", region="eu")]),
    first=st.integers(0, 230), length=st.integers(1, 31),
)  # fmt: skip
def test_a_scope_inside_the_root_loses_the_days_and_one_that_is_only_partly_in_it_says_so(scope, root, first, length):
    one = replace(FLOOD, root=root, segments=(root,), since=day(first), until=day(first + length))
    asked = change(190, scope=Scope(scope))
    found = decisions.place(asked, (), csat(), day(238), left_out=(one,))
    inside = root.holds(asked.scope.segment)
    assert found.left_out == (((one.since, one.until),) if inside else ())
    overlaps = asked.scope.overlaps(Scope.of(dict(root.items)))
    assert len(found.one_offs) == int(overlaps)
    assert all(("counted here" in note) is not inside for note in found.one_offs)
    assert set(found.one_offs) <= set(found.notes)


def test_it_counts_from_when_it_was_said_and_the_verdict_says_by_whom_and_why(tmp_path):
    flood = falls(-0.3, 200)
    moves = {"csat": lambda s, t: flood(s, t) if t < 204 else 0.0}
    asked, store = built(tmp_path, World(days=218, moves=moves), [csat()], [CUT])
    with store:
        # It stands in the store, as a replay has it, and nobody had said it by day 210.
        store.left_out.put(FLOOD)
        (before,) = judge(asked, store, now=day(210), depth=Depth.TOLD)
        (after,) = judge(asked, store, now=day(216), depth=Depth.TOLD)
        history = store.verdicts.history(CUT.id)
    assert (before.harms[0].code, before.harms[0].left_out) == (Code.HARMED, ())
    harm = after.harms[0]
    assert harm.code not in {Code.HARMED, Code.WORSE}
    assert harm.left_out == (SAID,)
    assert SAID in harm.notes
    assert SAID in harm.reason
    # Six days more and four fewer.
    assert harm.n_post == before.harms[0].n_post + 6 - 4
    (reason,) = [r for r in versions(history)[-1].reasons if r.cause is Cause.LEFT_OUT]
    assert (reason.metric, reason.names) == ("csat", (SAID,))
