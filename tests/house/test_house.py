"""The laws of the house that a linter does not know."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "cxmon").rglob("*.py"), *(ROOT / "dashboards").rglob("*.py")])
HEAVY = (
    "statsmodels",
    "scipy",
    "sqlalchemy",
    "streamlit",
    "slack_sdk",
    "altair",
    "pandas",
    "apscheduler",
    "requests",
    "urllib3",
)


def functions():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_400_lines():
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_no_function_is_longer_than_60_lines():
    assert {name: n for name, n in functions() if n > 60} == {}


# What no reader of a board, a message or a command sees, or what is seen as it is typed: the geometry of drawings,
# files for other programs, statements for databases, and the errors of a configuration that has no format yet.
PLAIN = {
    "cxmon/alerts/mail.py", "cxmon/alerts/slack.py", "cxmon/alerts/webhook.py", "cxmon/charts/inline.py",
    "cxmon/charts/lines.py", "cxmon/charts/spark.py", "cxmon/charts/trend.py", "cxmon/decisions/versions.py",
    "cxmon/sources/sql/opening.py", "cxmon/store/changes.py", "cxmon/store/observations.py",
    "cxmon/wording/numbers.py", "dashboards/downloads.py", "dashboards/uploading.py",
}  # fmt: skip
MARKED = re.compile(r":\+?(?:,(?:\.\d+)?[fg]?|\.[1-9]\d*[fg%]|g)\}")


def test_every_figure_that_people_read_is_written_in_the_format_in_force():
    found = {}
    for path in SOURCES:
        name = str(path.relative_to(ROOT))
        if name not in PLAIN and not name.startswith("cxmon/config/"):
            lines = [line.strip() for line in path.read_text().splitlines() if MARKED.search(line)]
            found |= {name: lines} if lines else {}
    assert found == {}, "use cxmon.model.written"


def test_there_is_no_catch_all_module():
    banned = {"utils", "util", "helpers", "helper", "common_utils", "misc"}
    assert [str(p) for p in SOURCES if p.stem in banned] == []


# They speak to a server; of what went wrong there an error says what it knows, and nobody else reads it.
TRANSPORTS = {"slack.py", "slack_errors.py", "smtp.py", "mail.py", "webhook.py", "services.py", "listening.py"}
# What the pipeline writes into messages and into the histories of incidents, besides what its parts say.
TELLING = ("again", "allowance_telling", "check_telling", "falling_back", "judge_telling")
ROOMS_WITHOUT_WORDS = [
    *(
        path
        for room in ("alerts", "incidents", "slack_app")
        for path in sorted((ROOT / "cxmon" / room).glob("*.py"))
        if path.name not in TRANSPORTS
    ),
    *(ROOT / "cxmon" / "pipeline" / f"{name}.py" for name in TELLING),
]


def sentences(source):
    """String literals of two words and more, but for docstrings, errors and what a log says."""
    tree, silent = ast.parse(source), set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            silent |= {id(n) for n in ast.walk(body[0].value) if isinstance(body[0].value, ast.Constant)}
        logs = isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")
        if isinstance(node, ast.Raise) or logs:
            silent |= {id(n) for n in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            # Tags, declarations of styles and names of fonts are no words, whole or cut by a value between.
            text = re.sub(r"<[^>]*(>|$)|^[^<>]*>|[a-z-]+:(?! )[^;]*(;|$)|@media[^{]*|'[^']*'", " ", node.value)
            if re.search(r"[A-Za-z]{2,}[,:.]? [A-Za-z]{2,}", text):
                yield node.value


def test_a_sentence_is_seen_and_what_is_none_is_not():
    source = '''
"""A docstring of words."""
A = "two words"
B = f'<p style="margin:0 0 8px">{A}</p><a href="">Open the view</a>'
C, D = "font-size:13px;margin:4px 0", f"Why: because {A} so"
raise ValueError("an error in words")
'''
    assert list(sentences(source)) == ["two words", '</p><a href="">Open the view</a>', "Why: because "]


@pytest.mark.parametrize("path", ROOMS_WITHOUT_WORDS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_people_read_is_worded_in_the_room_for_words(path):
    assert list(sentences(path.read_text())) == []


def loaded(*statement):
    """Names of the heavy packages that a fresh interpreter holds after `statement`."""
    code = f"{'; '.join(statement)}\nimport sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return ast.literal_eval(done.stdout.splitlines()[-1])


def test_importing_cxmon_costs_nothing():
    assert loaded("import cxmon") == []


def test_help_and_validate_import_nothing_heavy():
    config = ROOT / "config" / "cxmon.yaml"
    assert loaded("from cxmon.cli.app import build", "build()") == []
    assert loaded("from cxmon.config import load", f"load(__import__('pathlib').Path({str(config)!r}))") == []


@pytest.mark.parametrize("folder", ["sources", "checks", "alerts"])
def test_every_plug_in_is_documented(folder):
    from importlib import import_module

    docs = "\n".join(p.read_text() for p in (ROOT / "docs").rglob("*.md")) + (ROOT / "README.md").read_text()
    assert [name for name in import_module(f"cxmon.{folder}").TYPES if f"`{name}`" not in docs] == []


def test_every_command_is_documented():
    from typer.main import get_command

    from cxmon.cli.app import build

    docs = "\n".join(p.read_text() for p in (ROOT / "docs").rglob("*.md")) + (ROOT / "README.md").read_text()
    assert [name for name in get_command(build()).commands if f"cxmon {name}" not in docs] == []


def test_no_document_names_a_registry_or_a_path_of_a_machine():
    pattern = r"(pypi|pythonhosted|npmjs)\.(org|com)|deb\.debian|/tmp/|/root/"
    kinds = ["*.md", "*.txt", "*.toml", "*.yaml", "Makefile", ".ci"]
    command = ["git", "grep", "-nIE", pattern, "--", *kinds]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert found.stdout == ""
