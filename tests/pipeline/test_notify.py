"""From the outbox to people: in order, paced, nothing lost in an outage, each failure with its own end."""

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from fakeslack.plugin import fake_slack
from notify_world import NOW, Hasty, after, news, plan, row

from cxmon.alerts import Console, Slack
from cxmon.errors import DeliveryError
from cxmon.model import Delivery, Secret
from cxmon.pipeline.notify import BLOCKED_S, LEASE_S, REPEAT, deliver, send_test
from cxmon.pipeline.overtaken import take_along
from cxmon.store import Store

__all__ = ["fake_slack"]

DOUBT_OVER = timedelta(seconds=LEASE_S + 5)


@pytest.fixture
def world(fake_slack, sqlite_store):
    """A plan, its store and the Slack it reaches, without pace."""
    fake_slack.pace_s = 0.0
    return plan(fake_slack.url), sqlite_store, fake_slack


def send(world, now=NOW, worker="w"):
    return [(d.key.split("|")[1], d.state.value) for d in deliver(world[0], world[1], now=now, worker=worker)]


def put(world, *messages):
    world[1].outbox.queue([row(m) for m in messages], NOW)


def states(store):
    return {r.key: r.state.value for r in store.outbox.rows()}


def test_a_life_is_one_message_edited_and_its_news_in_the_thread(world):
    put(world, news("opened"), news("worsened"), news("ended"))
    assert send(world) == [("opened", "sent"), ("worsened", "sent"), ("ended", "sent")]
    slack = world[2]
    (post,) = slack.posts()
    assert "CSAT ended in incident:a" in str(post["blocks"])
    assert [r["text"].split(":")[0] for r in slack.replies(post["ts"])] == ["worsened", "ended"]
    assert slack.problems == []
    assert slack.refused == []


def test_what_was_sent_is_not_sent_again(world):
    put(world, news())
    assert send(world) == [("opened", "sent")]
    put(world, news())
    assert send(world, after(days=1)) == []
    assert len(world[2].posts()) == 1


def test_messages_keep_the_pace_of_the_channel(fake_slack, sqlite_store):
    given = plan(fake_slack.url, kind=Slack)
    sqlite_store.outbox.queue([row(news(thread=f"incident:{i}")) for i in range(3)], NOW)
    assert [d.state for d in deliver(given, sqlite_store, now=NOW, worker="w")] == [Delivery.SENT] * 3
    assert fake_slack.refused == []
    at = [c.at for c in fake_slack.calls if c.method == "chat.postMessage"]
    assert min(b - a for a, b in pairwise(at)) >= 1.0


def test_the_pace_counts_from_the_arrival_of_a_slow_message(fake_slack, sqlite_store):
    fake_slack.fail("chat.postMessage", "slow")
    sqlite_store.outbox.queue([row(news(thread=f"incident:{i}")) for i in range(2)], NOW)
    given = plan(fake_slack.url, kind=Slack)
    assert [d.state for d in deliver(given, sqlite_store, now=NOW, worker="w")] == [Delivery.SENT] * 2
    assert fake_slack.refused == []


def test_one_slow_channel_does_not_hold_up_another(world, capsys):
    given = replace(world[0], channels={**world[0].channels, "console": Console()})
    world[2].fail("chat.postMessage", "429", retry_after="60")
    put(world, news())
    world[1].outbox.queue([row(news(thread="incident:b"), "console")], NOW)
    done = {d.channel: d.state.value for d in deliver(given, world[1], now=NOW, worker="w")}
    assert done == {"slack": "waiting", "console": "sent"}
    assert "incident:b" in capsys.readouterr().out


def test_the_wait_that_slack_asks_for_binds_every_worker(world):
    world[2].fail("chat.postMessage", "429", retry_after="120")
    put(world, news(), news(thread="incident:b"))
    assert send(world) == [("opened", "waiting")]
    assert send(world, after(seconds=100), worker="other") == []
    assert send(world, after(seconds=121), worker="other") == [("opened", "sent")] * 2
    assert world[2].count("chat.postMessage") == 2


def test_what_is_in_doubt_and_arrived_is_not_sent_again(world):
    world[2].fail("chat.postMessage", "drop")
    put(world, news())
    assert send(world) == [("opened", "sending")]
    assert send(world, after(seconds=30)) == []
    assert send(world, NOW + DOUBT_OVER) == [("opened", "sent")]
    assert len(world[2].posts()) == 1


def test_what_is_in_doubt_and_did_not_arrive_is_sent(world):
    world[2].fail("chat.postMessage", "refuse")
    put(world, news())
    assert send(world) == [("opened", "sending")]
    assert send(world, NOW + DOUBT_OVER) == [("opened", "sent")]
    assert len(world[2].posts()) == 1


def test_a_reply_in_doubt_is_looked_for_in_its_thread(world):
    put(world, news())
    send(world)
    world[2].fail("chat.postMessage", "drop")
    put(world, news("worsened"))
    assert send(world) == [("worsened", "sending")]
    assert send(world, NOW + DOUBT_OVER) == [("worsened", "sent")]
    assert len(world[2].replies(world[2].posts()[0]["ts"])) == 1


def test_while_nothing_can_be_known_nothing_is_sent(world):
    world[2].fail("chat.postMessage", "drop")
    put(world, news())
    send(world)
    world[2].fail("conversations.history", "500")
    assert send(world, NOW + DOUBT_OVER) == []
    assert states(world[1]) == {"incident:a|opened|1|slack": "sending"}
    assert send(world, NOW + 3 * DOUBT_OVER) == [("opened", "sent")]
    assert len(world[2].posts()) == 1


def test_where_it_can_never_be_known_the_repeat_says_so(world):
    world[2].scopes.discard("channels:history")
    world[2].fail("chat.postMessage", "drop")
    put(world, news())
    send(world)
    assert send(world, NOW + DOUBT_OVER) == [("opened", "sent")]
    first, second = world[2].posts()
    assert REPEAT not in str(first["blocks"])
    assert REPEAT in str(second["blocks"])


def test_a_day_without_slack_loses_nothing_and_ends_without_a_storm(world):
    slack = world[2]
    slack.stop()
    stories = [f"incident:{i}" for i in range(4)]
    put(world, *(news(thread=t) for t in stories))
    for hour in range(0, 24, 3):
        send(world, after(hours=hour))
    put(world, *(news(step, thread=t) for t in stories for step in ("worsened", "ended")))
    assert set(states(world[1]).values()) == {"waiting"}
    slack.start()
    send(world, after(days=1, hours=1))
    assert set(states(world[1]).values()) == {"sent"}
    assert len(slack.posts()) == len(stories)
    assert [m for m in slack.messages if "thread_ts" in m] == []
    for post in slack.posts():
        assert "CSAT ended" in str(post["blocks"])
        assert "Told late: the channel was out of reach. At first: Worse than expected, CSAT opened" in str(
            post["blocks"]
        )


def test_a_story_begun_before_an_outage_gets_its_news_in_order(world):
    put(world, news())
    send(world)
    world[2].stop()
    put(world, news("worsened"), news("ended"))
    assert send(world, after(minutes=20)) == [("worsened", "waiting")]
    world[2].start()
    assert send(world, after(minutes=40)) == [("worsened", "sent"), ("ended", "sent")]
    replies = world[2].replies(world[2].posts()[0]["ts"])
    assert [r["text"].split(":")[0] for r in replies] == ["worsened", "ended"]


def test_after_an_hour_of_it_its_news_is_one_edit_and_one_reply_that_loses_nothing(world):
    put(world, news())
    send(world)
    world[2].stop()
    put(world, news("worsened"), news("widened", reply=None), news("ended"))
    assert send(world, after(minutes=30)) == [("worsened", "waiting")]
    world[2].start()
    assert send(world, after(hours=1)) == [("worsened", "sent"), ("widened", "sent"), ("ended", "sent")]
    (post,) = world[2].posts()
    (reply,) = world[2].replies(post["ts"])
    assert reply["blocks"][0]["text"]["text"] == "worsened: news of incident:a\nended: news of incident:a"
    assert "CSAT ended in incident:a" in str(post["blocks"])
    assert "Told late: the channel was out of reach" in str(post["blocks"])
    assert world[2].count("chat.update") == 1


def test_after_a_long_one_the_newest_stand_in_the_reply_and_the_others_are_counted(world):
    put(world, news())
    send(world)
    world[2].stop()
    put(world, *(news("worsened", version=str(i), reply=f"worse for the {i}. time") for i in range(8)))
    send(world, after(minutes=1))
    world[2].start()
    assert len(send(world, after(days=1))) == 8
    (reply,) = world[2].replies(world[2].posts()[0]["ts"])
    first, *newest = reply["blocks"][0]["text"]["text"].splitlines()
    assert first == "3 earlier pieces of news, which its history tells"
    assert newest == [f"worse for the {i}. time" for i in range(3, 8)]


def test_what_went_with_a_message_that_is_not_on_its_way_any_more_is_told_by_itself(world):
    put(world, news())
    send(world)
    put(world, news("ended"))
    lead, other = row(news()), row(news("ended"))
    assert take_along(world[1], lead, [other], at=NOW, worker="gone")
    assert send(world, after(seconds=LEASE_S + 5)) == [("ended", "sent")]
    (reply,) = world[2].replies(world[2].posts()[0]["ts"])
    assert reply["text"].startswith("ended: ")


def test_a_form_that_slack_refuses_after_an_outage_takes_no_other_news_with_it(world):
    world[2].stop()
    put(world, news(), news("ended"))
    send(world, after(minutes=1))
    world[2].start()
    world[2].fail("chat.postMessage", "msg_too_long", times=2)
    assert send(world, after(minutes=30)) == [("opened", "dead"), ("ended", "sent")]
    (post,) = world[2].posts()
    assert "CSAT ended in incident:a" in str(post["blocks"])


@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [
        (lambda s: setattr(s, "revoked", True), lambda s: setattr(s, "revoked", False)),
        (lambda s: s.archived.add("C0ALERTS"), lambda s: s.archived.clear()),
        (lambda s: s.scopes.discard("chat:write"), lambda s: s.scopes.add("chat:write")),
    ],
)
def test_a_blocked_channel_keeps_everything_until_it_is_mended(world, break_it, mend_it):
    break_it(world[2])
    put(world, news(), news(thread="incident:b"))
    assert send(world) == [("opened", "parked")]
    assert "Slack refuses: " in world[1].outbox.rows(Delivery.PARKED)[0].error
    assert send(world, after(seconds=60)) == []
    assert send(world, after(seconds=BLOCKED_S + 5)) == [("opened", "parked")]
    mend_it(world[2])
    assert send(world, after(seconds=3 * BLOCKED_S)) == [("opened", "sent")] * 2


def test_a_message_that_slack_refuses_in_every_form_is_given_up_and_others_go_on(world):
    world[2].fail("chat.postMessage", "msg_too_long", times=2)
    put(world, news(), news("ended"), news(thread="incident:b"))
    assert send(world) == [("opened", "dead"), ("ended", "sent"), ("opened", "sent")]
    assert sorted(states(world[1]).values()) == ["dead", "sent", "sent"]


def test_a_channel_that_is_not_configured_any_more_keeps_its_messages(world):
    given, store, _ = world
    put(world, news())
    other = replace(given, channels={"console": Console()})
    (done,) = deliver(other, store, now=NOW, worker="w")
    assert (done.state, done.error) == (Delivery.PARKED, "the configuration has no channel 'slack' any more")
    assert send(world, after(seconds=BLOCKED_S + 5)) == [("opened", "sent")]


@dataclass(frozen=True, kw_only=True)
class Contested(Console):
    """A channel that asks two workers to wait at the same time: the other one for longer."""

    store: Store

    def deliver(self, message, previous, picture):
        self.store.outbox.pause("contested", after(seconds=120))
        raise DeliveryError("wait", retry_after=5.0)


def test_a_short_wait_never_undoes_a_longer_one(sqlite_store):
    given = plan("http://x", channels={"contested": Contested(store=sqlite_store)})
    sqlite_store.outbox.queue([row(news(), "contested")], NOW)
    assert [d.state.value for d in deliver(given, sqlite_store, now=NOW, worker="w")] == ["waiting"]
    assert sqlite_store.outbox.paused("contested") == after(seconds=120)


@dataclass(frozen=True, kw_only=True)
class Faulty(Console):
    """A plug-in with a bug."""

    def deliver(self, message, previous, picture):
        raise KeyError("a bug")


def test_a_bug_in_a_channel_holds_nobody_up_and_is_given_up_in_the_end(sqlite_store, capsys):
    given = plan("http://x", channels={"faulty": Faulty(), "console": Console()})
    sqlite_store.outbox.queue([row(news(), "faulty"), row(news(thread="incident:b"), "console")], NOW)
    done = {d.channel: d.state.value for d in deliver(given, sqlite_store, now=NOW, worker="w")}
    assert done == {"faulty": "waiting", "console": "sent"}
    for hour in range(1, 10):
        deliver(given, sqlite_store, now=after(hours=hour), worker="w")
    assert states(sqlite_store)["incident:a|opened|1|faulty"] == "dead"
    assert capsys.readouterr().out.count("incident:b") == 1


def test_two_workers_send_each_message_once(world):
    given, store, slack = world
    put(world, *(news(thread=f"note:{i}") for i in range(12)))
    url = store.url

    def work(name):
        with Store.open(url) as mine:
            deliver(given, mine, now=NOW, worker=name)

    workers = [threading.Thread(target=work, args=(n,)) for n in ("one", "two", "three")]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert set(states(store).values()) == {"sent"}
    assert sorted(p["text"] for p in slack.posts()) == ["CSAT opened"] * 12
    assert len({p["metadata"]["event_payload"]["key"] for p in slack.posts()}) == 12


def test_a_test_message_is_sent_past_the_outbox_and_frees_what_was_parked(world):
    world[2].revoked = True
    put(world, news())
    assert send(world) == [("opened", "parked")]
    (refused,) = send_test(world[0], world[1], channel="slack", now=NOW)
    assert (refused.state, refused.error) == (
        Delivery.PARKED,
        "Slack refuses: token_revoked (the app needs a new token)",
    )
    world[2].revoked = False
    (done,) = send_test(world[0], world[1], channel=None, now=NOW)
    assert (done.state, done.error) == (Delivery.SENT, "")
    assert [p["text"] for p in world[2].posts()] == ["Test message from Northwind Support: nothing is wrong"]
    assert send(world, after(seconds=5)) == [("opened", "sent")]


def test_a_test_message_to_a_channel_that_is_not_there_names_those_that_are(world):
    with pytest.raises(DeliveryError, match="no channel 'slcak': expected one of slack"):
        send_test(world[0], world[1], channel="slcak", now=NOW)


def test_without_a_token_the_outbox_empties_to_the_console(sqlite_store, capsys):
    given = plan("http://x", channels={"slack": Slack(channel="#cx", token=Secret(""))})
    sqlite_store.outbox.queue([row(news()), row(news("ended"))], NOW)
    assert [d.state.value for d in deliver(given, sqlite_store, now=NOW, worker="w")] == ["sent", "sent"]
    shown = capsys.readouterr().out
    assert shown.index("CSAT opened in") < shown.index("↳ ended: news") < shown.index("CSAT ended in")


def test_the_hasty_channel_of_these_tests_differs_in_its_pace_only():
    assert Hasty(channel="x", token=Secret("t")).pace_s == 0.0
    assert Slack(channel="x", token=Secret("t")).pace_s == 1.0
