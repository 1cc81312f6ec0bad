"""A price of a year with what is left of the saving and its range, in millions."""

from datetime import timedelta

from decision_examples import START, interval

from cxmon.model import Grade, Price, PriceCode


def priced(left, half, code=None):
    net = interval(left - half, left + half)
    told = PriceCode.PAYS if net.low > 0 else PriceCode.COSTS_MORE if net.high < 0 else PriceCode.OPEN
    loss = interval(1.2 - net.high, 1.2 - net.low)
    return Price(
        currency="USD", code=code or told, since=START, until=START + timedelta(days=60), days=60.0, saving=0.2,
        saving_year=1.2, claimed_by="Operations", verified_by="", loss=loss, loss_year=loss, net=net, net_year=net,
        parts=(), projection=None, missing=(), grade=Grade.CONTROLLED, confidence=0.95, inputs=(),
    )  # fmt: skip
