"""Make the picture in docs/methods/planner.md: `python docs/pictures/planner.py`; needs the extra `pictures`.

One world of benchmarks/planner.py, twelve pasts of it: the chance that an answer has come by each day, as the planner
states it from the past alone, and the share of simulated futures that have it by then. The script prints the days.
"""

import sys
from importlib import import_module
from pathlib import Path

import altair as alt
import numpy as np

from cxmon.charts.palette import PALETTES

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
WORLD, PASTS, FUTURES, SHOWN = "CSAT short past, controls", 12, 5, 40
SEEN, RULED_OUT = "harm of the limit seen", "ruled out, without harm"


def main() -> None:
    """Draw both chances by day, stated and simulated, and print by which day half of them have come."""
    sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))
    bench = import_module("planner")
    world = bench.WORLDS[WORLD]
    stated: dict[str, list[np.ndarray]] = {SEEN: [], RULED_OUT: []}
    came: dict[str, list[np.ndarray]] = {SEEN: [], RULED_OUT: []}
    days = np.arange(bench.FIRST, SHOWN + 1)
    for seed in range(PASTS):
        past = bench.Past(world, 700 + seed)
        found = bench.outlook(past)
        for name, chance, harm in ((SEEN, found.seen, world.harm), (RULED_OUT, found.ruled_out, 0.0)):
            stated[name].append(np.interp(days, found.periods, chance.by))
            came[name].append(bench.simulated(past, FUTURES, SHOWN, harm))
    rows = []
    for name, plans in stated.items():
        futures = np.concatenate(came[name])
        by_day = {
            "stated before the change": np.mean(plans, axis=0),
            "simulated": (futures[:, None] <= days).mean(0),
        }
        for how, chances in by_day.items():
            half = days[np.argmax(chances >= 0.5)] if (chances >= 0.5).any() else np.inf
            sys.stdout.write(f"{name:24} {how:26} half by day {half:g}\n")
            rows += [
                {"day": int(d), "chance": 100 * c, "what": name, "how": how} for d, c in zip(days, chances, strict=True)
            ]
    below = alt.Legend(orient="bottom", labelLimit=300, columns=1)
    chart = alt.Chart(alt.Data(values=rows), width=620, height=240).mark_line(interpolate="step-after").encode(
        x=alt.X("day:Q", title="days since the change"),
        y=alt.Y("chance:Q", title="has been said by then, %", scale=alt.Scale(domain=[0, 100])),
        color=alt.Color(
            "what:N", title=None, scale=alt.Scale(domain=[SEEN, RULED_OUT], range=[LIGHT.red, LIGHT.teal]),
            legend=below,
        ),
        strokeDash=alt.StrokeDash(
            "how:N", title=None, sort=["stated before the change", "simulated"],
            legend=below,
        ),
    )  # fmt: skip
    half = alt.Chart(alt.Data(values=[{"chance": 50}])).mark_rule(color=LIGHT.axis).encode(y="chance:Q")
    alt.layer(half, chart).configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "planner.svg")


if __name__ == "__main__":
    main()
