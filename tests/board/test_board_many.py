"""Very many metrics on the overview: what needs a look first, the rest counted and folded, none left out."""

from dataclasses import replace

import pytest
import worlds
from opening import opened, text

from cxmon.model import EVERYONE
from cxmon.store import Store
from cxmon.wording import gap as gaps

MANY = worlds.MANY


@pytest.mark.parametrize(("worse", "left"), [(5, 0), (30, 20)])
def test_what_needs_a_look_has_a_card_and_the_rest_is_counted_and_named(monkeypatch, tmp_path, worse, left):
    url = f"sqlite:///{tmp_path / 'many.db'}"
    worlds.many(url, worse)
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


@pytest.mark.parametrize(("unit", "shown"), [("min", ("18.8 min", "")), ("working hours", ("18.8", "working hours"))])
def test_a_unit_that_a_card_has_no_room_for_stands_below_its_figure(tmp_path, unit, shown):
    with Store.open(f"sqlite:///{tmp_path / 'one.db'}") as store:
        store.bands.put([worlds.band("reply", EVERYONE)])
        band = store.bands.get("reply", EVERYONE.key)
    metric = replace(worlds.METRICS[1], unit=unit)
    assert gaps.on_card(gaps.gap(band, metric), metric) == shown
