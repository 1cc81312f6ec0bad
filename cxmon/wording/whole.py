"""The whole story of one change as headings with lines and tables: the terminal and the one-page report print the same.

A section more is a `Section` more in `sections`; lines that a verdict's story gains by themselves come under
"What else is known".
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cxmon.model import (
    Amount,
    Change,
    Code,
    Declared,
    Harm,
    Metric,
    Outcome,
    Response,
    Signed,
    Step,
    Transition,
    Verdict,
    Version,
    written,
)
from cxmon.wording import happening
from cxmon.wording import numbers as say
from cxmon.wording import versions as told
from cxmon.wording.access import signed
from cxmon.wording.evidence import grade, remarks_on_all, seconded, unusual
from cxmon.wording.pricing import price_story
from cxmon.wording.screen import category, count_word, decision, screen, step
from cxmon.wording.sizes import origin
from cxmon.wording.verdicts import by_gravity, lately, line, saving, staged, window_text

# Only what is beyond chance is called worse or better by so much.
_SURE = frozenset({Code.HARMED, Code.WORSE, Code.IMPROVED})

Metrics = Mapping[str, Metric]
Titles = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Short cells under headers; all text, escaped by who prints it."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with lines, a table, or both. A terminal prints the lines, or else the table. A page prints the table
    and the `notes`, which say the rest or the same in less room; the lines where neither is given."""

    heading: str
    lines: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] | None = None

    @property
    def on_page(self) -> tuple[str, ...]:
        """The lines of a page."""
        return self.lines if self.notes is None and self.table is None else self.notes or ()


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All that is known of one change: `steps` are what happened to its incidents, `titles` those of all changes,
    `more` what the rooms around the verdict know of it: price, allowance, fixes, `stands` until when each response is
    due and how it stands, `signed` what signed-in people did about it."""

    declared: Declared
    history: Sequence[Verdict]
    versions: Sequence[Version]
    responses: Sequence[Response]
    steps: Sequence[Transition]
    metrics: Metrics
    zone: str = "UTC"
    titles: Titles = field(default_factory=dict)
    more: tuple[Section, ...] = ()
    stands: tuple[str, ...] = ()
    signed: Sequence[Signed] = ()

    @property
    def latest(self) -> Verdict | None:
        return self.history[-1] if self.history else None

    @property
    def harms(self) -> list[Harm]:
        """The newest harms, gravest first, of metrics that are still configured."""
        return [h for h in by_gravity(self.latest.harms) if h.metric in self.metrics] if self.latest else []


def sections(known: Whole) -> tuple[Section, ...]:
    """The story from the declaration to what was decided; sections of which nothing is known are left out."""
    found = (
        _verdict(known),
        _metrics(known),
        _beside(known),
        *known.more,
        _declaration(known),
        *said_and_decided(known),
    )
    return tuple(one for one in found if one.lines or one.table)


def said_and_decided(known: Whole) -> tuple[Section, ...]:
    """What was said when and why it changed, what happened to the incident, and what was decided."""
    found = (_versions(known), _incident(known), _signed(known), _responses(known))
    return tuple(one for one in found if one.table)


def stand(known: Whole) -> str:
    """What an export carries: the as-of date, the version and the grade."""
    verdict = known.latest
    if verdict is None:
        return "Not judged yet"
    return f"As of {say.stamp(verdict.as_of, known.zone)} · verdict version {verdict.version} · {grade(verdict)}"


def _verdict(known: Whole) -> Section:
    verdict = known.latest
    if verdict is None:
        return Section(heading="Verdict", lines=("Not judged yet",))
    words = screen(verdict, titles=known.titles)[0]
    return Section(heading="Verdict", lines=(f"{words} ({verdict.code})", verdict.headline, verdict.sentence))


def _metrics(known: Whole) -> Section:
    """A line a metric as the story has it, with its stages and how unusual it is below; or as a table with notes."""
    headers: tuple[str, ...] = ("Metric", "Verdict", "Harm so far", "Limit", "Seen", "Expected", "Window", "How sure")
    if known.latest is None:
        return Section(heading="Metric by metric")
    rows: tuple[tuple[str, ...], ...] = tuple(_row(known, h) for h in known.harms)
    if not any(row[-1] for row in rows):
        headers, rows = headers[:-1], tuple(row[:-1] for row in rows)
    return Section(
        heading="Metric by metric",
        lines=tuple(text for h in known.harms for text in (_line(known, h), *_stages(known, h), *_sure(known, h))),
        table=Table(headers=headers, rows=rows),
        notes=tuple(
            f"{known.metrics[h.metric].label}: {text.strip()}"
            for h in known.harms
            for text in (*_stages(known, h), *_sure(known, h))
        ),
    )


def _line(known: Whole, harm: Harm) -> str:
    alike = remarks_on_all(known.latest.harms) if known.latest else ()
    return line(harm, known.metrics[harm.metric], known.titles, told=alike)


def _stages(known: Whole, harm: Harm) -> list[str]:
    if known.latest is None:
        return []
    return staged(harm, known.metrics[harm.metric], known.latest.as_of, known.zone, known.titles)


def _sure(known: Whole, harm: Harm) -> list[str]:
    """How unusual it is, and who else was asked: where something is known of either."""
    beside = [unusual(known.metrics[harm.metric], harm), "" if harm.disputed else seconded(harm.opinions)]
    told = "; ".join(part for part in beside if part)
    return [f"  {told}"] if told else []


def so_far(metric: Metric, harm: Harm) -> str:
    """`3.9 points worse (range 2.8 to 5.0)`; where it cannot be said, why."""
    if not math.isfinite(harm.so_far.high):
        return harm.reason
    if harm.code in _SURE:
        return f"{say.worse(metric, harm)} (range {say.harm_range(metric, harm)})"
    return f"{say.largest(metric, harm)} (range {say.largest_range(metric, harm)})"


def _row(known: Whole, harm: Harm) -> tuple[str, ...]:
    metric = known.metrics[harm.metric]
    due = say.due_day(harm, metric.zone)
    size = so_far(metric, harm)
    # The page's head has the grade; where metrics differ each says its own.
    alike = len({grade(h) for h in known.harms}) == 1
    awaited = f"answer due around day {due}" if due is not None else ""
    sure = ("" if alike else grade(harm), lately(harm, metric), awaited)
    return (
        metric.label,
        screen(harm, titles=known.titles)[0],
        size,
        say.limit(metric, harm),
        *say.instead(metric, harm.actual, harm.expected, harm.so_far, harm.unit),
        f"{window_text(harm, known.zone)}, {written(harm.answers)} {count_word(metric)}",
        "; ".join(part for part in sure if part),
    )


def _beside(known: Whole) -> Section:
    """What the stored story says besides its first line and its metrics: mix, aims, trade, price, and what comes."""
    verdict = known.latest
    if verdict is None:
        return Section(heading="What else is known")
    shown = {text for h in known.harms for text in (_line(known, h), *_stages(known, h))}
    rest = tuple(text for text in verdict.story[1:] if text not in shown)
    # On a page the words of the price stand without its code, as on the board.
    priced = (price_story(verdict.price, known.metrics, codes=codes) for codes in (True, False))
    plain = dict(zip(*priced, strict=True))
    return Section(heading="What else is known", lines=rest, notes=tuple(plain.get(text, text) for text in rest))


def _declaration(known: Whole) -> Section:
    declared, change = known.declared, known.declared.change
    late = f", {say.days(declared.days_late)} late" if declared.days_late else ""
    frozen = f", hash {declared.frozen_hash}" if declared.frozen_hash else ", a draft: not frozen"
    ends = f" to {say.day(change.ends, known.zone)}" if change.ends else ""
    where = f"{category(change.category)}, from {say.day(change.starts, known.zone)}{ends}, {change.reach.label}"
    lines = [
        f"{where}; owner {change.owner}; watched for {say.days(change.horizon_days)}",
        f"Declared {say.stamp(declared.declared_at, known.zone)} {origin(declared.origin)}{late}{frozen}",
        *_promised(change, known.metrics),
    ]
    if change.spills_to:
        lines.append(f"May reach {'; '.join(scope.label for scope in change.spills_to)}")
    if change.announced_days:
        lines.append(f"Announced {say.days(change.announced_days)} before, which are left out")
    if change.responds_to:
        lines.append(f"Answers {known.titles.get(change.responds_to, change.responds_to)}")
    for part in change.parts() if change.stages else ():
        end = f" to {say.day(part.ends, known.zone)}" if part.ends else ""
        lines.append(f"Stage {part.scope.label} from {say.day(part.starts, known.zone)}{end}")
    lines += [saving(change.saving)] if change.saving else []
    lines += [f"Note: {change.note}"] if change.note else []
    lines += [f"Edited: {edit}" for edit in declared.edits]
    return Section(heading="What was declared", lines=tuple(lines))


def _promised(change: Change, metrics: Metrics) -> list[str]:
    """Limits, aims and guards, as their owner wrote them."""

    def listed(amounts: Mapping[str, Amount]) -> str:
        return ", ".join(f"{metrics[m].label if m in metrics else m} {say.size(a)}" for m, a in sorted(amounts.items()))

    guards = ", ".join(metrics[m].label if m in metrics else m for m in change.guards)
    found = [("Harm accepted", listed(change.limits)), ("Gain promised", listed(change.aims)), ("Watched too", guards)]
    return [f"{name}: {text}" for name, text in found if text]


def _versions(known: Whole) -> Section:
    """Newest first; what was said before stands with each."""
    rows = tuple(
        (
            f"Version {version.number}",
            told.said_until(version, known.zone),
            version.headline,
            told.before(version),
            "; ".join(
                (*told.turns(version, known.metrics), *told.why(version, known.metrics, known.zone, known.titles))
            ),
        )
        for version in reversed(known.versions)
    )
    headers = ("Version", "Said", "What was said", "Before", "Why it changed")
    return Section(heading="What was said when", table=Table(headers=headers, rows=rows) if rows else None)


def _incident(known: Whole) -> Section:
    rows = tuple(
        (say.stamp(s.at, known.zone), "Kept quiet" if s.step is Step.NOTED else step(s.step), happening.why(s.reason))
        for s in known.steps
    )
    headers = ("When", "What", "Why")
    return Section(heading="Incident", table=Table(headers=headers, rows=rows) if rows else None)


def _signed(known: Whole) -> Section:
    """How a proposal became a declaration: for whom, never who, which stands in the audit trail alone."""
    done = (s for s in known.signed if s.outcome is Outcome.DONE and s.content)
    rows = tuple((say.stamp(s.at, known.zone), signed(s.act), s.by, s.why, s.content) for s in done)
    headers = ("When", "What", "For", "Why", "Hash")
    return Section(heading="Who signed what", table=Table(headers=headers, rows=rows) if rows else None)


def _responses(known: Whole) -> Section:
    def due(response: Response) -> str:
        return say.day(response.due, known.zone) if response.due else "no date"

    rows = tuple(
        (
            say.day(r.at, known.zone),
            decision(r.decision),
            r.by,
            r.why,
            stands,
        )
        for r, stands in zip(known.responses, known.stands or map(due, known.responses), strict=True)
    )
    headers = ("When", "Decision", "By", "Why", "Due")
    return Section(heading="What was decided about it", table=Table(headers=headers, rows=rows) if rows else None)
