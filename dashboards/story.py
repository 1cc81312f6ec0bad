"""One incident as it stands in the store: what was told of it, what happened, and what keeps it quiet."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cxmon.model import Incident, OutboxRow, Silence, Transition
from cxmon.store import Store
from cxmon.wording.hearing import heard

MOST = 200
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Story:
    """`told` is the newest message of its story in each channel, by the channel; `heard` who was told of each
    line of the history."""

    incident: Incident
    history: tuple[Transition, ...]
    told: Mapping[str, OutboxRow]
    heard: tuple[str, ...]
    silences: tuple[Silence, ...]
    # Where the first message of each channel is found, of those that say.
    places: Mapping[str, str] = field(default_factory=dict)


def recent() -> list[Incident]:
    """All that have not ended, newest first, then those that ended, newest first."""
    return _read(lambda store: sorted(store.incidents.recent(MOST), key=lambda i: i.ended_at is not None))


def known(incident: str) -> bool:
    """Whether there is such an incident."""
    return _read(lambda store: store.incidents.get(incident) is not None)


def of(incident: str) -> Story | None:
    """The story of one; None where there is no such incident."""

    def read(store: Store) -> Story | None:
        found = store.incidents.get(incident)
        if found is None:
            return None
        told = store.outbox.newest(found.thread)
        history = store.incidents.history(incident)
        return Story(
            incident=found,
            history=tuple(history),
            told=told,
            heard=tuple(heard(history, store.outbox.story(found.thread))),
            silences=tuple(store.changes.silences()),
            places=_places(store, found.thread, told),
        )

    return _read(read)


def _places(store: Store, thread: str, channels: Iterable[str]) -> dict[str, str]:
    firsts = {channel: store.outbox.first_receipt(thread, channel) for channel in channels}
    return {name: one.detail for name, one in firsts.items() if one is not None and is_address(one.detail)}


def is_address(text: str) -> bool:
    """Whether it can stand in a link as it is."""
    return text.startswith("https://") and not set(text) & set("()<>[]\"' ")


def _read(read: Callable[[Store], T]) -> T:
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        return read(store)
