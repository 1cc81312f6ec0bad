"""The body of an answer: streamed up to a limit, unpacked up to the same one, and read as JSON."""

import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import requests

from cxmon.feeds.shape import Decode, document
from cxmon.model import written

CHUNK = 262_144
LONGEST_SAID = 200

_ZIPPED = {"gzip", "x-gzip", "deflate"}
# Where APIs put the sentence that says what is wrong.
_WORDS = ("message", "error_description", "errorMessages", "errors", "description", "detail", "title", "error", "type")


class BodyError(Exception):
    """A body that cannot be taken: `again` says that another attempt may bring a better one."""

    def __init__(self, said: str, *, again: bool = False) -> None:
        self.again = again
        super().__init__(said)


def content(response: requests.Response, most: int, deadline: float) -> bytes:
    """The unpacked body. BodyError where it is longer than `most` bytes, packed or not, or takes past `deadline`
    (`time.monotonic`)."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", *_ZIPPED}:
        raise BodyError(f"packed as {encoding[:20]!r}, which was not asked for")
    found = bytearray()
    for piece in _unpacked(response, most) if encoding in _ZIPPED else _sent(response):
        found += piece
        if len(found) > most:
            raise BodyError(f"longer than {written(most)} bytes; ask for smaller pages, or raise `most_bytes`")
        if time.monotonic() > deadline:
            raise BodyError("an answer that does not come to its end", again=True)
    return bytes(found)


def _sent(response: requests.Response) -> Iterator[bytes]:
    """What has come, as it comes: waiting for a full piece would let a body that drips go on for ever."""
    while piece := response.raw.read1(CHUNK, decode_content=False):
        yield piece


def _unpacked(response: requests.Response, most: int) -> Iterator[bytes]:
    """What is packed comes out in pieces of at most CHUNK, so that a little that becomes a lot is noticed in time."""
    unpacker = zlib.decompressobj(wbits=47)
    try:
        for piece in _sent(response):
            rest = piece
            while rest:
                yield unpacker.decompress(rest, CHUNK)
                rest = unpacker.unconsumed_tail
        tail = unpacker.flush(min(most, CHUNK))
    except zlib.error:
        raise BodyError("packed in a way that cannot be unpacked", again=True) from None
    if not unpacker.eof:
        raise BodyError("an answer that was cut short", again=True)
    yield tail


def parsed(body: bytes, content_type: str, decode: Decode | None = None) -> Any:
    """The JSON of a body, or the part of it that `decode` takes. BodyError with what it is instead."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if "html" in content_type.lower() or start.startswith((b"<!doctype", b"<html")):
        raise BodyError("a web page where JSON belongs (a login, an error page, or another `base_url`?)", again=True)
    if not start:
        raise BodyError("nothing where JSON belongs", again=True)
    try:
        return document(body, decode)
    except UnicodeDecodeError:
        raise BodyError("text that is not UTF-8 where JSON belongs") from None
    except RecursionError:
        raise BodyError("JSON that is nested too deeply") from None
    except ValueError as error:
        raise BodyError(f"broken JSON ({str(error)[:80]})", again=True) from None


def said(body: bytes) -> str:
    """What the vendor says is wrong, short and on one line; nothing where it says nothing that can be shown."""
    try:
        found = json.loads(body[:CHUNK].decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return ""
    for _ in range(4):
        if isinstance(found, list):
            found = found[0] if found else ""
        elif isinstance(found, dict):
            found = next((found[name] for name in _WORDS if found.get(name)), "")
    text = " ".join(str(found).split()) if isinstance(found, str | int) else ""
    return "".join(c for c in text if c.isprintable())[:LONGEST_SAID]
