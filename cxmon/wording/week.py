"""What a digest is made of, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cxmon.model import (
    GRAVITY,
    AllowanceUse,
    Band,
    Change,
    Declared,
    Incident,
    Metric,
    Response,
    Silence,
    TargetOutlook,
    Verdict,
)
from cxmon.wording import numbers as say
from cxmon.wording.whole import Table


@dataclass(frozen=True, kw_only=True)
class Week:
    """What a digest is made of. `own` are the metrics it tells of, `roots` by metric the series it is told by, `before`
    what was said of each decision at `since`, `numbers` those on the pins, `data` and `alarms` lines of others. For a
    page `alarm_table` and `alarm_notes` say the same, `alarms_brief` for a chat."""

    title: str
    view: str
    zone: str
    since: datetime
    now: datetime
    metrics: Mapping[str, Metric]
    own: tuple[str, ...]
    declared: Mapping[str, Declared]
    numbers: Mapping[str, int]
    verdicts: Mapping[str, Verdict]
    before: Mapping[str, Verdict]
    every: tuple[Change, ...]
    responses: tuple[Response, ...]
    incidents: tuple[Incident, ...]
    bands: Mapping[tuple[str, str], Band]
    roots: Mapping[str, str]
    allowances: tuple[AllowanceUse, ...]
    targets: tuple[TargetOutlook, ...]
    silences: tuple[Silence, ...]
    drafts: tuple[Declared, ...]
    alarms: tuple[str, ...]
    data: tuple[str, ...]
    alarm_table: Table | None = None
    alarm_notes: tuple[str, ...] | None = None
    alarms_brief: str = ""

    @property
    def titles(self) -> dict[str, str]:
        return {change.id: change.title for change in self.every}

    def day(self, at: datetime) -> str:
        return say.day(at, self.zone, now=self.now)

    def judged(self) -> list[tuple[Change, Verdict]]:
        """Decisions with their verdicts, the gravest first and the newest among equals."""
        known = [(self.declared[k].change, v) for k, v in self.verdicts.items() if k in self.declared]
        return sorted(known, key=lambda one: (GRAVITY.index(one[1].code), -one[0].starts.timestamp(), one[0].id))
