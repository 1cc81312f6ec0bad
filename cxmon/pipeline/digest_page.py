"""The digest as a page, with its pictures drawn from the stored bands."""

from typing import TYPE_CHECKING

from cxmon.config.plan import Plan
from cxmon.model import Picture
from cxmon.pipeline.drawing import band_of
from cxmon.store import Store
from cxmon.wording.digest import pictured
from cxmon.wording.week import Week

if TYPE_CHECKING:
    from cxmon.charts import Drawing


def page(plan: Plan, store: Store, week: Week) -> str:
    """Self-contained HTML. Raises CxmonError where the `pictures` extra is not installed."""
    from cxmon.charts.week_page import week_page  # noqa: PLC0415 - altair takes a second to import.

    drawings = [found for one in pictured(week) if (found := _drawing(plan, store, one)) is not None]
    return week_page(week, drawings)


def _drawing(plan: Plan, store: Store, one: Picture) -> "Drawing | None":
    from cxmon import charts  # noqa: PLC0415

    band = band_of(store, one)
    if band is None:
        return None
    declared = charts.shown(store.changes.all(), band.as_of)
    verdicts = store.verdicts.all_latest()
    judged = {
        k for k, v in verdicts.items() if one.metric in {*(h.metric for h in v.harms), *(a.metric for a in v.aims)}
    }
    return charts.drawing(
        band,
        plan.metrics[one.metric],
        declared,
        verdicts,
        shown_changes={one.change} if one.change else judged,
        caption=f"{one.title}. {one.subtitle[0]}" if one.change else one.subtitle[0],
        said=one.alt,
    )
