"""Figures, units, ranges and days as words."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_examples import CHURN, COST, CSAT, NOW, REPLY, START, harm, metric

from cxmon import wording
from cxmon.model import Better, Code, Kind, Placebo
from cxmon.wording import describing

NBSP_FREE = st.floats(-1e6, 1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("m", "x", "said"),
    [
        (CSAT, 0.85, "85.0 %"),
        (CSAT, 0.0, "0.0 %"),
        (REPLY, 18.44, "18.4 min"),
        (REPLY, 120.0, "120 min"),
        (CHURN, 0.0031, "3.1 per 1,000"),
        (CHURN, 0.00042, "0.42 per 1,000"),
        (COST, 1234.5, "1,234 EUR"),
        (metric("Backlog", Kind.LEVEL, Better.LOWER), 12.0, "12"),
        (metric("Revenue churn", Kind.RATIO, Better.LOWER, unit="%"), 0.0213, "2.1 %"),
        (CSAT, math.nan, "not known"),
    ],
)
def test_values_read_in_the_unit_that_people_use(m, x, said):
    assert wording.value(m, x) == said


@pytest.mark.parametrize(
    ("m", "x", "unit", "said"),
    [
        (CSAT, 0.026, "pt", "2.6 points"),
        (CSAT, -0.026, "pt", "2.6 points"),
        (CSAT, 0.01, "pt", "1 point"),
        (CSAT, 0.12, "%", "12 %"),
        (REPLY, 5.0, "min", "5 min"),
        (CHURN, 0.0006, "", "0.6 per 1,000"),
        (COST, 2.5, "EUR", "2.5 EUR"),
        (CSAT, math.inf, "pt", "not known"),
    ],
)
def test_differences_read_without_a_sign(m, x, unit, said):
    assert wording.amount(m, x, unit) == said


def test_precision_follows_the_interval():
    assert wording.harm_range(CSAT, harm(Code.HARMED, 0.0221, 0.0261, 0.0302)) == "2.2 to 3.0"
    wide = harm(Code.WORSE, 0.012, 0.051, 0.083, unit="%", limit=0.1)
    assert wording.harm_range(REPLY, wide) == "1 to 8"
    sharp = harm(Code.WORSE, 0.00101, 0.00112, 0.00123, limit=0.002)
    assert wording.harm_range(CSAT, sharp) == "0.10 to 0.12"


def test_ranges_name_the_side_where_they_hold_both():
    assert wording.harm_range(CSAT, harm(Code.UNDECIDED, -0.004, 0.002, 0.007)) == "0.4 better to 0.7 worse"
    assert wording.harm_range(CSAT, harm(Code.IMPROVED, -0.059, -0.05, -0.042)) == "4.2 to 5.9"
    assert wording.harm_range(CSAT, harm(Code.WAITING)) == "not known"


def test_rounding_never_contradicts_the_code():
    over = harm(Code.HARMED, 0.01504, 0.03, 0.045)
    assert wording.harm_range(CSAT, over).startswith("1.504") or wording.harm_range(CSAT, over).startswith("1.50")
    barely = harm(Code.WORSE, 0.0004, 0.03, 0.06)
    assert not wording.harm_range(CSAT, barely).startswith("0.0 ")


@given(st.floats(1e-4, 0.2), st.floats(1e-4, 0.2), st.floats(1e-3, 0.1))
def test_a_harm_beyond_the_limit_by_a_hundredth_of_a_point_reads_so(low, width, limit):
    found = harm(Code.HARMED, limit + low, limit + low + width / 2, limit + low + width, limit=limit)
    shown = float(wording.harm_range(CSAT, found).split(" to ")[0])
    assert shown > round(limit * 100, 4) - 1e-9


def test_sizes_say_worse_and_better_and_durations_slower_and_faster():
    assert wording.worse(CSAT, harm(Code.HARMED, 0.022, 0.026, 0.030)) == "2.6 points worse"
    assert wording.worse(CSAT, harm(Code.IMPROVED, -0.030, -0.026, -0.022)) == "2.6 points better"
    quick = harm(Code.IMPROVED, -0.2, -0.12, -0.05, unit="%", limit=0.1)
    assert wording.worse(REPLY, quick) == "12 % faster"


def test_what_is_not_ruled_out_is_always_a_number_or_nothing_at_all():
    assert wording.largest(CSAT, harm(Code.SAFE, -0.004, 0.002, 0.007)) == "up to 0.7 points worse is still possible"
    assert wording.largest(CSAT, harm(Code.IMPROVED, -0.03, -0.02, -0.01)) == "a harm is ruled out"
    assert wording.largest(CSAT, harm(Code.WAITING)) == "nothing is ruled out yet"


def test_days_are_local_and_carry_their_year_where_it_is_another():
    late = datetime(2026, 9, 14, 23, 30, tzinfo=UTC)
    assert wording.day(late) == "14 Sep"
    assert wording.day(late, "Europe/Berlin") == "15 Sep"
    assert wording.day(date(2025, 3, 1), now=NOW) == "1 Mar 2025"
    assert wording.stamp(NOW) == "Mon 23 Nov 2026, 06:00 UTC"
    assert wording.stamp(NOW, "Europe/Berlin") == "Mon 23 Nov 2026, 07:00 CET"


def test_days_are_counted_from_the_start():
    due = harm(Code.UNDECIDED, -0.01, 0.0, 0.02, due=date(2026, 9, 30))
    assert wording.due_day(due) == 17
    # Midnight in Berlin is still the day before in UTC, and the day that is due is Berlin's.
    berlin = datetime(2026, 9, 13, 22, tzinfo=UTC)
    assert wording.due_day(replace(due, window_start=berlin), "Europe/Berlin") == 17
    assert wording.days_judged(due) == 68
    assert wording.days_judged(harm(Code.WAITING, window_start=None)) == 0
    assert wording.window_text(due) == "since 14 Sep, 68 days"
    assert (wording.days(1), wording.days(2)) == ("1 day", "2 days")


def test_a_window_that_ends_at_a_clock_change_still_counts_whole_days():
    ends = START + timedelta(days=68, hours=1)
    assert wording.days_judged(harm(Code.SAFE, -0.01, 0.0, 0.01, window_end=ends)) == 68


@given(NBSP_FREE, st.integers(0, 4))
def test_numbers_never_read_as_minus_zero(x, digits):
    said = wording.number(x, digits)
    assert not (said.startswith(("-", "−")) and not said.strip("-−0.,"))


@pytest.mark.parametrize(
    ("m", "as_large", "said"),
    [
        (CSAT, 0, "in 211 comparable windows without a change, a fall this large never happened"),
        (CSAT, 1, "in 211 comparable windows without a change, a fall this large happened once"),
        (REPLY, 2, "in 211 comparable windows without a change, a rise this large happened twice"),
        (REPLY, 17, "in 211 comparable windows without a change, a rise this large happened 17 times"),
    ],
)
def test_how_unusual_is_said_in_counts(m, as_large, said):
    found = harm(Code.HARMED, 0.02, 0.026, 0.03, placebo=Placebo(as_large=as_large, windows=211))
    assert wording.unusual(m, found) == said


@pytest.mark.parametrize(
    ("metric", "now", "then", "said"),
    [
        (CSAT, 0.85, 0.869, "1.9 points worse"),
        (CSAT, 0.869, 0.85, "1.9 points better"),
        (CSAT, 0.8, 0.8, "the same"),
        (REPLY, 12.0, 10.0, "20 % slower"),
        (REPLY, 8.0, 10.0, "20 % faster"),
        (CHURN, 0.006, 0.005, "1 per 1,000 worse"),
    ],
)
def test_a_year_before_is_compared_as_worse_or_better(metric, now, then, said):
    told = describing.a_year_before(metric, now, then, "7 days to 14 Nov", "7 days to 15 Nov 2025")
    assert "a year before (7 days to 15 Nov 2025): " in told
    assert told.endswith(said)
