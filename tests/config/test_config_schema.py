"""The editors' schema and the loader say the same."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
import yaml

from cxmon.config import load, schema
from cxmon.errors import ConfigError

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema comes with the board's libraries")

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "cxmon.yaml"
FIRST = sorted((ROOT / "cxmon" / "config").glob("first*.yaml")) + sorted((ROOT / "cxmon/config/recipes").iterdir())
NAMED = {name for path in FIRST for name in re.findall(r"\$\{(\w+)", path.read_text(encoding="utf-8"))}
SECRETS = dict.fromkeys(NAMED, "chance chance chance") | dict.fromkeys(
    NAMED & {"DESK_URL", "WAREHOUSE_URL"}, "sqlite:///desk.db"
)
WRONG = Path(__file__).with_name("wrong")
SEEN_BY_EDITORS = [
    "kind-misspelt",
    "unknown-key",
    "unknown-top-level-key",
    "no-kind",
    "no-metrics",
    "only-a-list",
    "by-not-nested",
    "number-as-text",
    "number-in-quotes",
    "plug-in-unknown",
    "plug-in-without-type",
    "plug-in-option-unknown",
    "plug-in-option-missing",
    "size-unreadable",
    "duration-unreadable",
    "american-date",
    "silence-without-end",
    "quantile-too-large",
    "alarm-budget-zero",
    "team-of-two",
    "version-of-tomorrow",
    "name-with-spaces",
    "currency-unknown",
    "owner-is-a-person",
    "feed-paging-unknown",
    "feed-token-in-plain-sight",
    "holidays-country-missing",
    "holidays-country-by-name",
    "holidays-unknown-key",
    "holidays-day-without-date",
]


def as_editors_see(path):
    """YAML as JSON: editors read a date as text."""

    def plain(node):
        if isinstance(node, dict):
            return {str(key): plain(value) for key, value in node.items()}
        if isinstance(node, list):
            return [plain(value) for value in node]
        return node.isoformat() if isinstance(node, dt.date) else node

    return plain(yaml.safe_load(path.read_text()))


@pytest.fixture(scope="module")
def validator():
    described = schema()
    jsonschema.Draft202012Validator.check_schema(described)
    return jsonschema.Draft202012Validator(described)


@pytest.mark.parametrize("path", [EXAMPLE, *FIRST], ids=lambda path: path.name)
def test_what_the_loader_takes_the_schema_takes(validator, path):
    load(path, environ=SECRETS)
    assert [error.message for error in validator.iter_errors(as_editors_see(path))] == []


@pytest.mark.parametrize("name", SEEN_BY_EDITORS)
def test_editors_see_the_mistake_too(validator, name):
    assert list(validator.iter_errors(as_editors_see(WRONG / f"{name}.yaml")))


def objects(node, where=()):
    """Every mapping with known keys in the schema, with the way to it."""
    if isinstance(node, dict):
        if node.get("additionalProperties") is False:
            yield where, node
        for key, child in node.items():
            yield from objects(child, (*where, key))
    elif isinstance(node, list):
        for i, child in enumerate(node):
            yield from objects(child, (*where, i))


def test_every_key_is_described(validator):
    bare = [
        (where, key)
        for where, node in objects(validator.schema)
        for key, value in node["properties"].items()
        if not value.get("description")
    ]
    assert bare == []


PLACES = {
    (): lambda keys: keys,
    ("metrics",): lambda keys: {"metrics": {"m": keys}},
    ("metrics", "read"): lambda keys: {"metrics": {"m": {"read": keys}}},
    ("metrics", "words"): lambda keys: {"metrics": {"m": {"words": keys}}},
    ("changes",): lambda keys: {"changes": [keys]},
    ("changes", "saving"): lambda keys: {"changes": [{"saving": keys}]},
    ("changes", "stages"): lambda keys: {"changes": [{"stages": [keys, keys]}]},
    ("silences",): lambda keys: {"silences": [keys]},
    ("targets",): lambda keys: {"targets": [keys]},
    ("routes",): lambda keys: {"routes": [keys]},
    ("holidays",): lambda keys: {"holidays": keys},
    ("holidays", "extra_days", "anyOf", 1): lambda keys: {"holidays": {"extra_days": [keys]}},
    ("calendars",): lambda keys: {"calendars": {"c": keys}},
    ("calendars", "holidays"): lambda keys: {"calendars": {"c": {"holidays": keys}}},
    ("calendars", "holidays", "extra_days", "anyOf", 1): lambda keys: {
        "calendars": {"c": {"holidays": {"extra_days": [keys]}}}
    },
    ("dimensions",): lambda keys: {"dimensions": {"d": keys}},
    ("number_format",): lambda keys: {"number_format": keys},
    ("schedule",): lambda keys: {"schedule": keys},
    ("alarm_budget",): lambda keys: {"alarm_budget": keys},
    ("money",): lambda keys: {"money": keys},
    ("money", "exchange_rates"): lambda keys: {"money": {"exchange_rates": keys}},
    ("money", "customers"): lambda keys: {"money": {"customers": keys}},
    ("money", "contacts"): lambda keys: {"money": {"contacts": keys}},
    ("team_agreement",): lambda keys: {"team_agreement": keys},
    ("privacy",): lambda keys: {"privacy": keys},
    ("access",): lambda keys: {"access": keys},
    ("access", "oidc"): lambda keys: {"access": {"oidc": keys}},
    ("mutes",): lambda keys: {"mutes": {"m": keys}},
    ("views",): lambda keys: {"views": {"v": keys}},
    ("digest",): lambda keys: {"digest": keys},
    ("views", "digest"): lambda keys: {"views": {"v": {"digest": keys}}},
}


PARTS = {
    (): lambda keys: keys,
    ("auth",): lambda keys: {"auth": keys},
    ("columns",): lambda keys: {"columns": {"c": keys}},
    ("streams",): lambda keys: {"streams": {"s": keys}},
    ("streams", "paging"): lambda keys: {"streams": {"s": {"paging": keys}}},
    ("streams", "deleted"): lambda keys: {"streams": {"s": {"deleted": keys}}},
    ("flapping",): lambda keys: {"flapping": keys},
    ("streams", "fields", "anyOf", 1): lambda keys: {"streams": {"s": {"fields": {"f": keys}}}},
}


def test_the_loader_knows_every_key_of_the_schema_and_no_other(validator, tmp_path):
    path = tmp_path / "cxmon.yaml"
    tried = 0
    for where, node in objects(validator.schema):
        names = tuple(step for step in where if step not in {"properties", "items", "additionalProperties"})
        if "oneOf" in names:
            section, _, number, *part = names
            plugin = validator.schema["properties"][section]["additionalProperties"]["oneOf"][number]["title"]
            title = node.get("title", plugin)
            keys = dict.fromkeys(node["properties"], title)
            parts = tuple(part[:-2] if part[-2:-1] == ["oneOf"] else part)
            place = {"sources": {}} | {section: {"p": {"type": plugin} | PARTS[parts](keys)}}
        else:
            place = PLACES[names](dict.fromkeys(node["properties"], "x"))
        path.write_text(json.dumps(place | {"nonsense": 1}))
        with pytest.raises(ConfigError) as refused:
            load(path, environ={})
        unknown = [problem for problem in refused.value.problems if "unknown key" in problem]
        assert ["'nonsense'" in problem for problem in unknown] == [True], unknown
        tried += 1
    assert tried >= len(PLACES) + 8


def test_the_schema_beside_the_example_is_fresh():
    kept = json.loads((ROOT / "config" / "cxmon.schema.json").read_text())
    assert kept == schema(), "run: cxmon schema > config/cxmon.schema.json"
