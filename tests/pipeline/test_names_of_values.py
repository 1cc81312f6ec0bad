"""Vendors' values under the house's names: added up under them, told once where no map names them, and never lost."""

import json
from pathlib import Path

import pytest
from made_world import DOORS, again, collected, figures

from cxmon.aggregate.naming import Names
from cxmon.config.loader import parse
from cxmon.store import codec
from cxmon.store.catalogue import Catalogue

HEADER = ("at", "chan", "joined_at", "ok")
MAP = 'dimensions: {channel: {map: {native_messaging: chat, web_widget: chat, voice: phone, "*": other}}}'
CONFIG = """
as_of: 2026-09-10
sources: {desk: SOURCE}
MAP
metrics:
  csat:
    standard: csat
    source: desk
    matters: 2pt
    dimensions: [channel]
    read: {PLACE, time: at, value: ok, columns: {channel: chan}}
"""
WORDS = ("native_messaging", "web_widget", "voice", "sms", "chat", "", None)


def rows():
    return [("2026-09-01T10:00:00Z", word, None, i % 2) for i, word in enumerate(WORDS)]


@pytest.mark.parametrize("door", DOORS)
def test_values_are_added_up_under_their_names_and_the_others_told_once(tmp_path, door):
    with collected(tmp_path, door, CONFIG.replace("MAP", MAP), HEADER, rows()) as (plan, store, done):
        assert done[0].error == ""
        # chat is a name of the house already, and an empty field is no value.
        assert figures(plan, store, "csat") == {"chat": (3, 1), "phone": (1, 0), "other": (1, 1), "(none)": (2, 1)}
        assert done[0].notices == ("desk: the channel 'sms' is in no map, counted as other",)
        assert again(plan, store)[0].notices == ()


def test_without_a_word_for_the_others_they_stay_as_they_are_and_are_told(tmp_path):
    text = CONFIG.replace("MAP", "dimensions: {channel: {map: {web_widget: chat, native_messaging: chat}}}")
    with collected(tmp_path, "csv", text, HEADER, rows()) as (plan, store, done):
        assert figures(plan, store, "csat") == {
            "chat": (3, 1), "voice": (1, 0), "sms": (1, 1), "(none)": (2, 1),
        }  # fmt: skip
        assert done[0].notices == (
            "desk: the channel 'sms' is in no map, kept as it is",
            "desk: the channel 'voice' is in no map, kept as it is",
        )


def test_very_many_unknown_values_are_one_mistake(tmp_path):
    many = [("2026-09-01T10:00:00Z", f"c{i:03}", None, 1) for i in range(40)]
    with collected(tmp_path, "csv", CONFIG.replace("MAP", MAP), HEADER, many) as (plan, store, done):
        assert figures(plan, store, "csat") == {"other": (40, 40)}
        assert len(done[0].notices) == 11
        assert done[0].notices[-1] == "desk: 30 more values are in no map of their dimension"


def test_rows_that_are_sums_are_added_up_under_a_name_and_only_real_doubles_are_set_aside(tmp_path):
    text = CONFIG.replace("MAP", MAP).replace("value: ok", "n: joined_at, total: ok")
    sums = [
        ("2026-09-01", "web_widget", 10, 5),
        ("2026-09-01", "native_messaging", 7, 3),
        ("2026-09-01", "voice", 2, 1),
    ]
    with collected(tmp_path, "csv", text, HEADER, [*sums, sums[2]]) as (plan, store, done):
        assert figures(plan, store, "csat") == {"chat": (17, 8), "phone": (2, 1)}
        assert done[0].rejected == 1


COHORTS = """
as_of: 2026-09-10
zone: Europe/Berlin
sources: {desk: SOURCE}
dimensions: {joined: {by: month}}
metrics:
  csat:
    standard: csat
    source: desk
    matters: 2pt
    dimensions: [joined]
    read: {PLACE, time: at, value: ok, columns: {joined: joined_at}}
"""


@pytest.mark.parametrize("door", DOORS[1:])
def test_members_of_a_programme_are_told_by_the_month_in_which_they_joined(tmp_path, door):
    joined = ["2026-03-02T08:00:00Z", "2026-03-31T21:59:00Z", "2026-03-31T22:01:00Z", None, "soon"]
    found = [("2026-09-01T10:00:00Z", None, day, 1) for day in joined]
    with collected(tmp_path, door, COHORTS, HEADER, found) as (plan, store, done):
        # In Berlin the last of them joined in April.
        assert figures(plan, store, "csat") == {
            "2026-03": (2, 2), "2026-04": (1, 1), "(none)": (1, 1), "(no date)": (1, 1),
        }  # fmt: skip
        assert done[0].notices == ("desk: the joined 'text of 4 characters' is in no map, counted as (no date)",)


def test_quarters_and_years():
    for period, expected in (("quarter", "2026-Q2"), ("year", "2026")):
        plan = parse(
            COHORTS.replace("month", period)
            .replace("SOURCE", "{type: csv, path: x.csv}")
            .replace("PLACE, ", "")
            .encode(),
            path=Path("cxmon.yaml"),
            environ={},
        )
        assert Names(plan.metrics["csat"]).words(["2026-04-01T00:00:00+02:00"]) == (expected,)


def test_a_plan_that_the_store_keeps_has_the_same_definition(tmp_path):
    text = COHORTS.replace("SOURCE", "{type: csv, path: x.csv}").replace("PLACE, ", "") + (
        "  nps: {standard: nps, source: desk, matters: 5, read: {time: at, score: ok}}\n"
        "  calls: {standard: service_level, source: desk, matters: 2pt, read: {time: at, answered: ok, waited: w}}\n"
    )
    plan = parse(text.encode(), path=tmp_path / "cxmon.yaml", environ={})
    kept = codec.load(Catalogue, codec.dump(Catalogue(title="", zone="UTC", metrics=tuple(plan.metrics.values()))))
    assert [m.definition_hash for m in kept.metrics] == [m.definition_hash for m in plan.metrics.values()]
    assert kept.metrics == tuple(plan.metrics.values())
    assert json.loads(codec.dump(kept.metrics[0]))["dated"] == {"joined": "month"}
