"""Make the picture in docs/privacy.md: `python docs/pictures/small_cells.py`; needs the extra `pictures`.

How finely the channels of the planted desk of `benchmarks/small_cells.py` are shown over a year, by the answers that
its small channel has a day.
"""

import sys
from pathlib import Path

import altair as alt

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))
from small_cells import shown  # noqa: E402 - the script stands beside the package, not in it.

from cxmon.charts.palette import PALETTES  # noqa: E402

LIGHT = PALETTES["light"]
LEVELS = ("by day", "by week", "not at all")
ANSWERS = (2, 5, 9, 15, 30)


def main() -> None:
    rows = [
        {"answers": f"{small} a day", "kind": kind, "level": level, "order": order, "share": 100 * share}
        for small in ANSWERS
        for kind, shares in shown(float(small)).items()
        for order, (level, share) in enumerate(zip(LEVELS, shares, strict=True))
    ]
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(height=14)
        .encode(
            x=alt.X("share:Q", title="share of days, %", scale=alt.Scale(domain=[0, 100])),
            y=alt.Y("answers:N", title=None, sort=[f"{small} a day" for small in ANSWERS]),
            color=alt.Color(
                "level:N", title="shown", sort=list(LEVELS),
                scale=alt.Scale(domain=list(LEVELS), range=[LIGHT.ink, LIGHT.expected, LIGHT.band]),
            ),
            order="order:Q",
            row=alt.Row("kind:N", title=None, sort=kinds, header=alt.Header(labelAngle=0, labelOrient="top")),
        )
        .properties(width=560, height=110)
    )  # fmt: skip
    chart.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "small_cells.svg")


if __name__ == "__main__":
    main()
