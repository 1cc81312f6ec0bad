"""From rows to cells: reading what stands in a row, and adding rows up into sufficient statistics. Pure."""

from cxmon.aggregate.intake import FIGURES, Intake, roles
from cxmon.aggregate.parts import AGES, Parts, cells, merge
from cxmon.aggregate.windows import span, stretches

__all__ = ["AGES", "FIGURES", "Intake", "Parts", "cells", "merge", "roles", "span", "stretches"]
