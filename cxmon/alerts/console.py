"""Messages to standard output: the channel that needs no account and no token."""

import hashlib
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from cxmon.alerts.text import render
from cxmon.errors import DeliveryError
from cxmon.model import Message, Receipt

PRINTED = "printed"


def write(message: Message, previous: Receipt | None, *, note: str = "") -> Receipt:
    """Print a message (an update where `previous` is given) and say so in the receipt. Raises DeliveryError where
    standard output is gone."""
    text = render(message, update=previous is not None)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        # A terminal that cannot show a character shows a question mark: better than no message.
        sys.stdout.write(text.encode(encoding, errors="replace").decode(encoding) + "\n")
        sys.stdout.flush()
    except (OSError, ValueError) as problem:
        raise DeliveryError(f"standard output does not take the message: {problem}") from problem
    return Receipt(
        channel="console", ref=hashlib.sha256(message.thread.encode()).hexdigest()[:16], detail=note or PRINTED
    )


@dataclass(frozen=True, kw_only=True)
class Console:
    """Prints every message; later ones of a thread are printed with what is new in front."""

    type: Literal["console"] = "console"
    pace_s: ClassVar[float] = 0.0
    draws: ClassVar[bool] = False

    def deliver(self, message: Message, previous: Receipt | None, picture: bytes | None) -> Receipt:  # noqa: ARG002
        """Print the words; a terminal shows no pictures."""
        return write(message, previous)

    def find(self, message: Message, since: datetime, previous: Receipt | None = None) -> Receipt | None:  # noqa: ARG002
        """Nobody can look up what a terminal showed: always DeliveryError, so that a repeat is marked as one."""
        raise DeliveryError("a console keeps no record of what it printed", permanent=True)
