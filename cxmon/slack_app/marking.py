"""The view by which an alert is marked as not real, and what sending it does."""

from datetime import datetime
from typing import Any

from cxmon import actions, wording
from cxmon.model import Act, Incident, IncidentPolicy, Metric
from cxmon.slack_app import modals
from cxmon.slack_app.contract import Place, Request
from cxmon.slack_app.modals import Origin
from cxmon.slack_app.trail import kept
from cxmon.store import Store
from cxmon.wording import clicking as words
from cxmon.wording import labels


def view(incident: Incident, metric: Metric, at: Origin, now: datetime) -> dict[str, Any]:  # noqa: ARG001 - a view.
    """What a mark does is read before it is made."""
    where = ", ".join(wording.segment(m) for m in incident.members)
    return modals.modal(
        title=labels.NOT_REAL,
        callback="not_real",
        private=at.private,
        submit=labels.MARK_NOT_REAL,
        blocks=[
            modals.words(*words.not_real_means(metric, where, IncidentPolicy().mark_holds)),
            modals.text_input("why", labels.HOW_KNOWN, hint=words.read_later()),
        ],
    )


def mark(request: Request, place: Place, incident: Incident, now: datetime) -> str:
    """Marks it, and says what came of it."""
    why = request.input("why")

    def do(store: Store) -> Incident:
        return actions.mark_not_real(store, incident.id, by=place.by, why=why, now=now)

    return words.is_not_real(kept(request, place, Act.NOT_REAL, do, subject=incident.id, why=why, now=now))
