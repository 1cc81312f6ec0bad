"""Tickets of the AI agent and of people: two lists of one export, read one after the other.

A ticket does not say whose it is, only the list that it is in does. One that the AI agent passes on moves to the list
of people, as a newer version of the same ticket.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from cxmon.contracts import Facts, Request

# What a request says for a list, by whose tickets are in it. People's come last: of two equal versions theirs counts.
SCOPES = {"ai": "ai_agent", "people": "agent"}
PEOPLE = "people"

Lists = Mapping[str, Callable[[Request], Iterator[Facts]]]


def one_by_one(lists: Lists, request: Request) -> Iterator[Facts]:
    """The pages of both lists, with cursors that say where each of them stands; the last one is complete."""
    at = places(request.cursor)
    for whose in SCOPES:
        for page in lists[whose](replace(request, cursor=at.get(whose))):
            at = at if page.cursor is None else at | {whose: page.cursor}
            stored = None if page.cursor is None else json.dumps(at)
            yield replace(page, cursor=stored, complete=page.complete and whose == PEOPLE)


def places(cursor: str | None) -> dict[str, str]:
    """Where each list stands; a cursor from before there were two is that of people's tickets."""
    try:
        found = json.loads(cursor or "{}")
    except ValueError:
        found = None
    if isinstance(found, dict) and found.keys() <= SCOPES.keys():
        return {name: str(place) for name, place in found.items()}
    return {PEOPLE: str(cursor)}
