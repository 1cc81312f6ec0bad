"""The day a plan states beside the day on which simulated futures get there: `python benchmarks/planner.py [--full]`.

Each world is drawn several times up to today. The planner sees that past and states its day. Then each past is
continued many times with the world's true noise, once with a harm of the limit and once without, and read every day
as judge reads it. Short form: under a minute, a smoke test. `--full`: two limits in each world, 500 futures each, in
100 pasts of 5 (some two hours): futures of one past share what is not known of its level, so many pasts tell more. By
what the planner states answers come after the first week at the smaller limit: one at the first look tests nothing.
"""

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np

from cxmon.stats import Prospect, effects, prospect

HORIZON, FIRST, CONFIDENCE, TOLERANCE = 90, 3, 0.92, 0.15
ENOUGH = 500
# The interval narrows at once where the error of the late looks begins to be spent, and many futures decide on that
# day. A second limit keeps the answer from always falling there.
TIMES = (1.0, 1.4)
WEEK = np.array([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008])


@dataclass(frozen=True, kw_only=True)
class World:
    """A treated segment and `controls` others: `days` of past, `n` answers a day, noise of its own and shared.

    Shares: levels and noise are shares. Durations: log minutes, with a standard error of 0.9 / sqrt(n). Rates: events
    per unit of exposure n, noise in proportion. `harm` is the limit, signed, in the values' units.
    """

    kind: str
    n: float
    harm: float
    days: int = 365
    controls: int = 5
    base: float = 0.82
    own: tuple[float, float] = (0.0, 0.0)
    shared: tuple[float, float] = (0.6, 0.008)
    wander: float = 0.0


WORLDS = {
    "CSAT thick, controls": World(kind="proportion", n=140, harm=-0.025, own=(0.4, 0.006)),
    "CSAT thin, controls": World(kind="proportion", n=40, harm=-0.05, own=(0.4, 0.006)),
    "CSAT short past, controls": World(kind="proportion", n=140, harm=-0.03, days=70, own=(0.4, 0.006)),
    "CSAT independent, alone": World(kind="proportion", n=140, harm=-0.025, controls=0, shared=(0.0, 0.0)),
    "CSAT day to day, alone": World(kind="proportion", n=140, harm=-0.035, controls=0, own=(0.5, 0.012)),
    "CSAT wandering, alone": World(kind="proportion", n=300, harm=-0.025, controls=0, wander=0.0015),
    "CSAT wandering, controls": World(kind="proportion", n=300, harm=-0.02, wander=0.001),
    "First response, controls": World(kind="mean", n=120, harm=0.06, base=2.8, own=(0.5, 0.03), shared=(0.6, 0.05)),
    "First response, alone": World(
        kind="mean", n=120, harm=0.09, base=2.8, controls=0, own=(0.5, 0.05), shared=(0.0, 0.0)
    ),
    "Churn, controls": World(kind="rate", n=8000, harm=0.0005, base=0.003, shared=(0.5, 0.0002)),
    "Churn, alone": World(kind="rate", n=8000, harm=0.0005, base=0.003, controls=0, shared=(0.5, 0.0001)),
}


class Past:
    """One past of a world, and the futures that continue it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.rng = world, np.random.default_rng(seed)
        self.level = np.zeros((1, world.controls + 2, 2))  # AR and wander of each segment, and of what all share.
        self.level, self.values, self.n = self._days(self.level, world.days, 0)

    def futures(self, count: int, days: int, harm: float) -> tuple[np.ndarray, np.ndarray]:
        """Values and n (count, 1 + controls, T) of the past with futures of their own."""
        _, values, n = self._days(np.repeat(self.level, count, axis=0), days, self.world.days, harm)
        both = ((self.values, values), (self.n, n))
        first, second = (np.concatenate([np.broadcast_to(a, (count, *a.shape[1:])), b], axis=2) for a, b in both)
        return first, second

    def _days(
        self, level: np.ndarray, days: int, begins: int, harm: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w, rng, (count, series, _) = self.world, self.rng, level.shape
        noise, level = np.empty((count, series - 1, days)), level.copy()
        size = np.full(series, w.own[1])
        phi = np.full(series, w.own[0])
        size[-1], phi[-1] = w.shared[1], w.shared[0]
        for t in range(days):
            shocks = rng.standard_normal((count, series, 2))
            level[:, :, 0] = phi * level[:, :, 0] + size * np.sqrt(1 - phi**2) * shocks[:, :, 0]
            level[:, :-1, 1] += w.wander * shocks[:, :-1, 1]
            noise[:, :, t] = level[:, :-1].sum(2) + level[:, -1:, 0]
        week = WEEK[(begins + np.arange(days)) % 7]
        n = rng.poisson(w.n, noise.shape).astype(float)
        if w.kind == "rate":
            rate = np.maximum(w.base * (1 + 2 * week) + noise, 1e-5)
            rate[:, 0] += harm
            return level, rng.poisson(rate * n) / n, n
        truth = w.base + week * (4 if w.kind == "mean" else 1) + noise
        truth[:, 0] += harm
        if w.kind == "mean":
            return level, truth + 0.9 / np.sqrt(n) * rng.standard_normal(n.shape), n
        return level, rng.binomial(n.astype(int), np.clip(truth, 0.01, 0.99)) / np.maximum(n, 1), n


def asked(w: World, values: np.ndarray, n: np.ndarray) -> dict:
    """How the figures (S, 1 + K, T) are asked about: as judge does for metrics of that kind."""
    name, beside = ("se", 0.9 / np.sqrt(n)) if w.kind == "mean" else ("n", n)
    more = {"kind": w.kind, name: beside[:, 0]}
    if w.controls:
        more |= {"controls": values[:, 1:], f"controls_{name}": beside[:, 1:]}
    return more


def outlook(past: Past) -> Prospect:
    """What the planner says from the past alone; what is expected of days to come is the last weeks again, as in
    `Panel.continued`."""
    w = past.world
    turn, within = np.divmod(np.arange(HORIZON), 7)
    again = np.append(np.arange(w.days), w.days - 7 * (np.minimum(turn % 16, 15 - turn % 16) + 1) + within)
    values, n = past.values[:, :, again], past.n[:, :, again]
    one = {name: x if name == "kind" else x[0] for name, x in asked(w, values, n).items()}
    return prospect(values[0, 0], w.days, w.harm, horizon=HORIZON, first=FIRST, confidence=CONFIDENCE, **one)


def stated(past: Past) -> tuple[float, float]:
    """The days that the planner states: a harm of the limit is seen, and ruled out where there is none."""
    found = outlook(past)
    return found.seen.median, found.ruled_out.median


def simulated(past: Past, count: int, days: int, harm: float) -> np.ndarray:
    """The day (count,) on which each future first says it: harm is seen, or without one the limit is ruled out."""
    w = past.world
    values, n = past.futures(count, days, harm)
    said = np.full(count, np.inf)
    for day in range(FIRST, days + 1):
        open_ = np.flatnonzero(np.isinf(said))
        stop = w.days + day
        answers = effects(
            values[open_, 0, :stop], w.days, sequential=True, horizon=HORIZON, confidence=CONFIDENCE,
            **asked(w, values[open_, :, :stop], n[open_, :, :stop]),
        )  # fmt: skip
        near, far = np.array([(a.low, a.high) if w.harm > 0 else (-a.high, -a.low) for a in answers]).T
        said[open_[near > 0 if harm else far < abs(w.harm)]] = day
        if np.isfinite(said).mean() > 0.9:
            break
    return said


def median_and_se(days: np.ndarray) -> tuple[float, float]:
    """Of days (pasts, futures): the median over all, and its standard error: half the middle 68 % of it when pasts and
    their futures are resampled, so that a few late ones do not make all of it."""
    rng, (P, F) = np.random.default_rng(1), days.shape
    capped = np.minimum(days, 10.0 * HORIZON)
    again = [np.median(np.concatenate([rng.choice(capped[p], F) for p in rng.integers(0, P, P)])) for _ in range(400)]
    low, high = np.percentile(again, [16, 84])
    return float(np.median(capped)), float(high - low) / 2


def said_of(near: bool, futures: int) -> str:
    """Ok or not; a few dozen futures leave the median open by more than what is asked for."""
    return "too few to tell" if futures < ENOUGH else "ok" if near else "OFF"


def compared(name: str, times: float, pasts: int, futures: int, seed: int) -> bool:
    """Prints both answers of one world; True where both stated days are near enough: 15 %, or one day of few."""
    w, begun = replace(WORLDS[name], harm=times * WORLDS[name].harm), time.process_time()
    drawn = [Past(w, seed + i) for i in range(pasts)]
    said = np.array([stated(past) for past in drawn])
    fine = True
    for i, (what, harm) in enumerate((("seen", w.harm), ("ruled out", 0.0))):
        day = float(np.median(said[:, i]))
        until = int(min(HORIZON, 2 * day + 2)) if np.isfinite(day) else HORIZON
        reached = np.array([simulated(past, futures, until, harm) for past in drawn])
        middle, se = median_and_se(reached)
        near = abs(day - middle) <= max(1.0, TOLERANCE * middle)
        fine &= near
        print(
            f"{name:26s} {w.harm:8.4f} {what:10s} stated {day:5.1f} ({said[:, i].min():.0f} to {said[:, i].max():.0f})"
            f"  simulated {middle:5.1f} (SE {se:.1f})  {day / middle - 1:+.0%}  {said_of(near, reached.size)}",
            flush=True,
        )
    print(f"{'':35s} {pasts} pasts x {futures} futures, {time.process_time() - begun:.0f} s CPU", flush=True)
    return fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="500 futures a world, all worlds")
    parser.add_argument("--world", action="append", choices=list(WORLDS), help="only these")
    parser.add_argument("--times", type=float, action="append", help="the limits, in those of the worlds")
    parser.add_argument("--pasts", type=int)
    parser.add_argument("--futures", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    short = ("CSAT independent, alone", "CSAT short past, controls")
    names = given.world or (list(WORLDS) if given.full else short)
    pasts = given.pasts or (100 if given.full else 5)
    futures = given.futures or (5 if given.full else 8)
    times = given.times or (TIMES if given.full else TIMES[:1])
    fine = [compared(name, x, pasts, futures, 1000 * given.seed) for x in times[::-1] for name in names]
    if pasts * futures >= ENOUGH:
        print(f"{sum(fine)} of {len(fine)} limits within {TOLERANCE:.0%} on both answers")


if __name__ == "__main__":
    main()
