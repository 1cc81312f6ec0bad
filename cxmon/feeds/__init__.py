"""How the API of a vendor is read: a guarded session, pages, records. Knows no vendor.

`client.Client` speaks HTTP (and is imported when that is asked for), `Stream` says what to ask and what a record holds,
`read` makes pages of facts of it.
"""

from cxmon.feeds.auth import Auth, Basic, Bearer, ClientCredentials, Header, Query
from cxmon.feeds.exchange import Call, Limits
from cxmon.feeds.fields import Field, Getter, belonging, epoch, first, minutes, path, reads
from cxmon.feeds.paging import CursorPages, LinkHeader, NextLink, PageNumber, Paging, SinglePage, TimePages
from cxmon.feeds.pull import any_since, read
from cxmon.feeds.stream import Piece, Stream, hashed

__all__ = [
    "Auth",
    "Basic",
    "Bearer",
    "Call",
    "ClientCredentials",
    "CursorPages",
    "Field",
    "Getter",
    "Header",
    "Limits",
    "LinkHeader",
    "NextLink",
    "PageNumber",
    "Paging",
    "Piece",
    "Query",
    "SinglePage",
    "Stream",
    "TimePages",
    "any_since",
    "belonging",
    "epoch",
    "first",
    "hashed",
    "minutes",
    "path",
    "read",
    "reads",
]
