"""What the acceptance test takes for the desk's database is the desk's database, to the last figure and revision."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from drawn_desk import OF_TICKETS, planned
from test_verdicts_against_truth import JUDGED, leaner

from cxmon.demo.truth import LOOKS, look_at
from cxmon.panel import OPTIONAL
from cxmon.pipeline.collect import collect
from cxmon.store import Store

ANCHOR = date(2026, 10, 15)
# Longer than the first look back, and than the pieces that a database is read in.
HISTORY_DAYS = 90


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """{whether drawn: the plan of a collected desk}."""
    found = {}
    for drawn in (True, False):
        plan = planned(7, tmp_path_factory.mktemp("desk"), ANCHOR, HISTORY_DAYS, drawn=drawn)
        found[drawn] = replace(plan, metrics={name: leaner(plan.metrics[name]) for name in JUDGED})
        with Store.open(plan.store_url) as store:
            assert all(c.ok and not c.rejected for c in collect(found[drawn], store, now=look_at(ANCHOR, 0)))
    return found


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", JUDGED)
def test_a_drawn_desk_is_known_at_each_look_as_the_database_is(plans, name, look):
    panels = []
    for plan in plans.values():
        with Store.open(plan.store_url, read_only=True) as store:
            panels.append(store.panel(plan.metrics[name], as_known_at=look_at(ANCHOR, look)))
    ours, theirs = panels
    assert (ours.segments, ours.bucket0) == (theirs.segments, theirs.bucket0)
    for field in ("starts", "n", "total", *OPTIONAL):
        np.testing.assert_array_equal(getattr(ours, field), getattr(theirs, field), err_msg=field)
    assert ours.n.sum() > 0


def test_the_tickets_of_a_drawn_desk_are_in_no_database(plans):
    assert {id_ for id_, metric in plans[True].metrics.items() if metric.source == "drawn"} == set(OF_TICKETS)
