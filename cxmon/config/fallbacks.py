"""Which channel stands in for which: both exist, and no way leads in a circle."""

from cxmon.config.frame import Frame
from cxmon.config.reading import shown
from cxmon.config.shapes import Entry


def build_fallbacks(frame: Frame) -> dict[str, str]:
    """By channel the one that is told while it takes nothing."""
    found = {}
    for name, entry in (frame.root.get("channels") or {}).items():
        to = entry.get("fallback") if isinstance(entry, Entry) else None
        if isinstance(to, str) and frame.known(entry.at("fallback"), to, frame.channels, "channel"):
            found[name] = to
    told: set[str] = set()
    for name, first in found.items():
        seen, at = {name}, first
        while at in found and at not in seen:
            seen.add(at)
            at = found[at]
        if at == name and name not in told:
            told |= seen
            node = frame.root.get("channels")[name].at("fallback")
            frame.reading.wrong(node, f"{shown(node)}, which leads back to {name}", "a channel that does not")
    return found
