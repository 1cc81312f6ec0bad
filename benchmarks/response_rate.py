"""Are verdicts right where the answerers change? Planted surveys, known truth: `python benchmarks/response_rate.py`.

Each world is a survey in six segments of which two are changed on day 200; truth is the change among those who would
have answered without it. They are judged on nine days up to day 60 after the start, with the accepted harm at 1.5
points: as if nobody was missing, with the response rate beside, and with missing answers declared to lie at most 10
points from the others. Wrong is a world in which any look says worse or over the limit (red), better or limit held
(calm), and that is not so. `first` is the median day of the first true answer ("-": more than half never had one). On
day 60: `right` are worlds with an answer that is true, `cannot` those that cannot be compared, `needless` where the
answer that this took the place of was true.
"""

import argparse
import math
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipeline"))

from response_world import SURVEY, Answering, is_true, panels, told

from cxmon.decisions import response_rate
from cxmon.model import Amount, Code, Harm, Unlike
from cxmon.panel import Panel

LOOKS = (5, 7, 10, 14, 20, 28, 35, 45, 60)
RED = (Code.HARMED, Code.WORSE)
CALM = (Code.IMPROVED, Code.SAFE)
ANSWERS = (*RED, *CALM)
NEVER = 999
DECLARED = replace(SURVEY, missing_differ=Amount(0.1, relative=False, text="10pt"))
HOW = ("alone", "with rate", "declared")
WORLDS = {
    "nothing happens": Answering(),
    "true harm, rate unchanged": Answering(worse=0.05),
    "a tenth missing at random": Answering(happy=0.9, unhappy=0.9),
    # The same figures as a tenth missing at random: .96 x .75 = .9 x .8 and .72 x .25 = .9 x .2.
    "its twin: true harm, the unhappy stop": Answering(worse=0.05, happy=0.96, unhappy=0.72),
    "a quarter missing at random": Answering(happy=0.75, unhappy=0.75),
    "true harm, a tenth missing at random": Answering(worse=0.05, happy=0.9, unhappy=0.9),
    "large harm, a tenth missing at random": Answering(worse=0.2, happy=0.9, unhappy=0.9),
    "true gain, rate unchanged": Answering(worse=-0.05),
    "true gain, few answer": Answering(worse=-0.05, rate=0.15),
    "true harm, few answer": Answering(worse=0.05, rate=0.15),
    "a tenth missing, 10 points unhappier": Answering(happy=0.9125, unhappy=0.85),
    "half the unhappy stop": Answering(unhappy=0.5),
    "a quarter of the unhappy stop": Answering(unhappy=0.75),
    "a tenth of the unhappy stop": Answering(unhappy=0.9),
    "half the unhappy stop, few answer": Answering(unhappy=0.5, rate=0.15),
    "a quarter of the unhappy stop, few": Answering(unhappy=0.75, rate=0.15),
    "true harm, half the unhappy stop": Answering(worse=0.05, unhappy=0.5),
    "a quarter of the happy stop": Answering(happy=0.75),
    "one in twelve of the happy stops": Answering(happy=0.92),
    "a quarter of the happy stop, few answer": Answering(happy=0.75, rate=0.15),
    "a fifth more answer, half unhappy": Answering(more=0.2, more_happy=0.5),
    "a twentieth more, all unhappy": Answering(more=0.05, more_happy=0.0),
    "a twentieth more, all unhappy, few": Answering(more=0.05, more_happy=0.0, rate=0.15),
}


def rate(hits: int, worlds: int) -> str:
    seen = (hits + 0.5) / (worlds + 1)
    return f"{100 * hits / worlds:.0f} % ({100 * math.sqrt(seen * (1 - seen) / worlds):.0f})"


def readings(survey: Panel, asked: Panel, age: int) -> tuple[Harm, Harm, Harm]:
    """The harm as if nobody was missing, with the response rate, and with the declared difference."""
    plain, beside = told(survey, asked, age)
    if beside.response_rate is None:
        return plain, beside, beside
    bare = replace(beside.response_rate, bounds=None, holds_to=None)
    return plain, beside, response_rate.judged(plain, DECLARED, bare)


def judged(what: Answering, seed: int) -> dict[str, float]:
    """What one world said wrongly in each reading, when it first said what is true, and whether it could be compared at
    the end."""
    survey, asked = panels(what, seed)
    found = [readings(survey, asked, age) for age in LOOKS]
    out: dict[str, float] = {}
    for i, how in enumerate(HOW):
        codes = [h[i].code for h in found]
        true = [is_true(code, what.worse) for code in codes]
        out[f"red {how}"] = any(c in RED and not t for c, t in zip(codes, true, strict=True))
        out[f"calm {how}"] = any(c in CALM and not t for c, t in zip(codes, true, strict=True))
        right = [c in ANSWERS and t for c, t in zip(codes, true, strict=True)]
        out[f"right {how}"] = right[-1]
        out[f"first {how}"] = next((age for age, one in zip(LOOKS, right, strict=True) if one), NEVER)
        apart = found[-1][i].unlike is Unlike.ANSWERS
        out[f"cannot {how}"], out[f"needless {how}"] = apart, apart and out["right alone"]
    return out


def row(name: str, found: list[dict[str, float]]) -> str:
    cells = [f"{name:40}"]
    for how in HOW:
        columns = ("red", "calm", "right") if how == "alone" else ("red", "calm", "right", "cannot", "needless")
        cells += [f"{rate(int(sum(one[f'{column} {how}'] for one in found)), len(found)):>10}" for column in columns]
        day = int(statistics.median_low(int(one[f"first {how}"]) for one in found))
        cells.append(f"{'-' if day == NEVER else day:>5}")
    return " ".join(cells)


def main() -> None:
    """Print one row a kind of world; standard errors in brackets."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=10, help="worlds of each kind (docs: 40)")
    options.add_argument("--kind", action="append", choices=list(WORLDS))
    given = options.parse_args()
    three, five = ("red", "calm", "right", "first"), ("red", "calm", "right", "cannot", "needless", "first")
    heads = " ".join(f"{head:>{5 if head == 'first' else 10}}" for head in (*three, *five, *five))
    sys.stdout.write(f"{'':40} as if nobody was missing; with the response rate; at most 10 points apart\n")
    sys.stdout.write(f"{'world':40} {heads}\n")
    begun = time.process_time()
    for name in given.kind or WORLDS:
        found = [judged(WORLDS[name], seed) for seed in range(given.worlds)]
        sys.stdout.write(row(name, found) + "\n")
        sys.stdout.flush()
    sys.stdout.write(f"{given.worlds} worlds of each kind, {time.process_time() - begun:.0f} s\n")


if __name__ == "__main__":
    main()
