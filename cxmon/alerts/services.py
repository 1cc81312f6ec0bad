"""PagerDuty, Teams, Opsgenie and a hundred others through apprise: words, a title and a link."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cxmon.alerts.markup import clean, cut, cut_lines, safe_url, unformatted
from cxmon.alerts.parts import one_line
from cxmon.errors import DeliveryError
from cxmon.model import Message, Receipt, Token, Tone

if TYPE_CHECKING:
    import apprise

MISSING = "apprise is not installed; pip install 'cxmon[apprise]'"
# All together: another worker takes a message for lost when the lease of the first is over.
MOST_S = 40.0
TITLE, BODY = 200, 3_000
_URGENCY: Mapping[Tone, str] = {Tone.RED: "failure", Tone.AMBER: "warning", Tone.TEAL: "success", Tone.GREY: "info"}
_STATUS = re.compile(r"error=(\d{3})\b")
_SCHEME = re.compile(r"[a-z0-9+.-]{1,30}(?=://)")


# What one service or another reads as a mention, a tag or a link.
_MARKS = str.maketrans({"@": "＠", "<": "‹", ">": "›", "[": "［", "]": "］"})


def _harmless(text: str) -> str:
    """Data as words, wherever it arrives: it cannot call anyone."""
    return unformatted(clean(text)).translate(_MARKS)


@dataclass(frozen=True, kw_only=True)
class Apprise:
    """A service that apprise knows (the extra `apprise`). `url` is its address as apprise writes it, such as
    pagerduty://KEY@API or workflows://HOST/ID/SIGNATURE; it holds a secret and stands in the environment."""

    url: Token
    type: Literal["apprise"] = "apprise"
    pace_s: ClassVar[float] = 1.0
    draws: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not _SCHEME.match(self.url.reveal()):
            raise ValueError("url: found something else, expected an address of apprise such as pagerduty://KEY@API")

    def deliver(self, message: Message, previous: Receipt | None, picture: bytes | None) -> Receipt:  # noqa: ARG002
        """Each piece of news is a message of its own: apprise can neither edit nor thread. Raises DeliveryError."""
        service = self._service()
        said: list[str] = []
        link = safe_url(message.link)
        news = (message.reply or "").splitlines() if previous is not None else []
        facts = [f"{f.label}: {f.text}" for f in message.facts]
        lines = cut_lines(map(_harmless, [*news, *message.lines, *facts, message.footer]), BODY)
        found: Any = service.notify(
            title=cut(_harmless(one_line(clean(message.badge), clean(message.title))), TITLE) or "cxmon",
            body="\n".join([line for line in lines if line] + ([link] if link else [])) or "cxmon",
            notify_type=_URGENCY[message.tone],
            body_format="text",
            timeout=MOST_S,
            log_callback=lambda entry, _: said.append(str(entry.message)),
        )
        if found:
            return Receipt(channel="apprise", ref=self._name)
        raise self._refused(getattr(getattr(found, "status", None), "name", ""), said)

    def find(self, message: Message, since: datetime, previous: Receipt | None = None) -> Receipt | None:  # noqa: ARG002
        """Nothing can be looked up through apprise: always DeliveryError, so that a repeat is marked as one."""
        raise DeliveryError("apprise does not tell what arrived", permanent=True)

    def _service(self) -> "apprise.Apprise":
        try:
            import apprise  # noqa: PLC0415 - an extra.
        except ImportError as error:
            raise DeliveryError(MISSING, permanent=True) from error
        # What it logs may quote an address, which is a secret: it is read here and printed nowhere.
        logging.getLogger("apprise").propagate = False
        service = apprise.Apprise(asset=apprise.AppriseAsset(storage_mode="memory", secure_logging=True))
        if not service.add(self.url.reveal()):
            raise DeliveryError(f"apprise does not know this {self._name} address; see its page of it", permanent=True)
        return service

    @property
    def _name(self) -> str:
        """The service, which is no secret."""
        found = _SCHEME.match(self.url.reveal())
        return f"{found[0] if found else 'nameless'}://"

    def _refused(self, status: str, said: list[str]) -> DeliveryError:
        """Of what apprise logged only the HTTP status counts: the rest is words, and may hold the address."""
        codes = [int(m[1]) for line in said for m in _STATUS.finditer(line)]
        code = codes[-1] if codes else 0
        told = f"{self._name} answered {code}" if code else f"{self._name} was not reached or gave no clear answer"
        if status == "TIMEOUT":
            return DeliveryError(told, in_doubt=True)
        if code in {400, 413, 422}:
            return DeliveryError(told, permanent=True, payload=True)
        if 400 <= code < 500 and code not in {408, 425, 429}:
            return DeliveryError(told, permanent=True)
        return DeliveryError(told)
