"""Killed by SIGKILL anywhere between the decision and `sent`, then started again: nothing lost, nothing told twice."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakeslack.plugin import fake_slack
from notify_world import STEPS, live_a_story, news

from cxmon.pipeline.notify import LEASE_S
from cxmon.store import Store

__all__ = ["fake_slack"]

ROOT = Path(__file__).parents[2]
ROOMS = ["cxmon/alerts", "cxmon/pipeline/notify.py", "cxmon/pipeline/route.py", "cxmon/store/outbox.py",
         "cxmon/store/incidents.py"]  # fmt: skip
# The process that is killed; its end of the work is the same function that the restart runs.
PROCESS = (
    "import sys; from notify_world import live_a_story; live_a_story(sys.argv[1], sys.argv[2], float(sys.argv[3]))"
)


def failpoints():
    """Every failpoint on the way from the decision to `sent`, read from the code so that none goes untested.

    Left out: amendments by hand, what the store's own kill tests do inside one transaction, the upload of a picture,
    which is over when the words are out, and what is told together (test_many_at_once).
    """
    files = [f for room in ROOMS for f in ([ROOT / room] if room.endswith(".py") else (ROOT / room).glob("*.py"))]
    found = {name for f in files for name in re.findall(r'failpoint\("([^"]+)"\)', f.read_text(encoding="utf-8"))}
    elsewhere = re.compile("amend-.*|slack-uploaded|.*together.*|incidents-(?!before-commit|after-commit).*")
    return sorted(name for name in found if not elsewhere.fullmatch(name))


def killed(url, slack, at, shift=0.0):
    """How the process ended that was to be killed at `at` (`name` or `name:nth`), `shift` seconds after NOW."""
    env = os.environ | {"CXMON_FAILPOINT": at, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"}
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, url, slack, str(shift)], env=env, capture_output=True, check=False
    )
    return done.returncode


def told(slack):
    """What a reader of the channel sees: the story's messages, and the news in its thread."""
    posts = slack.posts()
    return len(posts), [r["text"].split(":")[0] for p in posts for r in slack.replies(p["ts"])]


@pytest.fixture
def url(fake_slack, tmp_path):
    """Address of a fresh store; the fake Slack asks for no pace."""
    fake_slack.pace_s = 0.0
    url = f"sqlite:///{tmp_path / 'store.db'}"
    Store.open(url).close()
    return url


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
    assert killed(url, fake_slack.url, at) == -signal.SIGKILL
    live_a_story(url, fake_slack.url, LEASE_S + 5)
    assert_told_once(url, fake_slack)


def test_a_kill_during_the_look_up_after_a_kill_tells_nothing_twice(fake_slack, url):
    assert killed(url, fake_slack.url, "slack-told") == -signal.SIGKILL
    assert killed(url, fake_slack.url, "notify-looked-up", LEASE_S + 5) == -signal.SIGKILL
    live_a_story(url, fake_slack.url, 3 * LEASE_S)
    assert_told_once(url, fake_slack)


def test_without_a_kill_the_story_is_told_once(fake_slack, url):
    assert killed(url, fake_slack.url, "notify-looked-up") == 0
    assert_told_once(url, fake_slack)


def test_the_points_of_the_way_are_found_by_themselves():
    ours = {"notify-claimed", "notify-drawn", "notify-delivered", "notify-sent", "slack-told", "slack-edited"}
    assert ours <= set(failpoints())
