"""Data in Markdown: shown as text, never as markup."""

import re
import unicodedata

from cxmon.model import Tone

BADGE = {Tone.RED: "red", Tone.AMBER: "orange", Tone.TEAL: "green", Tone.GREY: "gray"}
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def md(text: str) -> str:
    """Escape everything that Streamlit's Markdown gives a meaning; control and bidirectional marks go."""
    plain = "".join(c for c in text if c == "\u00a0" or unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs"})
    return _MARKUP.sub(r"\\\1", plain)


def badge(words: str, tone: Tone, shape: str) -> str:
    """A badge with shape and word; the colour only repeats what they say."""
    return f":{BADGE[tone]}-badge[:material/{shape}: {md(words)}]"


def small(*lines: str) -> str:
    """Lines of small print, Markdown already. A caption of Streamlit's would fade the links in it until they are hard
    to read."""
    return "  \n".join(f":small[{line}]" for line in lines if line)


def grey(text: str) -> str:
    """Grey small text; `text` is Markdown already."""
    return f":gray[{text}]" if text else ""
