"""Mail over SMTP: a letter for each piece of news, in one thread for each story, with the chart inside."""

import logging
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate
from functools import partial
from typing import ClassVar, Literal

from cxmon.alerts.letter import compose, receipt
from cxmon.alerts.smtp import Server, hand_over
from cxmon.errors import DeliveryError
from cxmon.model import Message, Receipt, Token

log = logging.getLogger(__name__)

PORTS = {"starttls": 587, "tls": 465, "none": 25}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Email:
    """Letters through the mail server `host`. `sender` is the address they come from, `to` the addresses they go to,
    `reply_to` where answers go. `security` is starttls (port 587), tls (465), or none (25), which is for this machine
    only unless `allow_plain` is true; `port` is another port. `user` and `password` sign in. `ca_file` names a
    company's own certificate authority. `timeout_s` is how long the server may take for one answer."""

    host: str
    sender: str
    to: tuple[str, ...]
    type: Literal["email"] = "email"
    port: int = 0
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Token = field(default_factory=lambda: Token(""))
    reply_to: str = ""
    ca_file: str = ""
    allow_plain: bool = False
    timeout_s: float = 10.0

    pace_s: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise ValueError("host: found nothing, expected a mail server's name")
        if not 0 <= self.port <= 65_535:
            raise ValueError(f"port: found {self.port}, expected a port such as 587")
        if not 0 < self.timeout_s <= 20:
            raise ValueError(f"timeout_s: found {self.timeout_s:g}, expected more than 0 and at most 20")
        if not self.to:
            raise ValueError("to: found nothing, expected at least one address")
        for key, address in (("sender", self.sender), *(("to", one) for one in self.to), ("reply_to", self.reply_to)):
            if (address or key != "reply_to") and not _ADDRESS.fullmatch(address):
                raise ValueError(f"{key}: found {address[:80]!r}, expected an address such as cx@example.com")
        if self.security == "none" and self.host not in LOOPBACK:
            if self.password:
                raise ValueError("security: found none with a password, expected starttls or tls")
            if not self.allow_plain:
                raise ValueError(f"security: found none for {self.host}, expected starttls or tls (or allow_plain)")

    def deliver(self, message: Message, previous: Receipt | None, picture: bytes | None) -> Receipt:
        """One letter to all of `to`; where some are refused the others get it. Raises DeliveryError."""
        forms = [picture, None] if picture is not None else [None]
        write = partial(
            compose, message, previous, sender=self.sender, to=self.to, reply_to=self.reply_to,
            date=formatdate(usegmt=True),
        )  # fmt: skip
        letters = [write(picture=shown) for shown in forms]
        refused = hand_over(self._server, [bytes(letter) for letter in letters], sender=self.sender, to=self.to)
        detail = "; ".join(f"refused for {address}: {why}" for address, why in refused.items())
        if detail:
            log.warning("%s: %s", message.thread, detail)
        return receipt(letters[0], previous, message, detail)

    def find(self, message: Message, since: datetime, previous: Receipt | None = None) -> Receipt | None:  # noqa: ARG002
        """Nobody can look into other people's mailboxes: always DeliveryError, so that a repeat is marked as one."""
        raise DeliveryError("a mail server does not tell what it delivered", permanent=True)

    @property
    def _server(self) -> Server:
        return Server(
            host=self.host, port=self.port or PORTS[self.security], security=self.security, user=self.user,
            password=self.password, ca_file=self.ca_file, timeout_s=self.timeout_s,
        )  # fmt: skip
