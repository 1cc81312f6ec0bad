"""YAML -> Plan, or every problem with file and line.

Loaded lazily (PEP 562), so that those who only need the words of a Plan do not pay for the parser.
"""

from typing import TYPE_CHECKING, Any

from cxmon.config.plan import CheckPlan, Plan, Schedule, TeamAgreement
from cxmon.model import Route

if TYPE_CHECKING:
    from cxmon.config.editors import schema
    from cxmon.config.loader import load, parse_change
    from cxmon.config.moments import parse_instant
    from cxmon.config.units import parse_duration

__all__ = [
    "CheckPlan",
    "Plan",
    "Route",
    "Schedule",
    "TeamAgreement",
    "load",
    "parse_change",
    "parse_duration",
    "parse_instant",
    "schema",
]

_HOMES = {
    "load": "loader",
    "parse_change": "loader",
    "parse_duration": "units",
    "parse_instant": "moments",
    "schema": "editors",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module  # noqa: PLC0415 - lazy on purpose, see above.

        return getattr(import_module(f"cxmon.config.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'cxmon.config' has no attribute {name!r}")
