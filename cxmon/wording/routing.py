"""Who hears what, in words: severities, routes asked, and what holds news back."""

from collections.abc import Iterable

from cxmon.decisions.routing import Routed, Why
from cxmon.model import News, Segment, Severity
from cxmon.wording.numbers import stamp

_SEVERITIES = {
    Severity.OVER_LIMIT: "over the limit",
    Severity.WORSE: "worse",
    Severity.SMALL: "worse, within the limit",
    Severity.SOURCE: "source in trouble",
    Severity.OPEN: "not known yet",
    Severity.HELD: "limit held so far",
    Severity.BETTER: "better",
}
NAMED = 3


def severity(which: Severity) -> str:
    return _SEVERITIES[which]


def where_to(found: Routed) -> str:
    """The channels in one phrase, or what keeps it from them."""
    if found.channels:
        return " and ".join(found.channels)
    return "nobody, silenced" if found.why is Why.SILENCED else "nobody, a wider incident tells of it"


def routed_lines(found: Routed, news: News, label: str, at: str) -> list[str]:
    """What was asked, where it goes, and every route and view with its answer."""
    about = [label, news.segment.label if news.segment else "", severity(news.severity) if news.severity else ""]
    about += [f"found by {news.check}" if news.check else "", f"of {news.owner}" if news.owner else "", f"at {at}"]
    lines = [", ".join(part for part in about if part), f"Goes to {where_to(found)}: {found.reason}.", ""]
    width = max((len(t.name) for t in found.tried), default=0)
    lines += [
        f"  {t.name:<{width}}  to {' and '.join(t.channels)}: {'takes it' if t.taken else t.reason}"
        + (f" (mute {', '.join(t.mutes)})" if t.taken and t.mutes else "")
        for t in found.tried
    ]
    return [*lines, *([""] if found.tried else []), *held_lines(found)]


def held_lines(found: Routed) -> list[str]:
    """Silence, whole and mutes, each with its answer; never nothing, so that a reader sees that they were asked."""
    quiet, whole = found.silence, found.whole
    ends = f"{quiet.id}, until {stamp(quiet.ends)}, by {quiet.by}: {quiet.why}" if quiet else "none covers it"
    wide = f"incident {whole.incident} on {whole.segment.label} tells of it" if whole else "none is open"
    held = "; ".join(f"{c} waits until {stamp(until)} by {mute.id}" for c, (mute, until) in found.muted.items())
    return [
        f"  Silence: {ends}" + (" (its end would be told)" if quiet else ""),
        f"  Wider incident of the same metric: {wide}",
        f"  Mutes: {held or 'none is on'}",
    ]


def segments(which: Iterable[Segment]) -> str:
    """A few by name, and how many more."""
    labels = [s.label for s in which]
    more = len(labels) - NAMED
    return ", ".join(labels[:NAMED]) + (f" and {more} more" if more > 0 else "")
