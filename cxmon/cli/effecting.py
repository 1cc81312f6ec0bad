"""effect: what a dated change did, for anybody with one series in a CSV file."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import Json, emit, say, written
from cxmon.cli.effecting_file import Series, Start, day_of, epoch_of, inside, left_out, read_series

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cxmon.model import Holidays, Opinion
    from cxmon.stats import Effect, HolidayLabels


def register(app: typer.Typer) -> None:
    epilog = (
        "Example: cxmon effect calls.csv --date 2026-09-01 --value csat --n answers --control chat\n\n"
        "In stages: cxmon effect desks.csv --stage de/de_n=2026-03-01 --stage fr/fr_n=2026-03-15 --control us/us_n"
    )
    app.command(epilog=epilog)(effect)


# A yearly profile is asked for where at least one and a half years lie before the change; of weeks and months, which
# are judged over a good part of a year, also where it is hardly one: then it is not known, and the range allows for it.
LEARNT = 1.5
PERIODS_A_YEAR = {"day": 365.25, "week": 52.18, "month": 12.0}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The effect, what two other methods say of it, and how it is read: of shares or not, with a yearly profile
    (`year` periods in one, None without), over which periods, and what its past is too short to tell (`notes`)."""

    effect: "Effect"
    opinions: "tuple[Opinion, ...]"
    kind: str
    year: float | None
    judged: slice
    notes: tuple[str, ...]

    @property
    def yearly(self) -> bool:
        """Whether a yearly profile was learnt."""
        return self.year is not None and not self.effect.season_unknown

    @property
    def controlled(self) -> bool:
        """Whether untouched segments that fit its past stand beside it."""
        used = self.effect.controls_used & ~self.effect.controls_moved
        return bool(used.any() and self.effect.pre_fit_ok)


def effect(
    file: Annotated[Path, typer.Argument(help="One row a day, week or month.")],
    at: Annotated[str | None, typer.Option("--date", help="First day with the change, e.g. 2026-09-01.")] = None,
    value: Annotated[str | None, typer.Option(help="Column with the figure.")] = None,
    n: Annotated[str | None, typer.Option(help="Column with the number of answers behind it.")] = None,
    time: Annotated[str | None, typer.Option(help="Column with the date; default the first.")] = None,
    control: Annotated[list[str] | None, typer.Option(help="Column of an untouched segment; may be repeated.")] = None,
    kind: Annotated[str, typer.Option(help="mean, proportion (0..1) or rate.")] = "",
    until: Annotated[str | None, typer.Option(help="First day without the change again.")] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=DATE or COLUMN/ANSWERS=DATE of one segment of a roll-out; instead of --date."),
    ] = None,
    holidays: Annotated[
        str | None, typer.Option(help="Country, or country and state, whose holidays count: DE or DE-BY.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The effect of a dated change on one series, with an interval, from a CSV file."""
    import numpy as np

    if stage:
        from cxmon.cli.effecting_staged import staged

        given = {"--date": at, "--value": value, "--n": n, "--until": until}
        staged(file, stage, control or [], time=time, kind=kind, holidays=holidays, beside=given, as_json=as_json)
        return
    if not (at and value):
        raise typer.BadParameter("expected --date and --value, or --stage once for each segment of a roll-out")
    series = read_series(file, time=time, value=value, n=n, controls=control or [])
    first, last, series = window(series, at, until)
    shares = n is not None and np.nanmin(series.values) >= 0 and np.nanmax(series.values) <= 1
    used = kind or ("proportion" if shares else "mean")
    known_kind(used, value, float(np.nanmax(series.values)))
    series, known = with_holidays(series, calendar_of(holidays, series), first, last)
    found = answered(series, first, last, used, known.labels)
    if as_json:
        emit(_document(series, found, first) | {"holidays": known.words})
        return
    for line in [*words(series, found, value), *sentence_of(known.words)]:
        say(line)


def window(series: Series, at: str, until: str | None) -> tuple[int, int | None, Series]:
    """First period with the change, first without it again, and the series without those that are of both sides."""
    import numpy as np

    begin = inside(series, at, "--date")
    end = inside(series, until, "--until") if until else None
    if end and until and end.index <= begin.index:
        near = "" if epoch_of(until, "--until") <= epoch_of(at, "--date") else f", in another {series.grain}"
        said = f"found --until {until}, expected a date after --date {at}{near}"
        raise typer.BadParameter(said, param_hint="--until")
    known: list[tuple[Start | None, str]] = [(begin, "the change began"), (end, "the change ended")]
    mixed = {one.mixed: what for one, what in known if one and one.mixed is not None}
    values, others = series.values.copy(), None if series.controls is None else series.controls.copy()
    for index in mixed:
        values[index] = np.nan
        if others is not None:
            others[:, index] = np.nan
    told = tuple(left_out(series, index, what) for index, what in mixed.items())
    return begin.index, end.index if end else None, replace(series, values=values, controls=others, left_out=told)


def known_kind(kind: str, value: str, largest: float) -> None:
    """BadParameter for a kind that there is not, and for shares above one."""
    if kind not in {"mean", "proportion", "rate"}:
        raise typer.BadParameter(f"found {kind!r}, expected mean, proportion or rate", param_hint="--kind")
    if kind == "proportion" and largest > 1:
        raise typer.BadParameter(
            f"found {value} up to {written(largest, 'g')}, expected shares 0..1", param_hint="--kind"
        )


def answered(series: Series, first: int, last: int | None, kind: str, period: "npt.NDArray[np.int64]") -> Answer:
    """The effect, and the second opinions on the same question with the controls that count."""
    from cxmon import decisions
    from cxmon.model import Interval, Method, Opinion
    from cxmon.stats import block_test, second_opinion
    from cxmon.stats import effect as estimate

    yearly = year_asked(series.grain, first, compared=series.controls is not None)
    found = estimate(
        series.values, first, until=last, n=series.n, controls=series.controls, kind=kind, period=period, yearly=yearly
    )
    # Holidays have labels of their own in the profile, and a week has seven days all the same.
    week = 7 if series.grain == "day" else 1
    keep = found.controls_used & ~found.controls_moved
    controls = series.controls[keep] if series.controls is not None and keep.any() else None
    counted = series.n if kind in {"proportion", "rate"} else None
    learnt = None if found.season_unknown else yearly
    model = second_opinion(series.values, first, until=last, n=counted, controls=controls, period=period, yearly=learnt)
    blocks = block_test(series.values, first, until=last, controls=controls, period=period, cycle=week)
    ours = Interval(estimate=found.estimate, low=found.low, high=found.high)
    opinions = []
    for method, said in ((Method.STRUCTURAL, model), (Method.BLOCKS, blocks)):
        other = Interval(estimate=said.estimate, low=said.low, high=said.high)
        # Nobody has set a limit here, so none can lie between the two.
        agrees = decisions.agreement(ours, other, float("nan"))
        opinions.append(Opinion(method=method, found=other, agreement=agrees, reason=said.reason))
    return Answer(
        effect=found,
        opinions=tuple(opinions),
        kind=kind,
        year=yearly,
        judged=slice(first, last),
        notes=_notes(found, series.grain),
    )


def year_asked(grain: str, first: int, *, compared: bool) -> float | None:
    """Periods in a year where the effect after `first` periods is to allow for one; with controls a year shows it."""
    from cxmon.stats.season import KNOWN

    year = PERIODS_A_YEAR[grain]
    hardly = grain != "day" and first < (1 if compared else KNOWN) * year - 0.5
    return year if hardly or first >= LEARNT * year else None


def _notes(found: "Effect", grain: str) -> tuple[str, ...]:
    """What the past is too short to tell: whether the controls fit it, and the season of the year."""
    from cxmon.decisions.short_past import fit_unknown, season_note

    fit = fit_unknown(found, grain) if found.controls_used.any() else ""
    return tuple(filter(None, (fit, season_note(found, grain))))


def with_holidays(
    series: Series, calendar: "Holidays | None", first: int, last: int | None
) -> "tuple[Series, HolidayLabels]":
    """The series without the holidays that its profile cannot hold, controls too, and its profile (T,)."""
    import numpy as np

    from cxmon.model import Grain
    from cxmon.periods import on_holiday, profile_labels
    from cxmon.stats import holiday_labels

    grain = Grain(series.grain)
    labels, count = profile_labels(series.starts, grain, "UTC")
    holiday = on_holiday(series.starts, grain, "UTC", calendar)
    known = holiday_labels(series.values, labels, count, holiday, first, until=last, precision=series.n)
    values = np.where(known.left_out, np.nan, series.values)
    others = None if series.controls is None else np.where(known.left_out, np.nan, series.controls)
    return replace(series, values=values, controls=others), known


def words(series: Series, answer: Answer, value: str) -> list[str]:
    """The answer for a person: estimate, range, evidence, second opinions and what was read; shares read as points."""
    import numpy as np

    from cxmon import wording

    found = answer.effect
    lines = [*(f"Set aside: {line}" for line in series.set_aside), *series.left_out]
    if not np.isfinite(found.estimate):
        return [*lines, f"Nothing can be said: {found.reason}"]
    share = answer.kind == "proportion"
    scale, level = (100.0, " %") if share else (1.0, "")
    seen = np.isfinite(series.values[answer.judged])
    expected = float(np.mean(found.expected[answer.judged][seen])) * scale
    actual = expected + found.estimate * scale
    digits = digits_of(found.low, found.high, share=share)

    def shown(estimate: float, low: float, high: float) -> str:
        return figure(estimate, low, high, share=share, digits=digits)

    verb = "surely changed" if found.low > 0 or found.high < 0 else "may not have changed"
    year = ", a yearly profile taken out" if answer.yearly else ""
    past = wording.counted(found.n_pre, "period")
    moved = wording.set_aside(_moved(series, found))
    return [
        *lines,
        f"{value} {verb}: {shown(found.estimate, found.low, found.high)}, {_grade(answer)}.",
        f"Expected without the change {_level(expected, digits)}{level}, seen {_level(actual, digits)}{level}.",
        f"{past} before, {found.n_post} after, one a {series.grain}{year}; p = {written(found.p_value, '.2g')}.",
        *([moved[:1].upper() + moved[1:] + "."] if moved else []),
        *(line for note in answer.notes for line in sentence_of(note)),
        *(_second(series, opinion, shown) for opinion in answer.opinions),
        *([found.reason] if found.reason else []),
    ]


def digits_of(low: float, high: float, *, share: bool) -> int:
    """Digits after the point of a figure with this range, by the rule of all that people read."""
    from cxmon.wording import precision

    most = precision.MOST_OF_SHARES if share else precision.MOST
    return precision.by_width((high - low) * (100 if share else 1), most)


def figure(estimate: float, low: float, high: float, *, share: bool, digits: int) -> str:
    """`-6.3 points (95 % range -8.2 to -4.4)`."""
    from cxmon import wording

    scale, unit = (100.0, " points") if share else (1.0, "")
    shown = [wording.signed(x * scale, digits) for x in (estimate, low, high)]
    return f"{shown[0]}{unit} (95 % range {shown[1]} to {shown[2]})"


def _level(x: float, digits: int) -> str:
    from cxmon import wording

    return wording.signed(x, digits).removeprefix("+")


def _second(series: Series, opinion: "Opinion", shown: Callable[[float, float, float], str]) -> str:
    from cxmon import wording
    from cxmon.model import Agreement, Grain

    name = wording.method(opinion.method, Grain(series.grain))
    if opinion.agreement is Agreement.UNKNOWN:
        return f"Second opinion, {name}: none, {opinion.reason}."
    said = "disagrees" if opinion.disputes else "agrees"
    return f"Second opinion, {name}: {said}, {shown(opinion.found.estimate, opinion.found.low, opinion.found.high)}."


def _moved(series: Series, found: "Effect") -> tuple[str, ...]:
    """The controls that moved by themselves at the date, by name."""
    return tuple(name for name, moved in zip(series.names, found.controls_moved, strict=True) if moved)


def _grade(answer: Answer) -> str:
    """How strong the evidence is, in words, lowered where a second opinion contradicts."""
    from cxmon import wording
    from cxmon.model import Grade

    grade = Grade.CONTROLLED if answer.controlled else Grade.BEFORE_AFTER
    disputed = any(opinion.disputes for opinion in answer.opinions)
    return wording.compared(grade, disputed=disputed)


def _document(series: Series, answer: Answer, first: int) -> dict[str, object]:
    found = answer.effect
    names = ("estimate", "low", "high", "p_value", "n_pre", "n_post", "reason")
    return {
        **{name: getattr(found, name) for name in names},
        "kind": answer.kind,
        "grain": series.grain,
        "grade": _grade(answer),
        "first": day_of(series, first),
        "controls_moved": _moved(series, found),
        "notes": answer.notes,
        "second_opinions": [
            {
                "method": opinion.method,
                "estimate": opinion.found.estimate,
                "low": opinion.found.low,
                "high": opinion.found.high,
                "agreement": opinion.agreement,
                "reason": opinion.reason,
            }
            for opinion in answer.opinions
        ],
        "set_aside": series.set_aside,
        "left_out": series.left_out,
    }


def calendar_of(text: str | None, series: Series) -> "Holidays | None":
    from cxmon.model import Holidays
    from cxmon.periods import countries

    if text is None:
        return None
    country, _, part = text.partition("-")
    if country not in countries():
        raise typer.BadParameter(f"found {text}, expected a country such as DE or US", param_hint="--holidays")
    if part and part not in countries()[country]:
        known = ", ".join(countries()[country]) or "no part, for it has none"
        raise typer.BadParameter(f"found {text}, expected {country}- and one of {known}", param_hint="--holidays")
    if series.grain != "day":
        said = f"found one row a {series.grain}, expected one row a day: longer periods hold no holidays of their own"
        raise typer.BadParameter(said, param_hint="--holidays")
    return Holidays(country=country, subdivision=part)


def sentence_of(text: str) -> list[str]:
    return [text[0].upper() + text[1:] + "."] if text else []
