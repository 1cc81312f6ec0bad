"""What the board asks the command line: a change as people write it down is read, and planned for, in a process of its
own. So the board holds no statistics and no reader of configurations, and says the same as `cxmon change plan`."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

from cxmon.errors import ActionError
from cxmon.model import Change, Planned
from cxmon.store import codec
from cxmon.wording import proposing as wording

LONGEST_S = 120
Document = Mapping[str, object]


def can_ask() -> bool:
    """Whether the board knows its configuration: `cxmon board` and `cxmon up` say which."""
    return bool(os.environ.get("CXMON_CONFIG"))


def read(document: Document) -> Change:
    """The change that the document declares, a draft. ActionError with what is wrong in it."""
    return codec.load(Change, _asked(document, "add", "--draft", "--check"))


def plan(document: Document) -> Planned:
    """When a harm of each limit would be seen, and ruled out. ActionError with what is wrong."""
    found = json.loads(_asked(document, "plan"))
    found["outlooks"] = [_outlook(one) for one in found["outlooks"]]
    return codec.load(Planned, json.dumps(found))


def _outlook(told: dict[str, Any]) -> dict[str, Any]:
    """As the store writes it: what is not known is null for people, and has its own word, or its default, here."""
    for name in ("seen", "ruled_out"):
        answer = told.get(name) or {}
        answer.update({figure: "NaN" for figure in ("chance", "smallest") if answer and answer[figure] is None})
    return {name: value for name, value in told.items() if value is not None}


def brief(as_of: date, since: date) -> str:
    """The brief as of the end of a day, with only what was known then, as a page of HTML."""
    return _run("brief", "--as-of", f"{as_of:%Y-%m-%d}", "--since", f"{since:%Y-%m-%d}", "--out", "-")


def _asked(document: Document, *words: str) -> str:
    # YAML holds JSON, so that whatever is typed is text and no syntax.
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in document.items())
    return _run("change", *words, "--file", "-", "--json", text=text)


def _run(*words: str, text: str = "") -> str:
    """What `cxmon WORDS` prints."""
    command = [sys.executable, "-m", "cxmon", *words]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell.
            command, input=text, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActionError(wording.no_answer(str(error))) from error
    if done.returncode:
        raise ActionError(wording.refused(done.stderr))
    return done.stdout
