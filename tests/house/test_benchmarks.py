"""What a benchmark imports from the tests is there: nothing else runs it before somebody needs its figures."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))
ADDED = re.compile(r"^sys\.path\.insert\(0, str\(Path\(__file__\)\.parents\[1\]((?: / \"\w+\")+)\)\)$", re.MULTILINE)


def names(tree):
    """All that a module binds, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def imported(tree):
    """(module, names) of every import outside functions."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module, tuple(alias.name for alias in node.names)


def added(text):
    """The folders that a script adds to those in which modules are searched."""
    return [ROOT.joinpath(*re.findall(r"\w+", folders)) for folders in ADDED.findall(text)]


def missing(path, text=None):
    """What a script cannot import, itself or by the modules of ours that it imports: the folders searched are its own
    and those that one of them has added by then."""
    text = text or path.read_text(encoding="utf-8")
    folders, found, seen, waiting = [path.parent, *added(text)], [], set(), [text]
    while waiting:
        for module, wanted in imported(ast.parse(waiting.pop())):
            ours = next((f for folder in folders if (f := folder / f"{module}.py").is_file()), None)
            if ours is None:
                known = importlib.util.find_spec(module.partition(".")[0])
                # Pytest itself searches the folders of the tests that it has collected; a benchmark does not.
                lent = known is not None and (ROOT / "tests") in Path(known.origin or "").parents
                found += [] if known and not lent else [module]
                continue
            held = ours.read_text(encoding="utf-8")
            bound = set(names(ast.parse(held)))
            found += [f"{module}.{name}" for name in wanted if name not in bound]
            if ours not in seen:
                seen.add(ours)
                waiting.append(held)
                folders += added(held)
    return found


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_can_import_what_it_needs(path):
    assert missing(path) == []


def test_what_is_not_there_is_named():
    path = ROOT / "benchmarks" / "board_speed.py"
    text = path.read_text(encoding="utf-8")
    assert missing(path, text.replace("import answers,", "import replies,")) == ["board_served.replies"]
    assert missing(path, text.replace("from big_desk", "from small_desk"))[:2] == ["small_desk", "board_served"]
