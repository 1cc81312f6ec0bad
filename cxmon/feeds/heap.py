"""What the search for cycles of objects costs while pages come: as much as reading them, where it is left alone.

Each page is tens of thousands of small objects without a cycle, and makes Python look through everything that lives.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# So many objects more than went, and a search begins: more than two pages have, less than a leak would.
_PATIENCE = 100_000


@contextmanager
def set_apart() -> Iterator[None]:
    """What lives already is not searched until the end of this, what comes only where very much of it stays."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_PATIENCE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
