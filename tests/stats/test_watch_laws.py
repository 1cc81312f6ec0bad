"""Laws of the monitor: no look ahead, a budget that is kept, and harm on the right side."""

import numpy as np
import pytest

from cxmon.stats import watch, watch_days, watch_look, watch_state, watch_threshold
from cxmon.stats.watch_season import as_in_an_earlier_year
from cxmon.stats.watching import Call, joined

START = 120


def series(seed, S=24, T=200, phi=0.5, n=100):
    """Daily shares around 0.8 with a weekday wave, AR(1) days and binomial noise."""
    rng = np.random.default_rng(seed)
    own = np.zeros((S, T))
    for t in range(1, T):
        own[:, t] = phi * own[:, t - 1] + 0.01 * rng.standard_normal(S)
    p = np.clip(0.8 + own + 0.02 * np.sin(2 * np.pi * np.arange(T) / 7), 0.01, 0.99)
    N = rng.poisson(n, (S, T)) + 1.0
    return p, N, rng


def drawn(seed, fall=0.0, at=140, **options):
    p, N, rng = series(seed, **options)
    p[:, at:] -= fall
    return rng.binomial(N.astype(int), p) / N, N


def test_a_real_fall_is_noticed_after_it_began_and_dated_near_its_day():
    Y, N = drawn(1, fall=0.12)
    s = watch_state(Y, N, START, 0.5, kind="proportion")
    found = s.first_alarm >= 140
    assert found.mean() > 0.85
    assert np.median(s.first_alarm[found] - 140) <= 6
    assert np.median(np.abs(s.onset[found & s.active] - 140)) <= 2
    assert np.median(s.size[found]) == pytest.approx(-0.12, abs=0.03)
    covers = (s.low[found] <= -0.12) & (s.high[found] >= -0.12)
    assert covers.mean() > 0.75


def test_the_days_between_which_it_began_hold_its_day_and_draw_together():
    Y, N = drawn(1, fall=0.12)
    soon, later = (watch_look(Y[:, :end], N[:, :end], START, kind="proportion") for end in (150, 170))
    sure = soon.statistic > watch_threshold(np.full(len(Y), 0.5))
    assert sure.sum() > 15
    for look in (soon, later):
        inside = (look.earliest <= 140) & (look.latest >= 140)
        assert inside[sure].mean() >= 0.85
        assert ((look.earliest <= look.onset) & (look.onset <= look.latest))[sure].all()
    width = [np.median((look.latest - look.earliest)[sure]) for look in (soon, later)]
    assert width[1] < width[0]


def test_days_to_come_change_no_earlier_alarm():
    Y, N = drawn(2, fall=0.08)
    full = watch(Y, N, START, 1.0, kind="proportion")
    for day in (150, 175):
        part = watch(Y[:, :day], N[:, :day], START, 1.0, kind="proportion")
        np.testing.assert_array_equal(part, np.where((full >= 0) & (full < day), full, -1))


def test_company_teaches_how_noise_wanders_and_nothing_else():
    """Series of one call share the prior on noise: alone each is answered nearly as in company of its kind."""
    Y, N = drawn(3, fall=0.06, S=12)
    together = watch_state(Y, N, START, 1.0, kind="proportion")
    alone = [watch_state(Y[s : s + 1], N[s : s + 1], START, 1.0, kind="proportion") for s in range(12)]
    first = np.array([x.first_alarm[0] for x in alone])
    assert np.median(np.abs(first - together.first_alarm)) <= 2
    assert np.median(np.abs([x.score[0] for x in alone] / together.score - 1)) < 0.25
    order = np.random.default_rng(3).permutation(12)
    mixed = watch_state(Y[order], N[order], START, 1.0, kind="proportion")
    np.testing.assert_array_equal(mixed.first_alarm, together.first_alarm[order])
    np.testing.assert_allclose(mixed.score, together.score[order], rtol=1e-8)


@pytest.mark.parametrize("kind", ["proportion", "rate", "mean"])
def test_given_what_company_teaches_many_at_once_are_as_one_by_one(kind):
    """The monitors of all series in one batch, and that of each by itself with the same parameters."""
    Y, N = drawn(21, fall=0.06, S=9, T=230)
    Y[2, 50:90] = np.nan
    call = Call.of(Y, N if kind != "mean" else None, START, kind, "higher", 7, None, None)
    (whole,) = call.begun(START, (), np.full(9, np.nan))
    never = np.full(9, np.inf)
    asked = {"begin": START, "start": START, "read": START, "sided": 1}
    each = [whole.of(np.arange(9) == s) for s in range(9)]
    together = whole.running.on(call.watched(whole, 230), learnt=whole.learnt, limit=never, **asked)
    for s, one in enumerate(each):
        alone = one.running.on(call.watched(one, 230), learnt=one.learnt, limit=never[:1], **asked)
        for name in ("statistic", "onset", "size", "se"):
            told, expected = getattr(alone, name)[0], getattr(together, name)[s]
            np.testing.assert_allclose(told, expected, rtol=1e-8, atol=1e-10)
    assert np.nanmax(together.statistic[:, -1]) > 5.0, "there is something to be told"


def test_monitors_that_learnt_at_different_times_go_on_as_one():
    later = START + 40
    Y, N = drawn(22, fall=0.05, S=8, T=250)
    call = Call.of(Y, N, START, "proportion", "higher", 7, None, np.where(np.arange(8) % 3, 250, 150)[:, None])
    wild = np.where(np.arange(8) % 2, np.nan, 9.0)
    old = call.begun(START, (), np.full(8, np.nan))
    asked = {"begin": START, "sided": 1}

    def gone_on(groups, last):
        found = {name: np.empty(8) for name in ("statistic", "onset", "size", "se")}
        for group in groups:
            more = asked | {"limit": np.full(int(group.rows.sum()), np.inf), "start": last - 1, "read": last - 1}
            told = group.running.on(call.watched(group, last), learnt=group.learnt, **more)
            for name, all_ in found.items():
                all_[group.rows] = getattr(told, name)[:, -1]
        return found

    gone_on(old, later)
    groups = call.begun(later, old, wild)
    assert [set(g.learnt.tolist()) for g in groups] == [{START}, {later}]
    assert len(joined(groups)) == 2, "one of them has not begun yet"
    gone_on(groups, 230)
    apart, (one,) = tuple(g.copied() for g in groups), joined(groups)
    assert one.rows.all()
    assert one.learnt.tolist() == [START, later] * 4
    together, each = gone_on((one,), 250), gone_on(apart, 250)
    for name, told in together.items():
        np.testing.assert_allclose(told, each[name], rtol=1e-12, err_msg=name)
    # What is taken out of it is what it was before.
    assert [g.learnt.tolist() for g in one.apart()] == [[START] * 4, [later] * 4]
    assert [g.rows.tolist() for g in one.apart()] == [g.rows.tolist() for g in groups]


def test_the_last_day_alone_is_told_as_with_all_days_before_it():
    Y, N = drawn(12, fall=0.05, S=10, T=290)
    full = watch_state(Y, N, START, 1.0, kind="proportion")
    last = watch_state(Y, N, START, 1.0, kind="proportion", read=289)
    np.testing.assert_allclose(last.score, full.score, rtol=1e-8)
    np.testing.assert_array_equal(last.active, full.active)
    np.testing.assert_array_equal(last.onset[last.active], full.onset[last.active])
    np.testing.assert_allclose(last.size[last.active], full.size[last.active], rtol=1e-8)


def test_each_day_is_told_as_if_it_were_the_last():
    Y, N = drawn(15, fall=0.06, S=6, T=270)
    days = watch_days(Y, N, START, 1.0, kind="proportion")
    for t in (130, 150, 239, 240, 269):
        then = watch_state(Y[:, : t + 1], N[:, : t + 1], START, 1.0, kind="proportion", read=t)
        np.testing.assert_allclose(days.score[:, t], then.score, rtol=1e-8)
        np.testing.assert_array_equal(days.active[:, t], then.active)
        np.testing.assert_array_equal(days.onset[:, t], np.where(then.active, then.onset, -1))
        np.testing.assert_allclose(days.low[:, t], np.where(then.active, then.low, np.nan), rtol=1e-8)


def test_a_new_level_is_no_alarm_and_a_fall_after_it_has_a_sober_range():
    Y, N = drawn(17, S=30, T=230)
    Y[:, 140:] -= 0.1
    levels = np.full((30, 1), 140)
    # The caller puts the past on the new level, as roughly as two weeks know it.
    moved = Y.copy()
    moved[:, :140] += (Y[:, 140:154].mean(1) - Y[:, 112:140].mean(1))[:, None]
    calm = watch_state(moved, N, START, 0.5, kind="proportion", levels=levels)
    assert (calm.first_alarm >= 0).sum() <= 12  # 30 series watched for 0.3 years: 4.5 alarms at 0.5 a year.
    moved[:, 180:] -= 0.08
    fell = watch_state(moved, N, START, 0.5, kind="proportion", levels=levels)
    assert (fell.active & (fell.onset >= 160)).mean() > 0.8
    assert (fell.high - fell.low)[fell.active].max() < 0.2


def test_a_yearly_wave_is_not_taken_for_a_regression_nor_for_wandering():
    rng = np.random.default_rng(13)
    t = np.arange(500)
    p = 0.8 + 0.03 * np.sin(2 * np.pi * t / 365.25 + rng.uniform(0, 6.28, (40, 1)))
    N = np.full(p.shape, 150.0)
    calm = watch(rng.binomial(150, p) / N, N, 365, 0.5, kind="proportion")
    assert (calm >= 0).sum() <= 18  # 40 series watched for 0.37 years at 0.5: 7.4 alarms; this is passed in 1 of 3,000.
    p[:, 400:] -= 0.05
    fell = watch(rng.binomial(150, p) / N, N, 365, 0.5, kind="proportion")
    assert np.median(np.where(fell >= 400, fell, 500)) <= 412


def test_a_skewed_count_keeps_the_budget():
    """Nineteen of twenty satisfied, fifteen answers a day: falls are heavier than a normal curve's."""
    rng = np.random.default_rng(14)
    N = np.full((250, 240), 15.0)
    alarm = watch(rng.binomial(15, 0.95, N.shape) / N, N, START, 1.0, kind="proportion")
    years = np.where(alarm >= 0, alarm - START + 1, 120).sum() / 365.25
    assert (alarm >= 0).sum() <= years + 2 * np.sqrt(years)


def test_only_harm_alarms_and_either_hears_both():
    rng = np.random.default_rng(4)
    Y = 10 + rng.standard_normal((10, 200))
    Y[:, 150:] += 3
    assert (watch(Y, None, START, 0.5, better="higher") < 0).all()
    assert (watch(Y, None, START, 0.5, better="lower") >= 150).all()
    either = watch_state(Y, None, START, 0.5, better="either")
    assert (either.first_alarm >= 150).all()
    assert (either.size > 1.5).all()
    fell = watch_state(-Y, None, START, 0.5, better="either")
    np.testing.assert_array_equal(fell.first_alarm, either.first_alarm)
    np.testing.assert_allclose(fell.size, -either.size, rtol=1e-6)


def test_unit_level_and_sign_carry_over_and_the_same_question_has_the_same_answer():
    rng = np.random.default_rng(5)
    Y = 10 + rng.standard_normal((6, 170))
    Y[:3, 140:] -= 1.2
    first = watch_state(Y, None, START, 0.5)
    assert (first.first_alarm[:3] >= 0).any()
    np.testing.assert_array_equal(watch_state(Y, None, START, 0.5).score, first.score)
    for unit, level in ((1000.0, 0.0), (1e-3, 5.0), (-3.7, -400.0)):
        better = "higher" if unit > 0 else "lower"
        other = watch_state(Y * unit + level, None, START, 0.5, better=better)
        np.testing.assert_array_equal(other.first_alarm, first.first_alarm)
        np.testing.assert_allclose(other.score, first.score, rtol=1e-6)
        np.testing.assert_allclose(other.size, first.size * unit, rtol=1e-6)


def test_a_missing_value_is_the_same_as_no_answers():
    Y, N = drawn(5, fall=0.05, S=8)
    lost = np.random.default_rng(5).random(Y.shape) < 0.1
    silent, absent = np.where(lost, 0, N), np.where(lost, np.nan, Y)
    one = watch_state(absent, N, START, 1.0, kind="proportion")
    other = watch_state(Y, silent, START, 1.0, kind="proportion")
    np.testing.assert_array_equal(one.first_alarm, other.first_alarm)
    np.testing.assert_allclose(one.score, other.score, rtol=1e-9)


def test_a_larger_budget_never_alarms_later():
    Y, N = drawn(6, fall=0.015)
    strict, loose = (watch(Y, N, START, b, kind="proportion") for b in (0.05, 4.0))
    assert ((strict < 0) | ((loose >= 0) & (loose <= strict))).all()
    assert (loose >= 0).sum() > (strict >= 0).sum()


@pytest.mark.parametrize("phi", [0.0, 0.6])
def test_the_budget_is_kept_where_nothing_happens(phi):
    """Poisson count of alarms within two standard errors of what the budget allows."""
    Y, N = drawn(7, S=250, T=240, phi=phi)
    alarm = watch(Y, N, START, 1.0, kind="proportion")
    years = np.where(alarm >= 0, alarm - START + 1, 120).sum() / 365.25
    assert (alarm >= 0).sum() <= years + 2 * np.sqrt(years)


def test_a_single_wild_day_is_not_a_regression():
    Y = 10 + np.random.default_rng(8).standard_normal((20, 200))
    quiet = watch(Y, None, START, 0.3)
    Y[:, 150] -= 60
    wild = watch(Y, None, START, 0.3)
    assert (quiet == wild)[quiet < 0].mean() > 0.8


def test_what_cannot_be_watched_says_so():
    rng = np.random.default_rng(9)
    Y = np.stack([np.full(60, np.nan), np.r_[np.full(52, np.nan), rng.random(8)], rng.random(60), np.full(60, 0.5)])
    s = watch_state(Y, None, 40, 1.0)
    assert (s.first_alarm[[0, 1, 3]] == -1).all()
    assert np.isnan(s.score[:2]).all()
    assert np.isfinite(s.score[2:]).all()
    assert (watch(Y, None, 5, 1.0) == -1).all()
    assert (watch(Y, None, 60, 1.0) == -1).all()
    assert not s.active.any()


def test_a_year_of_months_can_be_watched():
    rng = np.random.default_rng(10)
    Y = 0.03 + 0.004 * rng.standard_normal((5, 24))
    Y[:, 20:] += 0.1
    first = watch(Y, np.full((5, 24), 90_000.0), 12, 0.5, kind="proportion", better="lower", period=1)
    assert (first >= 20).all()
    assert (watch(Y[:, :12], None, 12, 0.5, period=1) == -1).all()


@pytest.mark.parametrize(("rise", "alarmed"), [(0.0, 0), (0.05, 20)])
def test_months_no_worse_than_a_year_before_are_no_alarm(rise, alarmed):
    """A mild winter and a hard one teach a wave that a third winter, a little milder than the second, is far above."""
    winter = np.isin(np.arange(36) % 12, (8, 9, 10))
    Y = 0.15 + winter * np.repeat([0.05, 0.15, 0.13], 12) + 0.004 * np.random.default_rng(1).standard_normal((20, 36))
    Y[:, 32:] += rise
    asks = {"kind": "proportion", "better": "lower", "period": 1, "yearly": 12}
    found = watch_days(Y, None, 24, 1.0, **asks)
    assert found.active[:, 32:].any(1).sum() == alarmed
    assert (found.score[:, 32:35].max(1) > 1).all()
    # One way or the other, a look at one month says the same.
    look = watch_look(Y[:, :35], None, 24, **asks)
    loud = look.statistic > watch_threshold(np.ones(20), 12)
    assert ((loud & ~look.as_before) == found.active[:, 34]).all()
    assert loud.any()


def test_only_whole_seasons_of_months_are_compared():
    Y = np.tile(np.arange(12.0), (3, 2))
    Y[1, 12 + 6 :] += 1.0
    Y[2, :12] = np.nan
    for onset in (20, 22, -1):
        assert as_in_an_earlier_year(Y, np.full(3, onset), 23, 12.0).tolist() == [True, False, False]
    assert not as_in_an_earlier_year(Y, np.full(3, 20), 23, 52.18).any()
    assert not as_in_an_earlier_year(Y[:, :11], np.full(3, 8), 10, 12.0).any()


@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("kind", ["mean", "proportion", "rate"])
def test_constant_series_are_watched_in_silence(level, kind):
    assert (watch(np.full((2, 150), level), np.full((2, 150), 30.0), 100, 0.5, kind=kind) == -1).all()


def test_wrong_words_are_refused():
    with pytest.raises(ValueError, match="better 'more'"):
        watch(np.zeros((1, 50)), None, 30, 0.5, better="more")


def test_a_collapse_is_given_its_whole_size():
    rng = np.random.default_rng(11)
    Y = 10 + rng.standard_normal((10, 160))
    Y[:, 150:] -= 40
    s = watch_state(Y, None, START, 0.5)
    assert s.active.all()
    assert np.median(s.size) == pytest.approx(-40, abs=1)
    assert ((s.low < -39) & (s.high > -42)).mean() >= 0.9


def test_hours_with_a_weekly_cycle_know_how_many_of_them_a_year_has():
    rng = np.random.default_rng(4)
    N = rng.poisson(20, (2, 5 * 168)) + 1.0
    Y = rng.binomial(N.astype(int), 0.8) / N
    known, told = (
        watch_days(Y, N, 4 * 168, 2.0, kind="proportion", period=168, yearly=yearly).score
        for yearly in (None, 24 * 365.25)
    )
    np.testing.assert_array_equal(known, told)
