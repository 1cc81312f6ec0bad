"""A verdict in words: the judgement on one declared change, with its limit, its grade and what it was said to save."""

from collections.abc import Mapping, Sequence

from cxmon import wording
from cxmon.alerts.parts import (
    NEAR,
    actions,
    near_fact,
    news_key,
    one_line,
    respond_action,
    view_link,
)
from cxmon.decisions import telling
from cxmon.model import (
    Action,
    Code,
    Declared,
    Fact,
    Harm,
    Message,
    Metric,
    Picture,
    Price,
    Step,
    Tone,
    Transition,
    Verdict,
)
from cxmon.wording import kinds
from cxmon.wording import messages as say
from cxmon.wording import told as words


def for_verdict(
    *,
    verdict: Verdict,
    previous: Verdict | None,
    declared: Declared,
    metrics: Mapping[str, Metric],
    zone: str = "UTC",
    board_url: str = "",
    transition: Transition | None = None,
    changes_near: Sequence[Declared] = (),
    titles: Mapping[str, str] | None = None,
    why: str = "",
    incident: str = "",
) -> Message:
    """The message for a verdict that is news.

    `previous` is the version that was told before: what it said is shown, and where `transition` is a correction it is
    called one. `transition` belongs to the change's incident where something happened to it, `incident` is the one that
    goes on. `changes_near` may be all declared changes. `titles` maps changes' ids to titles. `why` says why it
    changed, where a version stood before.
    """
    change = declared.change
    known = dict(titles or {}) | {d.change.id: d.change.title for d in changes_near}
    shown, tone, _ = wording.screen(verdict, titles=known)
    corrected = transition is not None and transition.step is Step.CORRECTED
    badge = say.CORRECTED + shown if corrected else shown
    title = verdict.headline or wording.headline(verdict, change, metrics, known)
    harms = wording.by_gravity(verdict.harms)
    first = harms[0] if harms else None
    metric = metrics[first.metric] if first else None
    thread = f"change:{change.id}"
    others = [d for d in changes_near if _beside(d, declared, verdict)]
    lines = _lines(verdict, previous, declared, metrics, zone, known, corrected=corrected, why=why)
    facts = [
        *(_first_facts(verdict, first, metric, zone, metrics, lines) if first and metric else []),
        *_side_effects(harms[1:], metrics, zone, known, said=lines),
        *_aims(verdict, metrics),
        near_fact(others, zone) if others else Fact(label=say.NEAR_BY, text=say.NO_OTHER_NEAR),
        *_declaration(declared, zone, verdict.price),
    ]
    grade = wording.grade(verdict)
    priced = wording.price_turn(previous, verdict) if telling(previous, verdict).price else ""
    incident = transition.incident if transition is not None else incident
    step = transition.step if transition is not None else "verdict"
    return Message(
        key=news_key(thread, step, str(verdict.version)),
        thread=thread,
        tone=tone,
        badge=badge,
        title=title,
        text=f"{priced} ({title})" if priced else f"{one_line(badge, title)} ({grade})",
        lines=lines,
        facts=tuple(facts),
        footer=words.footer(verdict, zone, incident),
        link=view_link(board_url, page="decision", metric=metric.id if metric else "", change=change.id),
        picture=_picture(verdict, declared, first, metric, zone, title) if first and metric else None,
        actions=_actions(change.id, incident if tone in {Tone.RED, Tone.AMBER} else ""),
        reply=words.reply(verdict, previous, priced or one_line(badge, title), zone, known),
        at=verdict.as_of,
    )


def _actions(change: str, incident: str) -> tuple[Action, ...]:
    """A decision can always be answered; about an incident more can be done."""
    return (*(actions(incident, known_why=False) if incident else ()), respond_action(change))


def _beside(other: Declared, declared: Declared, verdict: Verdict) -> bool:
    """Another live change that could touch the same customers while this one is watched."""
    mine, theirs = declared.change, other.change
    begun = mine.starts - NEAR <= theirs.starts <= verdict.as_of
    return theirs.id != mine.id and theirs.status == "live" and begun and mine.reach.overlaps(theirs.reach)


def _lines(
    verdict: Verdict,
    previous: Verdict | None,
    declared: Declared,
    metrics: Mapping[str, Metric],
    zone: str,
    titles: Mapping[str, str],
    *,
    corrected: bool,
    why: str,
) -> tuple[str, ...]:
    sentence = verdict.sentence or wording.sentence(verdict, declared.change, metrics, zone, titles)
    priced = wording.price_turn(previous, verdict)
    lines = [line for line in (priced and f"{priced}.", sentence) if line]
    # Where the gravest metric's harm is stands among its facts.
    gravest = {harm.metric for harm in wording.by_gravity(verdict.harms)[:1]}
    others = [where for where in verdict.where if where.metric in metrics and where.metric not in gravest]
    lines += [wording.placed(where, metrics[where.metric]) for where in others]
    before = words.before(verdict, previous, zone, titles)
    if corrected and before:
        lines.insert(0, words.corrected(before))
    elif before:
        lines.append(before)
    if why and before:
        lines.insert(1 if corrected else len(lines), why)
    return tuple(lines)


def _first_facts(
    verdict: Verdict, harm: Harm, metric: Metric, zone: str, metrics: Mapping[str, Metric], said: Sequence[str]
) -> list[Fact]:
    """The gravest metric: since when, how much against expected, where, service or contacts, how sure."""
    places = [wording.placed_in(where, metric) for where in verdict.where if where.metric == metric.id]
    made_of = words.made_of(verdict, metrics)
    due, recent = wording.due_day(harm, metric.zone), wording.lately(harm, metric)
    awaited = words.awaited(due) if due is not None and harm.code not in {Code.HARMED, Code.IMPROVED} else ""
    return [
        Fact(label=say.SINCE, text=wording.window_text(harm, zone).removeprefix("since ") + awaited),
        Fact(label=say.AGAINST_EXPECTED, text=words.how_much(harm, metric)),
        *([Fact(label=say.LATELY, text=recent.removeprefix("lately "))] if recent else []),
        Fact(label=say.WHERE, text="; ".join([harm.scope or say.EVERYONE_TOLD, *places])),
        *([Fact(label=kinds.LABEL, text=made_of)] if made_of else []),
        Fact(label=say.HOW_SURE, text=words.how_sure(harm, metric, said)),
    ]


def _side_effects(
    harms: Sequence[Harm], metrics: Mapping[str, Metric], zone: str, titles: Mapping[str, str], *, said: Sequence[str]
) -> list[Fact]:
    """The other metrics, but for those of which its lines have `said` the same word for word."""
    clauses = [wording.clause(h, metrics[h.metric], zone, titles) for h in harms if h.metric in metrics]
    told = [clause for clause in clauses if not any(clause in line for line in said)]
    return [Fact(label=say.SIDE_EFFECTS, text="; ".join(say.at_most(told)))] if told else []


def _aims(verdict: Verdict, metrics: Mapping[str, Metric]) -> list[Fact]:
    answer = wording.aims_answer(verdict, metrics)
    return [Fact(label=say.PROMISED, text=answer)] if answer else []


def _declaration(declared: Declared, zone: str, price: Price | None) -> list[Fact]:
    """Who owns it, what it is said to save, and whether it was declared in time and left alone."""
    change = declared.change
    facts = [Fact(label=say.OWNER, text=change.owner)]
    if price is not None:
        facts.append(Fact(label=say.PRICE, text=wording.price_line(price)))
    elif change.saving is not None:
        facts.append(Fact(label=say.SAID_TO_SAVE, text=say.claimed(change.saving)))
    late = words.late_or_edited(declared, zone)
    if late:
        facts.append(Fact(label=say.DECLARED, text=late))
    return facts


def _picture(verdict: Verdict, declared: Declared, harm: Harm, metric: Metric, zone: str, title: str) -> Picture:
    change = declared.change
    subtitle, alt = words.subtitle(verdict, change, harm, metric, zone), words.over_time(harm, metric, zone)
    return Picture(metric=metric.id, segment="{}", change=change.id, title=title, subtitle=subtitle, alt=alt)
