"""Which handler answers what: one room a line. A room maps (kind, name) to its handlers in `HANDLERS`."""

from cxmon.slack_app import declaring, incident_buttons, incident_views, previewing, questions, responding
from cxmon.slack_app.contract import Handler, Handlers, Request

HANDLERS: Handlers = {
    **incident_buttons.HANDLERS,
    **incident_views.HANDLERS,
    **questions.HANDLERS,
    **declaring.HANDLERS,
    **previewing.HANDLERS,
    **responding.HANDLERS,
}


def handler_of(request: Request, handlers: Handlers = HANDLERS) -> Handler | None:
    """By the request's name; what follows a colon in an action's id only tells elements of a kind apart."""
    found = handlers.get((request.kind, request.name))
    return found if found is not None else handlers.get((request.kind, request.name.partition(":")[0]))
