"""A customer is forgotten: their records go, what comes of them later is kept out, and figures are made again."""

from datetime import datetime

from cxmon.config.plan import Plan
from cxmon.feeds import hashed
from cxmon.pipeline.collect_feeds import with_streams
from cxmon.pipeline.forgotten import fingerprint
from cxmon.store import Forgotten, Store


def forget(plan: Plan, store: Store, customer: str, *, source: str | None, now: datetime, by: str = "") -> int:
    """How many records were deleted, of all sources or of one. Each source has hashes of its own.

    They stay forgotten, whatever the vendor still has, for as long as the key and the source's name are the same ones.
    """
    if plan.hash_key is None:
        return 0
    names = [source] if source is not None else list(plan.sources)
    metrics = with_streams(plan.metrics.values())
    key = fingerprint(plan.hash_key)
    theirs = [
        Forgotten(source=name, customer=hashed(plan.hash_key, name, customer), key=key, at=now, asked_by=by)
        for name in names
    ]
    count = store.facts.forget(theirs, metrics)
    # Also where nothing was deleted: somebody who forgot them before may have been cut short here.
    for metric in metrics:
        store.facts.settle(metric, now=now)
    return count
