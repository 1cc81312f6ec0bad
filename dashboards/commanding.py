"""What the board cannot know by itself is asked of the commands, each in a process of its own with a time limit.

The board imports no statistics and no source; the answer is the one that the terminal gives, and its memory goes with
the process.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from threading import BoundedSemaphore
from typing import Any

from cxmon.model import number_format

LONGEST_S = 90.0
# More at once would only take each other's time; who comes later waits for a place.
_PLACES = BoundedSemaphore(2)
_FRAME = re.compile(r"^[\s│╭╰─╮╯]+|[\s│╭╰─╮╯]+$")


def possible() -> bool:
    """Whether the board was told where the configuration is, which some commands read."""
    return bool(os.environ.get("CXMON_CONFIG"))


def lines(*arguments: str) -> list[str]:
    """What `cxmon ARGUMENTS` prints, a line each; of a failure its sentence."""
    done = ran(arguments, b"", LONGEST_S)
    if isinstance(done, str):
        return [done]
    if done.returncode not in {0, 1}:
        return [said(done.stderr.decode(errors="replace").splitlines())]
    return [line for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]


def asked(*arguments: str, given: bytes = b"", longest_s: float = LONGEST_S) -> dict[str, Any] | str:
    """The JSON of `cxmon ARGUMENTS --json`, or one sentence that says why there is none. `given` is its stdin."""
    done = ran((*arguments, "--json"), given, longest_s)
    if isinstance(done, str):
        return done
    if done.returncode not in {0, 1}:
        return said(done.stderr.decode(errors="replace").splitlines())
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return said(done.stderr.decode(errors="replace").splitlines())
    return found


def ran(arguments: Sequence[str], given: bytes, longest_s: float) -> "subprocess.CompletedProcess[bytes] | str":
    """What came of `cxmon ARGUMENTS` with `given` on its stdin, or one sentence that says why nothing did."""
    return child("cxmon", arguments, given, longest_s)


def child(
    module: str, arguments: Sequence[str], given: bytes, longest_s: float
) -> "subprocess.CompletedProcess[bytes] | str":
    """What came of `python -m MODULE ARGUMENTS`, as `ran`."""
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    # A command without a configuration answers on this page all the same.
    marks = number_format().handed()
    environment = os.environ | {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "4000", "CXMON_NUMBER_FORMAT": marks}
    if not _PLACES.acquire(timeout=longest_s):
        return "Others are asking just now. Try again in a minute."
    try:
        return subprocess.run(  # noqa: S603 - our own modules; arguments are values, no shell reads them.
            command, input=given, capture_output=True, timeout=longest_s, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return f"No answer came within {longest_s:.0f} seconds."
    finally:
        _PLACES.release()


def said(lines: Sequence[str]) -> str:
    """The sentence of an error: what stands around it on a terminal is left out."""
    told = [text for line in lines if (text := _FRAME.sub("", line))]
    if any(text.startswith("Traceback") for text in told):
        return f"It could not be worked out ({told[-1]})."
    told = [text for text in told if not text.startswith(("Usage:", "Try ", "Error"))] or told
    text = re.sub(r"^(Error: )?Invalid value( for [^:]*)?: ", "", told[-1]) if told else "No answer came."
    return text[:1].upper() + text[1:]
