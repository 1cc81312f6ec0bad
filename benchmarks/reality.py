"""Dates at which nothing was declared, on real series: do the intervals cover zero? `python benchmarks/reality.py`

Flights of 2013 by carrier and airport, English emergency departments by organisation, NHS 111 by provider. Series are
cut into windows that do not overlap, each is asked as a change would be (`cxmon.effects`, controls rolled up as judge
does), and zero should lie inside. The short form takes under a minute on an idle core, `--full` some minutes;
`--docs` writes the full table into docs/methods/reality.md.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import pages
import real_series
from scipy import stats as scipy_stats
from scipy.cluster import hierarchy

import cxmon
from cxmon import decisions
from cxmon.decisions import scoping
from cxmon.decisions.span import season_of
from cxmon.model import EVERYONE, Segment
from cxmon.panel import Judged, Panel
from cxmon.periods import profile_labels
from cxmon.pipeline.judge_opinions import BACK
from cxmon.stats.gap import shared_movement

FURLOUGH = (datetime(2013, 4, 21, tzinfo=UTC), datetime(2013, 4, 28, tzinfo=UTC))  # declared, so not looked at
WINTER = (datetime(2015, 12, 1, tzinfo=UTC), datetime(2016, 4, 1, tzinfo=UTC))  # NHS 111 collapsed; known, not judged
TARGET = 0.9
RESAMPLES = 2000
ALIKE = 0.9
Controls = tuple[np.ndarray, np.ndarray, np.ndarray | None]  # values, n, se (S, K, T)


@dataclass(frozen=True, kw_only=True)
class Family:
    """Series of one metric, and how they are cut: `segments` are the treated ones, each window has `length` periods and
    the first begins at `first`. `alone` and `compared` say which of the two ways are asked."""

    name: str
    panel: Panel
    segments: tuple[Segment, ...]
    first: int
    length: int
    compared: bool = True
    skip: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What came of one family, asked `alone` or compared with controls; all (D, S) by window and series, NaN = no
    answer: p-values, whether zero was covered, estimate over its error, and the share of earlier placebo windows that
    were as bad. Series of the same number in `alike` (S,) move as one."""

    family: Family
    controls: bool
    at: np.ndarray
    covered: np.ndarray
    p: np.ndarray
    z: np.ndarray
    rank: np.ndarray
    alike: np.ndarray


def windows(family: Family) -> list[int]:
    """First periods of the windows, without those that a declared change touches."""
    starts, ends = family.panel.starts, family.panel.ends()
    out = []
    for at in range(family.first, len(starts) - family.length + 1, family.length):
        reach = starts[at], ends[at + family.length - 1]
        if family.skip is None or not (reach[0] < family.skip[1].timestamp() and reach[1] > family.skip[0].timestamp()):
            out.append(at)
    return out


@lru_cache(maxsize=4)
def compared_with(leaves: Panel, segments: tuple[Segment, ...], at: int) -> Controls:
    """The controls of each segment: everything outside it, rolled up as for a real change. Where that leaves more than
    judge takes, the largest of them."""
    largest = np.argsort(-leaves.n.sum(1), kind="stable")
    out = []
    for segment in segments:
        free = np.array([not segment.holds(s) for s in leaves.segments])
        found = scoping.controls(leaves, free, at)
        most = [leaves.segments[i] for i in largest if free[i]][: scoping.MOST]
        out.append((leaves.select(most) if found is None else found).judged())
    return stacked(out, len(leaves.starts))


def stacked(judged: list[Judged], periods: int) -> Controls:
    """Each series' controls in one array; NaN rows fill up where one has fewer than another."""
    most = max(len(j.values) for j in judged)
    out = np.full((3, len(judged), most, periods), np.nan)
    for s, j in enumerate(judged):
        out[0, s, : len(j.values)], out[1, s, : len(j.values)] = j.values, j.n
        if j.se is not None:
            out[2, s, : len(j.values)] = j.se
    return out[0], out[1], out[2] if any(j.se is not None for j in judged) else None


def ask(family: Family, *, controls: bool) -> Outcome:
    """All windows of a family."""
    treated = family.panel.roll_up(family.segments)
    figures = treated.judged()
    metric = family.panel.metric
    labels, count = profile_labels(treated.starts, metric.grain, metric.zone)
    counted = figures.kind in {"proportion", "rate"}
    ats = windows(family)
    theirs = compared_with(family.panel, family.segments, family.first) if controls else None
    shape = (len(ats), len(family.segments))
    covered, p, z, rank = (np.full(shape, np.nan) for _ in range(4))
    for d, at in enumerate(ats):
        until = at + family.length
        asked = {"kind": figures.kind, "period": labels[:until] if count > 1 else 1}
        asked |= {"n": figures.n[:, :until]} if counted else {}
        asked |= {"se": figures.se[:, :until]} if figures.se is not None else {}
        if theirs is not None:
            asked["controls"] = theirs[0][:, :, :until]
            asked |= {"controls_n": theirs[1][:, :, :until]} if counted else {}
            asked |= {"controls_se": theirs[2][:, :, :until]} if theirs[2] is not None else {}
        asked["yearly"] = season_of(metric, treated.starts[at] - treated.starts[0], compared=theirs is not None)
        values = figures.values[:, :until]
        for s, found in enumerate(cxmon.effects(values, at, **asked)):
            if np.isfinite(found.estimate):
                covered[d, s], p[d, s] = found.low <= 0 <= found.high, found.p_value
                z[d, s] = metric.harm_sign * found.estimate / found.se
                shared = None if theirs is None else shared_movement(theirs[0][s, :, :until], at)
                placed = decisions.placebo(
                    values[s], at, until, labels=labels[:until], shared=shared, sign=metric.harm_sign,
                    back=BACK[metric.grain],
                )  # fmt: skip
                rank[d, s] = np.nan if placed is None else (placed.as_large + 1) / (placed.windows + 1)
    return Outcome(
        family=family, controls=controls, at=np.array(ats), covered=covered, p=p, z=z, rank=rank,
        alike=moving_as_one(figures.values),
    )  # fmt: skip


def moving_as_one(values: np.ndarray) -> np.ndarray:
    """Numbers (S,) of the groups of series whose changes from period to period correlate by ALIKE on average: areas
    that one operator serves are one observation."""
    if len(values) < 2:
        return np.ones(len(values), int)
    moves = np.nan_to_num(np.diff(values, axis=1))
    moves -= moves.mean(1, keepdims=True)
    moves /= np.maximum(np.sqrt((moves**2).sum(1, keepdims=True)), 1e-12)
    apart = np.clip(1 - moves @ moves.T, 0, 2)[np.triu_indices(len(values), 1)]
    return hierarchy.fcluster(hierarchy.linkage(apart, "average"), 1 - ALIKE, "distance")


def error(x: np.ndarray, alike: np.ndarray | None = None) -> tuple[float, str]:
    """Standard error of the mean of `x` (D, S) by resampling blocks of two neighbouring dates with all their series
    (storms hit everyone, and the next window as well); of series with all their dates where there are under six, those
    that move as one together (their number in `alike`)."""
    rng = np.random.default_rng(1)
    alike = np.arange(x.shape[1]) if alike is None else alike
    dates = len(x)
    if dates < 6:
        sums = np.array([[np.nansum(x[:, alike == k]), np.isfinite(x[:, alike == k]).sum()] for k in np.unique(alike)])
        total, count = sums[rng.integers(len(sums), size=(RESAMPLES, len(sums)))].sum(1).T
        return float(np.std(total / np.maximum(count, 1))), "series"
    begin = rng.integers(dates, size=(RESAMPLES, (dates + 1) // 2))
    pick = np.stack([begin, (begin + 1) % dates], axis=2).reshape(RESAMPLES, -1)[:, :dates]
    return float(np.std([np.nanmean(x[chosen]) for chosen in pick])), "dates"


def families(*, full: bool) -> Iterator[Family]:
    """What is asked: the short form takes four weeks of flights and half years of emergency departments."""
    flown = real_series.flights()
    for name, leaves in flown.items():
        if not full and name == "departure_delay":
            continue
        origins, carriers = ({s.along((d,)) for s in leaves.segments} for d in ("origin", "carrier"))
        groups = {
            "everyone": (EVERYONE,),
            "airport": tuple(sorted(origins, key=lambda s: s.key)),
            "carrier": thick(leaves, sorted(carriers, key=lambda s: s.key)),
            "carrier and airport": thick(leaves, leaves.segments),
        }
        for group, segments in groups.items():
            for length in (7, 28, 56) if full else (28,):
                yield Family(
                    name=f"flights, {name.replace('_', ' ')} by {group}" if group != "everyone" else
                    f"flights, {name.replace('_', ' ')}, everyone", panel=leaves, segments=segments, first=91,
                    length=length, compared=group != "everyone", skip=FURLOUGH,
                )  # fmt: skip
    if real_series.EMERGENCY.exists():
        for name, leaves in real_series.emergency().items():
            for length in (3, 6) if full else (6,):
                yield Family(
                    name=f"emergency, {name.replace('_', ' ')} by organisation", panel=leaves,
                    segments=leaves.segments, first=18, length=length,
                )  # fmt: skip
    if real_series.CALLS.exists():
        for name, leaves in real_series.calls().items():
            yield Family(
                name=f"NHS 111, {name.replace('_', ' ')} by provider", panel=leaves, segments=leaves.segments, first=5,
                length=3, skip=WINTER,
            )  # fmt: skip


def thick(leaves: Panel, segments: list[Segment] | tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Those with the metric's minimum of answers in a typical period, as judge wants them."""
    rolled = leaves.roll_up(tuple(segments))
    return tuple(s for s, ok in zip(segments, scoping.enough(rolled, len(leaves.starts)), strict=True) if ok)


def line(found: Outcome) -> list[str]:
    """One row of the table."""
    answers = np.isfinite(found.p)
    spread, blocks = error(found.covered, found.alike)
    ranks = found.rank[np.isfinite(found.rank)]
    unit = found.family.panel.metric.grain
    both = answers & np.isfinite(found.rank)
    row = [
        found.family.name, "controls" if found.controls else "alone", f"{found.family.length} {unit}s",
        f"{len(found.at)} x {found.covered.shape[1]}", f"{np.nanmean(found.covered):.3f}",
        f"{spread:.3f} ({blocks})", f"{np.mean(found.p[answers] < 0.05):.3f}",
    ]  # fmt: skip
    if len(ranks) < 10:
        return [*row, "-", "-", "-"]
    outside = np.mean((ranks < 0.05) | (ranks > 0.95))
    far = scipy_stats.kstest(ranks, "uniform").statistic
    agree = -scipy_stats.spearmanr(found.z[both], found.rank[both]).statistic
    return [*row, f"{outside:.2f}", f"{far:.2f}", f"{agree:.2f}"]


def joined(outcomes: list[Outcome]) -> list[Outcome]:
    """All families of one source, way of asking and length as one: the same dates hit all of them."""
    groups: dict[tuple, list[Outcome]] = {}
    for found in outcomes:
        source = found.family.name.split(",")[0]
        groups.setdefault((source, found.controls, found.family.length), []).append(found)
    out = []
    for (source, controls, _), parts in sorted(groups.items(), key=lambda item: (item[0][0], item[0][2], item[0][1])):
        arrays = {k: np.concatenate([getattr(x, k) for x in parts], axis=1) for k in ("covered", "p", "z", "rank")}
        family = replace(parts[0].family, name=f"all {source}")
        # A segment's metrics have good and bad luck together: its place in the first one is its place in all.
        place: dict[Segment, str] = {}
        for number, part in enumerate(parts):
            for segment, k in zip(part.family.segments, part.alike, strict=True):
                place.setdefault(segment, f"{number} {k}")
        names = np.array([place[segment] for part in parts for segment in part.family.segments])
        out.append(Outcome(family=family, controls=controls, at=parts[0].at, alike=names, **arrays))
    return out


# Of each source the windows of one length, about a month or a quarter: every period is asked about once. Of those that
# a source has the last one stands.
ONCE = (6, 3, 28)


def pooled(sources: list[Outcome]) -> list[list[str]]:
    """Every window once, weighted by their number: those of the NHS, and of all sources. These have nothing in common,
    so that their errors add up as squares."""
    rows = []
    for controls in (False, True):
        chosen: dict[str, Outcome] = {}
        for length in ONCE:
            chosen |= {x.family.name: x for x in sources if (x.controls, x.family.length) == (controls, length)}
        for name, some in (
            ("NHS", [x for k, x in chosen.items() if "flights" not in k]),
            ("all", list(chosen.values())),
        ):
            counts = np.array([np.isfinite(x.covered).sum() for x in some])
            means, errors = (np.array(column) for column in zip(
                *((np.nanmean(x.covered), error(x.covered, x.alike)[0]) for x in some), strict=True
            ))  # fmt: skip
            share = counts / counts.sum()
            lengths = ", ".join(
                f"{x.family.name.removeprefix('all ')} {x.family.length} {x.family.panel.metric.grain}s" for x in some
            )
            rows.append([
                name, "controls" if controls else "alone", lengths, str(counts.sum()), f"{(share * means).sum():.3f}",
                f"{np.sqrt(((share * errors) ** 2).sum()):.3f}",
            ])  # fmt: skip
    return rows


POOLED = ["series", "asked", "windows", "how many", "covers 0", "SE"]
HEAD = [
    "series", "asked", "window", "windows x series", "covers 0", "SE (blocks)", "p < .05", "rank outside 90 %",
    "rank to uniform", "rank to z",
]  # fmt: skip


def dates(found: Outcome) -> str:
    """Coverage and mean z by window, so that bad dates can be named."""
    parts = []
    for d, at in enumerate(found.at):
        day = datetime.fromtimestamp(int(found.family.panel.starts[at]) + 43_200, UTC).strftime("%Y-%m-%d")
        parts.append(f"{day} {np.nanmean(found.covered[d]):.2f} ({np.nanmean(found.z[d]):+.1f})")
    return "    " + ", ".join(parts)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--full", action="store_true", help="more window lengths, and delays")
    options.add_argument("--dates", action="store_true", help="coverage and mean z of each window as well")
    options.add_argument("--only", default="", help="families whose name holds this")
    options.add_argument("--docs", action="store_true", help="write the table into docs/methods/reality.md")
    chosen = options.parse_args()
    outcomes = []
    for family in families(full=chosen.full):
        if chosen.only not in family.name:
            continue
        for controls in (False, True) if family.compared else (False,):
            outcomes.append(ask(family, controls=controls))
            print(line(outcomes[-1]), flush=True, file=sys.stderr)
            if chosen.dates:
                print(dates(outcomes[-1]), file=sys.stderr)
    together = joined(outcomes)
    under = sum(float(np.nanmean(x.covered)) < TARGET for x in outcomes)
    once = [pages.table(POOLED, pooled(together))] if not chosen.only else []
    text = "\n\n".join([
        *once, pages.table(HEAD, [line(x) for x in together]), pages.table(HEAD, [line(x) for x in outcomes]),
        f"Under {TARGET:.0%}: {under} of the {len(outcomes)} lines of the last table.",
    ])  # fmt: skip
    print(text)
    if chosen.docs:
        pages.write("reality.md", "nothing declared", text)


if __name__ == "__main__":
    main()
