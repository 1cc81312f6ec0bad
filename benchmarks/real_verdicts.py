"""Two real worlds through the product's own doors, and what is said: `python benchmarks/real_verdicts.py [--docs]`

The furlough of the flight controllers (the demo's configuration) and the winter of 2015/16 at NHS 111, which nobody
declared: it is declared here, dated 1 December, for everyone and for one provider. Half a minute.
"""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pages
import real_series

from cxmon.config import Plan, load
from cxmon.demo import prepare
from cxmon.model import Verdict
from cxmon.pipeline.collect import collect
from cxmon.pipeline.judge import judge
from cxmon.store import Store
from cxmon.wording import numbers

WINTER = """\
version: 1
as_of: 2016-04-02
zone: Europe/London
store: sqlite:///{folder}/store.db
sources: {{calls: {{type: csv, path: {calls}}}}}
metrics:
  abandoned: {{source: calls, kind: proportion, better: lower, matters: 1pt, grain: month, dimensions: [provider], \
read: {{time: month, n: calls_offered, total: abandoned}}}}
  in_60_s: {{source: calls, kind: proportion, better: higher, matters: 2pt, grain: month, dimensions: [provider], \
read: {{time: month, n: answered, total: answered_60s}}}}
changes:
  - {{id: winter, title: NHS 111 winter, category: policy, starts: 2015-12-01, owner: nobody, \
limits: {{abandoned: 1pt, in_60_s: 2pt}}{scope}}}
"""
PROVIDER = "SOUTH EAST COAST NHS 111"  # reported all twelve months, and was among the worst


HEAD = ["change", "metric", "expected", "measured", "harm so far (range)", "limit", "periods", "verdict"]


def judged(path: Path) -> tuple[Plan, Verdict]:
    """Collected and judged on the day at which the configuration's clock stands still."""
    plan = load(path)
    with Store.open(plan.store_url) as store:
        collect(plan, store, now=plan.as_of)
        [verdict] = judge(plan, store, now=plan.as_of)
    return plan, verdict


def winter(folder: Path, scope: str) -> Path:
    """The configuration of the winter, its store beside it."""
    path = folder / "cxmon.yaml"
    path.write_text(WINTER.format(folder=folder, calls=real_series.CALLS.resolve(), scope=scope), "utf-8")
    return path


def rows(name: str, plan: Plan, verdict: Verdict) -> list[list[str]]:
    """One row a metric, in the product's words."""
    out = []
    for harm in verdict.harms:
        metric = plan.metrics[harm.metric]
        out.append([
            name, metric.label, numbers.value(metric, harm.expected), numbers.value(metric, harm.actual),
            f"{numbers.worse(metric, harm)} ({numbers.harm_range(metric, harm)})", numbers.limit(metric, harm),
            f"{harm.n_pre} before, {harm.n_post} since", f"{harm.code}, {harm.grade}",
        ])  # fmt: skip
    return out


def report() -> str:
    found = []
    with tempfile.TemporaryDirectory() as place:
        path = prepare("furlough", Path(place), today=datetime.now(UTC).date())
        found += rows("furlough", *judged(path))
    if real_series.CALLS.exists():
        for name, scope in (("winter, everyone", ""), ("winter, one provider", f", scope: {{provider: {PROVIDER}}}")):
            with tempfile.TemporaryDirectory() as place:
                found += rows(name, *judged(winter(Path(place), scope)))
    return pages.table(HEAD, found)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--docs", action="store_true", help="write the table into docs/methods/reality.md")
    chosen = options.parse_args()
    text = report()
    print(text)
    if chosen.docs:
        pages.write("reality.md", "verdicts", text)


if __name__ == "__main__":
    main()
