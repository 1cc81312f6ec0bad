"""What was declared or proposed, as it was understood: told where it was done, before any figure is in."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from cxmon import decisions, wording
from cxmon.alerts.parts import news_key, view_link
from cxmon.model import Action, Amount, Change, Declared, Fact, Message, Metric, Status, Tone, written
from cxmon.wording import forms as words
from cxmon.wording import messages as say
from cxmon.wording import numbers
from cxmon.wording.messages import at_most, claimed

PUT_LIVE = "declare_draft"


def declared_thread(change: str) -> str:
    """The story of the message that declared a change; its verdicts have one of their own."""
    return f"declared:{change}"


def for_declared(
    declared: Declared, *, metrics: Mapping[str, Metric], zone: str, board_url: str, by: str = "", answers: str = ""
) -> Message:
    """`by` is who declared it, where that is known, `answers` the title of what it answers. A draft has a button by
    which it goes live as it is shown: its value is the id and the hash of what was read."""
    change, live = declared.change, declared.change.status is Status.LIVE
    badge = words.declared_badge(declared)
    thread = declared_thread(change.id)
    title = change.title
    facts = [
        Fact(label=say.WHAT_KIND, text=wording.category(change.category)),
        Fact(label="From", text=_moment(change, zone)),
        Fact(label=say.WHERE, text=wording.scope(change.reach)),
        Fact(label=say.OWNER, text=change.owner),
        Fact(label=say.ACCEPTED_HARM, text=_sizes(change.limits, metrics) or say.WHAT_MATTERS),
        *_wider(change, metrics),
        *([Fact(label=say.TO_GAIN, text=_sizes(change.aims, metrics))] if change.aims else []),
        *([Fact(label=say.SAID_TO_SAVE, text=claimed(change.saving))] if change.saving else []),
        *([Fact(label="Answers", text=answers)] if answers else []),
    ]
    return Message(
        key=news_key(thread, change.status, declared.declared_at.isoformat()),
        thread=thread,
        tone=Tone.GREY,
        badge=badge,
        title=title,
        text=f"{badge}: {title}",
        lines=tuple(
            line
            for line in (change.note, *_rolled_out(change, metrics, zone), words.next_step(change, live=live))
            if line
        ),
        facts=tuple(facts),
        footer=f"{badge}{f' by {by}' if by else ''} on {wording.stamp(declared.declared_at, zone)} · {change.id}",
        link=view_link(board_url, page="decision", change=change.id),
        actions=() if live else (_put_live(change),),
        at=declared.declared_at,
    )


def _rolled_out(change: Change, metrics: Mapping[str, Metric], zone: str) -> list[str]:
    """Where it comes one after the other, where it may reach, and which figures matter more."""
    stages = [words.stage(wording.scope(one.scope), one.starts, one.ends, zone) for one in change.stages]
    weights = [
        f"{metrics[name].label if name in metrics else name} {written(weight, 'g')}"
        for name, weight in change.weights.items()
    ]
    said = {
        words.in_stages(): "; ".join(at_most(stages)),
        words.spilling(): "; ".join(at_most([wording.scope(scope) for scope in change.spills_to])),
        words.weighing(): ", ".join(at_most(weights)),
    }
    return [f"{label}: {text}." for label, text in said.items() if text]


def _wider(change: Change, metrics: Mapping[str, Metric]) -> list[Fact]:
    """Figures that cannot be split by all of the scope: on whom they are judged instead. It may surprise."""
    told = []
    for name in decisions.watched(change, metrics):
        declared, known = change.scope_for(name), decisions.scope_of(change, metrics[name])
        missing = [d for d in declared.dimensions if d not in known.dimensions]
        if missing:
            told.append(words.judged_wider(metrics[name], missing, wording.scope(known)))
    return [Fact(label=say.JUDGED_WIDER, text="; ".join(at_most(told)))] if told else []


def _put_live(change: Change) -> Action:
    return Action(name=PUT_LIVE, label=say.DECLARE_IT, value=f"{change.id}|{change.declared_hash}")


def _moment(change: Change, zone: str) -> str:
    """A day, or a day and a time where it does not begin at midnight."""
    local = change.starts.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) == (0, 0):
        return f"{local.day} {local:%b %Y}"
    return wording.stamp(change.starts, zone)


def _sizes(sizes: Mapping[str, Amount], metrics: Mapping[str, Metric]) -> str:
    labels = {name: metrics[name].label if name in metrics else name for name in sizes}
    return ", ".join(f"{labels[name]} {numbers.size(size)}" for name, size in sizes.items())
