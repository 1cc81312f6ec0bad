"""Figures in every format: they read back as what they are, and no format is seen by those who have another one."""

import threading
from contextlib import suppress
from contextvars import copy_context

import pytest
from english_figures import english
from hypothesis import given
from hypothesis import strategies as st
from word_examples import CHURN, COST, CSAT

from cxmon import wording
from cxmon.model import Amount, NumberFormat, number_format, use, using, written
from cxmon.wording import forms, numbers, proposing

GERMAN = NumberFormat(decimal=",", thousands=".")
FRENCH = NumberFormat(decimal=",", thousands="\u202f")
SWISS = NumberFormat(decimal=".", thousands="’")
INDIAN = NumberFormat(lakhs=True)
BARE = NumberFormat(decimal=",", thousands="")
EVERY = (NumberFormat(), GERMAN, FRENCH, SWISS, INDIAN, BARE)
FIGURES = st.floats(-1e12, 1e12, allow_nan=False)


def back(text, format_):
    """The figure that somebody who knows the format reads."""
    plain = text.replace("−", "-").replace(format_.thousands or " ", "").replace(format_.decimal, ".")
    return float(plain)


@given(x=FIGURES, digits=st.integers(0, 4), format_=st.sampled_from(EVERY))
def test_a_figure_reads_back_as_what_was_rounded(x, digits, format_):
    rounded = float(f"{x:.{digits}f}")
    with using(format_):
        assert back(numbers.number(x, digits), format_) == rounded
        assert back(numbers.signed(x, digits), format_) == rounded
        assert back(written(x, f",.{digits}f"), format_) == rounded
        assert back(numbers.plain(x), format_) == float(f"{x:.3f}")


@given(x=FIGURES, digits=st.integers(0, 4))
def test_without_a_format_figures_are_written_as_ever(x, digits):
    assert written(x, f",.{digits}f") == f"{x:,.{digits}f}"
    assert numbers.number(x, digits).replace("−", "-").lstrip("-") == f"{abs(x):,.{digits}f}"
    assert numbers.plain(abs(x)) == f"{abs(x):,.3f}".rstrip("0").rstrip(".")


@given(x=FIGURES, format_=st.sampled_from(EVERY))
def test_nothing_is_left_of_a_zero_but_the_zero(x, format_):
    with using(format_):
        assert numbers.number(-1e-9 * x / 1e12, 1) in {"0.0", "0,0"}
        assert numbers.signed(-1e-9 * x / 1e12, 1) in {"0.0", "0,0"}


@pytest.mark.parametrize(
    ("format_", "said"),
    [
        (NumberFormat(), ("1,234,567.5", "85.4 %", "3.1 per 1,000", "1,200 days", "+0.2", "1.4e-06", "2.5pt")),
        (GERMAN, ("1.234.567,5", "85,4 %", "3,1 per 1.000", "1.200 days", "+0,2", "1,4e-06", "2,5pt")),
        (SWISS, ("1’234’567.5", "85.4 %", "3.1 per 1’000", "1’200 days", "+0.2", "1.4e-06", "2.5pt")),
        (INDIAN, ("12,34,567.5", "85.4 %", "3.1 per 1,000", "1,200 days", "+0.2", "1.4e-06", "2.5pt")),
        (BARE, ("1234567,5", "85,4 %", "3,1 per 1000", "1200 days", "+0,2", "1,4e-06", "2,5pt")),
    ],
)
def test_every_sort_of_figure_follows_the_format(format_, said):
    with using(format_):
        assert said == (
            numbers.plain(1_234_567.5), wording.value(CSAT, 0.854), wording.value(CHURN, 0.0031),
            numbers.counted(1200, "day"), numbers.signed(0.2, 1), written(1.4e-06, ".2g"),
            numbers.size(Amount(0.025, False, "2.5pt")),
        )  # fmt: skip


def test_lakhs_are_grouped_in_twos_above_a_thousand():
    with using(INDIAN):
        shown = [written(10**n) for n in range(3, 9)]
    assert shown == ["1,000", "10,000", "1,00,000", "10,00,000", "1,00,00,000", "10,00,00,000"]


def test_two_configurations_in_one_process_do_not_mix():
    seen = {}

    def page(name, format_):
        use(format_)
        ready.wait()
        seen[name] = wording.value(COST, 1234.5)

    ready = threading.Barrier(2)
    threads = [threading.Thread(target=page, args=pair) for pair in (("german", GERMAN), ("swiss", SWISS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"german": "1.234 EUR", "swiss": "1’234 EUR"}
    assert number_format() == NumberFormat()


def test_a_format_ends_with_what_it_was_said_for():
    with using(GERMAN):
        with using(SWISS):
            assert written(1000) == "1’000"
        assert written(1000) == "1.000"
    with suppress(ValueError), using(GERMAN):
        int("none")
    assert written(1000) == "1,000"
    # What a command sets for the rest of its process is set for its own context alone.
    copy_context().run(use, GERMAN)
    assert written(1000) == "1,000"


@pytest.mark.parametrize("format_", EVERY)
def test_a_process_that_is_handed_a_format_has_it(format_):
    assert NumberFormat.taken(format_.handed()) == format_
    assert NumberFormat.taken("") == NumberFormat()


def test_a_form_says_that_sizes_are_typed_with_a_point_where_they_are_shown_with_a_comma():
    told = (proposing.limit_help(CSAT), forms.limit_hint(CSAT), forms.gains_hint(CSAT))
    with using(GERMAN):
        german = (proposing.limit_help(CSAT), forms.limit_hint(CSAT), forms.gains_hint(CSAT))
    assert [text for text in told if "point:" in text] == []
    assert [text.rpartition(". ")[2] for text in german] == ["Typed with a point: 2.5pt, not 2,5pt."] * 3


def test_the_search_for_english_figures_finds_them():
    assert len(english("CSAT fell 2.6 points on 1,480 answers (range 0.4 to 12,345.6)")) == 4
    assert english("CSAT fell 2,6 points on 1\u202f480 answers, 0,4 to 1234; see http://127.0.0.1:8501, v0.1.0") == []
