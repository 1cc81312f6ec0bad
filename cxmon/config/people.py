"""No person is a dimension: which names betray one."""

import itertools
import re

# Words that name an employee, whole or as a part of a column's name.
_PERSON = re.compile(
    r"(agent|assignee|teammate|employee|rep|representative|staffer|handler|worker|colleague|advis[oe]r|clerk"
    r"|technician|supervisor|manager|person)s?|staff|assigned|username|login|admin"
)
# `handled_by`, `assigned_to`; `owner_name`, `user_id`, `customer_email`.
_DONE = re.compile(r"handled|solved|answered|closed|resolved|assigned|created|taken|updated|served|owned")
_SOMEBODY = re.compile(r"owner|user|author|requester|customer|client|subscriber|caller|member")
_IDENTITY = re.compile(r"name|id|email|login|phone|number|address")
_TEAM = re.compile(r"(team|squad|crew)s?")

REASON = (
    "a dimension that is no person (cxmon says where customers were hurt, never who served them; "
    "a team may be one with a team_agreement)"
)
TICKET_REASON = "the id of a case, which is no person"
TEAM_REASON = "a team_agreement at the top level: {stated: ..., min_head_count: 5}"


def words(name: str) -> list[str]:
    """`ownerName` and `owner_name` -> [owner, name]."""
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def names_person(name: str) -> bool:
    found = words(name)
    if found == ["owner"] or any(_PERSON.fullmatch(word) for word in found):
        return True
    return any(
        (_DONE.fullmatch(first) and second in {"by", "to"})
        or (_SOMEBODY.fullmatch(first) and _IDENTITY.fullmatch(second))
        for first, second in itertools.pairwise(found)
    )


def names_team(name: str) -> bool:
    return any(_TEAM.fullmatch(word) for word in words(name))
