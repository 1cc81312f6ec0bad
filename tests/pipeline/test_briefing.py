"""A brief as of a day of the past: the board's figures of that day, whatever has become known since."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from judge_world import World, built, change, csat, day, falls
from test_judge_versions import revised

from cxmon.charts.brief import brief_page
from cxmon.errors import ActionError
from cxmon.model import Decision, Response
from cxmon.pipeline.briefing import briefing_of
from cxmon.pipeline.judge import judge
from cxmon.store.briefing import briefing
from cxmon.wording.briefing import sections

METRIC = csat(by=((),))
THEN = day(240)


def texts(known):
    return [cell for one in sections(known) for row in (one.table.rows if one.table else ()) for cell in row]


def test_it_has_the_figures_of_its_day_and_keeps_them_when_the_future_arrives(tmp_path):
    world = World(days=232, moves={"csat": falls(-0.09)})
    plan, store = built(tmp_path, world, [METRIC], [change()], title="Desk")
    answer = Response(subject="phone-cut", decision=Decision.KEEP, by="Operations", why="it pays", at=day(235))
    with store:
        judge(plan, store, now=day(230))
        store.changes.respond(answer)
        judge(plan, store, now=THEN)
        live = briefing(store, since=day(231))
        then = briefing_of(plan, store, as_of=THEN, since=day(231))
        assert texts(then) == texts(live)
        assert then.complete == live.complete
        assert "Keep (Operations): it pays" in texts(then)
        page = brief_page(then)

        # Late answers, another decision, an end that is set and another answer: all of it after that day.
        revised(store, 200, 232, World(days=232, seed=2), day(250))
        put = store.changes.get("phone-cut").change
        store.changes.put(replace(put, ends=day(245)), now=day(251), origin="yaml")
        store.changes.put(replace(put, id="later", title="Later", starts=day(210)), now=day(252), origin="cli")
        store.changes.respond(replace(answer, decision=Decision.ROLL_BACK, at=day(253)))
        judge(replace(plan, changes=()), store, now=day(254))
        assert texts(briefing(store, since=day(231))) != texts(live)
        assert brief_page(briefing_of(plan, store, as_of=THEN, since=day(231))) == page


def test_before_anything_was_known_there_is_no_brief(tmp_path):
    plan, store = built(tmp_path, World(days=60), [METRIC], [])
    with store, pytest.raises(ActionError, match="nothing was known yet on 2020-01-01"):
        briefing_of(plan, store, as_of=datetime(2020, 1, 1, tzinfo=UTC), since=None)
