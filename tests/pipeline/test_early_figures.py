"""Which early figures ran ahead, from a real store: months from days, tiers, and what is said."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from judge_world import START, TENTH, csat, plan

from cxmon.contracts import Cells, Observations
from cxmon.errors import ActionError
from cxmon.model import Ahead, Better, Kind, Metric, Read, Segment, Window
from cxmon.pipeline.leading import leading, monthly
from cxmon.store import Catalogue, Store
from cxmon.wording import leading as wording

ROOT = Path(__file__).parents[2]
DAYS, MONTH = 720, 30.4375
LEAVES = tuple(
    Segment.of(channel=c, region=r, tier=t) for c in ("phone", "chat", "email") for r in ("eu", "us", "apac")
    for t in ("basic", "pro")
)  # fmt: skip
DIMENSIONS = {"dimensions": ("channel", "region", "tier"), "by": ((),), "matures_after": timedelta(0)}
CSAT = csat(**DIMENSIONS)
CHURN = Metric(
    id="churn", label="Churn", kind=Kind.RATE, better=Better.LOWER, matters=TENTH, source="desk", read=Read(time="day"),
    per=1000, **DIMENSIONS,
)  # fmt: skip
NOW = START + timedelta(days=DAYS)


def cells(segment, start, n, total) -> Cells:
    return Cells(
        segments=LEAVES, segment=segment, start=start, known_at=np.zeros(len(start), np.int64), n=n.astype(float),
        total=total.astype(float),
    )  # fmt: skip


def fill(store: Store, lead: float) -> None:
    """In the tier pro a month with poor CSAT is followed, two months later, by more churn."""
    rng = np.random.default_rng(8)
    S, days = len(LEAVES), np.arange(DAYS)
    of_month = (days / MONTH).astype(int)
    mood = rng.standard_normal((S, of_month[-1] + 1))
    earlier = np.concatenate([np.zeros((S, 2)), mood], axis=1)[:, : mood.shape[1]]
    pro = np.array([[s.get("tier") == "pro"] for s in LEAVES])
    starts = np.array([(START + timedelta(days=int(d))).timestamp() for d in days]).astype(np.int64)
    segment, start = np.repeat(np.arange(S), DAYS), np.tile(starts, S)
    share = 0.85 + 0.03 * mood[:, of_month]
    rate = 0.001 * np.exp(-lead * pro * earlier[:, of_month] + 0.05 * rng.standard_normal((S, DAYS)))
    answers, customers = np.full((S, DAYS), 60), np.full((S, DAYS), 3000)
    window = Window(START, NOW)
    for metric, n, total in (
        (CSAT, answers, rng.binomial(answers, share)), (CHURN, customers, rng.binomial(customers, rate)),
    ):  # fmt: skip
        found = cells(segment, start, n.ravel(), total.ravel())
        store.observations.apply(metric, Observations(window=window, cells=found), now=NOW)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    asked = plan(tmp_path_factory.mktemp("desk"), [CSAT, CHURN], [])
    with Store.open(asked.store_url) as store:
        fill(store, lead=0.2)
        yield asked, store


def test_the_figure_is_named_in_its_tier_with_its_lag_and_the_other_tier_says_none(desk):
    asked, store = desk
    answer = leading(asked, store, late="churn", dimension=None, now=NOW)
    by_tier = {one.tier: one for one in answer.tiers}
    assert (answer.dimension, answer.figures, set(by_tier)) == ("tier", ("csat",), {"basic", "pro"})
    assert by_tier["basic"].answer is Ahead.NONE
    named = [e for e in by_tier["pro"].asked if e.named]
    assert [(e.metric, e.lag, e.falls_first, e.segments) for e in named if e.lag == 2] == [("csat", 2, True, 9)]
    metrics = asked.metrics
    first = wording.tier(by_tier["pro"], answer, metrics)[0]
    assert first.startswith("CSAT fell 2 months before Churn got worse: forecasts missed by ")
    (none,) = wording.tier(by_tier["basic"], answer, metrics)
    assert none.startswith("None of 1 figure at 1 to 3 months ran ahead (3 asked, ")
    assert "still possible" in none


def test_a_range_that_lies_above_zero_does_not_read_as_one_that_holds_it(desk):
    asked, store = desk
    answer = leading(asked, store, late="churn", dimension=None, now=NOW)
    early = next(e for one in answer.tiers for e in one.asked if e.named)
    for low, said in ((0.004, "8.1 % less (range 0.4 to 15.2)"), (0.036, "8 % less (range 4 to 15)")):
        told = wording.ran(replace(early, gain=0.081, low=low, high=0.152), answer, asked.metrics)
        assert said in told


def test_everybody_together_and_words_that_are_not_known(desk):
    asked, store = desk
    everyone = leading(asked, store, late="churn", dimension="region", now=NOW)
    assert {one.tier for one in everyone.tiers} == {"apac", "eu", "us"}
    flat = replace(asked, metrics={m.id: replace(m, dimensions=()) for m in (CSAT, CHURN)})
    assert [t.answer for t in leading(flat, store, late="churn", dimension=None, now=NOW).tiers] == [Ahead.UNKNOWN]
    with pytest.raises(ActionError, match="metric 'loss' is not configured; expected one of: csat, churn"):
        leading(asked, store, late="loss", dimension=None, now=NOW)
    with pytest.raises(ActionError, match="no dimension 'plan'; it has: channel, region, tier"):
        leading(asked, store, late="churn", dimension="plan", now=NOW)


def test_too_short_a_history_says_how_much_is_missing(desk):
    asked, store = desk
    slow = {m.id: replace(m, matures_after=timedelta(days=DAYS - 300)) for m in (CSAT, CHURN)}
    answer = leading(replace(asked, metrics=slow), store, late="churn", dimension=None, now=NOW)
    assert {one.answer for one in answer.tiers} == {Ahead.UNKNOWN}
    (said,) = wording.tier(answer.tiers[0], answer, asked.metrics)
    assert said == "Not known: 9 complete months, 16 are needed"


def test_months_are_calendar_months_weighted_by_answers_and_half_months_are_missing(desk):
    _, store = desk
    panel = store.panel(CSAT, LEAVES[:1])
    values, n = monthly(panel, LEAVES[:1], int(panel.starts[0]), START + timedelta(days=75))
    assert values.shape == (1, 2)
    june = slice(0, 30)
    assert values[0, 0] == pytest.approx(panel.total[0, june].sum() / panel.n[0, june].sum())
    assert n[0, 0] == panel.n[0, june].sum()


def test_what_was_asked_is_kept_for_the_board_beside_the_catalogue(desk):
    asked, store = desk
    answer = leading(asked, store, late="churn", dimension=None, now=NOW)
    catalogue = Catalogue(title="Desk", zone="UTC", metrics=(CSAT, CHURN))
    store.catalogue.save(catalogue)
    store.catalogue.keep_leading(answer)
    store.catalogue.save(replace(catalogue, title="Other"))
    assert store.catalogue.leading() == answer
    assert store.catalogue.load().title == "Other"


def test_no_word_of_the_product_says_that_a_figure_causes_another():
    rooms = [*(ROOT / "cxmon").rglob("*.py"), *(ROOT / "dashboards").rglob("*.py")]
    said = {p.name: re.findall(r"\b(?:drives|drivers|driven by)\b", p.read_text(), re.IGNORECASE) for p in rooms}
    assert {name: words for name, words in said.items() if words} == {}
