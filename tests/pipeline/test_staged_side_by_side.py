"""Looks of several days at a roll-out that are asked side by side say what each says by itself, from fewer fits."""

import math
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from judge_world import change, csat, day

from cxmon.decisions import Share
from cxmon.model import Scope, Segment, Stage
from cxmon.panel import Panel
from cxmon.pipeline.estimating import one_by_one, side_by_side
from cxmon.pipeline.judge_staged import staged_inquiry

# Before anybody is touched in Britain, and after.
STARTS = {"de": 50, "fr": 57, "uk": 93}
LOOKS = (64, 65, 100, 119, 120)
SHARE = Share(so_far=0.04, now=0.01)


def rollout(**more):
    stages = tuple(Stage(starts=day(at), scope=Scope.of({"region": r})) for r, at in STARTS.items())
    return change(50, scope=Scope.of({"region": list(STARTS)}), stages=stages, **more)


def known_on(at, untouched, fall):
    rng, days = np.random.default_rng(3), np.arange(max(LOOKS))
    cells = tuple(Segment.of(channel=c, region=r) for c in ("phone", "chat") for r in (*STARTS, *untouched))
    begins = np.array([STARTS.get(s.get("region"), 10**6) for s in cells])[:, None]
    n = rng.poisson(200, (len(cells), len(days))).astype(float)
    total = rng.binomial(n.astype(int), 0.8 + 0.02 * np.sin(days / 7) - fall * (days >= begins)).astype(float)
    starts = np.array([int(day(int(t)).timestamp()) for t in days])
    return Panel(metric=csat(), segments=cells, starts=starts, n=n, total=total).cut(0, at)


def works(told, untouched=(), fall=0.0):
    return [
        staged_inquiry(told, told.parts(), known_on(at, untouched, fall), SHARE, now=day(at), brief=True)
        for at in LOOKS
    ]


def same(one, other):
    """Numbers to 1e-8, and every word."""
    if isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-8, abs=1e-8, nan_ok=True)
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    elif is_dataclass(one):
        for field in fields(one):
            same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, tuple):
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        assert one == other


@pytest.mark.parametrize(
    ("untouched", "fall", "more"),
    [
        (("us", "es"), 0.0, {}),
        ((), 0.06, {"horizon_days": 42}),
        (("us", "es"), -0.03, {"responds_to": "i1"}),
    ],
)
def test_side_by_side_is_as_one_by_one(untouched, fall, more):
    told = rollout(**more)
    found = side_by_side(works(told, untouched, fall))
    for one, work in zip(found, works(told, untouched, fall), strict=True):
        same(one, one_by_one(work))
    assert all(math.isfinite(one.harm.so_far.estimate) for one in found)
    assert found[0].harm.n_post < found[-1].harm.n_post


def test_days_that_ask_the_same_of_a_stage_share_a_fit():
    asked = [question for work in works(rollout(), ("us", "es"))[:2] for question in next(work)]
    begun = [question for question in asked if question.at < question.size]
    assert (len(asked), len(begun)) == (6, 4)
    assert len({question.kind for question in begun}) == 2
