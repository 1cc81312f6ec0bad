"""Make the picture in docs/methods/response-rate.md: `python docs/pictures/response_rate.py` (extra `pictures`).

Three planted surveys of `benchmarks/response_rate.py` with a seed of their own, judged four weeks after the change:
what those who answered say, what it may be with the missing answers, and the truth, which was planted.
"""

import sys
from pathlib import Path

import altair as alt
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "pipeline"))

from response_world import LIMIT, START, Answering, panels, told  # noqa: E402 - it stands among the tests.

from cxmon import wording  # noqa: E402
from cxmon.charts.palette import PALETTES  # noqa: E402

LIGHT = PALETTES["light"]
SEED, AGE, BACK = 1, 28, 42
WORLDS = {
    "half the unhappy stop": Answering(unhappy=0.5),
    "a quarter of the happy stop": Answering(happy=0.75),
    "large harm, a tenth missing at random": Answering(worse=0.2, happy=0.9, unhappy=0.9),
}


def main() -> None:
    """Draw the response rate of the first world and the ranges of all, and print them."""
    rates, ranges = [], []
    for name, what in WORLDS.items():
        survey, asked = panels(what, SEED)
        plain, harm = told(survey, asked, AGE)
        touched = np.array([s.get("channel") == "phone" for s in survey.segments])
        share = survey.n[touched].sum(0) / asked.total[touched].sum(0)
        rates += [{"day": t - START, "rate": 100 * share[t], "world": name} for t in range(START - BACK, START + AGE)]
        low, high = harm.response_rate.bounds
        both = (
            ("those who answered", plain.so_far.low, plain.so_far.high, plain),
            ("with the missing", low, high, harm),
        )
        for kind, a, b, said in both:
            ranges.append({"world": name, "kind": kind, "low": 100 * a, "high": 100 * b, "truth": 100 * what.worse})
            sys.stdout.write(f"{name:40} {kind:20} {100 * a:6.1f} to {100 * b:5.1f}  {wording.screen(said)[0]}\n")
    order = list(WORLDS)
    colours = alt.Scale(domain=order, range=[LIGHT.teal, LIGHT.amber, LIGHT.red])
    start = alt.Chart(alt.Data(values=[{"day": 0}])).mark_rule(color=LIGHT.axis).encode(x="day:Q")
    lines = alt.Chart(alt.Data(values=rates)).mark_line().encode(
        x=alt.X("day:Q", title="days since the change"),
        y=alt.Y("rate:Q", title="response rate, %", scale=alt.Scale(zero=False)),
        color=alt.Color("world:N", title=None, sort=order, scale=colours, legend=None),
    )  # fmt: skip
    kinds = ["those who answered", "with the missing"]
    base = alt.Chart(alt.Data(values=ranges))
    rows = alt.Y("kind:N", title=None, sort=kinds, axis=alt.Axis(labelLimit=180))
    bars = base.mark_rule(size=5).encode(
        y=rows,
        x=alt.X("low:Q", title="points worse; tick: the truth, dashed: the limit"),
        x2="high:Q",
        color=alt.Color("world:N", sort=order, scale=colours, legend=None),
    )
    truth = base.mark_tick(color=LIGHT.ink, thickness=3, size=18).encode(y=rows, x="truth:Q")
    limit = base.transform_calculate(limit=str(100 * LIMIT)).mark_rule(color=LIGHT.muted, strokeDash=[4, 3])
    limits = limit.encode(x="limit:Q")
    each = alt.layer(limits, bars, truth).properties(width=300, height=48)
    side = each.facet(row=alt.Row("world:N", title=None, sort=order, header=alt.Header(labelAngle=0, labelAlign="left",
                      labelAnchor="start", labelOrient="top")))  # fmt: skip
    both = alt.layer(start, lines).properties(width=380, height=230) | side
    both.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "response_rate.svg")


if __name__ == "__main__":
    main()
