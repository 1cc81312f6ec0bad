"""The table of heights that noise alone reaches, for `cxmon.stats.shift_table`: `python benchmarks/shifts_table.py`.

Series without a change, with independent and autocorrelated noise in equal parts, with and without a week, are searched
as any other; noted is the height at which the search would have reported something. Prints the heights that one in
twenty and one in two hundred reach, and how often each kind of noise alone passes them; `--write` enters them into the
module. About five minutes on one core.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from cxmon.stats import shift_table
from cxmon.stats.shift_frame import calendar, frame
from cxmon.stats.shift_search import equations, prepared, proposed, solved

MODULE = Path(shift_table.__file__)
SIZES = (16, 24, 36, 60, 120, 240, 480, 960, 2400)
# Part of the variance that is autocorrelated, and its correlation from one period to the next.
NOISES = {"independent": (0.0, 0.0), "a little": (0.2, 0.6), "half": (0.5, 0.6), "half, slow": (0.5, 0.85)}
PERIODS = (7, 1)
LEAD = 200


def noise(rng, size, share, phi):
    slow = lfilter([np.sqrt(1 - phi**2)], [1, -phi], rng.standard_normal(size + LEAD))[LEAD:]
    return np.sqrt(share) * slow + np.sqrt(1 - share) * rng.standard_normal(size)


def reached(y, period):
    """The height at which something would be reported of `y` (T,): the best, over the sets of changes that the search
    goes through, of the lowest change in the set."""
    s = prepared(frame(y, np.ones(len(y), bool), None, "mean", calendar(len(y), period, None)))
    e, best = equations(s, proposed(s)), -np.inf
    while e.dates:
        found = solved(s, e).height
        weakest = int(found.argmin())
        best = max(best, float(found[weakest]))
        e = e.without(weakest)
    return best


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--series", type=int, default=500, help="of each kind of noise, period and size")
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    heights = []
    for size in SIZES:
        found = {}
        for number, (name, (share, phi)) in enumerate(NOISES.items()):
            rng = np.random.default_rng([20, size, number])
            count = asked.series if size < 1000 else asked.series // 2
            found[name] = [reached(noise(rng, size, share, phi), p) for p in PERIODS for _ in range(count)]
        often, rarely = np.quantile(np.concatenate(list(found.values())), [1 - c for c in shift_table.CHANCES])
        heights.append((float(often), float(rarely)))
        told = (f"{name} {np.mean(np.array(h) > rarely):.4f}" for name, h in found.items())
        print(f"{size} periods: {often:.1f}, {rarely:.1f}; beyond the second: {', '.join(told)}", flush=True)
    if asked.write:
        before, _, rest = MODULE.read_text("utf-8").partition("# table: begin\n")
        _, _, after = rest.partition("# table: end\n")
        rows = [f"SIZES = {SIZES}"]
        rows += [
            f"{name} = ({', '.join(f'{h[k]:.1f}' for h in heights)})" for k, name in enumerate(("OFTEN", "RARELY"))
        ]
        text = "\n".join(rows)
        MODULE.write_text(f"{before}# table: begin\n{text}\n# table: end\n{after}", "utf-8")


if __name__ == "__main__":
    main()
