"""access: who may do what, and who did what."""

from typing import Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, load_plan, opened, say, table


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon access ana@example.com")(access)


def access(
    who: Annotated[str | None, typer.Argument(help="An address or a Slack user id; without it everybody.")] = None,
    trail: Annotated[bool, typer.Option("--trail", help="Who did what when signed in, for whom, and why.")] = False,
    subject: Annotated[str | None, typer.Option("--about", help="With --trail: only this change or incident.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Who may see and change what, as the configuration says; --trail: who did."""
    if trail:
        _trail(config, who, subject, as_json=as_json)
        return
    from cxmon.model import Act, Allowed, may
    from cxmon.wording import access as wording

    known = load_plan(config).access
    names = [who] if who is not None else [*known.editors, *(v for v in known.viewers if v not in known.editors)]
    # A pattern is not somebody: its role is where it stands.
    roles = {name: known.role(name) if who is not None else known.listed(name) for name in names}
    if as_json:
        emit([{"who": n, "role": role, "department": known.department(n)} for n, role in roles.items()])
        return
    if not names:
        say("Nobody is named under access: only the person at this machine may change anything on the board.")
        return
    if who is not None:
        say(f"{who}, {wording.rights(roles[who], [act for act in Act if isinstance(may(roles[who], act), Allowed)])}")
        return
    table(["who", "role", "for"], [[n, str(role), known.departments.get(n, "")] for n, role in roles.items()])


def _trail(config: Config, who: str | None, subject: str | None, *, as_json: bool) -> None:
    from cxmon.wording import access as wording

    with opened(config, read_only=True) as (plan, store):
        found = [s for s in store.audit.all(subject) if who is None or s.who == who]
    if as_json:
        emit(found)
    elif not found:
        say("Nobody who is signed in has changed anything yet.")
    else:
        table(list(wording.TRAIL), [wording.trail_row(s, plan.zone) for s in found])
