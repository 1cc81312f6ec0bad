"""The keys of `views:`: what a team or department sees and hears of."""

from cxmon.config.calendar_keys import WEEKDAYS
from cxmon.config.scalars import Choice, Name, Text
from cxmon.config.shapes import Either, Field, ListOf, MapOf, Record

_value = Text("a dimension's value", longest=200)
# One channel, or several.
CHANNELS = Either(Name, ListOf(Name, "a list of channels such as [slack, mail]", least=1))
SEGMENTS = MapOf(
    Either(_value, ListOf(_value, "a list of values", least=1)),
    "segments such as {channel: phone} or {region: [de, fr]}",
)
CLOCK = Text("a time such as 08:00", r"([01][0-9]|2[0-3]):[0-5][0-9]")

DIGEST = Record(
    {
        "day": Field(Choice(WEEKDAYS), "on which day of the week; without it monday"),
        "at": Field(CLOCK, "at what time; without it 08:00"),
        "zone": Field(Text("a time zone such as Europe/Berlin"), "whose clocks that is; without it the plan's"),
        "channel": Field(CHANNELS, "who gets it; without it the view's channel"),
    },
    "a digest such as {day: monday, at: 08:00}",
)

VIEW = Record(
    {
        "label": Field(Text(longest=80), "what it is called; without it its name"),
        "metrics": Field(ListOf(Name, "a list of metrics such as [csat]", least=1), "only these; without it all"),
        "segment": Field(SEGMENTS, "only these segments and their parts; without it all"),
        "segment_by_metric": Field(
            MapOf(SEGMENTS, "a mapping of metrics to segments"), "where a metric has other dimensions"
        ),
        "channel": Field(CHANNELS, "who hears all news of it, beside the routes; one channel or a list"),
        "mute": Field(ListOf(Name, "a list of mutes"), "in which hours its news waits: names of mutes"),
        "digest": Field(DIGEST, "the summary of a week, and when it goes out"),
    },
    "a view such as {label: Phone team, segment: {channel: phone}, channel: slack-phone}",
)

VIEWS = {"views": Field(MapOf(VIEW, "a mapping of names to views"), "what each team or department sees and hears of")}
