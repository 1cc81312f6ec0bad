"""What could be seen of a change that is being declared, and when: the planner's answer, in a view above the form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cxmon import actions
from cxmon.errors import ActionError
from cxmon.model import Act, Category, Change
from cxmon.slack_app import modals
from cxmon.slack_app.contract import Call, Deed, Handler, Handlers, Kind, Place, Request
from cxmon.slack_app.declare_reading import Wrong
from cxmon.slack_app.declare_view import PREVIEW
from cxmon.slack_app.declaring import read
from cxmon.wording import forms as words
from cxmon.wording import labels, outlooks

# A paragraph for each figure; a view holds a hundred blocks, and nobody reads as many.
MOST = 25
_UNSAID = {"title": labels.THIS_CHANGE, "category": Category.POLICY.value, "owner": labels.NOT_NAMED_YET}


def _preview(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    """A view at once, since its trigger lives for three seconds; the answer, which takes longer, in its place."""
    name = f"plan-{request.key}"
    asked = replace(request, kind=Kind.VIEW_SUBMISSION, inputs={**_UNSAID, **request.inputs})
    try:
        change = read(asked, place, now)
    except Wrong as wrong:
        return (_push(request, name, (words.first_mend(), *dict.fromkeys(wrong.fields.values()))),)
    later: Callable[[], Mapping[str, Any]] = lambda: {"view": _view(name, *_answer(place, change, now))}  # noqa: E731
    return (
        _push(request, name, (words.is_worked_out(),)),
        Call(method="views.update", arguments={"external_id": name}, later=later, best_effort=True),
    )


def _push(request: Request, name: str, lines: Sequence[str]) -> Call:
    return Call(method="views.push", arguments={"trigger_id": request.trigger, "view": _view(name, lines)})


def _view(name: str, *paragraphs: Sequence[str]) -> dict[str, Any]:
    view = modals.modal(
        title=labels.COULD_BE_SEEN, callback=PREVIEW, submit="", close="Back",
        blocks=[modals.words(*lines) for lines in paragraphs],
    )  # fmt: skip
    return view | {"external_id": name}


def _answer(place: Place, change: Change, now: datetime) -> list[Sequence[str]]:
    """As `cxmon change plan` says it, a paragraph for each figure."""
    plan = place.plan
    try:
        found = actions.plan(
            place.store, change, now=plan.as_of or now, metrics=tuple(plan.metrics.values()), beside=plan.changes
        ).outlooks
    except ActionError as error:
        return [(words.cannot_say(str(error)),)]
    shown = [outlooks.outlook(plan.metrics[o.metric], o) for o in found[:MOST]]
    more = [(words.more_figures(len(found) - MOST),)] if len(found) > MOST else []
    remarks = outlooks.remarks_on_plan(found, plan.metrics, plan.zone)
    return [
        outlooks.planned(change, found, plan.metrics, plan.zone), *shown, *more, *([remarks] if remarks else []),
    ]  # fmt: skip


HANDLERS: Handlers = {(Kind.BLOCK_ACTIONS, PREVIEW): Handler(handle=_preview, needs=Act.PROPOSE, once=False)}
