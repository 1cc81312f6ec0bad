"""incidents, why, ack, silence, respond: what people do about an incident."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, table

if TYPE_CHECKING:
    from cxmon.model import Segment

By = Annotated[str, typer.Option(help="Who: a role or department, not a person.")]
Why = Annotated[str, typer.Option(help="The reason, for those who read it later.")]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon incidents --all")(incidents)
    app.command(epilog="Example: cxmon why INCIDENT")(why)
    app.command(epilog="Example: cxmon ack INCIDENT --by 'Support EMEA'")(ack)
    app.command(epilog="Example: cxmon silence --metric csat --segment channel=phone --for 2d --by CX --why holiday")(
        silence
    )
    app.command(
        epilog="Example: cxmon respond weekend-phone-desk --decision amend --by Operations --why 'Saturdays only' "
        "--owner 'Workforce planning' --due 2026-12-01"
    )(respond)


def incidents(
    config: Config = DEFAULT_CONFIG,
    everything: Annotated[bool, typer.Option("--all", help="The ended ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List incidents."""
    from cxmon import wording
    from cxmon.pipeline.standing import title
    from cxmon.service import clock

    with opened(config, read_only=True) as (plan, store):
        found = store.incidents.recent(200) if everything else store.incidents.open()
        if as_json:
            emit(found)
            return
        responses, changes = store.changes.responses(), {d.change.id: d.change for d in store.changes.all()}
        rows = []
        for i in found:
            subject = i.subject if i.subject in changes and i.check == "verdict" else i.id
            ended = wording.ended_at(changes.get(subject), i)
            said = wording.answers(subject, responses, changes.values(), now=clock(plan), ended=ended, zone=plan.zone)
            since = wording.day(i.since or i.opened_at, plan.zone)
            rows.append([i.id, title(i, store), str(i.state), since, said[-1] if said else ""])
    table(["incident", "what", "state", "since", "answer"], rows)


def why(
    incident: Annotated[str, typer.Argument(help="Its id.")], config: Config = DEFAULT_CONFIG, as_json: Json = False
) -> None:
    """Every decision about an incident, silence included, with its reason and numbers."""
    from cxmon import actions
    from cxmon.service import clock

    with opened(config, read_only=True) as (plan, store):
        lines = actions.why(store, incident, now=clock(plan))
    if as_json:
        emit(lines)
    else:
        for line in lines:
            say(line)


def ack(incident: Annotated[str, typer.Argument(help="Its id.")], by: By, config: Config = DEFAULT_CONFIG) -> None:
    """Acknowledge an incident: somebody is on it."""
    from cxmon import actions
    from cxmon.service import wall

    with opened(config) as (_, store):
        actions.acknowledge(store, incident, by=by, now=wall())
    say(f"Acknowledged by {by}.")


def silence(
    length: Annotated[str, typer.Option("--for", help="How long, e.g. 2d.")],
    by: By,
    why: Why,
    metric: Annotated[str | None, typer.Option(help="Only this metric.")] = None,
    segment: Annotated[list[str] | None, typer.Option(help="Only this segment, e.g. channel=phone.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Keep quiet about what matches, until an end. The end of an incident is told all the same."""
    from cxmon import actions, wording
    from cxmon.config import parse_duration
    from cxmon.service import wall

    with opened(config) as (plan, store):
        now = wall()
        put = actions.silence(
            store,
            metric=metric,
            segment=parse_segment(segment),
            starts=now,
            ends=now + parse_duration(length),
            by=by,
            why=why,
        )
    say(f"Silent until {wording.stamp(put.ends, plan.zone)} ({put.id}).")


def respond(
    subject: Annotated[str, typer.Argument(help="A change's or an incident's id.")],
    decision: Annotated[str, typer.Option(help="keep, amend, roll_back or accept.")],
    by: By,
    why: Why,
    due: Annotated[
        str | None, typer.Option(help="Until when, e.g. 2026-12-01; on that day and the next a reminder is sent.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Which role or department sees to it; default --by.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Record what was decided about a change or an incident."""
    from cxmon import actions
    from cxmon.config import parse_instant
    from cxmon.model import Decision, Response
    from cxmon.service import wall

    if decision not in list(Decision):
        raise typer.BadParameter(f"found {decision!r}, expected one of {', '.join(Decision)}", param_hint="--decision")
    with opened(config) as (plan, store):
        until = parse_instant(due, plan.zone) if due else None
        said = Response(
            subject=subject, decision=Decision(decision), by=by, why=why, at=wall(), due=until, owner=owner or ""
        )
        actions.respond(store, said)
    say(f"Recorded: {decision} by {by}." + (f" {owner or by} is reminded when it is due." if until else ""))


def parse_segment(parts: "list[str] | None") -> "Segment | None":
    """`channel=phone` options as a segment; None where there are none."""
    from cxmon.model import Segment

    if not parts:
        return None
    wrong = [p for p in parts if "=" not in p]
    if wrong:
        raise typer.BadParameter(f"found {wrong[0]!r}, expected dimension=value", param_hint="--segment")
    pairs = (p.partition("=") for p in parts)
    return Segment.of((name, found) for name, _, found in pairs)
