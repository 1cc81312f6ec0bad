"""The parcels of the demo desk's shop: delivered on time or not, and what customers say of it, per hub and day.

Three hubs save a little each, and together more than was allowed. The scanners of one of them were read weeks late, and
what they held were mostly late parcels: until then the hub looked better than before. At a fourth hub parcels wait at a
pick-up point, so people answer the survey later, the satisfied ones most of all; they are as satisfied as ever. Some
weeks before the survey began to ask with stars in place of a thumb, which moved its figure and nobody's satisfaction.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon.demo.truth import FEWER_VANS, NEW_FORM, PARCEL_CUTS, PICK_UP
from cxmon.demo.world import named, night_after
from cxmon.model import Segment

Row = tuple[Any, ...]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PARCEL_STREAM, SURVEY_STREAM = 5, 6
CHANNEL = "parcel"
HUBS = ("dallas", "gdansk", "leipzig", "lima", "lyon", "osaka", "porto", "reno")
PARCELS = np.array([2600, 1800, 3000, 1400, 2400, 2000, 1600, 2200])
ON_TIME = np.array([0.940, 0.945, 0.950, 0.930, 0.945, 0.955, 0.935, 0.940])
WEEKDAY = np.array([-0.15, 0.0, 0.05, 0.05, 0.0, 0.05, 0.0])
# Logits that come and go within days, the same for all hubs and beside it for each.
COMMON, OWN = 0.10, 0.05

# Days after the anchor: whose scans were read late at the hub with fewer vans, and when. The days before the reading
# are as many as an extension draws anew, so that a desk that is extended day by day gets them too.
UNREAD_SINCE, READ_ON = -56, -28
UNREAD_LATE, UNREAD_ON_TIME = 0.65, 0.01

# Answers a day and hub, how many are satisfied, and the mean days until the satisfied and the others answer.
# The survey is younger than the desk.
SURVEY_SINCE = -300
# Of the same customers more called themselves satisfied while a thumb was asked for.
ANSWERS, SATISFIED, BY_THUMB = 110, 0.86, 0.92
USUAL_DELAY, SLOW_DELAY = (1.6, 1.2), (6.5, 3.5)
LAST_ANSWER = 26


def parcel_rows(seed: int, anchor: date, since: int, until: int) -> Iterator[Row]:
    """Rows of table `parcel_days` for `since <= day < until` (ordinals): scans read the next night, and later ones."""
    start = anchor.toordinal()
    read_on = start + READ_ON
    unread_hub = FEWER_VANS.scope.touches
    for day in range(since, until):
        rng = np.random.default_rng([seed, PARCEL_STREAM, day])
        parcels = rng.poisson(PARCELS)
        on_time = rng.binomial(parcels, _on_time(rng, day - start, day))
        late = parcels - on_time
        unread_late, unread_on_time = rng.binomial(late, UNREAD_LATE), rng.binomial(on_time, UNREAD_ON_TIME)
        for k, hub in enumerate(HUBS):
            held = UNREAD_SINCE <= day - start < READ_ON and unread_hub(_segment(hub))
            few = int(unread_on_time[k]) if held else 0
            missing = int(unread_late[k]) + few if held else 0
            yield (named(day), CHANNEL, hub, int(parcels[k]) - missing, int(on_time[k]) - few, night_after(day))
            if held and read_on < until:
                yield (named(day), CHANNEL, hub, missing, few, night_after(read_on))


def survey_rows(seed: int, anchor: date, since: int, until: int) -> Iterator[Row]:
    """Rows of table `parcel_answers` for `since <= day < until`: what came with each night, as far as it came."""
    for day in range(max(since, anchor.toordinal() + SURVEY_SINCE), until):
        rng = np.random.default_rng([seed, SURVEY_STREAM, day])
        answers = rng.poisson(ANSWERS, len(HUBS))
        moved = 0.05 * rng.standard_normal() + 0.03 * rng.standard_normal(len(HUBS))
        usual = SATISFIED if day >= anchor.toordinal() + NEW_FORM.start else BY_THUMB
        satisfied = rng.binomial(answers, 1 / (1 + (1 - usual) / usual * np.exp(-moved)))
        for k, hub in enumerate(HUBS):
            slow = day >= anchor.toordinal() + PICK_UP.start and PICK_UP.scope.touches(_segment(hub))
            yes, no = (
                _by_age(rng, int(count), mean)
                for count, mean in zip(
                    (satisfied[k], answers[k] - satisfied[k]), SLOW_DELAY if slow else USUAL_DELAY, strict=True
                )
            )
            for age in np.flatnonzero(yes + no).tolist():
                if day + age < until:
                    came = int(yes[age] + no[age])
                    yield (named(day), CHANNEL, hub, came, int(yes[age]), night_after(day + age))


def _on_time(rng: np.random.Generator, into: int, day: int) -> Floats:
    """The share of each hub (8,) that is on time on average; what was cut lowers it by points."""
    moved = WEEKDAY[(day - 1) % 7] + COMMON * rng.standard_normal() + OWN * rng.standard_normal(len(HUBS))
    share = ON_TIME / (ON_TIME + (1 - ON_TIME) * np.exp(-moved))
    for cut in PARCEL_CUTS:
        touched = np.array([cut.scope.touches(_segment(hub)) for hub in HUBS])
        size = sum(shift.size for shift in cut.shifts if into >= cut.start)
        share = share + size * touched
    return np.asarray(np.clip(share, 0.005, 0.995))


def _by_age(rng: np.random.Generator, count: int, mean: float) -> Ints:
    """How many of `count` answers come with each night after the day, 0 .. `LAST_ANSWER`."""
    age = np.minimum(rng.exponential(mean, count), LAST_ANSWER).astype(np.int64)
    return np.bincount(age, minlength=LAST_ANSWER + 1)


def _segment(hub: str) -> Segment:
    return Segment.of(channel=CHANNEL, hub=hub)
