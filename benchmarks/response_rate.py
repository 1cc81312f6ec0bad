"""Are verdicts right where the answerers change? Planted surveys, known truth: `python benchmarks/response_rate.py`.

Each world is a survey in six segments of which two are changed on day 200; truth is the change among those who would
have answered without it. They are judged on days 5 to 60 after the start, with the accepted harm at 1.5 points, once as
if nobody was missing and once with the response rate beside. Wrong is a world in which any look says worse or over the
limit (red), better or limit held (calm), and that is not so. On day 60: `right` are worlds with an answer that is true,
`cannot` those that cannot be compared, needlessly where the answer that this took the place of was true.
"""

import argparse
import math
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipeline"))

from response_world import Answering, is_true, panels, told

from cxmon.model import Code, Unlike

LOOKS = (5, 10, 20, 35, 60)
RED = (Code.HARMED, Code.WORSE)
ANSWERS = (*RED, Code.IMPROVED, Code.SAFE)
WORLDS = {
    "nothing happens": Answering(),
    "true harm, rate unchanged": Answering(worse=0.05),
    "a tenth missing at random": Answering(happy=0.9, unhappy=0.9),
    "a quarter missing at random": Answering(happy=0.75, unhappy=0.75),
    "true harm, a tenth missing at random": Answering(worse=0.05, happy=0.9, unhappy=0.9),
    "large harm, a tenth missing at random": Answering(worse=0.2, happy=0.9, unhappy=0.9),
    "half the unhappy stop": Answering(unhappy=0.5),
    "true harm, half the unhappy stop": Answering(worse=0.05, unhappy=0.5),
    "a quarter of the happy stop": Answering(happy=0.75),
    "one in twelve of the happy stops": Answering(happy=0.92),
    "a quarter of the happy stop, few answer": Answering(happy=0.75, rate=0.15),
    "a fifth more answer, half unhappy": Answering(more=0.2, more_happy=0.5),
}


def rate(hits: int, worlds: int) -> str:
    seen = (hits + 0.5) / (worlds + 1)
    return f"{100 * hits / worlds:3.0f} % ({100 * math.sqrt(seen * (1 - seen) / worlds):.0f})"


def judged(what: Answering, seed: int) -> dict[str, bool]:
    """What one world said wrongly with and without the response rate, and whether it could be compared at the end."""
    survey, asked = panels(what, seed)
    found = [told(survey, asked, age) for age in LOOKS]
    wrong = {
        f"{name} {how}": any(h[i].code in codes and not is_true(h[i].code, what.worse) for h in found)
        for name, codes in (("red", RED), ("calm", (Code.IMPROVED, Code.SAFE)))
        for i, how in enumerate(("without", "with"))
    }
    plain, last = found[-1]
    apart = last.unlike is Unlike.ANSWERS
    before, after = (h.code in ANSWERS and is_true(h.code, what.worse) for h in (plain, last))
    return wrong | {"apart": apart, "needless": apart and before, "right": after}


def main() -> None:
    """Print one row a kind of world; standard errors in brackets."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=10, help="worlds of each kind (docs: 60)")
    worlds = options.parse_args().worlds
    columns = ("red without", "red with", "calm without", "calm with", "right", "apart", "needless")
    heads = ("wrong red", "with rate", "wrong calm", "with rate", "right, d60", "cannot", "needless")
    sys.stdout.write(f"{'world':40}" + "".join(f"{head:>13}" for head in heads) + "\n")
    begun = time.process_time()
    for name, what in WORLDS.items():
        found = [judged(what, seed) for seed in range(worlds)]
        cells = [rate(sum(one[column] for one in found), worlds) for column in columns]
        sys.stdout.write(f"{name:40}" + "".join(f"{cell:>13}" for cell in cells) + "\n")
        sys.stdout.flush()
    sys.stdout.write(f"{worlds} worlds of each kind, {time.process_time() - begun:.0f} s\n")


if __name__ == "__main__":
    main()
