"""Files of every kind as exports bring them: packed, in workbooks, in columns, half written, twice, as bombs."""

import csv
import gzip
import io
import os
import re
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_cases import fetched, metric

from cxmon.errors import SourceError
from cxmon.model import Grain, Kind, Read
from cxmon.sources import Csv
from cxmon.sources.files.columns import Column, Numbers

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = int(datetime(2026, 8, 3, tzinfo=BERLIN).timestamp())
PHONE = ('{"channel": "phone"}', MIDNIGHT, 0)
ROWS = [("2026-08-03 10:00:00", "phone", 1), ("2026-08-03 11:00:00", "phone", 0), ("2026-08-03 12:00:00", "chat", 1)]
HEADER = ("at", "channel", "value")


def text_of(rows, header=HEADER, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue()


def counted(source, of=None):
    found, rejected = fetched(source, of or metric())
    return {key[0]: figures[:2] for key, figures in found.items()}, [(r.where, r.reason, r.value) for r in rejected]


def refusal(source, of=None):
    with pytest.raises(SourceError) as caught:
        fetched(source, of or metric())
    return str(caught.value)


WHOLE = ({'{"channel": "phone"}': (2, 1), '{"channel": "chat"}': (1, 1)}, [])


def write_workbook(path, rows, *, title="Sheet", above=(), second=None):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = title
    for row in [*above, *rows]:
        book.active.append(list(row))
    if second:
        sheet = book.create_sheet(second[0])
        for row in second[1]:
            sheet.append(list(row))
    book.save(path)
    book.close()


def write_parquet(path, columns, **options):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table(columns), path, **options)


@pytest.mark.parametrize(
    "written",
    [
        lambda t: t.encode(),
        lambda t: gzip.compress(t.encode()),
        lambda t: gzip.compress(t[:30].encode()) + gzip.compress(t[30:].encode()),
        lambda t: t.encode("utf-8-sig"),
        lambda t: t.encode("utf-16"),
        lambda t: gzip.compress(t.encode("utf-16")),
        lambda t: b"\xfe\xff" + t.encode("utf-16-be"),
    ],
    ids=["plain", "gzip", "two members", "mark", "utf-16", "packed utf-16", "utf-16-be"],
)
def test_a_csv_file_is_read_however_it_is_packed_and_marked(tmp_path, written):
    path = tmp_path / "calls.csv"  # The name says nothing of what is in it.
    path.write_bytes(written(text_of(ROWS)))
    assert counted(Csv(path=str(path))) == WHOLE


def test_a_workbook_is_read_with_its_dates_and_hours(tmp_path):
    path = tmp_path / "calls.xlsx"
    rows = [(datetime(2026, 8, 3, 10), "phone", 1), (date(2026, 8, 3), "phone", 0), ("2026-08-03", "chat", True)]
    write_workbook(path, [HEADER, *rows])
    assert counted(Csv(path=str(path))) == WHOLE


def test_a_sheet_is_named_and_what_stands_above_its_header_is_left_out(tmp_path):
    path = tmp_path / "calls.xlsx"
    write_workbook(
        path, [("Report",)], second=("Data", [("Queue report",), (), HEADER, *ROWS, (None, None, None), (None,)])
    )
    assert counted(Csv(path=str(path), sheet="Data", skip=2)) == WHOLE
    assert refusal(Csv(path=str(path), sheet="Daten")) == "csat: calls.xlsx has no sheet 'Daten'; it has Sheet, Data"
    assert refusal(Csv(path=str(path))) == (
        "csat: calls.xlsx:1: no column 'at' and no column 'channel' and no column 'value'; it has Report"
    )


def test_a_row_of_a_workbook_that_cannot_be_taken_is_named_by_its_line(tmp_path):
    path = tmp_path / "calls.xlsx"
    write_workbook(path, [HEADER, *ROWS, ("2026-08-03", "phone", "#N/A"), ("total", "phone", 1)])
    assert set(counted(Csv(path=str(path)))[1]) == {
        ("calls.xlsx:5", "value: text where a number belongs", "text of 4 characters"),
        ("calls.xlsx:6", "time: not a date, an ISO 8601 instant or epoch seconds", "text of 5 characters"),
    }


def test_a_formula_counts_by_the_figure_that_was_stored_and_is_told_where_there_is_none(tmp_path):
    path = tmp_path / "calls.xlsx"
    write_workbook(path, [HEADER, *ROWS, ("2026-08-03", "phone", "=1+0"), ("2026-08-03", "phone", None)])
    assert counted(Csv(path=str(path))) == (
        WHOLE[0], [("calls.xlsx:5", "a formula that was never calculated; open the workbook and save it", "")],
    )  # fmt: skip
    # As Excel would have stored it.
    with zipfile.ZipFile(path) as packed:
        parts = {part: packed.read(part) for part in packed.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b"<f>1+0</f><v" in parts[sheet]
    parts[sheet] = re.sub(rb"<f>1\+0</f><v ?/>|<f>1\+0</f><v></v>", b"<f>1+0</f><v>1</v>", parts[sheet])
    with zipfile.ZipFile(path, "w") as packed:
        for part, data in parts.items():
            packed.writestr(part, data)
    assert counted(Csv(path=str(path)))[0]['{"channel": "phone"}'] == (3, 2)


def test_a_parquet_file_is_read_whatever_type_holds_the_time(tmp_path):
    pa = pytest.importorskip("pyarrow")
    moments = [datetime.fromisoformat(r[0]).replace(tzinfo=BERLIN) for r in ROWS]
    plain = [m.replace(tzinfo=None) for m in moments]
    times = [
        pa.array(moments, pa.timestamp("us", "UTC")),
        pa.array(moments, pa.timestamp("ns", "Asia/Tokyo")),
        pa.array(plain, pa.timestamp("ns")),
        pa.array(plain, pa.timestamp("s")),
        pa.array([m.date() for m in moments], pa.date32()),
        pa.array([int(m.timestamp()) for m in moments], pa.int64()),
        pa.array([m.isoformat() for m in moments]),
    ]
    values = [pa.array([1, 0, 1]), pa.array([True, False, True]), pa.array([Decimal(1), Decimal(0), Decimal(1)])]
    channel = pa.array([r[1] for r in ROWS]).dictionary_encode()
    for i, at in enumerate(times):
        path = tmp_path / f"{i}.parquet"
        write_parquet(path, {"at": at, "channel": channel, "value": values[i % 3], "note": ["a", "b", "c"]})
        assert counted(Csv(path=str(path))) == WHOLE, at.type


def test_a_parquet_column_of_lists_is_refused_and_an_empty_field_is_no_answer(tmp_path):
    path = tmp_path / "calls.parquet"
    write_parquet(path, {"at": ["2026-08-03"] * 2, "channel": ["phone"] * 2, "value": [[1], [0]]})
    assert "the column 'value' holds list<" in refusal(Csv(path=str(path)))
    write_parquet(path, {"at": ["2026-08-03"] * 2, "channel": ["phone"] * 2, "value": [None, 1.0]})
    assert counted(Csv(path=str(path))) == ({'{"channel": "phone"}': (1, 1)}, [])


BROKEN = "ends in the middle or is broken: it may be still on its way; nothing of it is taken"


@pytest.mark.parametrize("kind", ["gz", "xlsx", "parquet"])
def test_a_half_written_file_is_told_and_nothing_of_it_is_taken(tmp_path, kind):
    path = tmp_path / f"calls.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(text_of(ROWS * 2000).encode()))
    elif kind == "xlsx":
        write_workbook(path, [HEADER, *ROWS])
    else:
        write_parquet(path, {"at": ["2026-08-03"], "channel": ["phone"], "value": [1]})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(Csv(path=str(path))) == f"csat: calls.{kind} {BROKEN}"
    if kind == "gz":
        path.write_bytes(whole[:200] + b"\x00" * 20 + whole[220:])
        assert refusal(Csv(path=str(path))) == f"csat: calls.gz {BROKEN}"


def test_a_gzip_bomb_and_a_line_without_an_end_stop_at_the_cap(tmp_path):
    path = tmp_path / "calls.csv.gz"
    bomb = gzip.compress(text_of(ROWS).encode() + b"0" * 20_000_000, 9)
    path.write_bytes(bomb)
    assert len(bomb) < 100_000
    said = "csat: calls.csv.gz holds more than 2,000,000 bytes when unpacked (`most_bytes`)"
    assert refusal(Csv(path=str(path), most_bytes=2_000_000)) == said
    path.write_bytes(gzip.compress(b"0" * 40_000_000, 9))
    assert "the header cannot be read: field larger than field limit" in refusal(Csv(path=str(path)))


def test_millions_of_rows_that_are_none_are_told_in_few_words(tmp_path):
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress(text_of(ROWS).encode() + b"x\n" * 100_000))
    found, rejected = fetched(Csv(path=str(path)), metric())
    assert len(found) == 2
    assert len(rejected) == 10_001
    assert (rejected[-1].where, rejected[-1].reason) == ("and 90000 more rows", "1 fields where the header has 3")


def test_a_workbook_and_a_parquet_file_that_unpack_to_more_are_refused(tmp_path):
    path = tmp_path / "calls.xlsx"
    write_workbook(path, [HEADER, *ROWS])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/x.bin", b"0" * 5_000_000)
    assert path.stat().st_size < 50_000
    assert refusal(Csv(path=str(path), most_bytes=1_000_000)).startswith("csat: calls.xlsx holds more than 1,000,000")
    write_parquet(
        tmp_path / "b.parquet", {"at": ["2026-08-03"] * 500_000, "channel": ["x"] * 500_000, "value": [1] * 500_000}
    )
    assert (tmp_path / "b.parquet").stat().st_size < 50_000
    said = refusal(Csv(path=str(tmp_path / "b.parquet"), most_bytes=1_000_000))
    assert said == "csat: b.parquet holds more than 1,000,000 bytes when unpacked (`most_bytes`)"


def test_what_is_packed_like_a_workbook_and_is_none_is_told(tmp_path):
    path = tmp_path / "calls.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("calls.csv", text_of(ROWS))
    pytest.importorskip("openpyxl")
    assert refusal(Csv(path=str(path))) == "csat: calls.xlsx is packed like an Excel workbook, but is none"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    assert refusal(Csv(path=str(path))) == ("csat: calls.xlsx is a workbook of the old kind; save it as .xlsx or .csv")


def test_a_file_that_vanishes_between_the_glob_and_the_read_fails_the_metric(tmp_path):
    (tmp_path / "calls-1.csv").write_text(text_of(ROWS))
    (tmp_path / "calls-2.csv").symlink_to(tmp_path / "gone")  # A name whose file is not there any more.
    assert refusal(Csv(path=str(tmp_path / "calls-*.csv"))) == (
        "csat: calls-2.csv was there a moment ago and is gone; nothing is taken, the next run looks again"
    )


def test_a_file_that_is_written_to_while_it_is_read_fails_the_metric(tmp_path):
    """The reader waits in a pipe-like way: rows are added between two pieces of a table."""
    path = tmp_path / "calls.csv"
    path.write_text(text_of(ROWS))
    from cxmon.sources.files.opening import opened

    def read_slowly():
        with opened("csat", path, 10**9) as (_, stream):
            stream.read(10)
            with path.open("a") as more:
                more.write("2026-08-03,phone,1\n")

    with pytest.raises(SourceError, match=r"calls\.csv was written to while it was read; the next run reads it again"):
        read_slowly()


def test_pipes_and_folders_are_no_files(tmp_path):
    (tmp_path / "calls.csv").mkdir()
    assert refusal(Csv(path=str(tmp_path / "calls.csv"))) == "csat: calls.csv cannot be read: Is a directory"


def test_the_file_that_excel_puts_beside_an_open_workbook_is_left_out(tmp_path):
    write_workbook(tmp_path / "calls.xlsx", [HEADER, *ROWS])
    (tmp_path / "~$calls.xlsx").write_bytes(b"\x05Anna" + b"\x00" * 160)
    assert counted(Csv(path=str(tmp_path / "*.xlsx"))) == WHOLE


def test_a_glob_reaches_into_folders(tmp_path):
    for month, rows in (("07", ROWS[:1]), ("08", ROWS[1:])):
        (tmp_path / month).mkdir()
        (tmp_path / month / "calls.csv").write_text(text_of(rows))
    assert counted(Csv(path=str(tmp_path / "**" / "*.csv"))) == WHOLE


def test_the_same_file_twice_counts_once_and_is_told(tmp_path):
    for name in ("calls.csv", "calls (1).csv"):
        (tmp_path / name).write_text(text_of(ROWS))
    assert counted(Csv(path=str(tmp_path / "*.csv"))) == (
        WHOLE[0], [("calls.csv", "the same file as calls (1).csv, taken once", "")],
    )  # fmt: skip


def test_overlapping_exports_count_each_row_once_by_its_id_and_the_last_one_counts(tmp_path):
    header = ("ticket", *HEADER)
    first = [(1, ROWS[0][0], "phone", 1), (2, ROWS[1][0], "phone", 1), (3, ROWS[2][0], "chat", 1)]
    second = [
        (2, ROWS[1][0], "phone", 0),
        (3, ROWS[2][0], "chat", 1),
        (4, ROWS[2][0], "chat", ""),
        (2, ROWS[1][0], "phone", 0),
    ]
    (tmp_path / "calls-08-03.csv").write_text(text_of(first, header))
    (tmp_path / "calls-08-04.csv.gz").write_bytes(gzip.compress(text_of(second, header).encode()))
    source = Csv(path=str(tmp_path / "calls-*"), id=("ticket",))
    assert counted(source) == WHOLE, "ticket 2 was rated anew; ticket 4 has no answer"
    assert counted(Csv(path=str(tmp_path / "calls-*")))[0]['{"channel": "phone"}'] == (4, 2), "without ids all count"
    said = refusal(Csv(path=str(tmp_path / "calls-*"), id=("number",)))
    assert said == "csat: calls-08-03.csv:1: no column 'number'; it has ticket, at, channel, value"


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_split_and_any_repetition_of_rows_over_files_is_the_same(tmp_path_factory, data):
    count = data.draw(st.integers(1, 12))
    rows = [(i, f"2026-08-0{1 + i % 5}", ("phone", "chat")[i % 2], i % 3) for i in range(count)]
    folder = tmp_path_factory.mktemp("exports")
    parts = data.draw(st.lists(st.lists(st.sampled_from(rows), max_size=8), min_size=1, max_size=4))
    header = ("ticket", *HEADER)
    for i, part in enumerate([rows, *parts]):
        (folder / f"calls-{i}.csv").write_text(text_of(part, header))
    of = metric(Kind.MEAN, Read(time="at", value="value"))
    whole = fetched(Csv(path=str(folder / "calls-0.csv")), of)[0]
    assert fetched(Csv(path=str(folder / "calls-*.csv"), id=("ticket",)), of)[0] == whole


def test_aggregated_exports_that_overlap_are_told_apart_by_interval_and_queue(tmp_path):
    header = ("interval", "channel", "n", "total")
    (tmp_path / "a.csv").write_text(
        text_of([("2026-08-03 09:00", "phone", 10, 8), ("2026-08-03 09:30", "phone", 5, 5)], header)
    )
    (tmp_path / "b.csv").write_text(text_of([("2026-08-03 09:30", "phone", 7, 6)], header))
    of = metric(read=Read(time="interval", n="n", total="total"))
    source = Csv(path=str(tmp_path / "*.csv"), id=("interval", "channel"))
    assert counted(source, of) == ({'{"channel": "phone"}': (17, 14)}, [])
    assert len(counted(Csv(path=str(tmp_path / "*.csv")), of)[1]) == 2, "without ids nobody knows which is right"


def test_a_renamed_column_in_one_file_of_many_is_named_and_nothing_is_taken(tmp_path):
    (tmp_path / "calls-1.csv").write_text(text_of(ROWS))
    (tmp_path / "calls-2.csv").write_text("\n\n" + text_of(ROWS, ("at", "channel", "satisfied")))
    assert refusal(Csv(path=str(tmp_path / "calls-1.csv"), skip=1)).startswith("csat: calls-1.csv:2: no column")
    assert refusal(Csv(path=str(tmp_path / "calls-2.csv"), skip=2)) == (
        "csat: calls-2.csv:3: no column 'value'; it has at, channel, satisfied"
    )


@pytest.mark.parametrize(("sign", "said"), [("\t", "tab"), (";", "';'"), ("|", "'|'")])
def test_other_delimiters_are_read_and_recognised(tmp_path, sign, said):
    path = tmp_path / "calls.csv"
    path.write_text(text_of(ROWS, delimiter=sign))
    assert counted(Csv(path=str(path), delimiter="tab" if sign == "\t" else sign)) == WHOLE
    assert refusal(Csv(path=str(path))).endswith(f"is `delimiter` right? It looks like {said}")


def test_windows_1252_is_read_where_it_is_declared(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(text_of([("2026-08-03", "Büro – €", 1)]).encode("cp1252"))
    assert counted(Csv(path=str(path), encoding="windows-1252"))[0] == {'{"channel": "Büro – €"}': (1, 1)}
    assert "csat: calls.csv is not written in utf-8 (about line" in refusal(Csv(path=str(path)))
    path.write_bytes(text_of(ROWS).encode("utf-16-le"))
    assert refusal(Csv(path=str(path))) == "csat: calls.csv looks like UTF-16; set `encoding: utf-16-le` of the source"
    assert counted(Csv(path=str(path), encoding="utf-16-le")) == WHOLE


def test_decimal_commas_are_read_where_they_are_declared(tmp_path):
    path = tmp_path / "calls.csv"
    rows = [("2026-08-03", "phone", v) for v in ("12,5", "1.234,5", "7", "1.5", "-0,25", "1.23,4")]
    path.write_text(text_of(rows, delimiter=";"))
    of = metric(Kind.MEAN, Read(time="at", value="value"))
    found, aside = counted(Csv(path=str(path), delimiter=";", decimal=",", thousands="."), of)
    assert found == {'{"channel": "phone"}': (4, 12.5 + 1234.5 + 7 - 0.25)}
    assert aside == [
        ("calls.csv:5", "value: text where a number belongs", "1.5"),
        ("calls.csv:7", "value: text where a number belongs", "1.23,4"),
    ]
    assert len(counted(Csv(path=str(path), delimiter=";"), of)[1]) == 4, "undeclared they are set aside"


@settings(max_examples=50, deadline=None)
@given(
    st.decimals(-(10**9), 10**9, allow_nan=False, places=2),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'")]),
)
def test_a_number_written_for_people_is_the_number(value, signs):
    decimal, thousands = signs
    text = f"{value:,.2f}".translate({ord(","): thousands, ord("."): decimal})
    assert Decimal(str(Numbers(decimal, thousands).plain(text))) == value


FORMS = [
    ("duration", "0:01:23", 83), ("duration", "01:23", 83), ("duration", "25:00:00", 90_000),
    ("duration", "1d 02:03:04", 93_784), ("duration", "00d 00h 01m 23s", 83), ("duration", "2h 5m", 7500),
    ("duration", "83.5", 83.5), ("duration", timedelta(seconds=83), 83), ("duration", time(0, 1, 23), 83),
    ("duration", datetime(1900, 1, 1, 1), 90_000), ("milliseconds", "15230.5", 15.2305), ("percent", "83.5", 0.835),
    ("percent", "83.5 %", 0.835), ("share", "0.835", 0.835), ("share", "83.5%", 0.835), ("share", 0.835, 0.835),
    ("number", "7", 7), ("number", "", None), ("duration", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("form", "value", "expected"), FORMS)
def test_every_form_of_a_figure_is_its_number(form, value, expected):
    (found,) = Column(column="x", form=form).made({"x": [value]}, Numbers())
    assert found == pytest.approx(expected) if expected is not None else found is None


@pytest.mark.parametrize(
    ("form", "value"),
    [("duration", "1:99:00"), ("share", "8.35"), ("percent", "120"), ("duration", "long"), ("number", "NaN?")],
)
def test_what_has_another_form_is_set_aside_and_never_guessed(tmp_path, form, value):
    path = tmp_path / "calls.csv"
    path.write_text(text_of([("2026-08-03", "phone", value)]))
    source = Csv(path=str(path), columns={"made": Column(column="value", form=form)})
    found, aside = counted(source, metric(Kind.MEAN, Read(time="at", value="made")))
    assert (found, [a[:2] for a in aside]) == ({}, [("calls.csv:2", "value: text where a number belongs")])


def test_dates_as_people_write_them_and_hours_beside_them(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(
        text_of(
            [("03.08.2026", "9:30 AM", "phone", 1), ("31.13.2026", "9:30 AM", "phone", 1)], ("day", "hour", *HEADER[1:])
        )
    )
    made = Column(column="day", beside="hour", form="time", format="%d.%m.%Y %I:%M %p")
    of = metric(read=Read(time="made", value="value"), grain=Grain.HOUR)
    found, rejected = fetched(Csv(path=str(path), columns={"made": made}), of)
    assert [k[1] for k in found] == [int(datetime(2026, 8, 3, 9, tzinfo=BERLIN).timestamp())]
    assert [(r.where, r.reason) for r in rejected] == [
        ("calls.csv:3", "time: not a date, an ISO 8601 instant or epoch seconds")
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"decimal": ";"}, "decimal: found ';', expected a point or a comma"),
        ({"decimal": ",", "thousands": ","}, "thousands: found ',', expected another sign than decimal"),
        ({"skip": -1}, "skip: found -1, expected at least 0"),
        ({"most_bytes": 0}, "most_bytes: found 0, expected at least 1"),
        (
            {"columns": {"a": Column(column="b"), "b": Column(column="x")}},
            "columns: found a made of b, expected columns that stand above it",
        ),
    ],
)
def test_impossible_options_are_refused(options, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        Csv(path="x.csv", **options)


def test_a_made_column_is_no_dimension(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(text_of(ROWS))
    source = Csv(path=str(path), columns={"channel": Column(column="value")})
    assert refusal(source) == "csat: the dimension 'channel' is a made column; it must be one of the file"


@pytest.mark.skipif(os.name != "posix", reason="sparse files")
def test_a_body_of_ten_gigabytes_is_not_read_into_memory(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(text_of(ROWS))
    with path.open("r+b") as stream:
        stream.truncate(10_000_000_000)
    said = refusal(Csv(path=str(path), most_bytes=50_000_000))
    assert said == "csat: calls.csv holds more than 50,000,000 bytes when unpacked (`most_bytes`)"
