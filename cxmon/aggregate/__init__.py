"""From rows to cells: reading what stands in a row, and adding rows up into sufficient statistics. Pure."""

from cxmon.aggregate import reading
from cxmon.aggregate.intake import FIGURES, Intake, roles
from cxmon.aggregate.parts import AGES, Parts, cells, merge, period_starts
from cxmon.aggregate.records import ONE, Counted, Page, cells_of_facts
from cxmon.aggregate.windows import span, stretches

__all__ = [
    "AGES",
    "FIGURES",
    "ONE",
    "Counted",
    "Intake",
    "Page",
    "Parts",
    "cells",
    "cells_of_facts",
    "merge",
    "period_starts",
    "reading",
    "roles",
    "span",
    "stretches",
]
