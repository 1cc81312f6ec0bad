"""Data made safe for Slack: cleaned, cut by its escaped length, escaped. Nothing that comes from data can be markup."""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from cxmon.model import Record, written
from cxmon.wording.messages import more_lines

_JOINER = "\u200d"
_LOOKALIKES = str.maketrans({"`": "'", "*": "∗", "~": "∼"})
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_SPACE = re.compile(r"(?:(?!(?<=\d)\u202f\d)\s)+")
_URL_LIMIT = 2_000


def clean(text: str) -> str:
    """One line without control, bidirectional and lone surrogate characters; white space becomes single spaces, but
    for the narrow one inside a figure, at which no line may break."""
    kept = (c for c in _SPACE.sub(" ", text) if c == _JOINER or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return "".join(kept).strip()


def unformatted(text: str) -> str:
    """Characters that Slack reads as bold, struck, italic or code, replaced by ones that look alike."""
    return _EDGE_UNDERSCORE.sub("ˍ", text.translate(_LOOKALIKES))


def escape(text: str) -> str:
    """The three characters that open links, mentions and entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def size(text: str) -> int:
    """What Slack counts: UTF-16 units of the escaped text."""
    return len(escape(text).encode("utf-16-le")) // 2


def cut(text: str, limit: int) -> str:
    """`text`, or its beginning with the number of characters left out, so that its escaped form has at most `limit`
    units. Cutting comes before escaping: an entity is never cut in two."""
    if size(text) <= limit:
        return text
    room = limit - size(f"… (+{written(len(text))} characters)")
    end, used = 0, 0
    for character in text:
        used += size(character)
        if used > room:
            break
        end += 1
    kept = text[:end].rstrip()
    return f"{kept}… (+{written(len(text) - len(kept))} characters)" if room > 0 else text[:0]


def cut_lines(lines: Iterable[str], limit: int) -> list[str]:
    """As many whole lines as fit with their line breaks; a last line says how many were left out.

    A single line that is longer than half of the room is cut itself, so that one long line cannot hide the others.
    """
    told = [cut(line, limit // 2) for line in lines]
    kept: list[str] = []
    used = 0
    for i, line in enumerate(told):
        note = size(more_lines(len(told))) + 1
        if used + size(line) + 1 > limit - (note if i < len(told) - 1 else 0):
            return [*kept, more_lines(len(told) - i)]
        kept.append(line)
        used += size(line) + 1
    return kept


def linked(records: Iterable[Record]) -> list[tuple[str, str]]:
    """(id, address) of the records whose address may be linked; the id is as it came."""
    return [(one.id, url) for one in records if (url := safe_url(one.link))]


def safe_url(url: str | None) -> str | None:
    """An http(s) address in which nothing can end the link early; None where it is anything else or too long."""
    try:
        scheme = urlsplit(url or "").scheme
    except ValueError:
        return None
    if not url or scheme not in {"http", "https"}:
        return None
    encoded = quote(clean(url), safe="%/:?#[]@!$&'()+,;=~-._")
    return encoded if len(encoded) <= _URL_LIMIT else None
