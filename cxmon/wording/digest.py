"""The week in words: what needs a decision, what is new, and where things stand. Pure.

Every figure is the stored one that board and terminal show. A section without news is left out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cxmon.decisions.following import Standing, followed
from cxmon.model import (
    EVERYONE,
    RED,
    AllowanceCode,
    Change,
    Course,
    IncidentState,
    Picture,
    Status,
    Tone,
    Verdict,
)
from cxmon.wording import ledger
from cxmon.wording import numbers as say
from cxmon.wording.allowances import allowance_headline, used
from cxmon.wording.answers import answered, ended_at
from cxmon.wording.drafting import draft_near
from cxmon.wording.screen import decision, screen, state
from cxmon.wording.targets import aimed_at, course, ordered, standing
from cxmon.wording.week import Week
from cxmon.wording.week_metrics import calm, moved, name_of, newest
from cxmon.wording.week_metrics import section as metrics_section
from cxmon.wording.whole import Section, Table

SOON = timedelta(days=7)
MOST = 8
MOST_DECISIONS, MOST_PICTURES = 2, 3
NEEDS, NOTHING = "Needs a decision", "Nothing needs a decision"


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that somebody has to decide or do: what it is, and what there is to know of it."""

    what: str
    more: str = ""
    short: str = ""

    @property
    def brief(self) -> str:
        """In one line of a chat."""
        return f"{self.what}. {self.short}" if self.short else self.what

    def __str__(self) -> str:
        return f"{self.what}. {self.more}" if self.more else self.what


def needs(week: Week) -> list[Need]:
    """What somebody has to decide or do, the gravest first."""
    return [*_unanswered(week), *_exceeded(week), *_due(week), *_unseen(week)]


def headline(week: Week) -> str:
    """The first line: how many things need a decision, and the first of them."""
    found = needs(week)
    if not found:
        open_ = sum(v.code in ledger.OPEN for _, v in week.judged())
        early = f"; of {say.counted(open_, 'decision')} it is not known yet" if open_ else ""
        return f"{NOTHING}{early}"
    if len(found) == 1:
        return f"1 thing needs a decision: {found[0].what}"
    return f"{len(found)} things need a decision, first: {found[0].what}"


def tone(week: Week) -> Tone:
    """The tone of the whole."""
    if any(screen(verdict)[1] is Tone.RED for _, verdict in _asked(week)):
        return Tone.RED
    return Tone.AMBER if needs(week) else Tone.GREY


def sections(week: Week) -> tuple[Section, ...]:
    """The long form, in the order in which it is read; what has no news is left out."""
    found = (
        Section(heading=NEEDS, lines=tuple(map(str, needs(week)))),
        Section(heading=f"New since {week.day(week.since)}", lines=tuple(news(week))),
        _decisions(week),
        metrics_section(week),
        Section(heading="Harm allowance of the year", lines=tuple(_allowances(week))),
        Section(heading="Targets", lines=tuple(_targets(week))),
        Section(heading="Silences in force", lines=tuple(_silences(week))),
        Section(heading="Alarms", lines=week.alarms, table=week.alarm_table, notes=week.alarm_notes),
        Section(heading="Drafts that nobody declared", lines=tuple(_drafts(week))),
        Section(heading="How the data came in", lines=week.data),
    )
    return tuple(one for one in found if one.lines or one.table)


def short(week: Week) -> tuple[str, ...]:
    """The few lines of a chat message below the headline."""
    asked, new = needs(week), news(week)
    lines = [f"• {line}" for line in _at_most([one.brief for one in asked], 4)]
    red = [c.title for c, v in week.judged() if screen(v)[1] is Tone.RED and (c, v) not in _asked(week)]
    lines += [f"Over the limit, and answered: {', '.join(red)}."] if red else []
    lines += [f"New since {week.day(week.since)}:"] if new else [f"Nothing new since {week.day(week.since)}."]
    lines += [f"• {line}" for line in _at_most(new, 4)]
    lines += [moved(week, name) for name in week.own if newest(week, name)[2]][:3]
    return tuple(line for line in (*lines, calm(week, brief=True), *_standing(week), week.alarms_brief) if line)


def _standing(week: Week) -> Iterator[str]:
    """What stands whether or not it is news, a line each: who reads the chat alone is told of it too."""
    for use in week.allowances:
        metric = week.metrics[use.metric]
        yield f"Harm allowance, {metric.label}: {used(use, metric, week.zone)}."
    where = Counter(one.course for one in week.targets)
    if where:
        yield f"Targets: {', '.join(f'{n} {course(c)[0].lower()}' for c, n in where.most_common())}."
    if week.silences:
        yield f"Silences in force: {'; '.join(_at_most(list(_silences(week)), 2))}."
    yield from week.data[:2]


def pictured(week: Week) -> list[Picture]:
    """Which charts tell the week: decisions that are worse, then metrics that moved; each with what it shows."""
    found: list[Picture] = []
    stamp = f"As of {say.stamp(week.now, week.zone)}"
    for change, verdict in week.judged():
        harms = [h for h in ledger.told(verdict) if h.metric in week.metrics]
        if len(found) < MOST_DECISIONS and verdict.code in RED and harms:
            metric = week.metrics[harms[0].metric]
            said = f"{ledger.harm_words(harms[0], week.metrics)}"
            title = f"{change.title}: {screen(verdict)[0][:1].lower()}{screen(verdict)[0][1:]}"
            found.append(Picture(
                metric=metric.id, segment=EVERYONE.key, change=change.id, title=title, subtitle=(said, stamp),
                alt=f"{metric.label} over time where {change.title} applies: {said}",
            ))  # fmt: skip
    for name in week.own:
        if newest(week, name)[2] and len(found) < MOST_PICTURES:
            label = f"{week.metrics[name].label}{name_of(week, name)}"
            found.append(Picture(
                metric=name, segment=week.roots[name], change=None, title=label, subtitle=(moved(week, name), stamp),
                alt=f"{label} over time: {moved(week, name)}",
            ))  # fmt: skip
    return found


def news(week: Week) -> list[str]:
    """What was not so at `since`, from what the store says of then and now."""
    told = [line for change, verdict in week.judged() if (line := _turned(week, change, verdict))]
    begun = [d.change for d in week.declared.values() if d.change.status is Status.LIVE and _new(week, d.change.starts)]
    told += [f"Began: {c.title} ({c.owner}, {week.day(c.starts)})" for c in begun]
    told += [f"Taken back: {c.title}" for c in week.every if c.ends and c.id in week.declared and _new(week, c.ends)]
    for one in week.incidents:
        if one.check in {"verdict", "source", "data"}:
            continue
        title = ledger.incident_title(one, week.metrics, week.titles)
        if one.ended_at and one.ending and _new(week, one.ended_at):
            told.append(f"{state(one)}: {title}, open since {week.day(one.since or one.opened_at)}")
        elif _new(week, one.opened_at) and one.state is not IncidentState.PENDING:
            told.append(f"Opened: {title}")
    for said in week.responses:
        if said.subject in week.declared and _new(week, said.at):
            told.append(f"Decided: {week.titles[said.subject]}: {decision(said.decision)} ({said.by}): {said.why}")
    return told


def _new(week: Week, at: datetime) -> bool:
    return week.since < at <= week.now


def _turned(week: Week, change: Change, verdict: Verdict) -> str:
    words, was = screen(verdict, titles=week.titles)[0], week.before.get(change.id)
    if was is None:
        return f"{change.title}: {words}, judged for the first time"
    before = screen(was, titles=week.titles)[0]
    if was.code is verdict.code and (verdict.code not in RED or before == words):
        return ""
    return f"{change.title}: {words} (before: {before[:1].lower()}{before[1:]})"


def _response(week: Week, change: Change, colour: Tone) -> str:
    return ledger.response(change, colour, week.responses, week.every, now=week.now, zone=week.zone)


def _asked(week: Week) -> list[tuple[Change, Verdict]]:
    """The decisions that the board asks about."""
    return [(c, v) for c, v in week.judged() if _response(week, c, screen(v)[1]) == ledger.ASKED]


def _unanswered(week: Week) -> Iterator[Need]:
    for change, verdict in _asked(week):
        words = screen(verdict, titles=week.titles)[0]
        told = ledger.told_words(verdict, week.metrics)
        more = " ".join([*([f"{told}."] if told else []), f"Keep, amend or roll back? Asked of {change.owner}"])
        yield Need(what=f"{change.title}: {words[:1].lower()}{words[1:]}", more=more, short=more)


def _exceeded(week: Week) -> Iterator[Need]:
    for use in week.allowances:
        if use.code is AllowanceCode.EXCEEDED:
            yield Need(what=allowance_headline(use, week.metrics[use.metric], week.zone))


def _due(week: Week) -> Iterator[Need]:
    """Responses that are due within a week, or overdue."""
    incidents = {one.id: one for one in week.incidents}
    changes = {one.id: one for one in week.every}
    for one in week.responses:
        incident = incidents.get(one.subject)
        if one.due is None or (one.subject not in week.declared and incident is None):
            continue
        ended = ended_at(changes.get(one.subject), incident)
        how = followed(one, now=week.now, others=week.responses, changes=week.every, ended=ended)
        if how.reminds or (how.standing is Standing.AHEAD and one.due <= week.now + SOON):
            title = week.titles.get(one.subject) or ledger.incident_title(incidents[one.subject], week.metrics, {})
            yield Need(what=f"{title}: {answered(one, how, week.zone, now=week.now)}")


def _unseen(week: Week) -> Iterator[Need]:
    """Open incidents about customers that nobody has acknowledged; those of decisions are told with them."""
    for one in week.incidents:
        if one.state is IncidentState.OPEN and one.check not in {"verdict", "source", "data", "allowance"}:
            title = ledger.incident_title(one, week.metrics, week.titles)
            open_ = f"{title}: open since {week.day(one.since or one.opened_at)}, and nobody has acknowledged it"
            yield Need(what=open_, more=ledger.incident_detail(one, week.verdicts))


def _decisions(week: Week) -> Section:
    """Those that are worse, better, or news; of the others how many stand where."""
    shown: list[tuple[Change, Verdict]] = []
    rest: list[tuple[Change, Verdict]] = []
    for change, verdict in week.judged():
        told = screen(verdict)[1] is not Tone.GREY or _turned(week, change, verdict)
        (shown if told and len(shown) < MOST else rest).append((change, verdict))
    cells = []
    for change, verdict in shown:
        words, colour, _ = screen(verdict, titles=week.titles)
        said = _response(week, change, colour)
        cells.append((
            f"{week.numbers[change.id]} {change.title}", words, ledger.told_words(verdict, week.metrics),
            ledger.price(change, verdict), said,
        ))  # fmt: skip
    others = f"{'The other decisions' if shown else 'Decisions'}: {ledger.calm_of(v for _, v in rest)}." if rest else ""
    lines = tuple(". ".join((": ".join(row[:2]), *filter(None, row[2:]))) for row in cells)
    heads = ("decision", "verdict", "against its limit", "price", "response")
    table = Table(headers=heads, rows=tuple(cells)) if cells else None
    notes = (others,) if others else ()
    return Section(heading="Decisions and their verdicts", lines=(*lines, *notes), table=table, notes=notes)


def _allowances(week: Week) -> Iterator[str]:
    for use in week.allowances:
        metric = week.metrics[use.metric]
        yield f"{allowance_headline(use, metric, week.zone)}. {used(use, metric, week.zone)}"


def _targets(week: Week) -> Iterator[str]:
    """What is not met yet, or was decided lately."""
    for one in ordered(week.targets, week.metrics):
        if one.course not in {Course.MET, Course.MISSED} or one.target.by > week.since:
            metric = week.metrics[one.target.metric]
            yield f"{aimed_at(one, metric, week.zone)}: {course(one.course)[0].lower()}; {standing(one, metric)}"


def _silences(week: Week) -> Iterator[str]:
    for one in week.silences:
        metric = week.metrics.get(one.metric or "")
        what = metric.label if metric else one.metric or "Everything"
        where = f", {one.segment.label}" if one.segment and one.segment != EVERYONE else ""
        yield f"{what}{where} until {say.stamp(one.ends, week.zone)} ({one.by}): {one.why}"


def _drafts(week: Week) -> Iterator[str]:
    named = {d.change.title: draft_near(d, week.zone) for d in reversed(week.drafts)}
    yield from _at_most(list(reversed(named.values())), MOST)


def _at_most(told: Sequence[str], most: int) -> list[str]:
    return list(told) if len(told) <= most else [*told[:most], f"and {len(told) - most} more"]
