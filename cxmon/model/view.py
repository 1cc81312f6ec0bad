"""A view: what one team or department sees and hears of, as it stands in the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from cxmon.model.change import Scope
from cxmon.model.metric import Segment


@dataclass(frozen=True, kw_only=True)
class DigestTime:
    """When a digest goes out: a day of the week (`monday`) and a time on the clocks of `zone`. `channels` hear it; none
    named are the view's own."""

    day: str = "monday"
    at: time = time(8)
    zone: str = "UTC"
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class View:
    """A named filter of metrics and segments. No metrics are all metrics, an empty `scope` is every segment.

    `scope_by_metric` is the scope of metrics that name the same customers by other dimensions. `channels` hear all news
    that the view covers, later where one of `mutes` is on.
    """

    id: str
    label: str
    metrics: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)
    scope_by_metric: Mapping[str, Scope] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    digest: DigestTime | None = None
    mutes: tuple[str, ...] = ()

    def scope_for(self, metric: str) -> Scope:
        """The view's segments of one metric."""
        return self.scope_by_metric.get(metric, self.scope)

    def covers(self, metric: str, segment: Segment) -> bool:
        """True where the whole of `segment` is in the view: what is about all customers is not in the phone's."""
        return (not self.metrics or metric in self.metrics) and self.scope_for(metric).touches(segment)
