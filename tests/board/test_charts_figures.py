"""One number for one thing: what stands at the end of a line is what the card and the sentence say."""

import json

import pytest
import worlds

from cxmon import charts
from cxmon.model import EVERYONE
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
