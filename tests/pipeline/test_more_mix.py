"""Mix where a total is more than one date and one kind of answers: roll-outs in stages, and ratios."""

from dataclasses import replace

import numpy as np
import pytest
from judge_world import LEAVES, Amount, World, built, change, csat, day

from cxmon import decisions, wording
from cxmon.model import Better, Code, Grade, Kind, Read, Scope, Segment, Stage
from cxmon.panel import Panel
from cxmon.pipeline.judge import judge
from cxmon.pipeline.judge_evidence import evidence

STARTS = {"de": 200, "fr": 214, "uk": 230}
EVERYWHERE = tuple(Segment.of(channel=c, region=r) for c in ("phone", "chat", "email") for r in (*STARTS, "us"))
BOT = change(
    id="bot", title="Chat bot", scope=Scope.of({"channel": "chat"}), limits={"csat": Amount(0.03, False, "3pt")},
    stages=tuple(Stage(starts=day(at), scope=Scope.of({"region": r})) for r, at in STARTS.items()),
)  # fmt: skip


def adds_up(split):
    assert split.rate + split.mix + split.entry_exit + split.remainder == pytest.approx(split.total, abs=1e-12)


def fewer(leaf, t):
    return -0.8 if leaf.get("channel") == "chat" and t >= STARTS.get(leaf.get("region"), 10**9) else 0.0


def test_a_roll_out_that_takes_the_happy_chats_away_moves_the_total_by_mix_since_its_first_stage(tmp_path):
    plan, store = built(tmp_path, World(leaves=EVERYWHERE, volume=fewer, days=272), [csat(by=((),))], [BOT])
    with store:
        [verdict] = judge(plan, store, now=day(270))
    [split] = verdict.splits
    adds_up(split)
    # What was planted: shares of the answers on each day, with and without the bot, at the levels of the channels.
    days = range(200, 268)
    level = {"phone": 0.80, "chat": 0.90, "email": 0.78}
    moved = []
    for t in days:
        weight = np.array([1 + fewer(leaf, t) for leaf in EVERYWHERE])
        own = np.array([level[leaf.get("channel")] for leaf in EVERYWHERE])
        moved.append(own.mean() - weight @ own / weight.sum())
    assert split.staged
    assert split.ranges.mix[0] < np.mean(moved) < split.ranges.mix[1]
    assert split.ranges.mix[0] > 0
    assert split.ranges.rate[0] < 0 < split.ranges.rate[1]
    assert verdict.code in {Code.SAFE, Code.UNDECIDED}
    assert any("CSAT, all customers since the first stage: " in line for line in verdict.story)


def test_what_another_change_may_have_moved_is_not_told_as_the_mix_of_a_roll_out(tmp_path):
    near = change(218, id="near", title="Near", scope=Scope.of({"channel": "chat", "region": "fr"}))
    plan, store = built(tmp_path, World(leaves=EVERYWHERE, volume=fewer, days=272), [csat(by=((),))], [BOT, near])
    with store:
        [verdict] = judge(plan, store, now=day(270), changes=["bot"])
    assert Code.ENTANGLED in {stage.code for stage in verdict.harms[0].stages}
    assert verdict.splits == ()


def revenue(seed: int, later: float) -> Panel:
    """Revenue lost of revenue paid, by segment; since day 200 that of phone, which loses most, is `later` times it."""
    rng = np.random.default_rng([seed, 5])
    metric = csat(
        id="lost", label="Revenue churn", kind=Kind.RATIO, better=Better.LOWER, unit="%", by=((),),
        matters=Amount(0.001, False, "0.1pt"), read=Read(time="day", value="lost", base="paid"),
    )  # fmt: skip
    days = 260
    after = np.arange(days) >= 200
    phone = np.array([s.get("channel") == "phone" for s in LEAVES])[:, None]
    n = rng.poisson(np.where(phone & after, 400 * later, 400.0), (len(LEAVES), days))
    lost = rng.binomial(n, np.where(phone, 0.06, 0.02))
    each = 50.0
    grid = {"segments": LEAVES, "starts": np.array([day(t).timestamp() for t in range(days)], np.int64)}
    return Panel(
        metric=metric, n=n.astype(float), total=each * lost, base=each * n, squares=each**2 * lost,
        base_squares=each**2 * n.astype(float), cross=each**2 * lost, **grid,
    )  # fmt: skip


def test_a_ratio_is_split_by_its_denominators():
    panel = revenue(1, later=0.4)
    cut = change(id="cut", scope=Scope.of({"channel": "phone"}), limits={})
    share = decisions.shares(["lost"], {})["lost"]
    found = evidence(cut, [cut], panel, share, now=day(260), opinions=False)
    split = found.split
    adds_up(split)
    w = 1 / 3, 0.4 / 2.4
    planted = (w[1] - w[0]) * (0.06 - 0.02)
    assert split.ranges.mix[0] < planted < split.ranges.mix[1] < 0
    assert split.ranges.rate[0] < 0 < split.ranges.rate[1]
    assert split.grade is Grade.CONTROLLED
    assert wording.mix(split, panel.metric).startswith("Revenue churn, all customers: ")
    # Money in another currency changes nothing: it is a ratio.
    dear = replace(
        panel, total=3 * panel.total, base=3 * panel.base, squares=9 * panel.squares,
        base_squares=9 * panel.base_squares, cross=9 * panel.cross,
    )  # fmt: skip
    again = evidence(cut, [cut], dear, share, now=day(260), opinions=False).split
    assert (again.mix, again.rate) == (pytest.approx(split.mix), pytest.approx(split.rate))
