"""A draft as the YAML of a declaration: what is known is filled in, what only its owner can say is asked for."""

import json
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from cxmon.model import Category, Change, Metric, Scope

_SORTS = ", ".join(Category)


def declaration(change: Change, metrics: Mapping[str, Metric], zone: str) -> str:
    """The mapping that `cxmon change add --file` takes, and that stands under `changes:` with a dash before it. It says
    the same as the draft; lines to be filled in are comments."""
    source = f" from {change.imported.feed}" if change.imported is not None else ""
    lines = [
        f"# A draft{source}: check it, fill it in, and declare it with `cxmon change add --file FILE`,",
        "# or put it under `changes:` in the configuration. The id stays, so that the draft is taken over.",
        f"id: {change.id}",
        f"title: {_quoted(change.title)}",
        f"category: {change.category}    # or one of {_SORTS}",
        f"starts: {_moment(change, zone)}",
        *([f"ends: {_quoted(change.ends.astimezone(ZoneInfo(zone)).isoformat())}"] if change.ends else []),
        f"owner: {_quoted(change.owner)}    # a role or department, not a person",
        *_scope(change.scope, metrics.values()),
        "# The harm that you accept, by metric, in its unit; unsaid it is what matters:",
        "# limits:",
        *(f"#   {m.id}: {m.matters.text}" for m in metrics.values() if _concerned(change, m)),
        "# What it is to gain, if it is: aims: {METRIC: SIZE}",
        "# What it is said to save: saving: {amount: 100000, currency: EUR, per: year, claimed_by: Finance}",
    ]
    return "\n".join(lines) + "\n"


def _scope(scope: Scope, metrics: Iterable[Metric]) -> list[str]:
    if scope.values:
        inside = ", ".join(f"{name}: [{', '.join(_quoted(v) for v in allowed)}]" for name, allowed in scope.values)
        return [f"scope: {{{inside}}}"]
    known = sorted({name for m in metrics for name in m.dimensions})
    by = f" ({', '.join(known)})" if known else ""
    return [f"# scope: whom it touches{by}; without it all customers"]


def _concerned(change: Change, metric: Metric) -> bool:
    return set(change.scope_for(metric.id).dimensions) <= set(metric.dimensions)


def _moment(change: Change, zone: str) -> str:
    local = change.starts.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d}" if f"{local:%H:%M:%S}" == "00:00:00" else _quoted(local.isoformat())


def _quoted(text: str) -> str:
    """As JSON, which is YAML as well: what a title holds is never markup."""
    return json.dumps(text, ensure_ascii=False)
