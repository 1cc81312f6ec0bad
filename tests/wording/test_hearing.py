"""Who heard of each decision, from the rows that were written for it, in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from word_examples import CSAT

from cxmon.model import Delivery, Message, OutboxRow, Receipt, Step, Tone, Transition
from cxmon.wording.happening import with_numbers
from cxmon.wording.hearing import heard

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
FIGURES = "84.9 %, expected 87.2 % (range 82.9 % to 87.0 %), n 4,944, 22 segments watched"
LATER = NOW + timedelta(days=1)
HERE = Receipt(channel="C1", ref="1")


def step(which, at=NOW, reason="", **numbers):
    return Transition(incident="i1", step=which, at=at, reason=reason or which.value, numbers=numbers)


def row(which, channel="slack", version=None, state=Delivery.SENT, at=NOW, reply="news", **more):
    key = f"incident:i1|{which.value}|{version or at.isoformat()}|{channel}"
    message = Message(
        key=key, thread="incident:i1", tone=Tone.GREY, badge="b", title="t", text="t", reply=reply, at=at
    )  # fmt: skip
    return OutboxRow(key=key, channel=channel, message=message, state=state, **({"receipt": HERE} | more))


def test_each_step_names_its_channels_and_what_holds_a_message_up():
    history = [step(Step.OPENED, period=7.0), step(Step.NOTED, LATER), step(Step.WIDENED, LATER, period=8.0)]
    muted = {"error": "muted by off_hours until 2026-11-20 08:00 UTC", "receipt": None}
    rows = [
        row(Step.OPENED, "slack", "7"),
        row(Step.OPENED, "mail", "7", state=Delivery.WAITING, **muted),
        row(Step.OPENED, "pager", "7", receipt=replace(HERE, detail='{"group": "together:1"}')),
        row(Step.WIDENED, "slack", "8", at=LATER, reply=None),
        row(Step.WIDENED, "pager", "8", at=LATER, reply=None, receipt=replace(HERE, detail='{"group": "together:1"}')),
        row(Step.WIDENED, "mail", "8", state=Delivery.WAITING, at=LATER, not_before=LATER, receipt=None),
    ]
    opened, silent, widened = heard(history, rows)
    waits = "mail (waiting, muted by off_hours until 2026-11-20 08:00 UTC)"
    assert opened == f"told in slack; {waits}; pager, in one message with others"
    assert silent == ""
    edited = "calling nobody (its message is edited where that is possible)"
    assert widened == f"told in slack, {edited}; pager, {edited}; mail (waiting until 2026-11-21 06:00 UTC)"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "still_breach: not clearly worse",
            f"opened; not clearly worse; {FIGURES}",
        ),
        ("opened: 84.9 % instead of 87.2 %; 22 segments looked at",
         "opened; 84.9 % instead of 87.2 %; 22 segments looked at; n 4,944"),
        ("opened: 84.9 % instead of 87.2 %; 22 segments watched",
         "opened; 84.9 % instead of 87.2 %; 22 segments watched; n 4,944"),
        ("opened", f"opened; {FIGURES}"),
    ],
)  # fmt: skip
def test_a_decision_is_told_in_units_and_nothing_of_it_twice(reason, said):
    figures = {"value": 0.849, "expected": 0.872, "low": 0.829, "high": 0.87, "n": 4944.0, "score": 2.277}
    line = with_numbers(step(Step.OPENED, reason=reason, looked_at=22.0, period=7.0, **figures), "", CSAT, "UTC", NOW)
    assert line == f"Fri 20 Nov 2026, 06:00 UTC: {said}"


@pytest.mark.parametrize(
    ("kept", "over", "said"),
    [
        ("silenced: that it opened was not sent, a silence covers it", "silence over", "a silence covered it"),
        ("inhibited: that it opened was not sent, x", "wider incident over", "a wider incident told of it"),
    ],
)
def test_what_was_kept_back_is_told_to_nobody_then_and_later_where_it_was_told(kept, over, said):
    history = [
        step(Step.OPENED, period=7.0),
        step(Step.NOTED, reason=kept),
        step(Step.NOTED, LATER, reason=f"{over}: that it opened is told now"),
    ]
    rows = [row(Step.OPENED, "slack", "7")]
    assert heard(history[:2], []) == [f"told to nobody then: {said}", ""]
    assert heard(history, rows) == [f"told to nobody then: {said}", "", "told in slack"]


def test_an_allowances_story_is_found_although_its_keys_name_the_year():
    rows = [row(Step.OPENED, "slack", "2026-01-01"), row(Step.ENDED, "slack", "2026-01-01", at=LATER)]
    opened, ended = step(Step.OPENED), step(Step.ENDED, LATER)
    assert heard([opened, ended], rows) == ["told in slack", "told in slack"]
    assert heard([opened, ended], rows[:1]) == ["told in slack", "told to nobody: no message was made of it"]


def test_what_people_did_before_anybody_knew_and_a_verdicts_story():
    assert heard([step(Step.ACKNOWLEDGED)], []) == ["told to nobody: no channel knew of it"]
    verdict = row(Step.CORRECTED, "slack", "3")
    verdict = replace(verdict, message=replace(verdict.message, thread="change:cut"))
    assert heard([step(Step.ENDED)], [verdict]) == ["told in slack"]
