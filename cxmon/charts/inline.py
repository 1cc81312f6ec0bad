"""Rows as inline data of a specification."""

import math
from collections.abc import Iterable
from typing import Any

import altair as alt

Rows = list[dict[str, Any]]


def inline(rows: Iterable[dict[str, Any]]) -> alt.Data:
    """What is not known becomes null, so that the drawing has a gap and not a zero."""
    clean = ({k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in r.items()} for r in rows)
    # Altair copies a chart deeply whenever it is changed; of a tuple it takes the rows as they are.
    data: alt.Data = alt.Data(values=tuple(clean))  # type: ignore[no-untyped-call]
    return data
