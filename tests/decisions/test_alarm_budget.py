"""The split of the alarm budget: nothing is lost, nobody gets nothing, and the order is of no account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmon.decisions import Story, allowances
from cxmon.model import EVERYONE, Segment

WEIGHTS = st.floats(0.01, 100)
METRICS = st.dictionaries(
    st.sampled_from(["csat", "churn", "first_response"]),
    st.tuples(WEIGHTS, st.lists(st.tuples(st.floats(0, 1e9), st.integers(1, 40)), min_size=1, max_size=6)),
    min_size=1,
)


def stories_of(metrics):
    return [
        Story(
            check="drift", metric=metric, root=Segment.of(channel=str(i)), volume=volume, importance=importance,
            series=tuple(Segment.of(channel=str(i), region=str(r)) for r in range(series)),
        )
        for metric, (importance, sizes) in sorted(metrics.items())
        for i, (volume, series) in enumerate(sizes)
    ]  # fmt: skip


@given(METRICS, st.floats(0.1, 20))
def test_the_parts_add_up_to_the_budget_and_nobody_gets_nothing(metrics, per_quarter):
    found = allowances(per_quarter, stories_of(metrics))
    assert sum(a.per_quarter for a in found) == pytest.approx(per_quarter)
    assert all(a.per_quarter > 0 and a.per_series_year > 0 for a in found)
    # All series together may alarm no more often than the team will put up with.
    assert sum(a.per_series_year * len(a.story.series) for a in found) == pytest.approx(per_quarter * 4)


@given(METRICS, st.randoms())
def test_the_order_of_the_stories_is_of_no_account(metrics, random):
    stories = stories_of(metrics)
    mixed = random.sample(stories, len(stories))
    one, two = ({(a.story.metric, a.story.root): a for a in allowances(2.0, s)} for s in (stories, mixed))
    assert one.keys() == two.keys()
    for key, allowance in one.items():
        assert allowance.per_quarter == pytest.approx(two[key].per_quarter)
        assert allowance.reason == two[key].reason


@given(METRICS)
def test_no_story_gets_less_than_half_of_an_even_share_of_its_metric(metrics):
    found = allowances(1.0, stories_of(metrics))
    for metric, (_, sizes) in metrics.items():
        mine = [a.per_quarter for a in found if a.story.metric == metric]
        assert min(mine) >= 0.499 * sum(mine) / len(sizes)


def test_importance_and_volume_are_told_with_the_share():
    stories = [
        Story(check="drift", metric="csat", root=EVERYONE, series=(EVERYONE,), volume=10, importance=3),
        Story(check="drift", metric="wait", root=Segment.of(channel="a"), series=(EVERYONE,), volume=90),
        Story(check="drift", metric="wait", root=Segment.of(channel="b"), series=(EVERYONE,), volume=10),
    ]
    csat, large, small = allowances(2.0, stories)
    assert [a.per_quarter for a in (csat, large, small)] == pytest.approx([1.5, 0.35, 0.15])
    assert csat.reason == "75% for its metric (importance 3, 2 watched), all of it for its one story"
    assert large.reason == (
        "25% for its metric (importance 1, 2 watched), of that 70%: one of 2 stories, with 90% of the volume"
    )


def test_where_nothing_is_known_of_volume_the_stories_share_evenly():
    stories = [Story(check="d", metric="m", root=Segment.of(c=c), series=(EVERYONE,)) for c in "ab"]
    assert [a.per_quarter for a in allowances(2.0, stories)] == [1.0, 1.0]


def test_nothing_watched_is_nothing_to_split():
    assert allowances(2.0, []) == ()
