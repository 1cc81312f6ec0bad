"""What `money:` means, and what is noted of it."""

from datetime import date
from pathlib import Path

from cxmon.config.loader import parse
from cxmon.model import Exchange, Money, Worth

SMALL = """\
sources: {desk: {type: csv, path: desk.csv}}
metrics:
  churn:
    source: desk
    kind: rate
    better: lower
    matters: 10%
    dimensions: [tier]
    read: {time: day, n: active, total: cancelled}
  contacts: {source: desk, kind: level, better: lower, matters: 10%, read: {time: day, total: opened}}
changes:
  - id: cut
    title: Cut
    category: cost_cut
    starts: 2026-09-01
    owner: Operations
    saving: {amount: 1000, currency: EUR}
    horizon: 60d
money:
  currency: USD
  exchange_rates: {rates: {EUR: 1.08}, source: Treasury, as_of: 2026-01-02}
"""


def plan_of(text):
    return parse(text.encode(), path=Path("cxmon.yaml"), environ={})


def test_amounts_by_tier_a_year_and_one_for_a_contact():
    plan = plan_of(
        SMALL
        + """\
  customers:
    metric: churn
    amount_by: {tier: {basic: 180, pro: 540}}
    currency: EUR
    per: year
    horizon: 24mo
    counts_after: 45d
    source: Finance
    as_of: 2026-06-30
  contacts: {metric: contacts, amount: 6.4, source: CX team, as_of: 2026-06-30}
"""
    )
    on = date(2026, 6, 30)
    customers = Worth(
        metric="churn", amounts={"basic": 180.0, "pro": 540.0}, by="tier", currency="EUR", per="year", horizon_days=731,
        source="Finance", as_of=on, counts_after_days=45,
    )  # fmt: skip
    contacts = Worth(metric="contacts", amounts={"": 6.4}, currency="USD", source="CX team", as_of=on)
    exchange = Exchange(rates={"EUR": 1.08}, source="Treasury", as_of=date(2026, 1, 2))
    assert plan.money == Money(currency="USD", customers=customers, contacts=contacts, exchange=exchange)
    assert plan.notes == ()


def test_what_has_no_source_or_counts_too_late_is_noted():
    plan = plan_of(SMALL + "  customers: {metric: churn, amount: 600, counts_after: 90d, source: Finance}\n")
    late = "customers count 90 days after a start, and cut is watched for 60; its price may wait for ever"
    illustrative = "no as_of; every price will call it illustrative"
    assert plan.notes == (
        f"cxmon.yaml:22: money.customers: {illustrative}",
        f"cxmon.yaml:22: money.customers: {late}",
    )
    assert plan.money.customers.times == 1


def test_customers_count_from_thirty_days_on_where_nothing_is_said():
    plan = plan_of(SMALL + "  customers: {metric: churn, amount: 600}\n")
    assert plan.money.customers.counts_after_days == 30
    assert plan.money.worths.keys() == {"customers"}
