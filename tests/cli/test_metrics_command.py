"""cxmon metrics: the catalogue in the terminal, and the table of the documents made of it."""

import json
from pathlib import Path

import pytest
from command import ended

from cxmon.cli.cataloguing import as_markdown
from cxmon.config.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
MOST_LINES = 40


def metrics(*arguments):
    return ended("metrics", *arguments)


@pytest.fixture(scope="module")
def listed():
    return metrics().stdout


def test_the_list_names_every_entry(listed):
    assert [name for name in CATALOGUE if f" {name} " not in listed] == []


def test_one_entry_is_explained_with_its_formulas_window_direction_guards_and_how_it_is_written():
    told = metrics("service_level").stdout
    entry = CATALOGUE["service_level"]
    assert [f.name for f in entry.formulas if f.name not in told] == []
    for words in (entry.window, "within 20 s", "higher", *entry.guards, "answered: answered_at", "after 1 day"):
        assert words in told


def test_every_entry_is_one_screen(capsys):
    from cxmon.cli.cataloguing import metrics as shown

    for name in CATALOGUE:
        shown(name)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) <= MOST_LINES
        assert max(map(len, lines)) <= 100


def test_a_name_that_is_not_there_is_told_with_the_nearest():
    wrong = metrics("csta")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("no metric 'csta' in the catalogue (did you mean csat?); there are csat, nps,")


def test_as_json_it_has_the_codes():
    (entry,) = json.loads(metrics("nps", "--json").stdout)
    assert (entry["kind"], entry["formulas"][0]["name"], entry["guards"]) == ("mean", "promoters", ["response_rate"])


def test_the_table_of_the_documents_is_the_catalogues():
    text = (ROOT / "docs" / "metrics.md").read_text()
    assert as_markdown(CATALOGUE.values()) in text, "run: cxmon metrics --markdown"
