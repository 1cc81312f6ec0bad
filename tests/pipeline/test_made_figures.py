"""Figures made of several columns, by every door the same: calls by a formula, grades, and business hours."""

import pytest
from made_world import DOORS, collected, figures, local

CALL = ("at", "answered_at", "gave_up", "wait")
CALLS = """
as_of: 2026-09-10
zone: Europe/Berlin
sources: {acd: SOURCE}
metrics:
  FORMULAS
"""
ONE = (
    "  {name}: {{standard: {standard}, formula: {name}, source: acd, matters: 2pt, "
    "read: {{PLACE, time: at, answered: answered_at, abandoned: gave_up, waited: wait}}}}"
)
PRINTED = {
    "answered_only": 86,
    "in_time_for": 83,
    "in_time_left_out": 83,
    "all_against": 81,
    "short_for": 82,
    "short_left_out": 82,
}


def calls():
    """The calls of the figures in print: 1,000 answered, 860 of them in 20 s; 60 given up, 20 in 20 s, 10 in 5 s."""
    at, answered = local("2026-09-01T10:00"), local("2026-09-01T10:01")
    heard = [(860, 20), (140, 21)]
    gone = [(10, 5), (10, 20), (40, 21)]
    rows = [(at, answered, 0, wait) for count, wait in heard for _ in range(count)]
    rows += [(at, None, 1, wait) for count, wait in gone for _ in range(count)]
    # A callback is neither answered nor given up.
    return [*rows, *[(at, None, 0, 30)] * 25]


def config(standard, names):
    lines = "\n".join(ONE.format(name=name, standard=standard) for name in names)
    return CALLS.replace("  FORMULAS", lines)


@pytest.mark.parametrize("door", DOORS)
def test_the_same_calls_give_the_figures_in_print_by_formula(tmp_path, door):
    with collected(tmp_path, door, config("service_level", PRINTED), CALL, calls()) as (plan, store, done):
        assert [c.error for c in done] == [""] * len(PRINTED)
        found = {name: figures(plan, store, name)["all customers"] for name in PRINTED}
    assert {name: round(100 * total / n) for name, (n, total) in found.items()} == PRINTED
    assert found["short_left_out"] == (1050, 860)
    assert sorted(round(100 * t / n) for name, (n, t) in found.items() if name != "short_left_out") == [
        81,
        82,
        83,
        83,
        86,
    ]


def test_the_abandonment_of_the_same_calls(tmp_path):
    names = ("short_left_out", "of_offered", "every")
    with collected(tmp_path, "csv", config("abandonment", names), CALL, calls()) as (plan, store, _):
        found = [figures(plan, store, name)["all customers"] for name in names]
    assert found == [(1050, 50), (1060, 50), (1060, 60)]


def test_calls_that_cannot_be_are_set_aside_each_with_its_reason(tmp_path):
    at = local("2026-09-01T10:00")
    rows = [(at, at, 0, 3), (at, at, 1, 3), (at, None, 1, -1), (at, at, 0, None), (at, "soon", 0, 3), (at, at, 0, "x")]
    with collected(tmp_path, "csv", config("service_level", ["all_against"]), CALL, rows) as (plan, store, done):
        aside = {row.where: row.reason for row in store.observations.rejected()}
        assert figures(plan, store, "all_against") == {"all customers": (1, 1)}
    assert done[0].rejected == 5
    assert aside == {
        "rows.csv:3": "abandoned: a call that was answered as well",
        "rows.csv:4": "waited: negative",
        "rows.csv:5": "waited: empty",
        "rows.csv:6": "answered: neither 0 nor 1, nor an instant",
        "rows.csv:7": "waited: text where a number belongs",
    }


SCORES = """
as_of: 2026-09-10
sources: {surveys: SOURCE}
metrics:
  csat: {standard: csat, source: surveys, matters: 2pt, read: {PLACE, time: at, score: grade}}
  faces: {standard: csat, scale: [1, 3], source: surveys, matters: 2pt, read: {PLACE, time: at, score: face}}
  net: {standard: csat, formula: net, scale: [1, 3], source: surveys, matters: 5, read: {PLACE, time: at, score: face}}
  nps: {standard: nps, source: surveys, matters: 5, read: {PLACE, time: at, score: recommend}}
  ces: {standard: ces, source: surveys, matters: 0.2, read: {PLACE, time: at, score: ease}}
  easy: {standard: ces, formula: share, source: surveys, matters: 2pt, read: {PLACE, time: at, score: ease}}
"""
SURVEY = ("at", "grade", "face", "recommend", "ease")


def test_grades_count_as_their_formula_says(tmp_path):
    at = "2026-09-01T10:00:00Z"
    rows = [(at, 5, 3, 10, 7), (at, 4, 2, 9, 5), (at, 3, 1, 8, 4), (at, 1, 1, 6, 1), (at, None, None, None, None)]
    with collected(tmp_path, "rest", SCORES, SURVEY, rows) as (plan, store, done):
        assert [c.error for c in done] == [""] * 6
        found = {name: figures(plan, store, name)["all customers"] for name in plan.metrics}
    assert found == {
        "csat": (4, 2), "faces": (4, 1), "net": (4, -100), "nps": (4, 100), "ces": (4, 17), "easy": (4, 2),
    }  # fmt: skip


def test_a_grade_off_the_scale_is_set_aside(tmp_path):
    at = "2026-09-01T10:00:00Z"
    rows = [(at, 5, 3, 10, 7), (at, 6, 0, 11, 8)]
    with collected(tmp_path, "csv", SCORES, SURVEY, rows) as (plan, store, done):
        assert [c.rejected for c in done] == [1] * 6
        assert {name: figures(plan, store, name)["all customers"][0] for name in plan.metrics} == dict.fromkeys(
            plan.metrics, 1
        )
        assert "score: off the scale of 0 to 10" in {row.reason for row in store.observations.rejected()}


TIMES = """
as_of: 2026-09-30
zone: Europe/Berlin
holidays: {country: DE, extra_days: [2026-09-16]}
calendars: {support: {hours: {monday-friday: 08:00-18:00}}}
sources: {desk: SOURCE}
metrics:
  business:
    standard: first_response_time
    calendar: support
    quantile: 0.5
    source: desk
    matters: 10%
    read: {PLACE, time: created_at, ended: replied_at}
  calendar:
    standard: first_response_time
    quantile: 0.5
    source: desk
    matters: 10%
    read: {PLACE, time: created_at, ended: replied_at}
"""
TICKET = ("created_at", "replied_at")


@pytest.mark.parametrize("door", DOORS[1:])
def test_a_night_and_a_closed_day_are_no_wait_in_business_hours_and_an_open_ticket_is_no_fast_one(tmp_path, door):
    # From Tuesday 17:30 to Thursday 09:00, and Wednesday is closed: 90 minutes of 2,370.
    began, ended = local("2026-09-15T17:30"), local("2026-09-17T09:00")
    rows = [(began, ended)] * 11 + [(began, None)] * 10
    with collected(tmp_path, door, TIMES, TICKET, rows) as (plan, store, done):
        assert [c.error for c in done] == ["", ""]
        found = {}
        for name in plan.metrics:
            panel = store.panel(plan.metrics[name])
            day = int(panel.n[0].argmax())
            found[name] = panel.n[0, day], panel.values()[0, day], panel.quantile(0.6)[0][0, day]
            known_before = store.panel(plan.metrics[name], as_known_at=plan.as_of.replace(day=16))
            # Before the replies all 21 are open, and the median is not known, in either time.
            assert known_before.n[0].max() == 21
            assert not (known_before.values()[0] == known_before.values()[0]).any()
    assert found["business"][0] == found["calendar"][0] == 21
    assert found["business"][1] == pytest.approx(90, rel=0.02)
    assert found["calendar"][1] == pytest.approx(2370, rel=0.02)
    assert found["business"][2] != found["business"][2], "0.6 of them lies among the open ones"


def test_durations_that_cannot_be_are_set_aside(tmp_path):
    began = local("2026-09-15T17:30")
    rows = [
        (began, local("2026-09-15T17:40")),
        (began, local("2026-09-14T17:30")),
        (began, "never"),
        (began, "2200-01-01"),
    ]
    with collected(tmp_path, "csv", TIMES, TICKET, rows) as (_, store, done):
        assert [c.rejected for c in done] == [3, 2]
        reasons = {(row.metric, row.reason) for row in store.observations.rejected()}
    bad = "ended: not a date, an ISO 8601 instant or epoch seconds"
    assert reasons == {
        ("business", "ended: before it began"), ("calendar", "ended: before it began"),
        ("business", bad), ("calendar", bad), ("business", "ended: not before 2100"),
    }  # fmt: skip
