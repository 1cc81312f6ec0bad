"""What checks keep from one look to the next: in the store, or for a replay in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cxmon.contracts import Memory
from cxmon.store import Store


class Keeping(Memory, Protocol):
    """Which can be told that a look was taken."""

    def save(self) -> None:
        """What was put in this look is kept, the rest forgotten."""
        ...


# By the name of a check and a metric.
Memories = Callable[[str, str], Keeping]


@dataclass
class Stored:
    """One check's on one metric. It is read when first asked for; `save` keeps what was put and forgets the rest."""

    store: Store
    check: str
    subject: str
    known: dict[str, bytes] | None = None
    given: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> Sequence[Any]:
        if self.known is None:
            self.known = self.store.checkpoints.of(self.check, self.subject)
        found = self.given.get(key, self.known.get(key))
        return () if found is None else (found,)

    def put(self, key: str, whole: Sequence[Any], small: Callable[[], bytes | None]) -> None:  # noqa: ARG002 - large.
        found = small()
        if found is not None:
            self.given[key] = found
        elif self.known and key in self.known:
            self.given[key] = self.known[key]

    def save(self) -> None:
        if self.given and self.given != self.known:
            self.store.checkpoints.replace(self.check, self.subject, self.given)


@dataclass(kw_only=True)
class InMind:
    """The whole of what was put in the last two looks of a check at a metric, and behind it the last small form, for
    as long as the process lives."""

    before: dict[str, Sequence[Any]] = field(default_factory=dict)
    given: dict[str, Sequence[Any]] = field(default_factory=dict)

    def get(self, key: str) -> Sequence[Any]:
        return [found for found in self._kept(key) if found is not None]

    def put(self, key: str, whole: Sequence[Any], small: Callable[[], bytes | None]) -> None:
        new, before = (*whole, small()), self._kept(key)
        self.given[key] = [old if found is None else found for found, old in zip(new, before or new, strict=True)]

    def save(self) -> None:
        if self.given:
            self.before, self.given = self.given, {}

    def _kept(self, key: str) -> Sequence[Any]:
        return self.given.get(key, self.before.get(key, ()))
