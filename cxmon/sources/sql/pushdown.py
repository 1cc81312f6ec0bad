"""One statement that lets the database add events up per segment, local day (or hour) and day they became known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from cxmon.aggregate import Parts, bounds
from cxmon.model import Grain, Kind, Metric, Window
from cxmon.sources.sql.connect import Session
from cxmon.sources.sql.dialects import Dialect, Survey, Table
from cxmon.sources.sql.zones import Offsets, midnight

_SLACK = timedelta(days=2)  # Rows are first picked by time as it is written, which may be in any zone.


@dataclass(frozen=True, kw_only=True)
class Added:
    """What the database added up: dimension values (R rows) and parts; `bad` rows cannot be taken as they are."""

    dimensions: Sequence[Sequence[object]]
    parts: Parts | None
    bad: int


def condition(clock: str, expr: str, window: Window) -> tuple[str, dict[str, object]]:
    """SQL and its parameters that let pass at least the rows in `window`, written so that an index can serve it."""
    since, until = window.since - _SLACK, window.until + _SLACK
    bounds: dict[str, tuple[object, object]] = {
        "epoch": (int(since.timestamp()), int(until.timestamp())),
        "text": (f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}"),
        "typed": (since, until),
        "naive": (since.replace(tzinfo=None), until.replace(tzinfo=None)),
        "date": (since.date(), until.date()),
    }
    if clock not in bounds:
        return f"{expr} IS NOT NULL", {}
    return f"{expr} >= :low AND {expr} < :high", dict(zip(("low", "high"), bounds[clock], strict=True))


def added(
    session: Session, dialect: Dialect, survey: Survey, metric: Metric, table: Table, window: Window, now: datetime
) -> Added:
    """The events of `window` as parts. Rows with an empty value are no answers and left out."""
    statement, params = _statement(dialect, survey, metric, table, window, now)
    rows = session.one(statement, params)
    bad = sum(int(row[-1]) for row in rows)
    if bad or not rows:
        return Added(dimensions=(), parts=None, bad=bad)
    width = len(metric.dimensions)
    return Added(dimensions=[tuple(r[:width]) for r in rows], parts=_parts(metric, rows, width), bad=0)


def _statement(
    dialect: Dialect, survey: Survey, metric: Metric, table: Table, window: Window, now: datetime
) -> tuple[str, dict[str, object]]:
    """Rows as they are, then placed in time, then added up: three nested selects."""
    has_known = "known_at" in table.exprs
    offsets = Offsets.of(metric.zone, window.since - _SLACK, now + _SLACK)
    rows, params = _picked(dialect, survey, metric, table, window)
    instants = [f"{_instant(offsets, short)} AS {name}" for short, name in (("t", "e"), ("k", "ke"))[: 1 + has_known]]
    placed = f"SELECT r.*, {', '.join(instants)} FROM ({rows}) AS r {dialect.fence}"  # noqa: S608 - as below.
    since, until, now_s = (int(x.timestamp()) for x in (window.since, window.until, now))
    kept = [f"(e IS NULL OR (e >= {since} AND e < {until}))", _counts(metric, table.exprs)]
    if has_known:
        kept.append(f"(ke IS NULL OR ke < {now_s})")
    known = "(CASE WHEN ke IS NULL OR ke < e THEN e ELSE ke END)"
    groups = [f"d{i}" for i in range(len(metric.dimensions))]
    groups.append("e" if metric.kind is Kind.LEVEL else _unit(dialect, metric, offsets, "e"))
    if has_known:
        groups.append(_unit(dialect, metric, offsets, known))
    if metric.kind is Kind.QUANTILE:
        groups.append(dialect.bucket("v"))
    w = "w" if "n" in table.exprs else "1.0"
    # A rate's `n` is exposure, everywhere else it says how many such events a row stands for.
    total = "SUM(v)" if metric.kind is Kind.RATE else f"SUM({w} * v)"
    sums = [f"SUM({w})", total, f"SUM({w} * v * v)"]
    if "base" in table.exprs:
        sums += [f"SUM({w} * b)", f"SUM({w} * b * b)", f"SUM({w} * v * b)"]
    if has_known:
        sums.append(f"MAX({known})")
    sums.append(f"SUM({_bad(metric, table.exprs)})")
    # Only quoted names, numbers of ours and the configuration author's own expressions are put together here.
    statement = f"SELECT {', '.join(groups + sums)} FROM ({placed}) AS q WHERE {' AND '.join(kept)}"  # noqa: S608
    # Days first: databases that sort to group compare numbers faster than names.
    order = [*range(len(metric.dimensions), len(groups)), *range(len(metric.dimensions))]
    return f"{statement} GROUP BY {', '.join(str(i + 1) for i in order)}", params


def _unit(dialect: Dialect, metric: Metric, offsets: Offsets, epoch: str) -> str:
    """SQL: the number of the hour, or else of the local day, that an instant lies in."""
    return f"{epoch} {dialect.over} 3600" if metric.grain is Grain.HOUR else offsets.day(epoch, dialect.over)


def _picked(
    dialect: Dialect, survey: Survey, metric: Metric, table: Table, window: Window
) -> tuple[str, dict[str, object]]:
    """The rows near the window: dimensions d0.., t_wall, t_zoned (and k_), numbers v, w, b and whether they are any."""
    exprs, types = table.exprs, survey.types
    picked, params = condition(survey.clock, exprs["time"], window)
    inner = [f"{exprs[f'dimension:{name}']} AS d{i}" for i, name in enumerate(metric.dimensions)]
    for role, short in (("time", "t"), ("known_at", "k")):
        if role in exprs:
            wall, zoned = dialect.wall(exprs[role], types.get(role, ""))
            there = f"CASE WHEN {exprs[role]} IS NULL THEN 0 ELSE 1 END"
            inner += [f"{wall} AS {short}_wall", f"{zoned} AS {short}_zoned", f"{there} AS {short}_there"]
    for role, short in (("value", "v"), ("n", "w"), ("base", "b")):
        if role in exprs:
            number, ok = dialect.number(exprs[role], types.get(role, ""))
            inner += [f"{number} AS {short}", f"CASE WHEN {ok} THEN 1 ELSE 0 END AS {short}_ok"]
    answered = f"{exprs['value']} IS NOT NULL"
    return f"SELECT {', '.join(inner)} {table.source(picked, answered)} {dialect.fence}", params


def _instant(offsets: Offsets, short: str) -> str:
    return f"CASE WHEN {short}_zoned = 1 THEN {short}_wall ELSE {offsets.instant(f'{short}_wall')} END"


def _counts(metric: Metric, exprs: Mapping[str, str]) -> str:
    """SQL: whether a row stands for anything: a weight of 0 does not."""
    if "n" not in exprs:
        return "1 = 1"
    nothing = "w_ok = 1 AND w = 0" + (" AND v_ok = 1 AND v = 0" if metric.kind is Kind.RATE else "")
    return f"CASE WHEN {nothing} THEN 0 ELSE 1 END = 1"


def _bad(metric: Metric, exprs: Mapping[str, str]) -> str:
    """SQL: 1 for a row that cannot be taken as it is; the same rules as in `cxmon.aggregate.intake`."""
    tests = ["e IS NULL", "v_ok = 0"]
    if "known_at" in exprs:
        tests.append("(k_there = 1 AND ke IS NULL)")
    if metric.kind is Kind.PROPORTION:
        tests.append("v NOT IN (0, 1)")
    if metric.kind is Kind.RATE:
        tests.append("v < 0")
    if (possible := bounds(metric)) is not None:
        low, high, _ = possible
        tests += [f"v < {low!r}"] + ([f"v > {high!r}"] if np.isfinite(high) else [])
    if "n" in exprs:
        tests += ["w_ok = 0", "w < 0"] + (["w = 0"] if metric.kind is Kind.RATE and "known_at" not in exprs else [])
        if metric.kind is Kind.QUANTILE:
            tests.append("w <> floor(w)")
    if "base" in exprs:
        tests.append("b_ok = 0")
    return f"CASE WHEN {' OR '.join(tests)} THEN 1 ELSE 0 END"


def _parts(metric: Metric, rows: Sequence[Sequence[Any]], width: int) -> Parts:
    columns = list(zip(*rows, strict=True))
    rest = iter(columns[width:-1])
    unit = np.array(next(rest), np.int64)
    read, kind = metric.read, metric.kind
    if read.known_at is not None:
        next(rest)
    bucket = np.array(next(rest), np.int64) if kind is Kind.QUANTILE else None
    n, total, squares = (np.array(next(rest), float) for _ in range(3))
    base, base_squares, cross = (
        (np.array(next(rest), float) for _ in range(3)) if read.base is not None else (None, None, None)
    )
    known = np.array(next(rest), np.int64) if read.known_at is not None else None
    if kind is Kind.LEVEL:
        at = unit
    elif metric.grain is Grain.HOUR:
        at = unit * 3600
    else:
        days, back = np.unique(unit, return_inverse=True)
        at = np.array([midnight(int(day), metric.zone) for day in days], np.int64)[back.reshape(-1)]
    ratio = kind is Kind.RATIO
    return Parts(
        at=at,
        segment=np.zeros(len(at), np.int64),
        n=n,
        total=total,
        squares=squares if kind in {Kind.MEAN, Kind.QUANTILE, Kind.RATIO} else None,
        base=base if ratio else None,
        base_squares=base_squares if ratio else None,
        cross=cross if ratio else None,
        bucket=bucket,
        known=known,
    )
