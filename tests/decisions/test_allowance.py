"""The rules of a year's harm allowance: what counts, how parts add up, what is said."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from decision_examples import change, harm, interval, metric
from hypothesis import given
from hypothesis import strategies as st

from cxmon.decisions import allowance as rules
from cxmon.model import AllowanceCode, Altogether, Category, Code, Grade, Interval, Kind, Scope, Status

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
TERMS = rules.Terms(metric=metric(), unit="pt", limit=0.02, level=0.85)
CHANNELS = ("phone", "chat", "email", "web", "post")
NOTHING = Altogether(harm=Interval(estimate=math.nan, low=math.nan, high=math.nan), code=AllowanceCode.OPEN)


def cut(i, **more):
    return change(id=f"cut-{i}", scope=Scope.of({"channel": CHANNELS[i]}), **more)


def summed(harms, shares, **more):
    changes = [cut(i) for i in range(len(harms))]
    parts = [
        rules.carried(c, h, share, TERMS, compared=0.5) for c, h, share in zip(changes, harms, shares, strict=True)
    ]
    known = {c.id: h for c, h in zip(changes, harms, strict=True) if h is not None}
    return rules.summed(parts, known, {c.id: c for c in changes}, TERMS), parts


@pytest.mark.parametrize(
    ("now", "zone", "start"),
    [
        ("2026-05-01", "UTC", "2026-04-01"),
        ("2026-03-31", "UTC", "2025-04-01"),
        ("2026-03-31T23:00", "Europe/Berlin", "2026-03-31T22:00"),
    ],
)
def test_the_year_begins_on_its_day_in_the_zone(now, zone, start):
    now, start = (datetime.fromisoformat(x).replace(tzinfo=UTC) for x in (now, start))
    begun, ends = rules.year_of(now, zone, 4, 1)
    assert begun == start
    assert timedelta(days=364) < ends - begun < timedelta(days=367)


def test_only_live_decisions_of_this_year_that_still_hold_count():
    before, back = cut(0, starts=YEAR - timedelta(days=1)), cut(1, ends=NOW - timedelta(days=1))
    draft, survey = cut(2, status=Status.DRAFT), cut(3, category=Category.MEASUREMENT)
    assert rules.counted([before, back, draft, survey, cut(4)], YEAR, NOW) == [cut(4)]


def test_three_points_on_a_tenth_of_the_answers_are_three_tenths_of_a_point():
    part = rules.carried(cut(0), harm(Code.WORSE, 0.02, 0.04), 0.1, TERMS)
    assert part.harm.estimate == pytest.approx(0.003)
    relative = rules.Terms(metric=metric(), unit="%", limit=0.05, level=0.9)
    share = rules.carried(cut(0), harm(Code.WORSE, 0.08, 0.12, unit="%", expected=0.45), 0.1, relative)
    assert share.harm.estimate == pytest.approx(0.1 * 0.45 * 0.1 / 0.9)


def test_levels_add_up_whatever_their_share():
    terms = rules.Terms(metric=metric(kind=Kind.LEVEL, better="lower"), unit="%", limit=0.1, level=1000.0)
    part = rules.carried(cut(0), harm(Code.WORSE, 0.1, 0.3, unit="%", expected=200.0), 0.2, terms)
    assert part.harm.estimate == pytest.approx(0.04)


def test_five_cuts_within_their_limits_are_more_than_allowed_together():
    harms = [harm(Code.SAFE, -0.002, 0.026, limit=0.03, controls=(f"c{i}",)) for i in range(5)]
    total, parts = summed(harms, [0.35] * 5)
    assert rules.allowance_code(total, 0.01) is AllowanceCode.EXCEEDED
    assert rules.settled(total, parts, NOTHING, 0.01) == (AllowanceCode.EXCEEDED, "decisions")


def test_what_waits_leaves_the_answer_open_with_the_most_it_can_be():
    total, parts = summed([harm(Code.SAFE, -0.001, 0.001), harm(Code.WAITING)], [0.5, 0.01])
    assert total.high == pytest.approx(0.0005, abs=2e-4) or total.high > 0.0085
    assert parts[1].harm.high == pytest.approx(0.0085)
    assert rules.allowance_code(total, 0.005) is AllowanceCode.OPEN
    total, _ = summed([harm(Code.SAFE, -0.001, 0.001), None], [0.5, 0.3])
    assert rules.allowance_code(total, 0.02) is AllowanceCode.OPEN


def test_everyone_speaks_only_where_the_decisions_leave_it_open_and_never_says_within():
    over = Altogether(harm=interval(0.03, 0.05), code=AllowanceCode.EXCEEDED)
    held = Altogether(harm=interval(0.0, 0.01), code=AllowanceCode.WITHIN)
    _, parts = summed([harm(Code.UNDECIDED, -0.1, 0.1)], [0.5])
    unsure, within = interval(-0.05, 0.05), interval(0.0, 0.01)
    assert rules.settled(unsure, parts, over, 0.02) == (AllowanceCode.EXCEEDED, "altogether")
    assert rules.settled(unsure, parts, held, 0.02)[0] is AllowanceCode.OPEN
    assert rules.settled(within, parts, over, 0.02)[0] is AllowanceCode.WITHIN
    assert rules.settled(unsure, [], over, 0.02)[0] is AllowanceCode.OPEN


def test_what_cannot_be_separated_counts_once():
    tangled = [
        harm(Code.ENTANGLED, 0.01, 0.03, entangled_with=("cut-1",)),
        harm(Code.ENTANGLED, 0.01, 0.03, entangled_with=("cut-0",)),
    ]
    assert summed(tangled, [0.5, 0.5])[0].estimate == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("scopes", "grade", "controls", "half"),
    [
        # Other customers, compared with others: independent errors.
        (("phone", "chat"), Grade.CONTROLLED, (("a",), ("b",)), math.hypot(1, 1)),
        # The same customers, or nobody to compare with: the errors go together.
        (("phone", "phone"), Grade.CONTROLLED, (("a",), ("b",)), 2.0),
        (("phone", "chat"), Grade.BEFORE_AFTER, ((), ()), 2.0),
        # The same six compared segments with half of all answers, a fifth touched: 0.2 / 0.7 of a sampling error.
        (("phone", "chat"), Grade.CONTROLLED, (tuple("abcdef"),) * 2, math.sqrt(2 + 2 * 0.2 / 0.7)),
        # The same single one: half of what it moves by itself.
        (("phone", "chat"), Grade.CONTROLLED, (("a",),) * 2, math.sqrt(2 + 2 * 0.5)),
    ],
)
def test_errors_that_go_together_are_added_and_others_as_roots_of_squares(scopes, grade, controls, half):
    changes = [change(id=f"cut-{i}", scope=Scope.of({"channel": channel})) for i, channel in enumerate(scopes)]
    harms = [harm(Code.SAFE, -0.01, 0.01, grade=grade, controls=c, confidence=0.95) for c in controls]
    parts = [rules.carried(c, h, 0.2, TERMS, compared=0.5) for c, h in zip(changes, harms, strict=True)]
    known, by_id = {c.id: h for c, h in zip(changes, harms, strict=True)}, {c.id: c for c in changes}
    total = rules.summed(parts, known, by_id, TERMS)
    assert total.high == pytest.approx(half * parts[0].harm.high)
    assert total.low == pytest.approx(-total.high)


def tangled(*scopes, shares):
    """Decisions that cannot be separated: 2 points of joint harm each, 1 to 3, in its own scope."""
    ids = [f"cut-{i}" for i in range(len(scopes))]
    changes = [change(id=id_, scope=Scope.of(scope)) for id_, scope in zip(ids, scopes, strict=True)]
    harms = {
        id_: harm(Code.ENTANGLED, 0.01, 0.03, entangled_with=tuple(i for i in ids if i != id_), confidence=0.95)
        for id_ in ids
    }
    parts = [rules.carried(c, harms[c.id], share, TERMS) for c, share in zip(changes, shares, strict=True)]
    return parts, harms, {c.id: c for c in changes}


def test_of_what_cannot_be_separated_the_one_with_the_most_answers_is_told_in_any_order():
    """A small cut inside a large one: the joint effect is that on all whom the large one touches."""
    parts, harms, changes = tangled({"channel": "phone", "region": "eu"}, {"channel": "phone"}, shares=(0.1, 0.4))
    for order in (parts, parts[::-1]):
        total = rules.summed(order, harms, changes, TERMS)
        assert (total.estimate, total.low) == (pytest.approx(0.4 * 0.02), pytest.approx(parts[1].harm.low))
        assert total.high == pytest.approx(parts[1].harm.high)


def test_whom_an_inseparable_decision_touches_besides_is_not_forgotten():
    parts, harms, changes = tangled({"region": "eu"}, {"channel": "phone"}, shares=(0.3, 0.4))
    total = rules.summed(parts, harms, changes, TERMS)
    assert total.estimate == pytest.approx(0.4 * 0.02)
    assert total.high == pytest.approx(parts[0].harm.high + parts[1].harm.high)


def test_together_no_more_is_possible_than_everyone_can_lose():
    total, _ = summed([None, None, harm(Code.WAITING), harm(Code.SAFE, -0.001, 0.001)], [0.6, 0.6, 0.6, 0.6])
    assert total.high == pytest.approx(0.85)


sizes = st.lists(
    st.tuples(st.floats(-0.05, 0.05), st.floats(0.001, 0.05), st.booleans(), st.booleans()), min_size=1, max_size=5
)


@given(sizes)
def test_a_sum_is_no_surer_than_independent_parts_and_no_vaguer_than_parts_that_go_together(found):
    harms = [
        harm(
            Code.UNDECIDED, middle - half, middle + half, controls=("shared",) if shares else (f"own {i}",),
            grade=Grade.BEFORE_AFTER if alone else Grade.CONTROLLED, confidence=0.95,
        )
        for i, (middle, half, shares, alone) in enumerate(found)
    ]  # fmt: skip
    total, parts = summed(harms, [0.2] * len(harms))
    halves = [one.harm.high - one.harm.estimate for one in parts]
    assert total.estimate == pytest.approx(math.fsum(one.harm.estimate for one in parts))
    assert math.hypot(*halves) * (1 - 1e-9) <= total.high - total.estimate <= math.fsum(halves) * (1 + 1e-9)
    backwards = rules.summed(
        parts[::-1], {f"cut-{i}": h for i, h in enumerate(harms)}, {c.id: c for c in map(cut, range(5))}, TERMS
    )
    assert backwards.low == pytest.approx(total.low)
