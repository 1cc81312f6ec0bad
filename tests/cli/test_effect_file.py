"""The file of `cxmon effect`: what is read, what is set aside and said, what is refused."""

import warnings
from datetime import date, timedelta

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from cxmon.cli.app import build
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


def asked(*arguments):
    """What the command says, in words without line breaks, and its exit code."""
    done = CliRunner(env={"COLUMNS": "400"}).invoke(build(), ["effect", *map(str, arguments)])
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
