"""Every sort of message has its payload on file, and every payload is one that Slack takes."""

import json

import pytest
from fakeslack.rules import block_problems, length
from golden_payloads import FOLDER, dumped, payloads
from slack_sdk.models.blocks import Block

NAMES = sorted(payloads())


def test_the_files_on_record_are_exactly_those_of_the_samples():
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_message_is_rendered_as_on_record(name):
    on_record = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert dumped(payloads()[name]) == on_record


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_on_record_is_valid_for_the_sdk_and_for_our_rules(name):
    payload = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    for blocks in [payload["blocks"], (payload["reply"] or {"blocks": []})["blocks"]]:
        parsed = Block.parse_all(blocks)
        assert [type(p).__name__ for p in parsed].count("NoneType") == 0
        for block in parsed:
            block.validate_json()
        assert block_problems(blocks) == []
    assert 0 < length(payload["text"]) <= 4_000
    assert 0 < length(payload["plain"]) <= 4_000


@pytest.mark.parametrize("name", NAMES)
def test_no_payload_on_record_holds_a_button_that_nobody_hears(name):
    kinds = {block["type"] for block in payloads()[name]["blocks"]}
    assert "actions" not in kinds
