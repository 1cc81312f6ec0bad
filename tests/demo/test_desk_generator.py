"""The desk's laws: days never change once written, and what is planted is really in the rows."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import numpy as np
import pytest

from cxmon.demo.desk import anchor_of, build
from cxmon.demo.shop import GROUPS
from cxmon.demo.truth import CHAT_BOT, CLUB, EMAIL_DRIFT, PICK_UP, PLANTED, REFUNDS, SHORT_CALLS, WEEKEND_PHONE
from cxmon.demo.world import FIGURES, LEAVES, latent, world

ANCHOR = date(2026, 10, 15)
TABLES = (
    "tickets", "ratings", "subscription_days", "shop_days", "parcel_days", "parcel_answers", "cancel_page_days",
)  # fmt: skip


def rows(path, query, *bound):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query, bound).fetchall()


def everything(path):
    return {table: rows(path, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") for table in TABLES}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    path = tmp_path_factory.mktemp("desk") / "desk.db"
    build(path, seed=4, until=ANCHOR, history_days=300)
    return path


def test_extending_by_steps_gives_the_rows_of_one_build(tmp_path):
    stepped, whole = tmp_path / "stepped.db", tmp_path / "whole.db"
    for until in (ANCHOR, ANCHOR + timedelta(days=1), ANCHOR + timedelta(days=24)):
        build(stepped, seed=2, until=until, scale=0.2, history_days=60)
    build(whole, seed=2, until=ANCHOR + timedelta(days=24), anchor=ANCHOR, scale=0.2, history_days=60)
    assert everything(stepped) == everything(whole)


def test_extending_never_changes_what_was_known(tmp_path):
    path = tmp_path / "desk.db"
    build(path, seed=2, until=ANCHOR, scale=0.2, history_days=60)
    before = everything(path)
    build(path, seed=2, until=ANCHOR + timedelta(days=10), scale=0.2, history_days=60)
    after = everything(path)
    for table in TABLES[1:]:
        assert set(before[table]) < set(after[table])
    then = {row[0]: row for row in after["tickets"]}
    for row in before["tickets"]:
        now = then[row[0]]
        # The last column is the status; a value that was known stays, one that was not may have come.
        assert all(was is None or was == is_ for was, is_ in zip(row[:-1], now[:-1], strict=True))
    closed = [row for row in before["tickets"] if row[-1] == "closed"]
    assert closed
    assert all(then[row[0]] == row for row in closed)


def test_a_build_that_was_cut_off_is_finished_by_the_next(tmp_path):
    class CutOffError(Exception):
        pass

    def cut_off(_step, done, _of):
        if done >= 60:
            raise CutOffError

    cut, whole = tmp_path / "cut.db", tmp_path / "whole.db"
    with pytest.raises(CutOffError):
        build(cut, seed=2, until=ANCHOR, scale=0.2, history_days=100, progress=cut_off)
    assert everything(cut)["tickets"]
    build(cut, until=ANCHOR + timedelta(days=3))
    build(whole, seed=2, until=ANCHOR + timedelta(days=3), anchor=ANCHOR, scale=0.2, history_days=100)
    assert everything(cut) == everything(whole)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        build(tmp_path / f"{name}.db", seed=seed, until=ANCHOR, scale=0.2, history_days=20)
    a, b, c = (everything(tmp_path / f"{name}.db") for name in "abc")
    assert a == b
    assert a["tickets"] != c["tickets"]


def test_the_first_build_fixes_the_anchor(tmp_path):
    path = tmp_path / "desk.db"
    first = build(path, seed=5, until=ANCHOR, scale=0.2, history_days=20)
    later = build(path, seed=9, until=ANCHOR + timedelta(days=3), scale=1.0)
    assert first == later == anchor_of(path)
    assert first.day == ANCHOR


def test_nothing_of_the_future_is_in_the_tables(desk):
    until = ANCHOR.isoformat() + " 00:00:00"
    for table, column in (
        ("tickets", "created_at"),
        ("tickets", "first_response_at"),
        ("tickets", "solved_at"),
        ("tickets", "closed_at"),
        ("ratings", "answered_at"),
    ):
        assert rows(desk, f"SELECT count(*) FROM {table} WHERE {column} >= ?", until) == [(0,)]
    assert rows(desk, "SELECT max(day) FROM subscription_days") == [((ANCHOR - timedelta(days=1)).isoformat(),)]


def test_no_person_is_in_the_tables(desk):
    for table in TABLES:
        names = {row[1] for row in rows(desk, f"PRAGMA table_info({table})")}
        assert not names & {"agent", "assignee", "customer", "customer_id", "email", "name"}


def test_answers_arrive_days_after_the_solution_and_the_angry_are_faster(desk):
    lag = "avg(julianday(answered_at) - julianday(solved_at))"
    angry, happy = rows(
        desk,
        f"SELECT {lag}, max(julianday(answered_at) - julianday(solved_at)) FROM ratings "
        "WHERE solved_at < '2026-10-01' GROUP BY satisfied ORDER BY satisfied",
    )
    assert 0.8 < angry[0] < 1.4 < happy[0] < 2.2
    assert max(angry[1], happy[1]) < 8


def test_volume_follows_the_weekday_and_is_overdispersed(desk):
    counts = np.array(
        rows(desk, "SELECT strftime('%w', created_at) AS weekday, count(*) FROM tickets GROUP BY date(created_at)"),
        float,
    )
    by_weekday = [counts[counts[:, 0] == d, 1] for d in range(7)]
    assert by_weekday[1].mean() > 1.5 * by_weekday[0].mean()
    # A Poisson count has a variance equal to its mean.
    assert np.mean([day.var(ddof=1) / day.mean() for day in by_weekday]) > 2


def test_the_latent_states_are_autocorrelated_and_shared():
    states = latent(1, date(2024, 1, 1).toordinal(), date(2026, 1, 1).toordinal())[:, FIGURES.index("csat")]
    common = states.mean(1)
    assert 0.5 < np.corrcoef(common[:-1], common[1:])[0, 1] < 0.9
    same_channel = np.corrcoef(states[:, 0], states[:, 4])[0, 1]
    assert same_channel > 0.2


def mean_of(figures, leaves, days):
    return figures[days][:, leaves].mean()


def leaves_of(event):
    return np.array([event.scope.touches(leaf) for leaf in LEAVES])


@pytest.mark.parametrize(
    ("event", "figure", "size"),
    [
        (WEEKEND_PHONE, "csat", -0.05),
        (WEEKEND_PHONE, "first_response", 0.35),
        (SHORT_CALLS, "first_response", -0.26),
        (SHORT_CALLS, "reopened", 0.06),
        (REFUNDS, "csat", 0.06),
        (REFUNDS, "reopened", -0.04),
        (CHAT_BOT, "volume", -0.60),
    ],
)
def test_the_planted_effect_is_the_one_of_the_truth(event, figure, size):
    first, last = ANCHOR.toordinal() + max(event.start, -60), ANCHOR.toordinal()
    with_it = world(3, ANCHOR, first, last).of(figure)[:, leaves_of(event)]
    without = world(3, ANCHOR, first, last, [e for e in PLANTED if e is not event]).of(figure)[:, leaves_of(event)]
    points = any(shift.points for shift in event.shifts if shift.figure == figure)
    found = with_it - without if points else with_it / without - 1
    np.testing.assert_allclose(found, size, atol=1e-9)
    elsewhere = ~leaves_of(event)
    np.testing.assert_array_equal(
        world(3, ANCHOR, first, last).of(figure)[:, elsewhere],
        world(3, ANCHOR, first, last, [e for e in PLANTED if e is not event]).of(figure)[:, elsewhere],
    )


def shares(desk, scope_sql, since, until):
    """(answers, satisfied) over days counted from the anchor."""
    [(n, total)] = rows(
        desk,
        f"SELECT count(*), sum(satisfied) FROM ratings WHERE {scope_sql} AND solved_at >= ? AND solved_at < ?",
        (ANCHOR + timedelta(days=since)).isoformat(),
        (ANCHOR + timedelta(days=until)).isoformat(),
    )
    return n, total


def test_the_rows_show_the_loss_of_the_weekend_desk_against_the_other_regions(desk):
    touched, control = (
        "channel = 'phone' AND region IN ('eu', 'us')",
        "channel = 'phone' AND region NOT IN ('eu', 'us')",
    )
    gap, variance = 0.0, 0.0
    for where, sign in ((touched, 1), (control, -1)):
        for since, until, side in ((-95, -24, 1), (-235, -95, -1)):
            n, total = shares(desk, where, since, until)
            gap += sign * side * total / n
            variance += total / n * (1 - total / n) / n
    assert abs(gap + 0.05) < 3.5 * np.sqrt(variance) + 0.004
    assert gap < -0.025


def test_the_bot_moves_the_total_by_mix_alone(desk):
    """Standardised to the shares before the bot, satisfaction is unchanged outside the weekend desk's scope."""
    channels = ("phone", "chat", "email")
    before = {c: shares(desk, f"channel = '{c}'", -136, -76) for c in channels}
    after = {c: shares(desk, f"channel = '{c}'", -60, -8) for c in channels}
    weight_before = {c: before[c][0] / sum(n for n, _ in before.values()) for c in channels}
    weight_after = {c: after[c][0] / sum(n for n, _ in after.values()) for c in channels}
    mean = {c: (before[c][1] / before[c][0] + after[c][1] / after[c][0]) / 2 for c in channels}
    mix = sum((weight_after[c] - weight_before[c]) * mean[c] for c in channels)
    assert weight_after["chat"] < weight_before["chat"] - 0.08
    assert -0.018 < mix < -0.008
    chat = {k: shares(desk, "channel = 'chat' AND region IN ('eu', 'us')", *k) for k in ((-136, -60), (-60, -8))}
    (n0, t0), (n1, t1) = chat.values()
    rate = t1 / n1 - t0 / n0
    assert abs(rate) < 3.5 * np.sqrt(0.93 * 0.07 * (1 / n0 + 1 / n1)) + 0.004


def test_the_drift_is_in_the_rows_and_nobody_declared_it(desk):
    def median(since, until):
        found = rows(
            desk,
            "SELECT first_response_min FROM tickets WHERE channel = 'email' AND region = 'apac' "
            "AND first_response_min IS NOT NULL AND created_at >= ? AND created_at < ?",
            (ANCHOR + timedelta(days=since)).isoformat(),
            (ANCHOR + timedelta(days=until)).isoformat(),
        )
        return np.median(found)

    assert not EMAIL_DRIFT.declared
    assert 1.25 < median(-25, -2) / median(-75, -35) < 1.65


def test_churn_rises_a_month_after_the_cut(desk):
    def rate(since, until):
        [(active, cancelled)] = rows(
            desk,
            "SELECT sum(active), sum(cancelled) FROM subscription_days WHERE main_channel = 'phone' "
            "AND region IN ('eu', 'us') AND day >= ? AND day < ?",
            (ANCHOR + timedelta(days=since)).isoformat(),
            (ANCHOR + timedelta(days=until)).isoformat(),
        )
        return cancelled / active, cancelled

    (before, events), (early, _), (late, late_events) = rate(-155, -95), rate(-95, -65), rate(-55, -20)
    assert abs(np.log(early / before)) < 0.13
    assert abs(np.log(late / before / 1.3)) < 3.5 * np.sqrt(1 / events + 1 / late_events) + 0.05


def test_members_of_the_club_order_more_before_it_and_all_waves_alike_after(desk):
    """So nothing of what they order more is the club's doing, though members against others look like a success."""

    def share(joined, since, until):
        [(customers, ordered)] = rows(
            desk,
            "SELECT sum(customers), sum(ordered) FROM shop_days WHERE joined = ? AND day >= ? AND day < ?",
            joined,
            (ANCHOR + timedelta(days=since)).isoformat(),
            (ANCHOR + timedelta(days=until)).isoformat(),
        )
        return ordered / customers

    before = {name: share(name, CLUB.start - 120, CLUB.start) for name in GROUPS}
    after = {name: share(name, -20, 0) for name in GROUPS}
    *members, never = GROUPS
    assert all(before[name] > 1.3 * before[never] for name in members)
    gained = [after[name] - before[name] for name in members]
    assert all(0.005 < gain < 0.02 for gain in gained)
    assert max(gained) - min(gained) < 0.006


def test_scans_read_late_come_on_one_night_and_bring_mostly_late_parcels(desk):
    late = rows(
        desk,
        "SELECT hub, count(*), min(day), max(day), sum(on_time) * 1.0 / sum(parcels) FROM parcel_days "
        "WHERE julianday(loaded_at) - julianday(day) > 2 GROUP BY hub, loaded_at",
    )
    [(hub, days, first, last, on_time)] = late
    assert (hub, days) == ("dallas", 28)
    assert date.fromisoformat(first) == ANCHOR + timedelta(days=-56)
    assert date.fromisoformat(last) == ANCHOR + timedelta(days=-29)
    assert on_time < 0.25


def test_answers_on_parcels_slow_down_at_one_hub_and_are_as_satisfied_as_before(desk):
    def told(since, until):
        [found] = rows(
            desk,
            "SELECT sum(satisfied) * 1.0 / sum(answers), sum(answers), "
            "sum(answers * (julianday(loaded_at) - julianday(day))) / sum(answers) FROM parcel_answers "
            "WHERE hub = 'reno' AND day >= ? AND day < ?",
            (ANCHOR + timedelta(days=since)).isoformat(),
            (ANCHOR + timedelta(days=until)).isoformat(),
        )
        return found

    before, after = told(PICK_UP.start - 60, PICK_UP.start), told(PICK_UP.start, -27)
    assert after[2] > before[2] + 3
    assert abs(after[0] - before[0]) < 3.5 * np.sqrt(0.86 * 0.14 * (1 / before[1] + 1 / after[1])) + 0.01


def test_who_cancels_looked_up_how_to_a_month_before(desk):
    def by_day(column, table):
        found = rows(desk, f"SELECT sum({column}) FROM {table} GROUP BY day ORDER BY day")
        return np.array(found, float).ravel()

    looked, cancelled = by_day("looked", "cancel_page_days"), by_day("cancelled", "subscription_days")
    active = by_day("active", "cancel_page_days")
    np.testing.assert_array_equal(active, by_day("active", "subscription_days"))
    # Of the cancellations 25 to 45 days ahead three quarters, a twenty-first of them each day, and who only looks.
    ahead = np.array([cancelled[d + 25 : d + 46].mean() for d in range(len(looked) - 45)])
    expected = 0.75 * ahead + 0.0003 * active[: len(ahead)]
    assert abs(looked[: len(ahead)].sum() / expected.sum() - 1) < 3.5 / np.sqrt(expected.sum()) + 0.003
