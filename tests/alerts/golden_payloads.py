"""What Slack gets for every sort of message. `python tests/alerts/golden_payloads.py --write` writes the files anew;
nothing else does, so that a changed message is seen as a changed file."""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def payloads():
    """Payload documents by name."""
    from alert_samples import messages

    from cxmon.alerts import blocks

    found = {}
    for name, message in messages().items():
        reply = message.reply and {
            "text": blocks.reply_text(message.reply),
            "blocks": blocks.render_reply(message.reply),
        }
        found[name] = {
            "key": message.key,
            "text": blocks.notification(message),
            "blocks": blocks.render(message),
            "plain": blocks.plain_text(message),
            "reply": reply or None,
        }
    return found


def dumped(payload):
    return json.dumps(payload, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("say --write to write the golden payloads anew")
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, payload in payloads().items():
        (FOLDER / f"{name}.json").write_text(dumped(payload), encoding="utf-8")
