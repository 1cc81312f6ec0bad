"""Zendesk Support: tickets with their metric sets, and both of its survey systems.

The incremental ticket export with metric sets beside it holds nearly everything in one list; satisfaction ratings are
the older surveys, survey responses the newer ones, of which an account has one at a time.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from cxmon import feeds
from cxmon.contracts import Batch, Facts, Request
from cxmon.errors import RefusedError, SourceError
from cxmon.feeds.reach import checked_base, opened
from cxmon.model import Token
from cxmon.sources.zendesk import surveys
from cxmon.sources.zendesk.sla import cycles
from cxmon.sources.zendesk.tickets import SETTLES, ticket_fields, tickets

if TYPE_CHECKING:
    from cxmon.feeds.client import Client

# The export allows ten requests a minute: a turned-away request waits for a minute at most, several times over.
LIMITS = feeds.Limits(most_wait_s=900.0)
# Of a question beside that nothing depends on.
BRIEFLY = feeds.Limits(timeout_s=20.0, retries=1, most_wait_s=10.0)


@dataclass(frozen=True, kw_only=True)
class Zendesk:
    """Zendesk Support. `subdomain` is the name before .zendesk.com; `email` with an API token as `token`, or without
    `email` an OAuth token.

    `base_url` is another address for the account. `custom` maps your field names to the ids of ticket fields, for
    dimensions such as a region. `scale` is the number of answers that a newer survey gives to choose from: of five the
    upper two are satisfied, of fewer the best one. `lookback` is how far back ratings are read again. `allow_private`
    allows addresses that are not on the internet, and http.
    """

    type: Literal["zendesk"] = "zendesk"
    token: Token
    subdomain: str = ""
    email: str = ""
    base_url: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    scale: int = 5
    lookback: timedelta = timedelta(days=30)
    page_size: int = 1000
    allow_private: bool = False

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("token: found nothing, expected an API token or an OAuth token")
        if bool(self.subdomain) == bool(self.base_url):
            raise ValueError("subdomain: found both or neither of subdomain and base_url, expected one of them")
        if self.subdomain and not self.subdomain.replace("-", "").isalnum():
            raise ValueError(f"subdomain: found {self.subdomain!r}, expected the name before .zendesk.com")
        checked_base(self._base, allow_private=self.allow_private)
        if not 1 <= self.page_size <= 1000:
            raise ValueError(f"page_size: found {self.page_size}, expected 1 to 1000")
        if not 2 <= self.scale <= 10:
            raise ValueError(f"scale: found {self.scale}, expected 2 to 10")
        taken = sorted(set(self.custom) & set(ticket_fields({})))
        if taken:
            raise ValueError(f"custom: found {taken[0]}, expected a name that tickets do not have already")

    @property
    def _base(self) -> str:
        return self.base_url or f"https://{self.subdomain}.zendesk.com"

    @property
    def streams_offered(self) -> Mapping[str, Collection[str]]:
        return {name: tuple(make(self).fields) for name, make in _STREAMS.items()}

    def fetch(self, request: Request) -> Iterator[Batch]:
        """Pages of the records of the metric's stream."""
        name = request.metric.read.stream or ""
        if name not in _STREAMS:
            raise SourceError(f"{request.metric.id}: source {request.metric.source} has no stream {name!r}")
        stream, watch = _STREAMS[name](self), surveys.Watch(request)
        with self._opened(request, LIMITS) as client:
            for batch in _pages(client, stream, request):
                watch.see(batch)
                yield batch
        if watch.quiet:
            with self._opened(request, BRIEFLY) as client:
                watch.judge(lambda other: feeds.any_since(client, _STREAMS[other](self), watch.since, request.now))

    def _opened(self, request: Request, limits: feeds.Limits) -> "Client":
        auth: feeds.Auth
        if self.email:
            auth = feeds.Basic(user=Token(f"{self.email}/token"), password=self.token)
        else:
            auth = feeds.Bearer(token=self.token)
        return opened(request.metric.source, self._base, auth, limits=limits, allow_private=self.allow_private)


def _pages(client: "Client", stream: feeds.Stream, request: Request) -> Iterator[Facts]:
    came = False
    try:
        for page in feeds.read(client, stream, request):
            came = True
            yield page
    except RefusedError as refused:
        # The documentation writes paths with .json and without, and what stands between may know one of them.
        if refused.status != 404 or came:
            raise
        yield from feeds.read(client, replace(stream, path=f"{stream.path}.json"), request)


_STREAMS: Mapping[str, Callable[[Zendesk], feeds.Stream]] = {
    "tickets": lambda source: tickets(source.custom, source.page_size),
    surveys.RATINGS: lambda source: surveys.ratings(source.lookback),
    surveys.RESPONSES: lambda source: surveys.responses(source.scale, source.lookback),
    "sla_cycles": lambda _source: cycles(SETTLES),
}
