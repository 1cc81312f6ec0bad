"""Whatever is in the file: a Plan or a ConfigError, soon, and never anything else."""

import copy
import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxmon.config.loader import parse
from cxmon.config.nodes import DEEPEST, LARGEST_BYTES
from cxmon.config.plan import Plan
from cxmon.errors import ConfigError

EXAMPLE = (Path(__file__).parents[2] / "config" / "cxmon.yaml").read_bytes()
# Without comments every mutation hits something that means something.
LINES = [line for line in EXAMPLE.splitlines() if line.strip() and not line.strip().startswith(b"#")]
SPICE = [
    b"&a ",
    b"*a",
    b"!!set ",
    b"!!python/object:os.system ",
    b"<<: ",
    b"---\n",
    b"? ",
    b"- ",
    b"{",
    b"[",
    b"}",
    b"]",
]
SPICE += [
    b"NO",
    b"1e999",
    b"0x10",
    b"12:30",
    b"~",
    b"",
    b"\t",
    b"\x00",
    b"\xff",
    b"${X}",
    b"${",
    b"'",
    b'"',
    b"|\n",
    b">",
]
SPICE += [
    b".inf",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"2026-99-99",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"%YAML 9",
    b":",
]
TIMES = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def outcome(content):
    try:
        return parse(content, path=Path("fuzz.yaml"), environ={"X": "x\x00\n: [&"})
    except ConfigError as error:
        return error


def holds(content):
    result = outcome(content)
    if isinstance(result, Plan):
        return
    assert result.problems
    for problem in result.problems:
        assert re.match(r"fuzz\.yaml:[1-9][0-9]*: ", problem)
        assert "found " in problem
        assert ", expected " in problem
        assert "\n" not in problem


@TIMES
@given(st.data())
def test_a_mutated_example_is_a_plan_or_a_config_error(data):
    content = bytearray(b"\n".join(LINES))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.sampled_from([0, 1, 2, 5, 20]))] = data.draw(st.sampled_from(SPICE))
    holds(bytes(content))


@TIMES
@given(st.data())
def test_lines_dropped_doubled_moved_or_indented_are_a_plan_or_a_config_error(data):
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 6))):
        i, j = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines) - 1))
        how = data.draw(st.sampled_from(["drop", "double", "move", "indent", "outdent"]))
        line = lines[i]
        if how in {"drop", "move"} and len(lines) > 1:
            lines.pop(i)
        if how in {"double", "move"}:
            lines.insert(j, line)
        if how == "indent":
            lines[i] = b"  " + line
        if how == "outdent":
            lines[i] = line.removeprefix(b"  ")
    holds(b"\n".join(lines))


SCALARS = ["csat", "", "NO", "1e3", "${X}", "${Y:-}", "2pt", "\n", "é\u2028"]
NAMES = ["id", "csat", "", "\n", "<<", "type", "${X}", "a" * 200]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.sampled_from(SCALARS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
DOCUMENT = yaml.safe_load(EXAMPLE)
KEYS = ["sources", "metrics", "checks", "channels", "routes", "changes", "silences", "schedule", "saving", "read", "by"]


@TIMES
@given(
    st.sampled_from([*KEYS, "store", "zone", "as_of", "dimensions", "scope", "limits", "weights", "columns"]), VALUES
)
def test_any_value_anywhere_is_a_plan_or_a_config_error(key, value):
    document = copy.deepcopy(DOCUMENT)

    def place(node):
        if isinstance(node, dict):
            for name in node:
                node[name] = value if name == key else place(node[name])
        elif isinstance(node, list):
            node[:] = [place(item) for item in node]
        return node

    holds(yaml.safe_dump(place(document), allow_unicode=True).encode("utf-8", "replace"))


@TIMES
@given(st.binary(max_size=200))
def test_any_bytes_are_a_config_error(content):
    assert isinstance(outcome(content), ConfigError)
    holds(content)


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (i + 1, i + 1, b",".join([b"*%c" % i] * 9)) for i in range(ord("a"), ord("k"))
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB, "found the anchor &a"),
        (b"a: &a [*a]\n", "found the alias *a"),
        (b"[" * 20_000, f"found more than {DEEPEST} levels"),
        (b"{a: " * 20_000, f"found more than {DEEPEST} levels"),
        (b"- " * 20_000, f"found more than {DEEPEST} levels"),
        (b"? " * 20_000, "expected"),
        (b"a: " + b"x" * (LARGEST_BYTES + 1), f"expected at most {LARGEST_BYTES:,}"),
        (b"a: \xff", "found the byte 0xff, expected UTF-8 text"),
        (b"a: \x00", "expected valid YAML"),
        (b"!!python/object/apply:os.system ['true']", "found the tag tag:yaml.org,2002:python/object/apply:os.system"),
    ],
    ids=["bomb", "cycle", "lists", "mappings", "blocks", "keys", "size", "bytes", "nul", "tag"],
)
def test_a_hostile_file_is_refused_in_words(content, said):
    error = outcome(content)
    assert isinstance(error, ConfigError)
    assert any(said in problem for problem in error.problems), error.problems[:5]


def test_ten_thousand_metrics_are_read_in_seconds():
    metric = b"  m%d: {source: s, kind: proportion, better: higher, matters: 1pt, read: {time: t, value: v}}\n"
    content = b"sources: {s: {type: csv, path: a.csv}}\nmetrics:\n" + b"".join(metric % i for i in range(10_000))
    begun = time.process_time()
    plan = outcome(content)
    assert isinstance(plan, Plan)
    assert len(plan.metrics) == 10_000
    assert time.process_time() - begun < 15
