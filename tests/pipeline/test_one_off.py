"""An incident whose days are left out ends by itself once the days after are fine; the board expects without them."""

from test_check_runs import WATCH, day, live, until, world

from cxmon import actions
from cxmon.model import Ending, Step
from cxmon.pipeline.judge_bands import bands

__all__ = ["world"]


def test_a_one_off_ends_by_itself_and_is_not_what_is_expected(world):
    plan, store = world(WATCH, moves=until(112, 126, -0.15), metric={"by": (("channel",),)})
    live(plan, store, 124, 125)
    (incident,) = store.incidents.open()
    before = _expected(plan, store, ())
    actions.leave_out(store, incident.id, since=day(112), until=day(126), by="Operations", why="flood", now=day(126))
    assert [step for _, step in live(plan, store, 126, 130)] == [Step.ENDED]
    assert store.incidents.get(incident.id).ending is Ending.RECOVERED
    assert _expected(plan, store, store.left_out.all("csat")) > before + 0.005


def _expected(plan, store, one_offs):
    """What the board expects of the phone after it: the newest four weeks are a forecast from the time before."""
    metric = plan.metrics["csat"]
    drawn = bands(store.panel(metric, as_known_at=day(149)), (), now=day(149), one_offs=one_offs)
    return next(b for b in drawn if b.label == "phone").expected[140]
