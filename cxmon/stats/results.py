"""What the statistics answer: small frozen values that carry their numbers and the reason when there are none."""

from dataclasses import dataclass

from cxmon.stats.arrays import Bools, Floats, Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Effect:
    """The difference a dated change made, in the units of the values; NaN with a `reason` where the data cannot say.

    `estimate` is the unweighted mean over the judged periods of the change; `low`, `high` and `p_value` (two-sided)
    come from one posterior, so 0 lies outside [low, high] exactly when p_value < 1 - confidence. `expected` (T,) is
    what the model expects without the change: one step ahead before it, forecast from the last period before it
    afterwards; `expected_low` and `expected_high` hold a single period's value with `confidence`. `controls_used` (K,)
    tells which controls count, `controls_moved` (K,) which moved by themselves since it and count for what
    trust leaves them; `shape`
    is the likeliest of step, ramp, slow ramp, delayed and late. `pre_fit_ok`: the controls told the story before the
    change, which fewer than `fit_least` usable periods cannot show. `season_unknown`: a yearly wave was asked for that
    the past is too short to know; the interval allows for one of the usual size.
    """

    estimate: float
    low: float
    high: float
    p_value: float
    se: float
    expected: Floats
    expected_low: Floats
    expected_high: Floats
    controls_used: Bools
    controls_moved: Bools
    n_pre: int
    n_post: int
    confidence: float
    pre_fit_ok: bool
    fit_least: int
    season_unknown: bool
    shape: str
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """An effect and the band of the board: 99 % of the trailing mean of `smooth` periods, all arrays (T,)."""

    effect: Effect
    band_expected: Floats
    band_low: Floats
    band_high: Floats


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A lasting change of level found in retrospect: `size` is new minus old level, with a 95 % interval `low`..`high`.

    `at` is the first period of the new level; of a gradual change the period by which a third of the move was made.
    It lies between the periods `earliest` and `latest` with 95 %. From `settled` on the new level is reached (`at` for
    a step). `p_value` is the chance that noise alone shows as much anywhere in the series.
    """

    at: int
    size: float
    low: float
    high: float
    p_value: float
    earliest: int
    latest: int
    settled: int


@dataclass(frozen=True, kw_only=True, eq=False)
class WatchState:
    """What a monitor knows of S series at their last period; -1 and NaN where nothing can be said.

    `first_alarm` day of the first alarm, `onset` the likeliest first day of that deviation, `score` the statistic at
    the last period over its threshold (1 = at the threshold), `size` with 95 % range `low`..`high` the deviation
    (value minus expected, in the values' units) since the onset, up to the last period. `active`: over the threshold
    at the last period.
    """

    first_alarm: Ints
    onset: Ints
    score: Floats
    size: Floats
    low: Floats
    high: Floats
    active: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class WatchDays:
    """The same for each period, all (S, T), as it would be said were that the last one: NaN, -1 and False where nothing
    can be said or was not asked."""

    score: Floats
    onset: Ints
    size: Floats
    low: Floats
    high: Floats
    active: Bools
