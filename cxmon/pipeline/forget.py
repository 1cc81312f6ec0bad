"""A customer is forgotten: their records go, and the figures of their periods are made again without them."""

from datetime import datetime

from cxmon.config.plan import Plan
from cxmon.feeds import hashed
from cxmon.pipeline.collect_feeds import with_streams
from cxmon.store import Store


def forget(plan: Plan, store: Store, customer: str, *, source: str | None, now: datetime) -> int:
    """How many records were deleted, of all sources or of one. Each source has hashes of its own."""
    if plan.hash_key is None:
        return 0
    names = [source] if source is not None else list(plan.sources)
    metrics = with_streams(plan.metrics.values())
    count = store.facts.forget([hashed(plan.hash_key, name, customer) for name in names], metrics)
    for metric in metrics if count else ():
        store.facts.settle(metric, now=now)
    return count
