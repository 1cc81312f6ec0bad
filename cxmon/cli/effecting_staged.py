"""effect --stage: a roll-out in stages, one column a segment, from a CSV file."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cxmon.cli.common import emit, say, written
from cxmon.cli.effecting import calendar_of, digits_of, figure, known_kind, sentence_of, with_holidays, year_asked
from cxmon.cli.effecting_file import Series, Start, check_counts, day_of, epoch_of, left_out, read_series, start_of

if TYPE_CHECKING:
    from cxmon.stats import Effect, Staged
    from cxmon.stats.pooling import Pooled
    from cxmon.stats.staged import StageEffect

# Ages told one by one, in periods of each grain.
AGES = {"day": (0, 7, 14, 28, 56), "week": (0, 4, 8, 13, 26), "month": (0, 1, 3, 6, 12)}


def staged(
    file: Path, stages: list[str], controls: list[str], *, time: str | None, kind: str, holidays: str | None,
    beside: Mapping[str, str | None], as_json: bool,
) -> None:  # fmt: skip
    """Prints what a roll-out did, pooled and by stage; `beside` are the options of a single change: they do not fit."""
    import numpy as np

    from cxmon.stats import staged_effect

    odd = [option for option, given in beside.items() if given is not None]
    if odd:
        raise typer.BadParameter(f"found {', '.join(odd)} beside --stage, expected one way of asking")
    named = [_split(text) for text in stages]
    untouched = [_columns(text) for text in controls]
    told = {bool(n) for _, n, _ in named} | {bool(n) for _, n in untouched}
    if len(told) > 1:
        raise typer.BadParameter("found answers behind some columns, expected COLUMN/ANSWERS for all or for none")
    counted = told == {True}
    values = [column for column, _, _ in named] + [column for column, _ in untouched]
    answers = [n for _, n, _ in named] + [n for _, n in untouched] if counted else []
    # The first column is read as the figure, the others as controls: all on one grid.
    series = read_series(file, time=time, value=values[0], n=None, controls=[*values[1:], *answers])
    for name, found in zip(
        answers, [] if series.controls is None else series.controls[len(values) - 1 :], strict=False
    ):
        check_counts(name, found)
    begun = [_begin(series, text) for _, _, text in named]
    at = np.array([one.index for one in begun])
    series, known = with_holidays(series, calendar_of(holidays, series), int(at.min()), None)
    rows = np.concatenate([series.values[None], np.empty((0, len(series.starts))) if series.controls is None
                           else series.controls])  # fmt: skip
    Y, n = rows[: len(values)], rows[len(values) :] if counted else None
    S = len(named)
    mixed = [(s, one.mixed) for s, one in enumerate(begun) if one.mixed is not None]
    for s, period in mixed:
        Y[s, period] = np.nan
    series = replace(series, left_out=tuple(left_out(series, i, f"the stage of {named[s][0]} began") for s, i in mixed))
    shares = counted and np.nanmin(Y) >= 0 and np.nanmax(Y) <= 1
    used = kind or ("proportion" if shares else "mean")
    known_kind(used, "a column", float(np.nanmax(Y)))
    found = staged_effect(
        Y[:S], at, n=None if n is None else n[:S], never=Y[S:] if untouched else None,
        never_n=n[S:] if n is not None and untouched else None, kind=used, period=known.labels,
        yearly=year_asked(series.grain, int(at.min()), compared=bool(untouched)), ages=AGES[series.grain],
    )  # fmt: skip
    names, starts = [column for column, _, _ in named], [text for _, _, text in named]
    found = _with_dates(found, starts, series)
    others = [column for column, _ in untouched]
    if as_json:
        emit(_document(series, found, names + others, at.tolist(), used) | {"holidays": known.words})
        return
    lines = words(
        series, found, names + others, starts, share=used == "proportion", weighed="answers" if counted else "periods"
    )
    for line in [*lines, *sentence_of(known.words)]:
        say(line)


def words(
    series: Series, found: "Staged", names: list[str], starts: list[str], *, share: bool, weighed: str
) -> list[str]:
    """The answer for a person: pooled, each stage with its grade, and by age; `names`: stages, then controls."""
    from cxmon.decisions.short_past import too_short
    from cxmon.wording import counted, set_aside

    begun = sum(stage.begun for stage in found.stages)
    lines = [*(f"Set aside: {line}" for line in series.set_aside), *series.left_out]
    lines.append(f"Rolled out to {begun} of {counted(len(starts), 'segment')}.")
    if not found.pooled.stages:
        return [*lines, f"Nothing can be said: {found.pooled.reason}"]
    compared = {stage.controls > 0 for stage in found.stages if stage.weight}
    alone = "before and after only" if compared == {False} else "some before and after only"
    grade = "each compared with segments that do not have it yet" if compared == {True} else alone
    sure = "surely changed" if found.pooled.low > 0 or found.pooled.high < 0 else "may not have changed"
    shown = _figure(found.pooled, share=share)
    lines.append(
        f"Pooled by {weighed}, the figure {sure}: {shown}, {grade}; p = {written(found.pooled.p_value, '.2g')}."
    )
    for name, stage, since in zip(names, found.stages, starts, strict=False):
        e = stage.effect
        if not math.isfinite(e.estimate):
            said = f"since {since}: nothing can be said, {e.reason}" if stage.begun else f"waits until {since}"
            lines.append(f"  {name} {said}")
            continue
        with_whom = f"compared with {counted(stage.controls, 'segment')}" if stage.controls else "before and after only"
        aside = set_aside(_moved(stage, names))
        judged = counted(e.n_post, series.grain) + f", {with_whom}" + (f"; {aside}" if aside else "")
        lines.append(f"  {name} since {since}: {_figure(e, share=share)}, {judged}")
    for age in found.by_age:
        if age.effect.stages:
            shown = _figure(age.effect, share=share)
            lines.append(
                f"  {series.grain}s {age.first} to {age.until - 1}: {shown}, {counted(age.effect.stages, 'segment')}"
            )
    short = too_short([stage for stage in found.stages if stage.weight], series.grain)
    return [*lines, *(x for note in short for x in sentence_of(note)), "No second opinion is given for roll-outs."]


def _moved(stage: "StageEffect", names: list[str]) -> tuple[str, ...]:
    """The segments that a stage could have been compared with, but that moved by themselves at its date, by name."""
    return tuple(names[u] for u, moved in zip(stage.units, stage.effect.controls_moved, strict=True) if moved)


def _with_dates(found: "Staged", starts: list[str], series: Series) -> "Staged":
    """The roll-out with days in the reasons of the stages to come, which count periods in arrays without a calendar."""
    from cxmon.wording import counted

    waits = [since for since, stage in zip(starts, found.stages, strict=True) if not stage.begun]
    if not waits:
        return found
    last = f"{'' if series.grain == 'day' else f'the {series.grain} of '}{day_of(series, -1)}"
    stages = tuple(
        stage if stage.begun
        else replace(
            stage, effect=replace(stage.effect, reason=f"its stage begins on {since}, the data end with {last}")
        )
        for since, stage in zip(starts, found.stages, strict=True)
    )  # fmt: skip
    first = min(waits, key=lambda text: epoch_of(text, "--stage"))
    so_far = f"{len(starts) - len(waits)} of {counted(len(starts), 'stage')} begun"
    none = f"{so_far}: the next on {first}, the data end with {last}"
    begun = dict.fromkeys(stage.effect.reason for stage in stages if stage.begun and stage.effect.reason)
    pooled = found.pooled if found.pooled.stages else replace(found.pooled, reason="; ".join(begun) or none)
    return replace(found, stages=stages, pooled=pooled)


def _figure(found: "Effect | Pooled", *, share: bool) -> str:
    digits = digits_of(found.low, found.high, share=share)
    return figure(found.estimate, found.low, found.high, share=share, digits=digits)


def _document(series: Series, found: "Staged", names: list[str], at: list[int], kind: str) -> dict[str, object]:
    def pooled(one: "Pooled") -> dict[str, object]:
        return {
            name: getattr(one, name) for name in ("estimate", "low", "high", "p_value", "stages", "answers", "reason")
        }

    stages = [
        {
            "segment": name, "period": begin, "controls_moved": _moved(stage, names),
            "begun": stage.begun, "weight": stage.weight, "controls": stage.controls,
            **{key: getattr(stage.effect, key) for key in ("estimate", "low", "high", "p_value", "n_pre", "n_post",
                                                           "reason")},
        }
        for name, stage, begin in zip(names, found.stages, at, strict=False)
    ]  # fmt: skip
    by_age = [{"first": age.first, "until": age.until, **pooled(age.effect)} for age in found.by_age]
    return {
        **pooled(found.pooled), "by_stage": stages, "by_age": by_age, "kind": kind, "grain": series.grain,
        "set_aside": series.set_aside, "left_out": series.left_out,
    }  # fmt: skip


def _split(text: str) -> tuple[str, str, str]:
    """`COLUMN/ANSWERS=DATE` as its parts; the answers may be left out."""
    columns, equals, date = text.rpartition("=")
    if not (equals and columns and date):
        raise typer.BadParameter(f"found {text!r}, expected COLUMN=DATE or COLUMN/ANSWERS=DATE", param_hint="--stage")
    return (*_columns(columns), date)


def _columns(text: str) -> tuple[str, str]:
    column, _, answers = text.partition("/")
    return column, answers


def _begin(series: Series, text: str) -> Start:
    """The first period with the change; one behind the last for a stage that is still to come."""
    found = start_of(series, text, "--stage")
    if found.index < 1:
        raise typer.BadParameter(f"found {text}, expected a date after {day_of(series, 0)}", param_hint="--stage")
    return found
