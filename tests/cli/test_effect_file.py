"""The file of `cxmon effect`: what is read, what is set aside and said, what is refused."""

import json
import warnings
from datetime import date, timedelta

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from cxmon.cli.app import build
from cxmon.cli.effecting import figure
from cxmon.cli.effecting_file import read_series


def days(count, step=1, first=date(2026, 5, 1)):
    return [first + timedelta(days=step * i) for i in range(count)]


@pytest.fixture
def table(tmp_path):
    """A file of the given header and rows; a row may be a line or its cells."""

    def written(header, rows):
        path = tmp_path / "calls.csv"
        lines = [row if isinstance(row, str) else ",".join(map(str, row)) for row in rows]
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return written


def refused(path, *, value="calls", time=None, n=None, controls=()):
    with pytest.raises(typer.BadParameter) as error:
        read_series(path, time=time, value=value, n=n, controls=list(controls))
    return error.value.message


def asked(*arguments, raw=False):
    """What the command says, in words without line breaks or `raw`, and its exit code."""
    done = CliRunner(env={"COLUMNS": "400"}).invoke(build(), ["effect", *map(str, arguments)])
    if raw:
        return done.stdout, done.exit_code
    return " ".join((done.output + done.stderr).replace("│", " ").split()), done.exit_code


@pytest.mark.parametrize(
    "columns",
    [
        {"value": "calls", "controls": ["calls"]},
        {"value": "calls", "controls": ["chat", "chat"]},
        {"value": "calls", "n": "calls"},
        {"value": "calls", "time": "calls"},
    ],
)
def test_a_column_asked_for_twice_is_refused(table, columns):
    path = table("day,calls,chat", [(d, 5, 7) for d in days(9)])
    assert "found c" in refused(path, **columns)
    assert "twice, expected another column" in refused(path, **columns)


@pytest.mark.parametrize(
    "given",
    [
        ("--stage", "de=2026-05-06", "--stage", "de=2026-05-08"),
        ("--stage", "de=2026-05-06", "--control", "de"),
        ("--stage", "de/us=2026-05-06", "--control", "fr/us"),
    ],
)
def test_a_column_stands_in_one_place_of_a_roll_out(table, given):
    said, code = asked(table("day,de,fr,us", [(d, i % 3, 7, 9) for i, d in enumerate(days(9))]), *given)
    assert code == 2
    assert "twice, expected another column" in said


def test_answers_that_are_shares_are_refused(table):
    path = table("day,calls,chat", [(d, 0.8, 0.71 + 0.02 * i) for i, d in enumerate(days(11))])
    assert "found answers of 0.71 to 0.91 in column chat, expected counts" in refused(path, n="chat")
    said, code = asked(path, "--stage", "calls/chat=2026-05-06")
    assert code == 2
    assert "found answers of 0.71 to 0.91 in column chat, expected counts" in said


def test_cells_that_are_no_numbers_are_counted_and_shown(table):
    rows = [(d, 900 + i if i % 3 else f'"1,{i:03d}"') for i, d in enumerate(days(9))]
    found = read_series(table("day,calls", rows), time=None, value="calls", n=None, controls=[])
    assert found.set_aside == ("3 cells of calls are no numbers, the first '1,000' in row 2",)
    assert np.isnan(found.values).sum() == 3
    rows = [(d, "n/a" if i == 4 else "" if i == 5 else i) for i, d in enumerate(days(9))]
    found = read_series(table("day,calls", rows), time=None, value="calls", n=None, controls=[])
    assert found.set_aside == ("1 cell of calls is no number, 'n/a' in row 6",)
    assert np.isnan(found.values).sum() == 2


def test_a_column_without_a_number_is_refused_without_a_warning(table):
    path = table("day,calls,chat", [(d, f'"1,{i:03d}"', "") for i, d in enumerate(days(9))])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said, code = asked(path, "--date", "2026-05-06", "--value", "calls")
    assert code == 2
    assert "calls.csv: found '1,000' in column calls, row 2, expected figures like 1016.5" in said
    assert "found no figure in column chat" in refused(path, value="chat")


def test_semicolons_and_tabs_are_read_like_commas(table):
    rows = [(d, i, 7) for i, d in enumerate(days(9))]
    plain = read_series(table("day,calls,chat", rows), time=None, value="calls", n=None, controls=["chat"])
    for apart in ";\t":
        path = table(f"day{apart}calls{apart}chat", [apart.join(map(str, row)) for row in rows])
        found = read_series(path, time=None, value="calls", n=None, controls=["chat"])
        np.testing.assert_array_equal(found.values, plain.values)
        np.testing.assert_array_equal(found.controls, plain.controls)


def test_decimal_commas_are_refused_with_what_is_expected(table):
    path = table("day;calls", [f"{d};0,8{i}" for i, d in enumerate(days(9))])
    assert "found '0,80' in column calls, row 2, expected figures like 1016.5" in refused(path)


def test_rows_with_too_many_or_too_few_cells_are_set_aside(table):
    rows = [(d, "1,016" if i == 2 else i) for i, d in enumerate(days(9))]
    found = read_series(table("day,calls", rows), time=None, value="calls", n=None, controls=[])
    assert found.set_aside == ("calls.csv:4: 3 cells, expected 2",)
    assert np.isnan(found.values[2])
    path = table("day,calls", [(d, "1,016") for d in days(9)])
    assert "found in row 2: 3 cells, expected 2 as in the header" in refused(path)


def test_dates_of_another_writing_are_shown(table):
    path = table("day,calls", [(f"{m:02d}/01/2025", m) for m in range(9, 13)])
    assert "found '09/01/2025' in column day, row 2, expected dates like 2026-09-01" in refused(path)


def test_of_many_rows_without_a_date_three_are_shown(table):
    rows = [(d, i) for i, d in enumerate(days(9))] + [(f"total {i}", 5) for i in range(7)]
    found = read_series(table("day,calls", rows), time=None, value="calls", n=None, controls=[])
    assert found.set_aside == (
        "calls.csv:11: day is not a date: 'total 0'",
        "calls.csv:12: day is not a date: 'total 1'",
        "calls.csv:13: day is not a date: 'total 2', and 4 more",
    )


@pytest.mark.parametrize("hours", [("T00:00", "T01:00"), ("", "")])
def test_several_rows_a_day_are_refused_with_the_first_two(table, hours):
    path = table("hour,calls", [(f"{d}{hour}", 5) for d in days(4) for hour in hours])
    a, b = (f"2026-05-01{hour}" for hour in hours)
    said = f"found several rows a day, expected one row a day, week or month; first '{a}' in row 2 and '{b}' in row 3"
    assert said in refused(path)
    assert "single answers are added up by a configuration, which `cxmon init` begins" in refused(path)


def test_a_file_that_is_not_there_is_said_in_words(tmp_path):
    assert refused(tmp_path / "none.csv").endswith("none.csv: No such file or directory")


@pytest.mark.parametrize(
    ("text", "said"), [("", "found an empty file"), ("day,calls\n", "found no rows below the header")]
)
def test_a_file_without_rows_is_refused(tmp_path, text, said):
    path = tmp_path / "calls.csv"
    path.write_text(text)
    assert f"{said}, expected one row a day, week or month" in refused(path)


def test_a_missing_column_comes_before_those_there_are(table):
    path = table("day,calls,chat", [(d, 5, 7) for d in days(9)])
    assert "found no column cals, expected one of day, calls, chat" in refused(path, value="cals")


@pytest.fixture
def weeks(table):
    """100 weeks from Monday 6 Jan 2025 with a fall of 20 on Thursday 5 Mar 2026: week 60 is half and half; no noise to
    speak of, and a control that falls in that week alone."""
    rng = np.random.default_rng(3)
    rows = [
        (d, f"{100 + 0.1 * rng.normal() - (10 if i == 60 else 20 * (i > 60)):.3f}", f"{50 - 30 * (i == 60)}.{i % 7}")
        for i, d in enumerate(days(100, 7, date(2025, 1, 6)))
    ]
    return table("week,calls,chat", rows)


def test_the_week_within_which_a_change_begins_or_ends_is_left_out(weeks):
    asks = (weeks, "--value", "calls", "--date", "2026-03-05")
    said, code = asked(*asks)
    assert code == 0
    assert "The week of 2 Mar is left out: the change began within it. calls surely changed: -2" in said
    assert "60 periods before, 39 after, one a week" in said
    whole = json.loads(asked(weeks, "--value", "calls", "--date", "2026-03-09", "--json", raw=True)[0])
    half = json.loads(asked(*asks, "--json", raw=True)[0])
    assert (half["n_pre"], whole["n_pre"], half["first"]) == (60, 61, "2026-03-09")
    assert whole["left_out"] == []
    assert half["high"] - half["low"] < whole["high"] - whole["low"]
    both = json.loads(asked(*asks, "--until", "2026-07-08", "--json", raw=True)[0])
    assert both["left_out"] == [
        "The week of 2 Mar is left out: the change began within it.",
        "The week of 6 Jul is left out: the change ended within it.",
    ]
    assert both["n_post"] == 17


def test_a_control_has_no_say_in_the_week_that_is_left_out(weeks):
    beside = json.loads(
        asked(weeks, "--value", "calls", "--date", "2026-03-05", "--control", "chat", "--json", raw=True)[0]
    )
    assert beside["controls_moved"] == []
    assert (beside["n_pre"], beside["n_post"]) == (60, 39)


def test_the_week_within_which_a_stage_begins_is_left_out_of_its_segment(weeks):
    found = json.loads(asked(weeks, "--stage", "calls=2026-03-05", "--control", "chat", "--json", raw=True)[0])
    assert found["left_out"] == ["The week of 2 Mar is left out: the stage of calls began within it."]
    assert (found["by_stage"][0]["n_pre"], found["by_stage"][0]["n_post"]) == (60, 39)
    said, _ = asked(weeks, "--stage", "calls=2026-12-02")
    assert "The week of 30 Nov is left out: the stage of calls began within it. Rolled out to 0 of 1 segment." in said


def test_a_month_that_begins_with_the_change_is_whole(table):
    rows = [(f"{2022 + i // 12}-{i % 12 + 1:02d}-01", i % 5) for i in range(40)]
    path = table("month,calls", rows)
    assert "is left out" not in asked(path, "--value", "calls", "--date", "2024-03-01")[0]
    said, _ = asked(path, "--value", "calls", "--date", "2024-03-15")
    assert "The month of 1 Mar is left out: the change began within it." in said


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2025-08-01", "found --until 2025-08-01, expected a date after --date 2026-03-05"),
        ("2026-03-05", "found --until 2026-03-05, expected a date after --date 2026-03-05"),
        ("2026-03-07", "found --until 2026-03-07, expected a date after --date 2026-03-05, in another week"),
    ],
)
def test_an_end_before_the_beginning_is_refused(weeks, until, said):
    told, code = asked(weeks, "--value", "calls", "--date", "2026-03-05", "--until", until)
    assert code == 2
    assert said in told


def test_what_is_expected_is_told_of_the_judged_days_alone(table):
    rows = [(d, 100 + i % 3 - (20 if 60 <= i < 80 else 0) + (500 if i >= 80 else 0)) for i, d in enumerate(days(100))]
    path = table("day,calls", rows)
    said, _ = asked(path, "--value", "calls", "--date", "2026-06-30", "--until", "2026-07-20")
    seen = float(said.split(", seen ")[1].split()[0].rstrip("."))
    assert seen == pytest.approx(81, abs=1)


def test_one_of_a_thing_is_told_as_one(table):
    rng = np.random.default_rng(2)
    path = table("day,calls,chat", [(d, *rng.normal(9, 1, 2)) for d in days(60)])
    said, _ = asked(path, "--stage", "calls=2026-06-20", "--control", "chat")
    assert "Rolled out to 1 of 1 segment." in said
    assert "10 days, compared with 1 segment " in said
    assert "days 0 to 6: " in said
    assert "1 segments" not in said
    said, _ = asked(path, "--value", "calls", "--date", "2026-05-10")
    assert "none, 1 block of 7 periods before the change and 7 since" in said


def test_a_range_around_nothing_has_no_negative_zero():
    shown = figure(-0.0001, -0.0004, 0.0301, share=True, digits=1)
    assert shown == "0.0 points (95 % range 0.0 to +3.0)"
    assert figure(-0.5, -1.04, -0.01, share=False, digits=1) == "-0.5 (95 % range -1.0 to 0.0)"


@pytest.fixture
def rollout(table):
    """150 days of two desks that fall by 6 on days 110 and 125 beside four, of which `shop` falls on day 110 too."""
    rng = np.random.default_rng(5)
    names = ("de", "fr", "shop", "us", "it", "uk")
    falls = np.array([110, 125, 110, 999, 999, 999])
    rows = [(d, *(80 + rng.normal(0, 1, 6) - 6 * (i >= falls))) for i, d in enumerate(days(150))]
    return table("day," + ",".join(names), rows)


BOTH = ("--stage", "de=2026-08-19", "--stage", "fr=2026-09-03")
OTHERS = tuple(part for name in ("shop", "us", "it", "uk") for part in ("--control", name))


def test_a_segment_that_moved_with_a_stage_is_named(rollout):
    moved = "of the untouched segments shop moved by itself since then and counts little or not at all"
    said, code = asked(rollout, *BOTH, *OTHERS)
    assert code == 0
    assert f"40 days, compared with 5 segments; {moved} fr since" in said
    assert said.count(moved) == said.count("40 days, compared")
    assert "No second opinion is given for roll-outs." in said
    found = json.loads(asked(rollout, *BOTH, *OTHERS, "--json", raw=True)[0])
    assert [stage["controls_moved"] for stage in found["by_stage"]] == [["shop"], []]


def test_a_roll_out_that_is_compared_with_nobody_says_so(rollout):
    assert ", before and after only; p = " in asked(rollout, *BOTH[:2])[0]
    assert ", some before and after only; p = " in asked(rollout, *BOTH)[0]
    assert ", each compared with segments that do not have it yet; p = " in asked(rollout, *BOTH, "--control", "us")[0]


def test_stages_to_come_are_told_by_their_dates(rollout):
    later = ("--stage", "de=2026-12-19", "--stage", "fr=2026-11-03")
    said, _ = asked(rollout, *later)
    assert "Nothing can be said: 0 of 2 stages begun: the next on 2026-11-03, the data end with 2026-09-27" in said
    found = json.loads(asked(rollout, *BOTH[:2], *later[2:], "--json", raw=True)[0])
    assert [stage["reason"] for stage in found["by_stage"]] == [
        "", "its stage begins on 2026-11-03, the data end with 2026-09-27",
    ]  # fmt: skip
    assert "period" not in json.loads(asked(rollout, *later, "--json", raw=True)[0])["reason"]
