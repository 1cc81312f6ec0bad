"""Make the picture in docs/methods/allowance.md: `python docs/pictures/allowance.py`; needs the extra `pictures`.

One world of `benchmarks/allowance.py` in which the five cuts cost twice what is allowed, judged on day 150 of its year:
each cut's harm against its own limit, and what all of them together cost all customers against the allowance.
"""

import sys
import tempfile
from pathlib import Path

import altair as alt

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))

from allowance import ALLOWED, LIMIT, YEAR, built, csat, day, five_cuts, points  # noqa: E402 - beside the benchmarks.

from cxmon.charts.palette import PALETTES  # noqa: E402
from cxmon.model import Allowances  # noqa: E402
from cxmon.pipeline.judge import judge  # noqa: E402

LIGHT = PALETTES["light"]


def found() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of the two panels: own harms and contributions, in points."""
    world, cuts = five_cuts(2 * ALLOWED, 2)
    with tempfile.TemporaryDirectory() as folder:
        allowance = Allowances(amounts={"csat": points(ALLOWED)})
        plan, store = built(Path(folder), world, [csat()], cuts, allowance=allowance)
        with store:
            verdicts = judge(plan, store, now=day(YEAR + 150))
            use = store.allowances.latest()["csat"]
    titles = {c.id: c.title for c in cuts}
    own = [_row(titles[v.change], v.harms[0].so_far) for v in verdicts]
    together = [_row(titles[one.change], one.harm) for one in use.carried]
    return own, [*together, _row("All five", use.summed)]


def _row(name: str, harm: object) -> dict[str, object]:
    values = {end: 100 * getattr(harm, end) for end in ("estimate", "low", "high")}
    sys.stdout.write(f"{name:10} {values['estimate']:5.2f} ({values['low']:.2f} to {values['high']:.2f})\n")
    return {"decision": name, **values}


def panel(rows: list[dict[str, object]], mark: float, title: str) -> alt.LayerChart:
    names = alt.Y("decision:N", title=None, sort=[str(r["decision"]) for r in rows])
    base = alt.Chart(alt.Data(values=rows), width=300, height=190, title=title)
    ranges = base.mark_rule(size=5, color=LIGHT.band).encode(
        y=names, x=alt.X("low:Q", title="points worse"), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=80, color=LIGHT.ink).encode(y=names, x="estimate:Q")
    rule = alt.Chart(alt.Data(values=[{"at": mark}])).mark_rule(color=LIGHT.amber, size=2).encode(x="at:Q")
    zero = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(color=LIGHT.axis).encode(x="at:Q")
    return alt.layer(zero, rule, ranges, dots)


def main() -> None:
    """Draw each cut beside its limit, and all of them beside the allowance."""
    own, together = found()
    both = panel(own, 100 * LIMIT, "in its own segment; line: its limit") | panel(
        together, 100 * ALLOWED, "for all customers; line: what is allowed"
    )
    both.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "allowance.svg")


if __name__ == "__main__":
    main()
