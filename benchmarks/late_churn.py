"""Churn that becomes known weeks later, and a change that harms nobody: does a verdict turn red, or better?

    python benchmarks/late_churn.py                # a short form, some minutes
    python benchmarks/late_churn.py --worlds 40    # as in docs/methods/maturity.md

Four segments, 40 customers lost in each a day. Half of them cancel, which is known at once. The payment of the others
failed; they are past due for 7 to 21 days and count as lost when the last try has failed. On day 160 one segment is
changed: its payments are tried for 14 to 35 days, or as before, and nothing else happens; or it loses a third more. The
figure is a rate (lost of 2,000 active customers a day) or a cohort (of the 800 whose renewal is due that day: those
that pay are known at once or with a later try, so the young cohorts hold hardly any that are lost). Every sixth day up
to day 90 the real evidence judges it as it was known on that day: with a declared wait of 5 days, alone or guarded by
the learnt curve, and with a learnt wait. Columns as in slow_surveys.py; bias in per cent of the churn.
"""

import argparse
from dataclasses import replace

import numpy as np
from slow_surveys import AT, CHANGE, HOWS, METRIC, OLDEST, SEGMENTS, Looks, World, looks, told

from cxmon.model import Amount, Better, Kind

DAYS, LOST = 256, 40
TENTH = Amount(0.1, relative=True, text="10%")
BEFORE, SLOWER = (7, 21), (14, 35)
CHANGED = replace(CHANGE, limits={"churn": TENTH}, horizon_days=90)
METRICS = {
    kind: replace(METRIC, id="churn", label="Churn", kind=kind, better=Better.LOWER, matters=TENTH)
    for kind in (Kind.RATE, Kind.PROPORTION)
}
# (retries since the change, how many times as many are lost, in words)
ROWS = ((BEFORE, 1.0, "as before"), (SLOWER, 1.0, "retried longer"), (BEFORE, 1.33, "a third more lost"))


def world(rng: np.random.Generator, kind: Kind, retries: tuple[int, int], times: float) -> World:
    """Who is lost of whom, by how many days after its end each day's figure is known."""
    n, lost = np.zeros((2, len(SEGMENTS), DAYS, OLDEST + 1))
    level = LOST * np.exp(0.1 * np.sin(np.arange(DAYS) / 9) + 0.05 * rng.standard_normal(DAYS))
    for s in range(len(SEGMENTS)):
        for d in range(DAYS):
            changed = s == 2 and d >= AT
            low, high = retries if changed else BEFORE
            gone = rng.poisson(level[d] * (times if changed else 1.0))
            due = rng.binomial(gone, 0.5)
            lost[s, d] = np.bincount(rng.integers(low, high + 1, due), minlength=OLDEST + 1)
            lost[s, d, 0] += gone - due
            if kind is Kind.RATE:
                n[s, d, 0] = 2000
                continue
            # As many again pay with a later try.
            saved = rng.poisson(LOST / 2)
            n[s, d] = lost[s, d] + np.bincount(rng.integers(1, high + 1, saved), minlength=OLDEST + 1)
            n[s, d, 0] += 800 - saved - gone
    return World(np.cumsum(n, axis=2), np.cumsum(lost, axis=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0, help="the first world's")
    parser.add_argument("--how", nargs="*", default=HOWS)
    asked = parser.parse_args()
    heads = f"{'ever red':>15} {'ever better':>15} {'turned by waiting':>18}"
    print(f"{'':28} {'wait':14} {heads} {'bias':>5} {'day 90: answered, held':>23}")
    for kind, metric in METRICS.items():
        for retries, times, name in ROWS:
            kept: dict[str, list[Looks]] = {how: [] for how in asked.how}
            for seed in range(asked.seed, asked.seed + asked.worlds):
                one = world(np.random.default_rng([seed, retries[1], round(100 * times)]), kind, retries, times)
                for how, found in kept.items():
                    found.append(looks(one, how, metric, CHANGED, range(6, 91, 6)))
            figure = "rate" if kind is Kind.RATE else "cohort"
            for how, found in kept.items():
                print(told(f"{figure}, {name}", how, found), flush=True)


if __name__ == "__main__":
    main()
