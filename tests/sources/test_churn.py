"""Churn out of states of subscriptions, against who was there at each instant by brute force."""

from datetime import UTC, datetime, timedelta
from math import fsum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_cases import metric

from cxmon import periods
from cxmon.aggregate import State, Told, cells_of_states, histories, opens, orderly, quiet, subject
from cxmon.aggregate.orderly import Histories
from cxmon.model import Grain, Kind, Read, Segment, Window

NOW = datetime(2026, 5, 3, 9, tzinfo=UTC)
FIRST = datetime(2026, 2, 27, 23, tzinfo=UTC)
T0 = int(FIRST.timestamp())
HOURS = int((NOW - FIRST).total_seconds()) // 3600
SEGMENTS = [Segment.of(tier=name) for name in ("basic", "pro")]
KINDS = [
    (Kind.RATE, "start_of_period", Grain.DAY),
    (Kind.PROPORTION, "start_of_period", Grain.MONTH),
    (Kind.RATIO, "start_of_period", Grain.WEEK),
    (Kind.RATE, "stripe", Grain.MONTH),
    (Kind.RATIO, "stripe", Grain.MONTH),
]


def churn(kind, definition, grain=Grain.DAY, **more):
    read = Read(stream="subscriptions", time="at", value="mrr", known_at="at", churn=definition)
    return metric(kind, read, id="churn", grain=grain, dimensions=("tier",), source="billing", **more)


# Some changes fall on a period's start, some come back to what was before.
CHANGE = st.tuples(
    st.one_of(st.integers(0, HOURS), st.integers(0, HOURS // 24).map(lambda d: 24 * d)),
    st.sampled_from([0.0, 0.0, 10.0, 20.5, 100 / 12]),
    st.integers(0, 1),
)
SUBSCRIPTION = st.lists(CHANGE, min_size=1, max_size=5, unique_by=lambda change: change[0]).map(sorted)
WORLD = st.lists(st.lists(SUBSCRIPTION, min_size=1, max_size=3), min_size=1, max_size=4)


def level(changes, t):
    """(value, segment) of a subscription at an instant."""
    past = [(value, segment) for hour, value, segment in changes if T0 + 3600 * hour <= t]
    return past[-1] if past else (0.0, 0)


def customer(subscriptions, t):
    levels = [level(changes, t) for changes in subscriptions]
    value = fsum(value for value, _ in levels)
    return (value, max(levels, key=lambda x: (x[0], -x[1]))[1]) if value > 0 else (0.0, 0)


def window(of, start):
    end = periods.next_start(datetime.fromtimestamp(start, UTC), of.grain, of.zone)
    if of.read.churn == "start_of_period":
        return start, int(end.timestamp())
    local = end.astimezone(periods.ZoneInfo(of.zone)).replace(tzinfo=None) - timedelta(days=30)
    return int(local.replace(tzinfo=periods.ZoneInfo(of.zone)).timestamp()), int(end.timestamp())


def by_hand(of, world, starts=None):
    """{(segment, start): (n, total, squares, base, base_squares, cross)} by looking at every instant."""
    found, money = {}, of.kind is Kind.RATIO

    def add(segment, start, *figures):
        key = SEGMENTS[segment].key, start
        found[key] = tuple(a + b for a, b in zip(found.get(key, (0,) * 6), figures, strict=True))

    for start in starts or periods.grid(FIRST, NOW, of.grain, of.zone, 0).tolist():
        opens, end = window(of, start)
        for subscriptions in world:
            hours = sorted({T0 + 3600 * hour for changes in subscriptions for hour, _, _ in changes})
            m, segment = customer(subscriptions, opens)
            if of.read.churn == "start_of_period":
                left = customer(subscriptions, end)[0]
                lost = max(0.0, m - left) if money else float(m > 0 and left == 0)
                counts = m > 0
            else:
                path = [(t, *customer(subscriptions, t)) for t in hours]
                before = [x for x in path if x[0] <= opens]
                inside = [x for x in path if opens < x[0] <= end]
                steps = zip([m, *(x[1] for x in inside)], inside, strict=False)
                falls = [a - b for a, (_, b, _) in steps if a > b and (money or b == 0)]
                lost = sum(falls) if money else float(len(falls))
                ever = [x for x in before if x[1] > 0]
                first = [x for x in inside if x[1] > 0]
                counts = m > 0 or (not ever and bool(first))
                if m <= 0 and (ever or first):
                    segment = (ever or first)[0][2]
            if counts:
                add(segment, start, 1, 0, 0, m, m * m, 0)
            if lost > 1e-9:
                add(segment, start, 0, lost, lost**2, 0, 0, lost * m)
    return {key: figures for key, figures in found.items() if figures[0] > 0}


def states_of(world, until=True):
    """Every change as what it went to, and what it came from, by customer."""
    found = {}
    for c, subscriptions in enumerate(world):
        for s, changes in enumerate(subscriptions):
            before = (0.0, 0)
            for i, (hour, value, segment) in enumerate(changes):
                at = T0 + 3600 * hour
                found.setdefault(f"c{c}", []).append(State(at, at, f"s{c}{s}/2e{i}>", value, segment, 1))
                if until:
                    found[f"c{c}"].append(State(at, at, f"s{c}{s}/2e{i}<", *before, 0))
                before = (value, segment)
    return found


def table(of, states):
    last = periods.floor(NOW, of.grain, of.zone)
    run = Window(periods.floor(FIRST, of.grain, of.zone), periods.next_start(last, of.grain, of.zone))
    made = cells_of_states(of, SEGMENTS, states, run, NOW)
    columns = [c if c is not None else np.zeros(len(made)) for c in (
        made.n, made.total, made.squares, made.base, made.base_squares, made.cross)]  # fmt: skip
    return {
        (made.segments[s].key, int(start), int(known)): tuple(float(x) for x in row)
        for s, start, known, *row in zip(made.segment, made.start, made.known_at, *columns, strict=True)
    }


def same(of, got, wanted):
    counted = 6 if of.kind is Kind.RATIO else 2
    assert got.keys() == wanted.keys()
    for key, figures in wanted.items():
        assert np.allclose(got[key][:counted], figures[:counted], rtol=1e-9, atol=1e-7), key


@pytest.mark.parametrize(("kind", "definition", "grain"), KINDS)
@settings(max_examples=12, deadline=None)
@given(world=WORLD, until=st.booleans(), seed=st.integers(0, 99))
def test_churn_is_what_every_instant_says(kind, definition, grain, world, until, seed):
    of, states = churn(kind, definition, grain), states_of(world, until)
    for own in states.values():
        np.random.default_rng(seed).shuffle(own)
    found = table(of, {c: [State(*s) for s in own] for c, own in states.items()})
    newest = {}
    for (segment, start, _), figures in sorted(found.items(), key=lambda x: x[0][2]):
        newest[segment, start] = figures
    assert len(newest) == len(found), "everything was known in time"
    same(of, newest, by_hand(of, world))


@pytest.mark.parametrize(("kind", "definition", "grain"), KINDS)
@settings(max_examples=10, deadline=None)
@given(world=WORLD, delays=st.lists(st.integers(0, 40), min_size=12, max_size=12))
def test_what_became_known_late_was_not_known_before(kind, definition, grain, world, delays):
    """Each age shows the figures of what was known by then: later knowledge stands over all that follows it."""
    of, states = churn(kind, definition, grain), states_of(world, until=False)
    late = {
        c: [s._replace(known=s.at + 86_400 * delays[i % 12]) for i, s in enumerate(own)] for c, own in states.items()
    }
    found = table(of, late)
    for start in sorted({start for _, start, _ in found}, key=lambda start: start * 7919 % 101)[:12]:
        end = periods.next_start(datetime.fromtimestamp(start, UTC), of.grain, of.zone)
        for age in (0, 3, 14):
            local = end.astimezone(periods.ZoneInfo(of.zone)).replace(tzinfo=None) + timedelta(days=age)
            bound = int(local.replace(tzinfo=periods.ZoneInfo(of.zone)).timestamp())
            if bound > NOW.timestamp():
                continue
            # What comes with the very end of a period is in it; what comes with an age is not yet known at it.
            then = by_hand(of, _as_known(late, bound if age == 0 else bound - 1), [start])
            for segment in SEGMENTS:
                seen = [(k, f) for (s, p, k), f in found.items() if (s, p) == (segment.key, start) and k <= bound]
                now = max(seen)[1] if seen else (0.0,) * 6
                wanted = then.get((segment.key, start), (0.0,) * 6)
                assert np.allclose(now[:2], wanted[:2], atol=1e-6), (segment, start, age)


def _as_known(states, bound):
    """The same world as its changes were known at an instant: hours at which some state says what there is."""
    world = []
    for own in states.values():
        by_subject = {}
        for s in own:
            if s.known <= bound:
                by_subject.setdefault(s.name.partition("/")[0], []).append(s)
        subscriptions = []
        for known in by_subject.values():
            changes = []
            for t in sorted({s.at for s in known}):
                says = max((s for s in known if s.at <= t), key=lambda s: (s.known, s.at))
                changes.append(((t - T0) // 3600, says.value, says.segment))
            subscriptions.append(changes)
        world.append(subscriptions)
    return world


@pytest.mark.parametrize(("kind", "definition", "grain"), KINDS)
@settings(max_examples=6, deadline=None)
@given(world=WORLD, until=st.booleans(), delays=st.lists(st.integers(0, 40), min_size=12, max_size=12),
       begins=st.integers(0, HOURS))  # fmt: skip
def test_customers_to_whom_nothing_happens_need_no_history(kind, definition, grain, world, until, delays, begins):
    of, own = churn(kind, definition, grain), states_of(world, until)
    own = {c: [s._replace(known=s.at + 3600 * delays[i % 12]) for i, s in enumerate(of_)] for c, of_ in own.items()}
    since = periods.floor(FIRST + timedelta(hours=begins), of.grain, of.zone)
    last = periods.floor(NOW, of.grain, of.zone)
    run = Window(since, periods.next_start(last, of.grain, of.zone))
    told = in_columns(own)
    loud, others = quiet(told, opens(of, run))
    few = {c: states for i, (c, states) in enumerate(own.items()) if loud[i]}
    assert len(others.value) <= len(own) - len(few)
    alike(cells_of_states(of, SEGMENTS, own, run, NOW), cells_of_states(of, SEGMENTS, few, run, NOW, others))


@pytest.mark.parametrize(("kind", "definition", "grain"), KINDS)
@settings(max_examples=12, deadline=None)
@given(world=WORLD, until=st.booleans(), late=st.lists(st.sampled_from([0, 0, 0, 5]), min_size=12, max_size=12),
       begins=st.integers(0, HOURS), seed=st.integers(0, 99))  # fmt: skip
def test_histories_in_order_are_the_same_over_arrays(kind, definition, grain, world, until, late, begins, seed):
    of, own = churn(kind, definition, grain), states_of([w[: 1 + i % 2] for i, w in enumerate(world)], until)
    own = {c: [s._replace(known=s.at + 86_400 * late[i]) for s in of_] for i, (c, of_) in enumerate(own.items())}
    if until:
        # Of some nothing says what was before.
        own = {c: of_ if i % 2 else [s for s in of_ if s.holds] for i, (c, of_) in enumerate(own.items())}
    for states in own.values():
        np.random.default_rng(seed).shuffle(states)
    own = {c: [State(*s) for s in states] for c, states in own.items()}
    told = in_columns(own)
    plain = orderly(told)
    for i, states in enumerate(own.values()):
        alone = len({subject(s.name) for s in states}) == 1
        assert plain[i] == (alone and all(s.holds and s.known == s.at for s in states))
    since = periods.floor(FIRST + timedelta(hours=begins), of.grain, of.zone)
    run = Window(since, periods.next_start(periods.floor(NOW, of.grain, of.zone), of.grain, of.zone))
    few = {c: states for i, (c, states) in enumerate(own.items()) if not plain[i]}
    part = cells_of_states(of, SEGMENTS, few, run, NOW, plain=histories(told, plain))
    alike(cells_of_states(of, SEGMENTS, own, run, NOW), part)


def in_columns(own):
    """States by customer as the store hands them over."""
    rows = [(c, s) for c, states in own.items() for s in states]
    names, subjects = list(own), sorted({(c, subject(s.name)) for c, s in rows})
    return Told(
        *np.array([(names.index(c), subjects.index((c, subject(s.name))), s.at, s.known, s.holds) for c, s in rows]).T,
        np.array([s.value for _, s in rows]), np.array([s.segment for _, s in rows]),
    )  # fmt: skip


def alike(whole, part):
    assert [s.key for s in whole.segments] == [s.key for s in part.segments]
    for name in ("segment", "start", "known_at", "n", "total", "squares", "base", "base_squares", "cross"):
        one, other = getattr(whole, name), getattr(part, name)
        assert (one is None) == (other is None)
        assert one is None or np.allclose(one, other, rtol=1e-12), name


def test_many_are_added_up_in_blocks_that_part_no_customer():
    """More periods than are added up at a time; two falls in 30 days are one loss of their sum."""
    of, count = churn(Kind.RATIO, "stripe", Grain.DAY), 13_000
    at, value = T0 + 86_400 * np.array([2, 20, 25, 58]), np.array([30.0, 20.0, 5.0, 0.0])
    of_one = [np.zeros(4, np.int64), at, value, np.zeros(4, np.int64)]
    many = [np.repeat(np.arange(count), 4), *(np.tile(column, count) for column in of_one[1:])]
    assert count * 4 * 30 > 1_000_000
    run = Window(FIRST.replace(hour=0), periods.floor(NOW, of.grain, of.zone))
    one, all_ = (cells_of_states(of, SEGMENTS, {}, run, NOW, plain=Histories(*c)) for c in (of_one, many))
    assert max(one.squares) == 25.0**2
    for name in ("n", "total", "squares", "base", "base_squares", "cross"):
        assert np.allclose(getattr(all_, name), count * np.array(getattr(one, name)), rtol=1e-9), name


def test_a_change_tells_what_was_before_it():
    """The list of today says 30 from the beginning on; the event says that it was 50 until the first of April."""
    of = churn(Kind.RATIO, "start_of_period", Grain.MONTH)
    may = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp())
    states = [
        State(T0, T0, "s/0start", 30.0, 0, 2), State(T0 + 86_400, T0 + 86_400, "s/8seen", 30.0, 0, 2),
        State(may, may, "s/2e<", 50.0, 0, 0),
        State(may, may, "s/2e>", 30.0, 0, 1),
    ]  # fmt: skip
    found = {start: f[:4] for (_, start, _), f in sorted(table(of, {"c": states}).items())}
    assert [f[3] for f in found.values()] == [50.0, 50.0, 30.0]
    assert sum(f[1] for f in found.values()) == 20.0


def test_a_guess_gives_way_between_two_that_say_there_was_nothing():
    """Unpaid in April and paid again in May, when the list is first read: of the day before it says what is now."""
    of = churn(Kind.RATIO, "start_of_period", Grain.DAY)
    unpaid, paid = T0 + 40 * 86_400, T0 + 60 * 86_400
    states = [
        State(T0, T0, "s/0start", 60.0, 0, 2), State(paid - 80_000, paid - 80_000, "s/8seen", 60.0, 0, 2),
        State(unpaid, unpaid, "s/2a<", 60.0, 0, 0), State(unpaid, unpaid, "s/2a>", 0.0, 0, 1),
        State(paid, paid, "s/2b<", 0.0, 0, 0), State(paid, paid, "s/2b>", 60.0, 0, 1),
    ]  # fmt: skip
    found = {(start - T0) // 86_400 for (_, start, _), f in table(of, {"c": states}).items() if f[0]}
    assert found & set(range(35, 63)) == {*range(35, 40), 60, 61, 62}


def test_changes_within_one_second_lead_to_what_none_of_them_came_from():
    of, at = churn(Kind.RATIO, "start_of_period", Grain.MONTH), T0 + 86_400 * 40
    pairs = [("b", 50.0, 70.0), ("c", 70.0, 0.0), ("a", 10.0, 50.0)]
    states = [State(T0, T0, "s/0start", 10.0, 0, 1)]
    for name, before, after in pairs:
        states += [State(at, at, f"s/2{name}<", before, 0, 0), State(at, at, f"s/2{name}>", after, 0, 1)]
    for order in (states, states[::-1]):
        assert sum(f[1] for f in table(of, {"c": order}).values()) == 10.0


def test_nobody_makes_no_figures():
    of = churn(Kind.RATE, "stripe", Grain.MONTH)
    assert table(of, {}) == table(of, {"c": [State(T0, T0, "s/0start", 0.0, 0, 1)]}) == {}
