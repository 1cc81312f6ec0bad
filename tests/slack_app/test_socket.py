"""The socket's watchdog: deaf, mute, broken, renewed, refused; and what `cxmon doctor` says of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from slack_world import QUICK, World

from cxmon.model import Access, IncidentState, Secret
from cxmon.slack_app.health import buttons_heard
from cxmon.slack_app.listening import listenings
from cxmon.store import Listener

TELLING = replace(QUICK, report_s=0.1)
# A machine under load answers a ping late too: what is asserted is that the socket was left, never how often.
SHARP = replace(QUICK, ping_s=0.1, deaf_s=1.0, hello_s=1.0)


def heard(world, **later):
    with world.store() as store:
        return buttons_heard(world.plan, store, now=datetime.now(UTC) + timedelta(**later))


def started(world, pulse=TELLING, holder="one"):
    (app,) = listenings(world.plan, holder=holder, clock=lambda: datetime.now(UTC), pulse=pulse)
    return app.start()


def clicked(world, message):
    """Whether a click is heard now."""
    world.slack.acked(world.slack.click("acknowledge", message))
    world.slack.until(lambda: world.incident().state is IncidentState.ACKNOWLEDGED, what="the click")


def test_a_deaf_socket_is_found_and_replaced(world, listening_slack, caplog):
    message = world.told()
    listening_slack.deaf = 1
    caplog.set_level("INFO", "cxmon.slack_app.listening")
    app = started(world, SHARP)
    try:
        listening_slack.until(lambda: listening_slack.connections, what="a second connection")
        clicked(world, message)
    finally:
        app.stop()
    assert "deaf: no answer to a ping for 1 s" in caplog.text


def test_a_socket_that_never_said_hello_is_left(world, listening_slack):
    listening_slack.mute = 1
    app = started(world, SHARP)
    try:
        listening_slack.until(lambda: listening_slack.connections, what="a second connection")
    finally:
        app.stop()
    assert listening_slack.opened >= 2


def test_a_renewal_opens_the_new_socket_before_it_closes_the_old_one(world, listening_slack):
    slack, message = listening_slack, world.told()
    with world.listening() as app:
        old = slack.connections[0]
        slack.disconnect()
        slack.until(lambda: app.sockets == 2 and len(slack.connections) == 2, what="both sockets")
        clicked(world, message)
        slack.until(lambda: old not in slack.connections, what="the end of the old socket")
    assert slack.opened == 2


def test_a_socket_on_which_nothing_comes_is_renewed_now_and_then(world, listening_slack):
    app = started(world, replace(TELLING, quiet_s=0.3))
    try:
        listening_slack.until(lambda: app.sockets >= 2, what="a renewal")
    finally:
        app.stop()


def test_a_broken_connection_is_made_again_and_never_in_a_tight_loop(world, listening_slack):
    slack, message = listening_slack, world.told()
    with world.listening() as app:
        slack.fail("apps.connections.open", "500", times=2)
        old = slack.connections[0]
        old.close()
        slack.until(lambda: app.sockets == 2 and slack.connections[-1:] not in ([], [old]), what="a new socket")
        clicked(world, message)
    tries = [c.at for c in slack.calls if c.method == "apps.connections.open"]
    assert len(tries) <= 4


def test_doctor_says_whether_buttons_are_heard(world, listening_slack):
    said = "nobody listens, so its buttons do nothing: start `cxmon run` or `cxmon up`"
    assert heard(world) == [("buttons of slack", False, said)]
    app = started(world)
    try:
        listening_slack.until(lambda: heard(world)[0][1], what="a sign of life")
        assert heard(world) == [("buttons of slack", True, "connected, buttons are heard (one)")]
        assert heard(world, minutes=2)[0][1] is False
        with world.store() as store:
            store.heard.listening(Listener(channel="slack", holder="two", hears=True, seen_at=datetime.now(UTC)))
        assert heard(world)[0][2].endswith(", 2 processes")
        with world.store() as store:
            store.heard.gone("slack", "two")
    finally:
        app.stop()
    assert heard(world) == [("buttons of slack", False, said)]


def test_a_refused_app_token_is_named_and_tried_again(world, listening_slack):
    listening_slack.app_token = "xapp-other"
    app = started(world)
    try:
        listening_slack.until(lambda: "invalid_auth" in heard(world)[0][2], what="the refusal")
        assert heard(world)[0][1] is False
        listening_slack.app_token = "xapp-good"
        listening_slack.until(lambda: heard(world)[0][1], what="a connection")
    finally:
        app.stop()


def test_without_editors_doctor_says_that_nobody_may_press(listening_slack, sqlite_url, tmp_path):
    world = World(listening_slack, sqlite_url, tmp_path, access=Access(viewers=("*",)))
    ((_, well, told),) = heard(world)
    assert not well
    assert told.endswith("nobody may press them: name editors under `access`")


def test_the_service_listens_where_buttons_are_heard_and_nowhere_else(world):
    from cxmon.service import Service

    assert len(Service(world.plan)._listenings()) == 1
    quiet = replace(world.channel, app_token=Secret(""))
    assert Service(replace(world.plan, channels={"slack": quiet}))._listenings() == []
