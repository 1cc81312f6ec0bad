"""validate, schema, init: the configuration by hand. None of them opens a store or a source."""

import json
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, say

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from cxmon.config.plan import Plan


class First(StrEnum):
    """What a first configuration begins with."""

    CSV = "csv"
    SQL = "sql"
    REST = "rest"
    ZENDESK = "zendesk"
    FRESHDESK = "freshdesk"
    INTERCOM = "intercom"
    STRIPE = "stripe"
    DBT_ZENDESK = "dbt-zendesk"
    DBT_INTERCOM = "dbt-intercom"
    DBT_STRIPE = "dbt-stripe"
    GENESYS = "genesys"
    FIVE9 = "five9"
    AMAZON_CONNECT = "amazon-connect"
    TALKDESK = "talkdesk"

    @property
    def suffix(self) -> str:
        return "" if self is First.CSV else f"-{self.value}"

    @property
    def next(self) -> str:
        """What has to be done before it can be used."""
        if self in {First.CSV, First.GENESYS, First.FIVE9, First.AMAZON_CONNECT, First.TALKDESK}:
            return "Put your file beside it, change the names,"
        return "Put the secrets that it names into the environment, change the names,"


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon validate --config config/cxmon.yaml")(validate)
    app.command(epilog="Example: cxmon schema > config/cxmon.schema.json")(schema)
    app.command(epilog="Example: cxmon init --type zendesk, or cxmon init --type rest --recipe hubspot")(init)


def validate(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Name every mistake in the configuration by file, line and key."""
    from cxmon.config import load
    from cxmon.errors import ConfigError

    try:
        plan = load(config)
    except ConfigError as error:
        if not as_json:
            raise
        say(_as_text({"valid": False, "problems": list(error.problems), "notes": []}))
        raise typer.Exit(Exit.USAGE) from None
    if as_json:
        say(_as_text({"valid": True, "problems": [], "notes": list(plan.notes)}))
        return
    for note in plan.notes:
        say(f"note: {note}")
    say(f"{config} is valid: {summary(plan)}.")


def schema() -> None:
    """Print the JSON schema of a configuration, for editors."""
    say(schema_text())


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.", show_default=True)] = DEFAULT_CONFIG,
    kind: Annotated[First, typer.Option("--type", help="Which source it begins with.", show_default=True)] = First.CSV,
    recipe: Annotated[
        str | None, typer.Option(help="A vendor's recipe for rest: jira-service-management, hubspot, ...")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
) -> None:
    """Write a first configuration, and the schema for editors beside it."""
    from cxmon.errors import ActionError

    first = _first(kind, recipe)
    kind = kind if recipe is None else First.REST
    if path.exists() and not force:
        raise ActionError(f"{path} is there already; name another file, or write over it with --force")
    beside = path.with_name("cxmon.schema.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(first.read_text(encoding="utf-8"), encoding="utf-8")
        beside.write_text(schema_text() + "\n", encoding="utf-8")
    except OSError as error:
        raise ActionError(f"{path} cannot be written: {error.strerror}") from None
    say(f"Wrote {path}, and {beside} for your editor.")
    say(f"{kind.next} then: cxmon validate --config {path}")


def _first(kind: First, recipe: str | None) -> "Traversable":
    """The configuration that is shipped for a type, or for a vendor's recipe."""
    from cxmon.errors import ActionError

    shipped = files("cxmon.config")
    if recipe is None:
        return shipped.joinpath(f"first{kind.suffix}.yaml")
    if kind not in {First.CSV, First.REST}:
        raise ActionError(f"--recipe goes with --type rest, and {kind.value} needs none")
    found = {one.name.removesuffix(".yaml"): one for one in shipped.joinpath("recipes").iterdir()}
    if recipe not in found:
        raise ActionError(f"no recipe {recipe!r}; there are {', '.join(sorted(found))}")
    return found[recipe]


def schema_text() -> str:
    """The schema as it is kept in files."""
    from cxmon.config import schema as described

    return _as_text(described())


def summary(plan: "Plan") -> str:
    """`6 metrics from 2 sources, 3 checks, 2 channels, 5 changes`."""
    counts = {
        "metric": len(plan.metrics),
        "source": len(plan.sources),
        "check": len({check.name for check in plan.checks}),
        "channel": len(plan.channels),
        "change": len(plan.changes),
    }
    said = [f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items()]
    return f"{said[0]} from {', '.join(said[1:])}"


def _as_text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
