"""Make the picture in docs/methods/displacement.md: `python docs/pictures/displacement.py`; needs the extra `pictures`.

One world of benchmarks/displacement.py, read every third day: the range of the calls' length and of the share solved
first time, coloured by what is said of both together. The script prints it.
"""

import sys
from importlib import import_module
from pathlib import Path

import altair as alt

from cxmon import wording
from cxmon.charts.palette import PALETTES

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
WORLD, SEED = "shorter, 3 points fewer solved", 4
EARLY, OPEN, BUT = "too early", "shorter; whether fewer are solved is open", "shorter, but fewer solved first time"
COLOURS = {EARLY: LIGHT.muted, OPEN: LIGHT.amber, BUT: LIGHT.red}
PANELS = {"length": "calls longer than expected, %", "solved": "fewer solved than expected, points"}


def main() -> None:
    """Draw both ranges by the day of the look, and print what was said on each."""
    sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))
    bench = import_module("displacement")
    rows = []
    for day, harms, both in bench.looks(SEED, WORLD):
        said = EARLY if both is None else BUT if both.sure else OPEN
        sys.stdout.write(f"day {day:2}: {wording.trade(harms.values(), bench.METRICS) or 'too early'}\n")
        for metric in PANELS:
            so_far = harms[metric].so_far
            low, middle, high = (100 * x for x in (so_far.low, so_far.estimate, so_far.high))
            rows.append({"day": day, "metric": metric, "low": low, "harm": middle, "high": high, "said": said})
    colours = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    below, sides = alt.Legend(orient="bottom", labelLimit=300, columnPadding=36), []
    for metric, title in PANELS.items():
        mine = alt.Chart(alt.Data(values=[r for r in rows if r["metric"] == metric]), width=290, height=220)
        mine = mine.encode(x=alt.X("day:Q", title="days since the change"))
        ranges = mine.mark_rule(size=5, opacity=0.6).encode(
            y=alt.Y("low:Q", title=title), y2="high:Q",
            color=alt.Color("said:N", title=None, scale=colours, legend=below),
        )  # fmt: skip
        dots = mine.mark_point(filled=True, size=30, color=LIGHT.ink).encode(y="harm:Q")
        zero = alt.Chart(alt.Data(values=[{"low": 0}])).mark_rule(color=LIGHT.axis).encode(y="low:Q")
        sides.append(alt.layer(zero, ranges, dots))
    chart = alt.hconcat(*sides).configure_view(stroke=None).configure(background=LIGHT.paper)
    chart.save(HERE / "displacement.svg")


if __name__ == "__main__":
    main()
