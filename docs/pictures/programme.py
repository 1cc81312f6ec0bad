"""Make the picture in docs/methods/programmes.md: `python docs/pictures/programme.py`; needs the extra `pictures`.

The programme of benchmarks/programme.py that does nothing while its joiners are happier and get happier by themselves:
the mean over worlds of each cohort and of those who never join, and what three comparisons credit the programme with.
"""

import sys
from importlib import import_module
from pathlib import Path

import altair as alt
import numpy as np

from cxmon.charts.palette import PALETTES
from cxmon.decisions import shares

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
WORLD, WORLDS = "happier and rising, idle", 40
READINGS = {
    "as they are": "members with the others", "others as controls": "others as controls",
    "those who join later": "those who join later",
}  # fmt: skip


def main() -> None:
    """Draw the cohorts and the three readings, and print the latter."""
    sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))
    bench = import_module("programme")
    confidence = shares(("csat",), {})["csat"].confidence
    drawn = [bench.drawn(*bench.WORLDS[WORLD], np.random.default_rng([21, i])) for i in range(WORLDS)]
    found = [bench.answers(*one, confidence) for one in drawn]
    mean = np.mean([values for values, _ in drawn], axis=0)
    # A week at a time, so that the weekly profile does not hide the slow rise.
    weeks = mean[:, -7 * (mean.shape[1] // 7) :].reshape(len(mean), -1, 7).mean(2)
    names = [f"joins on day {at - bench.STARTS[0]}" for at in bench.STARTS]
    groups = [*zip(names, weeks[: len(names)], strict=True), ("never joins", weeks[len(names) :].mean(0))]
    lines = [
        {"day": 7 * k - bench.STARTS[0], "share": 100 * y, "who": name}
        for name, ys in groups for k, y in enumerate(ys) if 7 * k >= bench.STARTS[0] - 90
    ]  # fmt: skip
    rows = []
    for how, name in READINGS.items():
        shown, sizes = (np.array([one[how][k] for one in found], float) for k in (0, 1))
        size, se = 100 * sizes.mean(), 100 * sizes.std(ddof=1) / np.sqrt(WORLDS)
        rows.append({"how": name, "points": size, "low": size - 2 * se, "high": size + 2 * se})
        sys.stdout.write(f"{name:26} {size:+.2f} points (SE {se:.2f}), a gain shown in {shown.mean():.0%}\n")
    order = [name for name, _ in groups]
    colours = alt.Scale(domain=order, range=[LIGHT.ink, LIGHT.teal, LIGHT.amber, LIGHT.red, LIGHT.muted])
    below = alt.Legend(orient="bottom", columns=3, columnPadding=24)
    curves = alt.Chart(alt.Data(values=lines), width=360, height=220).mark_line().encode(
        x=alt.X("day:Q", title="days since the first cohort joined"),
        y=alt.Y("share:Q", title="satisfied, %", scale=alt.Scale(zero=False)),
        color=alt.Color("who:N", title=None, sort=order, scale=colours, legend=below),
    )  # fmt: skip
    y = alt.Y("how:N", title=None, sort=list(READINGS.values()), axis=alt.Axis(labelLimit=200))
    base = alt.Chart(alt.Data(values=rows), width=220, height=220)
    ranges = base.mark_rule(size=5, color=LIGHT.band).encode(
        y=y, x=alt.X("low:Q", title="credited, points"), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=80, color=LIGHT.ink).encode(y=y, x="points:Q")
    zero = alt.Chart(alt.Data(values=[{"points": 0}])).mark_rule(color=LIGHT.axis).encode(x="points:Q")
    chart = alt.hconcat(curves, alt.layer(zero, ranges, dots))
    chart.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "programme.svg")


if __name__ == "__main__":
    main()
