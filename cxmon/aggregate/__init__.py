"""From rows to cells: reading what stands in a row, and adding rows up into sufficient statistics. Pure."""

from cxmon.aggregate import reading
from cxmon.aggregate.churn import cells_of_states, opens
from cxmon.aggregate.churn_grid import DEFINITIONS, STRIPE
from cxmon.aggregate.intake import FIGURES, Intake, bounds, fields_of, roles
from cxmon.aggregate.orderly import histories, orderly
from cxmon.aggregate.parts import AGES, Parts, cells, merge, period_starts
from cxmon.aggregate.quiet import Told, quiet
from cxmon.aggregate.records import ONE, Counted, Page, cells_of_facts
from cxmon.aggregate.states import AFTER, State, standing, subject
from cxmon.aggregate.windows import span, stretches
from cxmon.aggregate.worst import badness, on_the_bad_side

__all__ = [
    "AFTER",
    "AGES",
    "DEFINITIONS",
    "FIGURES",
    "ONE",
    "STRIPE",
    "Counted",
    "Intake",
    "Page",
    "Parts",
    "State",
    "Told",
    "badness",
    "bounds",
    "cells",
    "cells_of_facts",
    "cells_of_states",
    "fields_of",
    "histories",
    "merge",
    "on_the_bad_side",
    "opens",
    "orderly",
    "period_starts",
    "quiet",
    "reading",
    "roles",
    "span",
    "standing",
    "stretches",
    "subject",
]
