"""What the words of the screen mean, a sentence each: what the question mark beside them says."""

import re
from collections.abc import Iterable

# How a badge, or how sure a verdict is, begins -> what it means.
_TERMS = {
    "Over the limit": "even the smallest harm in the range is more than was accepted.",
    "Worse, within the limit": "surely worse, and even the largest harm in the range is no more than was accepted.",
    "Worse, limit still open": "surely worse; whether by more than was accepted is not known yet.",
    "Worse lately": "the limit held on average, and the last days are surely worse.",
    "Better": "the whole range lies on the better side.",
    "Limit held so far": "a harm above the limit is ruled out; a smaller one is still possible.",
    "Too early": "a harm above the limit can neither be shown nor ruled out yet.",
    "Waiting for data": "too few complete days to say anything.",
    "Cannot be separated": "another decision touches the same customers at the same time; only both can be judged.",
    "Members chose it": "those who joined differ from the others anyhow, so the difference does not tell what it did.",
    "No gain shown": "a gain as large as was promised can neither be shown nor ruled out yet.",
    "Gain shown": "the promised gain is there beyond chance.",
    "Aim missed": "a gain as large as was promised is ruled out.",
    "Gain smaller than promised": "there is a gain, and one as large as was promised is ruled out.",
    "compared with untouched segments": "segments that the decision did not touch, and that went alike before, show "
    "what would have been without it.",
    "before and after only": "there was nobody untouched to compare with, so anything else that began then counts too.",
    "As usual": "about as many records as in the same hours of earlier weeks.",
    "More than usual": "more records than the same hours of earlier weeks had.",
    "Fewer": "fewer records than the same hours of earlier weeks had.",
    "Far too few": "far fewer records than the same hours of earlier weeks had.",
    "Nothing comes": "no record, where there usually are some.",
    "Too little past to say": "too few earlier weeks to compare with.",
    "Too few to say": "usually so few records that fewer would say nothing.",
    "Holiday, not compared": "a holiday is not held against ordinary days.",
    "The past was read": "all that the source holds was read at once, which no ordinary hour compares with.",
    "Failed": "the source could not be read; why stands below.",
    "On course": "nine of ten such answers are right.",
    "Will miss": "nine of ten such answers are right.",
    "Cannot say": "neither is that sure.",
    "Open whether kept": "more were told than promised, and those still open may have a cause.",
    "Perhaps not kept": "with those that went away by themselves more may have been false than were promised.",
    "Not kept, as marked": "people marked more as not real than were promised.",
    "Draft": "written down, and judged by nobody until an editor has signed its limits.",
    "Not judged yet": "the next `cxmon judge` does.",
}
_UNLIKE = "before and after were not measured alike, so their difference tells nothing."
_DISAGREES = " A method of another kind comes to another answer, so it counts as less sure."

LIMIT = "Limit: the harm that its owner accepted beforehand."
RANGE = "In brackets: every size that the figures leave possible. It holds though somebody looks every day."
EXPECTED = "Expected: what would have been without the decision, by level, weekday, trend, season and others' course."
TARGET = "Target: where the figure should be by a day, which is another thing than what is expected."
NOT_COMPLETE = "Not complete yet: answers to those days still come in, so they stand in no figure."
PRICE = "Price: what was said to be saved so far against what was lost by the cases that the decision cost."
# What stands in the midst of a sentence -> what it means.
_WITHIN = {
    ("other methods", "another method"): "Other methods: the same question worked out in other ways, with other "
    "assumptions. They agree where they come to the same answer.",
    ("moved by themselves", "moved by itself"): "Moved by themselves: something else happened in those untouched "
    "segments, so they are weaker witnesses.",
    ("response rate",): "Response rate: of those who were asked, how many answered. Where it moves, who answers may "
    "have changed.",
    ("judged alike",): "Judged alike: untouched segments judged as if the decision had touched them. The fewer of them "
    "move as far, the less it looks like chance.",
    ("comparable windows", "earlier windows"): "Comparable windows: stretches of the past, as long, in which nobody "
    "decided anything.",
    ("kinds of contacts", "other contacts", "different kinds"): "Other kinds of contacts: the figure moves because "
    "other segments write or call, while each fares as before.",
    ("against expected",): f"{EXPECTED} {RANGE}",
    ("own past", "before and after only"): "Before and after only: there was nobody untouched to compare with, so "
    "anything else that began then counts too.",
    ("consistent with",): "Consistent with: it began when that did, which is no proof that the one made the other.",
    ("segments looked at", "segments watched"): "Segments looked at, or watched: the more there are, the further out "
    "one has to lie before it is told.",
    ("target",): TARGET,
    ("limit",): LIMIT,
    ("not complete yet",): NOT_COMPLETE,
}

# Other terms, explained where they stand as names.
_NAMED = (
    "price", "allowance", "how unusual", "side effects", "expected", "range", "versions", "alarm budget", "set aside",
    "early figures", "open incidents", "outside", "saving",
)  # fmt: skip
N = "n: how many answers or cases stand behind the figure."
SPAN = "90 days to all: how much of the past is drawn; no figure changes with it."
HEADLINE = "The gravest verdict of all decisions, the newest among equals."
UNUSUAL = (
    "How often a move as large came without any decision: in windows of the past, or in segments that nothing touched. "
    "The rarer, the less it looks like chance."
)
ASKED = "Keep it, amend it or roll it back, with why and until when; it stands in the record."
EARLY = "Which figures moved before this one did, tried on months that were kept out when they were looked for."
HAPPENED = "Each time something was told, or was decided not to be told, oldest first."
TOLD = "Each channel that heard of it, with the newest message; waiting messages are tried again."
COSTS = f"{PRICE} It pays while the loss is smaller than the saving."
PLACES = "Each segment inside those that the decision touches, against what was expected of itself."
MIX = (
    "A total also moves where other kinds of contacts come. The bars split it: other kinds, and the same kinds "
    "faring differently; they add up."
)
DOUBTS = "What speaks against it, or what it rests on that could be otherwise."
GUARDS = "Side effects: figures that must not get worse for what is gained elsewhere."
FROZEN = "Frozen: the verdict rests on what was declared then; what is edited later stands below with its day."
METHOD = "What it was compared with, over which days, and with which settings; enough to work it out again."
ALLOWANCE = "Allowance: what all decisions of a year together may cost customers."
VERSIONS = "Each time the verdict said something else, with why; the days judged before still say what was said then."
PLANNED = (
    "Seen after: half of the possible futures show a harm of that size by then. Ruled out after: half of those without "
    "a harm show by then that there is none of that size. Compared with: segments that it does not touch."
)
# Of a section of the brief, by its heading without its number.
_SECTIONS = {
    "What we told you": f"What was told by the last meeting beside what is said now. {VERSIONS}",
    "All decisions": "Every decision, the gravest first, none left out.",
    "Price": f"{PRICE} Not counted yet: cases that are known later.",
    "Harm allowance": ALLOWANCE,
    "Targets": f"{TARGET} On course and will miss are said where nine of ten such answers are right.",
    "What is open": "Incidents that have not ended, decisions without an answer yet, and answers that are due.",
    "The data": "How far the figures go, and what could not be collected.",
}
COURSE = "The range of each day as it was known on that day; the more days, the narrower."
COLLECTED = (
    "The newest reading of each metric. Revised: figures of the past that the source has changed since. Set aside: "
    "rows that could not be read; they are in no figure."
)
SET_ASIDE = "Rows that could not be read or cannot be true, with the place where they stand. They are in no figure."
MAP = (
    "A row a segment, a column a metric. Outside: beyond the range that holds 99 of 100 when nothing changes. "
    "A number with # is the decision that is over its limit there."
)


def of(words: str) -> str:
    """What the words of a badge or of a grade mean; empty where they speak for themselves."""
    for term, meaning in _TERMS.items():
        if words.startswith(term):
            return meaning + (_DISAGREES if "disagrees" in words else "")
    return _UNLIKE if words.lower().endswith("cannot compare") else ""


def within(text: str) -> str:
    """What the terms mean that a sentence uses, a sentence each; empty where it uses none."""
    said = text.lower().replace("\\", "")
    return " ".join(meaning for words, meaning in _WITHIN.items() if any(word in said for word in words))


def used(text: str) -> set[str]:
    """The terms of the screen that a name or a heading uses."""
    said = text.lower().replace("\\", "")
    every = (*_TERMS, *(one for words in _WITHIN for one in words), *_NAMED)
    return {term for term in every if re.search(rf"\b{re.escape(term.lower())}\b", said)}


def section(heading: str) -> str:
    """What a numbered section of the brief lists; empty for a heading that is not known."""
    name = heading.partition(". ")[2] or heading
    return next((meaning for term, meaning in _SECTIONS.items() if name.startswith(term)), "")


def explained(shown: Iterable[str]) -> str:
    """Each of the words with what it means, once: `Over the limit: even ...`. Words of one meaning share it."""
    told: dict[str, str] = {}
    for words in shown:
        if meaning := of(words):
            told.setdefault(meaning, words)
    return " ".join(f"{words[:1].upper()}{words[1:]}: {meaning}" for meaning, words in told.items())


STATES = (
    "An incident is something that got worse and lasts. Open: nobody is on it yet. Acknowledged: somebody is. "
    f"{within('segments watched, kinds of contacts, consistent with')}"
)
