"""A picture of a message reads alike on Slack's dark and light pages: on its own paper, and all of it is seen."""

import io
import re
from datetime import timedelta

import pytest
import worlds
from PIL import Image

from cxmon import charts
from cxmon.charts.palette import PALETTES
from cxmon.charts.picture import album, pictured, vector
from cxmon.model import Tone

CSAT = worlds.METRICS[0]
SINCE = worlds.NOW.replace(hour=0) - timedelta(days=68)
BAND = worlds.band("csat", worlds.PHONE, drop=-0.04, since=SINCE)
LIGHT = PALETTES["light"]


@pytest.fixture(scope="module")
def chart():
    pins = [
        charts.Pin(number=i, at=SINCE + timedelta(days=4 * i), title=f"Decision {i}", tone=tone, verdict="so it is")
        for i, tone in enumerate(Tone, 1)
    ]
    points = charts.recent(charts.points(BAND, CSAT, grave_since=SINCE, limit=1.5), 126)
    return pictured(
        points, CSAT, title="CSAT 4 points worse than expected", subtitle=("as of today", "running average"), pins=pins,
        limit=1.5, limit_from=SINCE, limit_text="limit of #2: 1.5 points",
    )  # fmt: skip


def contrast(one, other):
    """The ratio of WCAG 2: 1 of what is alike to 21 of black on white."""
    shares = [[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in (one, other)]
    linear = [[x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in share] for share in shares]
    darker, lighter = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear)
    return (lighter + 0.05) / (darker + 0.05)


def pale(colours, least):
    """Those that stand out from the paper by less, with how much they do."""
    found = {colour: contrast(colour, LIGHT.paper) for colour in colours}
    return {colour: ratio for colour, ratio in found.items() if ratio < least}


@pytest.mark.parametrize("parts", [1, 2])
def test_a_picture_is_opaque_and_stands_on_its_own_paper(chart, parts):
    drawn = Image.open(io.BytesIO(album([chart] * parts))).convert("RGBA")
    assert drawn.getchannel("A").getextrema() == (255, 255)
    wide, high = drawn.size
    edge = [(x, y) for x in (0, wide - 1) for y in range(high)] + [(x, y) for x in range(wide) for y in (0, high - 1)]
    paper = tuple(int(LIGHT.paper[i : i + 2], 16) for i in (1, 3, 5))
    assert {drawn.getpixel(at)[:3] for at in edge} == {paper}


def test_words_and_lines_stand_out_from_the_paper(chart):
    svg = vector(chart)
    words = set(re.findall(r'<text\b[^>]* fill="(#\w{6})"', svg)) - {LIGHT.paper}
    assert {LIGHT.ink, LIGHT.muted, LIGHT.red, LIGHT.amber} <= words
    assert pale(words, 4.5) == {}
    lines = {
        colour
        for tag in re.findall(r"<path\b[^>]*>", svg)
        for colour in re.findall(r' stroke="(#\w{6})"', tag)
        if "opacity" not in tag
    }
    assert {LIGHT.line, LIGHT.expected, LIGHT.red} <= lines
    assert pale(lines, 3) == {}


def test_what_is_measured_is_what_the_standard_says():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
