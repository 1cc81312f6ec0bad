"""Very many metrics on the overview: what needs a look first, the rest counted and folded, none left out."""

from dataclasses import replace
from datetime import timedelta

import pytest
import worlds
from opening import opened, text

from cxmon.model import EVERYONE
from cxmon.store import Catalogue, Store

SINCE = worlds.NOW.replace(hour=0) - timedelta(days=20)
MANY = 200


def desk(url, worse):
    """`worse` of the metrics are worse than expected, three have no figure yet."""
    worlds.seed(url)
    calm, bad = (worlds.band("csat", EVERYONE, drop=drop, since=SINCE) for drop in (0.0, -0.02))
    more = [replace(worlds.METRICS[0], id=f"m{i:03d}", label=f"Queue {i} | <b>") for i in range(MANY - 3)]
    with Store.open(url) as store:
        store.catalogue.save(replace(store.catalogue.load(), metrics=(*worlds.METRICS, *more)))
        # The last ones, so that the order of the configuration does not bring them to the top.
        store.bands.put(
            replace(bad if i >= len(more) - worse else calm, metric=metric.id)
            for i, metric in enumerate(more)
            if i not in {3, 13, 23}
        )


@pytest.mark.parametrize(("worse", "left"), [(5, 0), (30, 20)])
def test_what_needs_a_look_has_a_card_and_the_rest_is_counted_and_named(monkeypatch, tmp_path, worse, left):
    url = f"sqlite:///{tmp_path / 'many.db'}"
    desk(url, worse)
    monkeypatch.setenv("CXMON_STORE_URL", url)
    app = opened("overview")
    assert len(app.metric) == 12
    needs = {"CSAT", "First reply, median"}
    shown = [one.label.replace("\\", "") for one in app.metric]
    assert needs <= set(shown)
    assert sum("points worse" in one.delta for one in app.metric) == min(11, worse + 1)
    (rest,) = [one for one in app.expander if "more metrics" in one.label]
    counts = {words: int(n) for n, words in (part.split(" ", 1) for part in rest.label.split(": ")[1].split(", "))}
    assert sum(counts.values()) == MANY - 12
    assert (counts.get("to look at", 0), counts["waiting for data"]) == (left, 3)
    assert rest.proto.expanded is (left > 0)
    # Each of the others stands in the table once, as text.
    lines = [line for m in rest.markdown for line in m.value.splitlines() if line.startswith("| [")]
    assert len(set(lines)) == MANY - 12
    assert all("\\| \\<b\\>" in line for line in lines if "Queue" in line)
    assert f"the 12 metrics with a card, of {MANY}" in text(app)


def test_a_desk_of_one_metric_is_whole(monkeypatch, tmp_path):
    url = f"sqlite:///{tmp_path / 'one.db'}"
    with Store.open(url) as store:
        store.catalogue.save(Catalogue(title="One", zone="UTC", metrics=worlds.METRICS[:1]))
        store.bands.put([worlds.band("csat", EVERYONE)])
    monkeypatch.setenv("CXMON_STORE_URL", url)
    app = opened("overview")
    assert [one.label for one in app.metric] == ["CSAT"]
    assert "No decision has been declared yet" in text(app)
    for name in ("decision", "metric", "incident", "brief", "health"):
        assert opened(name).title[0].value
