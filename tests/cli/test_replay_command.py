"""`cxmon replay` and `cxmon budget` by the command line: what they print, refuse and leave alone."""

import hashlib
import json
from datetime import date, timedelta

import numpy as np
import pytest
from command import cxmon

from cxmon.store import Store

FIRST = date(2026, 1, 1)
DAYS = 120
CONFIG = """\
version: 1
as_of: 2026-05-01
alarm_budget: {per_quarter: 2, importance: {csat: 3}}
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat:
    label: CSAT
    source: answers
    kind: proportion
    better: higher
    matters: 2pt
    dimensions: [channel]
    read: {time: day, n: asked, total: satisfied}
checks:
  floor: {type: threshold, floor: FLOOR}
  drift: {type: watch}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Two channels; phone falls on 22 April for four days."""
    folder = tmp_path_factory.mktemp("desk")
    rng = np.random.default_rng(3)
    rows = ["day,channel,asked,satisfied"]
    for t in range(DAYS):
        for channel, share in (("phone", 0.6 if 111 <= t < 115 else 0.82), ("chat", 0.9)):
            n = rng.poisson(300)
            rows.append(f"{FIRST + timedelta(days=t)},{channel},{n},{rng.binomial(n, share)}")
    (folder / "answers.csv").write_text("\n".join(rows) + "\n")
    (folder / "cxmon.yaml").write_text(CONFIG.replace("FLOOR", "70%"))
    (folder / "other.yaml").write_text(CONFIG.replace("FLOOR", "50%"))
    assert cxmon(folder, "collect").returncode == 0
    return folder


def test_the_alerts_of_a_period_are_printed_in_order_and_drawn_and_the_store_stays(desk):
    before = hashlib.sha256((desk / "cxmon.db").read_bytes()).hexdigest()
    one = cxmon(desk, "replay", "--since", "2026-04-18", "--figure", "out/alerts.png")
    assert one.returncode == 0
    lines = one.stdout.splitlines()
    assert lines[0] == "Customer experience · replay of 18 Apr 2026 to 1 May 2026 · 14 days, each judged once"
    assert "As revised, not as known then: CSAT." in one.stdout
    opened = next(line for line in lines if "23 Apr 2026" in line)
    assert "console" in opened
    assert "CSAT in phone" in opened
    words = " ".join(one.stdout.split())
    assert "in 0.1 quarters; the budget of 2 a quarter allows 0.3 false ones" in words
    assert "the only metric that is watched, all of it for its one story" in words
    assert (desk / "out" / "alerts.png").read_bytes().startswith(b"\x89PNG")
    assert hashlib.sha256((desk / "cxmon.db").read_bytes()).hexdigest() == before


def test_a_second_configuration_tells_what_it_changes(desk):
    printed = cxmon(desk, "replay", "--since", "2026-04-18", "--against", "other.yaml", "--keep").stdout
    with Store.open(f"sqlite:///{desk / 'cxmon.db'}", read_only=True) as store:
        kept = store.catalogue.replayed()
    # What digest and board say was to be expected: the counts of these settings, and when they were found.
    assert f"{kept.incidents} watch incident" in printed
    assert (kept.until - kept.since, kept.settings != "") == (timedelta(days=13), True)
    assert "only without other.yaml: 2" in printed
    assert "only with other.yaml: none" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--since", "2026-04-10", "--until", "2026-04-01"],
            "--until: found 2026-04-01, expected a time after --since",
        ),
        (["--since", "2024-01-01", "--until", "2024-02-01"], "no figures between 2024-01-01 and 2024-02-01"),
        (["--since", "2026-04-18", "--keep", "--in-time"], "found --in-time, expected a replay of what was known then"),
        (["--since", "soon"], "found 'soon', expected"),
        (["--since", "2026-04-10", "--against", "nowhere.yaml"], "nowhere.yaml: found No such file or directory"),
    ],
)
def test_what_cannot_be_replayed_is_one_clear_error(desk, arguments, said):
    refused = cxmon(desk, "replay", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_budget_is_told_with_its_reasons(desk):
    (one,) = json.loads(cxmon(desk, "budget", "--json").stdout)
    assert (one["per_quarter"], one["story"]["metric"], len(one["story"]["series"])) == (2.0, "csat", 3)
    assert "over 1 stories" not in cxmon(desk, "budget").stdout
