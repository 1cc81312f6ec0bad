"""What one check on one subject brought."""

from dataclasses import dataclass

from cxmon.model import Finding, Transition

# The error of a look that was left to somebody else: nothing is wrong with the check.
BUSY = "another process was looking at the same time"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """`findings` are those of the newest period judged, `transitions` what was decided to tell. `metric` is the
    source's name for checks of source health. `error` is empty where the check ran."""

    check: str
    metric: str
    findings: tuple[Finding, ...] = ()
    transitions: tuple[Transition, ...] = ()
    error: str = ""
