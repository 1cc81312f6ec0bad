"""Make the picture in docs/methods/versions.md: `python docs/pictures/versions.py`; needs the extra `pictures`.

Four channels with a seed of their own. Phone is cut on day 140; of its answers in the first 24 days only those that
come at once are there, from people who are content, until the rest is loaded on day 166. The change is judged every
day with what was known by then, in a store of its own. The script prints the versions with their reasons.
"""

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import altair as alt
import numpy as np

from cxmon import wording
from cxmon.charts.palette import PALETTES
from cxmon.config.plan import Plan
from cxmon.contracts import Cells, Observations
from cxmon.decisions.versions import versions
from cxmon.model import Amount, Better, Category, Change, Code, Kind, Metric, Read, Scope, Segment, Window
from cxmon.pipeline.judge import Depth, judge
from cxmon.store import Store
from cxmon.wording.versions import turns, why

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS, AT, LOADED, LAST = 200, 140, 166, 190
CHANNELS = tuple(Segment.of(channel=c) for c in ("phone", "chat", "email", "web"))
POINTS = Amount(0.03, relative=False, text="3pt")
CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, matters=POINTS, source="desk",
    read=Read(time="day"), dimensions=("channel",), by=((),), matures_after=timedelta(days=1),
)  # fmt: skip
CUT = Change(
    id="cut", title="Phone desk cut", category=Category.COST_CUT, starts=START + timedelta(days=AT), owner="Operations",
    scope=Scope.of({"channel": "phone"}), limits={"csat": POINTS}, horizon_days=90,
)  # fmt: skip


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def figures(first: int, last: int, *, early: bool) -> Cells:
    """Days first .. last - 1; `early` with the content half of phone's answers alone."""
    rng = np.random.default_rng(12)
    shared = 0.008 * rng.standard_normal(DAYS)
    n = rng.poisson(160, (4, DAYS))
    share = 0.85 + shared + 0.006 * rng.standard_normal((4, DAYS))
    share[0, AT:] -= 0.08
    good = rng.binomial(n, share)
    if early:
        n[0, AT : LOADED - 2] = n[0, AT : LOADED - 2] // 2
        good[0, AT : LOADED - 2] = rng.binomial(n[0, AT : LOADED - 2], share[0, AT : LOADED - 2] + 0.07)
    days = np.arange(first, last)
    starts = np.array([int(day(int(t)).timestamp()) for t in days])
    return Cells(
        segments=CHANNELS, segment=np.repeat(np.arange(4), len(days)), start=np.tile(starts, 4),
        known_at=np.repeat(np.int64(day(LOADED if not early else 0).timestamp()), 4 * len(days)),
        n=n[:, first:last].ravel().astype(float), total=good[:, first:last].ravel().astype(float),
    )  # fmt: skip


def main() -> None:
    """Judge every day, print the versions, and draw the range of the harm with what was said."""
    rows, said = [], []
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            path=Path(folder) / "cxmon.yaml", store_url=f"sqlite:///{folder}/store.db", metrics={"csat": CSAT},
            changes=(CUT,),
        )  # fmt: skip
        with Store.open(plan.store_url) as store:
            for first, last, early in ((0, DAYS, True), (AT, LOADED - 2, False)):
                window = Window(day(first), day(last))
                found = Observations(window=window, cells=figures(first, last, early=early))
                store.observations.apply(CSAT, found, now=day(LOADED) if not early else START)
            for t in range(AT + 1, LAST):
                harm = judge(plan, store, now=day(t), depth=Depth.FIGURES)[0].harms[0]
                rows.append({"day": t - AT, "low": 100 * harm.so_far.low, "high": 100 * harm.so_far.high})
            told = versions(store.verdicts.history("cut"))
    for one in told:
        reasons = "; ".join((*turns(one, plan.metrics), *why(one, plan.metrics)))
        sys.stdout.write(f"{one.number} {wording.day(one.said_from)} {one.headline} ({one.code}): {reasons}\n")
        words = wording.screen(Code(one.code))[0].lower()
        said.append(
            {"day": (one.said_from - CUT.starts).days, "text": f"{one.number}: {words}", "y": 8 + 16 * (one.number % 2)}
        )
    draw([r for r in rows if np.isfinite(r["high"])], said)


def draw(rows: list[dict], said: list[dict]) -> None:
    x = alt.X("day:Q", title="days since the change, on which it was judged", scale=alt.Scale(nice=False))
    band = alt.Chart(alt.Data(values=rows), width=620, height=240).mark_area(color=LIGHT.band, opacity=0.5).encode(
        x=x, y=alt.Y("low:Q", title="harm so far, points (worse is up)"), y2="high:Q",
    )  # fmt: skip
    level = alt.Chart(alt.Data(values=[{"y": 0, "k": "no harm"}, {"y": 100 * POINTS.value, "k": "limit"}]))
    hues = alt.Scale(domain=["limit", "no harm"], range=[LIGHT.red, LIGHT.axis])
    lines = level.mark_rule(strokeDash=[3, 3]).encode(y="y:Q", color=alt.Color("k:N", title=None, scale=hues))
    marks = alt.Chart(alt.Data(values=said)).encode(x="day:Q")
    rules = marks.mark_rule(color=LIGHT.ink)
    texts = marks.mark_text(align="left", dx=4, fontWeight=600, color=LIGHT.ink).encode(
        y=alt.Y("y:Q", scale=None, axis=None), text="text:N"
    )
    loaded = alt.Chart(alt.Data(values=[{"day": LOADED - AT, "text": "late answers loaded"}])).encode(x="day:Q")
    arrow = loaded.mark_text(align="right", dx=-4, color=LIGHT.muted).encode(y=alt.value(232), text="text:N")
    chart = alt.layer(alt.layer(band, lines), rules, texts, arrow).resolve_scale(y="independent")
    chart.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "versions.svg")


if __name__ == "__main__":
    main()
