"""Where a harm happens: the planted place is named and no other, and thin segments are counted."""

from dataclasses import replace

import numpy as np
import pytest

from cxmon import stats
from cxmon.decisions import where
from cxmon.model import Interval, Segment

DAYS, AT = 160, 110
CELLS = tuple(Segment.of(channel=c, region=r) for c in ("chat", "email", "phone") for r in ("eu", "uk", "us"))
PAST = np.arange(DAYS) < AT


def parts(harm, n=60.0, seed=1, thin=(), segments=CELLS):
    """Cells of shares with a planted harm each; those in `thin` have hardly an answer."""
    rng = np.random.default_rng(seed)
    size = np.array([1.0 if s in thin else n for s in segments])
    answers = rng.poisson(size[:, None], (len(segments), DAYS)).astype(float)
    shared = 0.01 * np.sin(np.arange(DAYS) / 9)
    share = 0.8 + shared - np.array([harm(s) for s in segments])[:, None] * ~PAST
    total = rng.binomial(answers.astype(int), np.clip(share, 0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        cells = stats.Cells(values=total / answers, n=answers, variance=0.16 / answers)
    return where.Parts(segments=tuple(segments), cells=cells, answers=answers, past=PAST, judged=~PAST, min_n=10.0)


def ask(values, se):
    return stats.effects(values, AT, se=se, kind="mean", sequential=True, horizon=60)


PHONE = Segment.of(channel="phone")
WHOLE = Interval(estimate=-0.03, low=-0.045, high=-0.015)


def named(found):
    return [one.segment.label for one in found.located if one.named]


@pytest.mark.parametrize(
    ("place", "size", "label"),
    [({"channel": "phone"}, 0.09, "phone"), ({"channel": "phone", "region": "eu"}, 0.16, "phone · eu")],
)
def test_the_planted_place_is_named_at_its_own_depth(place, size, label):
    found = where.find(parts(lambda s: size if Segment.of(place).holds(s) else 0.0), WHOLE, -1, ask)
    assert named(found) == [label]
    first = found.located[0]
    assert first.effect.low < first.effect.estimate < first.effect.high
    assert first.share > 0.5
    assert len(found.located) == 3 + 3 + 9


def test_the_one_that_is_spared_is_named_rather_than_all_others():
    found = where.find(parts(lambda s: 0.0 if s.get("channel") == "chat" else 0.1), WHOLE, -1, ask)
    assert named(found)[0] == "chat"
    assert found.located[0].effect.estimate > found.located[0].rest


def test_alike_everywhere_names_nobody_and_shrinks_all_towards_the_whole():
    found = where.find(parts(lambda _: 0.03), WHOLE, -1, ask)
    assert named(found) == []
    for one in found.located:
        low, high = sorted((WHOLE.estimate, one.own))
        assert low - 1e-12 <= one.effect.estimate <= high + 1e-12


def test_a_segment_is_drawn_towards_the_whole_and_the_less_the_surer_it_is():
    """Phone is 9 points below, on few answers and on many: its own figure is never told as it is."""
    drawn = []
    for n in (15.0, 400.0):
        given = parts(lambda s: 0.09 if s.get("channel") == "phone" else 0.0, n=n)
        phone = next(one for one in where.find(given, WHOLE, -1, ask).located if one.segment == PHONE)
        drawn.append((phone.effect.estimate - phone.own) / (WHOLE.estimate - phone.own))
    few, many = drawn
    assert 0.05 < few < 1
    assert 0 < many < few / 2


def told(*p_values):
    """As `ask`, for its first question, with these p-values: an effect of one standard error where one is small."""
    asked = iter([p_values])

    def answer(values, se):
        given = next(asked, None)
        found = ask(values, se)
        ps = [1.0] * len(found) if given is None else [*given, *[1.0] * (len(found) - len(given))]
        return [replace(one, p_value=p) for one, p in zip(found, ps, strict=True)]

    return answer


@pytest.mark.parametrize(("p_value", "named_ones"), [(0.02, 0), (0.1 / 15 * 1.01, 0), (0.1 / 15 * 0.99, 1)])
def test_the_only_one_of_fifteen_to_stand_out_has_to_do_so_for_fifteen(p_value, named_ones):
    """A tenth of false names among fifteen that were looked at: one by one at 10 % a p-value of 0.02 would be named."""
    found = where.find(parts(lambda _: 0.03), WHOLE, -1, told(p_value))
    assert len(found.located) == 15
    assert len(named(found)) == named_ones


def test_the_shares_of_a_partition_add_up():
    found = where.find(parts(lambda s: 0.06 if s.get("region") == "eu" else 0.02), WHOLE, -1, ask)
    for along in (("channel",), ("region",), ("channel", "region")):
        rows = [one for one in found.located if one.segment.dimensions == along]
        assert sum(one.volume for one in rows) == pytest.approx(1)
        assert sum(one.share for one in rows) == pytest.approx(1)
        for one in rows:
            whole = one.volume * one.effect.estimate + (1 - one.volume) * one.rest
            assert one.volume * one.effect.estimate / whole == pytest.approx(one.share)


def test_thin_segments_are_listed_and_not_looked_at():
    thin = Segment.of(channel="phone", region="eu")
    found = where.find(parts(lambda _: 0.03, thin=(thin,)), WHOLE, -1, ask)
    assert found.not_looked_at == (thin,)
    assert thin not in {one.segment for one in found.located}


def test_the_order_of_the_cells_does_not_matter():
    given = parts(lambda s: 0.09 if s.get("channel") == "phone" else 0.0)
    turned = np.arange(len(CELLS))[::-1]
    cells = stats.Cells(
        values=given.cells.values[turned], n=given.cells.n[turned], variance=given.cells.variance[turned]
    )
    other = where.Parts(
        segments=tuple(CELLS[i] for i in turned), cells=cells, answers=given.answers[turned], past=PAST, judged=~PAST,
        min_n=10.0,
    )  # fmt: skip
    a, b = (where.find(x, WHOLE, -1, ask) for x in (given, other))
    assert [x.segment for x in a.located] == [x.segment for x in b.located]
    assert [x.effect.estimate for x in a.located] == pytest.approx([x.effect.estimate for x in b.located], abs=1e-9)


def test_another_unit_of_the_figures_changes_nothing_else():
    given = parts(lambda s: 0.09 if s.get("channel") == "phone" else 0.0)
    cells = stats.Cells(values=60 * given.cells.values, n=given.cells.n, variance=3600 * given.cells.variance)
    whole = Interval(estimate=60 * WHOLE.estimate, low=60 * WHOLE.low, high=60 * WHOLE.high)
    one, other = where.find(given, WHOLE, -1, ask), where.find(replace(given, cells=cells), whole, -1, ask)
    assert named(other) == named(one) == ["phone"]
    ends = [[(x.effect.low, x.effect.estimate, x.effect.high) for x in found.located] for found in (one, other)]
    np.testing.assert_allclose(ends[1], 60 * np.array(ends[0]), rtol=1e-4)
    assert [x.share for x in other.located] == pytest.approx([x.share for x in one.located], abs=1e-4)


def test_a_channel_with_nobody_like_it_is_not_compared():
    """Phone serves one tier alone: whether channel or tier matters cannot be told, so neither is looked at."""
    apart = [Segment.of(channel="phone", tier="pro"), Segment.of(channel="chat", tier="basic")]
    found = where.find(parts(lambda _: 0.05, segments=apart), WHOLE, -1, ask)
    assert not any(len(one.segment.items) == 1 for one in found.located)
    assert {s.label for s in found.not_looked_at} >= {"phone", "chat", "pro", "basic"}


@pytest.mark.parametrize("gone", [0.0, 0.7])
def test_what_other_kinds_of_contacts_bring_is_taken_off_the_whole(gone):
    """The contented ones of one channel stay away: the total falls by 3 points and nobody fares worse."""
    rng = np.random.default_rng(5)
    usual = np.array([0.95 if s.get("channel") == "chat" else 0.75 for s in CELLS])
    stays = np.where([s.get("channel") == "chat" for s in CELLS], 1 - gone, 1.0)[:, None]
    n = rng.poisson(80 * np.where(PAST, 1.0, stays)).astype(float)
    values = rng.binomial(n.astype(int), np.repeat(usual[:, None], DAYS, 1)) / np.maximum(n, 1)
    cells = stats.Cells(values=values, n=n, variance=0.16 / np.maximum(n, 1))
    given = where.Parts(segments=CELLS, cells=cells, answers=n, past=PAST, judged=~PAST, min_n=10.0)
    part = float((usual @ n[:, ~PAST]).sum() / n[:, ~PAST].sum() - (usual @ n[:, PAST]).sum() / n[:, PAST].sum())
    whole = Interval(estimate=part, low=part - 0.01, high=part + 0.01)
    left, mixed = where.other_kinds(given, whole, 0.005, ask)
    assert mixed == pytest.approx(part if gone else 0.0, abs=0.003)
    assert left.low <= 0 <= left.high
    assert left.estimate + mixed == pytest.approx(whole.estimate)


def test_a_stage_that_is_not_so_old_yet_is_no_other_kind_of_contacts():
    given = parts(lambda _: 0.03)
    age, stages = np.arange(DAYS), np.array([int(s.get("region") == "us") for s in CELLS])
    there = (stages[:, None] == 0) | (age < 125)
    lower = given.cells.values - 0.2 * stages[:, None]
    cells = stats.Cells(values=lower, n=given.cells.n * there, variance=given.cells.variance)
    staged = where.Parts(
        segments=CELLS, cells=cells, answers=cells.n, past=PAST, judged=~PAST, min_n=10.0, stages=stages
    )
    assert where.other_kinds(staged, WHOLE, 0.005, ask) == (WHOLE, 0.0)
