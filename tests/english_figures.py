"""Finds figures that were written the English way where the format has a decimal comma and no comma for thousands."""

import re

# What is told of a version, an address, a size in CSS or the file is no figure for people.
_ENGLISH = re.compile(r"(?<![\w.:#/-])\d+\.\d+(?![\w.])|(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,])")


def english(text):
    """The figures, each with what stands around it."""
    return [text[max(0, at.start() - 30) : at.end() + 20] for at in _ENGLISH.finditer(text)]
