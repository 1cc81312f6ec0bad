"""The keys with which a metric follows the catalogue, and of what its values are made."""

from cxmon.config.catalogue import CATALOGUE
from cxmon.config.scalars import Choice, Name, Span, Text
from cxmon.config.shapes import Field

_column = Text("a column or an expression", longest=4000)

FOLLOWS = {
    "standard": Field(
        Choice(tuple(CATALOGUE)), "the entry of the catalogue that it follows (cxmon metrics): it brings the rest"
    ),
    "formula": Field(Name, "which of the formulas of its standard; without it the usual one"),
    "within": Field(Span(above_zero=True), "service_level: a wait up to this is in time; without it 20s"),
    "short": Field(Span(), "service_level, abandonment: who gives up this soon did not wait; without it 5s"),
    "calendar": Field(Name, "the business hours in which a duration is measured, one of calendars"),
}

MADE = {
    "ended": Field(_column, "durations, in place of value: when it ended; one without an end counts as longer"),
    "began": Field(_column, "durations, beside ended: when it began; without it time"),
    "answered": Field(_column, "calls, in place of value: whether (0 or 1) or when one was answered"),
    "abandoned": Field(_column, "calls: whether or when one was given up; without it each that was not answered"),
    "waited": Field(_column, "calls: the seconds that the caller waited"),
    "score": Field(_column, "surveys, in place of value: the grade, of which the formula makes the value"),
}
