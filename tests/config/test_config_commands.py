"""cxmon validate, schema and init, as they are typed; and what they must not import."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ["sqlalchemy", "alembic", "scipy", "statsmodels", "pandas", "streamlit", "slack_sdk", "altair", "requests"]
RUN = """
import json, sys
import typer
from cxmon.cli import validate
from cxmon.errors import ConfigError, ActionError

app = typer.Typer()
validate.register(app)
try:
    app(sys.argv[1:], standalone_mode=False)
except (ConfigError, ActionError) as error:
    print(error, file=sys.stderr)
    code = 2
else:
    code = 0
print("MODULES", json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
sys.exit(code)
"""


def cxmon(*arguments, cwd=ROOT):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, *map(str, arguments)],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said, _, modules = done.stderr.partition("MODULES ")
    return done.returncode, done.stdout, said, json.loads(modules) if modules else []


def test_validate_says_that_the_example_is_valid_and_imports_nothing_heavy():
    code, out, err, modules = cxmon("validate", "--config", "config/cxmon.yaml")
    assert (code, err) == (0, "")
    assert out == "config/cxmon.yaml is valid: 5 metrics from 1 source, 3 checks, 2 channels, 4 changes.\n"
    assert [name for name in HEAVY if name in modules] == []
    assert "yaml" in modules


def test_validate_prints_notes(tmp_path):
    path = tmp_path / "cxmon.yaml"
    text = (ROOT / "cxmon" / "config" / "first.yaml").read_text()
    path.write_text(text.replace("  answers:", "  idle: {type: csv, path: idle.csv}\n  answers:", 1))
    code, out, _, _ = cxmon("validate", "-c", path)
    assert code == 0
    assert out.splitlines()[0] == "note: cxmon.yaml:8: sources.idle: no metric reads from this source"


def test_validate_names_the_mistake_and_ends_with_two():
    path = "tests/config/wrong/kind-misspelt.yaml"
    code, out, err, _ = cxmon("validate", "--config", path)
    assert (code, out) == (2, "")
    assert err == (ROOT / path).read_text().splitlines()[0].removeprefix("# expected: ") + "\n"


def test_validate_prints_json():
    code, out, _, _ = cxmon("validate", "--json", "--config", "config/cxmon.yaml")
    assert code == 0
    assert json.loads(out) == {"valid": True, "problems": [], "notes": []}


def test_init_writes_a_file_that_validates_with_a_schema_for_editors_beside_it(tmp_path):
    path = tmp_path / "new" / "cxmon.yaml"
    code, out, err, _ = cxmon("init", path)
    assert (code, err) == (0, "")
    assert out.startswith(f"Wrote {path}, and {path.with_name('cxmon.schema.json')} for your editor.\n")
    assert path.read_text().startswith("# yaml-language-server: $schema=cxmon.schema.json\n")
    _, printed, _, _ = cxmon("schema")
    assert path.with_name("cxmon.schema.json").read_text() == printed
    assert cxmon("validate", "--config", path)[0] == 0


def test_init_does_not_write_over_a_file(tmp_path):
    path = tmp_path / "cxmon.yaml"
    path.write_text("mine")
    code, _, err, _ = cxmon("init", path)
    assert code == 2
    assert err == f"{path} is there already; name another file, or write over it with --force\n"
    assert path.read_text() == "mine"
    assert cxmon("init", path, "--force")[0] == 0


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not there")
def test_validate_needs_no_network():
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this machine lets nobody make a network of their own")
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", RUN, "validate", "--config", "config/cxmon.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
