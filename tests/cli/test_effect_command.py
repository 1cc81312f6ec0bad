"""`cxmon effect`: anybody with one series."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from command import ended

CAUSAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "causal"


def run(*arguments):
    return ended("effect", *arguments)


@pytest.fixture
def series(tmp_path):
    """150 days of shares with a fall of 5 points from day 120 on."""
    rng = np.random.default_rng(4)
    path = tmp_path / "calls.csv"
    with path.open("w", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(["day", "csat", "answers", "chat"])
        for i in range(150):
            n, share = rng.poisson(140), 0.86 - 0.05 * (i >= 120)
            chat = rng.binomial(120, 0.8) / 120
            out.writerow([date(2026, 5, 1) + timedelta(days=i), rng.binomial(n, share) / n, n, chat])
    return path


def test_a_planted_fall_is_found_with_its_range(series):
    done = run(series, "--date", "2026-08-29", "--value", "csat", "--n", "answers", "--json")
    found = json.loads(done.stdout)
    assert found["kind"] == "proportion"
    assert found["low"] < -0.05 < found["high"] < 0
    assert (found["n_pre"], found["n_post"]) == (120, 30)


def test_words_name_the_grade(series):
    alone = run(series, "--date", "2026-08-29", "--value", "csat", "--n", "answers").stdout
    beside = run(series, "--date", "2026-08-29", "--value", "csat", "--n", "answers", "--control", "chat").stdout
    assert "points" in alone
    assert "before and after only" in alone
    assert "surely changed" in beside


def test_second_opinions_and_a_control_that_moved_are_told(series):
    with series.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    rng = np.random.default_rng(5)
    for i, row in enumerate(rows):
        row["email"], row["shop"] = (0.8 + 0.03 * rng.standard_normal() for _ in range(2))
        row["desk"] = 0.8 + 0.03 * rng.standard_normal() - 0.06 * (i >= 120)
    with series.open("w", newline="") as handle:
        out = csv.DictWriter(handle, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    controls = [part for name in ("chat", "email", "shop", "desk") for part in ("--control", name)]
    asked = (series, "--date", "2026-08-29", "--value", "csat", "--n", "answers", *controls)
    said = run(*asked).stdout
    assert "Of the untouched segments desk moved by itself since then and counts little or not at all." in said
    assert "Second opinion, a structural time-series model: agrees, -" in said
    assert "Second opinion, a t-test on whole weeks: agrees, -" in said
    found = json.loads(run(*asked, "--json").stdout)
    assert found["controls_moved"] == ["desk"]
    assert found["grade"] == "compared with untouched segments"
    assert [o["agreement"] for o in found["second_opinions"]] == ["agrees", "agrees"]


def test_a_method_that_disagrees_is_told_with_its_range(tmp_path):
    rng = np.random.default_rng(6)
    path = tmp_path / "calls.csv"
    falls = [-9.0 * (i >= 127) for i in range(130)]
    rows = "\n".join(
        f"{date(2026, 5, 1) + timedelta(days=i)},{20 + rng.standard_normal() + fall}" for i, fall in enumerate(falls)
    )
    path.write_text(f"day,speed\n{rows}\n")
    said = run(path, "--date", "2026-08-29", "--value", "speed").stdout
    assert "before and after only, but a second method disagrees." in said
    assert "Second opinion, a t-test on whole weeks: disagrees" in said


def test_a_missing_column_is_named_with_those_there_are(series):
    done = run(series, "--date", "2026-08-29", "--value", "csta")
    assert done.returncode == 2
    assert "found no column csta, expected one of day, csat, answers, chat" in " ".join(done.stderr.split())


def test_a_date_outside_the_file_is_refused(series):
    done = run(series, "--date", "2030-01-01", "--value", "csat")
    assert done.returncode == 2
    assert "2026-05-01 to 2026-09-27" in " ".join(done.stderr.split())


def test_rows_without_a_date_are_set_aside_and_shown(series):
    with series.open("a") as handle:
        handle.write("yesterday,0.5,10,0.5\n")
    done = run(series, "--date", "2026-08-29", "--value", "csat")
    assert "Set aside: calls.csv:152: day is not a date" in done.stdout


@pytest.mark.skipif(not CAUSAL.exists(), reason="the shared data are not beside this checkout")
def test_the_seat_belt_law_is_found():
    done = run(CAUSAL / "seatbelts.csv", "--date", "1983-02-01", "--value", "drivers", "--json")
    found = json.loads(done.stdout)
    assert found["grain"] == "month"
    assert found["high"] < 0


def test_percentages_are_not_taken_for_shares(tmp_path):
    path = tmp_path / "percent.csv"
    rows = "\n".join(f"{date(2026, 5, 1) + timedelta(days=i)},{85 + i % 5}" for i in range(60))
    path.write_text(f"day,csat\n{rows}\n")
    done = run(path, "--date", "2026-06-10", "--value", "csat", "--kind", "proportion")
    assert done.returncode == 2
    assert "expected shares 0..1" in " ".join(done.stderr.split())


@pytest.fixture
def desks(tmp_path):
    """150 days of four desks with their answers: de and fr fall by 6 points on days 110 and 125, uk is to come."""
    rng = np.random.default_rng(6)
    path = tmp_path / "desks.csv"
    with path.open("w", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(["day", *(f"{d}{end}" for d in ("de", "fr", "uk", "us") for end in ("", "_n"))])
        for i in range(150):
            row = []
            for begins in (110, 125, 999, 999):
                n = rng.poisson(150)
                row += [rng.binomial(n, 0.85 - 0.06 * (i >= begins)) / n, n]
            out.writerow([date(2026, 1, 1) + timedelta(days=i), *row])
    return path


STAGES = ("--stage", "de/de_n=2026-04-21", "--stage", "fr/fr_n=2026-05-06", "--stage", "uk/uk_n=2026-07-01")


def test_a_roll_out_in_stages_is_told_pooled_by_stage_and_by_age(desks):
    said = run(desks, *STAGES, "--control", "us/us_n").stdout.splitlines()
    assert said[0] == "Rolled out to 2 of 3 segments."
    assert said[1].startswith("Pooled by answers, the figure surely changed: -")
    assert "each compared with segments that do not have it yet" in said[1]
    assert said[2].startswith("  de since 2026-04-21: -")
    assert said[2].endswith("40 days, compared with 3 segments")
    assert said[3].endswith("25 days, compared with 2 segments")
    assert said[4] == "  uk waits until 2026-07-01"
    assert said[5].startswith("  days 0 to 6: ")
    assert said[5].endswith("2 segments")


def test_the_document_of_a_roll_out_has_every_stage(desks):
    found = json.loads(run(desks, *STAGES, "--control", "us/us_n", "--json").stdout)
    assert found["low"] < -0.06 < found["high"] < 0
    assert (found["stages"], found["kind"]) == (2, "proportion")
    assert [(s["segment"], s["begun"], s["n_post"]) for s in found["by_stage"]] == [
        ("de", True, 40), ("fr", True, 25), ("uk", False, 0),
    ]  # fmt: skip
    assert [age["stages"] for age in found["by_age"]] == [2, 2, 1, 0]
    beside = json.loads(run(desks, *STAGES, "--control", "us/us_n", "--holidays", "DE", "--json").stdout)
    assert beside["holidays"].startswith("6 holidays left out, 3 since the change")
    assert [s["n_post"] for s in beside["by_stage"]] == [37, 23, 0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "expected --date and --value, or --stage once for each segment"),
        (("--stage", "de"), "found 'de', expected COLUMN=DATE or COLUMN/ANSWERS=DATE"),
        (("--stage", "de=2026-13-01"), "found '2026-13-01', expected a date like 2026-09-01"),
        (("--stage", "de=2025-01-01"), "found 2025-01-01, expected a date after 2026-01-01"),
        (("--stage", "de=2026-04-21", "--value", "de"), "found --value beside --stage, expected one way of asking"),
        (("--stage", "de/de_n=2026-04-21", "--control", "us"), "expected COLUMN/ANSWERS for all or for none"),
    ],
)
def test_what_does_not_fit_a_roll_out_is_refused(desks, asked, said):
    done = run(desks, *asked)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


@pytest.fixture
def christmas(tmp_path):
    """120 days of counts up to 5 January with three holidays far down, and no change on 15 December."""
    rng = np.random.default_rng(6)
    path = tmp_path / "calls.csv"
    rows = []
    for i in range(120):
        day = date(2025, 9, 8) + timedelta(days=i)
        rows.append(f"{day},{100 + rng.normal() - 40 * (str(day) in ('2025-12-25', '2025-12-26', '2026-01-01')):.3f}")
    path.write_text("day,calls\n" + "\n".join(rows) + "\n")
    return path


def test_holidays_are_left_out_and_told(christmas):
    asked = ("--date", "2025-12-15", "--value", "calls")
    plain = json.loads(run(christmas, *asked, "--json").stdout)
    done = run(christmas, *asked, "--holidays", "DE-BY", "--json")
    found = json.loads(done.stdout)
    assert plain["estimate"] < -3
    assert abs(found["estimate"]) < 1
    said = "5 holidays left out, 3 since the change: 98 days of past, 350 are needed to know them"
    assert found["holidays"] == said
    assert plain["holidays"] == ""
    assert plain["n_post"] - found["n_post"] == 3
    assert f"\n{said}." in run(christmas, *asked, "--holidays", "DE-BY").stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("UK", "found UK, expected a country such as DE or US"),
        ("DE-XX", "found DE-XX, expected DE- and one of BB, BE"),
    ],
)
def test_an_unknown_calendar_is_refused(christmas, given, said):
    done = run(christmas, "--date", "2025-12-15", "--value", "calls", "--holidays", given)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_months_hold_no_holidays(tmp_path):
    path = tmp_path / "months.csv"
    path.write_text("month,calls\n" + "\n".join(f"20{20 + i // 12}-{i % 12 + 1:02d}-01,{i % 5}" for i in range(40)))
    done = run(path, "--date", "2022-06-01", "--value", "calls", "--holidays", "DE")
    assert done.returncode == 2
    assert "found one row a month, expected one row a day" in " ".join(done.stderr.replace("│", " ").split())


def test_months_of_half_a_year_say_what_they_cannot_know(tmp_path):
    rng = np.random.default_rng(7)
    path = tmp_path / "months.csv"
    rows = [
        f"2026-{i + 1:02d}-01,{','.join(str(x) for x in rng.binomial(3000, 0.8, 4) / 3000)},3000" for i in range(11)
    ]
    path.write_text("month,csat,chat,email,shop,answers\n" + "\n".join(rows) + "\n")
    asked = (path, "--date", "2026-09-01", "--value", "csat", "--n", "answers")
    beside = (*asked, "--control", "chat", "--control", "email", "--control", "shop")
    season = "8 months are too few to know the season of the year, and the range allows for one"
    said = run(*beside).stdout
    assert "before and after only" in said
    assert (
        "8 months before the change are too few to show whether untouched segments move alike, 12 are needed." in said
    )
    assert f"{season}." in said
    assert "a yearly profile taken out" not in said
    assert json.loads(run(*asked, "--json").stdout)["notes"] == [season]
