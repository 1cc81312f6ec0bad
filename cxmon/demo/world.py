"""The hidden state of the demo desk: for each day and segment the true figures, drawn day by day from a fixed epoch.

Every day has its own generator, seeded by (seed, stream, day), and every latent state is an AR(1) that starts at
`EPOCH`. So a day's figures depend on nothing but the seed, the anchor and the day: extending the data never changes
what was there before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

import numpy as np
import numpy.typing as npt

from cxmon.demo.truth import PLANTED, Planted, Shift
from cxmon.model import Segment

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CHANNELS = ("phone", "chat", "email")
REGIONS = ("eu", "us", "apac", "latam")
TIERS = ("basic", "pro", "enterprise")
LEAVES = tuple(Segment.of(channel=c, region=r, tier=t) for c, r, t in product(CHANNELS, REGIONS, TIERS))
CHANNEL_OF, REGION_OF, TIER_OF = np.array(list(product(range(3), range(4), range(3)))).T

FIGURES = ("csat", "first_response", "handling", "reopened", "churn", "volume")
EPOCH = date(2020, 1, 1).toordinal()
LATENT_STREAM, DAY_STREAM, CHURN_STREAM = 1, 2, 3

# Persistence per day of the latent states, and their standard deviation (logit or log) per figure:
# common to all, per channel, per region, per leaf; the last column is fresh every day (overdispersion).
PERSISTENCE = (0.75, 0.5, 0.5, 0.3, 0.0)
SPREAD = np.array(
    [
        [0.06, 0.02, 0.02, 0.03, 0.08],  # csat
        [0.06, 0.04, 0.03, 0.05, 0.05],  # first_response
        [0.04, 0.03, 0.02, 0.04, 0.04],  # handling
        [0.05, 0.03, 0.03, 0.05, 0.06],  # reopened
        [0.05, 0.03, 0.03, 0.05, 0.08],  # churn
        [0.05, 0.03, 0.03, 0.04, 0.06],  # volume
    ]
)
SIZES = (1, len(CHANNELS), len(REGIONS), len(LEAVES), len(LEAVES))

# Level per figure and channel, and what region and tier add: logits of shares, logs of minutes, logs of daily rates.
CHANNEL_LEVEL = np.array(
    [
        [1.735, 2.59, 1.33],  # csat: 85, 93 and 79 %
        np.log([4.0, 1.5, 150.0]),  # median minutes to the first response
        np.log([200.0, 90.0, 700.0]),  # median minutes from there to the solution
        [-2.31, -2.59, -1.99],  # reopened: 9, 7 and 12 %
        np.log([0.0011, 0.0009, 0.0010]),  # cancelled per active customer and day
        np.log([0.30, 0.42, 0.28]),  # share of all tickets
    ]
)
REGION_LEVEL = np.array(
    [
        [0.0, 0.05, -0.05, 0.0],
        [0.0, -0.05, 0.10, 0.10],
        [0.0, 0.0, 0.05, 0.05],
        [0.0, 0.0, 0.05, 0.0],
        [0.0, 0.05, 0.0, 0.05],
        np.log([0.32, 0.28, 0.22, 0.18]),
    ]
)
TIER_LEVEL = np.array(
    [
        [-0.10, 0.05, 0.20],
        [0.15, 0.0, -0.35],
        [0.05, 0.0, -0.15],
        [0.05, 0.0, -0.10],
        [0.30, -0.15, -0.90],
        np.log([0.50, 0.35, 0.15]),
    ]
)
# Monday to Sunday, and the swing between the turn of the year (the busiest time) and midsummer.
WEEKDAY = np.array(
    [
        [-0.03, 0.0, 0.02, 0.03, 0.02, -0.05, -0.05],
        [0.10, 0.02, 0.0, -0.02, -0.03, 0.12, 0.10],
        [0.02, 0.0, 0.0, 0.0, 0.04, 0.08, 0.04],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.04, 0.04],
        [0.10, 0.05, 0.0, 0.0, -0.05, -0.10, 0.0],
        [0.22, 0.12, 0.06, 0.04, 0.0, -0.42, -0.50],
    ]
)
YEARLY = np.array([-0.06, 0.08, 0.04, 0.03, 0.06, 0.12])


def named(day: int) -> str:
    """`2026-09-01` of an ordinal."""
    return date.fromordinal(day).isoformat()


def night_after(day: int) -> str:
    """When a table of the desk is loaded with what happened on a day."""
    return f"{named(day + 1)} 02:00:00"


@dataclass(frozen=True, kw_only=True)
class World:
    """True figures of days `first .. first + D - 1` (ordinals): (D, figures, leaves), shares 0..1, else natural."""

    first: int
    figures: Floats

    def of(self, figure: str) -> Floats:
        """One figure as (D, leaves)."""
        return self.figures[:, FIGURES.index(figure)]


def world(seed: int, anchor: date, first: int, last: int, events: Sequence[Planted] = PLANTED) -> World:
    """The true figures of the days `first .. last - 1`, with what `events` did to them; any integer >= 0 is a seed."""
    days = np.arange(first, last)
    level = CHANNEL_LEVEL[:, CHANNEL_OF] + REGION_LEVEL[:, REGION_OF] + TIER_LEVEL[:, TIER_OF]
    weekday = (days - 1) % 7  # ordinal 1 was a Monday
    season = WEEKDAY[:, weekday].T + np.cos(2 * np.pi * (days - 5)[:, None] / 365.25) * YEARLY
    figures = level + season[:, :, None] + latent(seed, first, last)
    shares = [FIGURES.index("csat"), FIGURES.index("reopened")]
    others = [i for i in range(len(FIGURES)) if i not in shares]
    figures[:, others] = np.exp(figures[:, others])
    figures[:, shares] = 1 / (1 + np.exp(-figures[:, shares]))
    for event in events:
        touched = np.array([event.scope.touches(leaf) for leaf in LEAVES])
        for shift in event.shifts:
            if shift.figure not in FIGURES:
                continue  # of the shop, which is drawn by itself
            felt = _felt(shift, days - anchor.toordinal() - event.start, weekday)[:, None] * touched
            figure = figures[:, FIGURES.index(shift.figure)]
            figure[:] = figure + shift.size * felt if shift.points else figure * (1 + shift.size * felt)
    figures[:, shares] = np.clip(figures[:, shares], 0.005, 0.995)
    return World(first=first, figures=figures)


def latent(seed: int, first: int, last: int) -> Floats:
    """What moves the figures beside level, season and planted effects: (D, figures, leaves) in logits and logs."""
    figures, columns = len(FIGURES), sum(SIZES)
    persistence = np.repeat(PERSISTENCE, SIZES)
    spread = np.repeat(SPREAD, SIZES, axis=1)
    fresh = spread * np.sqrt(1 - persistence**2)
    state = np.zeros((figures, columns))
    kept = np.empty((last - first, figures, columns))
    for day in range(EPOCH, last):
        drawn = np.random.default_rng([seed, LATENT_STREAM, day]).standard_normal((figures, columns))
        state = persistence * state + fresh * drawn
        if day >= first:
            kept[day - first] = state
    ends = np.cumsum(SIZES)
    common, channel, region, leaf, noise = np.split(kept, ends[:-1], axis=2)
    return common + channel[:, :, CHANNEL_OF] + region[:, :, REGION_OF] + leaf + noise


def _felt(shift: Shift, since: Ints, weekday: Ints) -> Floats:
    """How much of a shift is felt on each day (D,), 0..1; `since` counts days from the event's start."""
    into = since - shift.after
    grown = np.clip((into + 1) / shift.ramp, 0, 1) if shift.ramp else np.ones(len(into))
    return np.where((into >= 0) & np.isin(weekday, shift.weekdays), grown, 0.0)
