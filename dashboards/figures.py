"""View models: what headline, cards, ledger and map say, as plain values. No Streamlit here.

One number for one thing: a card, the caption of the trend and the first row of the map read the same `Gap` of the same
stored band; headline and ledger read the same stored harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cxmon import wording
from cxmon.charts import Cell
from cxmon.model import (
    EVERYONE,
    GRAVITY,
    Change,
    Incident,
    Metric,
    Segment,
    Tone,
    Verdict,
)
from cxmon.wording import briefing
from cxmon.wording import gap as gaps
from cxmon.wording import ledger as ledgers
from dashboards.reading import World


def moment(start: int) -> datetime:
    """The instant of a period's start."""
    return datetime.fromtimestamp(start, UTC)


# More cards than these nobody reads; then those come first where something is to be seen.
MOST_CARDS = 12
NEEDS, BETTER, CALM, WAITING = range(4)


def standing(world: World, metric: Metric) -> int:
    """Whether a metric is worse than expected, over a decision's limit or has an open incident; else better, as
    expected, or without a figure yet."""
    key = world.root(metric.id)
    band = world.bands.get((metric.id, key))
    found = gaps.gap(band, metric) if band else None
    open_now = any(i.subject == metric.id and not is_about_a_source(i, world) for i in world.incidents)
    if open_now or world.limit(metric, key) is not None or (found is not None and found.tone is Tone.AMBER):
        return NEEDS
    if found is None:
        return WAITING
    return BETTER if found.tone is Tone.TEAL else CALM


def foremost(world: World) -> tuple[list[Metric], list[Metric]]:
    """(metrics with a card, the others): all in the configuration's order where they are few, else what needs a look
    first."""
    shown = world.shown()
    if len(shown) <= MOST_CARDS:
        return shown, []
    ranked = sorted(shown, key=lambda metric: standing(world, metric))
    return ranked[:MOST_CARDS], ranked[MOST_CARDS:]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the ledger."""

    number: int
    change: str
    title: str
    facts: str
    words: str
    tone: Tone
    shape: str
    grade: str
    harm: str
    open: str
    claim: str
    owner: str
    response: str


def ledger(world: World) -> list[Row]:
    """Decisions, gravest first, newest first within a code; drafts and changes not judged yet stand last."""
    rows = []
    for declared in world.ordered():
        if declared.change.id not in world.declared:
            continue
        verdict = world.verdicts.get(declared.change.id)
        # Drafts that nobody has taken over stand below what was declared.
        rank = GRAVITY.index(verdict.code) if verdict else len(GRAVITY) + bool(declared.of_feed)
        rows.append((rank, -declared.change.starts.timestamp(), declared.change.id))
    return [_row(world, change) for _, _, change in sorted(rows)]


def _row(world: World, change_id: str) -> Row:
    declared, verdict = world.declared[change_id], world.verdicts.get(change_id)
    change = declared.change
    titles = {key: d.change.title for key, d in world.declared.items()}
    words, tone, shape = (wording.draft_words(declared) or "Not judged yet", Tone.GREY, "pending")
    if verdict is not None:
        words, tone, shape = wording.screen(verdict, titles=titles)
    facts = [
        wording.category(change.category),
        wording.day(change.starts, world.zone, now=world.as_of),
        wording.scope(change.reach),
    ]
    if declared.of_feed:
        facts.append(f"from {declared.of_feed}")
    elif declared.days_late:
        facts.append(f"declared {wording.days(declared.days_late)} late")
    return Row(
        number=world.number(change_id),
        change=change_id,
        title=change.title,
        facts=" · ".join(facts),
        words=words,
        tone=tone,
        shape=shape,
        grade=wording.grade(verdict) if verdict else "",
        harm=ledgers.told_words(verdict, world.metrics),
        open="; ".join(ledgers.open_words(h, world.metrics) for h in ledgers.still_open(verdict)),
        claim=ledgers.price(change, verdict),
        owner=change.owner,
        response=ledgers.response(change, tone, world.responses, world.changes, now=world.now, zone=world.zone),
    )


def answers(world: World, change: Change) -> list[str]:
    """What a decision answers, what was decided about it, and which fixes answer it; one line each."""
    said = wording.answers(change.id, world.responses, world.changes, now=world.now, ended=change.ends, zone=world.zone)
    told = wording.answers_to(change, world.changes, world.verdicts)
    return [line for line in (told, *said, *_fixed_by(world, change)) if line]


def fixes(world: World, change: Change) -> list[str]:
    """What a decision answers and which fixes answer it, each with its verdict as it is known now."""
    told = wording.answers_to(change, world.changes, world.verdicts)
    return [line for line in (told, *_fixed_by(world, change)) if line]


def _fixed_by(world: World, change: Change) -> list[str]:
    return wording.fixes(change.id, world.changes, world.verdicts, now=world.now, zone=world.zone)


def gravest(world: World) -> Verdict | None:
    """The verdict that the headline tells: the gravest, the newest among equals."""
    live = [v for v in world.verdicts.values() if v.change in world.declared]
    return min(
        live, key=lambda v: (GRAVITY.index(v.code), -world.declared[v.change].change.starts.timestamp()), default=None
    )


def heat_cells(world: World, most: int = 12) -> list[Cell]:
    """Segment by metric: what the cards tell of, then the segments where most lies outside the expected range, the
    larger first. Dimensions that call the same customers by one name share a row. Of many metrics those with a card."""
    metrics = foremost(world)[0]
    roots = {metric.id: world.root(metric.id) for metric in metrics}
    rows: dict[str, dict[str, Cell]] = {}
    for metric_id, key in world.bands:
        if not key.startswith("change:") and metric_id in roots and key != roots[metric_id]:
            cell = _cell(world, key, world.metrics[metric_id])
            rows.setdefault(cell.segment, {})[metric_id] = cell

    def rank(label: str) -> tuple[int, int, str]:
        return -sum(bool(cell.word) for cell in rows[label].values()), label.count(" · "), label

    first = world.view.label if world.view is not None else "All customers"
    told = [replace(_cell(world, roots[metric.id], metric), segment=first) for metric in metrics]
    for label in sorted(rows, key=rank)[: most - 1]:
        told += [rows[label].get(metric.id) or _unknown(label, metric) for metric in metrics]
    return told


def _unknown(segment: str, metric: Metric) -> Cell:
    return Cell(segment=segment, metric=metric.label, tone=Tone.GREY, tip="not known: too little data")


def looked_at(world: World) -> int:
    """How many segments and metrics were looked at for the map, shown or not."""
    series = [(world.metrics.get(metric), band) for (metric, key), band in world.bands.items() if "change:" not in key]
    return sum(metric is not None and gaps.gap(band, metric) is not None for metric, band in series)


def _cell(world: World, key: str, metric: Metric) -> Cell:
    segment = "All customers" if key == EVERYONE.key else Segment.from_key(key).label
    band = world.bands.get((metric.id, key))
    found = gaps.gap(band, metric) if band else None
    if band is None or found is None:
        return _unknown(segment, metric)
    tip = f"{gaps.pill(found, metric)}, {gaps.possible(found, metric)}; {gaps.window(found, band, world.zone)}"
    limit = world.limit(metric, key)
    if found.tone is Tone.GREY and limit is None:
        return Cell(segment=segment, metric=metric.label, tone=Tone.GREY, tip=tip)
    if found.tone is Tone.GREY and limit is not None:
        # The newest days alone say little; all days since the decision say that it is over its limit.
        number = f"#{limit.number}"
        tip = f"decision {number} is over its limit here; the newest days alone: {tip}"
        said = f"over the limit of decision {number}"
        return Cell(
            segment=segment, metric=metric.label, tone=Tone.RED, text=number, word="over limit", said=said, tip=tip
        )  # fmt: skip
    over = found.tone is Tone.AMBER and limit is not None
    text = gaps.size(found.harm, found, metric).removesuffix(" points").removesuffix(" point")
    return Cell(
        segment=segment,
        metric=metric.label,
        tone=Tone.RED if over else found.tone,
        text=text,
        word="worse" if found.harm > 0 else "better",
        said=gaps.pill(found, metric),
        tip=tip,
    )


def data_age(world: World) -> Sequence[str]:
    """One line a metric whose last collection failed, and how far the data are complete."""
    lines = []
    for run in world.runs.values():
        if not run.ok:
            label = world.metrics[run.metric].label if run.metric in world.metrics else run.metric
            lines.append(f"{label}: not collected, {run.error}")
    held = sorted({run.source for run in world.runs.values() if run.held})
    if held:
        lines.append(f"Held back: {', '.join(held)} brought far fewer data than usual; new figures are not judged")
    return lines


def complete_to(world: World) -> str:
    """`complete to 14 Nov` from the bands of everyone, earliest and latest where metrics differ."""
    days = set()
    for metric in world.shown():
        band = world.bands.get((metric.id, world.root(metric.id)))
        if band is not None and (found := gaps.gap(band, metric)):
            days.add(found.until)
    return briefing.complete_to(days, world.zone)


def is_about_a_source(incident: Incident, world: World) -> bool:
    """Whether it is about data that do not come or a check that fails, not about customers."""
    return incident.check in {"source", "data", "error"} or incident.subject in {r.source for r in world.runs.values()}


def incident_title(incident: Incident, world: World) -> str:
    """`CSAT, phone · eu`, or the title of the decision."""
    titles = {key: d.change.title for key, d in world.declared.items()}
    return ledgers.incident_title(incident, world.metrics, titles)


def incident_detail(incident: Incident, world: World) -> str:
    """The reason of the newest breach; for a decision the words of its verdict."""
    return ledgers.incident_detail(incident, world.verdicts)
