"""The `cxmon` command: wires the families together. Nothing heavy is imported before a command runs."""

from typing import Annotated

import typer

import cxmon
from cxmon.cli import (
    alerting,
    allowing,
    asking,
    briefing,
    cataloguing,
    changing,
    collecting,
    digesting,
    effecting,
    evidencing,
    granting,
    importing,
    keeping,
    leading,
    looking_back,
    maturing,
    noting,
    replaying,
    responding,
    running,
    sourcing,
    targeting,
    trying,
    validate,
)

EXAMPLES = """
Examples:

  cxmon demo                          a support desk with 18 months of history, judged
  cxmon validate -c config/cxmon.yaml every mistake by file, line and key
  cxmon collect && cxmon check && cxmon judge
  cxmon status                        the answer in ten seconds
  cxmon effect calls.csv --date 2026-09-01 --value csat --n answers
"""


def _version(value: bool) -> None:
    if value:
        typer.echo(f"cxmon {cxmon.__version__}")
        raise typer.Exit


def build() -> typer.Typer:
    app = typer.Typer(
        name="cxmon",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Says what a cost cut or a policy change did to customers.",
        epilog=EXAMPLES.replace("\n\n", "\n\n\b\n"),
        rich_markup_mode=None,
    )

    @app.callback()
    def root(
        version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
    ) -> None:
        """Say what a cost cut or a policy change did to customers."""

    families = (
        validate, collecting, running, replaying, looking_back, responding, noting, changing, importing, allowing,
        targeting, alerting, asking, digesting, evidencing, effecting, leading, maturing, keeping, sourcing,
        cataloguing, granting, briefing, trying,
    )  # fmt: skip
    for family in families:
        family.register(app)
    return app
