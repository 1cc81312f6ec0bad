"""Rows as inline data of a specification."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import altair as alt

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Ready:
    """Rows that are JSON already. Altair copies a chart deeply whenever it is changed and looks at every value when it
    writes it down; what can write itself down it takes as it is."""

    rows: Rows
    _schema: ClassVar[dict[str, Any]] = {"type": "array"}

    def to_dict(self, *_: object, **__: object) -> Rows:
        return self.rows


def short(value: Any) -> Any:
    """A figure as a chart needs it: no screen shows a seventh digit."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def inline(rows: Iterable[dict[str, Any]]) -> alt.Data:
    """What is not known becomes null, so that the drawing has a gap and not a zero."""
    clean = ({k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in r.items()} for r in rows)
    data: alt.Data = alt.Data(values=_Ready(list(clean)))  # type: ignore[no-untyped-call]
    return data
