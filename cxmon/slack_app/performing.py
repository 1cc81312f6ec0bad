"""The edge that talks to Slack: what handlers returned is done in order, and nothing of it is done twice."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cxmon.alerts import Slack
from cxmon.alerts.slack import EVENT, opaque
from cxmon.alerts.slack_errors import classify, error_name
from cxmon.errors import DeliveryError
from cxmon.failpoints import failpoint
from cxmon.slack_app.contract import Call, Deed, Request, Respond, Upload
from cxmon.slack_app.modals import origin
from cxmon.wording import clicking as words

log = logging.getLogger(__name__)

# What Slack says where a view came too late for the click that asked for it.
_LATE = frozenset({"expired_trigger_id", "trigger_expired"})
# The same click came twice, and its view stands there already.
_TWICE = frozenset({"exchanged_trigger_id", "trigger_exchanged"})


def perform(deeds: Sequence[Deed], request: Request, channel: Slack, since: datetime | None = None) -> None:
    """Every deed in order. One that fails ends the rest, unless it is `best_effort`; the one who asked is told.

    `since`: it is tried again, and may have come as far as this before, from then on: what is posted is looked for
    first. An edit may be made twice; an answer to one person alone may come twice.
    """
    for number, deed in enumerate(deeds):
        try:
            posted = _marked(deed, f"{request.key}|{number}")
            if since is None or not _stands(posted, channel, since):
                _one(posted, request, channel)
            failpoint("click-deed-performed")
        except Exception as problem:  # noqa: BLE001 - the one who asked is told, others go on.
            name = error_name(problem)
            log.warning(
                "slack app: %s of %s failed: %s", _named(deed), request.name, classify(problem, repeatable=True)
            )
            if name in _TWICE or (isinstance(deed, Call | Upload) and deed.best_effort):
                continue
            if not isinstance(deed, Respond):
                tell(words.too_late() if name in _LATE else words.not_done(name), request, channel)
            return


def _marked(deed: Deed, key: str) -> Deed:
    """What is posted carries a key, by which it is found again."""
    if not isinstance(deed, Call) or deed.method != "chat.postMessage":
        return deed
    metadata = {"event_type": EVENT, "event_payload": {"key": opaque(key)}}
    return replace(deed, arguments={**deed.arguments, "metadata": metadata})


def _stands(deed: Deed, channel: Slack, since: datetime) -> bool:
    """Whether a message was posted since; False where the bot may not look (`channels:history`)."""
    if not isinstance(deed, Call) or "metadata" not in deed.arguments:
        return False
    where, thread = str(deed.arguments["channel"]), str(deed.arguments.get("thread_ts", ""))
    try:
        return channel.stands(deed.arguments["metadata"]["event_payload"]["key"], where, thread, since)
    except DeliveryError as problem:
        log.warning("slack app: it is not known whether a message was posted before: %s", problem)
        return False


def tell(text: str, request: Request, channel: Slack) -> None:
    """A line that only the one who asked sees; that it cannot be said is logged."""
    try:
        _respond(Respond(text=text), request, channel)
    except Exception as problem:  # noqa: BLE001 - nothing more can be done than say so in the log.
        log.warning("slack app: could not answer: %s", classify(problem, repeatable=True))


def _one(deed: Deed, request: Request, channel: Slack) -> None:
    match deed:
        case Call():
            arguments = {**deed.arguments, **(deed.later() if deed.later is not None else {})}
            answer = channel.client().api_call(deed.method, json=arguments)
            if deed.kept is not None and isinstance(answer.data, dict):
                deed.kept(answer.data)
        case Respond():
            _respond(deed, request, channel)
        case Upload():
            picture = deed.picture() if callable(deed.picture) else deed.picture
            if picture is None:
                return
            channel.client().files_upload_v2(
                filename="chart.png",
                content=picture,
                title=deed.title,
                alt_txt=deed.alt,
                channel=_conversation(deed.channel, channel),
                thread_ts=deed.thread_ts or None,
            )


def _conversation(name: str, channel: Slack) -> str:
    """A channel's id as it is; of a person the conversation with them, since a file cannot be sent to a person's id."""
    if not name.startswith(("U", "W")):
        return name
    opened = channel.client().api_call("conversations.open", json={"users": name})
    return str(opened["channel"]["id"])


def _respond(deed: Respond, request: Request, channel: Slack) -> None:
    body: dict[str, Any] = {"text": deed.text} | ({"blocks": list(deed.blocks)} if deed.blocks else {})
    if request.response_url and _of_slack(request.response_url, channel) and not deed.channel:
        _post(request.response_url, body, channel, in_channel=deed.in_channel)
        return
    where = deed.channel or request.channel or origin(request).channel
    if where and deed.in_channel:
        channel.client().api_call("chat.postMessage", json={"channel": where, **body})
    elif where:
        channel.client().api_call("chat.postEphemeral", json={"channel": where, "user": request.user, **body})
    else:
        # A person's id is the address of the conversation with them.
        channel.client().api_call("chat.postMessage", json={"channel": request.user, **body})


def _post(url: str, body: Mapping[str, Any], channel: Slack, *, in_channel: bool) -> None:
    from slack_sdk.webhook import WebhookClient  # noqa: PLC0415 - `cxmon validate` must not load the SDK.

    kind = "in_channel" if in_channel else "ephemeral"
    client = WebhookClient(url, timeout=int(channel.timeout_s) or 1, retry_handlers=[])
    answer = client.send_dict({**body, "response_type": kind, "replace_original": False})
    if answer.status_code != 200:
        raise ConnectionError(f"the response address answered {answer.status_code}")


def _of_slack(url: str, channel: Slack) -> bool:
    """Only Slack's own addresses are answered, whatever an envelope names."""
    there, known = urlsplit(url), urlsplit(channel.base_url)
    host = there.hostname or ""
    return (there.scheme == "https" and host.endswith(".slack.com")) or there.netloc == known.netloc


def _named(deed: Deed) -> str:
    return deed.method if isinstance(deed, Call) else type(deed).__name__.lower()
