"""From a database to batches: let it add up where it can, else read its rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon.aggregate import Intake, reading, stretches
from cxmon.contracts import Observations, Records, Request
from cxmon.errors import SourceError
from cxmon.model import Metric, Window
from cxmon.sources.sql.connect import Session, literal
from cxmon.sources.sql.dialects import KNOWN, Dialect, Survey, Table
from cxmon.sources.sql.pushdown import added, condition

_TICKET = "ticket"  # The role of the column with a row's id.
_FIRST_EPOCH = datetime(1974, 1, 1, tzinfo=UTC)  # Earlier instants are no numbers that we take for epoch seconds.


_SAMPLE = 1000  # Instants that show how a database of which we know nothing holds them.


def batches(session: Session, request: Request, wanted: Mapping[str, str], window: Window) -> Iterator[Observations]:
    """`window`, which is whole periods, in pieces; `wanted` maps roles to columns or expressions."""
    metric = request.metric
    read = metric.read
    if read.query is not None:
        return _query(session, request, wanted, window)
    table, dialect, survey, clock = _table(session, metric, wanted)
    here = read.aggregated or read.censored or read.made_of
    if dialect is not None and survey is not None and survey.pushable and not here and window.since > _FIRST_EPOCH:
        return _added(session, dialect, survey, request, table, window)
    return _rows(session, request, table, clock, window)


def records(session: Session, request: Request, wanted: Mapping[str, str]) -> Iterator[Records]:
    """The rows of the request's window and around it, with the ids in their column `ticket`."""
    metric, window = request.metric, request.window
    wanted = {**wanted, _TICKET: metric.read.ticket}
    if metric.read.query is not None:
        found = _asked(session, metric, wanted, window)
    else:
        table, _, _, clock = _table(session, metric, wanted)
        found = _picked(session, table, clock, window)
    for rows in found:
        columns = dict(zip(wanted, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(wanted, ())
        ids = ["" if v is None else str(v).strip() for v in columns.pop(_TICKET)]
        yield Records(ids=ids, fields={wanted[role]: list(column) for role, column in columns.items()})


def _table(
    session: Session, metric: Metric, wanted: Mapping[str, str]
) -> tuple[Table, Dialect | None, Survey | None, str]:
    """(the metric's table, how its database is spoken to and what was found there, how it holds instants)."""
    read = metric.read
    name = str(read.table)
    columns = session.columns(name)
    exprs = {role: session.expression(text, columns, name) for role, text in wanted.items()}
    where = f"({literal(read.where)})" if read.where else ""
    table = Table(name=session.table(name), exprs=exprs, where=where)
    dialect = KNOWN.get(session.dialect)
    if dialect is None:
        return table, None, None, _sampled(session, table)
    survey = dialect.survey(session, table)
    fields = {role: dialect.field(e, survey.types.get(role, "")) for role, e in exprs.items()}
    return replace(table, fields=fields), dialect, survey, survey.clock


def _added(
    session: Session, dialect: Dialect, survey: Survey, request: Request, table: Table, window: Window
) -> Iterator[Observations]:
    """Added up by the database; from the first piece with a bad row on, row by row, which tells what is wrong."""
    metric, now = request.metric, request.now
    for piece in stretches(metric, window):
        found = added(session, dialect, survey, metric, table, piece, now)
        if found.bad:
            rest = Window(piece.since, window.until)
            yield from _rows(session, request, table, survey.clock, rest)
            return
        intake = Intake(metric=metric, window=piece, now=now)
        if found.parts is not None:
            intake.add_parts(found.dimensions, found.parts)
        yield from intake.batches()


def _rows(session: Session, request: Request, table: Table, clock: str, window: Window) -> Iterator[Observations]:
    """Rows of a table, added up here."""
    intake = Intake(metric=request.metric, window=window, now=request.now, frozen=request.frozen)
    for rows in _picked(session, table, clock, window):
        _take(intake, list(table.exprs), rows, str(request.metric.read.table))
    yield from intake.batches()


def _picked(session: Session, table: Table, clock: str, window: Window) -> Iterator[Sequence[Sequence[object]]]:
    """At least the rows of a window, with the columns of `table.exprs` in their order."""
    picked, params = condition(clock, table.exprs["time"], window)
    fields = [f"{expr} AS c{i}" for i, expr in enumerate((table.fields or table.exprs).values())]
    return session.rows(f"SELECT {', '.join(fields)} {table.source(picked)}", params)


def _query(session: Session, request: Request, wanted: Mapping[str, str], window: Window) -> Iterator[Observations]:
    """A query of the configuration's author, asked once per piece where it uses our bounds."""
    metric = request.metric
    text = str(metric.read.query)
    bounded = any(f":{name}" in text for name in ("since", "until"))
    local = re.search(r":(since|until)\b", text) is not None
    if local and not session.zone_known:
        raise SourceError(
            f"{metric.id}: source {metric.source}: the server does not know the time zone {metric.zone}, so :since and "
            ":until cannot be compared; load its time zone tables, or use :since_epoch and :until_epoch"
        )
    for piece in stretches(metric, window) if bounded else [window]:
        intake = Intake(metric=metric, window=piece, now=request.now, frozen=request.frozen)
        for rows in _asked(session, metric, wanted, piece):
            _take(intake, list(wanted), rows, "query")
        yield from intake.batches()


def _asked(
    session: Session, metric: Metric, wanted: Mapping[str, str], piece: Window
) -> Iterator[Sequence[Sequence[object]]]:
    """The rows that a query brings for a window, with the wanted columns in their order."""
    names, chunks = session.result(str(metric.read.query), _bounds(session.dialect, metric, piece))
    lower = [name.lower() for name in names]
    missing = sorted({c for c in wanted.values() if c.lower() not in lower})
    if missing:
        raise SourceError(
            f"{metric.id}: source {metric.source}: the query brings no column {missing[0]!r}; "
            f"it brings {', '.join(names)}"
        )
    at = [names.index(c) if c in names else lower.index(c.lower()) for c in wanted.values()]
    for rows in chunks:
        yield [[row[i] for i in at] for row in rows]


def _take(intake: Intake, roles: Sequence[str], rows: Sequence[Sequence[object]], name: str) -> None:
    if not rows:
        return
    columns = dict(zip(roles, zip(*rows, strict=True), strict=True))
    label, times = intake.metric.read.time, columns["time"]
    intake.add(columns, lambda i: f"{name}, {label} {reading.shown(times[i])}")


def _bounds(dialect: str, metric: Metric, window: Window) -> dict[str, object]:
    """What a query may bind. In SQLite, where instants are text, the bounds are local dates: of a stretch that holds
    the window, since text of another zone cannot be compared to the second; rows beyond it are left out afterwards."""
    zone = ZoneInfo(metric.zone)
    since, until = window.since.astimezone(zone), window.until.astimezone(zone)
    epochs: dict[str, object] = {
        "since_epoch": int(window.since.timestamp()),
        "until_epoch": int(window.until.timestamp()),
    }
    if dialect == "sqlite":
        last = until.date() + timedelta(days=0 if until.time().isoformat() == "00:00:00" else 1)
        if not metric.read.aggregated:
            last += timedelta(days=1)
        first = since.date() - timedelta(days=1)
        return epochs | {"since": first.isoformat(), "until": last.isoformat()}
    if dialect in {"postgresql", "duckdb"}:
        return epochs | {"since": since, "until": until}
    return epochs | {"since": since.replace(tzinfo=None), "until": until.replace(tzinfo=None)}


def _sampled(session: Session, table: Table) -> str:
    """The clock of a database whose types we do not know, by the first instants that it shows."""
    time = table.exprs["time"]
    kinds = set()
    for value in session.some(time, table.source(f"{time} IS NOT NULL"), _SAMPLE):
        if isinstance(value, datetime):
            kinds.add("typed" if value.tzinfo else "naive")
        else:
            kinds.add("date" if isinstance(value, date) else "other")
    return kinds.pop() if len(kinds) == 1 else "mixed"
