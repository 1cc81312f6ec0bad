"""What a chart leaves out where a phone has no room for words beside its marks."""

from typing import Any

import altair as alt

# In pixels of the plot, as the browser draws it.
WIDE_PX = 520
NARROW = f"width < {WIDE_PX}"


def wide_only(size: int) -> Any:
    """A size that is nothing on a phone: text that is only made invisible would still take the plot's room."""
    return alt.expr(f"{NARROW} ? 0 : {size}")


def style(size: int, weight: int, colour: str, text: str, *, wide: bool = False) -> dict[str, Any]:
    """What a mark of text is given; where it is for a `wide` plot, a phone has no room for it."""
    return {"fontSize": wide_only(size) if wide else size, "fontWeight": weight, "color": colour, "text": text}
