"""budget, replay: who may cost how many false alarms, and what a past period would have brought."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, progress, say, table, wrapped, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxmon.config.plan import Plan
    from cxmon.decisions import Allowance
    from cxmon.pipeline.replay import Alert, Replayed
    from cxmon.pipeline.replay_compare import Compared

# A second process takes seconds to start, which a shorter replay does not save.
SHORT = timedelta(days=45)


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon budget")(budget)
    app.command(epilog="Example: cxmon replay --since 2026-01-01 --until 2026-07-01 --against other.yaml")(replay)


def budget(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Who gets how much of the alarm budget, and why."""
    from cxmon.pipeline.budgeting import budget as split
    from cxmon.service import clock

    with opened(config, read_only=True) as (plan, store):
        found = split(plan, store, now=clock(plan))
    if as_json:
        emit(found)
        return
    _shares(plan, found)
    stories = "1 story" if len(found) == 1 else f"{len(found)} stories"
    say(f"False watch incidents a quarter that are bearable: {written(plan.alarm_budget, 'g')}, over {stories}.")


def replay(
    config: Config = DEFAULT_CONFIG,
    since: Annotated[str, typer.Option(help="From when, e.g. 2026-01-01.")] = ...,  # type: ignore[assignment]
    until: Annotated[str | None, typer.Option(help="Up to when; default the last collection.")] = None,
    against: Annotated[Path | None, typer.Option(help="A second configuration, to compare with.")] = None,
    in_time: Annotated[
        bool, typer.Option("--in-time", help="Take every change as declared the day before it starts.")
    ] = False,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Ask every method every day: the versions of verdicts are those of live.")
    ] = False,
    figure: Annotated[Path | None, typer.Option(help="Write the alerts as a PNG.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the counts, as what digest and board say was to be expected.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run a past period as if it were live, with only what was known on each day; sends nothing, and writes nothing
    but the counts that --keep asks for."""
    from cxmon.config import parse_instant
    from cxmon.pipeline.replay import period
    from cxmon.pipeline.replay import replay as run
    from cxmon.pipeline.replay_compare import compare
    from cxmon.processes import keep_memory

    if keep and in_time:
        raise typer.BadParameter("found --in-time, expected a replay of what was known then", param_hint="--keep")
    keep_memory()
    with opened(config, read_only=True) as (plan, store):
        other = _other(against)
        begin, end = period(
            plan, store, parse_instant(since, plan.zone), parse_instant(until, plan.zone) if until else None
        )
        processes = (os.cpu_count() or 1) if end - begin > SHORT else 1
        asked: dict[str, Any] = {"since": begin, "until": end, "thorough": thorough, "in_time": in_time}
        asked["processes"] = processes
        with progress("replay") as advance:
            ours = run(plan, store, **asked, progress=advance)
        if other is not None:
            with progress(f"replay {other.path.name}") as advance:
                theirs = run(other, store, **asked, ours=False, progress=advance)
    if keep:
        _keep(config, ours)
    compared = None if other is None else compare(ours, theirs)
    if figure is not None:
        _drawn(plan, ours, figure)
    if as_json:
        emit({"replay": ours, **({} if other is None else {"against": theirs, "compared": compared})})
        return
    _told(plan, ours)
    if other is not None and compared is not None:
        _kept(other, theirs, f"Against {other.path.name}")
        _differences(plan, compared, other.path.name)
    if keep:
        say()
        wrapped("Kept: digest and board tell these counts beside the alerts that were sent.", "  ")
    if figure is not None:
        say(f"\nDrawn: {figure}")


def _keep(config: Path, found: "Replayed") -> None:
    from cxmon.pipeline.alarms_kept import keep_replay
    from cxmon.service import clock

    with opened(config) as (plan, store):
        keep_replay(plan, store, found, now=clock(plan))


def _other(path: Path | None) -> "Plan | None":
    # Both replays are printed in the format of the first configuration, which is what is compared.
    from cxmon.config import load

    return None if path is None else load(path)


def _told(plan: "Plan", found: "Replayed") -> None:
    from cxmon import wording

    first, last = (wording.day(at, plan.zone, now=None) for at in (found.since, found.until))
    judged = f"{wording.counted(found.looks, 'day')}, each judged once"
    say(f"{plan.title} · replay of {first} {found.since:%Y} to {last} {found.until:%Y} · {judged}")
    if found.guessed:
        wrapped(
            f"As revised, not as known then: {', '.join(found.guessed)}. Their source does not say when it knew a "
            "figure, so each counts once its period was complete.",
            "  ",
        )
    for change in found.unheard:
        wrapped(f"Not known in the period, so not judged: {change.title}. With --in-time it is.", "  ")
    say()
    for alert in found.alerts:
        _alert(plan, alert)
    if not found.alerts:
        say("  No alert.")
    else:
        _counted(found)
    if found.waiting:
        wrapped(f"Waiting still at the end, and not told: {_waiting(plan, found)}.", "  ")
    _kept(plan, found, "Alarm budget")
    _shares(plan, found.allowances)


def _counted(found: "Replayed") -> None:
    """How much the readers of all channels would have got."""
    sorts = {"new": ("message", "messages"), "reply": ("reply in its thread", "replies in their threads"),
             "edit": ("edit that calls nobody", "edits that call nobody")}  # fmt: skip
    parts = []
    for sort, (one, many) in sorts.items():
        count = sum(alert.sort == sort for alert in found.alerts)
        if count:
            parts.append(f"{written(count)} {one if count == 1 else many}")
    say(f"\n  Sent: {', '.join(parts)}.")


def _waiting(plan: "Plan", found: "Replayed") -> str:
    from cxmon import wording

    parts = []
    for row in found.waiting:
        until = "" if row.not_before is None else f", until {wording.stamp(row.not_before, plan.zone)}"
        parts.append(f"{row.message.title} ({row.channel}{until})")
    return "; ".join(parts)


def _alert(plan: "Plan", alert: "Alert", mark: str = "") -> None:
    from cxmon import wording
    from cxmon.wording.messages import gist
    from cxmon.wording.shapes import SHAPES

    message = alert.message
    at = alert.at.astimezone(ZoneInfo(plan.zone))
    notes = {"edit": " (the message is edited, nobody is called)", "reply": " (in its thread)"}
    standing = " (stood already)" if alert.standing else notes.get(alert.sort, "")
    when = f"{wording.day(alert.at, plan.zone):>6} {at:%Y, %H:%M}"
    head = f"{mark}{when}  {alert.channel:<8} {SHAPES[message.tone]} {message.badge}: {message.title}"
    wrapped(head + standing, "  ")
    if not mark and (said := gist(message)):
        wrapped(said, "      ")


def _kept(plan: "Plan", found: "Replayed", title: str) -> None:
    count, near = len(found.incidents), found.near
    quarters, allowed = written(found.quarters, ".1f"), written(found.allowed, ".1f")
    say()
    wrapped(
        f"{title}: {count} watch incident{'' if count == 1 else 's'} in {quarters} quarters; the budget of "
        f"{written(plan.alarm_budget, 'g')} a quarter allows {allowed} false ones"
        + (f", {len(found.standing)} more stood on the first day" if found.standing else "")
        + ".",
        "  ",
    )
    if not count:
        return
    wrapped(
        "Which of them were false is for you to say"
        + (f"; {near} began near a declared change and named it." if near else "; none began near a declared change."),
        "  ",
    )


def _differences(plan: "Plan", found: "Compared", name: str) -> None:
    from cxmon.wording.numbers import counted

    say()
    say(f"  Differences ({counted(found.same, 'message')} the same in both)")
    for title, alerts in ((f"only without {name}", found.only_ours), (f"only with {name}", found.only_theirs)):
        say(f"  {title}: {len(alerts) or 'none'}")
        for alert in alerts:
            _alert(plan, alert, "  ")
    say(f"  at another time, in another channel or in other company: {len(found.moved) or 'none'}")
    for pair in found.moved:
        _alert(plan, pair.ours, "  ")
        for other in pair.theirs:
            _alert(plan, other, "   → ")


def _shares(plan: "Plan", found: "Sequence[Allowance]") -> None:
    if not found:
        return
    rows = [
        [
            a.story.check,
            plan.metrics[a.story.metric].label,
            a.story.root.label,
            str(len(a.story.series)),
            written(a.per_quarter, ".2f"),
            written(a.per_series_year, ".3f"),
            a.reason,
        ]
        for a in found
    ]
    table(["check", "metric", "story", "series", "a quarter", "a series and year", "why"], rows)


def _drawn(plan: "Plan", found: "Replayed", path: Path) -> None:
    from cxmon import wording
    from cxmon.charts.timeline import Mark, timeline
    from cxmon.errors import ActionError

    titles = {c.id: c.title for c in (*plan.changes, *found.unheard)}
    labels = {m.id: m.label for m in plan.metrics.values()}
    marks = []
    for alert in found.alerts:
        sort, _, rest = alert.story.partition(" ")
        metric, _, where = rest.partition(", ")
        story = titles.get(rest, rest) if sort == "change" else f"{labels.get(metric, metric)}, {where} ({sort})"
        marks.append(Mark(at=alert.at, story=story, tone=alert.message.tone))
    count, quarters, allowed = len(found.incidents), written(found.quarters, ".1f"), written(found.allowed, ".1f")
    png = timeline(
        marks,
        since=found.since,
        until=found.until,
        title=f"{plan.title}: what would have been told",
        subtitle=(
            f"{count} watch incidents in {quarters} quarters, {allowed} false ones are bearable",
            f"As known on each day, to {wording.stamp(found.until, plan.zone)}",
        ),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png)
    except OSError as error:
        raise ActionError(f"{path} cannot be written: {error.strerror}") from None
