"""The token that a client's credentials are exchanged for, held while a source is read and never stored."""

import time
from dataclasses import dataclass, field

import requests

from cxmon.errors import AccessError
from cxmon.feeds import body
from cxmon.feeds.auth import ClientCredentials
from cxmon.feeds.exchange import AGAIN, asked_to_wait

# A token is an answer of a few lines.
_MOST_BYTES = 100_000
# So long before its end a token is replaced: the request that carries it takes a while.
_EARLY_S = 30.0


class NotYetError(Exception):
    """No token came, and another attempt may bring one: why, and how long the vendor asks to wait."""

    def __init__(self, reason: str, wait_s: float | None) -> None:
        self.reason, self.wait_s = reason, wait_s
        super().__init__(reason)


@dataclass(kw_only=True)
class Grant:
    """Asks for tokens at `url`; `name` is the source's, for errors."""

    name: str
    url: str
    credentials: ClientCredentials
    timeout_s: float
    _token: str = field(default="", repr=False)
    _ends: float = 0.0
    _worked: bool = False

    def headers(self, session: requests.Session) -> dict[str, str]:
        """The header for the next request. AccessError where the credentials are refused, NotYetError where no token
        came, BodyError where something else did."""
        if not self._token or time.monotonic() > self._ends:
            self._ask(session)
        return {"Authorization": f"Bearer {self._token}"}

    def worked(self) -> None:
        self._worked = True

    def renew(self) -> bool:
        """Gives up a token that was refused, if it was taken before: another one is worth an attempt then."""
        worth, self._token, self._worked = self._worked, "", False
        return worth

    def _ask(self, session: requests.Session) -> None:
        deadline = time.monotonic() + self.timeout_s
        with session.post(
            self.url, data=self.credentials.form, stream=True, allow_redirects=False, timeout=self.timeout_s
        ) as response:
            raw = body.content(response, _MOST_BYTES, deadline)
        status, words = response.status_code, body.said(raw)
        told = f"the request for a token was answered {status}" + (f" ({words})" if words else "")
        if status in AGAIN:
            raise NotYetError(told, asked_to_wait(status, response.headers))
        found = body.parsed(raw, response.headers.get("Content-Type", "")) if 200 <= status < 300 else {}
        token = found.get("access_token") if isinstance(found, dict) else None
        if not isinstance(token, str) or not token.isprintable() or not token:
            reason = "the credentials were not accepted" if status >= 400 else "no access_token was in it"
            raise AccessError(f"{self.name}: {told}: {reason}")
        lasts = found.get("expires_in")
        seconds = float(lasts) if isinstance(lasts, int | float) and 0 < lasts < 1e9 else 3600.0
        self._token, self._worked = token, False
        self._ends = time.monotonic() + max(seconds - _EARLY_S, seconds / 2)
