"""A letter whose answer was lost is sent again under its own name, and says that it may be a repeat."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from fakemail.server import mail, running
from notify_world import NOW, news, plan, row

from cxmon.alerts import Email
from cxmon.errors import DeliveryError
from cxmon.pipeline.notify import LEASE_S, REPEAT, deliver, send_test

__all__ = ["mail", "running"]

DOUBT_OVER = timedelta(seconds=LEASE_S + 5)


def given(server):
    letters = Email(
        host="127.0.0.1", port=server.port, security="none", sender="cx@example.com", to=("desk@example.com",)
    )
    return plan("http://x", channels={"mail": letters})


def test_what_is_in_doubt_comes_again_and_says_so(mail, sqlite_store):
    mail.handler.hang_up = True
    sqlite_store.outbox.queue([row(news(), "mail")], NOW)
    world = given(mail)
    assert [d.state.value for d in deliver(world, sqlite_store, now=NOW, worker="w")] == ["sending"]
    assert deliver(world, sqlite_store, now=NOW + timedelta(seconds=30), worker="other") == []
    assert [d.state.value for d in deliver(world, sqlite_store, now=NOW + DOUBT_OVER, worker="w")] == ["sending"]
    mail.handler.hang_up = False
    # A server that never answers is left more and more time.
    assert deliver(world, sqlite_store, now=NOW + 2 * DOUBT_OVER, worker="w") == []
    later = NOW + 2 * DOUBT_OVER + timedelta(minutes=1)
    assert [d.state.value for d in deliver(world, sqlite_store, now=later, worker="w")] == ["sent"]
    first, *others = mail.handler.letters
    assert REPEAT not in str(first)
    assert all(REPEAT in other.get_body(("plain",)).get_content() for other in others)
    assert {letter["Message-ID"] for letter in others} == {first["Message-ID"]}


class Faulty:
    """A plug-in that loses its answer and cannot look it up."""

    type, pace_s = "faulty", 0.0

    def deliver(self, message, previous, picture):
        raise DeliveryError("no answer", in_doubt=True)

    def find(self, message, since, previous=None):
        raise RuntimeError("a fault of its own")


def test_a_channel_that_fails_to_look_up_holds_up_no_other(mail, sqlite_store):
    world = replace(given(mail), channels={**given(mail).channels, "faulty": Faulty()})
    sqlite_store.outbox.queue([row(news(), "faulty")], NOW)
    assert [d.state.value for d in deliver(world, sqlite_store, now=NOW, worker="w")] == ["sending"]
    sqlite_store.outbox.queue([row(news(), "mail")], NOW)
    assert [d.state.value for d in deliver(world, sqlite_store, now=NOW + DOUBT_OVER, worker="w")] == ["sent"]


def test_a_test_message_arrives(mail, sqlite_store):
    assert [d.state.value for d in send_test(given(mail), sqlite_store, channel="mail", now=NOW)] == ["sent"]
    assert "nothing is wrong" in mail.handler.letters[0]["Subject"]


PROCESS = """
import sys
from datetime import datetime
from test_mail_in_doubt import given
from cxmon.pipeline.notify import deliver
from cxmon.store import Store
class Server: port = int(sys.argv[2])
with Store.open(sys.argv[1]) as store:
    deliver(given(Server), store, now=datetime.fromisoformat(sys.argv[3]), worker="killed")
"""


def test_a_worker_killed_behind_the_letter_leaves_a_marked_repeat_and_nothing_lost(mail, sqlite_store):
    sqlite_store.outbox.queue([row(news(), "mail")], NOW)
    paths = [Path(__file__).parents[2], Path(__file__).parents[1], Path(__file__).parent]
    env = os.environ | {"CXMON_FAILPOINT": "notify-delivered", "PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-c", PROCESS, sqlite_store.url, str(mail.port), NOW.isoformat()]
    assert subprocess.run(command, env=env, check=False).returncode == -signal.SIGKILL
    assert len(mail.handler.letters) == 1
    assert [d.state.value for d in deliver(given(mail), sqlite_store, now=NOW + DOUBT_OVER, worker="w")] == ["sent"]
    first, again = mail.handler.letters
    assert first["Message-ID"] == again["Message-ID"]
    assert REPEAT in again.get_body(("plain",)).get_content()
    assert deliver(given(mail), sqlite_store, now=NOW + 2 * DOUBT_OVER, worker="w") == []
