"""How the data came in and messages went out, in a few lines."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from cxmon.wording.numbers import counted, day


class Run(Protocol):
    """The newest collection of one metric."""

    @property
    def metric(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def written(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def error(self) -> str: ...
    @property
    def held(self) -> bool: ...


def nothing_between(since: datetime, until: datetime, zone: str, now: datetime) -> str:
    """Of a metric that has no figure yet: where none was found, and how older ones are had."""
    first, last = (day(at, zone, now=now) for at in (since, until))
    return f"no figures between {first} and {last}: `cxmon collect --backfill 60mo` reads further back"


def lines(
    runs: Iterable[Run],
    measured: Collection[str],
    blocked: Mapping[str, tuple[datetime, str]],
    unread: Iterable[tuple[str, str]] = (),
) -> list[str]:
    """What could not be delivered or collected, what is held back, and how much came in. `measured` are the metrics
    that ever had a figure, `blocked` channels that take nothing, `unread` lists of changes that could not be read, with
    why."""
    known = list(runs)
    deaf = [f"{name} takes nothing ({why})" for name, (_, why) in blocked.items()]
    told = [f"Not delivered: {'; '.join(deaf)}; `cxmon alerts test` once it is mended"] if deaf else []
    failed = [f"{r.metric} ({r.error})" for r in known if not r.ok]
    lost = [f"Not collected: {'; '.join(failed)}"] if failed else []
    feeds = [f"{name} ({why})" for name, why in unread]
    lost += [f"Changes not imported: {'; '.join(feeds)}"] if feeds else []
    held = sorted({r.source for r in known if r.held})
    back = [f"Held back: {', '.join(held)} brought far fewer data than usual (`cxmon sources health`)"] if held else []
    empty = [r.metric for r in known if r.ok and not r.written and r.metric not in measured]
    back += [f"Without any figure so far: {', '.join(empty)} (`cxmon collect` says where was looked)"] if empty else []
    aside = sum(r.rejected for r in known)
    collected = f"{counted(len(known), 'metric')} collected"
    return [*told, *lost, *back, f"Data: {collected}, {counted(aside, 'row')} set aside in the last runs."]
