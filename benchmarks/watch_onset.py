"""Whether the days between which a regression is said to have begun hold the day on which it did.

    python benchmarks/watch_onset.py                      # about four minutes

A step, or a drift over four weeks, begins on day 200 of series with noise of several kinds; asked at the alarm and two
weeks later, of those series that were quiet before. Sizes are drawn, in units of a day's sampling noise.
"""

import argparse

import numpy as np
from stats_watch_threshold import measured, noise

from cxmon.stats import watch_days, watch_look

START, ONSET, END, SLOW = 120, 200, 300, 28
SIZES = (0.7, 1.5, 3.0)
BUDGET = 0.5
AT_ONCE = 8
LATER = 14
NOISES = {"independent": {}, "AR": {"ar": True}, "wandering": {"rw": True}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=12, help=f"calls of {AT_ONCE} series a row")
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    print("| noise | harm | alarms | holds the day (SE) | days wide | two weeks later | days wide |")
    print("|---|---|---|---|---|---|---|")
    for name, options in NOISES.items():
        for shape in ("step", "drift"):
            rng = np.random.default_rng([args.seed, sorted(NOISES).index(name), shape == "drift"])
            held = [row for _ in range(args.worlds) for row in world(rng, shape, **options)]
            print(f"| {name} | {shape} | {len(held)} |{told(held, 0)}|{told(held, 1)}|", flush=True)


def world(rng: np.random.Generator, shape: str, **options: bool) -> list[list[tuple[bool, int]]]:
    """For each series that alarms after the onset and not before: (held, width) at the alarm and two weeks later."""
    day = np.arange(END)
    reached = np.clip((day - ONSET + 1) / (1 if shape == "step" else SLOW), 0.0, 1.0)
    harm = rng.choice(SIZES, AT_ONCE)[:, None] * reached
    values, n, kind = measured(rng, AT_ONCE, END, noise(rng, AT_ONCE, END, **options) - harm)
    active = watch_days(values, n, START, BUDGET, kind=kind).active
    found = []
    for s in np.flatnonzero(active[:, ONSET:].any(1) & ~active[:, :ONSET].any(1)):
        first = ONSET + int(active[s, ONSET:].argmax())
        row = []
        for end in (first + 1, min(first + 1 + LATER, END)):
            look = watch_look(values[:, :end], n[:, :end], START, kind=kind)
            row.append((bool(look.earliest[s] <= ONSET <= look.latest[s]), int(look.latest[s] - look.earliest[s])))
        found.append(row)
    return found


def told(held: list[list[tuple[bool, int]]], look: int) -> str:
    inside, wide = np.array([row[look] for row in held], float).T
    share = inside.mean()
    return f" {share:.3f} ({np.sqrt(share * (1 - share) / len(inside)):.3f}) | {np.median(wide):.0f} "


if __name__ == "__main__":
    main()
