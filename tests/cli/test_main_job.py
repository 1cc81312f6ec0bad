"""The main job through the command line, on real input and on a configuration of twelve lines."""

import json
from pathlib import Path

import pytest
from command import ended

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
CALLS = SHARED / "nhs111" / "nhs111_monthly_core.csv"
NHS = f"""\
version: 1
as_of: 2016-04-02
store: sqlite:///cxmon.db
sources: {{calls: {{type: csv, path: {CALLS.resolve()}}}}}
metrics:
  abandoned: {{source: calls, kind: proportion, better: lower, matters: 1pt, grain: month, dimensions: [provider], read: {{time: month, n: calls_offered, total: abandoned}}}}
  in_60_s: {{source: calls, kind: proportion, better: higher, matters: 2pt, grain: month, dimensions: [provider], read: {{time: month, n: answered, total: answered_60s}}}}
checks:
  ceiling: {{type: threshold, metrics: [abandoned], ceiling: 5%}}
  providers: {{type: funnel}}
channels: {{console: {{type: console}}}}
"""  # noqa: E501 - YAML in flow style, so that the whole configuration stands in twelve lines.

needs_shared = pytest.mark.skipif(not CALLS.exists(), reason="the shared data are not beside this checkout")


def cxmon(folder, *arguments):
    return ended(*arguments, folder=folder)


@pytest.fixture
def nhs(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cxmon.yaml").write_text(NHS)
    assert len(NHS.splitlines()) <= 12
    return tmp_path


@needs_shared
def test_the_winter_collapse_of_the_nhs_line_is_found_and_told(nhs):
    assert cxmon(nhs, "validate").returncode == 0
    collected = cxmon(nhs, "collect", "--json")
    assert [(c["ok"], c["written"], c["rejected"]) for c in json.loads(collected.stdout)] == [(True, 534, 0)] * 2
    checked = cxmon(nhs, "check", "--json")
    assert checked.returncode == 1
    found = json.loads(checked.stdout)["checks"]
    ceiling = next(c for c in found if c["check"] == "ceiling")["findings"]
    everyone = [f for f in ceiling if f["segment"]["items"] == [] and f["state"] == "BREACH"]
    assert [f["at"][:7] for f in everyone][-1] == "2016-03"
    outside = [f for c in found if c["check"] == "providers" and c["metric"] == "abandoned" for f in c["findings"]]
    names = {f["segment"]["items"][0][1] for f in outside if f["state"] == "BREACH" and f["segment"]["items"]}
    assert {"NORTH WEST INC BLACKPOOL NHS 111", "SOUTH EAST COAST NHS 111"} <= names
    told = cxmon(nhs, "alerts", "send")
    assert "is out of bounds" in told.stdout or "out of bounds" in told.stdout
    assert cxmon(nhs, "alerts", "send").stdout.strip() == "Nothing is queued."


@needs_shared
def test_the_second_run_of_everything_changes_nothing(nhs):
    cxmon(nhs, "collect")
    before = json.loads(cxmon(nhs, "collect", "--backfill", "24mo", "--json").stdout)
    assert [(c["written"], c["revised"]) for c in before] == [(0, 0)] * 2
    first = cxmon(nhs, "check", "--json").stdout
    assert json.loads(cxmon(nhs, "check", "--json").stdout)["open"] == json.loads(first)["open"]


def test_a_wrong_configuration_ends_with_2_and_nothing_runs(tmp_path):
    (tmp_path / "cxmon.yaml").write_text("version: 1\nsources: {}\nmetrics:\n  csat: {kind: share}\n")
    done = cxmon(tmp_path, "collect", "-c", "cxmon.yaml")
    assert done.returncode == 2
    assert "cxmon.yaml:4" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["cxmon.yaml"]


def test_a_metric_whose_source_fails_ends_with_3_and_the_others_go_on(tmp_path):
    rows = "\n".join(f"2026-01-{d:02d},100,{d}" for d in range(1, 29))
    (tmp_path / "calls.csv").write_text(f"day,n,bad\n{rows}\n")
    metric = "source: {}, kind: proportion, better: lower, matters: 1pt, read: {{time: day, n: n, total: bad}}"
    (tmp_path / "cxmon.yaml").write_text(
        "version: 1\nas_of: 2026-02-02\nstore: sqlite:///s.db\n"
        "sources: {here: {type: csv, path: calls.csv}, gone: {type: csv, path: absent.csv}}\n"
        f"metrics:\n  a: {{{metric.format('gone')}}}\n  b: {{{metric.format('here')}}}\n"
        "channels: {console: {type: console}}\n"
    )
    done = cxmon(tmp_path, "collect", "-c", "cxmon.yaml", "--json")
    found = {c["metric"]: c for c in json.loads(done.stdout)}
    assert done.returncode == 3
    assert "absent.csv" in found["a"]["error"]
    assert (found["b"]["ok"], found["b"]["written"]) == (True, 28)


def test_a_store_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "calls.csv").write_text("day,n,bad\n2026-01-01,10,1\n")
    (tmp_path / "cxmon.yaml").write_text(
        "version: 1\nstore: sqlite:///absent/folder/s.db\nsources: {here: {type: csv, path: calls.csv}}\n"
        "metrics:\n  a: {source: here, kind: proportion, better: lower, matters: 1pt, "
        "read: {time: day, n: n, total: bad}}\nchannels: {console: {type: console}}\n"
    )
    done = cxmon(tmp_path, "status", "-c", "cxmon.yaml")
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_metric_all_of_whose_rows_are_set_aside_has_failed_and_says_why(tmp_path):
    rows = "\n".join(f"2026-01-{d:02d},10,{d + 20}" for d in range(1, 29))
    (tmp_path / "calls.csv").write_text(f"day,n,good\n{rows}\n")
    (tmp_path / "cxmon.yaml").write_text(
        "version: 1\nas_of: 2026-02-02\nstore: sqlite:///s.db\nsources: {here: {type: csv, path: calls.csv}}\n"
        "metrics:\n  a: {source: here, kind: proportion, better: higher, matters: 1pt, "
        "read: {time: day, n: n, total: good}}\nchannels: {console: {type: console}}\n"
    )
    done = cxmon(tmp_path, "collect", "-c", "cxmon.yaml", "--json")
    [found] = json.loads(done.stdout)
    assert (done.returncode, found["ok"], found["rejected"]) == (3, False, 28)
    assert "all 28 rows were set aside; the first is calls.csv:2" in found["error"]


def test_a_change_in_a_file_that_is_not_there_is_one_sentence(tmp_path):
    (tmp_path / "cxmon.yaml").write_text("version: 1\nstore: sqlite:///s.db\n")
    done = cxmon(tmp_path, "change", "add", "--file", "nope.yaml", "-c", "cxmon.yaml")
    assert done.returncode == 2
    assert "nope.yaml: No such file or directory" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_silence_that_would_match_nothing_is_refused(tmp_path):
    rows = "\n".join(f"2026-01-{d:02d},phone,100,{d}" for d in range(1, 29))
    (tmp_path / "calls.csv").write_text(f"day,channel,n,bad\n{rows}\n")
    (tmp_path / "cxmon.yaml").write_text(
        "version: 1\nas_of: 2026-02-02\nstore: sqlite:///s.db\nsources: {here: {type: csv, path: calls.csv}}\n"
        "metrics:\n  a: {source: here, kind: proportion, better: lower, matters: 1pt, dimensions: [channel], "
        "read: {time: day, n: n, total: bad}}\nchannels: {console: {type: console}}\n"
    )
    assert cxmon(tmp_path, "collect", "-c", "cxmon.yaml").returncode == 0
    quiet = ("silence", "--for", "2d", "--by", "CX", "--why", "holiday", "-c", "cxmon.yaml", "--segment")
    assert cxmon(tmp_path, *quiet, "channel=phone").returncode == 0
    misspelt = cxmon(tmp_path, *quiet, "channel=phon")
    assert (misspelt.returncode, misspelt.stderr.strip()) == (2, "no segment has channel phon; there are phone")
    absent = cxmon(tmp_path, *quiet, "chanel=phone")
    assert (absent.returncode, absent.stderr.strip()) == (
        2,
        "no segment has chanel phone; there is no dimension chanel",
    )
