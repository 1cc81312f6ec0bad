"""The metrics of a week in words: which are worse, which are better, where, and what could still hide in the others."""

from dataclasses import replace
from datetime import timedelta

from cxmon.model import EVERYONE, Band, Segment, Tone
from cxmon.wording import gap as gaps
from cxmon.wording.week import Week
from cxmon.wording.whole import Section, Table


def newest(week: Week, name: str) -> tuple[Band | None, gaps.Gap | None, bool]:
    """(the band, its newest gap, whether that is outside what is expected)."""
    band = week.bands.get((name, week.roots[name]))
    found = gaps.gap(band, week.metrics[name]) if band else None
    return band, found, found is not None and found.tone is not Tone.GREY


def _week_before(week: Week, name: str) -> str:
    """The same figure a week earlier."""
    band, found, _ = newest(week, name)
    if band is None or found is None:
        return "–"
    cut = (found.until - timedelta(days=7)).timestamp()
    done = tuple(ok and start <= cut for ok, start in zip(band.complete, band.starts, strict=True))
    earlier = gaps.gap(replace(band, complete=done), week.metrics[name])
    return gaps.pill(earlier, week.metrics[name]) if earlier else "–"


def moved(week: Week, name: str) -> str:
    """`CSAT 84.1 %, 2.6 points worse than expected (range 1.2 to 3.9), 7 days to 14 Nov; most in phone · eu`."""
    band, found, out = newest(week, name)
    metric = week.metrics[name]
    if band is None or found is None:
        return ""
    stands = gaps.pill(found, metric) + (" than expected" if out else "")
    window = gaps.window(found, band, week.zone)
    where = _where(week, name) if out else ""
    value = f"{metric.label}{name_of(week, name)} {gaps.levels(found, metric)[0]}"
    said = f"{value}, {stands} ({gaps.possible(found, metric)}), {window}"
    return f"{said}; {where}" if where else said


def _where(week: Week, name: str) -> str:
    """The two segments that moved the most the same way, of those outside what is expected."""
    metric, root = week.metrics[name], week.roots[name]
    _, whole, _ = newest(week, name)
    sides: list[tuple[float, str]] = []
    for (other, key), band in week.bands.items():
        if other != name or key == root or key.startswith("change:"):
            continue
        found = gaps.gap(band, metric)
        if whole is not None and found is not None and found.tone is whole.tone:
            sides.append((-abs(found.harm), Segment.from_key(key).label))
    return f"most in {' and '.join(label for _, label in sorted(sides)[:2])}" if sides else ""


def section(week: Week) -> Section:
    out = [name for name in week.own if newest(week, name)[2]]
    rows = []
    for name in sorted(out, key=lambda one: newest(week, one)[1].tone is Tone.TEAL):  # type: ignore[union-attr]
        metric, (band, found, _) = week.metrics[name], newest(week, name)
        if band is None or found is None:
            continue
        lately = f"{gaps.levels(found, metric)[0]}, {gaps.window(found, band, week.zone)}"
        against = f"{gaps.pill(found, metric)} than expected ({gaps.possible(found, metric)})"
        rows.append((
            f"{metric.label}{name_of(week, name)}", lately, against, _week_before(week, name),
            _where(week, name) or "in no segment by itself",
        ))  # fmt: skip
    others = (calm(week),) if calm(week) else ()
    lines = tuple(f"{moved(week, name)}; a week before {_week_before(week, name)}" for name in out)
    heads = ("metric", "lately", "against expected", "a week before", "where")
    table = Table(headers=heads, rows=tuple(rows)) if rows else None
    return Section(heading="What is worse, what is better", lines=(*lines, *others), table=table, notes=others)


def name_of(week: Week, name: str) -> str:
    root = week.roots[name]
    return "" if root == EVERYONE.key else f", {Segment.from_key(root).label}"


def calm(week: Week, *, brief: bool = False) -> str:
    """The metrics that are as expected, with what could still hide there."""
    told, unknown = [], []
    for name in week.own:
        _, found, out = newest(week, name)
        label = f"{week.metrics[name].label}{name_of(week, name)}"
        if found is None:
            unknown.append(label)
        elif not out:
            hidden = gaps.size(found.high, found, week.metrics[name])
            told.append(f"{label} {hidden}" if brief else f"{label} ({gaps.possible(found, week.metrics[name])})")
    head = "As expected, though up to so much worse is still possible" if brief else "As expected"
    parts = [f"{head}: {'; '.join(told)}" if told else "", f"Not known: {', '.join(unknown)}" if unknown else ""]
    return ". ".join(filter(None, parts)) + ("." if told or unknown else "")
