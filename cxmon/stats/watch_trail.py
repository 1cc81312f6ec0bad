"""Where a monitor stopped, so that the next period costs one step and not the whole past again.

A trail changes what a look costs and nothing that it says: it is taken up only where everything that was given before
is the same to the last bit, else the look begins anew.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cxmon.stats.arrays import Bools, Floats, Ints
from cxmon.stats.monitor import WINDOW
from cxmon.stats.watching import Call, Group, joined

# Counts up whenever the same figures would be looked at in another way: older trails are not taken up then.
METHOD = 4
SAID = ("statistic", "onset", "earliest", "latest", "size", "low", "high")


@dataclass(frozen=True, eq=False)
class Trail:
    """Monitors that have gone through the periods before `t`, with what was learnt before `block`; `digest` is of all
    that was given before both. `told` is what they said of the last of these, empty before they say anything."""

    t: int
    block: int
    digest: bytes
    groups: tuple[Group, ...]
    told: Mapping[str, Floats]


@dataclass(frozen=True, kw_only=True, eq=False)
class WatchLook:
    """What a monitor says of S series at their last period, whatever the height of an alarm.

    `statistic`: log odds of a lasting step, NaN where a series is not watched; `onset`, `size`, `low`, `high` as in
    `WatchState`; the onset lies between `earliest` and `latest` with 95 %. `as_before`: since its onset a series was no
    worse than in the same months of an earlier year, and is not in alarm. `trail` takes the next look on from here;
    `behind` from the first period that may still be revised, None where this look began after it; `checkpoint` from
    before that one, None where there is too little before it. It is small: no onset is followed in it yet.
    """

    statistic: Floats
    onset: Ints
    earliest: Ints
    latest: Ints
    size: Floats
    low: Floats
    high: Floats
    as_before: Bools
    trail: Trail | None
    behind: Trail | None
    checkpoint: Trail | None


def watch_look(
    values: Any, n: Any, start: int, *, kind: str = "mean", better: str = "higher", period: Any = 7,
    yearly: float | None = None, levels: Any = None, trails: Iterable[Trail | None] = (), settled: int | None = None,
) -> WatchLook:  # fmt: skip
    """As `watch_state` at the last period, for any budget. Of `trails`, those of earlier looks, the first is taken up
    that rests on the same figures. `settled` is the period from which on figures may still be revised (else the end):
    `behind` and the checkpoint take on what comes after it."""
    call = Call.of(values, n, start, kind, better, period, yearly, levels)
    T, blocks = call.given.Y.shape[1], call.calendar()
    if not blocks:
        return _look(call, None, None, None)
    trail = next((t for t in trails if t and max(t.t, t.block) <= T and _digest(call, t) == t.digest), None)
    mark = max((T if settled is None else min(settled, T)) - WINDOW, 0)
    groups: tuple[Group, ...] = () if trail is None else _copied(trail.groups)
    told: Mapping[str, Floats] = {} if trail is None else trail.told
    behind, checkpoint = None, None
    for first, last in blocks:
        if trail is not None and first < trail.block:
            continue
        if trail is None or first > trail.block:
            statistic = told.get("statistic", np.full(len(call.rows), np.nan))
            # A checkpoint before this block needs monitors that are not further yet.
            groups = call.begun(first, groups, statistic, anew=last == T and 0 < mark < first)
        if last == T:
            groups, checkpoint = _marked(call, groups, first, mark)
            if settled is not None and first < settled < T and all(g.running.t < settled for g in groups):
                told = _gone_on(call, groups, settled)
                groups = joined(groups)
                behind = _kept(call, Trail(settled, first, b"", _copied(groups), told))
        if any(group.running.t < last for group in groups):
            told = _gone_on(call, groups, last)
            groups = joined(groups)
    return _look(call, _kept(call, Trail(T, blocks[-1][0], b"", groups, told)), behind, checkpoint, told)


def _gone_on(call: Call, groups: tuple[Group, ...], last: int) -> dict[str, Floats]:
    """What the monitors say of period `last` - 1, in the values' units."""
    told = {name: np.full(len(call.rows), np.nan) for name in SAID}
    for group in groups:
        watched = call.watched(group, last)
        never = np.full(len(watched.y), np.inf)
        paths = group.running.on(
            watched, learnt=group.learnt, begin=call.start, start=last - 1, read=last - 1, sided=call.sided, limit=never
        )
        unit = group.taught.unit * call.sign
        size, half = paths.size[:, -1] * unit, 1.96 * paths.se[:, -1] * np.abs(unit)
        for name in ("statistic", "onset", "earliest", "latest"):
            told[name][group.rows] = getattr(paths, name)[:, -1]
        told["size"][group.rows], told["low"][group.rows], told["high"][group.rows] = size, size - half, size + half
    return told


def _marked(
    call: Call, groups: tuple[Group, ...], block: int, mark: int
) -> tuple[tuple[Group, ...], Trail | None]:  # fmt: skip
    """The monitors before period `mark`, which follow no onset, and what is kept of them; None where they are further
    than that."""
    if not mark or any(g.running.t > mark for g in groups):
        return groups, None
    for group in groups:
        # All that taught the parameters is given too, or the noise of these periods would be another one.
        watched = call.watched(group, max(mark, int(group.learnt.max())))
        group.running.bare(watched, learnt=group.learnt, until=mark)
    groups = joined(groups)
    return groups, _kept(call, Trail(mark, block, b"", _copied(groups), {}))


def _copied(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    return tuple(group.copied() for group in groups)


def _kept(call: Call, trail: Trail) -> Trail:
    """The trail, with what it rests on."""
    return replace(trail, digest=_digest(call, trail))


def _digest(call: Call, trail: Trail) -> bytes:
    """Of all that a trail rests on."""
    given, upto = call.given, max(trail.t, trail.block)
    options = METHOD, given.kind, call.start, call.sided, call.sign, given.wave, given.cycle, call.size, upto
    found = hashlib.blake2b(repr(options).encode(), digest_size=16)
    past = [given.Y[:, :upto], np.zeros(0) if given.N is None else given.N[:, :upto], given.profile[:upto]]
    for array in (call.rows, given.levels, *past):
        found.update(repr(array.shape).encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.digest()


def _look(
    call: Call, trail: Trail | None, behind: Trail | None, checkpoint: Trail | None,
    told: Mapping[str, Floats] | None = None,
) -> WatchLook:  # fmt: skip
    out = {name: np.full(call.size, np.nan) for name in SAID}
    for name, found in (told or {}).items():
        out[name][call.rows] = found
    onset, earliest, latest = (
        np.where(np.isfinite(out[name]), out[name], -1).astype(np.int64) for name in ("onset", "earliest", "latest")
    )
    return WatchLook(
        statistic=out["statistic"], onset=onset, earliest=earliest, latest=latest, size=out["size"], low=out["low"],
        high=out["high"], as_before=call.as_before(onset, call.given.Y.shape[1] - 1), trail=trail, behind=behind,
        checkpoint=checkpoint,
    )  # fmt: skip
