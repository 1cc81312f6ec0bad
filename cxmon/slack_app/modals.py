"""Views within Slack's limits: everything is cleaned, cut and escaped here. A block's id is that of its input, so that
errors by block and values by input go by one name."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from cxmon.alerts.blocks import image_in, mrkdwn, plain
from cxmon.alerts.markup import clean, cut, cut_lines, escape, unformatted
from cxmon.slack_app.contract import Call, Kind, Request

Block = dict[str, Any]

TITLE = 24
LABEL = 300
OPTION = 75
OPTIONS = 100
RADIOS = 10
SECTION = 3_000
INPUT = 3_000
PRIVATE = 3_000


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The message on which something was begun, what it is about (an opaque id), and the file of its picture."""

    subject: str = ""
    channel: str = ""
    message_ts: str = ""
    image: str = ""

    @property
    def private(self) -> str:
        """As a view's private metadata, which brings it back with the submission."""
        return json.dumps({name: text for name, text in asdict(self).items() if text})


def origin(request: Request) -> Origin:
    """Where a click was made, or where the view was opened that is sent now."""
    if request.kind is not Kind.VIEW_SUBMISSION:
        message = request.payload.get("message")
        blocks = message.get("blocks") if isinstance(message, Mapping) else None
        return Origin(
            subject=request.value, channel=request.channel, message_ts=request.message_ts, image=image_in(blocks)
        )
    try:
        given = json.loads(request.private or "{}")
    except ValueError:
        given = {}
    known = {f.name for f in fields(Origin)}
    return Origin(**{n: t for n, t in given.items() if n in known and isinstance(t, str)}) if given else Origin()


def opaque(value: str) -> str:
    """An option's value for words of the data, whatever they hold: it says the same whatever else can be chosen by the
    time it comes back."""
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()[:20]


def modal(
    *,
    title: str,
    blocks: Sequence[Block],
    callback: str,
    private: str = "",
    submit: str = "Save",
    close: str = "Cancel",
) -> dict[str, Any]:
    """A view for `views.open`, `views.update` and `views.push`; without inputs it needs no `submit` (empty: none).

    `private` comes back with it, at most 3,000 characters: an id, never state.
    """
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, TITLE),
        "close": plain(close, TITLE),
        "blocks": list(blocks),
        "private_metadata": private,
    }
    return view | ({"submit": plain(submit, TITLE)} if submit else {})


def words(*lines: str) -> Block:
    """A paragraph; each line is data."""
    kept = cut_lines([unformatted(clean(line)) for line in lines if clean(line)], SECTION)
    return {"type": "section", "text": mrkdwn("\n".join(escape(line) for line in kept) or "…")}


def text_input(
    name: str,
    label: str,
    *,
    hint: str = "",
    lines: bool = False,
    optional: bool = False,
    initial: str = "",
    most: int = INPUT,
) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": name, "multiline": lines, "max_length": most}
    if initial:
        # It is what somebody goes on typing: as it is, without the marks of a text that was cut for reading.
        element["initial_value"] = clean(initial)[:most]
    return _input(name, label, element, hint=hint, optional=optional)


def choice(
    name: str,
    label: str,
    options: Mapping[str, str],
    *,
    initial: str = "",
    hint: str = "",
    optional: bool = False,
    menu: bool = False,
) -> Block:
    """One of `options` ({value: words}): buttons for up to ten, a menu (`menu`: always) beyond, a hundred at most."""
    made = [{"text": plain(said, OPTION), "value": value} for value, said in list(options.items())[:OPTIONS]]
    kind = "static_select" if menu or len(made) > RADIOS else "radio_buttons"
    element: Block = {"type": kind, "action_id": name, "options": made}
    if chosen := [one for one in made if one["value"] == initial]:
        element["initial_option"] = chosen[0]
    return _input(name, label, element, hint=hint, optional=optional)


def several(
    name: str, label: str, options: Mapping[str, str], *, hint: str = "", optional: bool = True, tells: bool = False
) -> Block:
    """Any of `options` ({value: words}), a hundred at most. `tells`: each choice is an action of that name, so that the
    view can follow."""
    made = [{"text": plain(said, OPTION), "value": value} for value, said in list(options.items())[:OPTIONS]]
    element: Block = {"type": "multi_static_select", "action_id": name, "options": made}
    block = _input(name, label, element, hint=hint, optional=optional)
    return block | ({"dispatch_action": True} if tells else {})


def date(name: str, label: str, *, initial: str = "", hint: str = "", optional: bool = False) -> Block:
    """A day; `initial` and what comes back are YYYY-MM-DD."""
    element: Block = {"type": "datepicker", "action_id": name}
    if initial:
        element["initial_date"] = initial
    return _input(name, label, element, hint=hint, optional=optional)


def time(name: str, label: str, *, hint: str = "", optional: bool = True) -> Block:
    """A time of day; what comes back is HH:MM."""
    return _input(name, label, {"type": "timepicker", "action_id": name}, hint=hint, optional=optional)


def button(name: str, label: str) -> Block:
    """A button in a view, which sends nothing but itself and what the inputs hold."""
    element = {"type": "button", "action_id": name, "text": plain(label, OPTION), "value": name}
    return {"type": "actions", "block_id": name, "elements": [element]}


def opened(request: Request, view: Mapping[str, Any]) -> Call:
    """The call that opens a view for the one who clicked."""
    return Call(method="views.open", arguments={"trigger_id": request.trigger, "view": view})


def errors(found: Mapping[str, str]) -> dict[str, Any]:
    """The acknowledgement that keeps a view open and says by input what is wrong."""
    return {"response_action": "errors", "errors": {name: cut(clean(said), LABEL) for name, said in found.items()}}


def _input(name: str, label: str, element: Block, *, hint: str, optional: bool) -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(label, LABEL),
        "element": element,
        "optional": optional,
    }
    return block | ({"hint": plain(hint, LABEL)} if hint else {})
