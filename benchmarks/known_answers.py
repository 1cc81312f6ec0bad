"""Our answer beside published ones, on real changes with a known date: `python benchmarks/known_answers.py [--docs]`.

Each study is asked as it was published: the same outcome, date, season and companions (covariates or untouched units),
through the public `cxmon.effect`. Published figures are read from ../shared/data/causal/known_answers.json, never typed
in here. `--docs` writes the table into docs/methods/known-answers.md. A few seconds.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pages

import cxmon

DATA = Path(__file__).parents[1] / ".." / "shared" / "data" / "causal"
WIDEST = 1.5  # times the published interval
SEAT_BELTS = (-26.0, -18.0)  # where issue 3 wants the drivers' estimate, in per cent


@dataclass(frozen=True, kw_only=True)
class Row:
    """One study: our estimate with its interval, the published one (NaN where none is published), and whether it is
    judged. `rule` is what is asked beyond the interval, `kept` whether it holds."""

    name: str
    unit: str
    asked: str
    estimate: float
    low: float
    high: float
    published: float
    published_low: float
    published_high: float
    judged: bool = True
    rule: str = ""
    kept: bool = True

    @property
    def width(self) -> float:
        """Our width over the published one."""
        return (self.high - self.low) / (self.published_high - self.published_low)

    @property
    def missed(self) -> tuple[str, ...]:
        """What does not hold, of `outside`, `width` and `rule`."""
        told = np.isfinite(self.width)
        return tuple(
            name
            for name, wrong in (
                ("outside", told and not self.published_low <= self.estimate <= self.published_high),
                ("width", told and self.width > WIDEST),
                ("rule", not self.kept),
            )
            if wrong
        )


def read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def panel(rows: list[dict[str, str]], unit: str, value: str, treated: str) -> tuple[np.ndarray, np.ndarray]:
    """Values of the treated unit (T,) and of all others (K, T)."""
    names = list(dict.fromkeys(row[unit] for row in rows))
    found = np.array([[float(row[value]) for row in rows if row[unit] == name] for name in names])
    return found[names.index(treated)], np.delete(found, names.index(treated), 0)


def interval(text: str) -> tuple[float, float]:
    """The last [low, high] in a sentence."""
    low, high = re.findall(r"\[\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\]", text)[-1]
    return float(low), float(high)


def answer(found: cxmon.Effect, shown: Callable[[float], float] = float) -> dict[str, float]:
    """Estimate and interval on the published scale, its ends in order."""
    low, high = sorted((shown(found.low), shown(found.high)))
    return {"estimate": shown(found.estimate), "low": low, "high": high}


def percent(log_ratio: float) -> float:
    return float(100 * np.expm1(log_ratio))


def seat_belts(known: dict) -> list[Row]:
    """Harvey & Durbin's law of 1983: monthly, logarithms, the covariates that the reproduced model has."""
    rows = read("seatbelts.csv")
    at = [row["date"] for row in rows].index(known["change"])
    petrol, traffic = np.log(column(rows, "PetrolPrice")), np.log(column(rows, "kms"))
    out = []
    for seat, with_them in (("drivers", [petrol]), ("front", [petrol, traffic]), ("rear", [petrol, traffic])):
        found = answer(cxmon.effect(np.log(column(rows, seat)), at, period=12, controls=np.array(with_them)), percent)
        low, high = interval(known["reproduced_statsmodels_UC"][seat])
        rule, kept = "", True
        if seat == "drivers":
            rule = f"{SEAT_BELTS[0]:.0f} to {SEAT_BELTS[1]:.0f} %, without 0"
            kept = SEAT_BELTS[0] <= found["estimate"] <= SEAT_BELTS[1] and found["high"] < 0
        if seat == "rear":
            rule, kept = "not significant", found["low"] < 0 < found["high"]
        out.append(Row(
            name=f"seat belts, {seat}", unit="%", asked="month of year; " + ", ".join(["petrol price", "traffic"][
            : len(with_them)]), published=known["published"][f"{seat}_KSI_pct"], published_low=low,
            published_high=high, rule=rule, kept=kept, **found,
        ))  # fmt: skip
    return out


def smoking_ban(known: dict) -> list[Row]:
    """Coronary events in Sicily: a monthly rate with two harmonics of the year, as a ratio to the expected one."""
    rows = read("sicily_smoking_ban.csv")
    at = [f"{row['year']}-{int(row['month']):02d}" for row in rows].index(known["change"])
    people = column(rows, "stdpop")
    rate = column(rows, "aces") / people
    found = cxmon.effect(rate, at, n=people, kind="rate", period=1, yearly=12)
    actual = float(rate[at:].mean())
    point, low, high = known["published"]["RR_quasipoisson_season"]
    return [Row(
        name="Sicily's smoking ban", unit="ratio", asked="two harmonics of the year; nothing beside it",
        published=point, published_low=low, published_high=high, **answer(found, lambda e: actual / (actual - e)),
    )]  # fmt: skip


def proposition_99(known: dict) -> list[Row]:
    """Cigarette packs a head in California against 38 states; the published interval is +- 1.96 placebo errors."""
    rows = read(known["file"])
    treated, others = panel(rows, "State", "PacksPerCapita", known["treated"])
    at = sorted({int(row["Year"]) for row in rows}).index(known["change"])
    point = known["published"]["SDID"]
    error = float(re.search(r"SDID placebo se ([\d.]+)", known["verified"])[1])
    return [Row(
        name="Proposition 99", unit="packs", asked=f"no season; {len(others)} states", published=point,
        published_low=point - 1.96 * error, published_high=point + 1.96 * error,
        **answer(cxmon.effect(treated, at, controls=others, period=1)),
    )]  # fmt: skip


def basque(known: dict) -> list[Row]:
    """Income a head in the Basque Country. No interval is published; ours must hold the published estimate."""
    rows = [row for row in read(known["file"]) if row["regionname"] != "Spain (Espana)"]
    name = next(row["regionname"] for row in rows if row["regionno"] == "17.0")
    treated, others = panel(rows, "regionname", "gdpcap", name)
    at = sorted({float(row["year"]) for row in rows}).index(known["change"])
    found = answer(cxmon.effect(treated, at, controls=others, period=1))
    point = known["published"]["SC_ATT_1975on"]
    return [Row(
        name="Basque Country", unit="1000 USD", asked=f"no season; {len(others)} regions", published=point,
        published_low=np.nan, published_high=np.nan, rule="holds the published estimate",
        kept=found["low"] <= point <= found["high"], **found,
    )]  # fmt: skip


def germany(known: dict) -> list[Row]:
    rows = read(known["file"])
    treated, others = panel(rows, "country", "gdp", known["treated"])
    at = sorted({int(row["year"]) for row in rows}).index(known["change"])
    return [Row(
        name="West Germany", unit="USD", asked=f"no season; {len(others)} countries",
        published=known["published"]["SC_mean_gap_1990_2003_USD"], published_low=np.nan, published_high=np.nan,
        judged=False, **answer(cxmon.effect(treated, at, controls=others, period=1)),
    )]  # fmt: skip


def causal_impact(name: str, known: dict, companions: list[str]) -> list[Row]:
    """An example of R's CausalImpact, run there without a season."""
    rows = read(f"{known['file']}")
    controls = np.array([column(rows, x) for x in companions])
    found = cxmon.effect(column(rows, "y"), known["post"][0], until=known["post"][1] + 1, controls=controls, period=1)
    low, high = known["R_CausalImpact"]["ci"]
    return [Row(
        name=name, unit="", asked=f"no season; {', '.join(companions)}", published_low=low, published_high=high,
        published=known["R_CausalImpact"]["abs_effect"], **answer(found),
    )]  # fmt: skip


def answers() -> list[Row]:
    """Every study, in the order of the table."""
    known = json.loads((DATA / "known_answers.json").read_text("utf-8"))
    return [
        *seat_belts(known["seatbelts"]),
        *smoking_ban(known["sicily_smoking_ban"]),
        *proposition_99(known["prop99"]),
        *basque(known["basque"]),
        *causal_impact("CausalImpact's example", known["ci_google_example"], ["x1", "x2"]),
        *causal_impact("CausalImpact, ARMA", known["ci_arma"], ["X"]),
        *germany(known["germany"]),
    ]


def report(rows: list[Row]) -> str:
    head = ["study", "asked with", "ours", "published", "width", "reached"]
    lines = []
    for row in rows:
        told = np.isfinite(row.width)
        reached = f"no: {', '.join(row.missed)}" if row.missed else "yes"
        lines.append([
            f"{row.name} ({row.unit})" if row.unit else row.name,
            row.asked,
            f"{number(row.estimate)} [{number(row.low)}, {number(row.high)}]",
            number(row.published) + (f" [{number(row.published_low)}, {number(row.published_high)}]" if told else ""),
            f"{row.width:.2f}x" if told else "none published",
            (reached if row.judged else "memory, not judged") + (f" (rule: {row.rule})" if row.rule else ""),
        ])  # fmt: skip
    judged = [row for row in rows if row.judged]
    count = sum(not row.missed for row in judged)
    return f"{pages.table(head, lines)}\n\nReached: {count} of {len(judged)}."


def number(x: float) -> str:
    """Three digits that mean something, without an exponent."""
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--docs", action="store_true", help="write the table into docs/methods/known-answers.md")
    chosen = options.parse_args()
    if not DATA.exists():
        sys.exit("the shared data are not beside this checkout (../shared/data/causal)")
    text = report(answers())
    print(text)
    if chosen.docs:
        pages.write("known-answers.md", "known answers", text)


if __name__ == "__main__":
    main()
