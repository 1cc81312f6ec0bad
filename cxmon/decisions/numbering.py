"""Which decisions are shown, and the number that each has wherever it stands."""

from collections.abc import Iterable
from datetime import datetime

from cxmon.model import Declared

MOST_DRAFTS = 12


def shown(declared: Iterable[Declared], now: datetime) -> list[Declared]:
    """Without drafts whose entries were withdrawn, and of those that came in from feeds the ones nearest to `now`: a
    calendar may know of hundreds."""
    standing = [d for d in declared if not d.change.withdrawn]
    drafts = sorted((d for d in standing if d.of_feed), key=lambda d: (abs(d.change.starts - now), d.change.id))
    return [d for d in standing if not d.of_feed] + drafts[:MOST_DRAFTS]


def numbered(declared: Iterable[Declared]) -> list[Declared]:
    """Declared changes by date, then feeds' drafts: place i carries the number i + 1, on pins, in the ledger and in
    Slack."""
    return sorted(declared, key=lambda d: (bool(d.of_feed), d.change.starts, d.change.id))
