"""Slack by its Web API: one message a story, edited when there is news, told in its thread, with the chart in it."""

import hashlib
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from cxmon.alerts import blocks
from cxmon.alerts.console import write
from cxmon.alerts.markup import clean, cut
from cxmon.alerts.slack_errors import PAYLOAD, classify, error_name
from cxmon.errors import DeliveryError
from cxmon.failpoints import failpoint
from cxmon.model import Message, Receipt, Secret, written

if TYPE_CHECKING:
    from slack_sdk import WebClient

log = logging.getLogger(__name__)

EVENT = "cxmon_message"
_ID = re.compile(r"[CGD][A-Z0-9]{5,}")
_GONE = frozenset({"message_not_found", "thread_not_found"})
_FROZEN = frozenset({"cant_update_message", "edit_window_closed", "message_not_owned_by_app"})
# Our clock may run ahead of Slack's.
_CLOCKS = timedelta(hours=1)
_PAGES = 10
_PAGE = 200
_READY_S = 6.0
_POLL_S = 0.4
_FLAGS = {"unfurl_links": False, "unfurl_media": False}


@dataclass(frozen=True, kw_only=True)
class Slack:
    """A Slack channel, through a bot token with `chat:write` (and `channels:history`, `channels:read`, `files:write`,
    `files:read`). `channel` is a name or, better, an id. Without a token the same messages go to the console. With an
    `app_token` (xapp-..., for Socket Mode) messages have buttons, which `cxmon run` and `cxmon up` hear."""

    channel: str
    type: Literal["slack"] = "slack"
    token: Secret = field(default_factory=lambda: Secret(""))
    base_url: str = "https://slack.com/api/"
    timeout_s: float = 10.0
    app_token: Secret = field(default_factory=lambda: Secret(""))

    def __post_init__(self) -> None:
        if not self.channel.strip():
            raise ValueError("channel: found nothing, expected a channel's name or id")
        if not 0 < self.timeout_s <= 60:
            raise ValueError(f"timeout_s: found {self.timeout_s}, expected more than 0 and at most 60")
        if urlsplit(self.base_url).scheme not in {"http", "https"}:
            raise ValueError(f"base_url: found {self.base_url!r}, expected an http or https address")
        if self.app_token and not self.token:
            raise ValueError("app_token: found one without a token, expected the bot's token beside it")
        if self.app_token and not self.app_token.reveal().startswith("xapp-"):
            raise ValueError("app_token: found another kind of token, expected an app-level token, which begins xapp-")

    @property
    def listens(self) -> bool:
        """Whether somebody hears the buttons of its messages."""
        return bool(self.app_token)

    @property
    def edits(self) -> bool:
        """Whether a message that stands there can be brought up to date; what was printed cannot."""
        return bool(self.token)

    @property
    def pace_s(self) -> float:
        """Slack takes about one message a second in a channel; a console takes what comes."""
        return 1.0 if self.token else 0.0

    @property
    def draws(self) -> bool:
        """A console shows no pictures."""
        return bool(self.token)

    def deliver(self, message: Message, previous: Receipt | None, picture: bytes | None) -> Receipt:
        """Post `message`, or edit `previous` and reply in its thread. Raises DeliveryError; a picture never does."""
        if not self.token:
            return write(message, previous, note="printed, no Slack token")
        client = self.client()
        known = previous if previous is not None and _ID.fullmatch(previous.channel) else None
        receipt = self._edit(client, message, known) if known else self._post(client, message)
        failpoint("slack-told")
        if picture is not None:
            self._illustrate(client, message, receipt, picture)
        return receipt

    def find(self, message: Message, since: datetime, previous: Receipt | None = None) -> Receipt | None:
        """Look for the message's key in the thread of `previous` and in the channel since `since`.

        Raises DeliveryError: permanent where this can never be known (a scope is missing), else where Slack does not
        answer now.
        """
        if not self.token:
            raise DeliveryError(
                "without a token the message was printed, and a console keeps no record", permanent=True
            )
        client = self.client()
        wanted, oldest = opaque(message.key), f"{since.timestamp():.6f}"
        known = previous if previous is not None and _ID.fullmatch(previous.channel) else None
        try:
            if known and any(_key(m) == wanted for m in self._thread(client, known, oldest)):
                return known
            channel = known.channel if known else self._channel_id(client, self.channel)
            for told in self._pages(client.conversations_history, channel=channel, oldest=oldest):
                if _key(told) == wanted:
                    return Receipt(channel=channel, ref=str(told["ts"]), detail="found in the channel's history")
        except DeliveryError:
            raise
        except Exception as problem:
            raise classify(problem, repeatable=True) from problem
        return None

    def stands(self, key: str, channel: str, thread: str, since: datetime) -> bool:
        """Whether a message with this opaque key was posted in a channel, or in a thread of it. DeliveryError where it
        cannot be known."""
        client, oldest = self.client(), f"{(since - _CLOCKS).timestamp():.6f}"
        try:
            there = self._channel_id(client, channel)
            if thread:
                found = self._thread(client, Receipt(channel=there, ref=thread), oldest)
            else:
                found = self._pages(client.conversations_history, channel=there, oldest=oldest)
            return any(_key(told) == key for told in found)
        except DeliveryError:
            raise
        except Exception as problem:
            raise classify(problem, repeatable=True) from problem

    def render(self, message: Message, *, image: str | None = None) -> list[dict[str, Any]]:
        """The blocks of a message here: with buttons where they are heard, else with the commands' names."""
        return blocks.render(message, image=image, interactive=self.listens)

    def client(self) -> "WebClient":
        from slack_sdk import WebClient  # noqa: PLC0415 - `cxmon validate` must not load the SDK.

        # No retry handlers: the SDK's own would post again after a reply that was lost. The outbox knows better.
        return WebClient(
            token=self.token.reveal(),
            base_url=self.base_url,
            timeout=self.timeout_s,  # type: ignore[arg-type]  # urllib takes fractions of a second.
            retry_handlers=[],
        )

    def _post(self, client: "WebClient", message: Message) -> Receipt:
        shown = {"text": blocks.notification(message), "blocks": self.render(message)}
        sent = self._say(client, message.key, shown, plain=blocks.plain_text(message), channel=self.channel)
        channel, ts = str(sent["channel"]), str(sent["ts"])
        return Receipt(channel=channel, ref=ts, detail=_address(client, channel, ts))

    def _edit(self, client: "WebClient", message: Message, previous: Receipt) -> Receipt:
        """Edit the first message, which may be done any number of times, then reply, which may not."""
        if not self._update(client, message, previous):
            return self._post(client, message)
        failpoint("slack-edited")
        if message.reply:
            text = blocks.reply_text(message.reply)
            shown = {"text": text, "blocks": blocks.render_reply(message.reply)}
            try:
                # What everybody in the channel is to hear stands there too, as a reply that is also sent to it.
                aloud = {"reply_broadcast": True} if message.aloud else {}
                where = {"channel": previous.channel, "thread_ts": previous.ref, **aloud}
                self._say(client, message.key, shown, plain=text, **where)
            except DeliveryError as problem:
                if error_name(problem.__cause__ or problem) not in _GONE:  # type: ignore[arg-type]
                    raise
                return self._post(client, message)
        return previous

    def _update(self, client: "WebClient", message: Message, previous: Receipt, image: str | None = None) -> bool:
        """False where the message is not there any more."""
        if image is None and message.picture is None:
            image = self._shown(client, previous)
        shown: dict[str, Any] = {"text": blocks.notification(message), "blocks": self.render(message, image=image)}
        try:
            client.chat_update(channel=previous.channel, ts=previous.ref, **shown)
        except Exception as problem:
            name = error_name(problem)
            if name in _GONE:
                return False
            if name in _FROZEN:
                log.warning("the first message of %s cannot be edited any more (%s)", message.thread, name)
                return True
            if name in PAYLOAD and image is None:
                return self._update_plain(client, message, previous)
            raise classify(problem, repeatable=True) from problem
        return True

    def _shown(self, client: "WebClient", first: Receipt) -> str | None:
        """The picture that the first message has by now, for news that brings none of its own; None where the bot may
        not look."""
        try:
            page = _data(client.conversations_history(channel=first.channel, latest=first.ref, inclusive=True, limit=1))
        except Exception as problem:  # noqa: BLE001 - a picture never keeps the words back.
            log.debug("the picture of a message was not found: %s", problem)
            return None
        mine = [told for told in page.get("messages", []) if told.get("ts") == first.ref]
        return blocks.image_in(mine[0].get("blocks")) or None if mine else None

    def _update_plain(self, client: "WebClient", message: Message, previous: Receipt) -> bool:
        try:
            client.chat_update(channel=previous.channel, ts=previous.ref, text=blocks.plain_text(message), blocks=[])
        except Exception as problem:
            raise classify(problem, repeatable=True) from problem
        return True

    def _say(self, client: "WebClient", key: str, shown: dict[str, Any], *, plain: str, **where: Any) -> dict[str, Any]:
        """chat.postMessage; where Slack refuses the blocks, once more as plain text."""
        metadata = {"event_type": EVENT, "event_payload": {"key": opaque(key)}}
        try:
            return _data(client.chat_postMessage(**where, **shown, metadata=metadata, **_FLAGS))  # type: ignore[arg-type]
        except Exception as problem:
            if error_name(problem) not in PAYLOAD:
                raise classify(problem, repeatable=False) from problem
            log.warning("Slack refused a message's form, sending it as plain text: %s", problem)
        try:
            return _data(client.chat_postMessage(**where, text=plain, metadata=metadata, **_FLAGS))  # type: ignore[arg-type]
        except Exception as problem:
            raise classify(problem, repeatable=False) from problem

    def _illustrate(self, client: "WebClient", message: Message, receipt: Receipt, picture: bytes) -> None:
        """Put the picture into the thread (a file of the bot alone is seen by nobody else), then into the message.

        Slack needs a moment before a file can be shown in a block. Whatever fails, the words stand."""
        chart = message.picture
        try:
            uploaded = client.files_upload_v2(
                filename="chart.png",
                content=picture,
                title=cut(clean(chart.title if chart else message.title), 250),
                alt_txt=cut(clean(chart.alt if chart else message.text), 1_000),
                channel=receipt.channel,
                thread_ts=receipt.ref,
            )
            failpoint("slack-uploaded")
            image = str(_data(uploaded)["files"][0]["id"])
            if self._ready(client, image):
                self._update(client, message, receipt, image=image)
        except Exception as problem:  # noqa: BLE001 - a picture never keeps the words back.
            log.warning("the picture of %s was not shown: %s", message.thread, problem)

    def _ready(self, client: "WebClient", image: str) -> bool:
        """True once Slack knows what kind of file it is; True at once where the bot may not ask."""
        until = time.monotonic() + _READY_S
        while time.monotonic() < until:
            try:
                info = _data(client.files_info(file=image))
            except Exception as problem:
                if error_name(problem) == "missing_scope":
                    return True
                raise
            if info.get("file", {}).get("mimetype"):
                return True
            time.sleep(_POLL_S)
        return False

    def _channel_id(self, client: "WebClient", named: str) -> str:
        if _ID.fullmatch(named):
            return named
        name = named.removeprefix("#")
        for found in self._pages(client.conversations_list, into="channels", types="public_channel,private_channel"):
            if found.get("name") == name:
                return str(found["id"])
        raise DeliveryError(f"Slack lists no channel {named!r}; give its id to be sure", permanent=True)

    def _thread(self, client: "WebClient", first: Receipt, oldest: str) -> Iterator[dict[str, Any]]:
        try:
            yield from self._pages(client.conversations_replies, channel=first.channel, ts=first.ref, oldest=oldest)
        except Exception as problem:
            if error_name(problem) not in _GONE:
                raise

    @staticmethod
    def _pages(method: Any, *, into: str = "messages", **args: Any) -> Iterator[dict[str, Any]]:
        if into == "messages":
            args["include_all_metadata"] = True
        cursor = ""
        for _ in range(_PAGES):
            page = _data(method(limit=_PAGE, **args, **({"cursor": cursor} if cursor else {})))
            yield from page.get(into, [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        raise DeliveryError(
            f"Slack has more {into} than are looked through ({written(_PAGES * _PAGE)})", permanent=True
        )


def opaque(key: str) -> str:
    """What stands in a message's metadata, which everybody in the workspace may read: a key that tells nothing."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _key(told: dict[str, Any]) -> str:
    metadata = told.get("metadata") or {}
    return str((metadata.get("event_payload") or {}).get("key", "")) if metadata.get("event_type") == EVENT else ""


def _data(response: Any) -> dict[str, Any]:
    return dict(response.data)


def _address(client: "WebClient", channel: str, ts: str) -> str:
    """Where a browser finds a message, for the board; empty where Slack does not say. It asks for no scope."""
    try:
        return str(_data(client.chat_getPermalink(channel=channel, message_ts=ts)).get("permalink", ""))
    except Exception as problem:  # noqa: BLE001 - the message is told; an address never makes it told again.
        log.debug("the address of a message was not found: %s", problem)
        return ""
