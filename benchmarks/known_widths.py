"""Why two known answers are wider here than published: each assumption taken away in turn, and what that would cost.

    python benchmarks/known_widths.py              # 300 worlds a cell, under a minute on an idle core
    python benchmarks/known_widths.py --docs       # 1,000; the tables of docs/methods/known-answers.md

The first table asks the two studies again with parts of the model held impossible, or sure. The second makes noise
without memory likelier by the same odds for everybody, and looks at worlds whose truth is known.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

import effect_worlds
import known_answers
import numpy as np
import pages

from cxmon.stats import estimator, noise, problem

NEVER = -50.0
SURE = 1 - 2e-9
SICILY = "Sicily's smoking ban"
WALKS = ("RW_ALONE", "RW_WITH_CONTROLS", "RW_THICK", "RW_LONG")
MEMORIES = ("AR_ALONE", "AR_WITH_CONTROLS", "AR_THICK")
WORLDS = ("csat_short_nc", "csat_drift_nc", "csat_trend_nc")
HEAD = ["study", "supposed", "ours", "width"]
LIKELIER = (0, 1, 2, 3, 4)


@contextmanager
def supposing(module: ModuleType, changed: Mapping[str, Any]) -> Iterator[None]:
    """Priors of the model, by name, for as long as it takes."""
    before = {name: getattr(module, name) for name in changed}
    try:
        for name, value in changed.items():
            setattr(module, name, value)
        noise.grid.cache_clear()
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)
        noise.grid.cache_clear()


def without(names: tuple[str, ...]) -> tuple[ModuleType, dict[str, Any]]:
    """Noise parameters that can only be zero."""
    return noise, {name: {size: 0.0 if size == 0 else NEVER for size in getattr(noise, name)} for name in names}


def likelier(odds: float) -> tuple[ModuleType, dict[str, Any]]:
    """Noise without memory likelier by so much in log odds, half of it for each of the two kinds."""
    both = {name: dict(getattr(noise, name)) for name in (*WALKS, *MEMORIES)}
    return noise, {name: {**prior, 0.0: prior[0.0] + odds / 2} for name, prior in both.items()}


NO_WALK, NO_AR, NO_MEMORY = without(WALKS), without(MEMORIES), without(WALKS + MEMORIES)
TREND = problem, {"ALONE_ODDS": (1e-9, 1e-9, SURE)}
OWN_KIND = problem, {"CONTROL_ODDS": (1e-9, 1e-9, SURE)}
FREE = estimator, {"FREE": 0.999}
SUPPOSED: dict[str, list[tuple[str, list[tuple[ModuleType, dict[str, Any]]]]]] = {
    SICILY: [
        ("as asked", []), ("no wandering level", [NO_WALK]), ("no memory from month to month", [NO_AR]),
        ("neither: months are independent", [NO_MEMORY]), ("a straight trend goes on for sure", [TREND]),
        ("no shape of the effect", [FREE]),
    ],
    "CausalImpact's example": [
        ("as asked", []), ("controls follow with any slope", [OWN_KIND]), ("days are independent", [NO_MEMORY]),
        ("both", [OWN_KIND, NO_MEMORY]), ("no shape of the effect", [FREE]),
    ],
}  # fmt: skip


def studies() -> dict[str, known_answers.Row]:
    known = json.loads((known_answers.DATA / "known_answers.json").read_text("utf-8"))
    rows = known_answers.smoking_ban(known["sicily_smoking_ban"])
    rows += known_answers.causal_impact("CausalImpact's example", known["ci_google_example"], ["x1", "x2"])
    return {row.name: row for row in rows}


def shown(estimate: float, low: float, high: float) -> str:
    return "{} [{}, {}]".format(*(known_answers.number(x) for x in (estimate, low, high)))


def apart() -> str:
    """The studies with parts of the model taken away."""
    lines = []
    for name, ways in SUPPOSED.items():
        for words, changes in ways:
            with ExitStack() as held:
                for module, changed in changes:
                    held.enter_context(supposing(module, changed))
                row = studies()[name]
            lines.append([name, words, shown(row.estimate, row.low, row.high), f"{row.width:.2f}x"])
        lines.append([name, "published", shown(row.published, row.published_low, row.published_high), ""])
    return pages.table(HEAD, lines)


def price(reps: int) -> str:
    """Coverage and width where the truth is known, if noise without memory were held likelier."""
    eb = effect_worlds.load("effect_bench")
    asked = {
        name: effect_worlds.worlds(eb, name, 0.0, range(effect_worlds.FRESH, effect_worlds.FRESH + reps))
        for name in WORLDS
    }
    lines = []
    for odds in LIKELIER:
        with supposing(*likelier(odds)):
            cells = [f"{studies()[SICILY].width:.2f}x"]
            for w in asked.values():
                found = effect_worlds.ask(w)
                held = ((found.low <= w.truth) & (w.truth <= found.high)).mean()
                error = np.sqrt(held * (1 - held) / reps)
                cells.append(f"{held:.3f} ({error:.3f}), {np.mean(found.high - found.low):.2f}")
        lines.append([f"+{odds}", *cells])
    said = f"{reps} worlds a cell, fresh seeds, no effect: coverage (SE), mean width in points."
    return f"{pages.table(['log odds', 'Sicily, width', *WORLDS], lines)}\n\n{said}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--docs", action="store_true", help="write the tables into docs/methods/known-answers.md")
    chosen = options.parse_args()
    if not known_answers.DATA.exists():
        sys.exit("the shared data are not beside this checkout (../shared/data/causal)")
    parts, costs = apart(), price(1000 if chosen.docs else 300)
    print(f"{parts}\n\n{costs}")
    if chosen.docs:
        pages.write("known-answers.md", "taken away", parts)
        pages.write("known-answers.md", "no memory", costs)


if __name__ == "__main__":
    main()
