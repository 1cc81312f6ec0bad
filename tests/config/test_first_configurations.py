"""What `cxmon init` writes for vendors follows the catalogue wherever the vendor's figure is one of its formulas."""

import re
from pathlib import Path

import pytest

from cxmon.config import load

FOLDER = Path(__file__).parents[2] / "cxmon" / "config"
FILES = [
    *(FOLDER / f"first-{name}.yaml" for name in (
        "zendesk", "freshdesk", "intercom", "stripe", "genesys", "five9", "amazon-connect", "talkdesk", "dbt-zendesk",
        "dbt-intercom", "dbt-stripe",
    )),
    FOLDER / "recipes" / "hubspot.yaml", FOLDER / "recipes" / "jira-service-management.yaml",
]  # fmt: skip
# What no entry of the catalogue is.
OTHERS = {"response_rate", "speed_of_answer", "wait", "sla_undecided", "payment_failed"}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_it_follows_the_catalogue_and_says_nothing_against_it(path):
    named = re.findall(r"\$\{(\w+)\}", path.read_text(encoding="utf-8"))
    environ = dict.fromkeys(named, "sixteen and more of chance") | {"WAREHOUSE_URL": "sqlite:///warehouse.db"}
    plan = load(path, environ=environ)
    assert [note for note in plan.notes if "no squares" not in note] == []
    assert {name for name, metric in plan.metrics.items() if not metric.standard} <= OTHERS
    for metric in plan.metrics.values():
        # An answer that is counted by its own day is there on that day.
        by_answer = metric.standard in {"csat", "nps", "ces"} and metric.read.time in {"rated_at", "answered_at"}
        assert not by_answer or metric.matures_after.days == 1
        assert set(metric.guards) <= set(plan.metrics)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_survey_has_its_response_rate_or_the_file_says_why_not(path):
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"\$\{(\w+)\}", text)
    environ = dict.fromkeys(named, "sixteen and more of chance") | {"WAREHOUSE_URL": "sqlite:///warehouse.db"}
    surveys = [m for m in load(path, environ=environ).metrics.values() if m.standard in {"csat", "nps", "ces"}]
    silent = [metric for metric in surveys if not metric.response_of]
    assert not silent or re.search("(without a response rate|Response rates are not known): ", text)
