"""The form by which a change is declared from Slack. Pure: what it offers comes in, a view goes out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cxmon import wording
from cxmon.model import SAVED_PER, Category, Change, Metric
from cxmon.slack_app import modals
from cxmon.wording import clicking, labels
from cxmon.wording import forms as words

NAME = "declare"
# The choice of metrics is an action too: the limits asked for follow it.
METRICS = "declare_metrics"
STAGES, WEIGHTS = "stages", "weights"
PREVIEW = "declare_preview"
MOST_LIMITS = 20
MOST_DIMENSIONS = 8
LONGEST_TITLE, LONGEST_NOTE = 120, 2_000


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What can be chosen: the metrics by id, the values of each dimension, earlier changes and whatever else a new one
    may answer (by id), and the zone. `live`: it is declared when it is sent, else proposed."""

    metrics: Mapping[str, Metric]
    values: Mapping[str, Collection[str]]
    answers: Mapping[str, str]
    zone: str
    today: str
    live: bool
    by: str = ""
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What the form begins with: words of the message it was opened on, and what it is to answer."""

    title: str = ""
    responds_to: str = ""
    chosen: Sequence[str] = field(default_factory=tuple)


def view(
    offer: Offer, begun: Begun, *, private: str, more: Callable[[Offer], Sequence[modals.Block]] = lambda _: ()
) -> dict[str, Any]:
    """The whole form. Blocks keep their ids when it is shown anew, so that nothing typed is lost. `more` are the fields
    of a roll-out."""
    return modals.modal(
        title=labels.DECLARE,
        callback=NAME,
        private=private,
        submit="Declare" if offer.live else "Propose",
        blocks=[
            modals.words(words.goes_live() if offer.live else words.becomes_draft()),
            modals.text_input("title", labels.WHAT_WAS_DECIDED, initial=begun.title, most=LONGEST_TITLE),
            modals.choice("category", labels.WHAT_KIND, {c.value: wording.category(c) for c in Category}, menu=True),
            modals.date("starts", labels.FROM_DAY, initial=offer.today),
            modals.time("time", labels.FROM_TIME, hint=words.from_midnight(offer.zone)),
            modals.text_input("zone", labels.TIME_ZONE, initial=offer.zone, optional=True, most=60),
            *_where(offer),
            modals.text_input("owner", labels.WHO_DECIDED, initial=offer.by, hint=clicking.no_person(), most=200),
            *_harm(offer, begun),
            *more(offer),
            *_saving(offer),
            *_answers(offer, begun),
            modals.text_input("note", labels.ANYTHING_ELSE, lines=True, optional=True, most=LONGEST_NOTE),
            modals.button(PREVIEW, words.preview_label()),
            modals.words(words.not_in_the_form()),
        ],
    )


def shown_dimensions(offer: Offer) -> list[str]:
    """The dimensions with a menu of their own; the rest is typed."""
    fit = [name for name, values in sorted(offer.values.items()) if 0 < len(values) <= modals.OPTIONS]
    return fit[:MOST_DIMENSIONS]


def _where(offer: Offer) -> list[modals.Block]:
    shown = shown_dimensions(offer)
    blocks = [
        modals.several(
            f"scope:{name}", f"Where: {name}", {modals.opaque(v): v for v in sorted(offer.values[name])},
            hint=words.all_of(name),
        )
        for name in shown
    ]  # fmt: skip
    rest = [(name, values) for name, values in sorted(offer.values.items()) if name not in shown and values]
    if rest:
        name, values = rest[0]
        hint = words.elsewhere_hint(name, min(values))
        blocks.append(modals.text_input("elsewhere", labels.WHERE_ELSE, lines=True, optional=True, hint=hint))
    return blocks


def _harm(offer: Offer, begun: Begun) -> list[modals.Block]:
    """The metrics it may touch, a limit for each that is chosen, and the gains it promises."""
    metrics = list(offer.metrics.values())
    if not metrics:
        return []
    blocks = [
        modals.several(
            METRICS, labels.MAY_HURT, {m.id: m.label for m in metrics}, tells=True,
            hint=words.limits_are(metrics[:6]),
        )
    ]  # fmt: skip
    chosen = [offer.metrics[name] for name in begun.chosen if name in offer.metrics]
    blocks += [
        modals.text_input(f"limit:{m.id}", words.limit_of(m), optional=True, hint=words.limit_hint(m), most=40)
        for m in chosen[:MOST_LIMITS]
    ]
    gains = words.gains_hint(metrics[0])
    return [*blocks, modals.text_input("aims", labels.TO_GAIN, lines=True, optional=True, hint=gains, most=500)]


def _saving(offer: Offer) -> list[modals.Block]:
    return [
        modals.text_input("amount", labels.SAID_TO_SAVE, optional=True, hint=words.saving_hint(), most=20),
        modals.text_input(
            "currency", labels.CURRENCY, optional=True, initial=offer.currency, hint=labels.SUCH_AS_EUR, most=3
        ),
        modals.choice("per", "Per", {name: name for name in SAVED_PER}, initial=SAVED_PER[0], optional=True, menu=True),
        modals.text_input("claimed_by", labels.WHO_SAYS_SO, optional=True, hint=clicking.no_person(), most=200),
    ]


def _answers(offer: Offer, begun: Begun) -> list[modals.Block]:
    if not offer.answers:
        return []
    label = labels.ANSWERS
    return [
        modals.choice("responds_to", label, offer.answers, initial=begun.responds_to, optional=True, menu=True)
    ]  # fmt: skip


def answerable(changes: Sequence[Change], zone: str) -> dict[str, str]:
    """Earlier changes as options, the newest first."""
    newest = sorted(changes, key=lambda c: (-c.starts.timestamp(), c.id))
    return {c.id: f"{c.title} ({wording.day(c.starts, zone)})" for c in newest[: modals.OPTIONS - 1]}
