"""What the search for cycles of objects costs while pages come: as much as reading them, where it is left alone.

Each page is tens of thousands of small objects without a cycle, and makes Python look through everything that lives.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unsearched() -> Iterator[None]:
    """No search while one document is read, in all threads; reference counts free what they free."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@contextmanager
def set_apart() -> Iterator[None]:
    """What lives already is not searched until the end of this, what comes is."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
