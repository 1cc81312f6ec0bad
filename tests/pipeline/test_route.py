"""Who hears what: the first route that matches, silences, and one row for one piece of news."""

from dataclasses import replace

import pytest
from notify_world import NOW, after, news, plan, row

from cxmon.alerts import Console
from cxmon.decisions.routing import routed, silenced, unfit
from cxmon.model import EVERYONE, News, Receipt, Route, Segment, Silence
from cxmon.pipeline.notify import deliver
from cxmon.pipeline.route import place, rules_of

PHONE = Segment.of(channel="phone")
PHONE_EU = Segment.of(channel="phone", region="eu")
ABOUT = {"metrics": ["csat"], "segment": PHONE_EU, "check": "regressions", "owner": "Operations"}
NEWS = News(**(ABOUT | {"metrics": ("csat",)}))


def quiet(**more):
    given = {"id": "h", "metric": "csat", "segment": PHONE, "starts": NOW, "ends": after(days=3), "by": "CX team",
             "why": "Christmas"} | more  # fmt: skip
    return Silence(**given)


@pytest.mark.parametrize(
    ("route", "hears"),
    [
        (Route(channel="c"), True),
        (Route(channel="c", metrics=("csat", "churn")), True),
        (Route(channel="c", metrics=("churn",)), False),
        (Route(channel="c", segment=PHONE), True),
        (Route(channel="c", segment=PHONE_EU), True),
        (Route(channel="c", segment=Segment.of(region="us")), False),
        (Route(channel="c", owners=("Operations",)), True),
        (Route(channel="c", owners=("Finance",)), False),
        (Route(channel="c", checks=("regressions",)), True),
        (Route(channel="c", checks=("verdict",)), False),
        (Route(channel="c", metrics=("csat",), owners=("Finance",)), False),
    ],
)
def test_a_route_hears_what_fits_everything_it_names(route, hears):
    assert (unfit(route, NEWS, ()) == "") is hears


def test_a_route_for_a_part_does_not_hear_of_the_whole():
    for segment in (EVERYONE, None):
        assert unfit(Route(channel="c", segment=PHONE), replace(NEWS, segment=segment), ()) == "only phone"


def test_the_first_matching_route_takes_the_message_and_says_so():
    routes = (Route(channel="b", metrics=("churn",)), Route(channel="c", segment=PHONE), Route(channel="a"))
    found = routed(rules_of(plan("http://x", routes=routes)), NEWS, now=NOW)
    assert (found.channels, found.reason) == (("c",), "route 2 sends it to c")
    said = [(t.name, t.taken, t.reason) for t in found.tried]
    assert said == [
        ("route 1", False, "only metrics churn"),
        ("route 2", True, "fits"),
        ("route 3", False, "not asked, route 2 has taken it"),
    ]


def test_where_no_route_matches_the_first_channel_hears_it():
    routes = (Route(channel="b", metrics=("churn",)),)
    given = plan("http://x", routes=routes, channels={"first": Console(), "b": Console()})
    assert routed(rules_of(given), NEWS, now=NOW).channels == ("first",)
    assert routed(rules_of(plan("http://x", channels={})), NEWS, now=NOW).channels == ("console",)


@pytest.mark.parametrize(
    ("more", "covered"),
    [
        ({}, True),
        ({"metric": None}, True),
        ({"metric": "churn"}, False),
        ({"segment": None}, True),
        ({"segment": Segment.of(channel="email")}, False),
        ({"starts": after(hours=1)}, False),
        ({"starts": after(days=-3), "ends": NOW}, False),
    ],
)
def test_a_silence_covers_its_metric_its_segment_and_its_time(more, covered):
    assert silenced(quiet(**more), ["csat"], PHONE_EU, NOW) is covered


def test_a_silence_for_a_part_does_not_hide_the_whole_or_another_metric():
    assert not silenced(quiet(), ["csat"], EVERYONE, NOW)
    assert not silenced(quiet(segment=None), ["csat", "churn"], PHONE, NOW)


def test_what_is_silenced_is_not_queued_but_its_end_is(sqlite_store):
    given = plan("http://x")
    sqlite_store.changes.put_silence(quiet(), origin="cli")
    assert place(given, sqlite_store, news("opened"), now=NOW, **ABOUT).rows == ()
    assert place(given, sqlite_store, news("worsened"), now=NOW, **ABOUT).rows == ()
    assert [r.channel for r in place(given, sqlite_store, news("ended"), now=NOW, **ABOUT).rows] == ["slack"]
    assert [r.channel for r in place(given, sqlite_store, news("corrected"), now=NOW, **ABOUT).rows] == ["slack"]
    assert len(place(given, sqlite_store, news("opened"), now=after(days=3), **ABOUT).rows) == 1


def test_a_silence_names_who_and_why():
    found = routed(rules_of(plan("http://x")), NEWS, silences=[quiet()], now=NOW)
    assert found.reason == "silenced until 2026-03-05 06:00 UTC by CX team (Christmas)"
    assert found.silence == quiet()


def test_a_decision_to_stay_silent_is_never_queued(sqlite_store):
    assert place(plan("http://x"), sqlite_store, news("noted"), now=NOW, **ABOUT).rows == ()


def test_the_same_news_is_queued_once_and_other_news_beside_it(sqlite_store):
    given = plan("http://x")
    for message in (news(), news(), news(version="2"), news(thread="incident:b")):
        sqlite_store.outbox.queue(place(given, sqlite_store, message, now=NOW, **ABOUT).rows, NOW)
    keys = sorted(r.key for r in sqlite_store.outbox.rows())
    assert keys == ["incident:a|opened|1|slack", "incident:a|opened|2|slack", "incident:b|opened|1|slack"]
    assert all(r.message.key == r.key for r in sqlite_store.outbox.rows())


def test_a_story_is_told_on_where_it_was_told_before(sqlite_store):
    before = plan("http://x", channels={"console": Console(), "new": Console()})
    sqlite_store.outbox.queue([row(news(), "console")], NOW)
    sqlite_store.outbox.sent("incident:a|opened|1|console", Receipt(channel="console", ref="1"), NOW)
    moved = replace(before, routes=(Route(channel="new"),))
    queued = place(moved, sqlite_store, news("ended"), now=NOW, **ABOUT).rows
    assert [r.channel for r in queued] == ["new", "console"]


def test_messages_reach_the_console_where_nothing_is_configured(sqlite_store, capsys):
    given = plan("http://x", channels={})
    sqlite_store.outbox.queue(place(given, sqlite_store, news(), now=NOW, **ABOUT).rows, NOW)
    assert [d.state.value for d in deliver(given, sqlite_store, now=NOW, worker="w")] == ["sent"]
    assert "CSAT opened in incident:a" in capsys.readouterr().out
