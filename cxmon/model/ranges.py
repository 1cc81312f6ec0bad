"""An estimate with its range, and how strong the evidence behind it is."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How strong the evidence is, strongest first. A second opinion that disagrees lowers it by one."""

    CONTROLLED = "controlled"
    BEFORE_AFTER = "before_after"
    DISPUTED = "disputed"


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with the range that may be read daily; NaN where nothing can be said."""

    estimate: float
    low: float
    high: float
