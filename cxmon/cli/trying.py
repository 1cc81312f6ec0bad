"""try: one CSV file, before anything is configured: the effect of a date, or what a watch over it would have told."""

import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxmon.cli.common import Json, emit, say

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cxmon.cli.trying_file import Tried
    from cxmon.model import Band, Metric
    from cxmon.wording.trying import Seen, Told

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

KINDS = ("mean", "proportion", "rate")
# False alarms a quarter over the whole file, where no date is given.
BUDGET = 2.0
SMOOTH = {"day": 7}
LEARN, LEAST_PAST = 8, 24


def register(app: typer.Typer) -> None:
    app.command("try", epilog="Example: cxmon try calls.csv --value csat --n answers --segment channel")(try_file)


def try_file(
    file: Annotated[Path, typer.Argument(help="One row a period, or one a period and segment; - reads stdin.")],
    value: Annotated[str | None, typer.Option(help="Column with the figure.")] = None,
    n: Annotated[str | None, typer.Option(help="Column with the number of answers behind it.")] = None,
    total: Annotated[str | None, typer.Option(help="Instead of --value: column with the sum, of which --n is.")] = None,
    time: Annotated[str | None, typer.Option(help="Column with the date; default the first.")] = None,
    segment: Annotated[str | None, typer.Option(help="Column that splits the rows, such as channel.")] = None,
    at: Annotated[str | None, typer.Option("--date", help="First day with the change; without it a watch.")] = None,
    touched: Annotated[str | None, typer.Option(help="The segment that it touched; the others are compared.")] = None,
    kind: Annotated[str, typer.Option(help="mean, proportion (0..1 or per cent) or rate.")] = "mean",
    better: Annotated[str, typer.Option(help="higher or lower.")] = "higher",
    unit: Annotated[str, typer.Option(help="The figure's unit, such as min.")] = "",
    as_json: Json = False,
) -> None:
    """Try one CSV file: the effect of a date, or without one what a watch would have told. Stores nothing."""
    from cxmon.cli.trying_file import Columns, read
    from cxmon.model import Amount, Better, Grain, Kind, Metric, NumberFormat, Read, use

    # The board says how it writes figures; a file on its own has no configuration that could.
    use(NumberFormat.taken(os.environ.get("CXMON_NUMBER_FORMAT", "")))

    for name, found, known in (("--kind", kind, KINDS), ("--better", better, ("higher", "lower"))):
        if found not in known:
            raise typer.BadParameter(f"found {found!r}, expected {' or '.join(known)}", param_hint=name)
    asked = Columns(time=time, value=value, n=n, total=total, segment=segment)
    tried = read(file, asked, shares=kind == "proportion")
    metric = Metric(
        id="file", label=value or f"{total} of {n}", kind=Kind(kind), better=Better(better), unit=unit, source="file",
        matters=Amount(0.0, False, "0"), read=Read(time=time or ""), grain=Grain(tried.grain),
    )  # fmt: skip
    answer = _effect(tried, metric, at, touched) if at else _watch(tried, metric)
    if as_json:
        emit({"answer": "effect" if at else "watch", "notes": tried.notes} | asdict(answer))
        return
    for line in (*tried.notes, f"{answer.told.badge}: {answer.told.headline}.", *answer.told.lines):
        say(line)


@dataclass(frozen=True, kw_only=True)
class Answer:
    told: "Told"
    # The series as the board draws them; `since` is the first period of the change or of the deviation.
    drawn: "tuple[Band, ...]"
    grain: str


def _effect(tried: "Tried", metric: "Metric", at: str, touched: str | None) -> Answer:
    """The effect on what was touched, with all other segments as witnesses."""
    import numpy as np

    from cxmon.cli.effecting import answered, sentence_of, window, with_holidays
    from cxmon.cli.effecting_file import Series
    from cxmon.model import Interval
    from cxmon.wording import trying as wording

    row = _row(tried, touched)
    others = [i for i in range(len(tried.names)) if i not in {row, tried.whole}] if row != tried.whole else []
    series = Series(
        starts=tried.starts, values=tried.values[row], n=None if tried.n is None else tried.n[row],
        controls=tried.values[others] if others else None, names=tuple(tried.names[i] for i in others),
        grain=tried.grain, set_aside=(),
    )  # fmt: skip
    first, last, series = window(series, at, None)
    series, known = with_holidays(series, None, first, last)
    found = answered(series, first, last, str(metric.kind), known.labels)
    sign, raw = metric.harm_sign, found.effect
    ends = sorted((sign * raw.low, sign * raw.high))
    seen = np.isfinite(series.values[first:])
    expected = float(np.mean(raw.expected[first:][seen])) if seen.any() and len(raw.expected) else float("nan")
    since = datetime.fromtimestamp(int(tried.starts[first]), UTC)
    harm = Interval(estimate=sign * raw.estimate, low=ends[0], high=ends[1])
    told = wording.effect(
        metric, tried.names[row] if row != tried.whole else "", since, harm, p_value=raw.p_value,
        levels=(expected, expected + raw.estimate), periods=(raw.n_pre, raw.n_post), controlled=found.controlled,
        opinions=[_harms(o, sign) for o in found.opinions], reason=raw.reason, yearly=found.yearly,
    )  # fmt: skip
    short = tuple(line for note in found.notes for line in sentence_of(note))
    told = replace(told, lines=(*told.lines, *short, *series.left_out))
    return Answer(told=told, drawn=(_drawn(tried, row, first, metric, series.controls, found.year),), grain=tried.grain)


def _harms(opinion: Any, sign: int) -> Any:
    """A second opinion on the scale of harm."""
    ends = sorted((sign * opinion.found.low, sign * opinion.found.high))
    found = replace(opinion.found, estimate=sign * opinion.found.estimate, low=ends[0], high=ends[1])
    return replace(opinion, found=found)


def _row(tried: "Tried", touched: str | None) -> int:
    """Which series is asked about; BadParameter where that is not clear."""
    if touched:
        if touched not in tried.names:
            known = ", ".join(tried.names[:8])
            raise typer.BadParameter(f"found no segment {touched}, expected one of {known}", param_hint="--touched")
        return tried.names.index(touched)
    if tried.whole is None:
        said = "expected --touched SEGMENT: without a column of counts the segments cannot be added up"
        raise typer.BadParameter(said)
    return tried.whole


def _watch(tried: "Tried", metric: "Metric") -> Answer:
    """What a watch would have told of each series, the gravest first."""
    import numpy as np

    from cxmon.checks.watch import PER_YEAR
    from cxmon.periods import profile_labels
    from cxmon.stats import watch_days
    from cxmon.wording import trying as wording

    labels, cycle = profile_labels(tried.starts, metric.grain, "UTC")
    start, T = max(LEARN * cycle, LEAST_PAST), len(tried.starts)
    enough = np.isfinite(tried.values).sum(1) > start
    rows = np.flatnonzero(enough).tolist()
    seen: list[tuple[int, int, Seen]] = []
    if rows and start < T:
        n = None if tried.n is None else np.nan_to_num(tried.n[rows])
        days = watch_days(
            tried.values[rows], n, start, 4 * BUDGET / len(rows), kind=str(metric.kind), better=metric.better.value,
            period=labels, yearly=PER_YEAR[metric.grain],
        )  # fmt: skip
        for i, row in enumerate(rows):
            out = np.flatnonzero(days.active[i])
            if len(out):
                seen.append((row, int(days.onset[i, out[-1]]), _seen(tried, metric, row, i, days, out)))
    # The surest first: its least harm is the largest.
    seen.sort(key=lambda one: (not one[2].active, -one[2].harm.low))
    told = wording.watch(
        metric, [one for _, _, one in seen], looked=len(rows) if start < T else 0, began=_at(tried, min(start, T - 1)),
        last=_at(tried, T - 1), quarter=BUDGET, short=int((~enough).sum()),
    )  # fmt: skip
    onset = {row: at for row, at, one in seen if one.active}
    order = [*onset, *(row for row in range(len(tried.names)) if row not in onset)]
    lately = max(T - 28, T // 2)
    drawn = tuple(_drawn(tried, row, onset.get(row, lately), metric, None, None) for row in order[:12])
    return Answer(told=told, drawn=drawn, grain=tried.grain)


def _seen(tried: "Tried", metric: "Metric", row: int, i: int, days: Any, out: "Ints") -> "Seen":
    """The newest deviation of a series from the periods `out` in which it was beyond chance."""
    import numpy as np

    from cxmon.model import Interval
    from cxmon.wording.trying import Seen

    sign, last = metric.harm_sign, int(out[-1])
    breaks = np.flatnonzero(np.diff(out) > 1)
    alarm = int(out[breaks[-1] + 1]) if len(breaks) else int(out[0])
    low, high = sorted((sign * float(days.low[i, last]), sign * float(days.high[i, last])))
    return Seen(
        name="" if row == tried.whole else tried.names[row], since=_at(tried, int(days.onset[i, last])),
        alarm=_at(tried, alarm), active=last == days.active.shape[1] - 1,
        harm=Interval(estimate=sign * float(days.size[i, last]), low=low, high=high),
    )  # fmt: skip


def _at(tried: "Tried", index: int) -> datetime:
    return datetime.fromtimestamp(int(tried.starts[index]), UTC)


def _drawn(
    tried: "Tried", row: int, first: int, metric: "Metric", controls: "Floats | None", year: float | None
) -> "Band":
    """The series with its expected range, as the board draws one."""
    import numpy as np

    from cxmon.model import Band
    from cxmon.periods import profile_labels
    from cxmon.pipeline.judge_bands import trailing
    from cxmon.stats import estimate

    smooth = SMOOTH.get(tried.grain, 1)
    labels, _ = profile_labels(tried.starts, metric.grain, "UTC")
    values, counts = tried.values[row], None if tried.n is None else tried.n[row]
    weighed = counts if str(metric.kind) in {"proportion", "rate"} else None
    found = estimate(
        values, first, smooth=smooth, n=weighed, controls=controls, kind=str(metric.kind), period=labels, yearly=year
    )
    blank = np.full(len(values), np.nan)

    def column(array: "Floats") -> tuple[float, ...]:
        return tuple(float(x) for x in array)

    return Band(
        metric=metric.id, key="file", label="" if row == tried.whole else tried.names[row],
        as_of=_at(tried, len(tried.starts) - 1), starts=tuple(int(s) for s in tried.starts), value=column(values),
        n=column(blank if counts is None else counts), avg=column(trailing(values, smooth)),
        expected=column(found.band_expected), low=column(found.band_low), high=column(found.band_high),
        complete=tuple(np.isfinite(values).tolist()), smooth=smooth,
        since=_at(tried, min(first, len(tried.starts) - 1)),
    )  # fmt: skip
