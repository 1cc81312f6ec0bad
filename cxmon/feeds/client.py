"""One vendor's API: requests that are repeated where that helps, and errors that say what to do."""

import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from urllib3.exceptions import NameResolutionError

from cxmon.contracts import Meter
from cxmon.errors import AccessError, RefusedError, SourceError
from cxmon.feeds import body, guard
from cxmon.feeds.auth import Auth, ClientCredentials
from cxmon.feeds.exchange import AGAIN, Answer, Call, Limits, asked_to_wait
from cxmon.feeds.grant import Grant, NotYetError
from cxmon.model import written

_MOST_REDIRECTS = 5
# The status of an answer that there is nothing, which has no body to be read.
_NOTHING = 204
_BEGINNING = 4096
_PORTS = {"http": 80, "https": 443}
# How long a name is not looked up again that a slow resolver did not know.
_REMEMBERED_S = 60.0
# When it was that a slow resolver knew no address for a host, and why, for all streams of a run (`time.monotonic`).
_UNKNOWN: dict[str, tuple[float, str]] = {}


@dataclass(frozen=True, kw_only=True)
class _Again:
    """An attempt that came to nothing: why, how long to wait if the vendor says so, and how many more are worth it."""

    reason: str
    wait_s: float | None = None
    at_most: int = 100


class Client:
    """Sends calls to one host, with its credentials, and to no other. `name` is the source's, for errors."""

    def __init__(
        self,
        name: str,
        base_url: str,
        auth: Auth | None,
        *,
        limits: Limits | None = None,
        allow_private: bool = False,
        headers: Mapping[str, str] | None = None,
        ca_file: str = "",
    ) -> None:
        self.name = name
        self.meter = Meter()
        self._base = urlsplit(base_url.rstrip("/") + "/")
        self._auth, self._limits = auth, limits or Limits()
        self._closed = threading.Event()
        # A page is asked for while the one before it is read, which may have to ask for something itself: that waits,
        # also where the vendor has asked to wait.
        self._in_turn = threading.Lock()
        self._session = requests.Session()
        # Neither proxies nor a .netrc of the environment: both would send requests or credentials elsewhere.
        self._session.trust_env = False
        if ca_file:
            self._session.verify = _certificates(name, ca_file)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, guard.adapter(name=name, allow_private=allow_private))
        asked = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "cxmon"}
        self._session.headers.update(asked | dict(headers or {}) | (auth.headers() if auth else {}))
        self._grant: Grant | None = None
        if isinstance(auth, ClientCredentials):
            # The one address besides the host that is sent something, and credentials of its own only.
            place = auth.token_url if "://" in auth.token_url else self.url(auth.token_url)
            self._grant = Grant(name=name, url=place, credentials=auth, timeout_s=self._limits.timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        # Whoever is asked next may be the same vendor.
        with self._in_turn:
            self._session.close()

    def send(self, call: Call) -> Answer:
        """The answer's JSON. Raises AccessError for 401 and 403, RefusedError for another refusal, SourceError else."""
        with self._in_turn:
            if self._closed.is_set():
                raise SourceError(f"{self._where(call)}: nobody waits for it any more")
            return self._sent(call)

    def _sent(self, call: Call) -> Answer:
        waited, limits = 0.0, self._limits
        attempt = 0
        while True:
            found = self._attempt(call)
            if isinstance(found, Answer):
                return found
            wait = found.wait_s if found.wait_s is not None else limits.first_wait_s * 2**attempt
            attempt += 1
            if attempt > min(limits.retries, found.at_most):
                raise SourceError(f"{self._where(call)}: {found.reason}; tried {_times(attempt)}")
            if waited + wait > limits.most_wait_s:
                most = written(limits.most_wait_s)
                asked = f"asked to wait {written(wait)} s, where {most} s are the most for one request"
                raise SourceError(f"{self._where(call)}: {found.reason}; {asked}; the next run goes on from here")
            if self._closed.wait(wait):
                raise SourceError(f"{self._where(call)}: {found.reason}; nobody waits for it any more")
            waited += wait
            self.meter.waited_s += wait

    def url(self, place: str) -> str:
        """An absolute address of this host. SourceError where `place` leads to another one: a token must not leak."""
        # A path begins below the base, whatever slash it begins with.
        return self.link(place if "://" in place[:10] else place.lstrip("/"))

    def link(self, place: str) -> str:
        """The same for a link in an answer, which a slash leads to the host's root."""
        found = urlsplit(urljoin(self._base.geturl(), place))
        if _origin(found) != _origin(self._base):
            raise SourceError(
                f"{self.name}: a link to {_shown(found)} was not followed; it is not {_shown(self._base)}"
            )
        return found.geturl()

    def storable(self, link: str) -> str:
        """A link in an answer, absolute, as it may be stored: without the parameters that say who asks."""
        mine = self._auth.params() if self._auth else {}
        parts = urlsplit(self.link(link))
        kept = [pair for pair in parts.query.split("&") if pair.partition("=")[0] not in mine]
        return parts._replace(query="&".join(kept)).geturl()

    def _where(self, call: Call) -> str:
        path = urlsplit(call.url).path or "/"
        return f"{self.name}: {call.place + ' of ' if call.place else ''}{call.method} {path}"

    def _attempt(self, call: Call) -> Answer | _Again:
        began = time.monotonic()
        deadline = began + 5 * self._limits.timeout_s
        if (known := _unknown(self._base.hostname, began)) is not None:
            return known
        try:
            with self._response(call) as response:
                raw = body.content(response, self._limits.most_bytes, deadline)
                return self._judged(call, response, raw)
        except NotYetError as problem:
            return _Again(reason=problem.reason, wait_s=problem.wait_s)
        except body.BodyError as problem:
            if problem.again:
                return _Again(reason=f"the answer was {problem}", at_most=2)
            raise SourceError(f"{self._where(call)}: the answer was {problem}") from None
        except requests.exceptions.SSLError as problem:
            told = f"the certificate was not accepted: {_reason(problem).partition(' (_ssl')[0]}"
            raise SourceError(f"{self._where(call)}: {told} (`ca_file` names a company's own authority)") from None
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            return _Again(reason=f"no answer within {written(self._limits.timeout_s, 'g')} s")
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as problem:
            if (host := _unresolved(problem)) is not None:
                why = _reason(problem).rpartition("] ")[2].rstrip(")")
                told = f"no address was found for the host {host} ({why}): is the name right?"
                slow = time.monotonic() - began >= self._limits.slow_lookup_s
                if slow and host == self._base.hostname:
                    _UNKNOWN[host] = time.monotonic(), told
                return _Again(reason=told, at_most=int(not slow))
            return _Again(reason=f"the connection failed: {_reason(problem)}")
        except urllib3.exceptions.HTTPError as problem:
            return _Again(reason=f"the connection broke: {_reason(problem)}")
        except requests.exceptions.RequestException as problem:
            raise SourceError(f"{self._where(call)}: the request cannot be sent: {type(problem).__name__}") from None

    def _response(self, call: Call) -> requests.Response:
        """The response after redirects on the same host."""
        mine: dict[str, str] = self._auth.params() if self._auth else {}
        url, params = self.url(call.url), dict(call.params) | mine
        granted = self._grant.headers(self._session) if self._grant else {}
        for _ in range(_MOST_REDIRECTS + 1):
            self.meter.requests += 1
            response = self._session.request(
                call.method, url, params=params, json=call.json, stream=True, allow_redirects=False,
                headers=granted, timeout=(min(10.0, self._limits.timeout_s), self._limits.timeout_s),
            )  # fmt: skip
            target = response.headers.get("Location")
            if response.status_code not in {301, 302, 303, 307, 308} or target is None:
                return response
            response.close()
            if call.method != "GET" and response.status_code < 307:
                raise SourceError(f"{self._where(call)}: a {call.method} was redirected ({response.status_code})")
            url, params = self.link(urljoin(url, target)), {**mine}
        raise SourceError(f"{self._where(call)}: more than {_MOST_REDIRECTS} redirects")

    def _judged(self, call: Call, response: requests.Response, raw: bytes) -> Answer | _Again:
        status = response.status_code
        if 200 <= status < 300:
            if self._grant:
                self._grant.worked()
            if status == _NOTHING and not call.raw:
                return Answer(data={}, next_link=None, empty=True)
            data = raw if call.raw else body.parsed(raw, response.headers.get("Content-Type", ""), call.decode)
            return Answer(data=data, next_link=_next(response), body=raw)
        reason = f"answered {status}"
        words = body.said(raw)
        told = f"{reason} ({words})" if words else reason
        wait = asked_to_wait(status, response.headers)
        self.meter.throttled += status == 429 or (status == 403 and wait is not None)
        if status in AGAIN or (status == 403 and wait is not None):
            return _Again(reason=told, wait_s=wait)
        where = self._where(call)
        if status == 401:
            if self._grant and self._grant.renew():
                return _Again(reason=told, wait_s=0.0, at_most=1)
            raise AccessError(f"{where}: {told}: the credentials were not accepted")
        if status == 403:
            raise AccessError(f"{where}: {told}: the credentials may not read this; a scope or a role is missing")
        raise RefusedError(f"{where}: {told}", status, raw[:_BEGINNING].decode(errors="replace"))


def _next(response: requests.Response) -> str | None:
    """The link to the next page in the header `Link`: names and relations in any case, several of them in one `rel`
    (RFC 8288)."""
    for link in requests.utils.parse_header_links(response.headers.get("Link", "")):
        named = {name.lower(): value for name, value in link.items()}
        if "next" in named.get("rel", "").lower().split():
            return named["url"] or None
    return None


def _certificates(name: str, ca_file: str) -> str:
    """The file, once it is known to hold certificates."""
    try:
        ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise SourceError(f"{name}: ca_file {ca_file} holds no certificate in PEM form") from None
    except OSError as problem:
        raise SourceError(f"{name}: ca_file {ca_file} cannot be read: {problem.strerror or problem}") from None
    return ca_file


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    try:
        return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)
    except ValueError:
        return url.scheme, None, None


def _shown(url: SplitResult) -> str:
    """The host, without anything that could be secret."""
    scheme, host, port = _origin(url)
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS.get(scheme) else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _unknown(host: str | None, now: float) -> _Again | None:
    """That a host has no address, where a slow resolver has just said so."""
    at, told = _UNKNOWN.get(host or "", (now - _REMEMBERED_S, ""))
    return _Again(reason=told, at_most=0) if now - at < _REMEMBERED_S else None


def _unresolved(problem: requests.exceptions.RequestException) -> str | None:
    """The host whose name has no address, where that is the problem: the source's own, or that of its `token_url`."""
    wrapped = problem.args[0] if problem.args else None
    if problem.request is None or not isinstance(getattr(wrapped, "reason", None), NameResolutionError):
        return None
    return urlsplit(str(problem.request.url)).hostname


def _reason(problem: Exception) -> str:
    """The innermost words, without the addresses and objects that libraries wrap around them."""
    inner: BaseException = problem
    while inner.args and isinstance(inner.args[-1], BaseException):
        inner = inner.args[-1]
    inner = getattr(inner, "reason", None) or inner
    text = str(inner.args[-1] if inner.args else inner)
    return text.rpartition(": ")[2][:120] or type(inner).__name__
