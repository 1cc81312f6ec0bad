"""The life of an incident as a pure function of (incident, finding, policy, now), and which findings are one story."""

from cxmon.incidents.lattice import comparable, components, fold, root_of
from cxmon.incidents.lifecycle import decide, incident_id, join, merge, note
from cxmon.incidents.reasons import Reason
from cxmon.incidents.walk import Event, Walked, holds_on, walk

__all__ = [
    "Event",
    "Reason",
    "Walked",
    "comparable",
    "components",
    "decide",
    "fold",
    "holds_on",
    "incident_id",
    "join",
    "merge",
    "note",
    "root_of",
    "walk",
]
