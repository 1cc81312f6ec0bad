"""What the words of the screen mean, a sentence each: what the question mark beside them says."""

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
    "Draft": "written down, and judged by nobody until an editor has signed its limits.",
    "Not judged yet": "the next `cxmon judge` does.",
}
_UNLIKE = "before and after were not measured alike, so their difference tells nothing."
_DISAGREES = " A method of another kind comes to another answer, so it counts as less sure."

RANGE = "In brackets: every size that the figures leave possible. It holds though somebody looks every day."
EXPECTED = "Expected: what would have been without the decision, by level, weekday, trend, season and others' course."
N = "n: how many answers or cases stand behind the figure."
LIMIT = "Limit: the harm that its owner accepted beforehand."
COURSE = "The range of each day as it was known on that day; the more days, the narrower."
STATES = (
    "An incident is something that got worse and lasts. Open: nobody is on it yet. Acknowledged: somebody is. "
    "Segments looked at: the more there are, the further out one has to lie before it is told."
)
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


def explained(shown: Iterable[str]) -> str:
    """Each of the words with what it means, once: `Over the limit: even ...`. Words of one meaning share it."""
    told: dict[str, str] = {}
    for words in shown:
        if meaning := of(words):
            told.setdefault(meaning, words)
    return " ".join(f"{words[:1].upper()}{words[1:]}: {meaning}" for meaning, words in told.items())
