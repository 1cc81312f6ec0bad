"""What stands where the figures of a small group are not shown (docs/privacy.md)."""

from cxmon.model import Finding, State, written
from cxmon.wording.watching import CONSISTENT

TOO_FEW = "too few answers to show"
_FOUND = {
    State.BREACH: f"in alarm; {TOO_FEW} the figures",
    State.OK: f"not in alarm; {TOO_FEW} the figures",
    State.UNKNOWN: f"not known; {TOO_FEW} the figures",
}
# An open incident without its figures, by the type of its check.
_IS = {"watch": "is worse than expected", "funnel": "is outside what its size explains"}


def withheld_finding(finding: Finding) -> str:
    """What a check says without its figures. What it adds of declared changes stays: it holds no figures."""
    _, near, declared = finding.reason.partition(CONSISTENT)
    return f"{_FOUND[finding.state]}{near}{declared}"


def withheld_headline(what: str, kind: str, when: str) -> str:
    """`CSAT in phone · eu is worse than expected since 3 Oct; too few answers to show how much`."""
    return f"{what} {_IS.get(kind, 'is out of bounds')}{when}; {TOO_FEW} how much"


def fewer(least: float) -> str:
    """Why there are no figures of a decision: `too few answers to show, fewer than 10`."""
    return f"{TOO_FEW}, fewer than {written(least)}"
