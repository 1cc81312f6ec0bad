"""A year's harm allowance in a message: exceeded, or kept again."""

from collections.abc import Mapping

from cxmon import wording
from cxmon.alerts.parts import actions, news_key, one_line, view_link
from cxmon.model import (
    AllowanceUse,
    Fact,
    Incident,
    IncidentState,
    Message,
    Metric,
    Step,
    Tone,
    Transition,
)
from cxmon.wording import messages as say


def for_allowance(
    *,
    use: AllowanceUse,
    metric: Metric,
    incident: Incident,
    transition: Transition,
    titles: Mapping[str, str] | None = None,
    zone: str = "UTC",
    board_url: str = "",
) -> Message:
    """The message for one step of an allowance's story. `titles` maps changes' ids to titles."""
    words, tone, _ = wording.allowance_screen(use)
    ended = incident.state is IncidentState.ENDED
    if ended:
        tone = Tone.GREY
    title = transition.reason if ended and incident.since != use.year else wording.allowance_headline(use, metric, zone)
    title = title if title.startswith(metric.label) else f"{metric.label}: {title}"
    thread = f"incident:{incident.id}"
    return Message(
        key=news_key(thread, transition.step, f"{use.year:%Y-%m-%d}"),
        thread=thread,
        tone=tone,
        badge=say.allowance_badge(words),
        title=title,
        text=one_line(say.allowance_badge(words), title),
        lines=wording.allowance_lines(use, metric, titles, zone),
        facts=(
            Fact(label=say.SINCE, text=wording.day(use.year, zone, now=use.as_of)),
            Fact(label=say.WHERE, text=say.EVERYONE_TOLD),
            Fact(label=say.HOW_SURE, text=wording.allowance_sure(use)),
            Fact(label=say.HOW_COUNTED, text=say.COUNTED_BY_SHARE),
        ),
        footer=say.as_of_check(use.as_of, zone, "allowance", incident.id),
        link=view_link(board_url, metric=metric.id),
        actions=() if ended else actions(incident.id, known_why=False),
        reply=None if transition.step is Step.OPENED else f"{wording.step(transition.step)}. {title}",
        at=transition.at,
    )
