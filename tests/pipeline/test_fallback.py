"""A channel that takes nothing is stood in for, once a message, and gets all of it when it is mended."""

from dataclasses import replace
from datetime import timedelta

from fakeslack.plugin import fake_slack
from notify_world import NOW, after, news, plan, row

from cxmon.alerts import Console
from cxmon.cli.story import data
from cxmon.pipeline.falling_back import AFTER
from cxmon.pipeline.notify import BLOCKED_S, deliver
from cxmon.pipeline.route import MUTED
from cxmon.store import Store

__all__ = ["fake_slack"]

MENDED = timedelta(seconds=3 * BLOCKED_S)


def world(slack):
    known = plan(slack.url)
    return plan(slack.url, channels={**known.channels, "paper": Console()}, fallbacks={"slack": "paper"})


def send(given, store, now, worker="w"):
    return sorted(
        (d.channel, d.key.split("|")[1], d.state.value) for d in deliver(given, store, now=now, worker=worker)
    )


def test_what_a_blocked_channel_does_not_take_goes_to_its_fallback_once(fake_slack, sqlite_store, capsys):
    fake_slack.pace_s, fake_slack.revoked = 0.0, True
    given = world(fake_slack)
    sqlite_store.outbox.queue([row(news())], NOW)
    assert send(given, sqlite_store, NOW) == [("slack", "opened", "parked")]
    assert send(given, sqlite_store, NOW + AFTER - timedelta(seconds=1)) == [("slack", "opened", "parked")]
    assert capsys.readouterr().out == ""
    sqlite_store.outbox.queue([row(news("worsened"))], NOW + AFTER)
    later = NOW + AFTER + timedelta(seconds=5)
    assert send(given, sqlite_store, later) == [("paper", "opened", "sent"), ("paper", "worsened", "sent")]
    said = capsys.readouterr().out
    assert said.count("Told here because the channel slack takes nothing: Slack refuses: ") == 2
    assert [k for k in send(given, sqlite_store, later, "other") if k[0] == "paper"] == []
    fake_slack.revoked = False
    told = send(given, sqlite_store, later + MENDED)
    assert told == [("slack", "opened", "sent"), ("slack", "worsened", "sent")]
    (post,) = fake_slack.posts()
    assert "Told late" in str(post["blocks"])
    assert "Told here because" not in str(post["blocks"])
    assert capsys.readouterr().out == ""


def test_a_channel_that_only_asks_to_wait_is_not_stood_in_for(fake_slack, sqlite_store, capsys):
    fake_slack.fail("chat.postMessage", "429", retry_after="600")
    given = world(fake_slack)
    sqlite_store.outbox.queue([row(news())], NOW)
    assert send(given, sqlite_store, NOW) == [("slack", "opened", "waiting")]
    assert [k for k in send(given, sqlite_store, after(hours=1)) if k[0] == "paper"] == []
    assert capsys.readouterr().out == ""


def test_what_waits_for_quiet_hours_to_end_waits_for_the_fallback_too(fake_slack, sqlite_store, capsys):
    fake_slack.pace_s, fake_slack.revoked = 0.0, True
    given, morning = world(fake_slack), NOW + timedelta(hours=8)
    waits = replace(row(news(thread="incident:b")), not_before=morning, error=f"{MUTED} by night")
    sqlite_store.outbox.queue([row(news()), waits], NOW)
    send(given, sqlite_store, NOW)
    told = send(given, sqlite_store, NOW + 2 * AFTER)
    assert [t for t in told if t[0] == "paper"] == [("paper", "opened", "sent")]
    assert [t[0] for t in send(given, sqlite_store, morning + AFTER)].count("paper") == 1
    assert capsys.readouterr().out.count("incident:b") == 1


def test_an_idle_worker_writes_nothing(fake_slack, sqlite_store):
    fake_slack.revoked = True
    given = world(fake_slack)
    sqlite_store.outbox.queue([row(news())], NOW)
    for hours in (0, 1):
        send(given, sqlite_store, after(hours=hours))
    with Store.open(sqlite_store.url) as other:
        before = other.version()
        send(given, sqlite_store, after(hours=1, seconds=30))
        assert other.version() == before


def test_the_status_says_who_hears_nothing(fake_slack, sqlite_store):
    fake_slack.revoked = True
    sqlite_store.outbox.queue([row(news())], NOW)
    send(world(fake_slack), sqlite_store, NOW)
    assert data(sqlite_store)[0].startswith("Not delivered: slack takes nothing (Slack refuses: ")
