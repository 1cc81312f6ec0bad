"""Make the picture of a planted place in docs/methods/where.md: `python docs/pictures/where.py`; needs the extra
`pictures`.

A roll-out in three regions, on days 0, 14 and 35: customers on the phone fare 8 points worse from then on in each of
them, the others 2. The chart is the board's own. The script prints the line of the verdict and those of the segments.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from cxmon.charts import forest
from cxmon.charts.picture import vector
from cxmon.decisions import Share
from cxmon.model import Amount, Better, Category, Change, Kind, Metric, Read, Scope, Segment, Stage
from cxmon.panel import Panel
from cxmon.pipeline.judge_staged import staged_evidence
from cxmon.wording import placed, places

HERE = Path(__file__).parent
FIRST, DAYS, AT = datetime(2026, 1, 1, tzinfo=UTC), 260, 180
STAGES = {"eu": 0, "us": 14, "apac": 35}
CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, source="desk", read=Read(time="day"),
    matters=Amount(0.02, relative=False, text="2pt"), dimensions=("channel", "region"), min_n=10.0,
)  # fmt: skip
CELLS = tuple(Segment.of(channel=c, region=r) for c in ("phone", "chat", "email") for r in (*STAGES, "latam", "mea"))
ROLLOUT = Change(
    id="cut", title="Cut", category=Category.COST_CUT, starts=FIRST + timedelta(days=AT), owner="desk",
    scope=Scope.of({"region": list(STAGES)}),
    stages=tuple(
        Stage(starts=FIRST + timedelta(days=AT + d), scope=Scope.of({"region": r})) for r, d in STAGES.items()
    ),
)  # fmt: skip


def world() -> Panel:
    rng = np.random.default_rng(5)
    days = np.arange(DAYS)
    common = 0.015 * np.sin(days / 11) + 0.004 * np.isin(days % 7, (1, 2))
    harm = np.array([0.08 if s.get("channel") == "phone" else 0.02 for s in CELLS])
    begins = np.array([AT + STAGES.get(s.get("region") or "", DAYS) for s in CELLS])
    share = 0.83 + common + 0.008 * rng.standard_normal((len(CELLS), DAYS))
    share -= harm[:, None] * (days >= begins[:, None])
    n = rng.poisson(rng.uniform(25, 70, len(CELLS))[:, None], share.shape)
    starts = np.array([int((FIRST + timedelta(days=int(d))).timestamp()) for d in days])
    total = rng.binomial(n, np.clip(share, 0, 1))
    return Panel(metric=CSAT, segments=CELLS, starts=starts, n=n.astype(float), total=total.astype(float))


def main() -> None:
    """Judge the planted world, print what is said of it, and draw it."""
    now = FIRST + timedelta(days=DAYS)
    found = staged_evidence(ROLLOUT, ROLLOUT.parts(), world(), Share(so_far=0.04, now=0.01), now=now)
    if found.where is None:
        raise SystemExit("no harm is shown in this world")
    sys.stdout.write("\n".join([placed(found.where, CSAT), *places(found.where, CSAT)]) + "\n")
    (HERE / "where.svg").write_text(vector(forest(found.where, CSAT, width=420)), "utf-8")


if __name__ == "__main__":
    main()
