"""What a calendar or a list says will be done: entries that may be decisions, and how drafts are made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cxmon.model.change import Category, Scope


@dataclass(frozen=True, kw_only=True)
class Announced:
    """An entry of a calendar or a list, as it stands there. `starts` and `ends` are aware instants.

    `version` is when it was changed last (epoch seconds, 0 where it does not say): an older one never replaces a newer.
    """

    id: str
    title: str
    starts: datetime
    ends: datetime | None = None
    labels: tuple[str, ...] = ()
    owner: str = ""
    cancelled: bool = False
    version: int = 0
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Drafting:
    """Which entries become drafts, and what these say: `words` and `without` choose by the beginnings of words in title
    and labels, `scopes` and `categories` are looked up by a label or by words of the title. `owner` is a department."""

    owner: str
    category: Category = Category.POLICY
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)
