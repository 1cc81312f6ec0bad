"""Figures from any database that SQLAlchemy speaks to: event tables, or a query of your own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cxmon.aggregate import roles, span
from cxmon.contracts import Batch, Records, Request
from cxmon.errors import SourceError
from cxmon.feeds.reach import checked_ticket_url
from cxmon.model import Metric, Secret


@dataclass(frozen=True, kw_only=True)
class Sql:
    """A database by its SQLAlchemy `url`. It is only read: SQLite is opened read-only, PostgreSQL in a READ ONLY
    transaction; give cxmon a role of its own that may do nothing else.

    `timeout_s` bounds each statement, `max_rows` the rows that one request may bring. `ticket_url` is the address of
    a case in the system that they are from, with {id} in it: the `read.ticket` of a metric's rows, for evidence.
    """

    type: Literal["sql"] = "sql"
    url: Secret
    timeout_s: float = 60.0
    max_rows: int = 10_000_000
    ticket_url: str = ""

    def __post_init__(self) -> None:
        checked_ticket_url(self.ticket_url)
        if not self.timeout_s > 0:
            raise ValueError(f"timeout_s: found {self.timeout_s}, expected seconds above 0")
        if self.max_rows < 1:
            raise ValueError(f"max_rows: found {self.max_rows}, expected at least 1")

    def fetch(self, request: Request) -> Iterator[Batch]:
        """Batches of about a month over the request's whole periods."""
        metric = request.metric
        wanted = roles(metric)
        _check_read(metric)
        window = span(metric, request.window, request.now)
        if window is None:
            return
        # sqlalchemy takes a moment to import, and `cxmon validate` needs none of it.
        from cxmon.sources.sql.connect import Session  # noqa: PLC0415
        from cxmon.sources.sql.read import batches  # noqa: PLC0415

        with Session(self.url.reveal(), metric, timeout_s=self.timeout_s, max_rows=self.max_rows) as session:
            yield from batches(session, request, wanted, window)

    def rows(self, request: Request) -> Iterator[Records]:
        """The rows of the window with their ids."""
        metric = request.metric
        _check_read(metric)
        from cxmon.sources.sql.connect import Session  # noqa: PLC0415
        from cxmon.sources.sql.read import records  # noqa: PLC0415

        with Session(self.url.reveal(), metric, timeout_s=self.timeout_s, max_rows=self.max_rows) as session:
            yield from records(session, request, roles(metric))


def _check_read(metric: Metric) -> None:
    read = metric.read
    if read.file:
        raise SourceError(f"{metric.id}: `read.file` is for csv sources")
    if (read.table is None) == (read.query is None):
        raise SourceError(f"{metric.id}: `read` needs either a `table` or a `query` for a sql source")
    if read.query is not None and read.where:
        raise SourceError(f"{metric.id}: `read.where` goes with a `table`; put it into the query")
