"""Both demos stand on real source systems, and a second start keeps what is there."""

import csv
import sqlite3
import time
from collections import Counter
from contextlib import closing
from datetime import date

import pytest

from cxmon.demo import prepare

TODAY = date(2026, 10, 15)


@pytest.fixture(scope="module")
def flights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("furlough")
    heard = []
    path = prepare("furlough", folder, today=TODAY, progress=lambda *step: heard.append(step))
    assert heard[-1][1] == heard[-1][2]
    return path.parent


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_flight_of_2013_is_there(flights):
    rows = read(flights / "flights.csv")
    assert len(rows) == 336_776
    assert {row["origin"] for row in rows} == {"EWR", "JFK", "LGA"}
    assert min(row["scheduled"] for row in rows) == "2013-01-01T10:00:00Z"
    assert max(row["scheduled"] for row in rows) == "2014-01-01T04:00:00Z"


def test_a_flight_without_an_answer_leaves_the_field_empty(flights):
    rows = read(flights / "flights.csv")
    cancelled = [row for row in rows if row["cancelled"] == "1"]
    assert cancelled
    assert {(row["departure_delay"], row["long_delay"], row["on_time"]) for row in cancelled} == {("", "", "")}
    assert all(row["departure_delay"] for row in rows if row["cancelled"] == "0")
    # Some left and never arrived where they should.
    assert Counter(row["on_time"] for row in rows)[""] > len(cancelled)


def test_unpacking_again_leaves_the_files_alone(flights):
    before = {path.name: path.stat().st_mtime_ns for path in flights.iterdir()}
    prepare("furlough", flights, today=TODAY)
    assert {path.name: path.stat().st_mtime_ns for path in flights.iterdir()} == before
    assert set(before) == {"flights.csv", "cxmon.yaml"}


def test_a_second_start_of_the_desk_is_fast_and_keeps_data_and_configuration(tmp_path):
    path = prepare("desk", tmp_path, today=TODAY)
    with closing(sqlite3.connect(tmp_path / "desk.db")) as db:
        before = db.execute("SELECT count(*), max(id) FROM tickets").fetchone()
    path.write_text(path.read_text() + "# mine\n")
    stamp = (tmp_path / "desk.db").stat().st_mtime_ns
    started = time.perf_counter()
    assert prepare("desk", tmp_path, today=TODAY) == path
    assert time.perf_counter() - started < 1
    assert path.read_text().endswith("# mine\n")
    assert (tmp_path / "desk.db").stat().st_mtime_ns == stamp
    prepare("desk", tmp_path, today=date(2026, 10, 16))
    with closing(sqlite3.connect(tmp_path / "desk.db")) as db:
        after = db.execute("SELECT count(*), max(id) FROM tickets").fetchone()
    assert 300 < after[0] - before[0] < 2000
    assert (tmp_path / "desk.db").stat().st_size < 150e6


def test_another_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="found 'mars', expected 'desk' or 'furlough'"):
        prepare("mars", tmp_path, today=TODAY)
