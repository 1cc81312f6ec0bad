"""Which days are holidays: a country's, a subdivision's, and a company's own."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Holidays:
    """Public holidays of a `country` (ISO 3166, two letters) or of its `subdivision`, and `extra_days` with names."""

    country: str
    subdivision: str = ""
    extra_days: tuple[tuple[date, str], ...] = ()
