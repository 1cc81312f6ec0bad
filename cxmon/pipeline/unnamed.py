"""Values that the map of their dimension does not name: each is told once, and counted all the same."""

from collections.abc import Sequence

from cxmon.contracts import Unnamed
from cxmon.store import Store

# More values than this at once are one mistake, not many: the rest is told as a number.
MOST_TOLD = 10


def news(store: Store, source: str, unnamed: Unnamed) -> tuple[str, ...]:
    """A line for each value that was not told of this source before; they are remembered as told."""
    if not unnamed:
        return ()
    known = set(store.catalogue.unnamed())
    fresh = {key: counted for key, counted in sorted(unnamed.items()) if (source, *key) not in known}
    if not fresh:
        return ()
    store.catalogue.keep_unnamed(sorted(known | {(source, *key) for key in fresh}))
    return _told(source, list(fresh.items()))


def _told(source: str, fresh: Sequence[tuple[tuple[str, str], str]]) -> tuple[str, ...]:
    lines = []
    for (dimension, value), counted in fresh[:MOST_TOLD]:
        how = "kept as it is" if counted == value else f"counted as {counted}"
        lines.append(f"{source}: the {dimension} {value[:60]!r} is in no map, {how}")
    if len(fresh) > MOST_TOLD:
        lines.append(f"{source}: {len(fresh) - MOST_TOLD} more values are in no map of their dimension")
    return tuple(lines)
