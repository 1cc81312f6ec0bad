"""CSV files: every kind in both forms, and every bad row set aside with its place and reason."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_cases import NOW, POSSIBLE, VALUES, YEAR, close, csv_desk, fetched, in_python, metric

from cxmon.errors import SourceError
from cxmon.model import Grain, Kind, Read, Window
from cxmon.sources import Csv

DAY = "2026-08-03"
MIDNIGHT = int(datetime(2026, 8, 2, 22, tzinfo=UTC).timestamp())
PHONE = '{"channel": "phone"}'

EVENTS = {
    Kind.PROPORTION: [(1, ""), (0, ""), (1, "")],
    Kind.MEAN: [(2, ""), (5, "")],
    Kind.QUANTILE: [(2, ""), (5, "")],
    Kind.RATE: [(1, 10), (0, 5)],
    Kind.RATIO: [(2, 4), (3, 5)],
    Kind.LEVEL: [(7, "")],
}
CELLS = {  # the same figures, aggregated: n, total, squares, base, base_squares, cross
    Kind.PROPORTION: (3, 2),
    Kind.MEAN: (2, 7, 29),
    Kind.RATE: (15, 1),
    Kind.RATIO: (2, 5, 13, 9, 41, 23),
    Kind.LEVEL: (1, 7),
}
NAMES = ("n", "total", "squares", "base", "base_squares", "cross")


def event_read(kind: Kind) -> Read:
    further = {Kind.RATE: {"n": "base"}, Kind.RATIO: {"base": "base"}}
    return Read(time="at", value="value", **further.get(kind, {}))


@pytest.mark.parametrize("kind", list(Kind))
def test_event_rows_of_every_kind_become_cells(tmp_path, kind):
    rows = [(f"{DAY} 1{i}:00:00", "phone", v, b) for i, (v, b) in enumerate(EVENTS[kind])]
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "value", "base"], rows)
    found, rejected = fetched(source, metric(kind, event_read(kind)))
    assert not rejected
    wanted = (2, 7, 29) if kind is Kind.QUANTILE else CELLS[kind]
    assert {k: f[:-1] for k, f in found.items()} == {(PHONE, MIDNIGHT, 0): wanted}
    assert sum(count for _, count in found[PHONE, MIDNIGHT, 0][-1]) == (2 if kind is Kind.QUANTILE else 0)


@pytest.mark.parametrize("kind", list(CELLS))
def test_aggregated_rows_of_every_kind_become_cells(tmp_path, kind):
    names = NAMES[: len(CELLS[kind])]
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", *names], [(DAY, "phone", *CELLS[kind])])
    found, rejected = fetched(source, metric(kind, Read(time="at", **{n: n for n in names})))
    assert not rejected
    assert {k: f[:-1] for k, f in found.items()} == {(PHONE, MIDNIGHT, 0): CELLS[kind]}


def test_a_quantile_is_aggregated_as_values_with_their_counts(tmp_path):
    source = csv_desk(
        tmp_path / "calls.csv", ["at", "channel", "value", "n"], [(DAY, "phone", 5, 3), (DAY, "phone", 9, 1)]
    )
    found, _ = fetched(source, metric(Kind.QUANTILE, Read(time="at", value="value", n="n")))
    (figures,) = found.values()
    assert figures[:3] == (4, 24, 156)
    assert sorted(count for _, count in figures[-1]) == [1, 3]


def test_a_quantile_of_totals_is_refused(tmp_path):
    source = csv_desk(tmp_path / "calls.csv", ["at"], [])
    with pytest.raises(SourceError, match="csat: a quantile cannot be made of totals; name `value`"):
        fetched(source, metric(Kind.QUANTILE, Read(time="at", n="n", total="total")))


@pytest.mark.parametrize(("kind", "missing"), [(Kind.PROPORTION, "n"), (Kind.RATIO, "n and base")])
def test_a_kind_that_lacks_a_figure_says_which(tmp_path, kind, missing):
    source = csv_desk(tmp_path / "calls.csv", ["at"], [])
    with pytest.raises(SourceError, match=f"csat: `read` needs {missing} for the kind {kind.value}"):
        fetched(source, metric(kind, Read(time="at", total="total")))


EVENT_FAULTS = [
    ("NaN", "value: not a number", "NaN"),
    ("1e999", "value: too large a number", "1e999"),
    ("12,5", "value: decimal comma; numbers are written with a point", "12,5"),
    ("1_000", "value: text where a number belongs", "1_000"),
    ("１２", "value: text where a number belongs", "１２"),
    ("0x10", "value: text where a number belongs", "text of 4 characters"),
    ("Jane Doe", "value: text where a number belongs", "text of 8 characters"),
]


@pytest.mark.parametrize(("value", "reason", "shown"), EVENT_FAULTS)
def test_a_bad_number_is_set_aside_with_its_place(tmp_path, value, reason, shown):
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "value"], [(DAY, "phone", 3), (DAY, "phone", value)])
    found, rejected = fetched(source, metric(Kind.MEAN, Read(time="at", value="value")))
    assert [f[0] for f in found.values()] == [1]
    assert [(r.where, r.reason, r.value) for r in rejected] == [("calls.csv:3", reason, shown)]


def test_durations_below_zero_and_answers_off_the_scale_are_set_aside(tmp_path):
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "value"], [(DAY, "phone", v) for v in VALUES])
    for kind, more, count, reasons in POSSIBLE:
        found, rejected = fetched(source, metric(kind, Read(time="at", value="value"), **more))
        assert [f[0] for f in found.values()] == [count]
        assert [r.reason for r in rejected] == reasons


def test_a_total_that_its_answers_cannot_have_is_set_aside(tmp_path):
    """Means of 6, 0.5, 1 and 5, of no answers, which are no cell, and of a duration below zero."""
    rows = [(DAY, name, n, t) for name, n, t in (("a", 10, 60), ("b", 10, 5), ("c", 3, 3), ("d", 3, 15), ("e", 0, 0))]
    source = csv_desk(tmp_path / "sums.csv", ["at", "channel", "n", "total"], [*rows, (DAY, "f", 2, -1)])
    read = Read(time="at", n="n", total="total")
    found, rejected = fetched(source, metric(Kind.MEAN, read, scale=(1.0, 5.0)))
    assert sorted(f[:2] for f in found.values()) == [(3, 3), (3, 15)]
    assert [r.reason for r in rejected] == ["total: off the scale of 1 to 5, for so many answers"] * 3
    found, rejected = fetched(source, metric(Kind.MEAN, read, unit="min"))
    assert len(found) == 4
    assert [r.reason for r in rejected] == ["total: a negative duration, for so many answers"]


CELL_FAULTS = [
    ({"n": "-5"}, "n: negative", "-5"),
    ({"n": "3", "total": "4"}, "n: smaller than the total", "3"),
    ({"total": "-1"}, "total: negative", "-1"),
    ({"total": ""}, "total: empty", ""),
    ({"n": "inf"}, "n: not a number", "inf"),
    ({"at": "2099-01-01"}, "time: in the future (now is 2026-09-01 00:00 UTC)", "2099-01-01"),
    ({"at": "03.08.2026"}, "time: not a date, an ISO 8601 instant or epoch seconds", "03.08.2026"),
    ({"at": "2026-02-30"}, "time: not a date, an ISO 8601 instant or epoch seconds", "2026-02-30"),
    ({"at": ""}, "time: empty", ""),
    ({"at": "1785708000000"}, "time: milliseconds where epoch seconds belong", "1785708000000"),
]


@pytest.mark.parametrize(("fault", "reason", "shown"), CELL_FAULTS)
def test_a_row_that_cannot_be_true_is_set_aside_with_its_place(tmp_path, fault, reason, shown):
    good = {"at": DAY, "channel": "phone", "n": "10", "total": "8"}
    rows = [list(good.values()), list((good | {"channel": "chat"} | fault).values())]
    source = csv_desk(tmp_path / "calls.csv", list(good), rows)
    found, rejected = fetched(source, metric(read=Read(time="at", n="n", total="total")))
    assert {k: f[:2] for k, f in found.items()} == {(PHONE, MIDNIGHT, 0): (10, 8)}
    assert [(r.where, r.reason, r.value) for r in rejected] == [("calls.csv:3", reason, shown)]


def test_a_share_that_is_neither_yes_nor_no_is_set_aside(tmp_path):
    rows = [(DAY, "phone", v) for v in ("1", "true", "no", "0.0", "0.7", "2")]
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "value"], rows)
    found, rejected = fetched(source, metric())
    assert [f[:2] for f in found.values()] == [(4, 2)]
    assert [(r.where, r.reason) for r in rejected] == [(f"calls.csv:{i}", "value: neither 0 nor 1") for i in (6, 7)]


def test_squares_that_no_values_can_have_are_set_aside(tmp_path):
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "n", "total", "sq"], [(DAY, "phone", 2, 10, 49)])
    found, rejected = fetched(source, metric(Kind.MEAN, Read(time="at", n="n", total="total", squares="sq")))
    assert not found
    assert [r.reason for r in rejected] == ["squares: smaller than the square of total allows"]


def test_the_same_aggregated_row_again_is_taken_once(tmp_path):
    rows = [(DAY, "phone", 10, 8), (DAY, "chat", 5, 5), (DAY, "phone", 10, 8)]
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "n", "total"], rows)
    found, rejected = fetched(source, metric(read=Read(time="at", n="n", total="total")))
    assert found[PHONE, MIDNIGHT, 0][:2] == (10, 8)
    assert [(r.where, r.reason) for r in rejected] == [("calls.csv:4", "the same row again")]


def test_two_aggregated_rows_that_disagree_are_both_set_aside(tmp_path):
    rows = [(DAY, "phone", 10, 8), (DAY, "chat", 5, 5), (DAY, "phone", 10, 7)]
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "n", "total"], rows)
    found, rejected = fetched(source, metric(read=Read(time="at", n="n", total="total")))
    assert [k[0] for k in found] == ['{"channel": "chat"}']
    reason = "two rows of one segment and time with different figures"
    assert [(r.where, r.reason) for r in rejected] == [("calls.csv:2", reason), ("calls.csv:4", reason)]


def test_a_torn_last_line_is_set_aside_and_the_rest_stands(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(f"at,channel,n,total\n{DAY},phone,10,8\n{DAY},cha", encoding="utf-8")
    found, rejected = fetched(Csv(path=str(path)), metric(read=Read(time="at", n="n", total="total")))
    assert [f[:2] for f in found.values()] == [(10, 8)]
    assert [(r.where, r.reason) for r in rejected] == [("calls.csv:3", "2 fields where the header has 4")]


def test_a_line_torn_inside_quotes_is_set_aside_and_the_rest_stands(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(f'at,channel,n,total\n{DAY},phone,10,8\n{DAY},"cha', encoding="utf-8")
    found, rejected = fetched(Csv(path=str(path)), metric(read=Read(time="at", n="n", total="total")))
    assert [f[:2] for f in found.values()] == [(10, 8)]
    assert [(r.where, r.reason) for r in rejected] == [
        ("calls.csv:3", "the row cannot be read: unexpected end of data")
    ]


def test_an_empty_answer_is_no_answer_and_no_fault(tmp_path):
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "value"], [(DAY, "phone", ""), (DAY, "phone", 1)])
    found, rejected = fetched(source, metric())
    assert [f[:2] for f in found.values()] == [(1, 1)]
    assert not rejected


def test_thousands_of_rows_after_now_are_told_in_few_words(tmp_path):
    rows = [(f"2027-01-{1 + i % 28:02}", f"c{i}", 1) for i in range(3000)]
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "value"], rows)
    found, rejected = fetched(source, metric())
    assert not found
    assert len(rejected) == 21
    assert rejected[-1].where == "and 2980 more rows"


BAD_FILES = [
    ("day,channel,value\n", "csat: calls.csv:1: no column 'at'; it has day, channel, value"),
    (
        "at;channel;value\n",
        (
            "csat: calls.csv:1: no column 'at' and no column 'channel' and no column 'value'; "
            "it has at;channel;value; is `delimiter` right? It looks like ';'"
        ),
    ),
    ("", "csat: calls.csv is empty, it does not even have a header"),
    ("at,channel,value,at\n", "csat: calls.csv:1: the column 'at' stands there more than once"),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES)
def test_a_file_that_cannot_be_taken_is_named_in_one_sentence(tmp_path, text, message):
    path = tmp_path / "calls.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        fetched(Csv(path=str(path)), metric())
    assert str(caught.value) == message


def test_a_file_in_another_encoding_is_named_in_one_sentence(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(f"at,channel,value\n{DAY},münchen,1\n".encode("latin-1"))
    with pytest.raises(
        SourceError, match=r"csat: calls.csv is not written in utf-8 \(about line 1\); set `encoding` of the source"
    ):
        fetched(Csv(path=str(path)), metric())
    found, _ = fetched(Csv(path=str(path), encoding="latin-1"), metric())
    assert [k[0] for k in found] == ['{"channel": "münchen"}']


def test_a_path_without_a_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"csat: no file matches .*gone-\*\.csv"):
        fetched(Csv(path=str(tmp_path / "gone-*.csv")), metric())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": ";;"}, "delimiter: found ';;', expected one character such as , ; or a tab"),
        ({"encoding": "klingon"}, "encoding: found 'klingon', which Python does not know"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        Csv(path="x.csv", **options)


def test_a_spreadsheets_file_with_mark_semicolons_and_spaces_is_read(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(f"\ufeffat; channel ;value\r\n {DAY} ; phone; 1 \r\n".encode())
    found, rejected = fetched(Csv(path=str(path), delimiter=";"), metric())
    assert not rejected
    assert {k: f[:2] for k, f in found.items()} == {(PHONE, MIDNIGHT, 0): (1, 1)}


def test_a_glob_joins_its_files_and_read_file_names_one(tmp_path):
    for month in ("07", "08"):
        csv_desk(tmp_path / f"calls-{month}.csv", ["at", "channel", "value"], [(f"2026-{month}-02", "phone", 1)])
    source = Csv(path=str(tmp_path / "calls-*.csv"))
    assert len(fetched(source, metric())[0]) == 2
    one = metric(read=Read(time="at", value="value", file="calls-08.csv"))
    assert len(fetched(source, one)[0]) == 1


def test_dimensions_may_stand_in_other_columns_and_an_empty_one_is_a_value(tmp_path):
    source = csv_desk(tmp_path / "calls.csv", ["at", "chan", "value"], [(DAY, "", 1), (DAY, " phone ", 1)])
    read = Read(time="at", value="value", columns={"channel": "chan"})
    assert {k[0] for k in fetched(source, metric(read=read))[0]} == {'{"channel": "(none)"}', PHONE}
    overlapping = fetched(source, metric(read=read, additive=False))[0]
    assert {k[0] for k in overlapping} == {"{}", PHONE}, "where customers overlap, an empty dimension is the total"


def test_every_form_of_time_is_the_same_instant(tmp_path):
    times = [
        "2026-08-03",
        "20260803",
        "2026-08-03 00:00:00",
        "2026-08-03T00:00",
        str(MIDNIGHT),
        f"{MIDNIGHT}.7",
        "2026-08-02T22:00:00Z",
        "2026-08-02 22:00:00+00:00",
        "2026-08-03T00:00:00.25+02:00",
    ]
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "value"], [(t, "phone", 1) for t in times])
    of = metric(grain=Grain.HOUR)
    found, rejected = fetched(source, of)
    assert not rejected
    assert {k: f[0] for k, f in found.items()} == {(PHONE, MIDNIGHT, 0): len(times)}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(alphabet='0123456789.-+eE_,"\n nNaAiI；€', max_size=12), min_size=1, max_size=20))
def test_no_text_in_a_number_column_breaks_the_file(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("csv") / "calls.csv"
    source = csv_desk(path, ["at", "channel", "value"], [(DAY, "phone", v) for v in values])
    found, rejected = fetched(source, metric(Kind.MEAN, Read(time="at", value="value")))
    taken = sum(f[0] for f in found.values())
    assert taken + len(rejected) + sum(not v.strip() for v in values) == len(values)
    assert all(np.isfinite(f[1]) for f in found.values())


def test_a_large_file_is_read_as_python_would_add_it_up(tmp_path):
    rng = np.random.default_rng(2)
    count = 120_000  # more than two chunks
    at = rng.integers(int(YEAR.since.timestamp()), int(NOW.timestamp()), count)
    channel = rng.choice(["phone", "chat"], count)
    value = rng.lognormal(3, 1, count).round(2)
    texts = [datetime.fromtimestamp(int(a), UTC).isoformat() for a in at]
    source = csv_desk(tmp_path / "calls.csv", ["at", "channel", "value"], zip(texts, channel, value, strict=True))
    of = metric(Kind.QUANTILE, Read(time="at", value="value"))
    events = [(int(a), str(c), float(v), None, None) for a, c, v in zip(at, channel, value, strict=True)]
    close(fetched(source, of)[0], in_python(of, events))


NHS = Path(__file__).parents[2] / "../shared/data/nhs111/nhs111_monthly_core.csv"


@pytest.mark.skipif(not NHS.exists(), reason="the NHS 111 figures are not here")
@pytest.mark.parametrize(("n", "total"), [("calls_offered", "abandoned"), ("answered", "answered_60s")])
def test_the_phone_line_of_the_nhs_is_read_whole(n, total):
    of = metric(
        read=Read(time="month", n=n, total=total, columns={"provider": "provider_code"}),
        dimensions=("provider",),
        grain=Grain.MONTH,
        zone="Europe/London",
    )
    window = Window(datetime(2010, 1, 1, tzinfo=UTC), NOW)
    found, rejected = fetched(Csv(path=str(NHS)), of, window)
    with NHS.open(encoding="utf-8") as stream:
        rows = [(float(r[n] or 0), float(r[total] or 0)) for r in csv.DictReader(stream)]
    good = [(a, b) for a, b in rows if 0 <= b <= a and a > 0]
    assert len(found) == len(good) > 0
    assert sum(f[0] for f in found.values()) == sum(a for a, _ in good)
    assert sum(f[1] for f in found.values()) == sum(b for _, b in good)
    assert len(rejected) <= len(rows) - len(good)
