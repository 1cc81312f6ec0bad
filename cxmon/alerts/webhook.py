"""A signed JSON request for each piece of news, for whatever program wants to know."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal
from urllib.parse import urlsplit

from cxmon.alerts import payload
from cxmon.alerts.markup import clean, cut
from cxmon.errors import DeliveryError, SourceError
from cxmon.model import Message, Receipt, Secret, Token

if TYPE_CHECKING:
    import requests

MOST_BYTES = 20_000
SHORTEST_SECRET = 16
LONGEST_HOST = 100
_UNSENDABLE = frozenset({400, 406, 413, 414, 415, 422, 431})
_LATER = frozenset({408, 425, 429, 503})


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A POST of JSON to `url`, signed with `secret`. `token` goes along as a bearer token where the receiver wants one.
    `picture` adds the chart. `allow_private` allows addresses that are not on the internet, and http for them.
    `timeout_s` is how long the receiver may take."""

    url: Secret
    secret: Token
    type: Literal["webhook"] = "webhook"
    token: Token = field(default_factory=lambda: Token(""))
    picture: bool = False
    allow_private: bool = False
    timeout_s: float = 10.0

    pace_s: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url.reveal())
        schemes = {"https", "http"} if self.allow_private else {"https"}
        if parts.scheme not in schemes or not parts.hostname or parts.username:
            raise ValueError("url: found something else, expected an https address without a user in it")
        if len(self.secret.reveal()) < SHORTEST_SECRET:
            raise ValueError(f"secret: found something shorter, expected at least {SHORTEST_SECRET} characters")
        if not 0 < self.timeout_s <= 20:
            raise ValueError(f"timeout_s: found {self.timeout_s:g}, expected more than 0 and at most 20")

    @property
    def draws(self) -> bool:
        """Whether it takes the chart."""
        return self.picture

    def deliver(self, message: Message, previous: Receipt | None, picture: bytes | None) -> Receipt:
        """One request; no redirect is followed. Raises DeliveryError."""
        content = payload.body(message, update=previous is not None, picture=picture if self.picture else None)
        # The receiver compares it with its own clock, so no other moment than this one will do.
        at = int(time.time())  # noqa: TID251
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "cxmon",
            "Idempotency-Key": payload.header(message.key),
            "X-Cxmon-Timestamp": str(at),
            "X-Cxmon-Signature": payload.signature(self.secret.reveal(), at, content),
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token.reveal()}"
        status, wait, words = self._sent(content, headers)
        if 200 <= status < 300:
            return Receipt(channel="webhook", ref=str(status), detail=words)
        raise _refused(status, wait, words)

    def find(self, message: Message, since: datetime, previous: Receipt | None = None) -> Receipt | None:  # noqa: ARG002
        """A receiver is not asked what it knows: always DeliveryError, so that a repeat is marked as one. It comes
        under the same Idempotency-Key."""
        raise DeliveryError("a webhook does not tell what it received", permanent=True)

    def _sent(self, content: bytes, headers: dict[str, str]) -> tuple[int, float | None, str]:
        """(status, seconds to wait, what the receiver says of a refusal). Raises DeliveryError without an answer."""
        import requests  # noqa: PLC0415 - `cxmon validate` must not load it.

        from cxmon.feeds import guard  # noqa: PLC0415
        from cxmon.feeds.exchange import retry_after  # noqa: PLC0415

        with requests.Session() as session:
            # Neither proxies nor a .netrc of the environment: both would send it, or credentials, elsewhere.
            session.trust_env = False
            for scheme in ("https://", "http://"):
                session.mount(scheme, guard.adapter(name="webhook", allow_private=self.allow_private))
            try:
                with session.post(
                    self.url.reveal(), data=content, headers=headers, allow_redirects=False, stream=True,
                    timeout=self.timeout_s,
                ) as response:  # fmt: skip
                    return response.status_code, retry_after(response.headers), self._said(response)
            except SourceError:
                reason = "its address is not on the internet; `allow_private: true` of the channel allows it"
                raise DeliveryError(f"the webhook: {reason}", permanent=True) from None
            except requests.exceptions.SSLError:
                raise DeliveryError("the webhook's certificate is not trusted", permanent=True) from None
            except requests.RequestException as problem:
                raise _no_answer(problem) from None
            except ValueError:
                # The library reads where a redirect leads before it hands the answer over.
                raise DeliveryError("the webhook answered with a redirect to no address", permanent=True) from None

    def _said(self, response: "requests.Response") -> str:
        from cxmon.feeds import body  # noqa: PLC0415

        if response.ok and not response.is_redirect:
            return ""
        try:
            if response.is_redirect:
                host = cut(clean(urlsplit(response.headers["Location"]).hostname or ""), LONGEST_HOST)
                return f"a redirect to {host or 'its own host'}"
            return clean(body.said(body.content(response, MOST_BYTES, time.monotonic() + self.timeout_s)))
        except (body.BodyError, OSError, ValueError):
            return ""


def _refused(status: int, wait: float | None, words: str) -> DeliveryError:
    told = f"the webhook answered {status}" + (f" ({words})" if words else "")
    if 300 <= status < 400:
        return DeliveryError(f"{told}, which is not followed; give the address it leads to", permanent=True)
    if status in _LATER:
        return DeliveryError(told, retry_after=wait)
    if status in _UNSENDABLE:
        return DeliveryError(told, permanent=True, payload=True)
    # Somebody behind a 5xx may have taken it: what comes again has the same Idempotency-Key.
    return DeliveryError(told, permanent=status < 500)


def _no_answer(problem: Exception) -> DeliveryError:
    """Without a connection nothing can have arrived; with one it may have. An address may hold a secret: it is not
    told."""
    import urllib3  # noqa: PLC0415
    from requests.exceptions import ConnectTimeout, InvalidURL  # noqa: PLC0415

    inner: BaseException = problem
    while inner.args and isinstance(inner.args[0], BaseException):
        inner = inner.args[0]
    inner = getattr(inner, "reason", None) or inner
    if isinstance(problem, InvalidURL):
        return DeliveryError("the webhook's url is no address", permanent=True)
    unreached = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError)
    if isinstance(problem, ConnectTimeout) or isinstance(inner, unreached):
        return DeliveryError("the webhook was not reached")
    return DeliveryError(f"the webhook gave no answer ({type(inner).__name__})", in_doubt=True)
