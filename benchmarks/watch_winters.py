"""Whether a third winter like those before it alarms: `python benchmarks/watch_winters.py`, some seconds.

English emergency departments (type 1) by organisation, April 2016 to March 2019, share of patients who waited over four
hours. Two years are history, the third is watched. Those whose third winter is at most two points worse than the worse
of both before it should alarm no more often in December to February than in April to September; the others should be
found. The figures stand in ../shared/data; without them this says so and ends.
"""

import csv
import sys

import numpy as np
from pages import table
from real_series import EMERGENCY

from cxmon.stats import watch

HISTORY, YEAR, WORSE = 24, 12, 0.02
SUMMER, WINTERS = slice(24, 30), (slice(8, 11), slice(20, 23), slice(32, 35))


def attendances() -> tuple[np.ndarray, np.ndarray]:
    """Patients and those who waited too long (S, 36), of organisations with figures in every month of the winters."""
    with EMERGENCY.open(newline="", encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["type"] == "1"]
    months, names = (sorted({r[key] for r in rows}) for key in ("period", "org_code"))
    n = np.zeros((len(names), len(months)))
    late = n.copy()
    for r in rows:
        cell = names.index(r["org_code"]), months.index(r["period"])
        n[cell], late[cell] = float(r["attendances"]), float(r["breaches"])
    kept = np.all([(n[:, winter] > 0).all(1) for winter in WINTERS], axis=0)
    return n[kept], late[kept]


def of_all(alarm: np.ndarray, months: slice) -> int:
    """How many first alarms fall into these months."""
    return int(((alarm >= months.start) & (alarm < months.stop)).sum())


def main() -> None:
    if not EMERGENCY.exists():
        sys.exit("the figures of the emergency departments are not beside this checkout (../shared/data)")
    n, late = attendances()
    share = late / np.where(n > 0, n, np.nan)
    before, last, third = (late[:, w].sum(1) / n[:, w].sum(1) for w in WINTERS)
    worse = third > np.maximum(before, last) + WORSE
    rows = []
    for budget in (0.1, 0.2, 0.5, 1.0, 2.0):
        alarm = watch(share, n, HISTORY, budget, kind="proportion", better="lower", period=1, yearly=YEAR)
        stayed, found = alarm[~worse], alarm[worse]
        each = [f"{of_all(stayed, m) / (m.stop - m.start):.1f}" for m in (SUMMER, WINTERS[2])]
        rows.append([f"{budget:g}", *each, f"{(stayed >= 0).mean():.0%}", f"{(found >= 0).sum()} of {len(found)}"])
    print(f"{(~worse).sum()} of {len(worse)} organisations stay within two points of their earlier winters\n")
    head = ["alarms a series-year", "stayed: April to September, a month", "December to February, a month",
            "stayed: alarmed by March", "worse: found by March"]  # fmt: skip
    print(table(head, rows))


if __name__ == "__main__":
    main()
