"""Weeks and months with a short past: what their range has to allow for, and whether it does. `--docs` writes it down.

    python benchmarks/short_past.py              # 400 planted worlds a cell, about a minute on an idle core
    python benchmarks/short_past.py --docs       # 2,000; the tables of docs/methods/reality.md

Real months (English emergency departments, cut to the last months before each date) and planted worlds with a yearly
wave, asked without a season that their past cannot know, and as judge asks: with one of the usual size held possible.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pages
import real_series
from known_widths import supposing
from reality import compared_with, error

import cxmon
from cxmon.decisions.span import IN_A_YEAR, season_of, year_of
from cxmon.model import Amount, Better, Grain, Kind, Metric, Read
from cxmon.stats import problem
from cxmon.stats.arrays import half_difference
from cxmon.stats.profiles import harmonics

YEAR, WINDOW = 12, 3
PASTS = (5, 6, 9, 12)
FITS = (5, 6, 8, 9, 10, 11, 12, 14, 18, 24)
SECONDS = {Grain.DAY: 86_400.0, Grain.WEEK: 7 * 86_400.0, Grain.MONTH: 365.25 / 12 * 86_400.0}
WAVE_HEAD = ["figure", "wave of", "first harmonic", "second", "over the noise: first", "second"]
REAL_HEAD = ["figure", "asked", "past", "dates x series", "without it", "covers 0", "SE (dates)", "width"]
FIT_HEAD = ["figure", *(f"{past}" for past in FITS)]
AMPLITUDES = (0.0, 0.1, 0.25)
PLANT_HEAD = ["series", "past", "asked", *(f"a wave of {x:g}" if x else "no wave" for x in AMPLITUDES)]


def logistic(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def waves() -> Iterator[list[str]]:
    """How large yearly waves are: the spread of their coefficients on the logistic scale (trend taken out, less what
    chance adds), and over the noise from month to month of each series' first year."""
    for name, panel in real_series.emergency().items():
        values = panel.judged().values
        y, T = logistic(values), values.shape[1]
        noise = half_difference(y[:, :YEAR], np.ones((len(y), YEAR), bool))
        own = y - (y.sum(0) - y) / (len(y) - 1)
        Z = np.concatenate([np.ones((T, 1)), np.arange(T)[:, None], harmonics(YEAR, 2, T)], axis=1)
        for words, series in (("the series", y), ("its own, beside the others", own)):
            b = np.linalg.lstsq(Z, series.T, rcond=None)[0]
            rest = ((series.T - Z @ b) ** 2).sum(0) / (T - Z.shape[1])
            square = b[2:] ** 2 - np.diag(np.linalg.inv(Z.T @ Z))[2:, None] * rest
            spread = [[square[[k, k + 2]].mean(), (square[[k, k + 2]] / noise).mean()] for k in (0, 1)]
            (first, first_over), (second, second_over) = np.sqrt(np.maximum(spread, 0))
            yield [name.replace("_", " "), words, *(f"{x:.2f}" for x in (first, second, first_over, second_over))]


def asked_of(metric: Metric, past: int, *, compared: bool) -> tuple[float | None, float | None]:
    """The periods in a year that are asked about where a season that is not known is left out, and where it is not."""
    seconds = past * SECONDS[metric.grain]
    return None if compared else year_of(metric, seconds), season_of(metric, seconds, compared=compared)


def cut_short() -> Iterator[list[str]]:
    """Emergency departments, as if their figures began so many months before each date."""
    for name, panel in real_series.emergency().items():
        figures, T = panel.judged(), len(panel.starts)
        for compared in (False, True):
            for past in PASTS:
                theirs = compared_with(panel, panel.segments, past) if compared else None
                found: list[list[list[cxmon.Effect]]] = [[], []]
                for at in range(past, T - WINDOW + 1, WINDOW):
                    part = slice(at - past, at + WINDOW)
                    asks = {"kind": "proportion", "period": 1, "n": figures.n[:, part], "drawn": False}
                    if theirs is not None:
                        asks |= {"controls": theirs[0][:, :, part], "controls_n": theirs[1][:, :, part]}
                    for way, year in enumerate(asked_of(panel.metric, past, compared=compared)):
                        found[way].append(cxmon.effects(figures.values[:, part], past, yearly=year, **asks))
                held = [np.array([[e.low <= 0 <= e.high for e in date] for date in way], float) for way in found]
                width = [np.mean([[e.high - e.low for e in date] for date in way]) for way in found]
                yield [
                    name.replace("_", " "), "controls" if compared else "alone", f"{past} months",
                    f"{held[0].shape[0]} x {held[0].shape[1]}", *(f"{x.mean():.3f}" for x in held),
                    f"{error(held[1])[0]:.3f}", f"{width[1] / width[0]:.2f}x",
                ]  # fmt: skip


def fits() -> Iterator[list[str]]:
    """How often controls pass the fit before the change, at the same dates, by months of past; without the least
    number of periods."""
    for name, panel in real_series.emergency().items():
        figures, passed = panel.judged(), []
        theirs = compared_with(panel, panel.segments, max(FITS))
        for past in FITS:
            with supposing(problem, {"FIT_LEAST": 0}):
                passed.append(np.mean([
                    [e.pre_fit_ok for e in cxmon.effects(
                        figures.values[:, part], past, kind="proportion", period=1, n=figures.n[:, part], drawn=False,
                        controls=theirs[0][:, :, part], controls_n=theirs[1][:, :, part],
                        yearly=season_of(panel.metric, past * SECONDS[Grain.MONTH], compared=True),
                    )]
                    for at in range(max(FITS), len(panel.starts) - WINDOW + 1, WINDOW)
                    for part in [slice(at - past, at + WINDOW)]
                ]))  # fmt: skip
        yield [name.replace("_", " "), *(f"{x:.2f}" for x in passed)]


@dataclass(frozen=True, kw_only=True)
class Plant:
    """Series of one grain: `answers` a period, wandering by 0.05 a month on the logistic scale, beside eight segments
    that share half of it and the wave but for a third of its size; asked over `window` periods after each past."""

    grain: Grain
    answers: int
    window: int
    pasts: tuple[int, ...]

    def worlds(self, past: int, wave: float, reps: int) -> tuple[np.ndarray, np.ndarray]:
        """Shares of the segment (R, T) and of the others (R, 8, T); the wave begins anywhere in the year."""
        rng = np.random.default_rng(11)
        T, year = past + self.window, IN_A_YEAR[self.grain]
        step = 0.05 * np.sqrt(12 / year / 2)
        turn = 2 * np.pi * (np.arange(T) / year + rng.random((reps, 1, 1)))
        turns = turn + rng.uniform(0, 2 * np.pi, (reps, 9, 1))
        shared = np.cumsum(step * rng.standard_normal((reps, 1, T)), axis=2) + wave * np.cos(turn)
        own = np.cumsum(step * rng.standard_normal((reps, 9, T)), axis=2) + wave / 3 * np.cos(turns)
        level = 1 / (1 + np.exp(-1.4 - 0.2 * rng.standard_normal((reps, 9, 1)) - shared - own))
        shares = rng.binomial(self.answers, level) / self.answers
        return shares[:, 0], shares[:, 1:]

    def read(
        self, past: int, values: np.ndarray, others: np.ndarray | None, year: float | None
    ) -> tuple[float, float, float]:
        """How often zero is covered, mean width and mean interval score (95 %)."""
        asks = {"kind": "proportion", "period": 7 if self.grain is Grain.DAY else 1, "drawn": False, "yearly": year}
        asks["n"] = np.full(values.shape, float(self.answers))
        if others is not None:
            asks |= {"controls": others, "controls_n": np.full(others.shape, float(self.answers))}
        found = cxmon.effects(values, past, **asks)
        low, high = (np.array([getattr(e, end) for e in found]) for end in ("low", "high"))
        missed = np.maximum(low, 0) + np.maximum(-high, 0)
        return float(((low <= 0) & (high >= 0)).mean()), (high - low).mean(), (high - low + 40 * missed).mean()


PLANTS = (
    Plant(grain=Grain.MONTH, answers=2_000, window=3, pasts=(6, 9, 12, 24)),
    Plant(grain=Grain.WEEK, answers=500, window=6, pasts=(13, 26, 39, 52)),
    Plant(grain=Grain.DAY, answers=100, window=42, pasts=(60, 120, 240)),
)


def metric_of(grain: Grain) -> Metric:
    return Metric(
        id="share", label="share", kind=Kind.PROPORTION, better=Better.HIGHER, source="bench", read=Read(time="time"),
        matters=Amount(0.02, relative=False, text="2pt"), grain=grain,
    )  # fmt: skip


def planted(plant: Plant, reps: int) -> Iterator[list[str]]:
    """Worlds in which nothing happened: coverage without a season that is not known and with it, width and
    interval score over those without."""
    metric = metric_of(plant.grain)
    for past in plant.pasts:
        cells: dict[bool, list[str]] = {False: [], True: []}
        for wave in AMPLITUDES:
            values, others = plant.worlds(past, wave, reps)
            for compared, told in cells.items():
                before, after = asked_of(metric, past, compared=compared)
                old = plant.read(past, values, others if compared else None, before)
                new = old if before == after else plant.read(past, values, others if compared else None, after)
                same = f"{old[0]:.3f}"
                wider = ", ".join(f"{n / o:.2f}x" for n, o in zip(new[1:], old[1:], strict=True))
                told.append(same if new is old else f"{same} to {new[0]:.3f} ({wider})")
        for compared, told in cells.items():
            yield [f"{plant.grain}s", f"{past}", "controls" if compared else "alone", *told]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--docs", action="store_true", help="2,000 worlds a cell, and write docs/methods/reality.md")
    chosen = options.parse_args()
    reps = 2_000 if chosen.docs else 400
    tables, planted_lines = [], []
    if real_series.EMERGENCY.exists():
        for head, lines in ((WAVE_HEAD, waves()), (REAL_HEAD, cut_short()), (FIT_HEAD, fits())):
            tables.append(pages.table(head, list(lines)))
            print(tables[-1], flush=True)
    for plant in PLANTS:
        planted_lines += planted(plant, reps)
    tables.append(pages.table(PLANT_HEAD, planted_lines))
    print(tables[-1])
    if chosen.docs:
        pages.write("reality.md", "short pasts", "\n\n".join(tables))


if __name__ == "__main__":
    main()
