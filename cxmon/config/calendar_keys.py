"""The keys of holidays, business hours and dimensions: what days and a source's values mean."""

from cxmon.config.scalars import Choice, Day, Text, Truth
from cxmon.config.shapes import Either, Field, ListOf, MapOf, OrMapping, Record

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# The periods by which a dimension of instants is told.
COHORTS = ("month", "quarter", "year")
OTHERS = "*"

COUNTRY = "a country's two letters (ISO 3166) such as DE, GB or US"
EXTRA_DAY = Record(
    {
        "date": Field(Day(), "the day", required=True),
        "name": Field(Text(longest=80), "what it is called"),
    },
    "a date such as 2026-12-24, or a mapping such as {date: 2026-12-24, name: Christmas Eve}",
)

HOLIDAYS = Record(
    {
        "country": Field(Text(COUNTRY, pattern="[A-Z]{2}"), "whose public holidays count", required=True),
        "subdivision": Field(
            Text("a state or region as the country writes it, such as BY", longest=40),
            "the state or region whose holidays count too",
        ),
        "extra_days": Field(
            ListOf(OrMapping("date", EXTRA_DAY), "a list of dates such as [2026-12-24]", unique=False),
            "further days that are like a holiday",
        ),
    },
    "a mapping such as {country: DE, subdivision: BY}",
)

_DAY = "|".join(WEEKDAYS)
_hours = Text("hours such as 08:00-18:00", r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)")
CALENDAR = Record(
    {
        "zone": Field(Text("a time zone such as Europe/Berlin"), "whose clocks the hours are; without it the plan's"),
        "hours": Field(
            MapOf(
                Either(_hours, ListOf(_hours, "a list of hours such as [08:00-12:00, 13:00-17:00]", least=1)),
                "hours by weekday such as {monday-friday: 08:00-18:00}",
                key=Text("a weekday such as monday, or several such as monday-friday", rf"({_DAY})(-({_DAY}))?"),
                least=1,
            ),
            "when the desk is open; a day that is not named is closed",
            required=True,
        ),
        "holidays": Field(HOLIDAYS, "when it is closed; without it the holidays of the plan"),
        "open_on_holidays": Field(Truth(), "true where it is open on holidays, too"),
    },
    "a calendar such as {hours: {monday-friday: 08:00-18:00}}",
)

_value = Text("a dimension's value", longest=200)
DIMENSION = Record(
    {
        "map": Field(
            MapOf(_value, 'a mapping such as {web_widget: chat, "*": other}', key=_value, least=1),
            'what the values of the sources are called here; "*" is what all others become',
        ),
        "by": Field(Choice(COHORTS), "its values are dates, such as when a customer joined: told by this period"),
    },
    "a mapping such as {map: {web_widget: chat}}",
)

KEYS = {
    "calendars": Field(MapOf(CALENDAR, "a mapping of names to calendars"), "business hours, for response times"),
    "dimensions": Field(MapOf(DIMENSION, "a mapping of dimensions to what their values mean"), "names of segments"),
}
