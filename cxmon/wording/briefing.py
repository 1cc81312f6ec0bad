"""The brief for a board meeting: numbered sections, every decision in them, and nothing picked.

Its figures are those of board and terminal: the same verdicts, said by the same words.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cxmon import decisions
from cxmon.decisions.following import Standing, followed
from cxmon.model import (
    EVERYONE,
    GRAVITY,
    AllowanceUse,
    Change,
    Code,
    Declared,
    Harm,
    Incident,
    Interval,
    Metric,
    Price,
    Response,
    TargetOutlook,
    Verdict,
    Version,
)
from cxmon.wording import numbers as say
from cxmon.wording import targets as aimed
from cxmon.wording import versions as versioned
from cxmon.wording.aiming import gain
from cxmon.wording.allowances import allowance_headline, used
from cxmon.wording.answers import answered, answers
from cxmon.wording.evidence import grade
from cxmon.wording.ledger import calm_of, incident_title
from cxmon.wording.ledger import told as deciding
from cxmon.wording.pricing import lost, money, price_words
from cxmon.wording.screen import category, screen, state
from cxmon.wording.verdicts import saving
from cxmon.wording.whole import Section, Table, so_far

NOT_JUDGED, NO_PRICE = "not judged yet", "no price"
PART = "not all of it counted yet"
UNCHANGED, FIRST = "The same", "Judged for the first time"
_WITHOUT_ANSWER = frozenset({Code.UNDECIDED, Code.WAITING, Code.ENTANGLED, Code.NOT_COMPARABLE})


@dataclass(frozen=True, kw_only=True)
class Decided:
    """One decision by its number on the board: the verdict, what was `told` last time, and every version since."""

    number: int
    declared: Declared
    verdict: Verdict | None = None
    told: Version | None = None
    since: tuple[Version, ...] = ()
    responses: tuple[Response, ...] = ()

    @property
    def change(self) -> Change:
        return self.declared.change


@dataclass(frozen=True, kw_only=True)
class Briefing:
    """What was known at `as_of`; last time was `since`. `complete` are the last complete periods by metric, `failed`
    what could not be collected. `again`: worked out anew from what was known then."""

    title: str
    zone: str
    as_of: datetime
    since: datetime
    metrics: Mapping[str, Metric]
    decided: tuple[Decided, ...] = ()
    drafts: tuple[Declared, ...] = ()
    allowances: Mapping[str, AllowanceUse] = field(default_factory=dict)
    targets: tuple[TargetOutlook, ...] = ()
    incidents: tuple[Incident, ...] = ()
    complete: Collection[datetime] = ()
    failed: tuple[str, ...] = ()
    again: bool = False

    @property
    def changes(self) -> list[Change]:
        return [*(d.change for d in self.decided), *(d.change for d in self.drafts)]

    @property
    def titles(self) -> dict[str, str]:
        return {change.id: change.title for change in self.changes}


def head(known: Briefing) -> str:
    """What an export carries: the as-of date, and how far the figures go."""
    anew = ", worked out anew from what was known then" if known.again else ""
    return f"As of {say.stamp(known.as_of, known.zone)}{anew} · {complete_to(known.complete, known.zone)}"


def answer(known: Briefing) -> tuple[str, str, Verdict | None]:
    """(headline, what it rests on, the gravest verdict): what the meeting has to know first."""
    judged = [d for d in known.decided if d.verdict is not None]
    if not judged:
        return "No decision has been judged yet", "", None
    first = min(judged, key=_gravity)
    verdict = first.verdict
    return (verdict.headline, verdict.sentence, verdict) if verdict is not None else ("", "", None)


def sections(known: Briefing) -> tuple[Section, ...]:
    """All sections in their order, numbered from 1; one of which nothing is known says so."""
    found = (
        _last_time(known), _all_decisions(known), _price(known), _allowance(known), _targets(known), _open(known),
        _data(known),
    )  # fmt: skip
    return tuple(
        Section(heading=f"{number}. {one.heading}", lines=one.lines, table=one.table, notes=one.notes)
        for number, one in enumerate(found, 1)
    )


def complete_to(ends: Collection[datetime], zone: str) -> str:
    """`complete to 14 Nov`, from the last complete period of each metric."""
    if not ends:
        return "nothing complete yet"
    first, last = say.day(min(ends), zone), say.day(max(ends), zone)
    return f"complete to {last}" if first == last else f"complete to {first}–{last}, by metric"


def _gravity(one: Decided) -> tuple[int, float]:
    rank = GRAVITY.index(one.verdict.code) if one.verdict is not None else len(GRAVITY)
    return rank, -one.change.starts.timestamp()


def _last_time(known: Briefing) -> Section:
    """Each decision that was declared last time, with what was said then and what became of it."""
    last = say.day(known.since, known.zone, now=known.as_of)
    rows = tuple(
        (
            f"{d.number} {d.change.title}",
            d.told.headline if d.told is not None else NOT_JUDGED,
            _now(d),
            "; ".join(_became(known, d)),
        )
        for d in known.decided
        if d.declared.declared_at <= known.since
    )
    headers = ("Decision", f"Told on {last}", "Now", "What became of it")
    new = len(known.decided) - len(rows)
    more = (f"{say.counted(new, 'decision')} declared since stand in section 2 alone.",) if new else ()
    return Section(
        heading="What we told you last time, and what became of it",
        lines=more if rows else (f"No decision had been declared by {last}.", *more),
        table=Table(headers=headers, rows=rows) if rows else None,
        notes=more if rows else (f"No decision had been declared by {last}.", *more),
    )


def _now(one: Decided) -> str:
    return one.verdict.headline if one.verdict is not None else NOT_JUDGED


def _became(known: Briefing, one: Decided) -> list[str]:
    """Why it says something else, and what people decided since."""
    why = [
        text for v in one.since if v.before for text in versioned.why(v, known.metrics, known.zone, known.titles)[:1]
    ]
    said = [r for r in one.responses if r.at > known.since]
    told = answers(
        one.change.id, said, known.changes, now=known.as_of, ended=one.change.ends, zone=known.zone
    )  # fmt: skip
    same = one.told is not None and one.verdict is not None and one.told.code == one.verdict.code
    first = one.told is None and one.verdict is not None
    became = why or ([FIRST] if first else [UNCHANGED] if same else [])
    return [*became, *told] or [NOT_JUDGED.capitalize()]


def _all_decisions(known: Briefing) -> Section:
    """Every decision, the gravest first, with the figures that decide it and how many others there are."""
    rows = tuple(_row(known, d) for d in sorted(known.decided, key=_gravity))
    judged = [d.verdict for d in sorted(known.decided, key=_gravity) if d.verdict is not None]
    unjudged = len(known.decided) - len(judged)
    waits = f"; {unjudged} {NOT_JUDGED}" if unjudged else ""
    line = f"{say.counted(len(known.decided), 'decision')}, all of them: {calm_of(judged)}{waits}."
    headers = ("Decision", "Since, where, whose", "Verdict, how sure", "Harm so far, and its limit", "What was decided")
    return Section(
        heading="All decisions",
        lines=(line,) if rows else ("No decision has been declared.",),
        notes=(line,) if rows else ("No decision has been declared.",),
        table=Table(headers=headers, rows=rows) if rows else None,
    )


def _row(known: Briefing, one: Decided) -> tuple[str, ...]:
    change, verdict = one.change, one.verdict
    facts = (
        say.day(change.starts, known.zone, now=known.as_of), category(change.category).lower(), change.reach.label,
        change.owner,
    )  # fmt: skip
    said = answers(
        change.id, one.responses, known.changes, now=known.as_of, ended=change.ends, zone=known.zone
    )  # fmt: skip
    words = NOT_JUDGED.capitalize()
    if verdict is not None:
        words = f"{screen(verdict, titles=known.titles)[0]}; {grade(verdict)}"
    return (
        f"{one.number} {change.title}",
        " · ".join(facts),
        words,
        _harms(known, verdict),
        said[-1] if said else "nothing yet",
    )


def _harms(known: Briefing, verdict: Verdict | None) -> str:
    """The figures that decide, and how the others stand: none is left out of the count."""
    if verdict is None:
        return ""
    shown = [h for h in deciding(verdict) if h.metric in known.metrics]
    told = [f"{known.metrics[h.metric].label} {_against(known.metrics[h.metric], h)}" for h in shown]
    if decisions.aims_answer_of(verdict) is not None:
        # An investment is told by what it promised, and its harms are among the others.
        told = [gain(aim, known.metrics[aim.metric]) for aim in verdict.aims if aim.metric in known.metrics]
        shown = []
    rest = Counter(screen(h)[0].lower() for h in verdict.harms if h not in shown and h.metric in known.metrics)
    others = ", ".join(f"{n} {words}" for words, n in rest.items())
    return "; ".join([*told, *([f"others: {others}"] if others else [])])


def _against(metric: Metric, harm: Harm) -> str:
    return f"{so_far(metric, harm)}, limit {say.limit(metric, harm)}"


def _price(known: Briefing) -> Section:
    """What each decision is said to save and what was lost, and the sum of all that have a price."""
    rows: list[tuple[str, ...]] = []
    priced, without = [], 0
    for d in known.decided:
        price = d.verdict.price if d.verdict is not None else None
        if price is None:
            without += 1
            if d.change.saving is not None:
                why = NOT_JUDGED if d.verdict is None else NO_PRICE
                rows.append((f"{d.number} {d.change.title}", saving(d.change.saving), "not known", why))
            continue
        priced.append(price)
        rows.append((f"{d.number} {d.change.title}", _saves(price), _loses(price), price_words(price)))
    sums = [_sum(currency, priced) for currency in sorted({p.currency for p in priced})] if len(priced) > 1 else []
    notes = (
        *(("The ends of the ranges are added, so the sum's range holds however the losses hang together.",)
          if sums else ()),
        *((f"{say.counted(without, 'decision')} without a price: not judged, nothing claimed, or no value configured.",)
          if without else ()),
    )  # fmt: skip
    headers = ("Decision", "Said to save so far", "Lost so far", "Answer")
    if not priced:
        return Section(heading="Price", lines=("No decision has a price yet.",))
    return Section(heading="Price", table=Table(headers=headers, rows=(*rows, *sums)), notes=notes)


def _saves(price: Price) -> str:
    checked = f"verified by {price.verified_by}" if price.verified_by else "not verified"
    return f"{money(price.saving, price.currency)}, {checked}" if math.isfinite(price.saving) else "nothing claimed"


def _loses(price: Price) -> str:
    """What was lost by the parts that count by now."""
    if not _counts(price):
        return "not known yet"
    found = "no loss found" if price.loss.low == price.loss.high == 0 else lost(price.loss, price.currency)
    return found if _whole(price) else f"{found}, {PART}"


def _whole(price: Price) -> bool:
    return not price.missing and all(part.counted for part in price.parts)


def _counts(price: Price) -> bool:
    return math.isfinite(price.loss.estimate) and any(part.counted for part in price.parts)


def _sum(currency: str, prices: Sequence[Price]) -> tuple[str, ...]:
    """All decisions in one currency together, whichever way they went."""
    mine = [p for p in prices if p.currency == currency]
    claimed = sum(p.saving for p in mine if math.isfinite(p.saving))
    known = [p.loss for p in mine if _counts(p)]
    total = Interval(
        estimate=sum(x.estimate for x in known), low=sum(x.low for x in known), high=sum(x.high for x in known)
    )
    open_ = len(mine) - len(known)
    beside = f", without {open_} whose loss is not known yet" if open_ else ""
    beside += "" if all(map(_whole, mine)) else f", {PART}"
    return (
        f"All {len(mine)} together",
        money(claimed, currency),
        f"{lost(total, currency)}{beside}" if known else "not known",
        "",
    )


def _allowance(known: Briefing) -> Section:
    lines = [
        f"{allowance_headline(use, known.metrics[use.metric], known.zone)}. "
        f"{used(use, known.metrics[use.metric], known.zone)}."
        for use in known.allowances.values()
        if use.metric in known.metrics
    ]
    return Section(heading="Harm allowance of the year", lines=tuple(lines) or ("None is configured.",))


def _targets(known: Briefing) -> Section:
    lines = [
        f"{aimed.aimed_at(one, known.metrics[one.target.metric], known.zone)}: {aimed.course(one.course)[0].lower()}, "
        f"{aimed.standing(one, known.metrics[one.target.metric])}"
        for one in aimed.ordered(known.targets, known.metrics)
    ]
    return Section(heading="Targets", lines=tuple(lines) or ("None is configured.",))


def _open(known: Briefing) -> Section:
    """What has no answer yet, what somebody promised, which incidents last, and what nobody has declared."""
    early = [
        f"{d.number} {d.change.title}: no answer yet on {text}" for d in known.decided if (text := _early(known, d))
    ]
    promised = [
        f"{d.number} {d.change.title}: {text}" for d in known.decided for text in _promised(known, d)
    ]  # fmt: skip
    lasting = [f"Incident: {_lasting(known, one)}" for one in known.incidents]
    drafts = [
        f"Not declared: {d.change.title}, from {say.day(d.change.starts, known.zone, now=known.as_of)}"
        for d in known.drafts
    ]
    lines = (*promised, *lasting, *drafts, *early)
    return Section(heading="What is open", lines=lines or ("Nothing is open.",))


def _promised(known: Briefing, one: Decided) -> list[str]:
    """Responses whose day is to come, or past without what was promised."""
    found = []
    for response in one.responses:
        how = followed(
            response, now=known.as_of, others=one.responses, changes=known.changes, ended=one.change.ends
        )  # fmt: skip
        if how.standing in {Standing.AHEAD, Standing.DUE, Standing.OVERDUE}:
            found.append(f"{answered(response, how, known.zone, now=known.as_of)}: {response.why}")
    return found


def _early(known: Briefing, one: Decided) -> str:
    """The watched metrics without an answer, and when it is due."""
    harms = one.verdict.harms if one.verdict is not None else ()
    waiting = [h for h in harms if h.code in _WITHOUT_ANSWER and h.metric in known.metrics]
    return ", ".join(f"{known.metrics[h.metric].label}{_due(known, h)}" for h in waiting)


def _due(known: Briefing, harm: Harm) -> str:
    return f" (due around {say.day(harm.due, known.zone, now=known.as_of)})" if harm.due else ""


def _lasting(known: Briefing, incident: Incident) -> str:
    # Where it is may have been found later than on the day of a brief of the past.
    shown = replace(incident, root=EVERYONE, members=()) if known.again else incident
    name = incident_title(shown, known.metrics, known.titles)
    since = say.day(incident.since or incident.opened_at, known.zone, now=known.as_of)
    return f"{name}, since {since}, {state(incident).lower()}"


def _data(known: Briefing) -> Section:
    anew = (
        "Worked out anew from the figures that were known then: what came later is not in it."
        if known.again
        else "The figures of the board at its newest judgement."
    )
    lines = (
        f"Figures are {complete_to(known.complete, known.zone)}.",
        *known.failed,
        f"{anew} Harm is counted against what was expected without the change.",
    )
    return Section(heading="The data", lines=lines)
