"""One number for one thing: what stands at the end of a line is what the card and the sentence say."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import worlds

from cxmon import charts
from cxmon.model import EVERYONE, Break
from cxmon.store import Store
from cxmon.wording import gap


@pytest.mark.parametrize("metric", worlds.METRICS, ids=lambda metric: metric.id)
def test_a_line_ends_with_the_figures_of_its_card(metric, seeded_url):
    with Store.open(seeded_url, read_only=True) as store:
        band = store.bands.all()[metric.id, EVERYONE.key]
    seen, expected = gap.levels(gap.gap(band, metric), metric)
    drawn = json.dumps(charts.trend(charts.points(band, metric), metric).to_dict(validate=False), ensure_ascii=False)
    assert seen in drawn
    assert f"expected {expected}" in drawn


def test_a_card_draws_no_line_across_a_changed_measurement(seeded_url):
    metric = worlds.METRICS[0]
    with Store.open(seeded_url, read_only=True) as store:
        band = store.bands.all()[metric.id, EVERYONE.key]
    whole = gap.gap(band, metric)
    at = datetime.combine(whole.until.date(), datetime.min.time(), UTC) - timedelta(days=29)
    later = at + timedelta(days=200)
    anew = gap.gap(replace(band, breaks=(Break(at=at, title="New scale"), Break(at=later, title="To come"))), metric)
    assert anew.spark == whole.spark[-len(anew.spark) :]
    assert len(anew.spark) == sum(at.timestamp() <= one <= whole.until.timestamp() for one in band.starts)
    assert 0 < len(anew.spark) < len(whole.spark)
    assert replace(anew, spark=whole.spark) == whole
