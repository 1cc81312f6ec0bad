"""What is said of the demo desk against the truth planted in it, over 20 seeds: `python benchmarks/desk_truth.py`."""

import multiprocessing
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "demo"))


def main() -> None:
    """A line for each change and look: how many of the seeds are right, what counts as right, and what was said."""
    import test_parcels_against_truth as parcels
    import test_verdicts_against_truth as acceptance

    from cxmon.demo.truth import LOOKS, PARCELS, is_right
    from cxmon.model import Cause

    folders = [Path(tempfile.mkdtemp()) for _ in (*acceptance.SEEDS, *acceptance.SEEDS)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        desks = list(pool.map(acceptance.said_of_desk, acceptance.SEEDS, folders))
        sent = list(pool.map(parcels.told_of, acceptance.SEEDS, folders[len(desks) :]))
    for event in (*acceptance.CHANGES, *PARCELS):
        for look in sorted(LOOKS):
            told = sent if event in PARCELS else desks
            codes = [desk.said[event.id, look].code if (event.id, look) in desk.said else None for desk in told]
            right = sum(is_right(event, look, code) for code in codes)
            heard = dict(Counter(str(code or "not begun") for code in codes))
            wanted = ", ".join(sorted(str(code or "not begun") for code in event.right[look]))
            print(f"{event.id:22s} day {look:+4d}: {right:2d} of {len(desks)} right ({wanted}); said {heard}")
    mixes = sorted(100 * desk.mix.get("csat", 0.0) for desk in desks)
    print(f"mix part of the total after the bot, points worse: {mixes[0]:.2f} to {mixes[-1]:.2f}")
    print(f"allowance of parcels on time: {dict(Counter(str(desk.used.code) for desk in sent))}")
    late = sum(any(r.decisive and r.cause is Cause.REVISED for r in desk.versions[-1].reasons) for desk in sent)
    print(f"verdicts turned by late scans, and told so: {late}")
    named = [{(t.tier, e.metric, e.lag) for t in desk.ahead.tiers for e in t.asked if e.named} for desk in sent]
    print(f"named as ahead of churn, of {len(sent)} desks: {dict(Counter(one for found in named for one in found))}")


if __name__ == "__main__":
    main()
