"""The digest as a neutral message: a headline and a few lines, and the long form for channels with room. Pure."""

from dataclasses import replace
from datetime import datetime

from cxmon.alerts.parts import view_link
from cxmon.model import Message, Passage, Picture
from cxmon.wording import digest
from cxmon.wording import messages as say
from cxmon.wording.week import Week


def for_digest(
    week: Week,
    *,
    key: str,
    thread: str,
    board_url: str = "",
    view: str = "",
    late_for: datetime | None = None,
) -> Message:
    """`late_for` is when it was due, where it is sent late."""
    headline = digest.headline(week)
    of = f"{week.title}, {week.view}" if week.view else week.title
    return Message(
        key=key,
        thread=thread,
        tone=digest.tone(week),
        badge=say.week_badge(of),
        title=headline,
        text=f"{say.week_badge(of)}: {headline}",
        lines=digest.short(week),
        footer=say.as_of_week(week.now, week.zone, week.day(week.since), late_for),
        link=view_link(board_url, view=view) if board_url else None,
        picture=picture(week),
        at=week.now,
        sections=tuple(Passage(heading=one.heading, lines=one.lines) for one in digest.sections(week) if one.lines),
    )


def picture(week: Week) -> Picture | None:
    """The week's charts below each other, as one picture."""
    found = digest.pictured(week)
    return replace(found[0], below=tuple(found[1:])) if found else None
