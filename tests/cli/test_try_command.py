"""`cxmon try`: an effect or a watch from one CSV file, what it reads, and what it refuses in one sentence."""

import json
from datetime import date, timedelta

import numpy as np
import pytest
from typer.testing import CliRunner

from cxmon.cli.app import build

FIRST = date(2026, 1, 1)


def rows(days=200, drop=0.0, at=150, per_cent=True):
    """Two channels of 150 answers a day; the phone loses `drop` on day `at`."""
    rng = np.random.default_rng(5)
    made = ["day,channel,csat,answers"]
    for t in range(days):
        for channel, level in (("phone", 0.86), ("chat", 0.9)):
            share = rng.binomial(150, level - drop * (channel == "phone" and t >= at)) / 150
            made.append(f"{FIRST + timedelta(days=t)},{channel},{share * (100 if per_cent else 1):.4f},150")
    return "\n".join(made)


def run(text, *arguments):
    done = CliRunner(env={"COLUMNS": "4000"}).invoke(build(), ["try", "-", *arguments], input=text)
    return done.exit_code, done.stdout, " ".join(done.stderr.replace("│", " ").split())


COLUMNS = ("--value", "csat", "--n", "answers", "--segment", "channel", "--kind", "proportion")


def test_a_date_and_a_touched_segment_give_an_effect_against_the_others():
    code, out, _ = run(rows(drop=0.06), *COLUMNS, "--date", "2026-05-31", "--touched", "phone", "--json")
    found = json.loads(out)
    assert (code, found["answer"], found["told"]["badge"]) == (0, "effect", "Worse")
    assert found["told"]["headline"].startswith("csat, phone is ")
    assert "compared with untouched segments" in found["told"]["headline"]
    assert found["notes"] == ["Figures up to 97.3333 were read as per cent."]
    (drawn,) = found["drawn"]
    assert len(drawn["starts"]) == len(drawn["value"]) == len(drawn["expected"]) == 200
    assert (drawn["label"], drawn["since"]) == ("phone", "2026-05-31T00:00:00Z")


def test_without_a_date_a_watch_tells_since_when_and_which_series():
    code, out, _ = run(rows(drop=0.08, at=150, per_cent=False), *COLUMNS)
    assert code == 0
    assert "Worse than expected: csat, phone is " in out
    assert "3 segments; 2 false alarms a quarter were put up with." in out
    _, calm, _ = run(rows(), *COLUMNS, "--json")
    assert json.loads(calm)["told"]["headline"].startswith("Nothing is seen to have got worse")


def test_a_short_file_is_an_answer_with_its_reason():
    code, out, _ = run(rows(days=20), *COLUMNS)
    assert code == 0
    assert "Too little past: Nothing was watched" in out
    assert "3 segments are too short to be watched" in out


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("day,x\n2026-01-01,1\n2026-01-01,2\n", ("--value", "x"), "'2026-01-01' in row 2 and '2026-01-01' in row 3"),
        ("day,x\nsoon,1\nlater,2\n", ("--value", "x"), "found 'soon' in column day, row 2"),
        ("day,x\n2026-01-01,a\n2026-01-02,b\n", ("--value", "x"), "found 'a' in column x, row 2"),
        ("day,x\n2026-01-01,1\n2026-01-02,2\n", ("--value", "y"), "found no column y, expected one of day, x"),
        ("day,x\n1950-01-01,1\n1950-01-02,1\n1950-01-03,1\n2026-01-02,2\n", ("--value", "x"), "at most 6,000 periods"),
        ("day,x,n\n2026-01-01,120,5\n2026-01-02,2,5\n", ("--value", "x", "--n", "n", "--kind", "proportion"),
         "found figures of 2 to 120, expected shares"),
        ("day,x\n2026-01-01,1\n2026-01-02,2\n", ("--total", "x"), "or --total COLUMN with --n"),
        (rows(9), ("--value", "csat", "--segment", "channel", "--date", "2026-01-05"), "expected --touched SEGMENT"),
        (rows(9), (*COLUMNS, "--date", "2026-01-05", "--touched", "fax"), "found no segment fax, expected one of"),
        (rows(9), (*COLUMNS, "--date", "2027-01-05"), "expected a date inside 2026-01-01 to 2026-01-09"),
        ("day,s,x\n" + "".join(f"2026-01-{1 + i % 9:02},{i},1\n" for i in range(60)),
         ("--value", "x", "--segment", "s"), "found 60 values in column s, expected at most 50 segments"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_one_sentence_with_its_row_or_column(text, arguments, says):
    code, _, error = run(text, *arguments)
    assert code == 2
    assert says in error


def test_a_sum_over_its_answers_is_the_value():
    text = "day,total,n\n" + "".join(f"{FIRST + timedelta(days=t)},{2 * (t % 5)},4\n" for t in range(30))
    _, out, _ = run(text, "--total", "total", "--n", "n", "--json")
    assert json.loads(out)["drawn"][0]["value"][:3] == [0.0, 0.5, 1.0]
