"""Small seeded surveys whose answerers change with a decision; who would have answered is known, so the truth is."""

from dataclasses import dataclass

import numpy as np
from judge_world import LEAVES, change, csat, day

from cxmon import decisions
from cxmon.model import Better, Code, Kind
from cxmon.panel import Panel
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_response import answered

START, HORIZON, LIMIT = 200, 60, 0.015
SURVEY = csat(response_of="solved", by=((),))
SOLVED = csat(id="solved", label="Solved", kind=Kind.LEVEL, better=Better.LOWER, unit="tickets", by=((),))
CUT = change(START, horizon_days=HORIZON)
SHARE = decisions.shares(["csat"], {})["csat"]


@dataclass(frozen=True)
class Answering:
    """What happens to the phone from day 200 on: `worse` points fewer satisfied among those who would have answered;
    of these the shares `happy` and `unhappy` still do, and as many more answer as `more` of them, of whom `more_happy`
    are satisfied. `rate` is the response rate before."""

    worse: float = 0.0
    happy: float = 1.0
    unhappy: float = 1.0
    more: float = 0.0
    more_happy: float = 0.5
    rate: float = 0.6


def panels(what: Answering, seed: int, *, days: int = START + HORIZON + 5, asked: int = 300) -> tuple[Panel, Panel]:
    """(the survey, those asked): both (6, days)."""
    rng = np.random.default_rng([seed, 7])
    S, later = len(LEAVES), np.arange(days) >= START
    touched = np.array([s.get("channel") == "phone" for s in LEAVES])[:, None] & later
    week = np.tile([0.0, 0.02, 0.03, 0.0, -0.02, -0.06, -0.04], days // 7 + 1)[:days]
    level = np.array([{"phone": 0.80, "chat": 0.90, "email": 0.78}[s.get("channel")] for s in LEAVES])[:, None]
    sent = rng.poisson(asked * (1 + 3 * week), (S, days))
    would = np.clip(what.rate * np.exp(week + _wander(rng, S, days, 0.02)), 0, 0.95)
    good = np.clip(level + week / 8 + _wander(rng, S, days, 0.008) - what.worse * touched, 0.01, 0.99)
    before = rng.binomial(sent, would)
    happy = rng.binomial(before, good)
    unhappy = before - happy
    extra = np.where(touched, rng.binomial(sent - before, np.clip(what.more * would / (1 - would), 0, 1)), 0)
    stay = np.where(touched, rng.binomial(happy, what.happy), happy)
    angry = np.where(touched, rng.binomial(unhappy, what.unhappy), unhappy)
    total = stay + rng.binomial(extra, what.more_happy)
    starts = np.array([day(t).timestamp() for t in range(days)], np.int64)
    grid = {"segments": LEAVES, "starts": starts}
    survey = Panel(metric=SURVEY, n=(stay + angry + extra).astype(float), total=total.astype(float), **grid)
    return survey, Panel(metric=SOLVED, n=np.ones((S, days)), total=sent.astype(float), **grid)


def _wander(rng, S: int, days: int, sd: float) -> np.ndarray:
    """Movement that all segments share and movement of each one's own, both with memory."""
    out = np.zeros((S + 1, days))
    for t in range(1, days):
        out[:, t] = 0.5 * out[:, t - 1] + sd * np.sqrt(0.75) * rng.standard_normal(S + 1)
    return out[0] + 0.7 * out[1:]


def told(survey: Panel, asked: Panel, age: int):
    """(harm as if nobody was missing, harm with the response rate beside it) so many days after the start."""
    now = day(START + age) + SURVEY.matures_after
    plain = evidence(CUT, [CUT], survey, SHARE, now=now, brief=True)
    return plain.harm, answered(plain, CUT, [CUT], survey, asked, now=now).harm


def is_true(code: Code, worse: float) -> bool:
    """Whether a code is right where those who would have answered are `worse` so much (0..1)."""
    right = {
        Code.HARMED: worse > LIMIT, Code.WORSE: worse > 0, Code.IMPROVED: worse < 0, Code.SAFE: worse < LIMIT,
    }  # fmt: skip
    return right.get(code, True)
