"""A vendor's source on the command line: a first configuration, one look, a collection, and a customer forgotten."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from command import ended
from typer.testing import CliRunner

from cxmon.cli.app import build
from cxmon.cli.source_health import health
from cxmon.cli.source_screen import screen
from cxmon.config import load
from cxmon.errors import ConfigError, StoreError
from cxmon.pipeline.collect import collect
from cxmon.pipeline.forget import forget
from cxmon.pipeline.probe import Counted, Look
from cxmon.store import Run, Store

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
from vendor_stub import Desk, Reply, serving

T0 = 1_780_000_000
SECRETS = {
    "DESK_TOKEN": "t0ken-of-the-desk",
    "CXMON_HASH_KEY": "chance chance chance",
    "ZENDESK_TOKEN": "x",
    "STRIPE_KEY": "x",
    "SURVEY_TOKEN": "x",
    "FRESHDESK_API_KEY": "x",
    "INTERCOM_TOKEN": "x",
}
NOW = datetime(2026, 6, 10, tzinfo=UTC)
CONFIG = """
as_of: 2026-06-10
store: sqlite:///store.db
backfill: 60d
hash_key: ${CXMON_HASH_KEY}
sources:
  desk:
    type: rest
    base_url: URL
    allow_private: true
    retries: 1
    auth: {type: bearer, token: "${DESK_TOKEN}"}
    streams:
      answers:
        path: answers
        params: {since: "{since}"}
        time_format: epoch
        records: data
        changed: updated
        customer: person
        paging: {type: cursor, cursor: meta.next, param: cursor}
        fields: {at: created, updated: updated, channel: channel, satisfied: satisfied, note: note}
metrics:
  csat:
    source: desk
    kind: proportion
    better: higher
    matters: 1pt
    dimensions: [channel]
    read: {stream: answers, time: at, value: satisfied, known_at: updated}
"""


def run(folder, *arguments):
    done = ended(*arguments, "-c", "cxmon.yaml", folder=folder, env=SECRETS)
    assert "t0ken" not in done.stdout + done.stderr
    return done


@pytest.fixture
def desk(tmp_path):
    rows = [
        {"id": 4700 + i, "created": T0 + 3600 * i, "updated": T0 + 3600 * i + 60, "channel": "chat", "satisfied": i % 2,
         "person": f"p{i % 3}", "note": f"Dear Ann {i}", "secret": "not read"}
        for i in range(12)
    ]  # fmt: skip
    rows[2]["satisfied"] = 5
    rows[3]["satisfied"] = None
    with serving(Desk(rows, size=8)) as vendor:
        (tmp_path / "cxmon.yaml").write_text(CONFIG.replace("URL", vendor.url))
        yield vendor


def test_one_look_says_whether_credentials_scopes_and_fields_are_right(tmp_path, desk):
    done = run(tmp_path, "sources", "test", "desk")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[:5] == [
        "Source desk (rest): credentials accepted, all can be read, 1 row set aside",
        "  stream answers: 12 records on the first pages, newest 2026-05-29 07:27 UTC",
        "    csat: 10 (1 not, or not yet), 1 set aside (page 1, row 3: value: neither 0 nor 1)",
        "    filled: satisfied 92%",
        "",
    ]
    assert (len(lines), lines[5].split()) == (16, ["id", "at", "satisfied", "updated", "channel"])
    assert sum("…70" in line for line in lines) == 10, "ten records, without their ids"
    assert "Ann" not in done.stdout
    assert not (tmp_path / "store.db").exists()
    shown = json.loads(run(tmp_path, "sources", "test", "desk", "--json").stdout)
    assert shown[0]["rows"][0] == {
        "id": "…700", "at": "1780000000", "satisfied": "0", "updated": "1780000060", "channel": "chat",
    }  # fmt: skip
    assert (shown[0]["access"], shown[0]["metrics"][0]["count"]) == (True, 10)


def look(what, fields=30, metrics=3, rows=10, **more):
    """A stream with long names, of which half of the records have each field."""
    names = [f"a_rather_long_name_of_a_field_{k}" for k in range(fields)]
    made = tuple(Counted(metric=f"a_metric_of_this_stream_{k}", count=1000, others=17) for k in range(metrics))
    shown = tuple({"id": "…123"} | dict.fromkeys(names[:9], "2026-05-29T07:27:00Z") for _ in range(rows))
    return Look(what=what, records=1000, newest=NOW, filled=dict.fromkeys(names, 0.5), metrics=made, rows=shown, **more)


@pytest.mark.parametrize("streams", [1, 3, 4, 30])
def test_a_look_at_many_streams_fits_on_a_screen_and_what_is_wrong_is_all_there(streams):
    looks = [look(f"stream satisfaction_ratings_{k}") for k in range(streams)]
    lines = screen("Source helpdesk (zendesk)", looks)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert sum("…123" in line for line in lines) == 10
    shown = sum(line.startswith("  stream") for line in lines)
    left = [line for line in lines if "--all" in line]
    assert left == (
        [f"  and {streams - shown} more, which can be read as well (--all shows them)"] if shown < streams else []
    )
    everything = screen("Source helpdesk (zendesk)", looks, whole=True)
    assert sum(line.startswith("  stream") for line in everything) == streams
    assert all(f"a_rather_long_name_of_a_field_{k} 50%" in "".join(everything) for k in range(30))
    # What cannot be read comes first and whole, though it is the last one.
    why = "helpdesk: page 1 of GET tickets: " + "answered 403 " * 20
    lines = screen("Source helpdesk (zendesk)", [*looks, Look(what="stream sla", error=why, access=False)])
    assert lines[1:3] == ["  stream sla: credentials refused", f"    {why}"]
    assert len(lines) <= 24


def test_what_is_wrong_with_a_source_is_said_in_one_line(tmp_path, desk):
    desk.faults = [Reply({"message": "missing scope: surveys.read"}, 403)]
    done = run(tmp_path, "sources", "test", "desk")
    assert done.returncode == 3
    assert done.stdout == (
        "Source desk (rest): credentials refused for 1 of 1\n"
        "  stream answers: credentials refused\n"
        "    desk: page 1 of GET answers: answered 403 (missing scope: surveys.read): "
        "the credentials may not read this; a scope or a role is missing\n"
    )
    done = run(tmp_path, "sources", "test", "desks")
    assert (done.returncode, done.stderr) == (2, "no source 'desks'; there are desk\n")


def test_a_collection_of_one_source_and_a_customer_forgotten(tmp_path, desk):
    done = run(tmp_path, "collect", "--source", "desk", "--json")
    assert (done.returncode, json.loads(done.stdout)[0]["rejected"]) == (0, 1)
    done = run(tmp_path, "forget", "--customer", "p1", "--source", "desk", "--by", "privacy")
    assert done.stdout.startswith("Deleted 4 records; "), done.stderr
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        assert forget(load(tmp_path / "cxmon.yaml", environ=SECRETS), store, "p1", source=None, now=NOW) == 0
        assert [one.asked_by for one in store.forgotten.all()] == ["privacy"]
    for wrong in (["--customer", "p1", "--let-former-go"], ["--customer", "p1", "--by", "ann@example.com"]):
        assert run(tmp_path, "forget", *wrong).returncode == 2


def test_a_first_configuration_on_exports_is_looked_at_and_collected(tmp_path):
    done = ended("init", "cxmon.yaml", "--type", "five9", folder=tmp_path)
    assert "Put your file beside it" in done.stdout
    config = (tmp_path / "cxmon.yaml").read_text()
    (tmp_path / "cxmon.yaml").write_text(config.replace("version: 1", "version: 1\nas_of: 2026-08-20"))
    done = run(tmp_path, "sources", "test", "calls")
    assert done.returncode == 3
    assert "  service_level: failed\n    service_level: no file matches " in done.stdout
    (tmp_path / "exports").mkdir()
    lines = [f"Orders,2026/08/{d:02},09:00,{40 + d},30,4,00:09:00" for d in range(1, 16)]
    header = "SKILL,DATE,HALF HOUR,CALLS,SERVICE LEVEL count,ABANDONED,SPEED OF ANSWER"
    small = "Returns,2026/08/15,09:00,2,1,1,00:00:09"
    (tmp_path / "exports" / "acd.csv").write_text("\n".join([header, *lines, small, "Orders,2026/08/15,torn"]))
    done = run(tmp_path, "sources", "test", "calls")
    assert (done.returncode, done.stderr) == (0, "")
    shown = [line.split() for line in done.stdout.splitlines()]
    assert "  service_level: 16 cells of the last 30 days\n" in done.stdout
    assert "1 set aside (acd.csv:18: 3 fields where the header has 7)" in done.stdout
    assert shown.count(["2026-08-15", "55", "30", "Orders"]) == 1
    assert "Returns" not in done.stdout, "figures on few calls are not shown"
    done = run(tmp_path, "collect", "--json")
    assert [(c["metric"], c["written"], c["rejected"]) for c in json.loads(done.stdout)] == [
        ("service_level", 16, 1), ("abandonment", 16, 1), ("speed_of_answer", 16, 1),
    ]  # fmt: skip
    (tmp_path / "exports" / "acd.csv").write_text("\n".join([header.replace("CALLS", "CALLS count"), *lines]))
    done = run(tmp_path, "collect", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)[0]["error"].startswith("service_level: acd.csv:1: no column 'CALLS'; it has SKILL, ")
    plan = load(tmp_path / "cxmon.yaml", environ={})
    with Store.open(plan.store_url) as store:
        assert store.observations.watermark(plan.metrics["service_level"]), "what was stored stays"


def test_init_writes_a_configuration_of_a_vendor_that_validates(tmp_path):
    first = dict.fromkeys(("zendesk", "rest", "freshdesk", "intercom"), "csat") | {"stripe": "logo_churn"}
    for kind, metric in first.items():
        done = ended("init", "cxmon.yaml", "--type", kind, "--force", folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Put the secrets that it names into the environment" in done.stdout
        assert load(tmp_path / "cxmon.yaml", environ=SECRETS).metrics[metric].read.stream is not None


def test_init_writes_a_recipe_or_names_them(tmp_path):
    def init(*more):
        return CliRunner().invoke(build(), ["init", str(tmp_path / "cxmon.yaml"), *more])

    done = init("--type", "rest", "--recipe", "delighted")
    assert (done.exit_code, "Put the secrets" in done.output) == (0, True)
    assert "https://api.delighted.com/v1" in (tmp_path / "cxmon.yaml").read_text()
    assert "delighted" in str(init("--force", "--recipe", "delightful").exception)


def test_the_health_of_sources_on_one_screen(tmp_path, desk, monkeypatch, capsys):
    """In this process, as the command would: a fresh one takes a second for each line."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "cxmon.yaml"

    def look(name=None, *, as_json=False):
        try:
            health(name, path, as_json)
        except typer.Exit as left:
            return left.exit_code, capsys.readouterr().out
        return 0, capsys.readouterr().out

    with pytest.raises(StoreError, match="there is no such file; `cxmon collect` makes it"):
        look()
    plan = load(path)
    with Store.open(plan.store_url) as store:
        assert look() == (0, "Nothing has been collected yet.\n")
        # Filled by somebody who measured no pull.
        store.runs.record(Run(metric="csat", source="desk", started_at=NOW, finished_at=NOW, ok=True))
        code, text = look()
        assert code == 0
        assert "desk, answers   Too little past to say" in text
        assert "What a source brings is measured from its next collection on" in text
        collect(plan, store, now=NOW)
        code, text = look()
        assert code == 0
        assert "desk, answers   The past was read" in text
        (told,) = json.loads(look("desk", as_json=True)[1])
        assert (told["last"]["part"], told["last"]["fresh"], told["rejected"], told["failed"]) == ("answers", 12, 1, 0)
        desk.faults = [Reply({}, 401)]
        collect(plan, store, now=NOW)
    code, text = look()
    assert code == 3
    assert "  desk: answers: desk: page 1 of GET answers: answered 401: the credentials were not accepted" in text
    with pytest.raises(ConfigError, match="no source 'desks'; there are desk"):
        look("desks")
