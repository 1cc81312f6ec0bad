"""change plan: before the decision, how long until a harm of the limit is seen or ruled out."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, progress, read_text, say, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxmon.config.plan import Plan
    from cxmon.model import Change, Metric, Planned
    from cxmon.store import Store

EPILOG = (
    "Example: cxmon change plan weekend-phone-desk\n\n"
    "Not written down yet: cxmon change plan --scope channel=phone --limit csat=2pt --horizon 60d"
)


def plan(
    change: Annotated[str | None, typer.Argument(help="Id of a declared or drafted change.")] = None,
    file: Annotated[str | None, typer.Option("--file", help="YAML with one change, as for `change add`.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="DIMENSION=VALUE[,VALUE] that it touches; may be repeated.")
    ] = None,
    limit: Annotated[list[str] | None, typer.Option(help="METRIC=SIZE, e.g. csat=2pt; may be repeated.")] = None,
    horizon: Annotated[str | None, typer.Option(help="How long it is watched, e.g. 60d.")] = None,
    starts: Annotated[str | None, typer.Option(help="When it takes effect, e.g. 2026-09-01; default now.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """How long until a harm of the limit is seen, or ruled out, per metric and scope. Declares nothing.

    The options change what a declared change says, for this question only: what if the limit were 3 points?
    """
    from cxmon import actions
    from cxmon.service import clock

    if change is not None and file is not None:
        raise typer.BadParameter("expected an id or --file, not both", param_hint="--file")
    with opened(config, read_only=True) as (known, store):
        now = clock(known)
        base = _base(change, file, known, store)
        given = {"scope": _pairs(scope, "--scope"), "limits": _pairs(limit, "--limit")}
        asked = _asked(base, given, horizon, starts or (None if base else f"{now:%Y-%m-%d}"), known)
        with progress("plan") as advance:
            found = actions.plan(
                store, asked, now=now, metrics=list(known.metrics.values()), beside=known.changes, progress=advance
            )
    if as_json:
        emit(found)
    else:
        _print(found, known.metrics, known.zone)


def _print(found: "Planned", metrics: "Mapping[str, Metric]", zone: str) -> None:
    from cxmon.wording import outlooks as wording

    for line in wording.planned(found.change, found.outlooks, metrics, zone):
        say(line)
    if len(found.outlooks) > 1:
        table(list(wording.HEADERS), [wording.row(metrics[o.metric], o) for o in found.outlooks])
    for o in found.outlooks:
        lines = wording.outlook(metrics[o.metric], o)
        say("\n".join([lines[0], *(f"  {line}" for line in lines[1:])]))
    for line in wording.remarks_on_plan(found.outlooks, metrics, zone):
        say(f"\n{line}")


def _base(change: str | None, file: str | None, known: "Plan", store: "Store") -> "Change | None":
    """The change asked about as it was declared, drafted or written down; None where only options say what it is."""
    from cxmon.config import parse_change
    from cxmon.errors import ActionError

    if file is not None:
        return parse_change(read_text(file), file, known)
    if change is None:
        return None
    declared = store.changes.get(change)
    found = declared.change if declared is not None else next((c for c in known.changes if c.id == change), None)
    if found is None:
        ids = [*(d.change.id for d in store.changes.all()), *(c.id for c in known.changes)]
        names = ", ".join(dict.fromkeys(ids)) or "none yet"
        raise ActionError(f"change {change!r} is not in the registry; expected one of: {names}")
    return found


def _asked(
    base: "Change | None", given: dict[str, dict[str, str]], horizon: str | None, starts: str | None, known: "Plan"
) -> "Change":
    """`base` with what the options say instead; they are read as the same keys of a change in YAML would be."""
    from cxmon.config import parse_change
    from cxmon.errors import ConfigError

    said: dict[str, object] = {
        "id": "planned", "title": "This change", "category": "policy", "owner": "not declared", "starts": starts,
        "horizon": horizon, "limits": given["limits"],
        "scope": {name: values.split(",") for name, values in given["scope"].items()},
    }  # fmt: skip
    said = {key: value for key, value in said.items() if value}
    if base is not None and not {"starts", "horizon", "limits", "scope"} & said.keys():
        return base
    day = base.starts.isoformat() if base is not None else None
    # YAML holds JSON, so that whatever is typed is text and no syntax.
    document = "\n".join(f"{key}: {json.dumps(value)}" for key, value in ({"starts": day} | said).items())
    try:
        parsed = parse_change(document, "", known)
    except ConfigError as error:
        # Options have no lines: what is left is the key, and what was found and expected.
        raise ConfigError([problem.partition(" ")[2] for problem in error.problems]) from None
    if base is None:
        return parsed
    fields = {"starts": "starts", "horizon": "horizon_days", "scope": "scope"}
    changed = {field: getattr(parsed, field) for key, field in fields.items() if key in said}
    return replace(base, **changed, limits={**base.limits, **parsed.limits})


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """`name=value` options as a mapping."""
    out: dict[str, str] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not (name.strip() and sign and value.strip()):
            expected = "channel=phone" if option == "--scope" else "csat=2pt"
            raise typer.BadParameter(f"found {text!r}, expected e.g. {expected}", param_hint=option)
        out[name.strip()] = value.strip()
    return out
