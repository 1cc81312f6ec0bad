"""Durations of which only those that have ended are read: what is still open is in no figure, and nobody sees it."""

import re

from cxmon.config.frame import Frame
from cxmon.config.shapes import Entry
from cxmon.model import Kind

_ENDED = re.compile(r"\b\w*(closed|solved|resolved|ended|finished|completed)\w*\b", re.IGNORECASE)
_ADVICE = "take the day it began, and censored: true for rows without a value"


def check_durations(frame: Frame, entry: Entry) -> None:
    """Note where a quantile, as durations are, counts what has ended alone, as far as the names tell."""
    read = entry.get("read")
    if entry.get("kind") is not Kind.QUANTILE or not isinstance(read, Entry) or read.get("censored"):
        return
    time, where = (read.get(key) for key in ("time", "where"))
    if isinstance(time, str) and _ENDED.search(time):
        found = (
            "by the day they ended: what is still open is in no figure, and leaving it open looks like an improvement"
        )
        frame.reading.note(read.at("time"), f"{found}; {_ADVICE}")
    elif isinstance(where, str) and _ENDED.search(where):
        found = "only what has ended: the newest days hold the quick ones alone until all have"
        frame.reading.note(read.at("where"), f"{found}; {_ADVICE}")
