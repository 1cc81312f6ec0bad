"""The card of the year's harm allowance, and what one decision uses of it, on the pages as people open them."""

from datetime import timedelta

import worlds
from opening import words_of

from cxmon.model import AllowanceCode, AllowanceUse, Altogether, Carried, Code, Interval
from cxmon.store import Store


def used(code, low, high):
    """What two decisions used of half a point: one judged, one that waits for its data."""
    harm = Interval(estimate=(low + high) / 2, low=low, high=high)
    everyone = Interval(estimate=0.004, low=-0.003, high=0.011)
    return AllowanceUse(
        metric="csat", year=worlds.NOW.replace(month=1, day=1, hour=0), ends=worlds.NOW + timedelta(days=39),
        as_of=worlds.NOW, code=code, by="decisions", unit="pt", limit=0.005, summed=harm,
        altogether=Altogether(
            harm=everyone, code=AllowanceCode.OPEN, since=worlds.NOW - timedelta(days=300), until=worlds.NOW,
            answers=90_000.0, frozen_at=worlds.NOW - timedelta(days=325), decides=True,
        ),
        unexplained=Interval(estimate=-0.002, low=-0.01, high=0.006),
        carried=(
            Carried(change="weekend-desk", code=Code.HARMED, share=0.2, harm=harm),
            Carried(
                change="bot", code=Code.WAITING, share=0.01, reason="waits for data",
                harm=Interval(estimate=float("nan"), low=float("nan"), high=0.009),
            ),
        ),
    )  # fmt: skip


def test_the_allowance_has_a_card_and_each_decision_its_part(monkeypatch, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        store.allowances.put(used(AllowanceCode.EXCEEDED, 0.006, 0.01))
    said = words_of(monkeypatch, url, "overview")
    assert "CSAT: the decisions since 1 Jan together cost more than the 0.5 points allowed" in said
    assert "More than allowed" in said
    assert "2 decisions in force since 1 Jan, together 0.80 points worse for all customers (range 0.60 to 1.00" in said
    assert "Not known yet: Chat bot (waiting for data, up to 0.90 points for all customers)" in said
    assert "not explained by these decisions over the same time: 0.20 points better" in said
    page = words_of(monkeypatch, url, "decision", change="weekend-desk")
    assert "Uses 0.80 points of the 0.5 points that all decisions of the year together may cost CSAT" in page
