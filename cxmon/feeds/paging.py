"""How a vendor's list goes on: four families of pages, and a list that comes at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol
from urllib.parse import parse_qs, urlsplit

from cxmon.feeds.exchange import Answer, Call, Page, Place
from cxmon.feeds.fields import MISSING, path, spots_of
from cxmon.feeds.shape import Spot


class Paging(Protocol):
    """`keeps`: the last place is where the next run goes on; `resumes`: a run that was cut short goes on at its
    place."""

    @property
    def keeps(self) -> bool: ...

    @property
    def resumes(self) -> bool: ...

    def call(self, first: Call, place: Place | None, /) -> Call:
        """The request for the page at `place`; the first one for None."""
        ...

    def after(self, page: Page, /) -> tuple[Place | None, bool]:
        """(where the next page is, or the one of a later run; whether the list goes on)."""
        ...


@dataclass(frozen=True, kw_only=True)
class SinglePage:
    """The list comes at once."""

    type: Literal["none"] = "none"
    keeps = False
    resumes = False

    def call(self, first: Call, _place: Place | None, /) -> Call:
        return first

    def after(self, _page: Page, /) -> tuple[Place | None, bool]:
        return None, False


@dataclass(frozen=True, kw_only=True)
class CursorPages:
    """A cursor: `cursor` is its path in the answer, or `from_last` in the page's last record, `param` the parameter
    that takes it; for POST, `param` is the path in the body.

    The list ends without a cursor, where the path `more` is false, or the path `ends` is true; an empty page does not
    end it. `keep`: the last cursor is where the next run goes on. `drops` are parameters of the first request only.
    `link` is the path of a link where there is no cursor: the cursor in it is used, and one without is followed.
    """

    type: Literal["cursor"] = "cursor"
    param: str
    cursor: str | None = None
    from_last: str | None = None
    more: str | None = None
    ends: str | None = None
    keep: bool = False
    drops: tuple[str, ...] = ()
    link: str | None = None

    def __post_init__(self) -> None:
        if (self.cursor is None) == (self.from_last is None):
            raise ValueError("cursor: found both or neither of cursor and from_last, expected one of them")
        _checked(self, "cursor", "from_last", "more", "ends", "link")

    @property
    def keeps(self) -> bool:
        return self.keep

    @property
    def resumes(self) -> bool:
        return True

    def call(self, first: Call, place: Place | None, /) -> Call:
        if place is None or (self.link is not None and "://" in str(place)):
            return _followed(first, place)
        params = {k: v for k, v in first.params.items() if k not in self.drops}
        if first.method == "POST":
            return replace(first, params=params, json=_placed(first.json, self.param.split("."), place))
        return replace(first, params=params | {self.param: str(place)})

    def after(self, page: Page, /) -> tuple[Place | None, bool]:
        if self.cursor is not None:
            found = path(self.cursor)(page.answer.data)
        else:
            found = path(self.from_last or "")(page.rows[-1]) if page.rows else None
        cursor = found if isinstance(found, str | int) and not isinstance(found, bool) and found != "" else None
        if cursor is None and self.link is not None and _goes_on(page.answer, None, self.ends):
            link = path(self.link)(page.answer.data)
            within = _within(link, self.param.rpartition(".")[2])
            return (within, True) if within else _linked(link, page, goes_on=True)
        return cursor, cursor is not None and _goes_on(page.answer, self.more, self.ends)


@dataclass(frozen=True, kw_only=True)
class NextLink:
    """A link to the next page in the answer, at the path `next`; it must lead to the same host."""

    type: Literal["next_link"] = "next_link"
    next: str
    more: str | None = None
    ends: str | None = None
    keeps = False
    resumes = True

    def __post_init__(self) -> None:
        _checked(self, "next", "more", "ends")

    def call(self, first: Call, place: Place | None, /) -> Call:
        return _followed(first, place)

    def after(self, page: Page, /) -> tuple[Place | None, bool]:
        found = path(self.next)(page.answer.data)
        return _linked(found, page, goes_on=_goes_on(page.answer, self.more, self.ends))


@dataclass(frozen=True, kw_only=True)
class LinkHeader:
    """A link to the next page in the header `Link` with rel="next"; it must lead to the same host."""

    type: Literal["link_header"] = "link_header"
    keeps = False
    resumes = True

    def call(self, first: Call, place: Place | None, /) -> Call:
        return _followed(first, place)

    def after(self, page: Page, /) -> tuple[Place | None, bool]:
        return _linked(page.answer.next_link, page, goes_on=True)


@dataclass(frozen=True, kw_only=True)
class PageNumber:
    """Pages by number in the parameter `param`, the first of which is `first`. `size` is what a full page holds.

    The list ends with an empty page, one that holds less than `size`, the number at the path `pages`, or where the path
    `more` is false.
    """

    type: Literal["page_number"] = "page_number"
    param: str = "page"
    first: int = 1
    size: int | None = None
    pages: str | None = None
    more: str | None = None
    keeps = False
    # The order may have moved since: records would slip between the pages.
    resumes = False

    def __post_init__(self) -> None:
        _checked(self, "pages", "more")

    def call(self, first: Call, place: Place | None, /) -> Call:
        number = self.first if place is None else place
        if first.method == "POST":
            return replace(first, json=_placed(first.json, self.param.split("."), number))
        return replace(first, params={**first.params, self.param: str(number)})

    def after(self, page: Page, /) -> tuple[Place | None, bool]:
        number = self.first if page.place is None else int(page.place)
        last = path(self.pages)(page.answer.data) if self.pages is not None else None
        known = isinstance(last, int) and not isinstance(last, bool)
        if known:
            ended = number >= last + self.first - 1  # type: ignore[operator]
        else:
            ended = self.more is None and (not page.rows or (self.size is not None and len(page.rows) < self.size))
        return number + 1, not ended and _goes_on(page.answer, self.more, None)


@dataclass(frozen=True, kw_only=True)
class TimePages:
    """Each page ends at an instant, at the path `end` of the answer, where the next one begins: in `param`.

    The list ends where the path `ends` is true, where the path `next` leads to nothing, with an empty page, or where
    the end is no later than the beginning, or later than may be asked for. `full` is what a full page holds: one that
    is full and gets nowhere is told as a list that goes round in circles.
    """

    type: Literal["time"] = "time"
    param: str
    end: str
    next: str
    ends: str
    full: int
    keeps = False
    resumes = True

    def call(self, first: Call, place: Place | None, /) -> Call:
        return first if place is None else replace(first, params={**first.params, self.param: str(place)})

    def after(self, page: Page, /) -> tuple[Place | None, bool]:
        end, data = path(self.end)(page.answer.data), page.answer.data
        if isinstance(end, bool) or not isinstance(end, int) or not page.rows or not path(self.next)(data):
            return None, False
        if end > page.latest or not _goes_on(page.answer, None, self.ends):
            return end, False
        stuck = page.place is not None and end <= int(page.place)
        return end, not stuck or len(page.rows) >= self.full


def lost(paging: Paging, page: Page) -> bool:
    """Whether an answer says that its list goes on, and nowhere where: what follows would be missed."""
    if not isinstance(paging, CursorPages) or paging.after(page)[0] is not None:
        return False
    said = [(paging.more, True), (paging.ends, False)]
    return any(place is not None and path(place)(page.answer.data) is word for place, word in said)


def insisted(paging: Paging, said: str) -> Paging | None:
    """The same paging with the parameters of the first request in all of them, where a refusal names one of these: the
    published schema of a vendor may ask for them with each page, its guide with the first one only."""
    dropped = paging.drops if isinstance(paging, CursorPages) else ()
    return replace(paging, drops=()) if any(name in said for name in dropped) else None  # type: ignore[type-var]


def spots(paging: Paging) -> tuple[frozenset[Spot], frozenset[Spot]]:
    """Where a list's pages are told: (in the answer, in its last record)."""
    answer, last = ("cursor", "more", "ends", "next", "pages", "end", "link"), ("from_last",)
    found = [[path(text) for name in names if (text := getattr(paging, name, None))] for names in (answer, last)]
    in_answer, in_last = (frozenset[Spot]().union(*(spots_of(get) or () for get in gets)) for gets in found)
    return in_answer, in_last


def _checked(paging: object, *names: str) -> None:
    for name in names:
        text = getattr(paging, name)
        if text is not None:
            try:
                path(text)
            except ValueError as error:
                raise ValueError(str(error).replace("path:", f"{name}:", 1)) from None


def _goes_on(answer: Answer, more: str | None, ends: str | None) -> bool:
    if ends is not None and path(ends)(answer.data) is True:
        return False
    if more is None:
        return True
    found = path(more)(answer.data)
    return bool(found) and found is not MISSING


def _followed(first: Call, place: Place | None) -> Call:
    """The call of a page that stands behind a link: it brings its own parameters."""
    return first if place is None else replace(first, url=str(place), params={})


def _linked(found: object, page: Page, *, goes_on: bool) -> tuple[Place | None, bool]:
    if not isinstance(found, str) or not found:
        return None, False
    return page.link(found), goes_on


def _within(link: object, param: str) -> str | None:
    """The cursor that stands in a link as a parameter: with it the request is ours, whatever host the link names."""
    found = parse_qs(urlsplit(link).query).get(param) if isinstance(link, str) else None
    return found[0] if found else None


def _placed(document: Any, steps: list[str], value: Place) -> dict[str, Any]:
    """A copy of a JSON body with `value` at a path."""
    found = dict(document) if isinstance(document, Mapping) else {}
    head, *rest = steps
    found[head] = _placed(found.get(head), rest, value) if rest else value
    return found
