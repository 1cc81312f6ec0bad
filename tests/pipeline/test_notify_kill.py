"""Killed by SIGKILL anywhere between the decision and `sent`, then started again: nothing lost, nothing told twice."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fakeslack.plugin import fake_slack
from killing import dies
from notify_world import NOW, STEPS, after, live_a_story, news, plan, row

from cxmon.model import Delivery, DigestTime
from cxmon.pipeline.digest import queue_due
from cxmon.pipeline.notify import LEASE_S, deliver
from cxmon.store import Store

__all__ = ["fake_slack"]

ROOT = Path(__file__).parents[2]
ROOMS = ["cxmon/alerts", "cxmon/pipeline/notify.py", "cxmon/pipeline/route.py", "cxmon/store/outbox.py",
         "cxmon/store/incidents.py"]  # fmt: skip


def failpoints():
    """Every failpoint on the way from the decision to `sent`, read from the code so that none goes untested.

    Left out: amendments by hand, what the store's own kill tests do inside one transaction, the upload of a picture,
    which is over when the words are out (below), and what is told together (test_many_at_once).
    """
    files = [f for room in ROOMS for f in ([ROOT / room] if room.endswith(".py") else (ROOT / room).glob("*.py"))]
    found = {name for f in files for name in re.findall(r'failpoint\("([^"]+)"\)', f.read_text(encoding="utf-8"))}
    elsewhere = re.compile("amend-.*|slack-uploaded|.*together.*|incidents-(?!before-commit|after-commit).*")
    return sorted(name for name in found if not elsewhere.fullmatch(name))


def killed(url, slack, at, shift=0.0):
    """Whether a process that lives the story `shift` seconds after NOW is killed at `at` (`name` or `name:nth`)."""
    return dies(lambda: live_a_story(url, slack, shift), at)


def told(slack):
    """What a reader of the channel sees: the story's messages, and the news in its thread."""
    posts = slack.posts()
    return len(posts), [r["text"].split(":")[0] for p in posts for r in slack.replies(p["ts"])]


@pytest.fixture
def url(fake_slack, store_url):
    """Address of a fresh store, on both databases in turn; the fake Slack asks for no pace."""
    fake_slack.pace_s = 0.0
    Store.open(store_url).close()
    return store_url


def assert_told_once(url, slack):
    with Store.open(url) as store:
        assert {r.state.value for r in store.outbox.rows()} == {"sent"}
        assert sorted(r.key for r in store.outbox.rows()) == sorted(f"{news(s).key}|slack" for s in STEPS)
        assert len(store.incidents.history("a")) == len(STEPS)
    assert told(slack) == (1, ["worsened", "ended"])


@pytest.mark.parametrize(
    "at", [*(n for n in failpoints() if n != "notify-looked-up"), "slack-told:2", "notify-claimed:2"]
)
def test_a_kill_at_any_point_loses_nothing_and_tells_nothing_twice(fake_slack, url, at):
    assert killed(url, fake_slack.url, at)
    live_a_story(url, fake_slack.url, LEASE_S + 5)
    assert_told_once(url, fake_slack)


def test_a_kill_during_the_look_up_after_a_kill_tells_nothing_twice(fake_slack, url):
    assert killed(url, fake_slack.url, "slack-told")
    assert killed(url, fake_slack.url, "notify-looked-up", LEASE_S + 5)
    live_a_story(url, fake_slack.url, 3 * LEASE_S)
    assert_told_once(url, fake_slack)


def test_without_a_kill_the_story_is_told_once(fake_slack, url):
    assert not killed(url, fake_slack.url, "notify-looked-up")
    assert_told_once(url, fake_slack)


def test_the_points_of_the_way_are_found_by_themselves():
    ours = {"notify-claimed", "notify-drawn", "notify-delivered", "notify-sent", "slack-told", "slack-edited"}
    assert ours <= set(failpoints())


@pytest.mark.parametrize("told_before", [False, True], ids=["not told before", "told before"])
@pytest.mark.parametrize(
    "at",
    ["notify-claimed", "notify-drawn", "outbox-take-together-after-commit", "slack-told", "notify-delivered",
     "outbox-together-before-commit", "outbox-together-after-commit"],
)  # fmt: skip
def test_a_kill_while_a_story_is_told_after_an_outage_tells_nothing_twice_either(fake_slack, url, at, told_before):
    """One message says all that the outage kept: what it overtook must not come behind it once more."""
    given, day = plan(fake_slack.url), after(days=1)
    with Store.open(url) as store:
        store.outbox.queue([row(news())], NOW)
        if told_before:
            deliver(given, store, now=NOW, worker="w")
        fake_slack.stop()
        store.outbox.queue([row(news("worsened")), row(news("ended"))], NOW)
        deliver(given, store, now=NOW, worker="w")
        fake_slack.start()

    def work(shift=0.0):
        with Store.open(url) as store:
            deliver(given, store, now=day + timedelta(seconds=shift), worker=f"w{shift}")

    assert dies(work, at)
    work(LEASE_S + 5)
    with Store.open(url) as store:
        assert {r.state for r in store.outbox.rows()} == {Delivery.SENT}
    (post,) = fake_slack.posts()
    assert "CSAT ended" in str(post["blocks"])
    replies = [r["blocks"][0]["text"]["text"] for r in fake_slack.replies(post["ts"])]
    assert replies == ["worsened: news of incident:a\nended: news of incident:a"] * told_before


def test_a_kill_behind_the_upload_of_a_picture_leaves_the_words_once(fake_slack, url):
    given = plan(fake_slack.url)
    with Store.open(url) as store:
        store.outbox.queue([row(news())], NOW)

    def work():
        with Store.open(url) as store:
            (mine,) = store.outbox.claim(NOW, worker="killed", limit=1, lease_s=LEASE_S)
            given.channels["slack"].deliver(mine.message, None, b"\x89PNG of any kind")

    assert dies(work, "slack-uploaded")
    with Store.open(url) as store:
        done = deliver(given, store, now=after(seconds=LEASE_S + 5), worker="w")
        assert [d.state for d in done] == [Delivery.SENT]
    (post,) = fake_slack.posts()
    assert len(fake_slack.pictures(post["ts"])) == 1


@pytest.mark.parametrize("at", ["notify-claimed", "slack-told", "notify-delivered", "outbox-sent-before-commit"])
def test_a_digest_is_told_once_wherever_its_process_dies(fake_slack, url, at):
    when = DigestTime(day="monday", at=NOW.time(), channels=("slack",))
    given = replace(plan(fake_slack.url), digest=when, zone="UTC")

    def work(shift=0.0):
        with Store.open(url) as store:
            queue_due(given, store, now=after(seconds=shift))
            deliver(given, store, now=after(seconds=shift), worker=f"w{shift}")

    assert dies(work, at)
    work(LEASE_S + 5)
    with Store.open(url) as store:
        assert [r.state for r in store.outbox.rows()] == [Delivery.SENT]
    assert len(fake_slack.messages) == 1
