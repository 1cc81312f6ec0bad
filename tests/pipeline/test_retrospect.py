"""Looking back over what is stored: what is found where, what stood near it, and what cannot be asked."""

from dataclasses import replace
from datetime import timedelta

import pytest
from judge_world import World, change, csat, day, falls, first_reply, plan
from typer.testing import CliRunner

from cxmon import wording
from cxmon.cli.app import build
from cxmon.model import Retrospect, Segment
from cxmon.pipeline.retrospect import retrospect
from cxmon.store import Store

PHONE = Segment.of(channel="phone")
MOVES = {"csat": falls(-0.08), "first_reply": falls(0.5)}
NOW = day(325)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    asked = plan(tmp_path_factory.mktemp("past"), [csat(), first_reply()], [change()])
    with Store.open(asked.store_url) as store:
        for metric in asked.metrics.values():
            World(moves=MOVES).fill(store, metric)
        store.changes.put(change(), now=day(199), origin="yaml")
        store.changes.put(change(id="mail", title="Mail", scope=change().scope.of({"channel": "email"})),
                          now=day(199), origin="yaml")  # fmt: skip
        yield store


@pytest.mark.parametrize(("metric", "size", "unit"), [(csat(), -0.08, "pt"), (first_reply(), 0.65, "%")])
def test_a_fall_is_found_where_it_happened_with_its_days_and_what_was_declared_there(filled, metric, size, unit):
    past = retrospect(filled, metric, now=NOW)
    (found,) = [s for s in past.found if s.segment == PHONE]
    assert found.unit == unit
    assert found.low <= size <= found.high
    assert found.began[0] <= day(200) <= found.began[1]
    assert found.near == ("Phone desk cut",)
    assert not [s for s in past.found if s.segment.get("channel") not in {None, "phone"}]
    assert past.looked_at >= 4


def test_one_segment_is_looked_at_alone_and_days_to_come_are_not_known(filled):
    past = retrospect(filled, csat(), now=day(190), segments=[PHONE])
    assert (past.looked_at, past.found) == (1, ())
    assert past.last < day(190)


def test_too_little_is_an_answer(tmp_path):
    asked = plan(tmp_path, [csat()], [])
    with Store.open(asked.store_url) as store:
        nothing = retrospect(store, csat(), now=NOW)
        assert nothing == Retrospect(metric="csat", found=(), looked_at=0, short=0, first=None, last=None)
        World(days=9).fill(store, csat())
        few = retrospect(store, csat(), now=day(12))
    assert (few.looked_at, few.short > 0) == (0, True)
    assert wording.looked_back(csat(), nothing, "UTC", NOW) == "CSAT: not known, no figures"
    assert "segments with fewer than 12 periods" in wording.looked_back(csat(), few, "UTC", NOW)


def test_words_say_which_way_how_much_and_between_which_days(filled):
    (found,) = [s for s in retrospect(filled, csat(), now=NOW).found if s.segment == PHONE]
    exact = replace(
        found, size=-0.08, low=-0.1, high=-0.06, since=day(200), began=(day(198), day(203)), settled=day(200)
    )
    assert wording.shifted(csat(), exact, "UTC", NOW) == (
        "phone fell by 8 points (6 to 10) between 16 Dec 2025 and 21 Dec 2025, likeliest on 18 Dec 2025; "
        "declared in that time: Phone desk cut"
    )
    sure = replace(exact, began=(day(200), day(200)), settled=day(214), near=())
    assert wording.shifted(csat(), sure, "UTC", day(200) + timedelta(days=1)) == (
        "phone fell by 8 points (6 to 10) on 18 Dec, complete by 1 Jan 2026"
    )


CONFIG = """\
version: 1
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat: {source: answers, kind: proportion, better: higher, matters: 2pt, dimensions: [channel],
         read: {time: day, n: asked, total: satisfied}}
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nps"], "found 'nps', expected one of csat"),
        (["csat", "--segment", "region=eu"], "csat does not know region, expected channel"),
        (["csat", "--segment", "region"], "found 'region', expected dimension=value"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_error(tmp_path, arguments, said):
    (tmp_path / "cxmon.yaml").write_text(CONFIG)
    with Store.open(f"sqlite:///{tmp_path}/cxmon.db"):
        pass
    found = CliRunner().invoke(build(), ["shifts", *arguments, "-c", str(tmp_path / "cxmon.yaml")])
    assert found.exit_code == 2
    assert said in " ".join(found.output.replace("│", " ").split())
