"""doctor and backup: is the house in order, and is there a copy of it?"""

from pathlib import Path
from typing import Annotated

import typer

from cxmon.cli import Exit
from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, load_plan, opened, say


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon doctor")(doctor)
    app.command(epilog="Example: cxmon backup var/copy.db")(backup)


def doctor(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Configuration, store, collections and delivery in one look."""
    from cxmon.errors import CxmonError
    from cxmon.model import Delivery
    from cxmon.service import wall
    from cxmon.slack_app.health import buttons_heard
    from cxmon.store import Store
    from cxmon.wording import counted

    plan = load_plan(config)
    found = [("configuration", True, f"{counted(len(plan.sources), 'source')}, {counted(len(plan.metrics), 'metric')}")]
    try:
        with Store.open(plan.store_url) as store:
            runs = store.runs.latest()
            stuck = [r for r in store.outbox.rows() if r.state in {Delivery.PARKED, Delivery.DEAD}]
            missing = sorted(set(plan.metrics) - set(runs))
            found.append(("store", True, f"opened, version {store.version()}"))
            found.extend((f"metric {m}", False, "never collected") for m in missing)
            found.extend(
                (f"metric {r.metric}", r.ok, r.error or f"{counted(r.rejected, 'row')} set aside")
                for r in runs.values()
            )
            found.extend((f"message to {r.channel}", False, f"{r.state}: {r.error}") for r in stuck)
            found.extend(buttons_heard(plan, store, now=wall()))
    except CxmonError as error:
        found.append(("store", False, str(error)))
    if as_json:
        emit([{"what": what, "ok": ok, "detail": detail} for what, ok, detail in found])
    else:
        for what, ok, detail in found:
            say(f"{'ok  ' if ok else 'BAD '} {what}: {detail}")
    if not all(ok for _, ok, _ in found):
        raise typer.Exit(Exit.SOURCE)


def backup(
    target: Annotated[Path, typer.Argument(help="Where the copy goes.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Copy the store while it is in use."""
    with opened(config) as (_, store):
        store.backup(target)
    say(f"Copied to {target}.")
