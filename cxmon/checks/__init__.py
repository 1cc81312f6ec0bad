"""The registry of checks: one line for each plug-in."""

from cxmon.checks.freshness import Freshness
from cxmon.checks.funnel import Funnel
from cxmon.checks.threshold import Threshold
from cxmon.checks.watch import Watch

TYPES = {"threshold": Threshold, "freshness": Freshness, "watch": Watch, "funnel": Funnel}

__all__ = ["TYPES", "Freshness", "Funnel", "Threshold", "Watch"]
