"""What a calendar's entry says of a decision: a draft of a change, or the reason why it is none. Pure."""

import hashlib
import re
from collections.abc import Iterable

from cxmon.model import Announced, Change, Drafting, Imported, Scope, Status

LONGEST_TITLE = 120
_ADDRESS = re.compile(r"\S+@\S+")
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")


def draft(entry: Announced, feed: str, rules: Drafting) -> Change | None:
    """The draft of `entry`; None where its words do not choose it. ValueError where its title says nothing.

    What it may name of a person is not kept: no address in the title, and as owner none with an @.
    """
    title = cleaned(entry.title)
    if not title:
        raise ValueError("no title")
    said = (title, *entry.labels)
    if (rules.words and not any(_begins(word, said) for word in rules.words)) or any(
        _begins(word, said) for word in rules.without
    ):
        return None
    category = next((c for key, c in rules.categories.items() if _named(key, entry.labels, title)), rules.category)
    owner = cleaned(entry.owner)
    name = _entry_name(entry.id)
    return Change(
        id=f"{feed}-{name}",
        title=title,
        category=category,
        starts=entry.starts,
        ends=entry.ends,
        owner=owner if owner and "@" not in entry.owner else rules.owner,
        scope=_joined(scope for key, scope in rules.scopes.items() if _named(key, entry.labels, title)),
        status=Status.DRAFT,
        imported=Imported(
            feed=feed,
            entry=name,
            version=entry.version,
            cancelled=entry.cancelled,
            link=entry.link if entry.link.startswith("https://") and "@" not in entry.link else "",
        ),
    )


def newest(drafts: Iterable[Change]) -> dict[str, Change]:
    """One draft an id: the newest version, whatever the order; of one version the one that is not withdrawn, then
    the one whose content sorts last, so that any order gives the same."""
    found: dict[str, Change] = {}
    for one in drafts:
        other = found.get(one.id)
        if other is None or _rank(one) > _rank(other):
            found[one.id] = one
    return found


def cleaned(text: str) -> str:
    """One line of a bounded length, without what looks like somebody's address, and nothing that a YAML file would
    take for a variable of the environment."""
    line = _ADDRESS.sub("(address)", " ".join(text.split()))
    line = "".join(c for c in line if c.isprintable()).replace("${", "$ {").strip()
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def _entry_name(given: str) -> str:
    """An entry's own id where that can stand in a link, else a hash of it: a calendar's may hold somebody's address."""
    return given if _PLAIN_ID.fullmatch(given) else hashlib.sha256(given.encode()).hexdigest()[:10]


def _rank(one: Change) -> tuple[int, bool, str]:
    version = 0 if one.imported is None else one.imported.version
    return version, not one.withdrawn, one.declared_hash


def _begins(word: str, said: Iterable[str]) -> bool:
    """Whether a word of the texts begins with `word`: `clos` finds closed and closing, not enclosed."""
    pattern = re.compile(rf"(?<!\w){re.escape(word)}", re.IGNORECASE)
    return any(pattern.search(text) for text in said)


def _named(key: str, labels: Iterable[str], title: str) -> bool:
    """Whether an entry has the label, or the title has it as whole words."""
    if any(label.casefold() == key.casefold() for label in labels):
        return True
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", title, re.IGNORECASE) is not None


def _joined(scopes: Iterable[Scope]) -> Scope:
    """What several labels name together: `phone` and `chat` are both channels, `phone` and `eu` the phone in the EU."""
    values: dict[str, set[str]] = {}
    for scope in scopes:
        for name, allowed in scope.values:
            values.setdefault(name, set()).update(allowed)
    return Scope.of({name: sorted(allowed) for name, allowed in values.items()})
