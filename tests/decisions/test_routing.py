"""Who hears what, as a pure decision: routes, views, silences, mutes by wall clocks, a whole that tells of a part."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.decisions.muting import mute_ends, muted
from cxmon.decisions.routing import Rules, Why, inhibitor, routed, unfit
from cxmon.model import (
    EVERYONE,
    BusinessHours,
    Mute,
    News,
    OpenStory,
    Route,
    Scope,
    Segment,
    Severity,
    Silence,
    View,
)

NOW = datetime(2026, 3, 4, 22, 0, tzinfo=UTC)  # a Wednesday
PHONE, CHAT = Segment.of(channel="phone"), Segment.of(channel="chat")
BERLIN = "Europe/Berlin"
DESK = BusinessHours(name="desk", zone=BERLIN, week=(((480, 1080),),) * 5 + ((), ()))
NIGHTS = Mute(id="nights", hours=DESK, outside=True, exempt=(Severity.OVER_LIMIT,))
NEWS = News(metrics=("csat",), segment=PHONE, check="drift", severity=Severity.WORSE, incident="part")
STORY = OpenStory(incident="whole", check="floor", metric="csat", segment=EVERYONE, severity=Severity.WORSE)
TEAM = View(id="phone", label="Phone", scope=Scope.of({"channel": "phone"}), channels=("team",))
RULES = Rules(
    routes=(Route(channel="pager", severities=(Severity.OVER_LIMIT,)), Route(channel="slack", also=("mail",))),
    views=(TEAM,),
    mutes={"nights": NIGHTS},
    channels=("slack", "mail", "pager", "team"),
)


def local(*when):
    return datetime(*when, tzinfo=ZoneInfo(BERLIN))


def test_severity_view_and_several_channels():
    found = routed(RULES, NEWS, now=NOW)
    assert found.channels == ("slack", "mail", "team")
    assert found.reason == "route 2 sends it to slack and mail; view phone sends it to team"
    assert routed(RULES, replace(NEWS, severity=Severity.OVER_LIMIT), now=NOW).channels == ("pager", "team")
    assert routed(RULES, replace(NEWS, segment=EVERYONE), now=NOW).channels == ("slack", "mail")


def test_a_route_may_name_views():
    only = Route(channel="team", views=("phone",))
    assert unfit(only, NEWS, (TEAM,)) == ""
    assert unfit(only, replace(NEWS, segment=CHAT), (TEAM,)) == "only view phone"
    assert unfit(only, replace(NEWS, metrics=()), (TEAM,)) == "only view phone"


def test_what_only_a_view_covers_is_not_sent_to_the_first_channel():
    rules = replace(RULES, routes=())
    assert routed(rules, NEWS, now=NOW).channels == ("team",)
    found = routed(rules, replace(NEWS, segment=CHAT), now=NOW)
    assert (found.channels, found.why) == (("slack",), Why.DEFAULT)


def test_a_story_goes_on_where_it_was_told():
    found = routed(RULES, replace(NEWS, told=("pager", "slack")), now=NOW)
    assert found.channels == ("slack", "mail", "team", "pager")
    assert found.reason.endswith("told on in pager, which knows the story")


def test_a_silence_holds_all_but_the_end():
    quiet = Silence(id="q", metric="csat", segment=PHONE, starts=NOW, ends=NOW + timedelta(days=1), by="CX", why="x")
    found = routed(RULES, NEWS, silences=[quiet], now=NOW)
    assert (found.channels, found.why, found.silence) == ((), Why.SILENCED, quiet)
    assert found.tried
    assert routed(RULES, replace(NEWS, final=True), silences=[quiet], now=NOW).channels
    # What else holds it back is said all the same: it stands when the silence is over.
    asleep = replace(RULES, routes=(Route(channel="slack", mutes=("nights",)),))
    both = routed(asleep, NEWS, silences=[quiet], stories=[STORY], now=NOW)
    assert (both.why, both.whole, set(both.muted)) == (Why.SILENCED, STORY, {"slack"})


@pytest.mark.parametrize(
    ("story", "news", "held"),
    [
        (STORY, NEWS, True),
        (replace(STORY, severity=Severity.OVER_LIMIT), NEWS, True),
        (STORY, replace(NEWS, severity=Severity.OVER_LIMIT), False),  # the part is graver
        (STORY, replace(NEWS, told=("slack",)), False),  # its reader is not left without the rest
        (STORY, replace(NEWS, incident=""), False),
        (STORY, replace(NEWS, incident="whole"), False),
        (STORY, replace(NEWS, metrics=("churn",)), False),
        (replace(STORY, segment=CHAT), NEWS, False),
        (replace(STORY, segment=PHONE), NEWS, False),
        (STORY, replace(NEWS, segment=EVERYONE), False),
    ],
)
def test_the_incident_of_the_whole_tells_of_its_parts(story, news, held):
    assert (inhibitor(news, [story]) is story) is held
    found = routed(RULES, news, stories=[story], now=NOW)
    assert (found.why is Why.INHIBITED) is held
    assert bool(found.channels) is not held


def test_nights_and_weekends_end_by_the_clock_of_their_zone():
    assert mute_ends(NIGHTS, local(2026, 3, 4, 12)) is None
    assert mute_ends(NIGHTS, local(2026, 3, 4, 18)) == local(2026, 3, 5, 8)
    assert mute_ends(NIGHTS, local(2026, 3, 4, 7, 59)) == local(2026, 3, 4, 8)
    # Friday evening to Monday, over the night in which the clocks go forward.
    assert mute_ends(NIGHTS, local(2026, 3, 27, 20)) == local(2026, 3, 30, 8)
    assert local(2026, 3, 30, 8).utcoffset() == timedelta(hours=2)


def test_hours_that_touch_at_midnight_are_one_window():
    freeze = Mute(id="freeze", hours=replace(DESK, week=(((0, 360), (1200, 1440)),) * 7))
    assert mute_ends(freeze, local(2026, 3, 4, 21)) == local(2026, 3, 5, 6)
    assert mute_ends(freeze, local(2026, 3, 4, 12)) is None
    always = replace(freeze, hours=replace(DESK, week=(((0, 1440),),) * 7))
    assert mute_ends(always, local(2026, 3, 4, 12)) is None


def test_what_is_grave_enough_is_told_at_night_and_a_way_that_is_open_is_taken():
    rules = replace(RULES, routes=(Route(channel="slack", mutes=("nights",)),))
    found = routed(rules, NEWS, now=NOW)
    assert {c: until for c, (_, until) in found.muted.items()} == {"slack": local(2026, 3, 5, 8)}
    assert "waits in slack until 2026-03-05 07:00 UTC (nights)" in found.reason
    assert not routed(rules, replace(NEWS, severity=Severity.OVER_LIMIT), now=NOW).muted
    both = replace(rules, views=(replace(TEAM, channels=("slack",)),))
    assert not routed(both, NEWS, now=NOW).muted


WEEKS = st.lists(st.sampled_from([(), ((480, 1080),), ((0, 300), (600, 1440)), ((0, 1440),)]), min_size=7, max_size=7)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(WEEKS, st.booleans(), st.sampled_from([BERLIN, "America/New_York", "Asia/Kolkata"]), st.integers(0, 500_000))
def test_at_its_end_a_mute_is_over_and_not_before(week, outside, zone, minutes):
    mute = Mute(id="m", hours=BusinessHours(name="h", zone=zone, week=tuple(week)), outside=outside)
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = mute_ends(mute, now)
    if end is not None:
        assert end > now
        assert mute_ends(mute, end) is None
        assert mute_ends(mute, now + (end - now) / 2) == end
        assert muted([mute], Severity.WORSE, now) == (mute, end)
