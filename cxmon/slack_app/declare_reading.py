"""What somebody filled into the form, as a change or as what is wrong with it, field by field.

It is written as the YAML of a declaration and read by the reader of configurations: one set of rules, one set of words.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from cxmon.config import parse_change
from cxmon.config.moments import known_zone, nearest_zone
from cxmon.config.plan import Plan
from cxmon.decisions.naming import name_of
from cxmon.errors import ConfigError
from cxmon.model import Change, Status, number_format
from cxmon.slack_app.contract import Request
from cxmon.slack_app.declare_rollout import rollout
from cxmon.slack_app.declare_view import METRICS, Offer, shown_dimensions
from cxmon.slack_app.modals import opaque
from cxmon.wording import forms as words
from cxmon.wording import labels

_PROBLEM = re.compile(r"[^:]*:(\d+): (.*)", re.DOTALL)
_PLAIN = re.compile(r"[\d.,]+")
_DIGITS = re.compile(r"\d+(\.\d{1,2})?")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


class Wrong(Exception):  # noqa: N818 - a named outcome, not a fault of ours.
    """What is wrong, by field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(self.fields.values()))


def change_of(request: Request, plan: Plan, offer: Offer, taken: Collection[str]) -> Change:
    """The change that the form declares. Raises Wrong with everything that is wrong.

    `taken` are the ids that are used already; the status is draft unless the one who sends it may declare.
    """
    wrong: dict[str, str] = {}
    lines = [*_what(request, taken), *_when(request, offer, wrong), *_scope(request, offer, wrong)]
    lines += [*_sizes(request, offer, wrong), *rollout(request, offer, _zone(request, offer), wrong)]
    lines += _saving(request, wrong)
    if not request.input("title"):
        wrong["title"] = words.title_needed()
    answers = request.input("responds_to")
    if answers and answers not in offer.answers:
        wrong["responds_to"] = words.not_known_any_more(answers)
    try:
        found = parse_change("\n".join(text for _, text in lines), "form", plan)
    except ConfigError as error:
        raise Wrong(_by_field(error, [name for name, _ in lines]) | wrong) from error
    if wrong:
        raise Wrong(wrong)
    status = Status.LIVE if offer.live else Status.DRAFT
    return replace(found, status=status, responds_to=answers or None)


def _what(request: Request, taken: Collection[str]) -> list[tuple[str, str]]:
    """(field, line of YAML) pairs."""
    title = request.input("title")
    said = [("title", f"id: {name_of(title, taken)}"), ("title", f"title: {_quoted(title)}")]
    said += [(name, f"{name}: {_quoted(request.input(name))}") for name in ("category", "owner")]
    return said + ([("note", f"note: {_quoted(request.input('note'))}")] if request.input("note") else [])


def _when(request: Request, offer: Offer, wrong: dict[str, str]) -> list[tuple[str, str]]:
    day, clock, zone = request.input("starts"), request.input("time") or "00:00", request.input("zone") or offer.zone
    if not known_zone(zone):
        wrong["zone"] = words.zone_expected(nearest_zone(zone))
        zone = offer.zone
    try:
        local = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return [("starts", f"starts: {_quoted(day)}")]
    return [("starts", f"starts: {_quoted(local.isoformat(timespec='seconds'))}")]


def _zone(request: Request, offer: Offer) -> str:
    zone = request.input("zone")
    return zone if zone and known_zone(zone) else offer.zone


def _scope(request: Request, offer: Offer, wrong: dict[str, str]) -> list[tuple[str, str]]:
    chosen: dict[str, tuple[str, list[str]]] = {}
    shown = shown_dimensions(offer)
    # A dimension that is gone meanwhile must not widen the scope to everybody.
    gone = [name for name in request.inputs if name.startswith("scope:") and name.removeprefix("scope:") not in shown]
    wrong.update({name: words.not_known_any_more(name.removeprefix("scope:")) for name in gone})
    for name in shown:
        given = request.inputs.get(f"scope:{name}", ())
        values = {opaque(value): value for value in offer.values[name]}
        picked = (given,) if isinstance(given, str) else given
        if any(one not in values for one in picked):
            wrong[f"scope:{name}"] = words.not_known_any_more(name)
        elif picked:
            chosen[name] = (f"scope:{name}", [values[one] for one in picked])
    for name, value in _pairs(request, "elsewhere", "channel=phone", wrong):
        # A value that nobody has is a scope without customers: the rules of YAML let it pass, a form need not.
        known = offer.values.get(name)
        values_given = [part.strip() for part in value.split(",") if part.strip()]
        if known is not None and (missing := [v for v in values_given if v not in known]):
            wrong["elsewhere"] = words.no_such_value(name, missing[0])
        chosen[name] = ("elsewhere", [*chosen.get(name, ("", []))[1], *values_given])
    if not chosen:
        return []
    first = next(iter(chosen.values()))[0]
    return [
        (first, "scope:"),
        *((field, f"  {_quoted(name)}: {_quoted(values)}") for name, (field, values) in chosen.items()),
    ]


def _sizes(request: Request, offer: Offer, wrong: dict[str, str]) -> list[tuple[str, str]]:
    """Limits of the metrics that were chosen or typed, and the gains."""
    picked = request.inputs.get(METRICS, ())
    names = [picked] if isinstance(picked, str) else list(picked)
    if any(name not in offer.metrics for name in names):
        wrong[METRICS] = words.not_known_any_more("A metric")
    names = [name for name in names if name in offer.metrics]
    lines: list[tuple[str, str]] = [(METRICS, "limits:")] if names else []
    for name in names:
        given, field = request.input(f"limit:{name}"), f"limit:{name}"
        size = given or offer.metrics[name].matters.text
        lines.append((field if given else METRICS, f"  {name}: {_quoted(size)}"))
    aims = _pairs(request, "aims", "csat=2pt", wrong)
    lines += [("aims", "aims:")] if aims else []
    return [*lines, *(("aims", f"  {_quoted(name)}: {_quoted(size)}") for name, size in aims)]


def _saving(request: Request, wrong: dict[str, str]) -> list[tuple[str, str]]:
    amount = request.input("amount")
    if number_format().decimal == "," and _PLAIN.fullmatch(amount) and not _DIGITS.fullmatch(amount):
        # Who reads 1.200 as twelve hundred must not have declared a saving of one and a fifth.
        wrong["amount"] = words.digits_alone(amount)
        return []
    # 1,200,000 is read; a decimal comma is for the reader of configurations to refuse.
    amount = amount.replace(",", "") if _GROUPED.fullmatch(amount) else amount
    claimed = request.input("claimed_by")
    if not amount:
        if claimed:
            wrong["amount"] = words.saving_needs(labels.AN_AMOUNT)
        return []
    if not request.input("currency"):
        wrong["currency"] = words.saving_needs(labels.A_CURRENCY)
        return []
    said = [
        ("amount", "saving:"),
        ("amount", f"  amount: {amount if _PLAIN.fullmatch(amount) else _quoted(amount)}"),
        ("currency", f"  currency: {_quoted(request.input('currency').upper())}"),
        ("per", f"  per: {_quoted(request.input('per') or 'year')}"),
    ]
    return said + ([("claimed_by", f"  claimed_by: {_quoted(claimed)}")] if claimed else [])


def _pairs(request: Request, field: str, example: str, wrong: dict[str, str]) -> list[tuple[str, str]]:
    """`name=value` lines; commas part pairs too where each of them is one."""
    found = []
    for line in re.split(r"\n|,(?=[^,\n]*=)", request.input(field)):
        if not line.strip():
            continue
        name, sign, value = line.partition("=")
        if not (sign and name.strip() and value.strip()):
            wrong[field] = words.pair_expected(example)
            continue
        found.append((name.strip(), value.strip()))
    return found


def _by_field(error: ConfigError, fields: list[str]) -> dict[str, str]:
    """The problems at their fields, by the line of each; the first of a field is told."""
    found: dict[str, str] = {}
    for problem in error.problems:
        match = _PROBLEM.fullmatch(problem)
        line = int(match.group(1)) if match else 1
        field = fields[min(line, len(fields)) - 1]
        found.setdefault(field, words.problem_at_field(match.group(2) if match else problem))
    return found


def _quoted(value: object) -> str:
    """As JSON, which is YAML as well: what is typed is text and no syntax, and no name of a variable."""
    return json.dumps(value).replace("${", "$ {")
