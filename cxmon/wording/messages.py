"""What messages of every sort are labelled with: facts, buttons, footers and other short words around the news."""

from collections.abc import Sequence
from datetime import datetime

from cxmon.model import Declared, Message, Saving, written
from cxmon.wording.drafting import draft_near
from cxmon.wording.numbers import day, number, stamp
from cxmon.wording.screen import scope

CORRECTED = "Corrected: "
BEHIND_IT = "Behind it"
ASSIGNED = "Assigned to"
DECIDED = "Decided"
OWNER, SINCE, WHERE, CHANNEL = "Owner", "Since", "Where", "Channel"
AGAINST_EXPECTED, HOW_SURE, OVER_ITS_LIMIT = "Against expected", "How sure", "Over its limit"
NEAR_BY = "Declared near by"
FIX = "Fix"
NO_OTHER_NEAR = "no other change that touches these customers since a little before"
NONE_NEAR = "no change that touches these customers in these weeks"
MAY_HAVE_BEGUN = "none in the two weeks around; on a day on which it may have begun: "
NOT_THE_CAUSE = " (near in time, not judged to be the cause)"
EVERYONE_TOLD = "all customers"
LEGEND = "line: running average; shaded: expected range; dots: single periods"
EXACT_VIEW = "Open the exact view"
RECORDS = "The worst of them"
RESPOND = "Keep, amend or roll back"
BUTTONS = {
    "acknowledge": "Acknowledge",
    "silence": "Silence",
    "we_know_why": "We know why",
    "assign": "Assign",
    "add_note": "Add note",
    "show_segments": "Show segments",
}
TOLD_AT_MOST = 3

SIDE_EFFECTS, PROMISED, LATELY = "Side effects", "Promised", "Lately"
SAID_TO_SAVE, PRICE, DECLARED = "Said to save", "Price", "Declared"
WHAT_KIND, ACCEPTED_HARM, TO_GAIN, JUDGED_WIDER = "What kind", "Harm that is accepted", "To gain", "Judged wider"
WHAT_MATTERS = "what matters, for every metric"
DECLARE_IT = "Declare it"

TEST_LINES = ("If you can read this, alerts reach this channel.", "No customer, metric or decision is behind it.")
NO_PICTURE = "none to draw yet"
THE_WEEK = "The week"
MANY, GRAVEST_FIRST, BY_METRIC = "Many at once", "The gravest first:", "By metric"
DUE_TODAY = "Due today"
HOW_COUNTED = "How it is counted"
COUNTED_BY_SHARE = "each decision's own harm, by the share of the answers that it touches; gains count against it"


def lower(text: str) -> str:
    """The first letter small, unless the word is an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def at_most(told: Sequence[str], most: int = TOLD_AT_MOST) -> list[str]:
    """The first few, and how many more."""
    return list(told) if len(told) <= most else [*told[:most], f"and {len(told) - most} more"]


def near_words(
    changes: Sequence[Declared], zone: str, drafts: Sequence[Declared] = (), *, began: Sequence[Declared] = ()
) -> str:
    """What was declared near by, and which drafts stand there, beside the news: no cause is claimed. Where nothing was,
    those that `began` on a day on which the news may have begun as well."""
    noted = "; ".join(at_most([draft_near(d, zone) for d in drafts]))
    text = NONE_NEAR
    if named := changes or began:
        told = [f"{d.change.title} ({day(d.change.starts, zone)}, {scope(d.change.reach)})" for d in named]
        text = ("" if changes else MAY_HAVE_BEGUN) + "; ".join(at_most(told)) + NOT_THE_CAUSE
    return f"{text}. {noted}" if noted else text


def as_of(at: datetime, zone: str) -> str:
    return f"As of {stamp(at, zone)}"


def as_of_check(at: datetime, zone: str, check: str, incident: str) -> str:
    return f"{as_of(at, zone)} · check {check} · incident {incident}"


def as_of_many(at: datetime, zone: str) -> str:
    return f"{as_of(at, zone)} · news of each follows in this thread"


def as_of_test(at: datetime, zone: str) -> str:
    return f"{as_of(at, zone)} · sent by cxmon alerts test"


def as_of_week(at: datetime, zone: str, since: str, late_for: datetime | None) -> str:
    late = f" · late: it was due {stamp(late_for, zone)}" if late_for else ""
    return f"{as_of(at, zone)} · news since {since}{late}"


def more_lines(count: int) -> str:
    """What stands for lines that had to be left out."""
    return f"… (+{count} more lines)"


def test_headline(title: str) -> str:
    return f"Test message from {title}: nothing is wrong"


def week_badge(of: str) -> str:
    return f"{THE_WEEK} of {of}"


def allowance_badge(words: str) -> str:
    return f"Harm allowance: {words.lower()}"


def named_more(count: int) -> str:
    return f"and {written(count)} more: the board and `cxmon incidents` have all of them"


def news_of(count: int, counts: str) -> str:
    return f"News of {written(count)}: {counts}"


def commands(acknowledge: str, why: str) -> str:
    """What to type instead of pressing a button: `cxmon ack ID · cxmon why ID`."""
    first = f"cxmon ack {acknowledge} · " if acknowledge else ""
    return f"{first}cxmon why {why}" if why else ""


def to_be_answered(owner: str, title: str, decision: str, until: str, reason: str) -> str:
    """Without a `decision` what was decided stays as it is, and is to be looked at again."""
    what = f'answered with "{decision.lower()}" until' if decision else "looked at again by"
    return f"{owner}: {title} is to be {what} {until}; {reason}."


def gist(message: Message) -> str:
    """The line below a headline: how far an incident's figure is from what was expected, else what is said first."""
    against = [fact.text for fact in message.facts if fact.label == AGAINST_EXPECTED]
    if against and message.thread.startswith("incident:"):
        return against[0]
    return message.lines[0] if message.lines else ""


def reminder(said: str) -> str:
    """What is told in the thread; it says itself whether it is due or overdue."""
    return f"Reminder: {said}."


def why_decided(why: str) -> str:
    return f"Why it was decided: {why}"


def claimed(saving: Saving) -> str:
    """`1,200,000 USD a year (claimed by Operations, not verified)`."""
    checked = f"verified by {saving.verified_by}" if saving.verified_by else "not verified"
    by = f"claimed by {saving.claimed_by}, " if saving.claimed_by else ""
    return f"{number(saving.amount, 0)} {saving.currency} a {saving.per} ({by}{checked})"
