"""What the values of a row's dimensions are called: a source's words in the house's, dates as periods, and the segment
that they make."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from cxmon.aggregate import reading
from cxmon.model import Metric, Segment

NONE = "(none)"  # The value of a dimension that a row leaves empty.
UNDATED = "(no date)"  # The value of a dimension of dates where something else stands.
OTHERS = "*"  # What a map says of all values that it does not name.


@dataclass
class Names:
    """The names of one metric's segments. `unnamed` are (dimension, value, what it is counted as) that no map names."""

    metric: Metric
    unnamed: dict[tuple[str, str], str] = field(default_factory=dict)

    def words(self, values: Sequence[object]) -> tuple[str, ...]:
        """The values of a row's dimensions as text; dates are periods already."""
        pairs = zip(self.metric.dimensions, values, strict=True)
        if not self.metric.dated:
            return tuple(word(v) for v in values)
        return tuple(self.period(name, v) if name in self.metric.dated else word(v) for name, v in pairs)

    def segment(self, words: Sequence[str]) -> Segment:
        """The segment with these values. An empty one is a total where parts overlap, and a value of its own elsewhere;
        neither is looked up in a map."""
        pairs = [(n, self._named(n, w)) for n, w in zip(self.metric.dimensions, words, strict=True)]
        if self.metric.additive:
            return Segment.of({name: value or NONE for name, value in pairs})
        return Segment.of({name: value for name, value in pairs if value})

    def _named(self, dimension: str, value: str) -> str:
        names = self.metric.mapped.get(dimension)
        if not names or not value:
            return value
        if value in names and value != OTHERS:
            return names[value]
        found = names.get(OTHERS, value)
        if value not in names.values():
            # The house's own words need no translation, and are no news.
            self.unnamed.setdefault((dimension, value), found)
            return found
        return value

    def period(self, dimension: str, value: object) -> str:
        """`2026-03`, `2026-Q1` or `2026` of an instant, in the metric's zone."""
        if reading.empty(value):
            return ""
        (at,), problems = reading.moments([value], self.metric.zone)
        if problems:
            self.unnamed.setdefault((dimension, reading.shown(value)), UNDATED)
            return UNDATED
        local = datetime.fromtimestamp(int(at), ZoneInfo(self.metric.zone))
        match self.metric.dated[dimension]:
            case "quarter":
                return f"{local:%Y}-Q{(local.month + 2) // 3}"
            case "year":
                return f"{local:%Y}"
            case _:
                return f"{local:%Y-%m}"


def word(value: object) -> str:
    """A dimension's value as text; nothing where it is empty."""
    if reading.empty(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()
