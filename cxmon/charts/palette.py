"""Colours: each has one meaning, in light and dark; shape and word always stand beside it."""

from dataclasses import asdict, dataclass
from typing import Literal

from cxmon.model import Tone

# "page" is both: a browser takes the one of the page that the chart stands on, and the other when that changes.
Theme = Literal["light", "dark", "page"]


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Hex colours of one theme. `red` is vermilion and `teal` stands for green: they tell apart without hue."""

    paper: str
    ink: str
    muted: str
    grid: str
    axis: str
    line: str
    band: str
    expected: str
    dot: str
    red: str
    amber: str
    teal: str
    grey: str
    red_fill: str
    amber_fill: str
    teal_fill: str
    calm_fill: str

    def tone(self, tone: Tone) -> str:
        return {Tone.RED: self.red, Tone.AMBER: self.amber, Tone.TEAL: self.teal, Tone.GREY: self.grey}[tone]

    def fill(self, tone: Tone) -> str:
        fills = {Tone.RED: self.red_fill, Tone.AMBER: self.amber_fill, Tone.TEAL: self.teal_fill}
        return fills.get(tone, self.calm_fill)


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        paper="#FFFFFF",
        ink="#1A2330",
        muted="#68717F",
        grid="#EDEFF3",
        axis="#C7CDD7",
        line="#2251CC",
        band="#9AABC9",
        expected="#65748A",
        dot="#90A4C8",
        red="#C13F0C",
        amber="#9A6A04",
        teal="#0E756D",
        grey="#68717F",
        red_fill="#C13F0C",
        amber_fill="#FBE9C3",
        teal_fill="#CFEAE6",
        calm_fill="#F4F5F8",
    ),
    "dark": Palette(
        paper="#0F1520",
        ink="#E7EBF2",
        muted="#9BA6B6",
        grid="#232C3B",
        axis="#3B4658",
        line="#7FB2FF",
        band="#5D7198",
        expected="#8A98AE",
        dot="#5C6E8F",
        red="#FA8A58",
        amber="#E9BE4C",
        teal="#51D0C1",
        grey="#9BA6B6",
        red_fill="#C75620",
        amber_fill="#55441B",
        teal_fill="#1F4B48",
        calm_fill="#1A222F",
    ),
}
_LIGHT, _DARK = asdict(PALETTES["light"]), asdict(PALETTES["dark"])
PALETTES["page"] = Palette(**{name: f"light-dark({colour}, {_DARK[name]})" for name, colour in _LIGHT.items()})
