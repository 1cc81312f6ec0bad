"""Make the picture in docs/methods/maturity.md: `python docs/pictures/maturity.py`; needs the extra `pictures`.

The planted slow surveys of `benchmarks/slow_surveys.py`, one world of a seed of its own: since day 160 one segment's
answers come after 6 days in place of 1.5, the satisfied ones sooner, and nothing else changed. Above, what of a day's
answers is in at which age, before and since, as learnt on day 60 after the change. Below, what is said of the harm on
each day: with a wait of 5 days, and with the learnt one.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import altair as alt
import numpy as np

from cxmon import decisions
from cxmon.charts.palette import PALETTES
from cxmon.decisions.maturity import maturity, ripened
from cxmon.model import Code
from cxmon.panel import ARRIVAL_AGES
from cxmon.pipeline.judge_evidence import evidence

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))

from slow_surveys import AT, CHANGE, METRIC, SEGMENTS, START, world  # noqa: E402 - a bench is no package.

LIGHT = PALETTES["light"]
NAIVE, LEARNT = "5 days old", "as old as its answers need"


def main() -> None:
    """Draw both parts, and print what each look says."""
    one = world(np.random.default_rng(31), 2.0)
    share = next(iter(decisions.shares(decisions.watched(CHANGE, {METRIC.id: METRIC}), {}).values()))
    said = []
    for after in range(8, 61, 2):
        now, leaves = START + timedelta(days=AT + after), one.known(AT + after, METRIC)
        for name, shown in ((NAIVE, replace(leaves, arrived=None)), (LEARNT, ripened(leaves))):
            harm = evidence(CHANGE, [], shown, share, now=now, brief=True).harm
            waits = harm.code is Code.WAITING
            low, middle, high = (100 * x for x in (harm.so_far.low, harm.so_far.estimate, harm.so_far.high))
            sys.stdout.write(f"day {after}, {name}: {harm.code.value} {low:.1f} to {high:.1f}\n")
            if not waits:
                # Beside each other, so that both are seen.
                at = after + 0.35 * (1 if name == LEARNT else -1)
                said.append({"day": at, "low": max(low, -9), "high": min(high, 9), "harm": middle, "counts": name})
    known = maturity(one.known(AT + 60, METRIC).select([SEGMENTS[2]]))
    curves = [
        {"age": age, "in": 100 * part, "answers": f"{kind}, {when}"}
        for kind, found in zip(("satisfied", "not satisfied"), known.kinds, strict=True)
        for when, shown in (("before", found.earlier.share), ("since", found.slowed.share))
        for age, part in zip(ARRIVAL_AGES, shown, strict=True)
        if np.isfinite(part) and age <= 45
    ]
    above = alt.Chart(alt.Data(values=curves), width=620, height=180).mark_line(point=True).encode(
        x=alt.X("age:Q", title="days after the day's end"), y=alt.Y("in:Q", title="answers that are in, %"),
        color=alt.Color("answers:N", title=None, scale=alt.Scale(range=[
            LIGHT.muted, LIGHT.teal, LIGHT.axis, LIGHT.amber,
        ])),
    )  # fmt: skip
    colours = alt.Color(
        "counts:N",
        title="a day counts when it is",
        scale=alt.Scale(domain=[NAIVE, LEARNT], range=[LIGHT.amber, LIGHT.ink]),
    )
    base = alt.Chart(alt.Data(values=said), width=620, height=220)
    ranges = base.mark_rule(size=3, opacity=0.5).encode(
        x=alt.X("day:Q", title="days since the change"), y=alt.Y("low:Q", title="harm so far, points"), y2="high:Q",
        color=colours,
    )  # fmt: skip
    dots = base.mark_point(filled=True, size=35).encode(x="day:Q", y="harm:Q", color=colours)
    zero = alt.Chart(alt.Data(values=[{"harm": 0}])).mark_rule(color=LIGHT.axis).encode(y="harm:Q")
    both = alt.vconcat(above, alt.layer(zero, ranges, dots)).resolve_scale(color="independent")
    both.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "maturity.svg")


if __name__ == "__main__":
    main()
