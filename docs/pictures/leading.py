"""Make the picture in docs/methods/leading.md: `python docs/pictures/leading.py`; needs the extra `pictures`.

Twelve segments and thirty months with a seed of their own: CSAT runs ahead of churn by two months, three other figures
do not. The script prints what the page quotes.
"""

import sys
from pathlib import Path

import altair as alt
import numpy as np

from cxmon.charts.palette import PALETTES
from cxmon.stats.leading import discoveries, ran_ahead

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
S, T, LAG, BURN = 12, 30, 2, 12
FIGURES = ("CSAT", "First response", "Reopened", "Contacts")


def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    own, late = np.zeros((4, S, T + BURN)), np.zeros((S, T + BURN))
    for t in range(LAG, T + BURN):
        own[:, :, t] = 0.5 * own[:, :, t - 1] + rng.standard_normal((4, S))
        late[:, t] = 0.5 * late[:, t - 1] + 0.15 * rng.standard_normal(S) - 0.1 * own[0, :, t - LAG]
    season = 0.2 * np.sin(2 * np.pi * np.arange(T + BURN) / 12)
    customers = np.full((S, T + BURN), 2500)
    churn = rng.binomial(customers, 0.02 * np.exp(late + season)) / customers
    seen = own + 0.5 * rng.standard_normal(own.shape) - 2 * season
    return churn[:, BURN:], customers[:, BURN:].astype(float), seen[:, :, BURN:]


def main() -> None:
    """Ask every figure at every lag, print the answers, and draw how much less the forecasts missed."""
    y, n, figures = world()
    asked = [(name, one) for name, x in zip(FIGURES, figures, strict=True) for one in ran_ahead(y, n, x)]
    flags = discoveries([one.p_value for _, one in asked])
    rows = [
        {
            "figure": name, "months": f"{one.lag} months earlier" if one.lag > 1 else "1 month earlier",
            "less": 100 * one.gain, "low": 100 * one.low, "high": 100 * one.high,
            "said": "ran ahead" if flag and one.low > 0 else "not shown",
        }
        for (name, one), flag in zip(asked, flags, strict=True)
    ]  # fmt: skip
    for row in rows:
        size = f"{row['less']:5.1f} % ({row['low']:.1f} to {row['high']:.1f})"
        sys.stdout.write(f"{row['figure']:16} {row['months']:18} {size:28} {row['said']}\n")
    sys.stdout.write(f"{asked[0][1].months} months held out\n")
    hues = alt.Scale(domain=["ran ahead", "not shown"], range=[LIGHT.line, LIGHT.band])
    base = alt.Chart(alt.Data(values=rows), width=420, height=60).encode(
        y=alt.Y("months:N", title=None), color=alt.Color("said:N", title=None, scale=hues)
    )  # fmt: skip
    ranges = base.mark_rule(size=4).encode(x=alt.X("low:Q", title="forecasts missed by so much less, %"), x2="high:Q")
    dots = base.mark_point(filled=True, size=70).encode(x="less:Q")
    zero = alt.Chart(alt.Data(values=[{"less": 0}])).mark_rule(color=LIGHT.axis).encode(x="less:Q")
    every = zero + ranges + dots
    rowed = [
        every.transform_filter(f"datum.figure == '{name}' || !datum.figure").properties(
            title=alt.TitleParams(name, anchor="start", fontSize=12)
        )
        for name in FIGURES
    ]
    chart = alt.vconcat(*rowed).resolve_scale(x="shared")
    chart.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "leading.svg")


if __name__ == "__main__":
    main()
