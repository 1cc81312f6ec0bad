"""Where a target stands: the chance decides, the day decides, and what is not known says so."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_world import LEAVES, change, csat, day

from cxmon import stats
from cxmon.decisions.targets import SURE, course_of, target_outlook
from cxmon.model import EVERYONE, Course, Segment, Target
from cxmon.panel import Panel
from cxmon.wording import targets as wording

PHONE = Segment.of(channel="phone")


def panel(days=200, level=0.82, slope=0.0, step=0.0, at=0, seed=1):
    rng = np.random.default_rng(seed)
    index = np.arange(days)
    truth = level + slope * index + step * (index >= at)
    n = np.full((len(LEAVES), days), 60.0)
    total = rng.binomial(60, np.broadcast_to(truth, n.shape)).astype(float)
    starts = np.array([int(day(i).timestamp()) for i in range(days)], np.int64)
    return Panel(metric=csat(), segments=LEAVES, starts=starts, n=n, total=total)


def target(value, by=260, **more):
    return Target(id="t", metric="csat", value=value, by=day(by), owner="CX team", **more)


def stands(value, found=None, by=260, changes=(), now=205, **more):
    return target_outlook(target(value, by, **more), changes, found or panel(), now=day(now))


def test_far_below_is_on_course_far_above_will_miss_and_near_cannot_be_said():
    assert stands(0.76).course is Course.ON_COURSE
    missed = stands(0.88)
    assert missed.course is Course.WILL_MISS
    assert missed.chance < 1 - SURE
    assert missed.low < missed.expected < missed.high < 0.88
    near = stands(missed.expected)
    assert (near.course, near.answers) == (Course.CANNOT_SAY, 28 * 6 * 60)
    assert near.chance == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("chance", "course"),
    [
        (0.9, Course.ON_COURSE),
        (0.89, Course.CANNOT_SAY),
        (0.11, Course.CANNOT_SAY),
        (0.09, Course.WILL_MISS),
    ],
)
def test_an_answer_is_given_where_nine_of_ten_such_are_right(chance, course):
    assert course_of(chance) is course


def test_lower_is_better_is_its_mirror_image():
    found = panel()
    mirror = replace(found, metric=csat(better="lower"), total=found.n - found.total)
    one, other = stands(0.83, found), stands(0.17, mirror)
    assert other.chance == pytest.approx(one.chance, abs=1e-6)
    assert other.expected == pytest.approx(1 - one.expected, abs=1e-9)


def test_the_pace_that_is_needed_is_told_beside_the_one_that_is_expected():
    found = stands(0.88)
    days = (day(260) - found.known_until) / timedelta(days=1)
    assert found.pace_needed == pytest.approx((0.88 - found.level) / days * 30)
    line = wording.outlook(found, csat())
    assert line.startswith(
        "CSAT: at least 88.0 % by 16 Feb 2026. Will miss (will_miss): the chance is under 1 %; lately 8"
    )
    assert "it would have to get better by 3.3 points a month, expected are " in line
    still = wording.outlook(replace(found, pace_expected=0.0004), csat())
    assert still.endswith("it would have to get better by 3.3 points a month, no change is expected")


def test_on_the_day_what_was_measured_decides():
    met, missed = stands(0.80, by=190), stands(0.84, by=190)
    assert (met.course, missed.course) == (Course.MET, Course.MISSED)
    assert met.level == missed.level
    assert wording.outlook(met, csat()).endswith("on average (10,080 in all)")


def test_the_window_that_is_partly_known_counts_as_it_is():
    early, late = stands(0.82, by=240), stands(0.82, by=204)
    assert late.high - late.low < 0.6 * (early.high - early.low)


def test_a_declared_change_steps_the_past_and_one_that_is_to_come_is_named():
    found = panel(step=-0.05, at=150)
    cut = change(150, id="cut", title="Desk cut")
    everywhere = replace(cut, scope=replace(cut.scope, values=()))
    assert stands(0.80, found, changes=[everywhere]).chance < 0.01
    later = replace(everywhere, id="late", title="Bot", starts=day(230))
    assert stands(0.80, found, changes=[later]).notes == ("Bot is to begin: what it does is not in this forecast yet",)
    # What has begun is not "to begin", though no complete period of it is known yet.
    begun = replace(everywhere, title="Bot", starts=day(204))
    assert stands(0.80, panel(days=200), changes=[begun]).notes == (
        "Bot began lately: what it does is not in this forecast yet",
    )
    elsewhere = replace(later, scope=cut.scope)
    assert stands(0.80, found, changes=[elsewhere], segment=Segment.of(channel="chat")).notes == ()


def test_too_little_past_and_unknown_segments_are_answers_with_numbers():
    short = stands(0.8, panel(days=6), now=11)
    assert (short.course, short.reason) == (
        Course.CANNOT_SAY, "6 complete days of history, too few for a forecast",
    )  # fmt: skip
    nobody = stands(0.8, segment=Segment.of(channel="fax"))
    assert nobody.reason == "no complete figures of CSAT for fax"
    assert stands(0.8, segment=PHONE).reason == ""
    assert EVERYONE.holds(PHONE)


@given(st.floats(0, 1))
def test_it_is_sure_of_one_side_at_most(chance):
    assert (course_of(chance) is Course.ON_COURSE) == (course_of(1 - chance) is Course.WILL_MISS) or abs(
        chance - SURE
    ) < 1e-9


@given(st.floats(0.7, 0.95), st.floats(0.0, 0.05))
def test_a_higher_bar_is_never_likelier(bar, more):
    found = DESTINATION
    assert found.above(bar + more) <= found.above(bar) + 1e-12
    assert 0 <= found.above(bar) <= 1


def destined():
    rng = np.random.default_rng(3)
    values = 0.82 + 0.03 * rng.standard_normal(150)
    return stats.destination(values, 100, (122, 150))


DESTINATION = destined()
