"""One chart definition for board and Slack: Altair specifications made here and nowhere else."""

from cxmon.charts.forest import forest
from cxmon.charts.heat import Cell, heat
from cxmon.charts.lines import Line, lines
from cxmon.charts.marks import marked, pins
from cxmon.charts.narrowing import LEGEND as NARROWING
from cxmon.charts.narrowing import narrowing
from cxmon.charts.page import DAYS, LEGEND, Drawing, drawing, made_of, page, places, sure
from cxmon.charts.palette import PALETTES, Palette, Theme
from cxmon.charts.picture import VEGA_LITE, album, picture, pictured, render, titled
from cxmon.charts.points import Pin, Point, coarse, local_ms, points, recent
from cxmon.charts.spark import spark
from cxmon.charts.spread import Bin, spread
from cxmon.charts.trend import trend
from cxmon.charts.waterfall import mix, used
from cxmon.decisions.numbering import numbered, shown
from cxmon.wording.over import Limit, limit

__all__ = [
    "DAYS",
    "LEGEND",
    "NARROWING",
    "PALETTES",
    "VEGA_LITE",
    "Bin",
    "Cell",
    "Drawing",
    "Limit",
    "Line",
    "Palette",
    "Pin",
    "Point",
    "Theme",
    "album",
    "coarse",
    "drawing",
    "forest",
    "heat",
    "limit",
    "lines",
    "local_ms",
    "made_of",
    "marked",
    "mix",
    "narrowing",
    "numbered",
    "page",
    "picture",
    "pictured",
    "pins",
    "places",
    "points",
    "recent",
    "render",
    "shown",
    "spark",
    "spread",
    "sure",
    "titled",
    "trend",
    "used",
]
