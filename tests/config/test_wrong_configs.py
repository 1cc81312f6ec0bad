"""One small file per mistake in `wrong/`; its first line is the whole message that must come."""

from pathlib import Path

import pytest

from cxmon.config import load
from cxmon.errors import ConfigError

WRONG = sorted(Path(__file__).with_name("wrong").glob("*.yaml"))
HEADER = "# expected: "


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_one_mistake_gives_one_exact_message(path):
    expected = path.read_text(encoding="utf-8").splitlines()[0]
    assert expected.startswith(HEADER)
    with pytest.raises(ConfigError) as refused:
        load(path, environ={})
    assert refused.value.problems == (expected.removeprefix(HEADER),)
    assert str(refused.value) == expected.removeprefix(HEADER)


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_every_message_is_file_line_path_found_expected(path):
    with pytest.raises(ConfigError) as refused:
        load(path, environ={})
    place, _, said = refused.value.problems[0].partition("found ")
    file, line, *_ = place.split(":")
    assert file == path.name
    assert 1 <= int(line) <= path.read_text(encoding="utf-8").count("\n") + 1
    assert ", expected " in said


def test_there_are_at_least_twenty_five_mistakes():
    assert len(WRONG) >= 25


MANY = """\
titel: Northwind
zone: Europe/Berln
sources: {answers: {type: csv, path: answers.csv, delimeter: ";"}}
metrics:
  csat:
    source: nowhere
    kind: proportoin
    better: up
    matters: 0
    dimensions: [channel, agent_name]
    by: [[region]]
    read: {time: day}
  speed:
    source: answers
    kind: quantile
    quantile: 90
    better: lower
    matters: 2pt
    read: {time: day, total: minutes}
checks:
  quiet: {type: freshness, after: 36 hours, metrics: [cast]}
routes:
  - {channel: slack}
changes:
  - id: desk
    title: Desk closed
    category: costcut
    starts: 2026-13-01
    owner: Operations
    limits: {nps: 1, speed: 5min}
    responds_to: desk
    horizon: 0d
silences:
  - {id: x, starts: 2026-02-01, ends: 2026-01-01, by: CX, why: x, metric: cat}
"""


def test_all_problems_are_told_at_once_and_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "cxmon.yaml"
    path.write_text(MANY)
    with pytest.raises(ConfigError) as refused:
        load(path, environ={})
    told = [problem.split(": found ")[0] for problem in refused.value.problems]
    lines = [int(place.split(":")[1]) for place in told]
    assert lines == sorted(lines)
    assert told == [
        "cxmon.yaml:1",
        "cxmon.yaml:2: zone",
        "cxmon.yaml:3: sources.answers",
        "cxmon.yaml:6: metrics.csat.source",
        "cxmon.yaml:7: metrics.csat.kind",
        "cxmon.yaml:8: metrics.csat.better",
        "cxmon.yaml:10: metrics.csat.dimensions[1]",
        "cxmon.yaml:11: metrics.csat.by[0][0]",
        "cxmon.yaml:16: metrics.speed.quantile",
        "cxmon.yaml:18: metrics.speed.matters",
        "cxmon.yaml:19: metrics.speed.read.total",
        "cxmon.yaml:21: checks.quiet.after",
        "cxmon.yaml:21: checks.quiet.metrics[0]",
        "cxmon.yaml:23: routes[0].channel",
        "cxmon.yaml:27: changes.desk.category",
        "cxmon.yaml:28: changes.desk.starts",
        "cxmon.yaml:30: changes.desk.limits",
        "cxmon.yaml:30: changes.desk.limits.speed",
        "cxmon.yaml:31: changes.desk.responds_to",
        "cxmon.yaml:32: changes.desk.horizon",
        "cxmon.yaml:34: silences.x.ends",
        "cxmon.yaml:34: silences.x.metric",
    ]


def test_a_file_that_is_not_there_is_one_clear_sentence(tmp_path):
    path = tmp_path / "missing.yaml"
    with pytest.raises(ConfigError) as refused:
        load(path)
    expected = "a readable file; `-c` names another, `cxmon init` writes a first one"
    assert refused.value.problems == (f"{path}: found No such file or directory, expected {expected}",)


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(ConfigError, match="found Is a directory, expected a readable file"):
        load(tmp_path)
