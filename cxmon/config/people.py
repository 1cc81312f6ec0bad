"""No person is a dimension: which names betray one."""

import itertools
import re

# Words that name an employee, whole or as a part of a column's name.
_PERSON = frozenset(
    [
        "agent",
        "agents",
        "assignee",
        "assignees",
        "assigned",
        "teammate",
        "teammates",
        "employee",
        "employees",
        "rep",
        "reps",
        "representative",
        "staff",
        "staffer",
        "handler",
        "worker",
        "colleague",
        "advisor",
        "adviser",
        "clerk",
        "technician",
        "operator",
        "supervisor",
        "manager",
        "username",
        "login",
        "person",
        "persons",
        "people",
        "admin",
    ]
)
_DONE_BY = frozenset(
    [
        "handled",
        "solved",
        "answered",
        "closed",
        "resolved",
        "assigned",
        "created",
        "taken",
        "updated",
        "served",
        "owned",
    ]
)
_NAMED = frozenset(["owner", "user", "author", "staff", "requester"])
_TEAM = frozenset(["team", "teams", "squad", "squads", "crew", "crews"])

REASON = (
    "a dimension that is no person (cxmon says where customers were hurt, never who served them; "
    "a team may be one with a team_agreement)"
)
TEAM_REASON = "a team_agreement at the top level: {stated: ..., min_head_count: 5}"


def words(name: str) -> list[str]:
    """`ownerName` and `owner_name` -> [owner, name]."""
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def names_person(name: str) -> bool:
    found = words(name)
    if _PERSON & set(found):
        return True
    pairs = list(itertools.pairwise(found))
    if any(first in _DONE_BY and second in {"by", "to"} for first, second in pairs):
        return True
    return found == ["owner"] or any(first in _NAMED and second in {"name", "id", "email"} for first, second in pairs)


def names_team(name: str) -> bool:
    return bool(_TEAM & set(words(name)))
