"""Drafts in words: what somebody wrote down somewhere, and nobody has declared."""

from collections.abc import Sequence

from cxmon.model import Declared, Status, written
from cxmon.wording.numbers import counted, day


def draft_words(declared: Declared) -> str:
    """What stands in place of a verdict; empty of a change that is live."""
    if declared.change.status is not Status.DRAFT:
        return ""
    return "Draft, nobody has declared it" if declared.of_feed else "Draft, not declared"


def draft_near(declared: Declared, zone: str) -> str:
    """`Draft from calendar: “Weekend desk closed”, 3 Nov, nobody has declared it`."""
    source = f"Draft from {declared.of_feed}" if declared.of_feed else "Draft"
    change = declared.change
    return f"{source}: “{change.title}”, {day(change.starts, zone)}, nobody has declared it"


def drafts_standing(declared: Sequence[Declared], most: int = 3) -> str:
    """`2 drafts are not judged: A, B`; empty where there is none. Withdrawn ones are none."""
    drafts = [d.change.title for d in declared if d.change.status is Status.DRAFT and not d.change.withdrawn]
    if not drafts:
        return ""
    # The occurrences of a series have one title.
    titles = list(dict.fromkeys(drafts))
    more = f" and {written(len(titles) - most)} more (`cxmon changes` lists them)" if len(titles) > most else ""
    be = "is" if len(drafts) == 1 else "are"
    return f"{counted(len(drafts), 'draft')} {be} not judged: {', '.join(titles[:most])}{more}"
