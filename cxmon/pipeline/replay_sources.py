"""What sources had brought by a day of the past, and what was said of it, so that incidents about data come again."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cxmon.config.plan import Plan
from cxmon.decisions.source_health import BACK
from cxmon.model import Pull
from cxmon.pipeline.collect_health import accepted, judged
from cxmon.store import Overlay, Store

Part = tuple[str, str]


@dataclass(kw_only=True)
class Brought:
    """The pulls that the store still has, by part in order of time; `advance` passes on the newest of each, once.

    What was said of a pull is kept for some days only. Of an older one it is worked out again, from what was known
    then.
    """

    plan: Plan
    pulls: Mapping[Part, Sequence[Pull]]
    accepted: Mapping[str, Sequence[datetime]]
    told: dict[Part, Pull] = field(default_factory=dict)

    def advance(self, store: Overlay, now: datetime) -> None:
        """Moves the store on to `now`, with what was said of the pulls by then."""
        store.advance(now)
        for part, pulls in self.pulls.items():
            count = bisect_right(pulls, now, key=lambda p: p.at)
            if count and (part not in self.told or pulls[count - 1].at > self.told[part].at):
                self.told[part] = self._said(part, pulls[:count])
                store.pulls.record(self.told[part])

    def _said(self, part: Part, pulls: Sequence[Pull]) -> Pull:
        """The last of them with what was said of it."""
        pull, metric = pulls[-1], self.plan.metrics.get(pulls[-1].metrics[0])
        if pull.health is not None or metric is None:
            return pull
        since = max([pull.at - BACK, *(at for at in self.accepted.get(part[0], ()) if at <= pull.at)])
        past = [replace(p, health=None) for p in pulls[:-1] if p.at > since]
        if past and part in self.told:
            past[-1] = replace(past[-1], health=self.told[part].health)
        return replace(pull, health=judged(past, pull, metric))


def brought(plan: Plan, store: Store) -> Brought:
    """All pulls that are kept."""
    pulls = store.pulls.since(datetime.fromtimestamp(0, UTC))
    return Brought(plan=plan, pulls=pulls, accepted={source: accepted(store, source) for source, _ in pulls})
