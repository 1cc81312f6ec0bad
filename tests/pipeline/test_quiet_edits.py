"""An edit that calls nobody is no letter and no request of its own, and takes nothing away from those it edits."""

from dataclasses import replace
from datetime import timedelta

from fakemail.server import mail, running
from fakeslack.plugin import fake_slack
from notify_world import NOW, news, plan, row

from cxmon.alerts import Email, Webhook
from cxmon.model import Delivery, Secret
from cxmon.pipeline.falling_back import AFTER
from cxmon.pipeline.notify import BLOCKED_S, deliver
from cxmon.pipeline.route import MUTED

__all__ = ["fake_slack", "mail", "running"]

NAMES = ("slack", "mail", "hook")
QUIET = news("widened", reply=None)


def world(slack, server, httpserver, **more):
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=200)
    letters = Email(
        host="127.0.0.1", port=server.port, security="none", sender="cx@example.com", to=("desk@example.com",)
    )
    hook = Webhook(url=Secret(httpserver.url_for("/hook")), secret=Secret("0" * 32), allow_private=True)
    slack.pace_s = 0.0
    return plan(slack.url, channels={**plan(slack.url).channels, "mail": letters, "hook": hook}, **more)


def queued(store, message, at, names=NAMES, **more):
    store.outbox.queue([replace(row(message, name), **more) for name in names], at)


def test_it_edits_where_that_is_possible_and_is_sent_nowhere_else(fake_slack, mail, httpserver, sqlite_store):
    given = world(fake_slack, mail, httpserver)
    for minutes, message in enumerate((news(), QUIET, news("worsened"))):
        queued(sqlite_store, message, NOW + timedelta(minutes=minutes))
        done = deliver(given, sqlite_store, now=NOW + timedelta(minutes=minutes), worker="w")
        assert {d.state for d in done} == {Delivery.SENT}
    assert len(mail.handler.letters) == len(httpserver.log) == 2
    (post,) = fake_slack.posts()
    assert "worsened" in str(post["blocks"])
    assert [r["text"] for r in fake_slack.replies(post["ts"])] == ["worsened: news of incident:a"]
    assert sqlite_store.outbox.rows(Delivery.WAITING) == []


def test_news_that_waited_for_quiet_hours_to_end_is_told_although_an_edit_came_after_it(
    fake_slack, mail, httpserver, sqlite_store
):
    given, morning = world(fake_slack, mail, httpserver), NOW + timedelta(hours=8)
    queued(sqlite_store, news(), NOW)
    deliver(given, sqlite_store, now=NOW, worker="w")
    queued(sqlite_store, news("worsened"), NOW, not_before=morning, error=f"{MUTED} by night")
    queued(sqlite_store, QUIET, NOW, not_before=morning, error=f"{MUTED} by night")
    deliver(given, sqlite_store, now=morning, worker="w")
    assert len(mail.handler.letters) == len(httpserver.log) == 2
    assert b"worsened: news of incident:a" in bytes(mail.handler.letters[-1])
    (post,) = fake_slack.posts()
    assert "worsened: news of incident:a" in [r["text"] for r in fake_slack.replies(post["ts"])]


def test_it_goes_to_no_fallback_of_a_channel_in_which_the_story_was_told(fake_slack, mail, httpserver, sqlite_store):
    given = world(fake_slack, mail, httpserver, fallbacks={"slack": "mail"})
    queued(sqlite_store, news(), NOW, ["slack"])
    deliver(given, sqlite_store, now=NOW, worker="w")
    fake_slack.revoked = True
    queued(sqlite_store, QUIET, NOW, ["slack"])
    deliver(given, sqlite_store, now=NOW, worker="w")
    later = NOW + AFTER + timedelta(seconds=5)
    deliver(given, sqlite_store, now=later, worker="w")
    assert mail.handler.letters == []
    fake_slack.revoked = False
    deliver(given, sqlite_store, now=later + timedelta(seconds=3 * BLOCKED_S), worker="w")
    (post,) = fake_slack.posts()
    assert "widened" in str(post["blocks"])
    assert mail.handler.letters == []


def test_what_was_told_together_is_edited_without_a_word_too(fake_slack, mail, httpserver, sqlite_store):
    """One of many stories, and all of them at once: the message of all says it, nobody is called, no letter comes."""
    given, many = world(fake_slack, mail, httpserver), [f"incident:{k}" for k in range(10)]
    for hour, (step, threads) in enumerate([("opened", many), ("widened", many[:1]), ("widened", many[1:])]):
        for thread in threads:
            queued(sqlite_store, news(step, thread=thread, **({} if step == "opened" else {"reply": None})), NOW)
        done = deliver(given, sqlite_store, now=NOW + timedelta(hours=hour), worker="w")
        assert [d.state for d in done] == [Delivery.SENT] * len(threads) * len(NAMES)
    (post,) = fake_slack.posts()
    assert str(post["blocks"]).count("widened") == len(many)
    assert fake_slack.replies(post["ts"]) == []
    assert len(mail.handler.letters) == len(httpserver.log) == 1
    # News in their company is told, and it alone.
    queued(sqlite_store, news("widened", "2", thread=many[1], reply=None), NOW)
    for thread in (many[0], *many[2:]):
        queued(sqlite_store, news("ended", thread=thread), NOW)
    deliver(given, sqlite_store, now=NOW + timedelta(hours=4), worker="w")
    (reply,) = fake_slack.replies(post["ts"])
    assert "News of 9" in reply["text"]
    assert len(mail.handler.letters) == len(httpserver.log) == 2
