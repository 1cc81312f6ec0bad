"""What Slack refuses: the shape and size rules of Block Kit, as problems with their place (JSON pointers)."""

from typing import Any

BLOCKS = {"header", "section", "context", "actions", "image", "divider"}
ALLOWED = {
    "header": {"type", "block_id", "text"},
    "section": {"type", "block_id", "text", "fields", "accessory", "expand"},
    "context": {"type", "block_id", "elements"},
    "actions": {"type", "block_id", "elements"},
    "image": {"type", "block_id", "alt_text", "image_url", "slack_file", "title"},
    "divider": {"type", "block_id"},
}


def length(text: str) -> int:
    """Slack counts UTF-16 units, so that a flag or an emoji weighs more than one."""
    return len(text.encode("utf-16-le")) // 2


def text_problems(text: Any, where: str, *, limit: int, kinds: tuple[str, ...]) -> list[str]:
    if not isinstance(text, dict):
        return [f"must be an object [{where}]"]
    found = []
    if text.get("type") not in kinds:
        found.append(f"unsupported text type {text.get('type')!r} [{where}/type]")
    if extra := set(text) - {"type", "text", "verbatim", "emoji"}:
        found.append(f"unknown properties {sorted(extra)} [{where}]")
    if text.get("type") == "plain_text" and "verbatim" in text:
        found.append(f"verbatim is for mrkdwn only [{where}]")
    words = text.get("text")
    if not isinstance(words, str) or not words:
        found.append(f"must be a non-empty string [{where}/text]")
    elif length(words) > limit:
        found.append(f"must be no more than {limit} characters, has {length(words)} [{where}/text]")
    return found


def _section(block: dict[str, Any], where: str) -> list[str]:
    found = []
    if "text" not in block and not block.get("fields"):
        found.append(f"a section needs text or fields [{where}]")
    if "text" in block:
        found += text_problems(block["text"], f"{where}/text", limit=3000, kinds=("mrkdwn", "plain_text"))
    fields = block.get("fields", [])
    if len(fields) > 10:
        found.append(f"no more than 10 items allowed [{where}/fields]")
    for i, field in enumerate(fields):
        found += text_problems(field, f"{where}/fields/{i}", limit=2000, kinds=("mrkdwn", "plain_text"))
    return found


def _context(block: dict[str, Any], where: str) -> list[str]:
    elements = block.get("elements", [])
    found = [] if 1 <= len(elements) <= 10 else [f"1 to 10 items allowed [{where}/elements]"]
    for i, element in enumerate(elements):
        if element.get("type") == "image":
            continue
        found += text_problems(element, f"{where}/elements/{i}", limit=3000, kinds=("mrkdwn", "plain_text"))
    return found


def _button(element: dict[str, Any], where: str) -> list[str]:
    if element.get("type") != "button":
        return [f"only buttons are known to this server [{where}/type]"]
    found = text_problems(element.get("text"), f"{where}/text", limit=75, kinds=("plain_text",))
    if len(element.get("action_id", "")) > 255:
        found.append(f"must be no more than 255 characters [{where}/action_id]")
    if length(element.get("value", "")) > 2000:
        found.append(f"must be no more than 2000 characters [{where}/value]")
    if len(element.get("url", "")) > 3000:
        found.append(f"must be no more than 3000 characters [{where}/url]")
    if element.get("style") not in {None, "primary", "danger"}:
        found.append(f"unknown style [{where}/style]")
    return found


def _actions(block: dict[str, Any], where: str) -> list[str]:
    elements = block.get("elements", [])
    found = [] if 1 <= len(elements) <= 25 else [f"1 to 25 items allowed [{where}/elements]"]
    for i, element in enumerate(elements):
        found += _button(element, f"{where}/elements/{i}")
    ids = [e.get("action_id") for e in elements]
    if len(set(ids)) != len(ids):
        found.append(f"action_id must be unique in a block [{where}/elements]")
    return found


def _image(block: dict[str, Any], where: str) -> list[str]:
    found = []
    if ("image_url" in block) == ("slack_file" in block):
        found.append(f"exactly one of image_url and slack_file [{where}]")
    if not block.get("alt_text"):
        found.append(f"missing required field: alt_text [{where}]")
    elif length(block["alt_text"]) > 2000:
        found.append(f"must be no more than 2000 characters [{where}/alt_text]")
    if "title" in block:
        found += text_problems(block["title"], f"{where}/title", limit=2000, kinds=("plain_text",))
    return found


def _header(block: dict[str, Any], where: str) -> list[str]:
    return text_problems(block.get("text"), f"{where}/text", limit=150, kinds=("plain_text",))


_BY_TYPE = {"header": _header, "section": _section, "context": _context, "actions": _actions, "image": _image}


def block_problems(blocks: Any) -> list[str]:
    """Every way in which these blocks break Block Kit's rules; an empty list is a valid payload."""
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    found = [] if len(blocks) <= 50 else ["no more than 50 items allowed [json-pointer:/blocks]"]
    for i, block in enumerate(blocks):
        where = f"json-pointer:/blocks/{i}"
        kind = block.get("type")
        if kind not in BLOCKS:
            found.append(f"unsupported type: {kind} [{where}/type]")
            continue
        if extra := set(block) - ALLOWED[kind]:
            found.append(f"unknown properties {sorted(extra)} [{where}]")
        if len(block.get("block_id", "")) > 255:
            found.append(f"must be no more than 255 characters [{where}/block_id]")
        if kind in _BY_TYPE:
            found += _BY_TYPE[kind](block, where)
    ids = [b["block_id"] for b in blocks if "block_id" in b]
    if len(set(ids)) != len(ids):
        found.append("block_id must be unique [json-pointer:/blocks]")
    return found
