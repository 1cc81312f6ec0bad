"""How precise a figure reads follows its interval, by one rule in messages, on the board and in the terminal."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_examples import COST, CSAT, REPLY, harm

from cxmon import wording
from cxmon.cli.effecting import digits_of as digits_in_terminal
from cxmon.model import EVERYONE, Code, Finding, Interval, Kinds, Split, SplitRanges, State
from cxmon.wording import gap as gaps
from cxmon.wording import precision
from cxmon.wording.against import gap, gap_words, levels
from cxmon.wording.kinds import kinds_line
from cxmon.wording.mixing import as_read, digits_in

HALVES = st.floats(1e-4, 0.3)


def finding(value, expected, half):
    return Finding(
        check="w", metric="csat", segment=EVERYONE, at=datetime(2026, 9, 1, tzinfo=UTC), state=State.BREACH, reason="",
        value=value, expected=expected, low=value - half, high=value + half,
    )  # fmt: skip


def numbers_in(text):
    return [part.strip("(),;%") for part in text.split() if part.strip("(),;%").replace(".", "").isdigit()]


def after_point(number):
    return len(number.partition(".")[2])


@pytest.mark.parametrize(
    ("half", "said"), [(0.04, "82 %"), (0.02, "82 %"), (0.016, "82.3 %"), (0.002, "82.3 %"), (0.0002, "82.30 %")]
)
def test_a_level_has_the_digits_that_its_interval_supports(half, said):
    assert levels(finding(0.823, 0.823 + 3 * half, half), CSAT)[0] == said


@pytest.mark.parametrize(
    ("half", "said"),
    [
        (0.04, "12 points worse than expected (8 to 16)"),
        (0.002, "12.0 points worse than expected (11.8 to 12.2)"),
        (0.00002, "12.00 points worse than expected (12.00 to 12.00)"),
    ],
)
def test_a_difference_and_the_ends_of_its_range_are_written_alike(half, said):
    told = gap_words(gap(finding(0.703, 0.823, half), CSAT), CSAT)
    assert told.startswith("12")
    digits = {after_point(n) for n in numbers_in(told)}
    assert len(digits) == 1
    if half > 0.0001:
        assert told == said


@given(st.floats(0.05, 0.95), st.floats(-0.3, 0.3), HALVES)
def test_no_rounding_contradicts_what_stands_beside_it(value, off, half):
    """Levels, difference and range of a finding: written alike, never a range without extent, a surely worse figure
    never by nothing, and the levels as far apart as the difference says, to its last digit."""
    found = finding(value, value + off, half)
    told = gap(found, CSAT)
    seen, expected, low, high = (float(x.removesuffix(" %").replace("−", "-")) for x in levels(found, CSAT))
    assert low <= seen <= high
    size = float(wording.bare(CSAT, told.size, "pt", wording.digits_apart(CSAT, _interval(told), "pt")))
    one = 10.0 ** -wording.digits_apart(CSAT, _interval(told), "pt")
    assert abs(abs(seen - expected) - size) <= one + 1e-9
    texts = levels(found, CSAT)
    assert len({after_point(x.removesuffix(" %")) for x in texts}) == 1
    # The last digit is never finer than a fortieth of the half width but where something would read as nothing.
    last = after_point(texts[0].removesuffix(" %"))
    nothing = round(100 * min(abs(told.low), abs(told.high)), max(0, last - 1)) == 0
    assert 10.0**-last >= 100 * half / 400 or half < 0.0002 or nothing
    surely = abs(off) > half
    if surely and 100 * abs(off) > 0.01:
        assert size > 0


@given(st.floats(-0.2, 0.2), HALVES, st.floats(1e-3, 0.1))
def test_a_harm_reads_as_its_code_says(middle, half, limit):
    found = harm(Code.UNDECIDED, middle - half, middle, middle + half, limit=limit)
    told = wording.harm_range(CSAT, found)
    ends = numbers_in(told)
    assert len({after_point(end) for end in ends}) == 1
    assert "0.0 better" not in told
    assert not wording.worse(CSAT, found).startswith(("0 ", "0.0 ", "0.00 "))


def _interval(told):
    return Interval(estimate=told.size, low=told.low, high=told.high)


@given(st.floats(-5, 5), st.floats(1e-3, 10))
def test_terminal_and_messages_have_one_rule(middle, half):
    low, high = middle - half, middle + half
    assert digits_in_terminal(low / 100, high / 100, share=True) == precision.by_width(
        high - low, precision.MOST_OF_SHARES
    )
    assert wording.digits_of(COST, Interval(estimate=middle, low=low, high=high), "") >= precision.by_width(high - low)


@given(st.floats(-0.1, 0.1), HALVES)
def test_the_board_writes_as_the_messages_do(harmed, half):
    found = gaps.Gap(
        value=0.8, expected=0.8 + harmed, harm=harmed, low=harmed - half, high=harmed + half, unit="pt",
        until=datetime(2026, 9, 1, tzinfo=UTC), n=100.0, spark=(), between=(0.8 + harmed - half, 0.8 + harmed + half),
    )  # fmt: skip
    interval = Interval(estimate=harmed, low=harmed - half, high=harmed + half)
    assert gaps.size(harmed, found, CSAT) == wording.amount(
        CSAT, harmed, "pt", wording.digits_apart(CSAT, interval, "pt", precision.TO_BE_APART)
    )
    assert gaps.levels(found, CSAT) == wording.instead(CSAT, 0.8, 0.8 + harmed, interval, "pt")
    if half > 0.001:
        assert gaps.range_of(found, CSAT)[0] != gaps.range_of(found, CSAT)[1]


def test_parts_of_a_gap_add_up_as_they_read():
    ranges = SplitRanges(
        total=(0.025, 0.086), mix=(-0.002, 0.009), rate=(0.018, 0.076), entry_exit=(0.0, 0.0), remainder=(0.0, 0.0)
    )
    split = Split(metric="csat", unit="pt", total=0.056, rate=0.052, mix=0.004, entry_exit=0.0, ranges=ranges)
    at = datetime(2026, 9, 1, tzinfo=UTC)
    told = kinds_line(Kinds(since=at, until=at, split=split), CSAT)
    assert "5.6 points worse than expected, 5.2 from the same kinds" in told


def test_durations_are_told_as_precisely_as_their_share_is_known():
    found = replace(finding(1.76, 1.52, 0.2), metric="reply")
    assert levels(found, REPLY) == ("1.76 min", "1.52 min", "1.56 min", "1.96 min")
    assert gap_words(gap(found, REPLY), REPLY) == "16 % slower than expected (3 to 29)"


def test_a_limit_reads_as_it_was_written_however_wide_the_range():
    wide = harm(Code.UNDECIDED, -0.05, 0.01, 0.07, limit=0.015)
    assert wording.limit(CSAT, wide) == "1.5 points"
    assert wording.harm_range(CSAT, wide) == "5 better to 7 worse"


@given(st.floats(-0.1, 0.1), st.floats(-0.05, 0.05), st.floats(0.0005, 0.05), st.floats(0.0005, 0.05))
def test_the_parts_of_any_gap_add_up_as_they_read(rate, mixed, wide, narrow):
    """To the last digit, or told with more of them; never as a range from a figure to itself."""
    ranges = SplitRanges(
        total=(-1.0, 1.0), rate=(rate - wide, rate + wide), mix=(mixed - narrow, mixed + narrow), entry_exit=(0.0, 0.0),
        remainder=(0.0, 0.0),
    )  # fmt: skip
    split = Split(metric="csat", unit="pt", total=rate + mixed, rate=rate, mix=mixed, entry_exit=0.0, ranges=ranges)
    digits, shown = digits_in(split, CSAT), as_read(split, CSAT)
    total, parts = round(100 * shown.total, digits), [round(100 * x, digits) for x in (shown.rate, shown.mix)]
    assert abs(total - sum(parts)) <= 1.01 * 10.0**-digits
    assert abs(shown.rate - rate) * 100 <= 10.0**-digits + 1e-9
    assert shown.rate * rate >= 0
