"""Make the picture in docs/methods/targets.md: `python docs/pictures/targets.py`; needs the extra `pictures`.

A made-up share with a seed of its own that slowly falls, its forecast for the average of the last 28 days before a day
90 days ahead, and three targets. The script prints the figures that the page quotes.
"""

import sys
from pathlib import Path

import altair as alt
import numpy as np

from cxmon.charts.palette import PALETTES
from cxmon.decisions.targets import course_of
from cxmon.stats import destination

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
DAYS, AHEAD, WINDOW = 300, 90, 28
TARGETS = (0.82, 0.845, 0.87)
WORDS = {"on_course": "on course", "cannot_say": "cannot say", "will_miss": "will miss"}


def main() -> None:
    rng = np.random.default_rng(5)
    n = rng.poisson(140, DAYS + AHEAD).astype(float)
    level = 0.83 - 0.01 * np.arange(DAYS + AHEAD) / 365 + np.cumsum(0.0007 * rng.standard_normal(DAYS + AHEAD))
    values = rng.binomial(n.astype(int), level) / n
    known = values.copy()
    known[DAYS:] = values[DAYS - WINDOW + np.arange(AHEAD) % WINDOW]
    found = destination(known, DAYS, (DAYS + AHEAD - WINDOW, DAYS + AHEAD), n=n, kind="proportion")
    lately = values[DAYS - WINDOW : DAYS].mean()
    sys.stdout.write(f"lately {100 * lately:.1f} %, then {100 * found.expected:.1f} % expected ")
    sys.stdout.write(f"({100 * found.low:.1f} % to {100 * found.high:.1f} %)\n")
    rows = []
    for bar in TARGETS:
        chance = found.above(bar)
        words = WORDS[course_of(chance)]
        sys.stdout.write(f"at least {100 * bar:.1f} %: the chance is {100 * chance:.0f} %, {words}\n")
        rows.append({"day": 2, "goal": 100 * bar, "words": f"at least {100 * bar:.1f} %: {words}"})
    average = np.convolve(values[:DAYS], np.ones(7) / 7, "valid")
    past = [{"day": t + 6 - DAYS, "share": 100 * y} for t, y in enumerate(average)]
    y = alt.Y("share:Q", title="satisfied, %", scale=alt.Scale(domain=[80.5, 88.5]))
    line = alt.Chart(alt.Data(values=past[120:])).mark_line(color=LIGHT.ink).encode(
        x=alt.X("day:Q", title="days from today", scale=alt.Scale(domain=[-170, AHEAD])), y=y
    )  # fmt: skip
    box = [{"from": AHEAD - WINDOW, "to": AHEAD, "share": 100 * found.low, "high": 100 * found.high}]
    area = alt.Chart(alt.Data(values=box)).mark_rect(color=LIGHT.band, opacity=0.4)
    middle = alt.Chart(alt.Data(values=[{"from": AHEAD - WINDOW, "to": AHEAD, "share": 100 * found.expected}]))
    goals = alt.Chart(alt.Data(values=rows))
    rules = goals.mark_rule(color=LIGHT.muted, strokeDash=[8, 3, 2, 3]).encode(y="goal:Q")
    texts = goals.mark_text(align="left", dy=-7, color=LIGHT.muted).encode(x="day:Q", y="goal:Q", text="words:N")
    chart = alt.layer(
        area.encode(x="from:Q", x2="to:Q", y=y, y2="high:Q"),
        middle.mark_rule(color=LIGHT.expected, strokeWidth=2).encode(x="from:Q", x2="to:Q", y=y), rules, line, texts,
    ).properties(width=620, height=260)  # fmt: skip
    chart.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "targets.svg")


if __name__ == "__main__":
    main()
