"""A neutral message as JSON, for programs: the schema `cxmon.message.v1` of docs/alerts.md. Pure."""

import base64
import hashlib
import hmac
import json
from datetime import UTC
from typing import Any
from urllib.parse import quote

from cxmon.alerts.markup import clean, cut, safe_url
from cxmon.alerts.text import render
from cxmon.model import Fact, Message

SCHEMA = "cxmon.message.v1"
TEXT = 10_000


def document(message: Message, *, update: bool, picture: bytes | None) -> dict[str, Any]:
    """Plain values; text is cleaned of control and direction characters. Keys are added within a version, never
    renamed or removed."""
    chart = message.picture
    shown = None
    if picture is not None and chart is not None:
        shown = {"type": "image/png", "base64": base64.b64encode(picture).decode(), "alt": _text(chart.alt)}
    return {
        "schema": SCHEMA,
        "key": _text(message.key),
        "story": _text(message.thread),
        "update": update,
        "at": None if message.at is None else message.at.astimezone(UTC).isoformat(),
        "tone": message.tone.value,
        "badge": _text(message.badge),
        "title": _text(message.title),
        "text": _text(message.text),
        "reply": None if message.reply is None else _text(message.reply),
        "lines": [_text(line) for line in message.lines],
        "facts": [_fact(fact) for fact in message.facts],
        "sections": [
            {"heading": _text(s.heading), "lines": [_text(line) for line in s.lines]} for s in message.sections
        ],
        "metric": None if chart is None else _text(chart.metric),
        "segment": None if chart is None else _text(chart.segment),
        "change": None if chart is None or chart.change is None else _text(chart.change),
        "incident": next((_text(a.value) for a in message.actions if a.name == "acknowledge"), None),
        "records": [{"id": _text(one.id), "link": safe_url(one.link)} for one in message.records],
        "link": safe_url(message.link),
        "footer": _text(message.footer),
        "plain": cut(render(message, update=update), TEXT),
        "picture": shown,
    }


def body(message: Message, *, update: bool, picture: bytes | None) -> bytes:
    """The bytes that are signed and sent."""
    return json.dumps(document(message, update=update, picture=picture), ensure_ascii=False).encode()


def signature(secret: str, at: int, content: bytes) -> str:
    """`v1=` and the HMAC-SHA256 in hex of `v1:TIMESTAMP:BODY`: a request that is sent again later shows its age."""
    return "v1=" + hmac.new(secret.encode(), b"v1:%d:" % at + content, hashlib.sha256).hexdigest()


def header(key: str) -> str:
    """A key as a header may hold it."""
    return quote(clean(key), safe="|:;,.!()+*~ ")[:500]


def _fact(fact: Fact) -> dict[str, str]:
    return {"label": _text(fact.label), "text": _text(fact.text)}


def _text(text: str) -> str:
    return cut(clean(text), TEXT)
