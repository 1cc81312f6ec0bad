"""The small line in a card, as HTML: a page with two hundred cards cannot start two hundred drawings of Vega."""

import math
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from cxmon.charts.palette import PALETTES, Theme
from cxmon.model import Tone

WIDE, HIGH, PAD = 160, 44, 3


def spark(values: Sequence[float], tone: Tone, *, said: str, theme: Theme = "page") -> str:
    """The values as a line over its own range; NaN is a gap. As wide as its place; `said` is what it shows in words.
    Empty where fewer than two are known."""
    known = [x for x in values if math.isfinite(x)]
    if len(known) < 2:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = WIDE / (len(values) - 1)
    pieces: list[list[str]] = [[]]
    for i, value in enumerate(values):
        if math.isfinite(value):
            pieces[-1].append(f"{i * step:.1f} {PAD + (1 - (value - low) / span) * (HIGH - 2 * PAD):.1f}")
        elif pieces[-1]:
            pieces.append([])
    lines = [piece for piece in pieces if piece]
    drawn = "".join(f"M{'L'.join(piece)}" for piece in lines)
    filled = "".join(
        f"M{piece[0].split()[0]} {HIGH}L{'L'.join(piece)}L{piece[-1].split()[0]} {HIGH}Z" for piece in lines
    )
    # A page takes no SVG as HTML, but a style: the drawing is the mask of a coloured box.
    mask = quote(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none">'
        f'<path d="{filled}" fill-opacity=".1"/><path d="{drawn}" fill="none" stroke="#000" stroke-width="1.8" '
        'stroke-linejoin="round" vector-effect="non-scaling-stroke"/></svg>',
        safe=" =:/",
    )
    look = f"url('data:image/svg+xml,{mask}') 0 0/100% 100% no-repeat"
    ink = PALETTES[theme].tone(tone)
    return (
        f'<div class="spark" role="img" aria-label="{escape(said)}" style="height:{HIGH}px;background:{ink};'
        f'mask:{look};print-color-adjust:exact"></div>'
    )
