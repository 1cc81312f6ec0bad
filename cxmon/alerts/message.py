"""From what was found out to what is told: neutral messages, the same for every channel. Pure.

Each message says in this order: what happened in one sentence, since when, how much against expected with its range,
where, how sure and how graded, which changes were declared near by, a link to the exact view, and who owns it.
"""

from datetime import datetime

from cxmon import wording
from cxmon.alerts.incident_message import for_incident
from cxmon.alerts.parts import breaks_silence, near, step_of, view_link
from cxmon.alerts.verdict_message import for_verdict
from cxmon.model import Fact, Message, Picture, Tone
from cxmon.wording import messages as say

__all__ = ["breaks_silence", "for_incident", "for_test", "for_verdict", "near", "step_of", "view_link"]


def for_test(
    *, channel: str, now: datetime, title: str, zone: str = "UTC", board_url: str = "", picture: Picture | None = None
) -> Message:
    """What `cxmon alerts test` sends: it looks like an alert, says that it is none, and shows what arrives."""
    headline = say.test_headline(title)
    return Message(
        key=f"test:{channel}|test|{now.isoformat()}",
        thread=f"test:{channel}:{now.isoformat()}",
        tone=Tone.GREY,
        badge="Test",
        title=headline,
        text=headline,
        lines=say.TEST_LINES,
        facts=(
            Fact(label=say.CHANNEL, text=channel),
            Fact(label="Sent", text=wording.stamp(now, zone)),
            Fact(label="Picture", text="follows" if picture else say.NO_PICTURE),
        ),
        footer=say.as_of_test(now, zone),
        link=view_link(board_url) if board_url else None,
        picture=picture,
        at=now,
    )
