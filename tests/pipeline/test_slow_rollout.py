"""A roll-out whose answers come more slowly in one of its stages: it waits of its own, and its range has room."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cxmon import decisions
from cxmon.decisions.maturity import ripened, slowed
from cxmon.model import EVERYONE, Amount, Better, Category, Change, Kind, Metric, Read, Scope, Segment, Stage
from cxmon.panel import ARRIVAL_AGES, Panel
from cxmon.pipeline.judge_staged import staged_evidence

START, DAYS, AT, LATER = datetime(2026, 1, 1, tzinfo=UTC), 130, 75, 89
SEGMENTS = tuple(Segment.of(channel=c, region=f"r{k}") for c in ("chat", "email", "phone", "web") for k in range(4))
METRIC = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER,
    matters=Amount(0.01, relative=False, text="1pt"), source="s",
    read=Read(time="t", value="v", known_at="k"), dimensions=("channel", "region"), matures_after=timedelta(days=3),
)  # fmt: skip
ROLLOUT = Change(
    id="cut", title="Cut", category=Category.COST_CUT, starts=START + timedelta(days=AT), owner="Operations",
    scope=Scope(()), limits={"csat": Amount(0.02, relative=False, text="2pt")},
    stages=tuple(
        Stage(starts=START + timedelta(days=at), scope=Scope((("channel", (c,)),)))
        for c, at in (("phone", AT), ("email", LATER))
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def answers():
    """40 answers a day in each segment, on the phone after 3 days since its stage, elsewhere after 1: as of the end."""
    rng = np.random.default_rng(5)
    arrived = np.full((len(SEGMENTS), DAYS, len(ARRIVAL_AGES), 2), np.nan)
    known = np.zeros((2, len(SEGMENTS), DAYS))
    for s, segment in enumerate(SEGMENTS):
        for t in range(DAYS):
            mean = 3.0 if segment.get("channel") == "phone" and t >= AT else 1.0
            age, yes = rng.exponential(mean, 40), rng.random(40) < 0.8
            for a, edge in enumerate(ARRIVAL_AGES):
                if edge <= DAYS - 1 - t:
                    arrived[s, t, a] = [(yes & (age <= edge + 0.5)).sum(), (~yes & (age <= edge + 0.5)).sum()]
            known[:, s, t] = [(age <= DAYS - 0.5 - t).sum(), (yes & (age <= DAYS - 0.5 - t)).sum()]
    starts = np.array([int((START + timedelta(days=t)).timestamp()) for t in range(DAYS)])
    return Panel(metric=METRIC, segments=SEGMENTS, starts=starts, n=known[0], total=known[1], arrived=arrived)


def judged(leaves):
    share = decisions.shares(["csat"], {})["csat"]
    return staged_evidence(ROLLOUT, [], leaves, share, now=START + timedelta(days=DAYS), brief=True).harm


def test_a_stage_whose_answers_slow_down_waits_and_has_room_for_what_lacks(answers):
    harm, unguarded = judged(answers), judged(replace(answers, arrived=None))
    phone, email = harm.stages
    assert phone.n_post < unguarded.stages[0].n_post == DAYS - AT - 3
    assert email.n_post == unguarded.stages[1].n_post == DAYS - LATER - 3
    assert any(note.startswith("phone: answers do not come in as they used to") for note in harm.notes)
    # The very same days without room.
    own = np.array([segment.get("channel") == "phone" for segment in SEGMENTS])
    alike = replace(answers, arrived=None, wait=ripened(answers.pooled(EVERYONE, own)).wait)
    bare = judged(alike).stages[0].so_far
    assert phone.so_far.estimate == pytest.approx(bare.estimate, abs=1e-3)
    assert phone.so_far.low < bare.low < bare.high < phone.so_far.high


def test_a_declared_wait_by_which_far_too_little_is_in_gives_way_to_the_learnt_one(answers):
    steady = answers.pooled(EVERYONE, np.array([segment.get("channel") != "phone" for segment in SEGMENTS]))
    short, long = (replace(METRIC, matures_after=timedelta(days=days)) for days in (1, 3))
    ripe = ripened(ripened(replace(steady, metric=short)))
    assert ripe.too_short == timedelta(days=1)
    assert ripe.metric.matures_after == timedelta(days=5)
    assert slowed(ripe) == ("a day counts when it is 5 days old: by the declared 1 day far too little is in",)
    kept = ripened(replace(steady, metric=long))
    assert (kept.too_short, kept.metric.matures_after, slowed(kept)) == (None, timedelta(days=3), ())
