"""Sizes as people write them into a form: `1 point` for what the configuration calls 1pt, and back."""

import re

from cxmon.model import FROM_FEED

# In whatever number format it is written.
_SIZE = re.compile(r"([-+]?\d[\d.,’' \xa0\u202f]*?)\s*(\D*)", re.ASCII)
_POINTS = re.compile(r"\s*points?$", re.IGNORECASE)
_BEFORE_UNIT = re.compile(r"(?<=\d)\s+(?=\S+$)")
_ORIGINS = {
    "yaml": "in the configuration", "cli": "by a command", "board": "on the board", "slack": "in Slack",
    "replay": "by a replay",
}  # fmt: skip
EXAMPLES = "2 points, 10 % (a tenth of what is expected), 5 min"


def in_words(text: str) -> str:
    """`1pt` as `1 point`, `10%` as `10 %`, `5min` as `5 min`; what is no size stays as it is."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return text
    size, unit = found.groups()
    if unit == "pt":
        unit = "point" if size in {"1", "1.0"} else "points"
    return f"{size} {unit}".strip()


def as_written(text: str) -> str:
    """`1 point` as the configuration writes it, `1pt`; `10 %` as `10%`."""
    return _BEFORE_UNIT.sub("", _POINTS.sub("pt", text.strip()))


def origin(name: str) -> str:
    """Where something was declared: `in the configuration`, `on the board`, `by calendar` for a feed."""
    return _ORIGINS.get(name, f"by {name.removeprefix(FROM_FEED)}")
