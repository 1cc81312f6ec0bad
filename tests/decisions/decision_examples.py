"""Values to build verdicts from."""

import math
from datetime import UTC, date, datetime, timedelta

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
    Read,
    Scope,
    Verdict,
)

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
START = datetime(2026, 9, 14, tzinfo=UTC)


def metric(**more) -> Metric:
    given = {
        "id": "csat", "label": "CSAT", "kind": Kind.PROPORTION, "better": Better.HIGHER,
        "matters": Amount(0.01, relative=False, text="1pt"), "source": "desk", "read": Read(time="day"),
        "dimensions": ("channel", "region"),
    }  # fmt: skip
    return Metric(**(given | more))


def duration(**more) -> Metric:
    given = {
        "id": "first_reply", "label": "First reply", "kind": Kind.QUANTILE, "better": Better.LOWER, "unit": "min",
        "matters": Amount(0.1, relative=True, text="10%"),
    }  # fmt: skip
    return metric(**(given | more))


def change(**more) -> Change:
    given = {
        "id": "outsourced", "title": "Tier-1 chat outsourced", "category": Category.COST_CUT, "starts": START,
        "owner": "Operations", "scope": Scope.of({"channel": "chat"}),
    }  # fmt: skip
    return Change(**(given | more))


def interval(low: float, high: float) -> Interval:
    return Interval(estimate=(low + high) / 2, low=low, high=high)


def harm(code: Code, low: float = math.nan, high: float = math.nan, **more) -> Harm:
    given = {
        "metric": "csat", "code": code, "reason": "why", "unit": "pt", "limit": 0.015, "so_far": interval(low, high),
        "now": interval(low, high), "actual": 0.85, "expected": 0.876, "grade": Grade.CONTROLLED, "p_value": 0.01,
        "confidence": 0.95, "n_pre": 300, "n_post": 68, "answers": 9000.0, "window_start": START,
        "window_end": START + timedelta(days=68), "scope": "chat", "due": None,
    }  # fmt: skip
    return Harm(**(given | more))


def verdict(*harms: Harm, **more) -> Verdict:
    given = {"change": "outsourced", "as_of": NOW, "code": harms[0].code, "grade": harms[0].grade, "harms": harms}
    return Verdict(**(given | more))


def on(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)
