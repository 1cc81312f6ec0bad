"""Very many metrics on the overview: what needs a look first, the rest counted and folded, none left out."""

import pytest
import worlds
from opening import opened, text

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
