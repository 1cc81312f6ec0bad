"""assign, note, leave-out, not-real: what else people do about an incident."""

from typing import Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, opened, say

Incident = Annotated[str, typer.Argument(help="Its id.")]
By = Annotated[str, typer.Option(help="Who: a role or department, not a person.")]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon assign INCIDENT --to 'Workforce planning' --by Operations")(assign)
    app.command(epilog="Example: cxmon note INCIDENT 'The vendor is on it' --by Operations")(note)
    app.command(
        "leave-out",
        epilog="Example: cxmon leave-out INCIDENT --first 2026-11-02 --last 2026-11-04 --by Operations --why 'flood'",
    )(leave_out)
    app.command(
        "not-real", epilog="Example: cxmon not-real INCIDENT --by Operations --why 'test calls of the phone vendor'"
    )(not_real)


def assign(
    incident: Incident,
    to: Annotated[str, typer.Option(help="Which role or department sees to it.")],
    by: By,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Name the role or department that sees to an incident."""
    from cxmon import actions
    from cxmon.service import wall

    with opened(config) as (_, store):
        actions.assign(store, incident, to=to, by=by, now=wall())
    say(f"{to} sees to it.")


def note(
    incident: Incident,
    text: Annotated[str, typer.Argument(help="What is to be known.")],
    by: By,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add a note to an incident's history; it is told in its thread."""
    from cxmon import actions
    from cxmon.service import wall

    with opened(config) as (_, store):
        actions.add_note(store, incident, text=text, by=by, now=wall())
    say("Noted.")


def leave_out(
    incident: Incident,
    first: Annotated[str, typer.Option(help="The first day, e.g. 2026-11-02.")],
    last: Annotated[str, typer.Option(help="The last day.")],
    by: By,
    why: Annotated[str, typer.Option(help="The reason, for those who read it later.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """It was a one-off: leave its days out of what the watch judges and learns from, and out of verdicts."""
    from zoneinfo import ZoneInfo

    from cxmon import actions
    from cxmon.config import parse_instant
    from cxmon.periods import span_of_days
    from cxmon.service import wall

    with opened(config) as (plan, store):
        found = store.incidents.get(incident)
        metric = plan.metrics.get(found.subject) if found is not None else None
        zone = metric.zone if metric is not None else plan.zone
        days = [parse_instant(given, zone).astimezone(ZoneInfo(zone)).date() for given in (first, last)]
        since, until = span_of_days(days[0], days[1], zone)
        left = actions.leave_out(store, incident, since=since, until=until, by=by, why=why, now=wall())
    say(f"Left out ({left.id}); the incident ends by itself once the days after are fine.")


def not_real(
    incident: Incident,
    by: By,
    why: Annotated[str, typer.Option(help="The reason, for those who read it later.")],
    take_back: Annotated[bool, typer.Option("--take-back", help="It was real after all: take the mark back.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Mark an alert as not real, a false one: it ends, is counted, and is told again when it gets worse or lasts."""
    from cxmon import actions
    from cxmon.model import IncidentState
    from cxmon.service import wall
    from cxmon.wording import clicking

    with opened(config) as (_, store):
        before = store.incidents.get(incident)
        act = actions.take_mark_back if take_back else actions.mark_not_real
        found = act(store, incident, by=by, why=why, now=wall())
    mark = before.not_real if before is not None else None
    if take_back == (mark is None):
        say(clicking.not_marked() if mark is None else clicking.already_marked(mark.by))
    elif take_back:
        say(clicking.mark_taken_back(lasting=found.state is not IncidentState.ENDED))
    else:
        say(clicking.is_not_real(found))
