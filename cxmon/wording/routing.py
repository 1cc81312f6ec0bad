"""Who hears what, in words: severities, routes asked, and what holds news back."""

from collections.abc import Iterable
from datetime import timedelta

from cxmon.decisions.routing import Routed, Why
from cxmon.model import Company, News, Segment, Severity
from cxmon.wording.numbers import counted, stamp

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
    return "nobody" if found.why is Why.SILENCED else "nobody, a wider incident tells of it"


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
    return [*lines, *([""] if found.tried else []), *held_lines(found), *company_lines(found)]


def company_lines(found: Routed) -> list[str]:
    """How it is told together and again in each channel; empty where it goes out at once and once."""
    lines = []
    for channel, company in found.company.items():
        own = found.route.company if found.route is not None and channel in found.route.channels else Company()
        said = {
            "group_wait": "first news waits {} for others", "group_interval": "comes {} after the channel's last",
            "repeat_interval": "what is open is told again after {} until somebody acknowledges",
        }  # fmt: skip
        parts = [
            f"{words.format(span(every))} (by the {'route' if getattr(own, key) is not None else 'channel'})"
            for key, words in said.items()
            if (every := getattr(company, key))
        ]
        if parts:
            lines.append(f"  Company in {channel}: {'; '.join(parts)}")
    return lines


def span(length: timedelta) -> str:
    """`90 s`, `5 min`, `8 h`, `2 days`: in the largest unit that it fills."""
    seconds = int(length.total_seconds())
    for unit, name in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if seconds % unit == 0 and seconds:
            count = seconds // unit
            return counted(count, name) if name == "day" else f"{count} {name}"
    return f"{seconds} s"


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
