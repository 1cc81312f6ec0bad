"""What channels say beside their own options: which one stands in for which, and how news is told together there."""

from datetime import timedelta

from cxmon.config.frame import Frame
from cxmon.config.reading import shown
from cxmon.config.routing_keys import COMPANY_KEYS
from cxmon.config.shapes import Entry
from cxmon.model import Company


def build_company(frame: Frame) -> dict[str, Company]:
    """By channel what it says of telling together and again; those that say nothing are left out."""
    found: dict[str, Company] = {}
    for name, entry in (frame.root.get("channels") or {}).items():
        if isinstance(entry, Entry):
            said = {key: entry.get(key) for key in COMPANY_KEYS if isinstance(entry.get(key), timedelta)}
            found |= {name: Company(**said)} if said else {}
    return found


def build_fallbacks(frame: Frame) -> dict[str, str]:
    """By channel the one that is told while it takes nothing: both exist, and no way leads in a circle."""
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
