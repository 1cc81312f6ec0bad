"""A reminder of what was decided, when it is due and when it is overdue."""

import hashlib
from datetime import datetime

from cxmon import wording
from cxmon.alerts.parts import news_key, view_link
from cxmon.decisions.following import STAYS, Followed, Standing
from cxmon.model import Fact, Message, Response, Tone
from cxmon.wording import messages as say
from cxmon.wording.answers import answered

BADGES = {Standing.DUE: (say.DUE_TODAY, Tone.GREY), Standing.OVERDUE: ("Overdue", Tone.AMBER)}


def for_reminder(
    *, response: Response, how: Followed, thread: str, title: str, zone: str = "UTC", board_url: str = "",
    change: str = "", at: datetime,
) -> Message:  # fmt: skip
    """The message for a response that is due or overdue: once each, because the key is made of the response itself.

    `thread` is that of the change's or incident's story and `title` its name; ValueError where nothing is to be
    reminded of.
    """
    if not how.reminds:
        raise ValueError(f"a response that is {how.standing} needs no reminder")
    badge, tone = BADGES[how.standing]
    said = answered(response, how, zone)
    owner = response.owner or response.by
    again = response.decision in STAYS
    until = wording.day(response.due, zone) if response.due else ""
    return Message(
        key=news_key(thread, how.standing, _content(response)),
        thread=thread,
        tone=tone,
        badge=badge,
        title=f"{title}: {say.lower(wording.until(response, zone))}",
        text=f"{badge}: {title}, {said}",
        lines=(
            say.to_be_answered(owner, title, "" if again else wording.decision(response.decision), until, how.reason),
            say.why_decided(response.why),
        ),
        facts=(
            Fact(label=say.OWNER, text=owner),
            Fact(label=say.DECIDED, text=f"{wording.day(response.at, zone)} by {response.by}"),
        ),
        footer=say.as_of(at, zone),
        link=view_link(board_url, page="decision", change=change) if change else view_link(board_url),
        reply=say.reminder(said),
        at=at,
    )


def reminds(message: Message) -> bool:
    """Whether a message is a reminder itself, and no news of a story."""
    return message.badge in {words for words, _ in BADGES.values()}


def _content(response: Response) -> str:
    """The identity of a response: another date is another reminder."""
    parts = (response.subject, response.decision, response.by, response.at.isoformat(), str(response.due))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]
