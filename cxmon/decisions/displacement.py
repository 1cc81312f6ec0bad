"""Displacement: a gain in one figure that may have been bought with another; both are told in the same breath."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cxmon.model import GRAVITY, RED, AimResult, Code, Harm, Metric

NOT_RULED_OUT = frozenset({Code.UNDECIDED, Code.WAITING, Code.ENTANGLED, Code.NOT_COMPARABLE})


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """A gain and the figure beside which it is judged. `sure`: that one is worse beyond chance, else its harm is not
    ruled out yet. `guarded`: it was declared as the gain's guard."""

    gain: Harm
    price: Harm
    sure: bool
    guarded: bool


def displaced(
    harms: Iterable[Harm], aims: Iterable[AimResult], metrics: Mapping[str, Metric], guards: Collection[str] = ()
) -> Displacement | None:
    """The gain and the price to tell together; None without a gain, or where nothing stands against one.

    A gain is a metric that is surely better, or whose aim is shown. Against it stands a guard (of the change, `guards`,
    or of the gain's metric) that is worse or whose harm is not ruled out, and any other metric that is surely worse.
    Guards come before others, sure before open, then the graver and the larger against its limit; the order of the
    metrics does not matter.
    """
    known = list(harms)
    shown = {aim.metric for aim in aims if aim.gain.low > 0}
    gains = [h for h in known if h.code is Code.IMPROVED or (h.metric in shown and h.code not in RED)]
    found = [
        Displacement(gain=gain, price=price, sure=price.code in RED, guarded=guarded)
        for gain in gains
        for price in known
        if price.metric != gain.metric
        for guarded in [price.metric in {*guards, *metrics[gain.metric].guards}]
        if price.code in RED or (guarded and price.code in NOT_RULED_OUT)
    ]
    return min(found, key=_order, default=None)


def _order(one: Displacement) -> tuple[bool, bool, int, float, str, float, str]:
    return (
        not one.sure, not one.guarded, GRAVITY.index(one.price.code), -_size(one.price), one.price.metric,
        _size(one.gain), one.gain.metric,
    )  # fmt: skip


def _size(harm: Harm) -> float:
    """The harm in limits; 0 where it is not known."""
    x = harm.so_far.estimate / harm.limit if harm.limit else harm.so_far.estimate
    return x if math.isfinite(x) else 0.0
