"""Whether churn out of a living Stripe is what happened there: random lives of 100 days, read in eight runs each.

    python benchmarks/stripe_lives.py [lives] [killed]

Trials, upgrades, failed cards that are tried again and given up in three ways, coupons, tiers, two currencies, several
changes in one second; both definitions, customers and money. Of every life whose number `killed` divides, each run is
killed once at a place drawn at random, and run again. Prints the lives whose figures differ, of which there must be
none.
"""

import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipeline"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sources"))

from stripe_fake import DAY, Fake
from test_stripe_lives import BEGIN, FOREVER, agrees, killed, life, lived, metrics
from test_stripe_source import T, collected

from cxmon.store import Store

GIVES_UP = ("canceled", "unpaid", "past_due")
PLACES = (
    "collect-facts-written", "collect-page-before-commit", "collect-page-after-commit", "collect-current-written",
    "collect-states-before-commit", "collect-states-after-commit", "collect-before-run",
)  # fmt: skip


def one(seed, *, kills):
    """(whether all figures are what happened and all that was asked was allowed, how many runs were killed)."""
    fake, rng, measured = Fake(BEGIN - DAY, GIVES_UP[seed % 3]), random.Random(-seed), metrics("live")
    acts, died = life(fake, seed), []
    runs = [*(BEGIN + k * 14 * DAY + rng.randrange(14) * DAY for k in range(7)), T]
    with tempfile.TemporaryDirectory() as folder, fake.serve() as vendor:
        url = f"sqlite:///{folder}/store.db"

        def run(now):
            if kills:
                died.append(killed(url, vendor, now, f"{rng.choice(PLACES)}:{rng.randrange(1, 4)}"))
            with Store.open(url) as store:
                collected(vendor, store, measured, now, **FOREVER)

        lived(fake, acts, runs, run)
        with Store.open(url) as store:
            try:
                agrees(store, fake, measured)
            except AssertionError as problem:
                print(f"life {seed}: {str(problem)[:500]}", flush=True)
                return False, sum(died)
    return fake.told == [], sum(died)


def main():
    lives = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    began = datetime.now(UTC)
    found = [one(seed, kills=seed % every == 0) for seed in range(1, lives + 1)]
    wrong = [seed for seed, (right, _) in enumerate(found, 1) if not right]
    print(f"{lives} lives, {sum(died for _, died in found)} runs killed, in {(datetime.now(UTC) - began).seconds} s")
    print(f"figures that are not what happened: in {len(wrong)} lives {wrong or ''}")


if __name__ == "__main__":
    main()
