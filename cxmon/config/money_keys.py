"""The keys of `money:`: what a lost customer and a contact cost, with sources, dates and fixed rates."""

from cxmon.config.scalars import Choice, Day, Name, Number, Span, Text
from cxmon.config.shapes import Field, MapOf, Record

CURRENCY = Text("a currency of three letters such as EUR", r"[A-Z]{3}")
PERIODS = ("once", "day", "week", "month", "quarter", "year")

_source = {
    "source": Field(Text(longest=300), "who says so, or where it is written; without it the figure is illustrative"),
    "as_of": Field(Day(), "from which day the figure is; without it the figure is illustrative"),
}
_amount = {
    "amount": Field(Number("a number, zero or more", least=0), "what one costs, where it is the same everywhere"),
    "amount_by": Field(
        MapOf(
            MapOf(Number("a number, zero or more", least=0), "a mapping such as {basic: 180, pro: 540}", least=1),
            "a dimension with an amount for each of its values, such as {tier: {basic: 180, pro: 540}}",
            least=1,
        ),
        "what one costs by the values of one dimension; instead of amount",
    ),
    "currency": Field(CURRENCY, "in which currency; without it the board's"),
}

CUSTOMERS = Record(
    {
        "metric": Field(Name, "the metric that counts those who leave, such as a churn rate", required=True),
        **_amount,
        "per": Field(Choice(PERIODS), "per what an amount is; without it once: all that a customer is worth"),
        "horizon": Field(Span(whole_days=True, above_zero=True), "how long an amount per a period is lost for"),
        "counts_after": Field(
            Span(whole_days=True),
            "how long after a change those who leave are no answer yet, because people leave late; without it 30d",
        ),
        **_source,
    },
    "a mapping with metric and amount",
)

CONTACTS = Record(
    {
        "metric": Field(Name, "the metric that counts contacts, better: lower", required=True),
        **_amount,
        **_source,
    },
    "a mapping with metric and amount",
)

EXCHANGE = Record(
    {
        "rates": Field(
            MapOf(Number("a number above zero", above=0), "a mapping of currencies to numbers", CURRENCY, least=1),
            "one unit of each currency in the board's",
            required=True,
        ),
        **_source,
    },
    "a mapping such as {rates: {EUR: 1.08}, source: ECB, as_of: 2026-09-01}",
)

MONEY = Record(
    {
        "currency": Field(CURRENCY, "the currency that the board shows money in", required=True),
        "exchange_rates": Field(EXCHANGE, "fixed rates of the other currencies"),
        "customers": Field(CUSTOMERS, "what a lost customer costs"),
        "contacts": Field(CONTACTS, "what a contact costs"),
    },
    "a mapping with currency, and customers or contacts",
)
