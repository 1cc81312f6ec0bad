"""One incident as it stands in the store: what was told of it, what happened, and what keeps it quiet."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cxmon import actions
from cxmon.model import Incident, OutboxRow, Silence, Transition
from cxmon.store import Store

MOST = 200
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Story:
    """`told` is the newest message of its story in each channel, by the channel; `why` the lines of `cxmon why`."""

    incident: Incident
    history: tuple[Transition, ...]
    told: Mapping[str, OutboxRow]
    why: tuple[str, ...]
    silences: tuple[Silence, ...]


def recent() -> list[Incident]:
    """All that have not ended, newest first, then those that ended, newest first."""
    return _read(lambda store: sorted(store.incidents.recent(MOST), key=lambda i: i.ended_at is not None))


def of(incident: str, now: datetime) -> Story | None:
    """The story of one; None where there is no such incident."""

    def read(store: Store) -> Story | None:
        found = store.incidents.get(incident)
        if found is None:
            return None
        return Story(
            incident=found,
            history=tuple(store.incidents.history(incident)),
            told=store.outbox.newest(found.thread),
            why=tuple(actions.why(store, incident, now=now)),
            silences=tuple(store.changes.silences()),
        )

    return _read(read)


def _read(read: Callable[[Store], T]) -> T:
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        return read(store)
