"""The stand-in refuses views that Slack refuses, and triggers that are used or old."""

import pytest
from fakeslack.plugin import listening_slack
from fakeslack.views import view_problems
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

__all__ = ["listening_slack"]


def plain(words):
    return {"type": "plain_text", "text": words}


def asked(**element):
    made = {"type": "plain_text_input", "action_id": "a"} | element
    return {"type": "input", "block_id": "b", "label": plain("L"), "element": made}


def view(*blocks, **more):
    return {"type": "modal", "title": plain("T"), "submit": plain("S"), "blocks": list(blocks) or [asked()]} | more


OPTION = {"text": plain("o"), "value": "v"}


@pytest.mark.parametrize(
    "wrong",
    [
        view(title=plain("x" * 25)),
        view(submit=plain("x" * 25)),
        view(private_metadata="x" * 3001),
        view(callback_id="x" * 256),
        view(*[asked() | {"block_id": str(i)} for i in range(101)]),
        view(colour="red"),
        view(asked(), asked()),
        {k: v for k, v in view().items() if k != "submit"},
        view(asked(max_length=3001)),
        view(asked(initial_value="xx", max_length=1)),
        view(asked(type="datepicker", initial_date="1 May")),
        view(asked(type="radio_buttons", options=[OPTION] * 11)),
        view(asked(type="static_select", options=[])),
        view(asked(type="static_select", options=[{"text": plain("x" * 76), "value": "v"}])),
        view(asked(type="static_select", options=[OPTION], initial_option={"text": plain("p"), "value": "w"})),
        view(asked(type="button")),
        {"type": "home"},
    ],
)
def test_a_view_that_slack_refuses_is_refused(wrong):
    assert view_problems(wrong)
    assert view_problems(view()) == []


def test_a_trigger_opens_one_view(listening_slack):
    client = WebClient(token="xoxb-good", base_url=listening_slack.url, retry_handlers=[])
    trigger = listening_slack._trigger()
    assert client.views_open(trigger_id=trigger, view=view())["ok"]
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        client.views_open(trigger_id=trigger, view=view())
    listening_slack._triggers["old"] = -1e9
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        client.views_open(trigger_id="old", view=view())


def test_a_bot_token_opens_no_socket(listening_slack):
    client = WebClient(base_url=listening_slack.url, retry_handlers=[])
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        client.apps_connections_open(app_token="xoxb-good")
    assert client.apps_connections_open(app_token="xapp-good")["url"].startswith("ws://")
