"""What Slack refuses of a view: the rules of modals, input blocks and their elements."""

import re
from typing import Any

from fakeslack.rules import block_problems, text_problems

ALLOWED = {
    "type", "title", "blocks", "close", "submit", "private_metadata", "callback_id", "clear_on_close",
    "notify_on_close", "external_id", "submit_disabled",
}  # fmt: skip
INPUT = {"type", "block_id", "label", "element", "dispatch_action", "hint", "optional"}
ELEMENTS = {
    "plain_text_input": {"action_id", "multiline", "min_length", "max_length", "initial_value", "placeholder",
                         "dispatch_action_config", "focus_on_load"},
    "radio_buttons": {"action_id", "options", "initial_option", "confirm", "focus_on_load"},
    "checkboxes": {"action_id", "options", "initial_options", "confirm", "focus_on_load"},
    "static_select": {"action_id", "options", "option_groups", "initial_option", "placeholder", "confirm",
                      "focus_on_load"},
    "multi_static_select": {"action_id", "options", "option_groups", "initial_options", "placeholder", "confirm",
                            "max_selected_items", "focus_on_load"},
    "datepicker": {"action_id", "initial_date", "placeholder", "confirm", "focus_on_load"},
    "timepicker": {"action_id", "initial_time", "placeholder", "confirm", "focus_on_load", "timezone"},
    "users_select": {"action_id", "initial_user", "placeholder", "confirm", "focus_on_load"},
}  # fmt: skip
MOST_OPTIONS = {"radio_buttons": 10, "checkboxes": 10, "static_select": 100, "multi_static_select": 100}


def view_problems(view: Any) -> list[str]:
    """Every way in which a modal breaks Slack's rules; an empty list is a valid one."""
    if not isinstance(view, dict) or view.get("type") != "modal":
        return ["a view of type modal expected [json-pointer:/view]"]
    found = [f"unknown properties {sorted(extra)} [/view]"] if (extra := set(view) - ALLOWED) else []
    for name in ("title", "submit", "close"):
        if name in view or name == "title":
            found += text_problems(view.get(name), f"/view/{name}", limit=24, kinds=("plain_text",))
    for name, limit in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if len(view.get(name, "")) > limit:
            found.append(f"must be no more than {limit} characters [/view/{name}]")
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= 100:
        return [*found, "1 to 100 blocks allowed [/view/blocks]"]
    inputs = [b for b in blocks if b.get("type") == "input"]
    if inputs and "submit" not in view:
        found.append("submit is required where there are inputs [/view/submit]")
    found += block_problems([b for b in blocks if b.get("type") != "input"][:50])
    for i, block in enumerate(inputs):
        found += _input(block, f"/view/inputs/{i}")
    ids = [b["block_id"] for b in blocks if "block_id" in b]
    if len(set(ids)) != len(ids):
        found.append("block_id must be unique [/view/blocks]")
    return found


def _input(block: dict[str, Any], where: str) -> list[str]:
    found = [f"unknown properties {sorted(extra)} [{where}]"] if (extra := set(block) - INPUT) else []
    found += text_problems(block.get("label"), f"{where}/label", limit=2000, kinds=("plain_text",))
    if "hint" in block:
        found += text_problems(block["hint"], f"{where}/hint", limit=2000, kinds=("plain_text",))
    element = block.get("element") or {}
    kind = element.get("type")
    if kind not in ELEMENTS:
        return [*found, f"unsupported type: {kind} [{where}/element]"]
    if extra := set(element) - ELEMENTS[kind] - {"type"}:
        found.append(f"unknown properties {sorted(extra)} [{where}/element]")
    if not 1 <= len(element.get("action_id", "")) <= 255:
        found.append(f"1 to 255 characters [{where}/element/action_id]")
    if "placeholder" in element:
        found += text_problems(element["placeholder"], f"{where}/placeholder", limit=150, kinds=("plain_text",))
    if kind == "plain_text_input":
        most = element.get("max_length", 3000)
        if not 1 <= most <= 3000:
            found.append(f"1 to 3000 [{where}/element/max_length]")
        if len(element.get("initial_value", "")) > most:
            found.append(f"must be no more than {most} characters [{where}/element/initial_value]")
    if "initial_date" in element and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", element["initial_date"]):
        found.append(f"YYYY-MM-DD expected [{where}/element/initial_date]")
    if "initial_time" in element and not re.fullmatch(r"\d{2}:\d{2}", element["initial_time"]):
        found.append(f"HH:mm expected [{where}/element/initial_time]")
    if kind.endswith("select"):
        values = [o.get("value") for o in element.get("options", [])]
        if len(set(values)) != len(values):
            found.append(f"values of options must be unique [{where}/element/options]")
    return found + (_options(element, where, MOST_OPTIONS[kind]) if kind in MOST_OPTIONS else [])


def _options(element: dict[str, Any], where: str, most: int) -> list[str]:
    options = element.get("options") or []
    found = [] if 1 <= len(options) <= most else [f"1 to {most} options allowed [{where}/element/options]"]
    for i, option in enumerate(options):
        found += text_problems(option.get("text"), f"{where}/options/{i}", limit=75, kinds=("plain_text", "mrkdwn"))
        if not 1 <= len(option.get("value", "")) <= 150:
            found.append(f"1 to 150 characters [{where}/options/{i}/value]")
    initial = element.get("initial_option")
    if initial is not None and initial not in options:
        found.append(f"must be one of the options [{where}/element/initial_option]")
    return found
