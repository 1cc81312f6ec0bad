"""`/cxmon`: a question answered with the board's figure, how things stand, help, the form that declares a change."""

import html
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from cxmon import wording
from cxmon.alerts import Slack
from cxmon.alerts.blocks import notification, render
from cxmon.alerts.markup import clean, cut
from cxmon.alerts.parts import view_link
from cxmon.model import Act, Message, Picture, Tone
from cxmon.pipeline.answering import ask, known
from cxmon.pipeline.asking import Unclear, example, words
from cxmon.pipeline.drawing import draw
from cxmon.pipeline.standing import data, standing
from cxmon.slack_app.contract import Deed, Handler, Handlers, Kind, Place, Request, Respond, Upload
from cxmon.slack_app.declaring import open_form
from cxmon.slack_app.modals import words as paragraph
from cxmon.wording import command as says

COMMAND = "/cxmon"
EXAMPLES = 3
MOST_METRICS = 20


def _asked(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    # Slack escapes what somebody types as it escapes what it shows.
    said = words(html.unescape(request.text))
    # Figures are as of the moment to which they are frozen, where they are.
    at = place.plan.as_of or now
    match [word.lower() for word in said[:1]]:
        case [] | ["status"]:
            return (_state(place, at),)
        case ["help" | "?"]:
            return (_help(place),)
        case ["declare"]:
            return open_form(request, place, now)
        case _:
            return _answered(request, place, said, at)


def _answered(request: Request, place: Place, said: Sequence[str], at: datetime) -> tuple[Deed, ...]:
    """Where cxmon tells its alerts everybody may read the answer; elsewhere only the one who asked, and the picture
    comes into the conversation with them: who else is there may not be allowed to see figures."""
    found = ask(place.plan, place.store, said, now=at)
    if isinstance(found, Unclear):
        return (_lines((*found.lines, says.more(COMMAND))),)
    message, ours = found.message, _ours(request, place)
    told = Respond(
        text=notification(message), blocks=tuple(render(message, interactive=True)), in_channel=ours
    )  # fmt: skip
    if message.picture is None:
        return (told,)
    picture = partial(draw, place.store, place.plan.metrics, message)
    return (told, _picture(message.picture, picture, request.channel if ours else request.user))


def _picture(wanted: Picture, drawn: Callable[[], bytes | None], channel: str) -> Upload:
    return Upload(
        picture=drawn,
        channel=channel,
        title=cut(clean(wanted.title), 250),
        alt=cut(clean(wanted.alt), 1_000),
        best_effort=True,
    )


def _ours(request: Request, place: Place) -> bool:
    """Whether it was asked in a channel in which this configuration tells its news."""
    named = request.payload.get("channel_name")
    names = {c.channel.removeprefix("#") for c in place.plan.channels.values() if isinstance(c, Slack)}
    return request.channel in names or (isinstance(named, str) and named in names)


def _state(place: Place, at: datetime) -> Respond:
    """How things stand: the decisions in the message's body, then a paragraph for each group."""
    plan = place.plan
    first, *rest = standing(plan, place.store, now=at)
    stamp = says.state(wording.stamp(at, plan.zone))
    message = Message(
        key="state",
        thread="state",
        tone=Tone.GREY,
        badge=stamp,
        title=plan.title,
        text=f"{plan.title}: {first.items[0].texts[0]}",
        lines=tuple(text for item in sorted(first.items, key=lambda i: i.rank) for text in item.texts),
        footer=" ".join(data(place.store)),
        link=view_link(plan.board_url),
    )
    *top, footer = render(message, interactive=True)
    groups = [
        paragraph(group.heading, *(text for item in group.items for text in item.texts))
        for group in rest
        if group.items
    ]
    return Respond(text=notification(message), blocks=(*top, *groups, footer))


def _help(place: Place) -> Respond:
    can_be_asked = known(place.plan, place.store)
    examples = [
        example(one.metric, max(one.shown, key=lambda s: (len(s.items) == 1, s.key)))
        for one in list(can_be_asked.values())[:EXAMPLES]
    ]
    named = [f"{one.metric.id} ({one.metric.label})" for one in list(can_be_asked.values())[:MOST_METRICS]]
    return _lines(says.help_lines(COMMAND, examples, ", ".join(named) or says.no_metric()))


def _lines(lines: Sequence[str]) -> Respond:
    block = paragraph(*lines)
    return Respond(text=str(block["text"]["text"]), blocks=(block,))


HANDLERS: Handlers = {(Kind.SLASH_COMMAND, COMMAND): Handler(handle=_asked, needs=Act.ASK)}
