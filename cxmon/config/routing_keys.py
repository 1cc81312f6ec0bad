"""The keys of `routes:` and `mutes:`: who hears what, and when it has to wait."""

from cxmon.config.scalars import Choice, Name, Span, Text
from cxmon.config.shapes import Either, Field, ListOf, MapOf, Record
from cxmon.config.view_keys import CHANNELS
from cxmon.model import Severity

_names = ListOf(Name, "a list of names")
_severity = Choice.of(Severity)
_severities = Either(_severity, ListOf(_severity, "a list such as [over_limit, worse]", least=1))

# On a route, and on a channel for the routes that say nothing of it.
COMPANY_KEYS = {
    "group_wait": Field(
        Span(), "how long first news waits for others to come with it; the route's before the channel's"
    ),
    "group_interval": Field(Span(), "how long first news waits after the channel's last; the route's first as well"),
    "repeat_interval": Field(
        Span(above_zero=True), "how often what is open and acknowledged by nobody is told again; without it never"
    ),
}

ROUTE = Record(
    {
        "channel": Field(CHANNELS, "where the message goes: one channel or a list", required=True),
        "metrics": Field(ListOf(Name, "a list of metrics such as [csat]"), "only news of these metrics"),
        "segment": Field(
            MapOf(Text("a dimension's value", longest=200), "a segment such as {channel: phone}"),
            "only news of this segment and its parts",
        ),
        "severity": Field(_severities, "only news as grave as this: over_limit, worse, small, source, ..."),
        "owners": Field(
            ListOf(Text("a role or department, not a person", pattern=r"[^@]{1,200}"), "a list of owners"),
            "only changes of these owners",
        ),
        "views": Field(_names, "only news that one of these views covers"),
        "checks": Field(
            ListOf(Name, "a list of checks"), "only what these checks found; `verdict` is the judgement on changes"
        ),
        "mute": Field(_names, "in which hours its news waits: names of mutes"),
        **COMPANY_KEYS,
    },
    "a route such as {channel: slack, metrics: [csat]}",
)

MUTE = Record(
    {
        "outside": Field(Name, "news waits outside of the hours of this calendar: nights, weekends, its holidays"),
        "during": Field(Name, "news waits during the hours of this calendar"),
        "except": Field(_severities, "what is told all the same"),
    },
    "a mute such as {outside: support, except: over_limit}",
)

ROUTING = {
    "routes": Field(ListOf(ROUTE, "a list of routes", unique=False), "who hears what; the first that matches takes it"),
    "mutes": Field(MapOf(MUTE, "a mapping of names to mutes"), "hours in which news waits; it is told when they end"),
}
