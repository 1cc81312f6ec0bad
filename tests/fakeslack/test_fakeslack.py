"""The stand-in is as strict as Slack, so that what passes here has a chance there."""

import pytest
from fakeslack.plugin import fake_slack
from fakeslack.rules import block_problems
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

__all__ = ["fake_slack"]


@pytest.fixture
def client(fake_slack):
    return WebClient(token="xoxb-good", base_url=fake_slack.url, timeout=2, retry_handlers=[])


def refused(call, *args, **kwargs):
    with pytest.raises(SlackApiError) as caught:
        call(*args, **kwargs)
    return caught.value.response


def text(words, kind="mrkdwn"):
    return {"type": kind, "text": words}


def section(words):
    return {"type": "section", "text": text(words)}


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x")] * 51,
        [section("x" * 3_001)],
        [section("")],
        [{"type": "section"}],
        [{"type": "section", "fields": [text("x")] * 11}],
        [{"type": "section", "fields": [text("x" * 2_001)]}],
        [{"type": "header", "text": text("mrkdwn in a header")}],
        [{"type": "header", "text": text("x" * 151, "plain_text")}],
        [{"type": "header", "text": text("😀" * 76, "plain_text")}],
        [{"type": "header", "text": "a string"}],
        [{"type": "context", "elements": [text("x")] * 11}],
        [{"type": "context", "elements": []}],
        [{"type": "marquee"}],
        [{"type": "divider", "colour": "red"}],
        [{"type": "divider", "block_id": "b" * 256}],
        [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
        [{"type": "image", "alt_text": "x"}],
        [{"type": "image", "image_url": "http://x/y.png"}],
        [{"type": "actions", "elements": [{"type": "button", "text": text("x")}]}],
        [{"type": "actions", "elements": [{"type": "button", "text": text("x" * 76, "plain_text")}]}],
        [{"type": "actions", "elements": [{"type": "button", "text": text("x", "plain_text"), "value": "v" * 2_001}]}],
        [{"type": "actions", "elements": [{"type": "button", "text": text("x", "plain_text"), "style": "loud"}]}],
    ],
)
def test_blocks_beyond_a_limit_are_refused(client, blocks):
    assert refused(client.chat_postMessage, channel="C0ALERTS", text="x", blocks=blocks)["error"] == "invalid_blocks"
    assert block_problems(blocks)


def test_blocks_at_their_limits_are_taken(client):
    blocks = [section("x" * 3_000), {"type": "header", "text": text("😀" * 75, "plain_text")}, {"type": "divider"}]
    assert client.chat_postMessage(channel="C0ALERTS", text="x", blocks=blocks)["ok"]


def test_one_message_a_second_in_a_channel_is_the_pace(client):
    client.chat_postMessage(channel="C0ALERTS", text="one")
    late = refused(client.chat_postMessage, channel="C0ALERTS", text="two")
    assert (late.status_code, late["error"], late.headers["Retry-After"]) == (429, "ratelimited", "1")
    assert client.chat_postMessage(channel="C0OPS", text="another channel")["ok"]


def test_a_message_needs_words_a_channel_and_a_token(client, fake_slack):
    bare = {"params": {"channel": "C0ALERTS"}}
    assert refused(client.api_call, "chat.postMessage", **bare)["error"] == "no_text"
    assert refused(client.chat_postMessage, channel="C0GONE", text="x")["error"] == "channel_not_found"
    assert refused(client.chat_postMessage, channel="C0ALERTS", text="x" * 40_001)["error"] == "msg_too_long"
    other = WebClient(token="xoxb-bad", base_url=fake_slack.url, retry_handlers=[])
    assert refused(other.chat_postMessage, channel="C0ALERTS", text="x")["error"] == "invalid_auth"
    assert refused(client.chat_update, channel="C0ALERTS", ts="1.1", text="x")["error"] == "message_not_found"


def test_metadata_show_only_when_asked_for(client):
    metadata = {"event_type": "e", "event_payload": {"key": "k"}}
    client.chat_postMessage(channel="C0ALERTS", text="x", metadata=metadata)
    assert "metadata" not in client.conversations_history(channel="C0ALERTS")["messages"][0]
    seen = client.conversations_history(channel="C0ALERTS", include_all_metadata=True)["messages"][0]
    assert seen["metadata"] == metadata


def test_a_file_is_shown_only_once_it_is_shared_and_ready(client, fake_slack):
    ts = client.chat_postMessage(channel="C0ALERTS", text="x")["ts"]
    alone = client.files_upload_v2(filename="a.png", content=b"png")["files"][0]["id"]
    block = {"type": "image", "slack_file": {"id": alone}, "alt_text": "a"}
    assert refused(client.chat_update, channel="C0ALERTS", ts=ts, text="x", blocks=[block])["error"] == "invalid_blocks"
    shared = client.files_upload_v2(filename="a.png", content=b"png", channel="C0ALERTS", thread_ts=ts)["files"][0][
        "id"
    ]
    block = {"type": "image", "slack_file": {"id": shared}, "alt_text": "a"}
    assert refused(client.chat_update, channel="C0ALERTS", ts=ts, text="x", blocks=[block])["error"] == "invalid_blocks"
    while not client.files_info(file=shared)["file"]["mimetype"]:
        pass
    assert client.chat_update(channel="C0ALERTS", ts=ts, text="x", blocks=[block])["ok"]
    assert fake_slack.files[shared]["polls"] == fake_slack.polls_until_ready


def test_who_one_is_can_be_asked(client):
    assert client.auth_test()["team"] == "Fake"
    assert refused(client.api_call, "no.such.method")["error"] == "unknown_method"
