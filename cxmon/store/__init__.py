"""Everything cxmon remembers: `Store.open(url)` on SQLite or PostgreSQL. No other room knows the layout."""

from cxmon.store.catalogue import Catalogue, Run
from cxmon.store.drafts import Brought
from cxmon.store.facade import Store
from cxmon.store.facts import Progress, Taken
from cxmon.store.forgotten import Forgotten
from cxmon.store.heard import Click, Listener
from cxmon.store.observations import Applied, RejectedRow
from cxmon.store.overlay import Overlay

__all__ = [
    "Applied",
    "Brought",
    "Catalogue",
    "Click",
    "Forgotten",
    "Listener",
    "Overlay",
    "Progress",
    "RejectedRow",
    "Run",
    "Store",
    "Taken",
]
