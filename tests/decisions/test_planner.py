"""The planner on figures of a small world: it asks what judge asks, and says what it cannot say with the numbers."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from decision_examples import duration, metric

from cxmon import decisions
from cxmon.decisions.planner import LATER_COHORTS, covered, outlooks
from cxmon.model import EVERYONE, Amount, Category, Change, Grade, Interval, Kind, Scope, Segment, Stage
from cxmon.panel import Panel

DAY0 = 1_735_689_600  # 1 January 2025, UTC.
CHANNELS = ("phone", "chat", "email", "forum")


def at(day: int) -> datetime:
    return datetime.fromtimestamp(DAY0 + 86_400 * day, UTC)


def leaves(of=None, *, days=150, n=150.0, seed=0, channels=CHANNELS):
    of = metric(dimensions=("channel",), matures_after=timedelta(days=2)) if of is None else of
    rng = np.random.default_rng(seed)
    shared = np.convolve(rng.standard_normal(days + 9), np.ones(5) / 5, "valid")[:days] * 0.01
    counts = np.full((len(channels), days), n)
    good = rng.binomial(counts.astype(int), np.clip(0.82 + shared + 0.004 * rng.standard_normal(counts.shape), 0, 1))
    return Panel(
        metric=of, segments=tuple(Segment.of(channel=c) for c in channels),
        starts=DAY0 + 86_400 * np.arange(days), n=counts, total=good.astype(float),
    )  # fmt: skip


def cut(day=150, *, limit="4pt", **more) -> Change:
    given = {
        "id": "phone-cut", "title": "Phone desk cut", "category": Category.COST_CUT, "starts": at(day),
        "owner": "Operations", "scope": Scope.of({"channel": "phone"}), "horizon_days": 60,
        "limits": {"csat": Amount(float(limit.removesuffix("pt")) / 100, relative=False, text=limit)},
    }  # fmt: skip
    return Change(**(given | more))


SHARE = decisions.shares(["csat"], {})["csat"]


def one(change=None, panel=None, others=(), now=None, share=SHARE):
    change = cut() if change is None else change
    (found,) = outlooks(change, others, leaves() if panel is None else panel, share, now=now or at(150))
    return found


def test_an_outlook_says_what_judging_will_rest_on_and_when():
    found = one()
    assert (found.scope, found.unit, found.limit, found.typical_n) == ("phone", "pt", 0.04, 150.0)
    assert found.grade is Grade.CONTROLLED
    assert found.controls == ("chat", "email", "forum")
    assert found.n_pre == 148
    assert 0.75 < found.level < 0.9
    assert found.known_until == at(148)
    assert found.reason == ""
    for answer in (found.seen, found.ruled_out):
        assert 5 <= answer.days <= 40
        # The first day of the change is day 1: after n days it is the n-th morning.
        assert answer.on == (at(150) + timedelta(days=answer.days)).date()
        assert answer.chance > 0.5
        assert answer.smallest < 0.04
        assert answer.days_with_longer is None


def test_days_until_figures_are_complete_are_counted_in():
    soon, late = (
        one(panel=leaves(metric(dimensions=("channel",), matures_after=timedelta(days=d))), now=at(150 + d))
        for d in (0, 10)
    )
    assert late.wait_days == 10
    assert late.seen.days - soon.seen.days == 10


def test_a_harm_that_the_horizon_is_too_short_for_is_said_with_chance_and_smallest_and_a_longer_watch():
    found = one(cut(limit="1pt"))
    assert found.seen.days is None
    assert found.seen.on is None
    assert found.seen.chance < 0.5
    assert found.seen.smallest > 0.01
    assert found.seen.longer_tried
    asked = one(cut(limit=f"{100 * found.seen.smallest * 1.05}pt"))
    assert asked.seen.days is not None


def test_of_a_change_that_has_begun_the_plan_is_that_of_the_day_before():
    panel = leaves(days=200)
    begun = cut(150)
    before = one(begun, replace(panel.cut(0, 150)), now=at(150))
    panel.total[0, 150:] -= 40
    assert one(begun, panel, now=at(200)) == before


def test_a_start_to_come_counts_from_then_and_the_days_until_it_are_taken_to_be_as_before():
    now, later = one(cut(150)), one(cut(180))
    assert later.n_pre == now.n_pre
    assert later.seen.days == pytest.approx(now.seen.days, abs=6)
    assert later.seen.on == (at(180) + timedelta(days=later.seen.days)).date()


def test_a_share_of_the_error_for_more_metrics_makes_it_later():
    few = one(share=decisions.shares(["csat"], {})["csat"])
    many = one(share=decisions.shares(["csat", *"abcdefgh"], {})["csat"])
    assert many.seen.days >= few.seen.days
    assert many.seen.smallest > few.seen.smallest


def test_a_change_of_everybody_has_nobody_to_be_compared_with():
    found = one(cut(scope=Scope()))
    assert found.grade is Grade.BEFORE_AFTER
    assert found.controls == ()
    assert found.alone == "no untouched segments left to compare with: it touches every segment of CSAT"


def test_each_stage_of_a_roll_out_has_its_own_outlook():
    stages = tuple(Stage(starts=at(day), scope=Scope.of({"channel": c})) for day, c in ((150, "phone"), (164, "chat")))
    change = cut(scope=Scope.of({"channel": ["phone", "chat"]}), stages=stages)
    first, second = outlooks(change, (), leaves(), SHARE, now=at(150))
    assert (first.scope, second.scope) == ("phone", "chat")
    assert (first.starts, second.starts) == (at(150), at(164))
    # A segment that gets the change itself is nobody to compare with.
    assert first.controls == second.controls == ("email", "forum")


def test_of_a_programme_that_customers_choose_no_day_is_stated_that_rests_on_its_own_past():
    """Judged are cohorts against those that join later; before and after alone would state a day for every one."""
    stages = tuple(Stage(starts=at(day), scope=Scope.of({"channel": c})) for day, c in ((150, "phone"), (164, "chat")))
    club = cut(category=Category.PROGRAMME, membership="channel", scope=Scope(), stages=stages)
    first, last = outlooks(club, (), leaves(), SHARE, now=at(150))
    assert (first.scope, first.reason) == ("phone", LATER_COHORTS)
    assert (last.scope, last.reason) == ("chat", "nobody who joins later is there to compare with")
    assert (first.seen, first.ruled_out) == (None, None)
    counted = leaves(replace(leaves().metric, kind=Kind.LEVEL))
    assert one(replace(club, limits={}), panel=counted).reason.startswith("who joins is not like who does not")


@pytest.mark.parametrize(
    ("change", "panel", "now", "said"),
    [
        (cut(6), leaves(days=6), 6, "4 complete days of history, at least 8 are needed"),
        (
            cut(150), leaves(days=100).cut(60, 100), 100,
            "it starts in 52 days, and only 38 days of history are known: ask again later",
        ),
        (cut(), leaves().cut(0, 0), 150, "no complete figures of CSAT before the start"),
        (
            cut(category=Category.MEASUREMENT), leaves(), 150,
            "it changes the measurement itself; figures before and after are not compared",
        ),
        (
            cut(scope=Scope.of({"channel": "fax"})), leaves(), 150,
            "no figures of CSAT for fax: no row has channel 'fax'; there are chat, email, forum, phone",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_said_has_a_reason_with_the_numbers(change, panel, now, said):
    found = one(change, panel, now=at(now))
    assert found.reason == said
    assert found.seen is None
    assert found.ruled_out is None


def test_another_change_too_near_cannot_be_told_apart():
    other = cut(148, id="other", title="New roster")
    found = one(others=[other])
    assert found.reason == "New roster begins too near to this one; what each does cannot be told apart"
    both = one(others=[other, cut(149, id="menu", title="New menu")])
    assert both.reason.startswith("New roster and New menu begin too near to this one")


def test_durations_are_judged_in_percent():
    of = duration(dimensions=("channel",), kind=Kind.MEAN, id="csat")
    rng = np.random.default_rng(4)
    n, T = 120.0, 150
    mean = np.exp(3 + 0.04 * rng.standard_normal((4, T)))
    panel = Panel(
        metric=of, segments=tuple(Segment.of(channel=c) for c in CHANNELS), starts=DAY0 + 86_400 * np.arange(T),
        n=np.full((4, T), n), total=n * mean, squares=n * mean**2 * 1.6,
    )  # fmt: skip
    found = one(cut(limits={}), panel)
    assert (found.unit, found.limit) == ("%", 0.1)
    assert found.seen.days is not None
    assert 15 < found.level < 25


def test_a_harm_becomes_an_effect_and_comes_back():
    for of, amount in ((metric(), Amount(0.02, relative=False, text="2pt")), (duration(), None)):
        scale = decisions.scale(of, amount, expected=0.8, log=of.judged_as_ratio)
        effect = scale.effect(scale.limit)
        assert math.copysign(1, effect) == of.harm_sign
        back = scale.harm(decisions.turned(decisions.turned(interval(effect))))
        assert back.estimate == pytest.approx(scale.limit)


def interval(x):
    return Interval(estimate=x, low=x, high=x)


def test_a_panel_goes_on_with_its_last_weeks_the_last_first():
    panel = leaves(days=21)
    more = panel.continued(at(60), 7)
    assert len(more.starts) == 61
    np.testing.assert_array_equal(more.starts, DAY0 + 86_400 * np.arange(61))
    np.testing.assert_array_equal(more.total[:, :21], panel.total)
    weeks = [panel.total[:, 7 * w : 7 * w + 7] for w in (2, 1, 0, 0, 1)]
    np.testing.assert_array_equal(more.total[:, 21:56], np.concatenate(weeks, axis=1))
    assert panel.pooled(EVERYONE, np.ones(4, bool)).continued(at(60), 7).n.shape == (1, 61)


def test_a_panel_that_knows_its_quantile_is_continued_with_that_of_its_own_periods():
    rng = np.random.default_rng(0)
    starts = np.arange(60, dtype=np.int64) * 86_400
    counts = rng.poisson(3.0, (1, 60, 40)).astype(float)
    n = counts.sum(2)
    durations = replace(metric(), kind=Kind.QUANTILE, quantiles=(0.9,))
    plain = Panel(metric=durations, segments=(Segment(),), starts=starts, n=n, total=n, counts=counts, bucket0=300)
    known = replace(plain, found=plain.quantile())
    until = datetime(1970, 3, 20, tzinfo=UTC)
    np.testing.assert_array_equal(known.continued(until, 7).judged().values, plain.continued(until, 7).judged().values)


def test_few_answers_a_day_are_not_told_and_the_days_until_an_answer_are():
    found, known = one(), metric(dimensions=("channel",))
    assert covered(found, known, 10) == found
    few = covered(found, known, 151)
    assert math.isnan(few.typical_n)
    assert math.isnan(few.level)
    assert (few.seen, few.ruled_out) == (found.seen, found.ruled_out)
