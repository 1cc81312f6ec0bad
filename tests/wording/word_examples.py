"""Metrics, harms and verdicts to put into words."""

import math
from datetime import UTC, datetime, timedelta

from cxmon.model import (
    Amount,
    Better,
    Category,
    Change,
    Code,
    Grade,
    Harm,
    Interval,
    Kind,
    Metric,
    Place,
    Read,
    Scope,
    Segment,
    Verdict,
    Where,
)

START = datetime(2026, 9, 14, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def metric(label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, **more) -> Metric:
    given = {"id": label.lower(), "matters": Amount(0.01, relative=False, text="1pt"), "source": "desk"}
    return Metric(label=label, kind=kind, better=better, read=Read(time="day"), **(given | more))


CSAT = metric()
SOLVED = metric("Solved first time", id="solved")
REPLY = metric("First reply", Kind.QUANTILE, Better.LOWER, id="reply", unit="min")
CHURN = metric("Churn", Kind.RATE, Better.LOWER, id="churn", per=1000.0)
COST = metric("Cost", Kind.MEAN, Better.LOWER, id="cost", unit="EUR")
METRICS = {m.id: m for m in (CSAT, SOLVED, REPLY, CHURN, COST)}

CHANGE = Change(
    id="five", title="Tier-1 chat outsourced", category=Category.COST_CUT, starts=START, owner="Operations",
    scope=Scope.of({"channel": "chat"}),
)  # fmt: skip


def harm(code, low=math.nan, estimate=math.nan, high=math.nan, **more) -> Harm:
    found = Interval(estimate=estimate, low=low, high=high)
    given = {
        "metric": "csat", "unit": "pt", "limit": 0.015, "reason": "the reason", "so_far": found, "now": found,
        "actual": 0.85, "expected": 0.876, "grade": Grade.CONTROLLED, "p_value": 0.01, "confidence": 0.95, "n_pre": 300,
        "n_post": 68, "answers": 9000.0, "window_start": START, "window_end": START + timedelta(days=68),
        "scope": "chat",
    }  # fmt: skip
    return Harm(code=code, **(given | more))


def verdict(*harms: Harm, code: Code | None = None, **more) -> Verdict:
    grade = harms[0].grade if harms else Grade.BEFORE_AFTER
    return Verdict(change="five", as_of=NOW, code=code or harms[0].code, grade=grade, harms=harms, **more)


def place(label, harm, low, high, rest, share, **more) -> Place:
    given = {"own": harm, "volume": 0.3, "answers": 900.0, "p_value": 0.001, "named": True}
    return Place(
        segment=Segment.of(channel=label), harm=harm, low=low, high=high, rest=rest, share=share, **(given | more)
    )


def where(answer, *places, **more) -> Where:
    given = {"unit": "pt", "whole": 0.026, "looked_at": 12, "largest": 0.019, "false_discovery": 0.1}
    return Where(metric="csat", answer=answer, places=places, **(given | more))
