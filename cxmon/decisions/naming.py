"""The id of a change that was given a title only: it stands in links, and is never reused."""

import re
import unicodedata
from collections.abc import Collection

LONGEST = 48


def name_of(title: str, taken: Collection[str]) -> str:
    """An id made of the title, with a number behind it where it is taken."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST].strip("-")
    base = slug if slug[:1].isalpha() else f"change-{slug}".rstrip("-")
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name
