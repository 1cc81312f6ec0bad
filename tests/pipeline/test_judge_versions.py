"""Late answers and later days in a real store: what the next version says of why it changed."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from judge_world import POINT, START, World, built, change, csat, day, falls

from cxmon.contracts import Observations
from cxmon.decisions.versions import versions
from cxmon.model import Cause, Code, Declared, Grade, Verdict, Window
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.judge_versions import why_changed
from cxmon.store import Store

METRIC = csat(by=((),))


def revised(store: Store, first: int, last: int, moved: World, now) -> None:
    """Days first .. last - 1 are read again and have the figures of another world."""
    cells = moved.cells(METRIC)
    days = (cells.start - START.timestamp()) / 86400
    inside = (days >= first) & (days < last)
    names = ("segment", "start", "n", "total")
    known = np.full(int(inside.sum()), int(now.timestamp()), np.int64)
    some = replace(cells, known_at=known, **{name: getattr(cells, name)[inside] for name in names})
    store.observations.apply(METRIC, Observations(window=Window(day(first), day(last)), cells=some), now=now)


def told(store: Store):
    return versions(store.verdicts.history("phone-cut"), store.changes.get("phone-cut").edits)


def test_answers_that_come_late_turn_a_verdict_and_are_named_as_the_reason(tmp_path):
    plan, store = built(tmp_path, World(days=232), [METRIC], [change()])
    with store:
        quiet = judge(plan, store, now=day(230), depth=Depth.FIGURES)[0]
        assert quiet.code in {Code.SAFE, Code.UNDECIDED}
        revised(store, 200, 228, World(days=232, moves={"csat": falls(-0.09)}), day(231) - timedelta(hours=1))
        worse = judge(plan, store, now=day(231), depth=Depth.FIGURES)[0]
        first, second = told(store)
    assert worse.code in {Code.HARMED, Code.WORSE}
    assert (first.reasons[0].cause, second.before) == (Cause.FIRST, quiet.code.value)
    late = second.reasons[0]
    assert (late.cause, late.decisive, late.until) == (Cause.REVISED, True, quiet.harms[0].window_end)
    assert late.before - late.after > 0.05
    # So many answers that came so late are a slowing: the newest days wait, and no later day is among the reasons.
    assert "answers do not come in as they used to" in worse.harms[0].reason
    assert worse.harms[0].n_post < quiet.harms[0].n_post
    assert [r.cause for r in second.reasons] == [Cause.REVISED]


def test_a_line_of_why_says_which_versions_came_since_what_people_heard():
    """Else *before* would name one version and *what changed* another."""
    dates = {1: START, 2: START, 3: START}
    one, two, three = (
        Verdict(change="phone-cut", as_of=dates[n], code=code, grade=Grade.CONTROLLED, harms=(), version=n)
        for n, code in ((1, Code.HARMED), (2, Code.WORSE), (3, Code.HARMED))
    )
    declared = Declared(change=change(), declared_at=START, origin="yaml")

    def line(told):
        return why_changed([one, two], three, declared, {}, "UTC", {}, told)

    assert line(two).startswith("What changed since version 2: ")
    said = "The versions since, up to version 2 of 1 Jun (worse, limit still open), were no news. "
    assert line(one) == said + line(two)


def test_later_days_turn_it_where_nothing_was_revised_and_a_refresh_keeps_what_was_said_first(tmp_path):
    late = World(days=330, moves={"csat": falls(-0.12, begins=240)})
    held = change(limits={"csat": replace(POINT, value=0.03, text="3pt")})
    plan, store = built(tmp_path, late, [METRIC], [held])
    with store:
        for at in (225, 226, 300):
            judge(plan, store, now=day(at), depth=Depth.FIGURES)
        history = store.verdicts.history("phone-cut")
        first, second = told(store)
    assert (first.said_from, first.said_to) == (day(225), day(226))
    assert history[0].first.figures[0].n_post == 23
    assert second.code != first.code
    (only,) = second.reasons[:1]
    assert (only.cause, only.decisive, only.count) == (Cause.MORE_DAYS, True, 75)
    assert [f.actual for f in history[1].first.recalled] == [history[0].harms[0].actual]
