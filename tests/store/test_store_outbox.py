"""What a blocked channel keeps, and which stories were told, on both databases."""

from datetime import timedelta

from store_cases import NOW, outbox_row


def row(number, channel="slack", thread="digest:*:2026-W48"):
    return outbox_row(f"k{number}", thread, channel)


def test_a_blocked_channel_says_since_when_and_keeps_what_waits(store):
    store.outbox.queue([row(1), row(2)], NOW)
    store.outbox.queue([row(3), row(4, "mail")], NOW + timedelta(hours=1))
    assert store.outbox.blocked() == {}
    store.outbox.park("k1", "no token")
    store.outbox.park("k3", "still none")
    assert store.outbox.blocked() == {"slack": (NOW, "no token")}
    assert [one.key for one in store.outbox.unsent("slack", NOW)] == ["k1", "k2", "k3"]
    assert store.outbox.known(["k2", "k9"]) == {"k2"}


def test_stories_are_found_by_how_they_begin_and_by_nothing_else(store):
    names = ["digest:*:2026-W48", "digest:*:2026-W49", "digest:_:2026-W48", "digest:%:2026-W48", "incident:a"]
    store.outbox.queue([row(i, thread=name) for i, name in enumerate(names)], NOW)
    assert store.outbox.threads("digest:*:") == ["digest:*:2026-W49", "digest:*:2026-W48"]
    assert store.outbox.threads("digest:_:") == ["digest:_:2026-W48"]
