"""Seeded panels for the laws of checks."""

from datetime import UTC, datetime, timedelta

import numpy as np

from cxmon.checks import Freshness, Funnel, Threshold, Watch
from cxmon.contracts import CheckContext
from cxmon.model import EVERYONE, Amount, Better, Grain, Kind, Metric, Read, Segment
from cxmon.panel import Panel
from cxmon.periods import grid

START = datetime(2025, 1, 6, tzinfo=UTC)
NAMES = "abcdefghijkl"
CHECKS = {
    "threshold": Threshold(floor="80%"),
    "freshness": Freshness(after=timedelta(hours=36)),
    "watch": Watch(),
    "funnel": Funnel(),
}


def metric(**more) -> Metric:
    given = {
        "id": "csat", "label": "CSAT", "kind": Kind.PROPORTION, "better": Better.HIGHER, "source": "desk",
        "matters": Amount(0.01, relative=False, text="1pt"), "read": Read(time="day"), "dimensions": ("team",),
        "by": ((), ("team",)),
    }  # fmt: skip
    return Metric(**(given | more))


def instant(period: int, of: Panel | None = None) -> datetime:
    return START + timedelta(days=period) if of is None else datetime.fromtimestamp(int(of.starts[period]), UTC)


def panel(days: int = 90, *, answers: int = 200, share: float = 0.85, seed: int = 1, move=None, **more) -> Panel:
    """Twelve teams and everyone: `share` satisfied of about `answers` a day, `move(shares (S, T))` changes it."""
    rng = np.random.default_rng(seed)
    shares = np.full((len(NAMES), days), share)
    if move is not None:
        shares = move(shares)
    n = rng.poisson(answers, shares.shape).astype(float)
    leaves = Panel(
        metric=metric(**more),
        segments=tuple(Segment.of(team=t) for t in NAMES),
        starts=grid(START, START + timedelta(days=days), Grain.DAY, "UTC"),
        n=n,
        total=rng.binomial(n.astype(int), np.clip(shares, 0, 1)).astype(float),
    )
    return leaves.roll_up((EVERYONE, *leaves.segments))


def context(of: Panel, *, last: int | None = None, since: int | None = None, **more) -> CheckContext:
    """As of the end of period `last` (default: the last one); periods after `since` are new (default: the last one)."""
    newest = len(of.starts) - 1 if last is None else last
    now = datetime.fromtimestamp(int(of.ends()[newest]), UTC) if len(of.starts) else START
    through = newest - 1 if since is None else since
    return CheckContext(
        as_of=now,
        mature=of.mature(now),
        evaluated_through=instant(through, of) if len(of.starts) > 1 and through >= 0 else None,
        **more,
    )
