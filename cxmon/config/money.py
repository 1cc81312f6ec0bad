"""What money is lost by: metrics that count, amounts with their sources, and a rate for every currency."""

from typing import Any

from cxmon.config.frame import Frame
from cxmon.config.reading import shown
from cxmon.config.shapes import Entry
from cxmon.model import Better, Change, Exchange, Kind, Money, Worth

COUNTS_AFTER = 30


def build_money(frame: Frame) -> Money | None:
    """What `money:` says; None where it is absent or wrong, which is told."""
    entry = frame.root.get("money")
    if not isinstance(entry, Entry):
        return None
    before = frame.reading.faults
    found = {name: _worth(frame, entry, name) for name in ("customers", "contacts")}
    if "customers" not in entry and "contacts" not in entry:
        frame.reading.wrong(entry.node, "no customers and no contacts", "one of them at least")
    _twice(frame, entry)
    _currencies(frame, entry)
    if not entry.sound or frame.reading.faults > before:
        return None
    rates = entry.get("exchange_rates")
    exchange = Exchange() if rates is None else Exchange(**rates.values)
    return Money(currency=entry.values["currency"], exchange=exchange, **found)


def notes_on_money(frame: Frame, changes: tuple[Change, ...], money: Money | None) -> None:
    """What is valid but may surprise: figures without a source or date, and customers who are counted too late."""
    entry = frame.root.get("money")
    if money is None or not isinstance(entry, Entry):
        return
    for name in ("customers", "contacts", "exchange_rates"):
        part = entry.get(name)
        missing = [key for key in ("source", "as_of") if part is not None and key not in part]
        if missing:
            frame.reading.note(entry.at(name), f"no {' and no '.join(missing)}; every price will call it illustrative")
    customers = money.customers
    late = customers.counts_after_days if customers is not None else 0
    for change in changes:
        if change.saving is not None and late > change.horizon_days:
            text = f"customers count {late} days after a start, and {change.id} is watched for {change.horizon_days}"
            frame.reading.note(entry.at("customers"), f"{text}; its price may wait for ever")


def _worth(frame: Frame, money: Entry, name: str) -> Worth | None:
    entry = money.get(name)
    if not isinstance(entry, Entry):
        return None
    wrong = frame.reading.wrong
    _metric(frame, entry, name)
    by, amounts = _amounts(frame, entry)
    per = entry.get("per", "once")
    if per != "once" and "horizon" not in entry:
        wrong(entry.at("per"), f"an amount per {per} without horizon", "the key horizon: how long it is lost for")
    if per == "once" and "horizon" in entry:
        wrong(
            entry.at("horizon"), "a horizon of an amount that is lost once", "the key per beside it, such as per: year"
        )
    metric = entry.get("metric")
    if not entry.sound or metric is None:
        return None
    late = COUNTS_AFTER if name == "customers" else 0
    return Worth(
        metric=metric, amounts=amounts, by=by, currency=entry.get("currency", money.get("currency", "")), per=per,
        horizon_days=float(entry.get("horizon", 0)), source=entry.get("source", ""), as_of=entry.get("as_of"),
        counts_after_days=entry.get("counts_after", late),
    )  # fmt: skip


def _metric(frame: Frame, entry: Entry, name: str) -> None:
    """The metric must count something, and more of it must be worse."""
    metric, node = entry.get("metric"), entry.at("metric")
    if metric is None or not frame.known(node, metric, frame.names("metrics"), "metric"):
        return
    known = frame.metrics.get(metric)
    kind, better = (known.get("kind"), known.get("better")) if known is not None else (None, None)
    if kind is Kind.QUANTILE:
        frame.reading.wrong(node, f"{shown(node)}, a quantile", f"a metric that counts {name}")
    elif better is Better.HIGHER and not (name == "customers" and kind is Kind.PROPORTION):
        expected = "a metric with better: lower" + (", or a share of those who stay" if name == "customers" else "")
        frame.reading.wrong(node, f"{shown(node)}, of which more is better", expected)


def _amounts(frame: Frame, entry: Entry) -> tuple[str, dict[str, float]]:
    """(dimension, amounts by its values), or ("", the one amount)."""
    by: dict[str, Any] = entry.get("amount_by") or {}
    if ("amount" in entry) == ("amount_by" in entry):
        found = "both amount and amount_by" if "amount" in entry else "neither amount nor amount_by"
        frame.reading.wrong(entry.at("amount_by") if "amount" in entry else entry.node, found, "one of them")
    elif len(by) > 1:
        frame.reading.wrong(entry.at("amount_by"), f"{len(by)} dimensions", "one dimension")
    dimensions = frame.dimensions.get(entry.get("metric"))
    if dimensions is not None and "amount_by" in entry:
        frame.known_items(entry.at("amount_by"), dimensions, "dimension", of=entry.get("metric"))
    if "amount" in entry:
        return "", {"": entry.get("amount", 0.0)}
    return next(
        ((dimension, dict(amounts)) for dimension, amounts in by.items() if isinstance(amounts, dict)), ("", {})
    )


def _twice(frame: Frame, money: Entry) -> None:
    parts = [part for name in ("customers", "contacts") if isinstance(part := money.get(name), Entry)]
    if len(parts) == 2 and parts[0].get("metric") == parts[1].get("metric") is not None:
        node = parts[1].at("metric")
        frame.reading.wrong(node, f"{shown(node)} for customers and contacts", "a metric of its own for each")


def _currencies(frame: Frame, money: Entry) -> None:
    """Every currency in use needs a rate, and the board's own needs none."""
    own, exchange = money.get("currency"), money.get("exchange_rates")
    rates = exchange.get("rates") or {} if isinstance(exchange, Entry) else {}
    if own is None:
        return
    if own in rates and isinstance(exchange, Entry):
        node = exchange.at("rates").entries[own]
        frame.reading.wrong(node, f"a rate of {own}, the board's own currency", "rates of the other currencies")
    saved = [one.get("saving") for one in frame.listed("changes") if isinstance(one, Entry)]
    for part in (money.get("customers"), money.get("contacts"), *saved):
        currency = part.get("currency") if isinstance(part, Entry) else None
        if isinstance(part, Entry) and currency is not None and currency != own and currency not in rates:
            node = part.at("currency")
            frame.reading.wrong(
                node, f"{shown(node)} without an exchange rate", f"{own}, or a rate in money.exchange_rates"
            )
