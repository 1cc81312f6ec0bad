"""What else speaks for or against a harm: two other methods, other dates, and other segments at the same date."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions, stats
from cxmon.decisions import Scale
from cxmon.model import Code, Grain, Harm, Interval, Method, Metric, Opinion, Placebo, Rank
from cxmon.stats.gap import shared_movement

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Periods before a date that a layman would compare with: eight weeks, or as many months.
BACK = {Grain.HOUR: 336, Grain.DAY: 56, Grain.WEEK: 8, Grain.MONTH: 8}
# Periods of the profile's cycle, whatever labels its holidays have besides.
CYCLE = {Grain.HOUR: 168, Grain.DAY: 7, Grain.WEEK: 1, Grain.MONTH: 1}
# What a rank is told of: verdicts that say that something moved.
MOVED = frozenset({Code.HARMED, Code.WORSE, Code.IMPROVED})


def kept(effect: stats.Effect) -> Bools:
    """The controls (K,) that count and did not move by themselves at the change."""
    return np.asarray(effect.controls_used & ~effect.controls_moved)


def questioned(
    harm: Harm, effect: stats.Effect, scale: Scale, metric: Metric, values: Floats, at: int, until: int,
    asked: dict[str, Any],
) -> Harm:  # fmt: skip
    """The harm with second opinions, its grade lowered where one contradicts, and with its ranks where it moved.

    `values` (T,) are the touched segments' figures, changed from `at` to before `until`; `asked` is what `stats.effect`
    was asked besides.
    """
    if asked.get("others"):
        # The other methods know one change at a time.
        return harm
    asked = restricted({name: given for name, given in asked.items() if name != "others"}, kept(effect))
    # A season that is not known is a prior's, and the structural model has none.
    known = asked | {"yearly": None} if effect.season_unknown else asked
    found = opinions(harm, scale, metric, values, at, until, known)
    harm = replace(harm, opinions=found, grade=decisions.lowered(harm.grade, found))
    if harm.code not in MOVED:
        return harm
    sign = metric.harm_sign if harm.so_far.estimate > 0 else -metric.harm_sign
    return replace(
        harm,
        placebo=in_time(metric, values, at, until, asked, sign=sign),
        rank=among_controls(values, at, asked, sign=sign),
    )


def restricted(asked: dict[str, Any], keep: Bools) -> dict[str, Any]:
    """What was asked, of these controls only."""
    theirs = {name: asked.get(name) for name in ("controls", "controls_n", "controls_se")}
    picked = {name: None if x is None or not keep.any() else x[keep] for name, x in theirs.items()}
    return asked | picked


def opinions(
    harm: Harm, scale: Scale, metric: Metric, values: Floats, at: int, until: int, asked: dict[str, Any]
) -> tuple[Opinion, ...]:
    """What the two other methods say, as harms. They are read as if only once, so they err on the narrow side."""
    blocks = stats.block_test(
        values, at, until=until, controls=asked["controls"], period=asked["period"], cycle=CYCLE[metric.grain],
        confidence=harm.confidence,
    )  # fmt: skip
    model = stats.second_opinion(
        values, at, until=until, n=asked["n"], se=asked["se"], controls=asked["controls"], period=asked["period"],
        yearly=asked.get("yearly"), confidence=harm.confidence,
    )  # fmt: skip
    out = []
    for method, said in ((Method.STRUCTURAL, model), (Method.BLOCKS, blocks)):
        found = scale.harm(Interval(estimate=said.estimate, low=said.low, high=said.high))
        agrees = decisions.agreement(harm.so_far, found, harm.limit)
        out.append(Opinion(method=method, found=found, agreement=agrees, reason=said.reason))
    return tuple(out)


def in_time(metric: Metric, values: Floats, at: int, until: int, asked: dict[str, Any], *, sign: int) -> Placebo | None:
    """How often the figures moved as much before the change, against as long a past as eight weeks."""
    controls = asked["controls"]
    return decisions.placebo(
        values,
        at,
        until,
        labels=asked["period"],
        shared=None if controls is None else shared_movement(controls, at),
        sign=sign,
        back=BACK[metric.grain],
    )


def among_controls(values: Floats, at: int, asked: dict[str, Any], *, sign: int) -> Rank | None:
    """The touched segments and each control judged alike at the change's date, each against the other controls.

    Read once, because the interval of daily reading is the same for none of them. None with too few controls.
    """
    controls = asked["controls"]
    if controls is None or len(controls) < decisions.FEWEST_SEGMENTS:
        return None
    K = len(controls)
    # A control says nothing about itself: its own row is blank among those it is compared with.
    others = np.repeat(controls[None], K + 1, axis=0)
    others[np.arange(1, K + 1), np.arange(K)] = np.nan
    question = {name: asked[name] for name in ("kind", "period", "until")} | {"controls": others}
    for name in ("n", "se"):
        theirs = asked[f"controls_{name}"]
        if asked[name] is not None and theirs is not None:
            question |= {name: np.vstack([asked[name], theirs]), f"controls_{name}": theirs}
    found = stats.effects(np.vstack([values, controls]), at, drawn=False, **question)
    moves = [x.estimate / x.se if x.se > 0 else float("nan") for x in found]
    return decisions.rank_among(moves[0], moves[1:], sign=sign)
