"""Where a piece of news goes, and why: routes, views, silences, mutes and what a whole's incident tells. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cxmon.decisions.muting import muted
from cxmon.model import (
    EVERYONE,
    RED,
    Code,
    Company,
    Mute,
    News,
    OpenStory,
    Route,
    Segment,
    Severity,
    Silence,
    Verdict,
    View,
)


class Why(StrEnum):
    """The name of a decision about who hears what."""

    ROUTED = "routed"
    DEFAULT = "default"
    SILENCED = "silenced"
    INHIBITED = "inhibited"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the configuration says: routes in order, views, mute calendars by name, channels in order, and by channel
    how news is told together there where its route does not say it."""

    routes: tuple[Route, ...] = ()
    views: tuple[View, ...] = ()
    mutes: Mapping[str, Mute] = field(default_factory=dict)
    channels: tuple[str, ...] = ("console",)
    company: Mapping[str, Company] = field(default_factory=dict)

    def company_in(self, channel: str, route: Route | None) -> Company:
        """How news that `route` takes is told together and again in a channel: as the route says, else the channel. A
        route does not speak for the channels of views."""
        mine = route.company if route is not None and channel in route.channels else Company()
        return mine.over(self.company.get(channel))


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One route or view that was asked, and its answer in words. `taken`: it sends the news to its channels."""

    name: str
    channels: tuple[str, ...]
    taken: bool
    reason: str
    mutes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Routed:
    """Where a message goes (nowhere where `silence` covers it, or `whole` tells of it; `why` says which), and why.

    `muted` says for a channel which mute holds it back there and until when, `company` how it is told together and
    again there. `tried` are all routes and views.
    """

    channels: tuple[str, ...]
    why: Why
    reason: str
    silence: Silence | None = None
    whole: OpenStory | None = None
    muted: Mapping[str, tuple[Mute, datetime]] = field(default_factory=dict)
    route: Route | None = None
    tried: tuple[Tried, ...] = ()
    company: Mapping[str, Company] = field(default_factory=dict)


def routed(
    rules: Rules, news: News, *, silences: Iterable[Silence] = (), stories: Iterable[OpenStory] = (), now: datetime
) -> Routed:
    """Where `news` goes at `now`. `stories` are the open incidents.

    The first route that fits takes it, every view that covers it hears it too; where there is neither, the first
    channel does. A story goes on in the channels that know it. An end is told whatever a silence covers.
    """
    tried, route = _tried(rules, news)
    taken = [t for t in tried if t.taken]
    reason = "; ".join(f"{t.name} sends it to {' and '.join(t.channels)}" for t in taken)
    names = [name for t in taken for name in t.channels]
    why = Why.ROUTED
    if not names:
        names, why = list(rules.channels[:1]), Why.DEFAULT
        reason = f"no route matches, so it goes to the first channel, {names[0]}"
    if held := {name: m for name in dict.fromkeys(names) if (m := _held(rules, taken, name, news, now))}:
        reason += "; " + ", ".join(f"waits in {c} until {_stamp(m[1])} ({m[0].id})" for c, m in held.items())
    whole = inhibitor(news, stories)
    quiet = next((s for s in silences if silenced(s, news.metrics, news.segment, now)), None)
    if quiet is not None and not news.final:
        said = f"silenced until {_stamp(quiet.ends)} by {quiet.by} ({quiet.why})"
        return Routed(
            channels=(), why=Why.SILENCED, reason=said, silence=quiet, whole=whole, muted=held, route=route, tried=tried
        )
    if whole is not None:
        said = f"inhibited: incident {whole.incident} on {whole.segment.label} ({whole.check}) tells of it"
        return Routed(channels=(), why=Why.INHIBITED, reason=said, whole=whole, muted=held, route=route, tried=tried)
    channels = tuple(dict.fromkeys([*names, *news.told]))
    if on := [name for name in news.told if name not in names]:
        reason += f"; told on in {' and '.join(on)}, which {'know' if len(on) > 1 else 'knows'} the story"
    company = {c: found for c in channels if (found := rules.company_in(c, route)) != Company()}
    return Routed(
        channels=channels, why=why, reason=reason, muted=held, route=route, tried=tried, company=company
    )  # fmt: skip


def _tried(rules: Rules, news: News) -> tuple[tuple[Tried, ...], Route | None]:
    tried, taker, number = [], None, 0
    for i, route in enumerate(rules.routes, start=1):
        missing = unfit(route, news, rules.views)
        if taker is not None:
            said = f"not asked, route {number} has taken it" + (f"; {missing}" if missing else "")
        else:
            said = missing or "fits"
        tried.append(
            Tried(name=f"route {i}", channels=route.channels, taken=taker is None and not missing, reason=said,
                  mutes=route.mutes)
        )  # fmt: skip
        if taker is None and not missing:
            taker, number = route, i
    for view in rules.views:
        if view.channels:
            inside = in_view(view, news)
            said = "covers it" if inside else "does not cover it"
            tried.append(
                Tried(name=f"view {view.id}", channels=view.channels, taken=inside, reason=said, mutes=view.mutes)
            )
    return tuple(tried), taker


def unfit(route: Route, news: News, views: Sequence[View]) -> str:
    """What of a route does not fit, in words; empty where all fits. What it does not name fits always."""
    if route.metrics and not any(m in route.metrics for m in news.metrics):
        return f"only metrics {', '.join(route.metrics)}"
    if route.segment is not None and not route.segment.holds(news.segment or EVERYONE):
        return f"only {route.segment.label}"
    if route.severities and news.severity not in route.severities:
        return f"only severity {', '.join(route.severities)}"
    if route.owners and news.owner not in route.owners:
        return f"only changes of {', '.join(route.owners)}"
    if route.checks and news.check not in route.checks:
        return f"only check {', '.join(route.checks)}"
    if route.views and not any(in_view(v, news) for v in views if v.id in route.views):
        return f"only view {', '.join(route.views)}"
    return ""


def in_view(view: View, news: News) -> bool:
    """True where a view covers one of the metrics that the news is about. News of no metric, as of a source, is in no
    view."""
    return any(view.covers(metric, news.segment or EVERYONE) for metric in news.metrics)


def silenced(silence: Silence, metrics: Sequence[str], segment: Segment | None, now: datetime) -> bool:
    """True where the silence is on and covers all that the message is about: news of a metric or of a wider segment
    that it does not name is told."""
    covers_metric = silence.metric is None or (bool(metrics) and set(metrics) == {silence.metric})
    covers_segment = silence.segment is None or silence.segment.holds(segment or EVERYONE)
    return silence.starts <= now < silence.ends and covers_metric and covers_segment


def inhibitor(news: News, stories: Iterable[OpenStory]) -> OpenStory | None:
    """The open incident of a whole that tells of this part already: same metric, at least as grave.

    What a channel has been told goes on there: it is never left without its end.
    """
    if not news.incident or news.told or len(news.metrics) != 1 or news.segment is None or news.severity is None:
        return None
    for story in stories:
        wider = story.segment.holds(news.segment) and story.segment != news.segment
        as_grave = story.severity.rank <= news.severity.rank
        if story.metric == news.metrics[0] and wider and as_grave and story.incident != news.incident:
            return story
    return None


def severity_of(verdict: Verdict, told: Verdict | None = None) -> Severity:
    """The severity of a verdict's news: of what it says, or of what was told before, whichever is graver, so that who
    heard the worst hears the rest."""
    found = [_of_verdict(v) for v in (verdict, told) if v is not None]
    return min(found, key=lambda s: s.rank)


def _of_verdict(verdict: Verdict) -> Severity:
    known = {Code.HARMED: Severity.OVER_LIMIT, Code.IMPROVED: Severity.BETTER, Code.SAFE: Severity.HELD}
    if verdict.code is not Code.WORSE:
        return known.get(verdict.code, Severity.OPEN)
    worst = [h for h in verdict.harms if h.code in RED]
    within = bool(worst) and all(h.so_far.high <= h.limit for h in worst)
    return Severity.SMALL if within else Severity.WORSE


def _held(
    rules: Rules, taken: Sequence[Tried], channel: str, news: News, now: datetime
) -> tuple[Mute, datetime] | None:
    """What holds news back in a channel: only where nothing that sends it there lets it through."""
    found = [
        muted([rules.mutes[name] for name in t.mutes if name in rules.mutes], news.severity, now)
        for t in taken
        if channel in t.channels
    ]
    kept = [m for m in found if m is not None]
    return min(kept, key=lambda m: m[1]) if kept and len(kept) == len(found) else None


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
