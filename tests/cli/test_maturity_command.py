"""What `cxmon maturity` says of a metric whose answers come late, slow down, or teach nothing."""

import json

import numpy as np
import pytest
from command import cxmon

CONFIG = """
as_of: 2026-06-30
store: sqlite:///store.db
sources: {desk: {type: csv, path: answers.csv}, stock: {type: csv, path: backlog.csv}}
metrics:
  csat:
    label: CSAT
    source: desk
    kind: proportion
    better: higher
    matters: 1pt
    matures_after: learnt
    read: {time: day, value: good, known_at: known}
  soon:
    source: desk
    kind: proportion
    better: higher
    matters: 1pt
    matures_after: 1d
    read: {time: day, value: good, known_at: known}
  backlog: {source: stock, kind: level, better: lower, matters: 10%, read: {time: day, total: open}}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """180 days of 60 answers a day; from day 150 on they come after 4 days on average in place of 1."""
    tmp_path, rng = tmp_path_factory.mktemp("desk"), np.random.default_rng(5)
    day = np.repeat(np.arange(180), 60)
    lag = rng.exponential(np.where(day >= 150, 4.0, 1.0))
    begun = np.datetime64("2026-01-01T12:00") + day.astype("timedelta64[D]")
    known = begun + (lag * 86_400).astype("timedelta64[s]")
    good = (rng.random(len(day)) < 0.8).astype(int)
    rows = [f"{d},{g},{k}" for d, g, k in zip(begun, good, known, strict=True)]
    (tmp_path / "answers.csv").write_text("\n".join(["day,good,known", *rows]))
    (tmp_path / "backlog.csv").write_text("day,open\n2026-06-01,12\n")
    (tmp_path / "cxmon.yaml").write_text(CONFIG)
    assert cxmon(tmp_path, "collect", "--backfill", "7mo").returncode == 0
    return tmp_path


def test_it_tells_the_curve_the_slowing_and_which_days_count(desk):
    said = cxmon(desk, "maturity")
    assert said.returncode == 0
    assert "learnt from when its figures came" in said.stdout
    assert "answers do not come in as they used to" in said.stdout
    assert "“no”, lately" in said.stdout
    # A level has no late answers; without a name it is left out.
    one, soon = json.loads(cxmon(desk, "maturity", "--json").stdout)
    assert (one["metric"], one["learnt_from"], one["declared_days"]) == ("csat", "revisions", None)
    assert [c["kind"] for c in one["curves"]] == ["yes", "no"]
    assert 3 <= one["wait_days"] <= 8
    assert one["slow_since"] in {"2026-05-28", "2026-05-29", "2026-05-30", "2026-05-31"}
    assert one["curves"][0]["slowed"][3] < one["curves"][0]["share"][3] - 0.2
    assert one["slow_wait_days"] in {None, 14.0, 30.0}
    # A declared wait that the figures contradict gives way to what is learnt.
    assert (soon["declared_days"], soon["wait_days"]) == (1.0, one["wait_days"])
    assert " old, not 1 as declared. By then " in " ".join(said.stdout.split())


def test_what_is_not_configured_is_named(desk):
    said = cxmon(desk, "maturity", "nps")
    assert said.returncode == 2
    assert "'nps' is not configured; expected one of: csat, soon, backlog" in said.stderr
