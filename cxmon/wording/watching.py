"""What a watch says of one series, in words: that nothing lasting happened, or how far it is from what is usual."""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cxmon.model import Finding, Grain, Metric, written
from cxmon.wording.numbers import between_days, counted, day

CONSISTENT = "; consistent with"
# What `off_usual` says, and said before its segments were called watched: older findings are kept in those words.
_FIGURES = re.compile(r"(?:^|; )[^;]+ instead of [^;]+; [^;]+ segments? (?:watched|looked at)")


def no_lasting_change(score: float) -> str:
    """`no lasting change to the worse; signs of one stand at 62 %, an alarm opens at 100 %`."""
    near = f"; signs of one stand at {written(100 * score, '.0f')} %, an alarm opens at 100 %" if score > 0 else ""
    return f"no lasting change to the worse{near}"


def as_last_year(since: datetime, zone: str) -> str:
    """Of what comes back every year."""
    return f"worse than expected, but since {day(since, zone)} no worse than in the same months of an earlier year"


def off_usual(
    shown: Sequence[str], periods: int, each: str, since: datetime, began: tuple[datetime, datetime], zone: str,
    looked_at: int,
) -> str:  # fmt: skip
    """`81 % instead of 87 % (78 % to 84 %) over 6 days since 20 Sep (some day between 30 Jul and 20 Sep); 23 segments
    watched`; `shown` are the figure, what is usual, and the ends of the figure's range."""
    seen, usual, *around = shown
    when = f"over {counted(periods, each)} since {day(since, zone)}{between_days(began, zone)}"
    return f"{seen} instead of {usual} ({' to '.join(around)}) {when}; {counted(looked_at, 'segment')} watched"


def consistent_with(title: str) -> str:
    """Behind what a check says of its finding."""
    return f"{CONSISTENT} the declared change “{title}”"


def beyond_figures(reason: str) -> str:
    """A reason without what `off_usual` says in it."""
    return _FIGURES.sub("", reason).removeprefix("; ")


def lasted(finding: Finding, metric: Metric, told: datetime | None) -> str:
    """` over 9 days` behind a finding's figure, with their first day where that is not the one `told`; empty where it
    is not known since when."""
    if finding.since is None:
        return ""
    zone = ZoneInfo(metric.zone)
    first, last = finding.since.astimezone(zone), finding.at.astimezone(zone)
    days = (last.date() - first.date()).days
    periods = {
        Grain.HOUR: round((finding.at - finding.since).total_seconds() / 3600),
        Grain.DAY: days,
        Grain.WEEK: days // 7,
        Grain.MONTH: 12 * (last.year - first.year) + last.month - first.month,
    }[metric.grain]
    since = "" if told == finding.since else f" since {day(finding.since, metric.zone)}"
    return f" over {counted(periods + 1, metric.grain.value)}{since}"
