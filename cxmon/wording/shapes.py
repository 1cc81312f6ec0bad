"""The shape beside a word, where colour alone would say it: the same in the terminal, in letters and on pages."""

from collections.abc import Mapping

from cxmon.model import Tone

SHAPES: Mapping[Tone, str] = {Tone.RED: "■", Tone.AMBER: "▲", Tone.TEAL: "●", Tone.GREY: "○"}
