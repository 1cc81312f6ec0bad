"""Decisions in Jira Cloud: the issues that a JQL query finds."""

from dataclasses import dataclass
from typing import Any, Literal

from cxmon import feeds
from cxmon.contracts import AskedEntries, Entries, Records, Rejected, Unfit
from cxmon.errors import SourceError
from cxmon.feeds.days import iso, span
from cxmon.feeds.reach import checked_base, opened
from cxmon.model import Announced, Token

PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Jira:
    """Jira Cloud. `base_url` is the site, such as https://example.atlassian.net; `email` with an API token as `token`,
    or without `email` an OAuth token.

    `jql` chooses the issues; it has to name a project or another bound. `start` and `end` are the fields with the
    dates, such as duedate or customfield_10015; `owner_from`, such as components[0].name, is the one with the
    department. An issue whose status is one of `cancelled` takes its draft back. `allow_private` allows addresses that
    are not on the internet, and http.
    """

    type: Literal["jira"] = "jira"
    base_url: str
    token: Token
    jql: str
    email: str = ""
    start: str = "duedate"
    end: str = ""
    owner_from: str = ""
    cancelled: tuple[str, ...] = ("cancelled", "canceled", "rejected", "declined", "won't do")
    allow_private: bool = False

    def __post_init__(self) -> None:
        checked_base(self.base_url, allow_private=self.allow_private)
        if not self.token:
            raise ValueError("token: found nothing, expected an API token or an OAuth token")
        if not self.jql.strip():
            raise ValueError("jql: found nothing, expected a query such as project = CX and labels = decision")
        for name in ("start", "end", "owner_from"):
            text = getattr(self, name)
            try:
                feeds.path(text or "unset")
            except ValueError as error:
                raise ValueError(str(error).replace("path:", f"{name}:", 1)) from None
        if not self.start:
            raise ValueError("start: found nothing, expected a field with a date such as duedate")

    def entries(self, asked: AskedEntries) -> Entries:
        """All issues of the query, whenever they begin."""
        if asked.file is not None:
            raise SourceError(f"{asked.name}: a jira feed is read from Jira, not from a file")
        auth: feeds.Auth
        if self.email:
            auth = feeds.Basic(user=Token(self.email), password=self.token)
        else:
            auth = feeds.Bearer(token=self.token)
        found: list[Announced] = []
        rejected: list[Rejected] = []
        limits = feeds.Limits()
        with opened(asked.name, self.base_url, auth, limits=limits, allow_private=self.allow_private) as client:
            for page in feeds.read(client, self._stream(), asked):
                rejected += page.rejected
                for i in range(len(page.upserts)):
                    try:
                        found.append(self._entry(page.upserts, i, asked.zone))
                    except ValueError as problem:
                        rejected.append(Rejected(where=page.upserts.ids[i], reason=str(problem)))
        return Entries(found=tuple(found), rejected=tuple(rejected))

    def _stream(self) -> feeds.Stream:
        mine = {"start": self.start, "end": self.end, "owner": self.owner_from}
        fields = {name: feeds.path(f"fields.{place}") for name, place in mine.items() if place}
        # Custom fields are asked for by the name that they have in the answer.
        names = {"summary", "status", "labels", "components", "updated"} | {_head(p) for p in mine.values() if p}
        return feeds.Stream(
            name="issues",
            path="rest/api/3/search/jql",
            method="POST",
            body={"jql": self.jql, "fields": sorted(names), "maxResults": PAGE},
            records=feeds.path("issues"),
            record_id=feeds.path("key"),
            changed=feeds.path("fields.updated"),
            fields=fields
            | {"title": feeds.path("fields.summary"), "status": feeds.path("fields.status.name"), "labels": _labels},
            required=frozenset({"title"}),
            paging=feeds.CursorPages(param="nextPageToken", cursor="nextPageToken", ends="isLast"),
        )

    def _entry(self, rows: Records, i: int, zone: str) -> Announced:
        row: dict[str, Any] = {name: column[i] for name, column in rows.fields.items()}
        key = rows.ids[i]
        unfit = next((f"{name}: {value.reason}" for name, value in row.items() if isinstance(value, Unfit)), "")
        if unfit:
            raise ValueError(unfit)
        given = str(row["start"] or ""), str(row.get("end") or "")
        starts, ends = span(iso(given[0], "start", zone), iso(given[1], "end", zone) if given[1] else None)
        status = str(row["status"] or "").casefold()
        return Announced(
            id=key,
            title=str(row["title"] or ""),
            starts=starts,
            ends=ends,
            labels=tuple(label for label in str(row["labels"] or "").split("\n") if label),
            owner=str(row.get("owner") or ""),
            cancelled=status in {word.casefold() for word in self.cancelled},
            version=rows.changed[i],
            link=f"{self.base_url.rstrip('/')}/browse/{key}",
        )


def _head(place: str) -> str:
    """The field of Jira that a path begins with."""
    return place.partition(".")[0].partition("[")[0]


def _labels(issue: Any) -> str:
    """Labels and the names of components, a line each: a field of a record holds no list."""
    labels = feeds.path("fields.labels")(issue)
    components = feeds.path("fields.components")(issue)
    named = [c.get("name") for c in components if isinstance(c, dict)] if isinstance(components, list) else []
    return "\n".join(str(x) for x in [*(labels if isinstance(labels, list) else []), *named] if x)
