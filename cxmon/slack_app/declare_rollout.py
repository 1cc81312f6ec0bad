"""A roll-out in the form that declares a change: stages, segments it may spill over to, and weights, typed in lines."""

import json
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cxmon.slack_app import modals
from cxmon.slack_app.contract import Request
from cxmon.slack_app.declare_view import STAGES, WEIGHTS, Offer
from cxmon.wording import forms as words

_DAY = r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}))?"
_STAGE = re.compile(rf"{_DAY}(?:\s+to\s+{_DAY})?\s*:?\s+(.+)")
_NUMBER = re.compile(r"\d+(\.\d+)?")


def rollout(request: Request, offer: Offer, zone: str, wrong: dict[str, str]) -> list[tuple[str, str]]:
    """(field, line of YAML) pairs of what was typed; what cannot be read is `wrong` at its field."""
    stages = [one for line in _lines(request, STAGES) if (one := _stage(line, offer, zone, wrong)) is not None]
    spills = [
        one for line in _lines(request, "spills_to") if (one := _scope(line, "spills_to", offer, wrong)) is not None
    ]
    weights = [pair for line in _lines(request, WEIGHTS) if (pair := _weight(line, wrong)) is not None]
    return [
        *_listed(STAGES, stages), *_listed("spills_to", spills), *([(WEIGHTS, "weights:")] if weights else []),
        *((WEIGHTS, f"  {json.dumps(name)}: {number}") for name, number in weights),
    ]  # fmt: skip


def _listed(field: str, found: list[Any]) -> list[tuple[str, str]]:
    # As JSON, which is YAML as well; what is typed is no name of a variable.
    items = [(field, f"  - {json.dumps(one)}".replace("${", "$ {")) for one in found]
    return [(field, f"{field}:"), *items] if items else []


def _lines(request: Request, field: str) -> list[str]:
    return [line.strip() for line in request.input(field).splitlines() if line.strip()]


def _stage(line: str, offer: Offer, zone: str, wrong: dict[str, str]) -> dict[str, Any] | None:
    found = _STAGE.fullmatch(line)
    if found is None:
        wrong[STAGES] = words.pair_expected(words.stage_example())
        return None
    day, clock, last, until, where = found.groups()
    scope = _scope(where, STAGES, offer, wrong)
    try:
        moments = {"starts": _at(day, clock, zone)} | ({"ends": _at(last, until, zone)} if last else {})
    except ValueError:
        wrong[STAGES] = words.pair_expected(words.stage_example())
        return None
    return None if scope is None else moments | {"scope": scope}


def _at(day: str, clock: str | None, zone: str) -> str:
    return datetime.fromisoformat(f"{day}T{(clock or '00:00'):0>5}").replace(tzinfo=ZoneInfo(zone)).isoformat()


def _scope(text: str, field: str, offer: Offer, wrong: dict[str, str]) -> dict[str, list[str]] | None:
    """`region=us,uk; channel=phone`; a value that nobody has is a scope without customers, and refused."""
    scope: dict[str, list[str]] = {}
    for part in text.split(";"):
        name, sign, given = (piece.strip() for piece in part.partition("="))
        values = [value.strip() for value in given.split(",") if value.strip()]
        if not (sign and name and values):
            wrong[field] = words.pair_expected(words.stage_example() if field == STAGES else words.scope_example())
            return None
        known = offer.values.get(name)
        if known is not None and (missing := [value for value in values if value not in known]):
            wrong[field] = words.no_such_value(name, missing[0])
        scope[name] = values
    return scope


def _weight(line: str, wrong: dict[str, str]) -> tuple[str, str] | None:
    name, sign, number = (piece.strip() for piece in line.partition("="))
    if not (sign and name and _NUMBER.fullmatch(number)):
        wrong[WEIGHTS] = words.pair_expected(words.weight_example())
        return None
    return name, number


def inputs(offer: Offer) -> list[modals.Block]:
    """The three fields, where there are dimensions and metrics to name."""
    typed = [
        modals.text_input(STAGES, words.stages_label(), lines=True, optional=True, hint=words.stages_hint()),
        modals.text_input("spills_to", words.spills_label(), lines=True, optional=True, hint=words.spills_hint()),
    ]
    weights = modals.text_input(WEIGHTS, words.weights_label(), lines=True, optional=True, hint=words.weights_hint())
    return [*(typed if offer.values else []), *([weights] if len(offer.metrics) > 1 else [])]
