"""Days that a replay asks together are as each by itself, of durations too, though all share one memory."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from judge_world import World, change, day, first_reply, fresh, plan

from cxmon.model import Amount, Scope
from cxmon.pipeline.judge import Depth, figures, look
from cxmon.pipeline.register import register
from cxmon.store import Overlay

# From the third on the horizon of one change is over: where the answer is open, its work reads figures again after the
# first answer.
MOMENTS = [day(number) + timedelta(hours=6) for number in (215, 219, 223, 229, 236)]
# Nothing says when it was known: from the day on which its period is complete.
METRIC = first_reply(matures_after=timedelta(days=2))
CUT = change(
    200, id="phone-cut", limits={"first_reply": Amount(0.05, relative=True, text="5%")}, guards=(), horizon_days=20
)
LATER = replace(CUT, id="later", starts=day(206), scope=Scope.of({"channel": "email"}), horizon_days=90)


def known(asked, store, moments, depth):
    overlay, looks = Overlay.over(store, asked.metrics.values()), []
    register(asked, overlay, now=MOMENTS[-1])
    overlay.keep_steps()
    for now in moments:
        overlay.advance(now)
        looks.append(look(asked, overlay, now=now, depth=depth))
    return figures(looks)


@pytest.mark.parametrize("depth", [Depth.TOLD, Depth.FIGURES])
def test_durations_of_several_days_are_asked_together_as_one_by_one(tmp_path, depth):
    def slower(leaf, t):
        """About the limit, so that the answer is open when the horizon is over."""
        return 0.03 * (t >= 200) * (leaf.get("channel") == "phone")

    asked = plan(tmp_path, [METRIC], [CUT, LATER])
    with fresh(tmp_path / "store.db") as store:
        # Between the third day and the fourth all figures turn out to have been others.
        for days, seed, now in ((222, 1, 222), (240, 2, 227)):
            World(days=days, seed=seed, moves={"first_reply": slower}).fill(store, METRIC, now=day(now))
        together = known(asked, store, MOMENTS, depth)
        alone = [known(asked, store, [now], depth)[0] for now in MOMENTS]
    sizes = []
    for ours, theirs in zip(together, alone, strict=True):
        assert set(ours) == set(theirs) == {"phone-cut", "later"}
        for id_, [one] in ours.items():
            [other] = theirs[id_]
            assert (one.harm.code, one.harm.reason, one.harm.answers) == (
                other.harm.code, other.harm.reason, other.harm.answers
            )  # fmt: skip
            assert "could not be judged" not in one.harm.reason
            for name in ("so_far", "now"):
                mine, his = (getattr(x.harm, name) for x in (one, other))
                np.testing.assert_allclose(
                    [mine.estimate, mine.low, mine.high], [his.estimate, his.low, his.high], rtol=1e-8
                )
            assert (one.split is None, one.band is None, one.where) == (
                other.split is None, other.band is None, other.where
            )  # fmt: skip
            sizes.append(one.harm.so_far.estimate)
    assert sum(map(math.isfinite, sizes)) >= len(MOMENTS), "there is something to compare"
    assert len(set(sizes)) > len(MOMENTS), "days differ"
