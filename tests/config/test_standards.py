"""Metrics that follow the catalogue: what it brings, what the file says instead, and when a definition is another."""

import csv
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cxmon.config import load
from cxmon.config.catalogue import CATALOGUE
from cxmon.config.loader import parse
from cxmon.model import CALLS, Better, Holidays, Kind, Words
from cxmon.pipeline.collect import collect
from cxmon.store import Store

ROOT = Path(__file__).parents[2]
HEAD = "zone: Europe/Berlin\nsources: {desk: {type: csv, path: desk.csv}}\n"


def plan_of(*metrics, top=""):
    lines = "\n".join(f"  {m}" for m in metrics)
    return parse(f"{HEAD}{top}\nmetrics:\n{lines}\n".encode(), path=Path("cxmon.yaml"), environ={})


def one(text, top=""):
    """The first metric of a plan, whose keys are `text` beside source and what they need not say."""
    return next(iter(plan_of(f"m: {{source: desk, {text}}}", top=top).metrics.values()))


def test_an_entry_brings_kind_direction_label_maturity_words_and_what_it_says():
    csat = one("standard: csat, matters: 2pt, read: {time: solved_at, value: ok}")
    assert (csat.kind, csat.better, csat.label) == (Kind.PROPORTION, Better.HIGHER, "CSAT")
    assert (csat.matures_after, csat.lookback, csat.learns_maturity) == (timedelta(days=14), timedelta(days=30), False)
    assert csat.words == Words(better="happier customers", worse="unhappier customers")
    assert csat.definition == (
        "Answers with one of the two best grades of five (of fewer the best one alone), of all answers; by solved_at"
    )


def test_what_the_file_says_goes_before_it():
    text = "standard: csat, label: Happy, matures_after: 40d, definition: Ours, words: {better: a, worse: b}"
    csat = one(f"{text}, guards: [], matters: 2pt, read: {{time: day, value: ok}}")
    assert (csat.label, csat.matures_after, csat.definition) == ("Happy", timedelta(days=40), "Ours")
    assert csat.words == Words(better="a", worse="b")
    # What matures later than the usual lookback is read for as long.
    assert csat.lookback == timedelta(days=40)


def test_another_kind_takes_nothing_of_the_usual_kind_with_it_and_is_noted():
    plan = plan_of("m: {standard: nps, kind: proportion, source: desk, matters: 2pt, read: {time: day, value: ok}}")
    assert (plan.metrics["m"].unit, plan.metrics["m"].scale) == ("", None)
    assert plan.notes == (
        "cxmon.yaml:5: metrics.m.kind: proportion, where nps is mean; say in `definition` what the figure is then",
    )


def test_guards_are_the_metrics_of_the_plan_that_follow_them():
    read = "source: desk, matters: 2pt, read: {time: day, value: ok}"
    plan = plan_of(
        f"happy: {{standard: csat, {read}}}",
        f"answered: {{standard: response_rate, {read}}}",
        f"fcr_phone: {{standard: first_contact_resolution, {read}}}",
        f"fcr_chat: {{standard: first_contact_resolution, guards: [answered], {read}}}",
        f"plain: {{kind: proportion, better: higher, {read}}}",
    )
    assert {m.id: m.guards for m in plan.metrics.values()} == {
        "happy": ("answered", "fcr_phone", "fcr_chat"),
        "answered": ("happy",),
        "fcr_phone": ("happy",),
        "fcr_chat": ("answered",),
        "plain": (),
    }


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_every_entry_can_be_followed_as_its_example_says(entry):
    matters, read = entry.example
    for formula in entry.formulas:
        usual = formula is entry.usual
        kind = formula.kind or entry.kind
        size, rows = (matters, read) if usual or formula.outcomes else ("2pt", "{time: at, value: happened}")
        if kind is not Kind.PROPORTION and not usual:
            size, rows = ("10%", read) if kind in {Kind.QUANTILE, Kind.RATE, Kind.RATIO} else ("0.2", rows)
        metric = one(f"standard: {entry.name}, formula: {formula.name}, matters: {size}, read: {rows}")
        assert (metric.kind, metric.better) == (kind, formula.better or entry.better)
        assert metric.formula == ("" if usual else formula.name)
        assert metric.definition[0].isupper()
        assert "{" not in metric.definition


def test_the_catalogue_fits_together():
    assert all(guard in CATALOGUE and guard != entry.name for entry in CATALOGUE.values() for guard in entry.guards)
    for entry in CATALOGUE.values():
        assert len({f.name for f in entry.formulas}) == len(entry.formulas)
        assert {len(f.outcomes) for f in entry.formulas} in ({0}, {len(CALLS)})
        assert entry.matures_after is None or entry.lookback is None or entry.lookback >= entry.matures_after


HASHES = {"csat": "1cb0574c9d0c9598", "first_response": "8e5928959feaefd5", "reopened": "866c9f2f4b80afaf",
          "churn": "091d27039a36fcbd", "contacts": "d9352d98824e2c8b"}  # fmt: skip


def test_a_definition_without_the_new_keys_is_the_one_that_is_stored():
    plan = load(ROOT / "config" / "cxmon.yaml")
    assert {m.id: m.definition_hash for m in plan.metrics.values()} == HASHES


PLAIN = "kind: proportion, better: higher, matters: 2pt, dimensions: [channel], read: {time: at, value: ok}"
CALL = "matters: 2pt, read: {time: at, answered: ok, waited: w}"
TIME = "standard: first_response_time, matters: 10%, read: {time: at, ended: replied_at}"
SUPPORT = "calendars: {support: {hours: {monday-friday: 08:00-18:00}}}"
MAP = "dimensions: {channel: {map: {web_widget: chat}}}"


def same(*texts):
    return len({one(text, top).definition_hash for text, top in ((t, "") if isinstance(t, str) else t for t in texts)})


def test_a_definition_is_the_same_where_only_its_name_and_manner_differ():
    follows = PLAIN.replace("kind: proportion, better: higher", "standard: csat")
    assert same(PLAIN, follows, f"{follows}, formula: top_two, label: Happy, matures_after: 3d") == 1
    assert (
        same(
            f"standard: service_level, {CALL}", f"standard: service_level, formula: short_left_out, within: 20s, {CALL}"
        )
        == 1
    )
    other = SUPPORT.replace("support", "desk")
    assert same((f"{TIME}, calendar: support", SUPPORT), (f"{TIME}, calendar: desk", other)) == 1
    # The names of a dimension that it does not have do not concern it.
    region = PLAIN.replace("channel", "region")
    beside = plan_of(f"m: {{source: desk, {region}}}", f"n: {{source: desk, {PLAIN}}}", top=MAP)
    assert beside.metrics["m"].definition_hash == one(region).definition_hash


def test_a_definition_is_another_where_the_figures_are():
    level = f"standard: service_level, {CALL}"
    assert same(level, f"{level}, within: 30s", f"{level}, short: 0s", f"{level}, formula: all_against") == 4
    counted = "standard: service_level, matters: 2pt, read: {time: at, value: ok}"
    assert same(counted, f"{counted}, within: 20s", f"{counted}, within: 30s") == 2
    longer = SUPPORT.replace("18:00", "19:00")
    off = f"{SUPPORT}\nholidays: {{country: DE}}"
    always = SUPPORT.replace("{hours", "{open_on_holidays: true, hours") + "\nholidays: {country: DE}"
    hours = f"{TIME}, calendar: support"
    assert same(TIME, f"{TIME}, unit: h", (hours, SUPPORT), (hours, longer), (hours, off)) == 5
    assert same((hours, SUPPORT), (hours, always)) == 1
    assert (
        same(PLAIN, (PLAIN, MAP), (PLAIN, MAP.replace("chat", "web")), (PLAIN, "dimensions: {channel: {by: month}}"))
        == 4
    )
    grades = "standard: csat, matters: 2pt, read: {time: at, score: grade}"
    assert same(grades, f"{grades}, scale: [1, 3]") == 2
    churn = "standard: logo_churn, matters: 2pt, read: {time: at, n: here, total: gone}"
    assert same(churn, f"{churn}, formula: stripe") == 2


def test_a_calendar_is_read_as_it_is_written():
    top = (
        "holidays: {country: DE, subdivision: BY}\n"
        "calendars: {support: {zone: America/New_York, hours: {friday-monday: 08:00-24:00, "
        "wednesday: [13:00-17:00, 08:00-12:00]}}}"
    )
    hours = one(f"{TIME}, calendar: support", top).making.hours
    assert (hours.zone, hours.holidays) == ("America/New_York", Holidays(country="DE", subdivision="BY"))
    long = ((480, 1440),)
    assert hours.week == (long, (), ((480, 720), (780, 1020)), (), long, long, long)
    own = top.replace("support: {zone", "support: {holidays: {country: US}, zone")
    assert one(f"{TIME}, calendar: support", own).making.hours.holidays == Holidays(country="US")


def test_an_open_duration_is_counted_as_open_unless_the_file_says_otherwise():
    read = one(TIME).read
    assert (read.censored, read.known_at) == (True, "replied_at")
    only_ended = one(TIME.replace("ended: replied_at", "ended: replied_at, censored: false")).read
    assert (only_ended.censored, only_ended.known_at) == (False, "replied_at")
    mean = one(
        "kind: mean, better: lower, unit: h, matters: 10%, read: {time: at, began: b, ended: e, known_at: k}"
    ).read
    assert (mean.censored, mean.known_at) == (False, "k")


# A few rows of each file of the example, with the columns that it reads.
FILES = {
    "visits": ("day,channel,region,visits,orders,new_customers,recommended", "2026-08-31,storefront,de,100,4,3,1"),
    "billing": ("day,tier,joined_at,left,lost,paid", "2026-07-01,plus,2026-03-04,0,0,50"),
    "parcels": ("promised_for,region,product,on_time", "2026-08-10,de,books,1"),
    "tickets": ("created_at,replied_at,channel,reason,came_back", "2026-08-10T10:00,,voice,refund,0"),
    "calls": ("called_at,answered_at,wait_seconds,region", "2026-08-30T10:00,2026-08-30T10:01,60,de"),
    "surveys": (
        "solved_at,answered_at,grade,recommend,channel,touchpoint,joined_at,tier",
        "2026-08-10T10:00,2026-08-11T10:00,5,9,video_call,delivery,2026-03-04,ent",
    ),
}


def test_the_example_of_all_touchpoints_loads_and_reads_its_files(tmp_path):
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "config" / "touchpoints.yaml", tmp_path)
    for name, (header, row) in FILES.items():
        with (tmp_path / "data" / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([header.split(","), row.split(",")])
    plan = load(tmp_path / "touchpoints.yaml")
    assert {m.standard for m in plan.metrics.values()} <= set(CATALOGUE)
    assert {m.id: m.guards for m in plan.metrics.values() if m.id in {"first_response", "phone_level", "churn"}} == {
        "first_response": ("csat", "returned", "given_up"), "phone_level": ("given_up",), "churn": ("revenue_churn",),
    }  # fmt: skip
    now = plan.changes[0].starts.replace(month=9)
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        # No row is older than this.
        done = collect(replace(plan, as_of=now, backfill=timedelta(days=70)), store, now=now)
        assert [(c.metric, c.error, c.rejected, c.notices) for c in done if c.error or c.rejected or c.notices] == []
        segments = {s.label for s in store.leaves(plan.metrics["csat"])}
    assert segments == {"video · 2026-03 · delivery"}
