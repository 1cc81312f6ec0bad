"""The picture of a message, drawn when it is delivered: the board's own chart from the band that judge stored."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cxmon import wording
from cxmon.config.plan import Plan
from cxmon.contracts import Channel
from cxmon.model import Band, Message, Metric, Picture
from cxmon.store import Store

if TYPE_CHECKING:
    import altair as alt

log = logging.getLogger(__name__)

DAYS = 126


def draw(store: Store, metrics: Mapping[str, Metric], message: Message, channel: Channel | None = None) -> bytes | None:
    """A PNG, or None where there is none to draw, the channel shows none (it says so by `draws`), or drawing fails: a
    picture never keeps the words back."""
    wanted = message.picture
    if wanted is None or wanted.metric not in metrics or not getattr(channel, "draws", True):
        return None
    try:
        return drawn(store, metrics, wanted)
    except Exception as problem:  # noqa: BLE001 - see above.
        log.warning("no picture for %s: %s: %s", message.key, type(problem).__name__, problem)
        return None


def any_picture(plan: Plan, store: Store) -> Picture | None:
    """The picture for a test message: the first stored series of a configured metric."""
    for metric_id, key in store.bands.keys():  # noqa: SIM118 - a method of the store, no dictionary.
        band = store.bands.get(metric_id, key)
        if metric_id in plan.metrics and band is not None and not key.startswith("change:"):
            title = f"{plan.metrics[metric_id].label}, {band.label}"
            stamp = f"As of {wording.stamp(band.as_of, plan.zone)}"
            return Picture(metric=metric_id, segment=key, change=None, title=title, subtitle=(stamp,), alt=title)
    return None


def drawn(store: Store, metrics: Mapping[str, Metric], wanted: Picture) -> bytes | None:
    """A PNG; None where the series is not stored any more. Raises what drawing raises, ImportError without the extra
    `pictures` among it."""
    from cxmon import charts  # noqa: PLC0415 - altair takes a second to import, and many runs have nothing to draw.

    every = [one for one in (wanted, *wanted.below) if one.metric in metrics]
    parts = [chart for one in every if (chart := _chart(store, metrics[one.metric], one)) is not None]
    return charts.album(parts) if parts else None


def _chart(store: Store, metric: Metric, wanted: Picture) -> "alt.LayerChart | None":
    from cxmon import charts  # noqa: PLC0415

    band = band_of(store, wanted)
    if band is None:
        return None
    declared, verdicts = charts.shown(store.changes.all(), band.as_of), store.verdicts.all_latest()
    over = charts.limit(declared, verdicts, metric, band.key)
    height = over.height if over else None
    points = charts.points(band, metric, grave_since=over.since if over else None, limit=height)
    return charts.pictured(
        charts.recent(points, DAYS),
        metric,
        title=wanted.title,
        subtitle=wanted.subtitle,
        pins=charts.pins(declared, verdicts, of=charts.marked(declared, metric, store.leaves(metric), band.key)),
        limit=height,
        limit_from=over.since if over and height is not None else None,
        limit_text=over.text if over else "",
        anew=band.breaks,
    )


def band_of(store: Store, wanted: Picture) -> Band | None:
    """The stored band of a picture."""
    if wanted.change is not None:
        pooled = store.bands.get(wanted.metric, f"change:{wanted.change}")
        if pooled is not None:
            return pooled
    return store.bands.get(wanted.metric, wanted.segment)
