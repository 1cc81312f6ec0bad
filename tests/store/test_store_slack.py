"""What was done in Slack is done once, who listens is known for a day, and what was left out is known from then on."""

from datetime import UTC, datetime, timedelta

from cxmon.model import EVERYONE, LeftOut
from cxmon.store import Listener

NOW = datetime(2026, 9, 14, 9, tzinfo=UTC)


def test_a_deed_is_done_once_and_forgotten_after_a_day(store):
    assert store.heard.first("k", NOW)
    assert not store.heard.first("k", NOW + timedelta(hours=23))
    assert store.heard.first("other", NOW + timedelta(hours=25))
    assert store.heard.first("k", NOW + timedelta(hours=25))


def test_listeners_say_how_they_do_and_are_forgotten_after_a_day(store):
    for holder, hears, hours in (("one", True, 0), ("two", False, 1), ("one", False, 2)):
        seen = NOW + timedelta(hours=hours)
        store.heard.listening(Listener(channel="slack", holder=holder, hears=hears, seen_at=seen, detail="d"))
    assert [(one.holder, one.hears) for one in store.heard.listeners()] == [("one", False), ("two", False)]
    store.heard.listening(Listener(channel="slack", holder="two", hears=True, seen_at=NOW + timedelta(hours=27)))
    assert [one.holder for one in store.heard.listeners()] == ["two"]
    store.heard.gone("slack", "two")
    assert store.heard.listeners() == []


def test_what_was_left_out_is_known_from_then_on(store):
    one = LeftOut(
        id="a", metric="csat", root=EVERYONE, segments=(EVERYONE,), since=NOW, until=NOW + timedelta(days=1), by="Ops",
        why="flood", at=NOW + timedelta(days=2),
    )  # fmt: skip
    for _ in range(2):
        store.left_out.put(one)
    assert store.left_out.all("csat", known_at=one.at) == store.left_out.all() == [one]
    assert store.left_out.all("csat", known_at=NOW) == store.left_out.all("other") == []
