"""What the parts of a configuration need to know of each other: which names exist, and what a size means."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cxmon.config.moments import known_zone, nearest_zone
from cxmon.config.nodes import Node
from cxmon.config.reading import BAD, Reading, one_of, shown
from cxmon.config.shapes import Entry
from cxmon.config.units import Measure, Size, difference
from cxmon.model import Amount


@dataclass
class Frame:
    """The entries as read, broken ones included, so that a reference to a broken metric is not told as dangling."""

    reading: Reading
    root: Entry
    defined: Mapping[str, Collection[str]] = field(default_factory=dict)
    metrics: Mapping[str, Entry] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    dimensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, reading: Reading, root: Entry) -> "Frame":
        named = ("sources", "metrics", "checks", "channels")
        return cls(reading, root, {name: root.at(name).entries for name in named if name in root})

    def names(self, section: str) -> Collection[str]:
        """The names that are defined in a section."""
        return self.defined.get(section, ())

    def listed(self, section: str) -> list[Any]:
        """What was read of a section that is a list; nothing where it is no list or is absent."""
        found: list[Any] = self.root.get(section) or []
        return found

    @property
    def every_dimension(self) -> list[str]:
        return sorted({name for names in self.dimensions.values() for name in names})

    @property
    def dimensions_known(self) -> bool:
        """False while some metric's dimensions could not be read: then nothing is told as an unknown dimension."""
        return len(self.dimensions) == len(self.names("metrics"))

    def known(self, node: Node, name: Any, names: Collection[str], what: str, of: str = "") -> bool:
        """Tell a reference that leads nowhere; `of` says who lacks it."""
        if name is BAD or name is None or name in names:
            return True
        given = "" if node.variable else name
        found = f"the {what} {shown(node)}, which {of} does not have" if of else f"the unknown {what} {shown(node)}"
        self.reading.wrong(node, found, one_of(names, given))
        return False

    def known_items(self, node: Node, names: Collection[str], what: str, of: str = "") -> None:
        """The same for each item of a list, or for each key of a mapping."""
        for item in node.items:
            if item.kind == "text" and not item.trapped and item.text:
                self.known(item, item.text, names, what, of)
        for key in node.entries:
            if key != "<<":
                self.known(Node("text", node.key_lines[key], node.path, key), key, names, what, of)

    @property
    def channels(self) -> list[str]:
        """The channels that can be named: those of the file, or the console where there are none."""
        return list(self.names("channels")) if "channels" in self.root else ["console"]

    def heard(self, entry: Entry) -> tuple[str, ...]:
        """What stands under `channel`, one or several, each of which has to exist."""
        said, node = entry.get("channel"), entry.at("channel")
        if isinstance(said, list):
            self.known_items(node, self.channels, "channel")
            return tuple(said)
        self.known(node, said, self.channels, "channel")
        return () if said is None else (said,)

    def zone_of(self, entry: Entry, zone: str) -> str:
        """The zone that the entry names, else `zone`; tells one that does not exist."""
        own: str | None = entry.get("zone")
        if own is not None and not known_zone(own):
            self.reading.wrong(entry.at("zone"), f"the unknown time zone {shown(entry.at('zone'))}", nearest_zone(own))
        return own or zone

    def amounts(self, entry: Entry, key: str) -> dict[str, Amount]:
        """A mapping of metrics to sizes, each above zero and of a sort that its metric can have."""
        node, sizes = entry.at(key), entry.get(key) or {}
        self.known_items(node, self.names("metrics"), "metric") if key in entry else None
        found = {}
        for metric, size in sizes.items():
            if size is BAD or metric not in self.measures:
                continue
            amount = self.amount(node.entries[metric], size, self.measures[metric], metric)
            if amount is not None:
                found[metric] = amount
        return found

    def amount(self, node: Node, size: Size, measure: Measure, metric: str) -> Amount | None:
        amount = difference(size, measure)
        if amount is None:
            of = f"{metric} (a {measure.kind}{' in ' + measure.unit if measure.unit else ''})"
            self.reading.wrong(node, f"{shown(node)} for {of}", measure.sizes)
            return None
        if amount.value <= 0:
            self.reading.wrong(node, shown(node), "a size above zero")
            return None
        return amount
