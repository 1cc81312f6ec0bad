"""A plug-in's dataclass is its own options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import annotated_types
import pytest

from cxmon.config.nodes import read_tree
from cxmon.config.plugins import PluginOf, make
from cxmon.config.reading import BAD, Reading
from cxmon.config.shapes import Entry
from cxmon.model import Secret


@dataclass(frozen=True, kw_only=True)
class Fax:
    """Sends a fax. `number` is dialled; `tries` at most.

    More words that editors need not show.
    """

    number: str
    tries: int = 3
    pause: timedelta = timedelta(seconds=30)
    pin: Secret = field(default_factory=lambda: Secret(""))
    paper: Literal["a4", "letter"] = "a4"
    colour: bool = False
    pages: tuple[int, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    logo: Path | None = None
    host: IPv4Address | None = None
    volume: Annotated[int, annotated_types.Interval(ge=0, le=11)] = 5
    note: str = field(default="", metadata={"doc": "printed below"})
    type: Literal["fax"] = "fax"
    pace_s: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        if self.tries > 9:
            raise ValueError(f"tries: found {self.tries}, expected at most 9")
        if self.colour and self.paper == "letter":
            raise ValueError("colour needs a4 paper")


FAXES = PluginOf("channel", lambda: {"fax": Fax})


def read(text):
    reading = Reading("fax.yaml", {"PIN": "4711"})
    root = read_tree(text.encode(), reading)
    entry = FAXES.read(root, reading)
    made = make(Fax, entry, entry.values, reading) if isinstance(entry, Entry) and entry.sound else BAD
    return made, reading.problems


def test_each_option_is_read_by_its_type():
    made, problems = read("""
type: fax
number: "+49 30 1234"
tries: 5
pause: 5min
pin: ${PIN}
paper: letter
pages: [1, 2]
headers: {From: Ops}
logo: logo.png
host: 127.0.0.1
volume: 11
""")
    assert problems == []
    assert made == Fax(
        number="+49 30 1234",
        tries=5,
        pause=timedelta(minutes=5),
        pin=Secret("4711"),
        paper="letter",
        pages=(1, 2),
        headers={"From": "Ops"},
        logo=Path("logo.png"),
        host=IPv4Address("127.0.0.1"),
        volume=11,
    )


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("tries: many", "tries: found 'many', expected a whole number"),
        ("tries: 2.5", "tries: found '2.5', expected a whole number"),
        ("pause: 5", "pause: found '5', expected a duration such as 30s, 5min, 36h, 8d, 2w or 18mo"),
        ("paper: leter", "paper: found 'leter', expected one of a4, letter (did you mean letter?)"),
        (
            "colour: True",
            'colour: found True, which YAML reads as true, expected "True" in quotes as text, or true or false',
        ),
        ("pages: 1", "pages: found '1', expected a list"),
        ("pages: [1, x]", "pages[1]: found 'x', expected a whole number"),
        ("headers: {From: 1}", 'headers.From: found the number 1, expected text (write "1" in quotes)'),
        ("host: nowhere", "host: found 'nowhere', expected a valid IPv4 address"),
        ("volume: 12", "volume: found '12', expected less than or equal to 11"),
        ("tries: 10", "tries: found 10, expected at most 9"),
        ("pace_s: 3", "found the unknown key 'pace_s', expected"),
    ],
)
def test_a_wrong_option_is_told_in_our_own_sentence(written, problem):
    made, problems = read(f'type: fax\nnumber: "1"\n{written}\n')
    assert made is BAD
    assert len(problems) == 1
    line = "fax.yaml:3: "
    assert problems[0].startswith(line + problem)


def test_options_that_do_not_go_together_are_told_with_the_plug_ins_own_words():
    _, problems = read('{type: fax, number: "1", paper: letter, colour: true}')
    assert problems == ["fax.yaml:1: found options that do not go together, expected colour needs a4 paper"]


def test_the_schema_says_what_the_docstring_says():
    described = FAXES.schema()["oneOf"][0]
    assert described["description"] == "Sends a fax. `number` is dialled; `tries` at most."
    assert described["required"] == ["type", "number"]
    assert described["properties"]["tries"]["description"] == "`tries` at most"
    assert described["properties"]["note"]["description"] == "printed below"
    assert "pace_s" not in described["properties"]
