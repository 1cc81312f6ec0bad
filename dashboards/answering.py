"""Who answers a survey, on its card: the response rate over the card's days and over the weeks before."""

import math

from cxmon import wording
from cxmon.model import Band, Kind, Metric
from cxmon.wording import gap as gaps
from dashboards.reading import World


def rate(world: World, band: Band, metric: Metric, found: gaps.Gap) -> str:
    """`response rate 59.8 %, 60.2 % in the 12 weeks before`; empty where the metric is no survey or nobody counts those
    asked in this segment."""
    sent = _sent(world, band, metric)
    end = band.starts.index(int(found.until.timestamp())) + 1
    cut = max(0, end - band.smooth)
    now = _share(band, sent, cut, end)
    before = _share(band, sent, max(0, cut - gaps.SPARK_DAYS), cut)
    if not math.isfinite(now):
        return ""
    earlier = f", {_percent(before)} in the 12 weeks before" if gaps.daily(band) and math.isfinite(before) else ""
    return f"response rate {_percent(now)}{earlier}"


def over(world: World, band: Band, metric: Metric, first: int, last: int) -> str:
    """`response rate 59.8 %` over the periods from `first` up to `last`, positions in the band; empty as above."""
    share = _share(band, _sent(world, band, metric), first, last)
    return f"response rate {_percent(share)}" if math.isfinite(share) else ""


def _sent(world: World, band: Band, metric: Metric) -> dict[int, float]:
    """{start of a period: how many were asked}; empty where nobody counts them."""
    asked = world.bands.get((metric.response_of, band.key))
    if asked is None or metric.response_of not in world.metrics:
        return {}
    counts = asked.value if world.metrics[metric.response_of].kind is Kind.LEVEL else asked.n
    return dict(zip(asked.starts, counts, strict=True))


def _percent(share: float) -> str:
    return f"{wording.number(100 * share, 1)} %"


def _share(band: Band, sent: dict[int, float], first: int, last: int) -> float:
    """Answers per asked over periods of which both are known."""
    both = [i for i in range(first, last) if sent.get(band.starts[i], 0.0) > 0]
    asked = sum(sent[band.starts[i]] for i in both)
    return sum(band.n[i] for i in both) / asked if asked else math.nan
