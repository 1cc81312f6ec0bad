"""What the configuration declares, written into the store: metrics for the board, changes and silences by id."""

from datetime import datetime

from cxmon.config.plan import Plan
from cxmon.store import Catalogue, Store


def register(plan: Plan, store: Store, *, now: datetime) -> None:
    """Import the plan's metrics, changes and silences. What has left the YAML stays in the store.

    Raises StoreError where a change's id is taken by one that was declared elsewhere.
    """
    store.catalogue.save(
        Catalogue(
            title=plan.title,
            zone=plan.zone,
            metrics=tuple(plan.metrics.values()),
            as_of=plan.as_of,
            board_url=plan.board_url,
            alarm_budget=plan.alarm_budget,
            minimum_cell=plan.minimum_cell,
            views=plan.views,
            number_format=plan.number_format,
        )
    )
    for change in plan.changes:
        store.changes.put(change, now=now, origin="yaml")
    for silence in plan.silences:
        store.changes.put_silence(silence, origin="yaml")
