"""The Slack channel against a strict Slack over real HTTP: what is sent, what is edited, what each failure means."""

import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from alert_samples import messages

from cxmon.alerts import Slack
from cxmon.alerts.slack import opaque
from cxmon.errors import DeliveryError
from cxmon.model import Receipt, Secret

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 500
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def slack(fake_slack):
    fake_slack.pace_s = 0.0
    return Slack(channel="#cx-alerts", token=Secret("xoxb-good"), base_url=fake_slack.url, timeout_s=1.0)


@pytest.fixture
def opened():
    return messages()["incident-watch"]


@pytest.fixture
def worsened():
    return messages()["incident-worsened"]


def failure(slack, message, previous=None):
    with pytest.raises(DeliveryError) as caught:
        slack.deliver(message, previous, None)
    return caught.value


def test_the_first_message_is_posted_with_blocks_text_and_an_opaque_key(slack, fake_slack, opened):
    receipt = slack.deliver(opened, None, None)
    (post,) = fake_slack.posts()
    address = f"https://f.slack.com/C0ALERTS/p{post['ts']}"
    assert receipt == Receipt(channel="C0ALERTS", ref=post["ts"], detail=address)
    assert post["text"].startswith("CSAT in phone · eu is 3.2 points worse than expected")
    assert post["metadata"] == {"event_type": "cxmon_message", "event_payload": {"key": opaque(opened.key)}}
    assert opened.thread not in str(post["metadata"])
    assert (post["unfurl_links"], post["unfurl_media"]) == (False, False)


def test_later_news_edit_the_first_message_and_reply_once_in_its_thread(slack, fake_slack, opened, worsened):
    first = slack.deliver(opened, None, None)
    again = slack.deliver(worsened, first, None)
    assert again == first
    (post,) = fake_slack.posts()
    assert "Clearly worse than last told" in str(post["blocks"])
    assert [r["text"].split(".")[0] for r in fake_slack.replies(first.ref)] == ["Clearly worse than last told"]
    assert fake_slack.problems == []


@pytest.mark.parametrize("kind", ["500", "html", "refuse"])
def test_a_message_is_told_once_where_slack_does_not_say_its_address(slack, fake_slack, opened, kind):
    fake_slack.fail("chat.getPermalink", kind, times=1)
    receipt = slack.deliver(opened, None, None)
    (post,) = fake_slack.posts()
    assert receipt == Receipt(channel="C0ALERTS", ref=post["ts"])


def test_a_picture_comes_after_the_words_in_the_thread_and_in_the_message(slack, fake_slack, opened):
    receipt = slack.deliver(opened, None, PNG)
    order = [c.method for c in fake_slack.calls]
    assert order.index("chat.postMessage") < order.index("files.getUploadURLExternal")
    (post,) = fake_slack.posts()
    image = next(b for b in post["blocks"] if b["type"] == "image")
    assert fake_slack.files[image["slack_file"]["id"]]["data"] == PNG
    assert len(fake_slack.pictures(receipt.ref)) == 1
    assert fake_slack.problems == []


@pytest.mark.parametrize(
    "method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info", "chat.update"]
)
@pytest.mark.parametrize("kind", ["500", "html", "refuse"])
def test_a_picture_that_fails_anywhere_leaves_the_words(slack, fake_slack, opened, method, kind):
    fake_slack.fail(method, kind, times=5)
    receipt = slack.deliver(opened, None, PNG)
    (post,) = fake_slack.posts()
    assert receipt.ref == post["ts"]
    assert all(b["type"] != "image" for b in post["blocks"])


def test_without_the_right_to_ask_about_files_the_picture_is_tried_once(slack, fake_slack, opened):
    fake_slack.scopes.discard("files:read")
    receipt = slack.deliver(opened, None, PNG)
    assert len(fake_slack.pictures(receipt.ref)) == 1
    assert fake_slack.count("chat.update") == 1


@pytest.mark.parametrize(
    ("kind", "permanent", "in_doubt", "payload"),
    [
        ("500", False, True, False),
        ("html", False, True, False),
        ("hang", False, True, False),
        ("drop", False, True, False),
        ("refuse", False, True, False),
        ("fatal_error", False, True, False),
        ("internal_error", False, True, False),
        ("an_error_of_next_year", False, True, False),
        ("service_unavailable", False, False, False),
        ("ratelimited", False, False, False),
        ("invalid_auth", True, False, False),
        ("account_inactive", True, False, False),
        ("not_in_channel", True, False, False),
        ("ekm_access_denied", True, False, False),
        ("restricted_action", True, False, False),
    ],
)
def test_each_failure_of_a_post_has_its_class(slack, fake_slack, opened, kind, permanent, in_doubt, payload):
    fake_slack.fail("chat.postMessage", kind)
    error = failure(slack, opened)
    assert (error.permanent, error.in_doubt, error.payload) == (permanent, in_doubt, payload)
    assert fake_slack.count("chat.postMessage") <= 1


def test_a_server_that_is_not_there_leaves_no_doubt(opened):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    slack = Slack(
        channel="C0ALERTS", token=Secret("xoxb-good"), base_url=f"http://127.0.0.1:{port}/api/", timeout_s=1.0
    )
    error = failure(slack, opened)
    assert (error.permanent, error.in_doubt) == (False, False)


@pytest.mark.parametrize(
    ("break_it", "named"),
    [
        (lambda s: setattr(s, "revoked", True), "token_revoked (the app needs a new token)"),
        (lambda s: s.scopes.discard("chat:write"), "missing_scope (the bot needs chat:write)"),
        (lambda s: s.archived.add("C0ALERTS"), "is_archived (unarchive the channel, or name another)"),
        (lambda s: s.outside.add("C0ALERTS"), "not_in_channel (invite the bot to the channel)"),
        (
            lambda s: s.channels.pop("C0ALERTS"),
            "channel_not_found (renamed, deleted, or private without the bot: give its id, and invite the bot)",
        ),
    ],
)
def test_a_blocked_destination_is_permanent_and_named(slack, fake_slack, opened, break_it, named):
    break_it(fake_slack)
    error = failure(slack, opened)
    assert error.permanent
    assert str(error) == f"Slack refuses: {named}"


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", 1.0), ("999999", 600.0), ("soon", 30.0), ("nan", 30.0), ("-3", 1.0)]
)
def test_the_wait_that_slack_asks_for_is_taken_within_reason(slack, fake_slack, opened, header, seconds):
    fake_slack.fail("chat.postMessage", "429", retry_after=header)
    error = failure(slack, opened)
    assert error.retry_after == seconds
    assert not error.in_doubt


def test_a_second_message_within_the_second_is_told_to_wait(slack, fake_slack, opened):
    fake_slack.pace_s = 1.0
    slack.deliver(opened, None, None)
    assert failure(slack, messages()["test"]).retry_after == 1.0


def test_blocks_that_slack_refuses_are_sent_as_plain_text_once(slack, fake_slack, opened):
    fake_slack.fail("chat.postMessage", "invalid_blocks")
    slack.deliver(opened, None, None)
    (post,) = fake_slack.posts()
    assert "blocks" not in post
    assert "3.2 points worse than expected (2.3 to 4.1)" in post["text"]
    assert post["metadata"]["event_payload"]["key"] == opaque(opened.key)


def test_a_message_that_slack_refuses_in_both_forms_is_given_up(slack, fake_slack, opened):
    fake_slack.fail("chat.postMessage", "msg_too_long", times=2)
    error = failure(slack, opened)
    assert error.payload
    assert fake_slack.posts() == []


def test_an_edit_that_slack_refuses_is_made_as_plain_text(slack, fake_slack, opened, worsened):
    first = slack.deliver(opened, None, None)
    fake_slack.fail("chat.update", "invalid_blocks")
    slack.deliver(worsened, first, None)
    (post,) = fake_slack.posts()
    assert post["blocks"] == []
    assert len(fake_slack.replies(first.ref)) == 1


def test_an_edit_that_is_lost_is_no_doubt_but_its_reply_is(slack, fake_slack, opened, worsened):
    first = slack.deliver(opened, None, None)
    fake_slack.fail("chat.update", "drop")
    assert not failure(slack, worsened, first).in_doubt
    fake_slack.fail("chat.postMessage", "drop")
    assert failure(slack, worsened, first).in_doubt


@pytest.mark.parametrize("frozen", ["cant_update_message", "edit_window_closed"])
def test_where_the_first_message_cannot_be_edited_the_reply_still_comes(slack, fake_slack, opened, worsened, frozen):
    first = slack.deliver(opened, None, None)
    fake_slack.fail("chat.update", frozen)
    slack.deliver(worsened, first, None)
    assert len(fake_slack.replies(first.ref)) == 1


def test_a_story_whose_first_message_was_deleted_goes_on_in_a_new_one(slack, fake_slack, opened, worsened):
    first = slack.deliver(opened, None, None)
    fake_slack.messages.clear()
    moved = slack.deliver(worsened, first, None)
    assert [p["ts"] for p in fake_slack.posts()] == [moved.ref]


def test_a_message_that_arrived_is_found_by_its_key(slack, fake_slack, opened):
    fake_slack.fail("chat.postMessage", "drop")
    assert failure(slack, opened).in_doubt
    found = slack.find(opened, LONG_AGO)
    assert found is not None
    assert found.ref == fake_slack.posts()[0]["ts"]
    assert slack.find(messages()["test"], LONG_AGO) is None
    assert slack.find(opened, datetime.now(UTC) + timedelta(hours=1)) is None


def test_a_reply_that_arrived_is_found_in_its_thread(slack, fake_slack, opened, worsened):
    first = slack.deliver(opened, None, None)
    assert slack.find(worsened, LONG_AGO, first) is None
    fake_slack.fail("chat.postMessage", "drop")
    failure(slack, worsened, first)
    assert slack.find(worsened, LONG_AGO, first) == first


def test_a_message_is_found_among_many(slack, fake_slack, opened):
    slack.deliver(opened, None, None)
    for number in range(450):
        fake_slack.messages.append({"channel": "C0ALERTS", "ts": f"{9_999_999_999}.{number:06d}", "text": "chat"})
    assert slack.find(opened, LONG_AGO) is not None


def test_a_history_too_long_to_look_through_is_no_proof_that_nothing_arrived(slack, fake_slack, opened):
    for number in range(2_001):
        fake_slack.messages.append({"channel": "C0ALERTS", "ts": f"{9_999_999_999}.{number:06d}", "text": "chat"})
    with pytest.raises(DeliveryError, match="more messages than are looked through") as caught:
        slack.find(opened, LONG_AGO)
    assert caught.value.permanent


@pytest.mark.parametrize("scope", ["channels:history", "channels:read"])
def test_what_can_never_be_known_is_permanent(slack, fake_slack, opened, scope):
    fake_slack.scopes.discard(scope)
    with pytest.raises(DeliveryError) as caught:
        slack.find(opened, LONG_AGO)
    assert caught.value.permanent


@pytest.mark.parametrize("kind", ["500", "html", "hang", "drop", "429"])
def test_what_cannot_be_known_now_is_asked_again_later(slack, fake_slack, opened, kind):
    fake_slack.fail("conversations.history", kind)
    with pytest.raises(DeliveryError) as caught:
        slack.find(opened, LONG_AGO)
    assert not caught.value.permanent
    assert not caught.value.in_doubt


def test_a_channel_given_by_id_needs_no_list(fake_slack, opened):
    fake_slack.scopes.discard("channels:read")
    slack = Slack(channel="C0ALERTS", token=Secret("xoxb-good"), base_url=fake_slack.url)
    assert slack.find(opened, LONG_AGO) is None
    assert fake_slack.count("conversations.list") == 0


def test_without_a_token_the_same_words_go_to_the_console(fake_slack, opened, capsys):
    slack = Slack(channel="#cx-alerts", base_url=fake_slack.url)
    receipt = slack.deliver(opened, None, PNG)
    assert "CSAT in phone · eu is 3.2 points worse than expected since 14 Oct" in capsys.readouterr().out
    assert receipt.channel == "console"
    assert fake_slack.calls == []
    assert slack.pace_s == 0.0


def test_a_story_begun_on_the_console_is_posted_anew_once_there_is_a_token(slack, fake_slack, opened, worsened):
    printed = Slack(channel="#cx-alerts").deliver(opened, None, None)
    receipt = slack.deliver(worsened, printed, None)
    assert [p["ts"] for p in fake_slack.posts()] == [receipt.ref]


def test_the_token_is_never_shown(slack, fake_slack, opened, caplog):
    caplog.set_level("DEBUG")
    slack.deliver(opened, None, PNG)
    fake_slack.fail("chat.postMessage", "invalid_auth")
    error = failure(slack, opened)
    assert "xoxb-good" not in f"{slack!r} {error} {error.__cause__} {caplog.text}"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"channel": " "}, "channel: found nothing"),
        ({"channel": "x", "timeout_s": 0}, "timeout_s: found 0"),
        ({"channel": "x", "base_url": "ftp://slack"}, "base_url: found 'ftp://slack'"),
    ],
)
def test_impossible_options_are_named(given, said):
    with pytest.raises(ValueError, match=said):
        Slack(**given)


def test_knowing_the_channels_loads_no_sdk():
    code = "import sys, cxmon.alerts; sys.exit('slack_sdk' in sys.modules or 'altair' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_message_without_a_reply_edits_silently(slack, fake_slack, opened, worsened):
    first = slack.deliver(opened, None, None)
    slack.deliver(replace(worsened, reply=None), first, None)
    assert fake_slack.replies(first.ref) == []
    assert len(fake_slack.edits) == 1
