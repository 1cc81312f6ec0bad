"""A fresh store where a test builds its own world: a copy of one that was migrated once in this process."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from cxmon.store import Store


def fresh(path: Path) -> Store:
    """The store at `path`, migrated; a new one where there is none. The caller closes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated(), path)
    return Store.open(f"sqlite:///{path}")


@functools.cache
def _migrated() -> Path:
    folder = tempfile.mkdtemp(prefix="cxmon-fresh-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Store.open(f"sqlite:///{folder}/store.db").close()
    return Path(folder) / "store.db"
