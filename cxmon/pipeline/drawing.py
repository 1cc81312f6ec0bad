"""The picture of a message, drawn when it is delivered: the board's own chart from the band that judge stored."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cxmon import wording
from cxmon.config.plan import Plan
from cxmon.model import Band, Code, Declared, Harm, Message, Metric, Picture, Tone, Verdict
from cxmon.store import Store

if TYPE_CHECKING:
    from cxmon.charts import Pin

log = logging.getLogger(__name__)

DAYS = 126


def draw(store: Store, metrics: Mapping[str, Metric], message: Message) -> bytes | None:
    """A PNG, or None where there is none to draw or drawing fails: a picture never keeps the words back."""
    wanted = message.picture
    if wanted is None or wanted.metric not in metrics:
        return None
    try:
        return _picture(store, metrics[wanted.metric], wanted)
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


def _picture(store: Store, metric: Metric, wanted: Picture) -> bytes | None:
    from cxmon import charts  # noqa: PLC0415 - altair takes a second to import, and many runs have nothing to draw.

    band = _band(store, wanted)
    if band is None:
        return None
    declared = sorted(store.changes.all(), key=lambda d: (d.change.starts, d.change.id))
    verdicts = store.verdicts.all_latest()
    since, limit, text = _limit(wanted, metric, declared, verdicts)
    points = charts.points(band, metric, grave_since=since, limit=limit)
    return charts.picture(
        charts.recent(points, DAYS),
        metric,
        title=wanted.title,
        subtitle=wanted.subtitle,
        pins=_pins(declared, verdicts),
        limit=limit,
        limit_from=since if limit is not None else None,
        limit_text=text,
    )


def _band(store: Store, wanted: Picture) -> Band | None:
    if wanted.change is not None:
        pooled = store.bands.get(wanted.metric, f"change:{wanted.change}")
        if pooled is not None:
            return pooled
    return store.bands.get(wanted.metric, wanted.segment)


def _pins(declared: Sequence[Declared], verdicts: Mapping[str, Verdict]) -> list["Pin"]:
    """The same numbers as on the board: declared changes by date."""
    from cxmon.charts import Pin  # noqa: PLC0415 - see above.

    found = []
    for number, one in enumerate(declared, start=1):
        verdict = verdicts.get(one.change.id)
        words, tone, _ = wording.screen(verdict) if verdict else ("Not judged yet", Tone.GREY, "")
        found.append(
            Pin(
                number=number,
                at=one.change.starts,
                title=one.change.title,
                tone=tone,
                verdict=words,
                category=wording.category(one.change.category),
            )
        )
    return found


def _limit(
    wanted: Picture, metric: Metric, declared: Sequence[Declared], verdicts: Mapping[str, Verdict]
) -> tuple[datetime | None, float | None, str]:
    """From when, how far and in which words the limit is drawn: where the verdict is over it. A relative limit has no
    one height to be drawn at."""
    number = next((i for i, d in enumerate(declared, start=1) if d.change.id == wanted.change), 0)
    verdict = verdicts.get(wanted.change or "")
    harm = next((h for h in verdict.harms if h.metric == metric.id), None) if verdict else None
    if not number or harm is None or not _over(harm):
        return None, None, ""
    starts = declared[number - 1].change.starts
    if harm.unit == "%":
        return starts, None, ""
    return starts, harm.limit * wording.factor(metric), f"limit of #{number}: {wording.limit(metric, harm)}"


def _over(harm: Harm) -> bool:
    return harm.code is Code.HARMED
