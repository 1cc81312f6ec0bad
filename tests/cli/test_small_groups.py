"""A small segment's figures appear nowhere: terminal, JSON, page, Slack, board. With `minimum_cell: 1` they do."""

import contextlib
import csv
import json
import math
import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from cxmon.alerts import blocks
from cxmon.cli.app import build
from cxmon.store import Store

CONFIG = """\
version: 1
as_of: 2026-01-27
store: sqlite:///store.db
privacy: {{minimum_cell: {least}}}
sources: {{answers: {{type: csv, path: answers.csv}}}}
metrics:
  csat:
    label: CSAT
    source: answers
    kind: proportion
    better: higher
    matters: 1pt
    min_n: 1
    dimensions: [channel, region]
    by: [[], [channel], [region], [channel, region]]
    read: {{time: day, n: n, total: total}}
checks:
  floor: {{type: threshold, metrics: [csat], floor: 75%}}
  drift: {{type: watch, metrics: [csat]}}
  units: {{type: funnel, metrics: [csat], by: [channel], over: 1}}
channels: {{console: {{type: console}}}}
changes:
  - {{id: letters, title: Letters wait, category: cost_cut, starts: 2025-12-10, owner: Ops, scope: {{channel: letter}}}}
  - {{id: faxes, title: Fax line closed, category: cost_cut, starts: 2025-12-10, owner: Ops, scope: {{channel: fax}}}}
targets:
  - {{id: letters, metric: csat, segment: {{channel: letter}}, value: 80%, by: 2026-06-30, owner: CX}}
  - {{id: faxes, metric: csat, segment: {{channel: fax}}, value: 80%, by: 2026-06-30, owner: CX}}
"""
COMMANDS = (
    "check", "judge", "status", "status --all", "targets", "shifts", "change list", "change show letters",
    "change show faxes",
    "change show letters --html letters.html", "alerts send",
    "replay --since 2025-12-09 --until 2025-12-12",
)  # fmt: skip
AS_JSON = ("check", "judge", "status", "targets", "shifts", "change list", "change show letters", "budget", "doctor")
VIEWS = Path(__file__).parents[2] / "dashboards" / "views"
# Seven letters a day: sevenths of a week are sums of 49, so no average of days is one of these.
BEFORE, AFTER = (5, 7, 6, 4, 7, 6, 3), (1, 3, 2, 0, 3, 2, 1)
SEVENTHS = [k / 7 for k in range(1, 7)]
WRITTEN = re.compile(r"(?<![\d.])(14\.3|28\.6|42\.9|57\.1|71\.4|85\.7) %|(?<!\d)7 answers|\bn 7(?!\d)")


DAYS = 160


def filled(path, least):
    """Three large channels, seven letters a day that get worse on 10 December, and a fax every forty days."""
    rng = np.random.default_rng(5)
    with (path / "answers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["day", "channel", "region", "n", "total"])
        for t in range(DAYS):
            day = date(2025, 8, 20) + timedelta(days=t)
            for channel, n, share in (("phone", 90, 0.8), ("chat", 120, 0.9), ("email", 70, 0.85)):
                for region in ("eu", "us"):
                    count = int(rng.poisson(n))
                    rows.writerow([day, channel, region, count, int(rng.binomial(count, share))])
            rows.writerow([day, "letter", "eu", 7, (AFTER if day >= date(2025, 12, 10) else BEFORE)[t % 7]])
            if t % 40 == 39:
                rows.writerow([day, "fax", "us", 1, 0])
    (path / "cxmon.yaml").write_text(CONFIG.format(least=least))
    return path


def run(folder, command):
    """What a command prints in a folder."""
    from typer.testing import CliRunner

    with contextlib.chdir(folder):
        done = CliRunner().invoke(build(), [*command.split(), "-c", "cxmon.yaml"])
    assert done.exception is None or isinstance(done.exception, SystemExit), (command, done.exception)
    return done.stdout


def documents(folder, *commands):
    """Every JSON document of a folder, with what Slack gets."""
    with Store.open(f"sqlite:///{folder / 'store.db'}", read_only=True) as store:
        slack = {row.key: blocks.render(row.message) for row in store.outbox.rows()}
    return {command: json.loads(run(folder, f"{command} --json")) for command in commands} | slack


@pytest.fixture(scope="module")
def covered(tmp_path_factory):
    """A folder in which everything was run, and what was printed."""
    folder = filled(tmp_path_factory.mktemp("small"), 10)
    run(folder, "collect")
    texts = {command: run(folder, command) for command in COMMANDS}
    with Store.open(f"sqlite:///{folder / 'store.db'}", read_only=True) as store:
        texts |= {f"why {i.id}": run(folder, f"why {i.id}") for i in store.incidents.recent(100)}
    return folder, texts | {"page": (folder / "letters.html").read_text()}


def figures(node, name=""):
    """(name, number) of every number in a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from figures(value, key)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from figures(value, name)
    elif isinstance(node, float | int) and not isinstance(node, bool):
        yield name, float(node)


def thin(name, x):
    """Whether a number is a day's count or share of letters, or a count of faxes."""
    counted = name in {"n", "answers", "asked", "typical_n"} and 0 < x < 10
    return counted or any(abs(x - share) < 1e-6 for share in SEVENTHS)


def test_a_small_segment_has_no_figure_in_any_output(covered):
    folder, texts = covered
    assert {name: WRITTEN.findall(text) for name, text in texts.items() if WRITTEN.search(text)} == {}
    told = documents(folder, *AS_JSON)
    assert len(told) > len(AS_JSON)
    assert {name: hits for name, doc in told.items() if (hits := [f for f in figures(doc) if thin(*f)])} == {}
    assert "in alarm; too few answers to show the figures" in texts["status --all"]
    assert "CSAT in letter is out of bounds" in texts["alerts send"]
    assert "CSAT: Waiting for data" in texts["change show faxes"]
    assert "CSAT, fax: at least 80.0 % by 30 Jun. Cannot say" in texts["targets"]


def test_what_is_drawn_gives_no_small_day_back(covered):
    from dashboards.trending import csv as exported

    with Store.open(f"sqlite:///{covered[0] / 'store.db'}", read_only=True) as store:
        bands = {key: store.bands.get(metric, key) for metric, key in store.bands.keys()}  # noqa: SIM118
    shown = {key: np.isfinite(band.value) for key, band in bands.items()}
    assert not any(days.any() for key, days in shown.items() if "letter" in key or "fax" in key)
    # Email is the smallest desk beside the letters: its days are not shown, so that theirs stay unknown.
    assert not shown['{"channel": "email"}'].any()
    assert shown['{"channel": "phone"}'].all()
    assert shown["{}"].all()
    letters = bands['{"channel": "letter"}']
    assert {round(n, 9) for n in letters.n if math.isfinite(n)} == {7.0}
    weeks = [x for x in letters.avg if math.isfinite(x)]
    assert len(weeks) >= DAYS // 7 - 2
    assert not any(abs(x - share) < 1e-6 for x in weeks for share in SEVENTHS)
    # What is taken along has neither the small ones nor those from which they could be worked out.
    for band in (letters, bands['{"channel": "email"}']):
        rows = exported(band).decode().splitlines()[1:]
        assert len(rows) == len(band.starts)
        assert all(line.split(",")[1] == "" for line in rows)


def test_the_board_shows_no_figure_of_it(covered, monkeypatch):
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("CXMON_STORE_URL", f"sqlite:///{covered[0] / 'store.db'}")
    app = AppTest.from_file(str(VIEWS / "overview.py"), default_timeout=120)
    app.query_params["metric"], app.query_params["segment"] = "csat", '{"channel": "letter"}'
    app.run()
    assert not app.exception, app.exception
    said = "\n".join(m.value for kind in (app.markdown, app.caption, app.warning) for m in kind).replace("\\", "")
    assert "Whole weeks only (single ones have too few answers to show)" in said
    assert WRITTEN.findall(said) == []


def test_without_a_minimum_the_same_looks_find_them(tmp_path):
    folder = filled(tmp_path, 1)
    texts = [run(folder, command) for command in ("collect", "check", "status --all")]
    assert sum(bool(WRITTEN.search(text)) for text in texts) >= 1
    told = documents(folder, "status")
    assert sum(any(thin(*f) for f in figures(doc)) for doc in told.values()) >= 1
    assert "too few answers" not in texts[-1]
