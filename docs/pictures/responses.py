"""Make the picture in docs/methods/responses.md: `python docs/pictures/responses.py`; needs the extra `pictures`.

Twenty segments without any difference; the one that was worst over four weeks is picked and "mended" by a fix that does
nothing. Averages over many such worlds: its figures around the day of the fix, and what three readings credit the fix
with. The script prints the figures that the page quotes.
"""

import sys
from pathlib import Path

import altair as alt
import numpy as np

from cxmon.charts.palette import PALETTES
from cxmon.decisions.picked import PICKED_ON, both, persistence
from cxmon.model import Interval
from cxmon.stats import effects

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
WORLDS, SEGMENTS, PAST, AFTER, PICK = 100, 20, 200, 28, 28


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Values and answers (SEGMENTS, PAST + AFTER), the picked segment first."""
    n = rng.poisson(60, (SEGMENTS, PAST + AFTER)).astype(float) + 1
    values = rng.binomial(n.astype(int), 0.8) / n
    worst = int(values[:, PAST - PICK : PAST].mean(1).argmin())
    order = [worst, *(s for s in range(SEGMENTS) if s != worst)]
    return values[order], n[order]


def main() -> None:
    worlds = [drawn(np.random.default_rng([7, i])) for i in range(WORLDS)]
    values, n = (np.stack([one[k] for one in worlds]) for k in (0, 1))
    without = values[:, 0].copy()
    without[:, PAST - PICKED_ON : PAST] = np.nan
    asks = {"n": n[:, 0], "controls": values[:, 1:], "controls_n": n[:, 1:], "kind": "proportion"}
    every = effects(values[:, 0], PAST, **asks)
    aside = effects(without, PAST, **asks)
    ranged = [[Interval(estimate=e.estimate, low=e.low, high=e.high) for e in found] for found in (every, aside)]
    stays = [persistence(one[:, :PAST], PICKED_ON, AFTER) for one in values]
    plain = values[:, 0, PAST:].mean(1) - values[:, 0, PAST - PICK : PAST].mean(1)
    credited = {
        "before and after": plain,
        "as every change": np.array([e.estimate for e in every]),
        "as a fix": np.array([both(a, b, lasting=share).estimate for a, b, share in zip(*ranged, stays, strict=True)]),
    }
    rows = []
    for how, each in credited.items():
        se = 100 * each.std(ddof=1) / np.sqrt(WORLDS)
        mean = 100 * each.mean()
        rows.append({"how": how, "points": mean, "low": mean - 2 * se, "high": mean + 2 * se})
        sys.stdout.write(f"{how:20} {mean:+.2f} points (SE {se:.2f})\n")
    daily = [{"day": t - PAST, "share": 100 * y} for t, y in enumerate(values[:, 0].mean(0)) if t >= PAST - 90]
    line = alt.Chart(alt.Data(values=daily), width=400, height=220).mark_line(color=LIGHT.ink).encode(
        x=alt.X("day:Q", title="days since the fix, which does nothing"),
        y=alt.Y("share:Q", title="picked segments, % satisfied", scale=alt.Scale(zero=False)),
    )  # fmt: skip
    start = alt.Chart(alt.Data(values=[{"day": 0}])).mark_rule(color=LIGHT.axis).encode(x="day:Q")
    base = alt.Chart(alt.Data(values=rows), width=240, height=220)
    y = alt.Y("how:N", title=None, sort=list(credited), axis=alt.Axis(labelLimit=200))
    ranges = base.mark_rule(size=5, color=LIGHT.band).encode(
        y=y, x=alt.X("low:Q", title="credited, points"), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=80, color=LIGHT.ink).encode(y=y, x="points:Q")
    zero = alt.Chart(alt.Data(values=[{"points": 0}])).mark_rule(color=LIGHT.axis).encode(x="points:Q")
    chart = alt.layer(start, line) | alt.layer(zero, ranges, dots)
    chart.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "responses.svg")


if __name__ == "__main__":
    main()
