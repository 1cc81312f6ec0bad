"""Where inside its root an incident of a watch happens: planted worlds in which all fare alike, one does not, or too
few answered to tell."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cxmon.model import EVERYONE, Amount, Better, Finding, Kind, Metric, Read, Segment, State, WhereAnswer
from cxmon.panel import Panel
from cxmon.pipeline.kinds import kinds_of

CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, matters=Amount(0.01, False, "1pt"), source="d",
    read=Read(time="t", table="r"), dimensions=("channel", "region"),
)  # fmt: skip
DAYS, FELL, JUDGED = 200, 180, 20
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
STARTS = np.array([int((FIRST + timedelta(days=i)).timestamp()) for i in range(DAYS)])
SEGMENTS = tuple(Segment.of(channel=c, region=r) for c in ("chat", "phone") for r in ("eu", "us"))


def found(seed, fell, size):
    """What is said of where, once each of the four segments fell by its part of `fell` on day FELL; `size` answers a
    day each."""
    draw, after = np.random.default_rng(seed), np.arange(DAYS) >= FELL
    n = draw.poisson(size, (4, DAYS))
    total = draw.binomial(n, 0.85 - np.array(fell)[:, None] * after)
    panel = Panel(metric=CSAT, segments=SEGMENTS, starts=STARTS, n=n.astype(float), total=total.astype(float))
    n, total = n.sum(0), total.sum(0)
    value, expected = total[FELL:].sum() / n[FELL:].sum(), total[:FELL].sum() / n[:FELL].sum()
    half = 2 * np.sqrt(0.85 * 0.15 / n[FELL:].sum())
    finding = Finding(
        check="w", metric="csat", segment=EVERYONE, at=FIRST + timedelta(days=FELL + JUDGED - 1), state=State.BREACH,
        reason="", value=value, expected=expected, low=value - half, high=value + half, score=2.0,
        since=FIRST + timedelta(days=FELL),
    )  # fmt: skip
    return kinds_of(panel, finding, out=np.zeros(DAYS, bool)).where


@pytest.mark.parametrize("seed", range(3))
def test_a_fall_of_all_is_said_to_be_everywhere_alike(seed):
    where = found(seed, [0.08] * 4, 400)
    assert where.answer is WhereAnswer.EVERYWHERE_ALIKE
    assert where.largest < where.whole == pytest.approx(0.08, abs=0.02)


def test_a_fall_of_one_channel_is_said_to_be_there():
    where = found(1, [0.0, 0.0, 0.1, 0.1], 400)
    assert where.answer is WhereAnswer.HERE
    assert where.named[0].segment == Segment.of(channel="phone")


def test_of_few_answers_nothing_is_said_of_where():
    where = found(1, [0.06] * 4, 15)
    assert where.answer is WhereAnswer.CANNOT_SAY
    assert where.largest > where.whole
