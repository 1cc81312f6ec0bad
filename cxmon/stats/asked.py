"""The arguments of `effect` and `effects`, checked: ValueError says which one is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cxmon.stats.arrays import Bools, Floats
from cxmon.stats.noise import KINDS


@dataclass(frozen=True, eq=False)
class Asked:
    """S series on one time grid with one date: values, n, se, complete (S, T); controls with their n and se (C, K, T)
    where C is S, or 1 when all series share them. `others` are (at, until) of other changes on these series."""

    values: Floats
    at: int
    until: int
    n: Floats | None
    se: Floats | None
    kind: str
    period: Any
    yearly: float | None
    complete: Floats
    controls: Floats | None
    controls_n: Floats | None
    controls_se: Floats | None
    others: tuple[tuple[int, int], ...] = ()

    def rows(self, kept: Bools) -> "Asked":
        """The same for some of the series."""
        if kept.all():
            return self

        def own(x: Floats | None) -> Floats | None:
            return None if x is None else x[kept]

        def theirs(x: Floats | None) -> Floats | None:
            return x if x is None or len(x) < len(kept) else x[kept]

        return replace(
            self, values=self.values[kept], complete=self.complete[kept], n=own(self.n), se=own(self.se),
            controls=theirs(self.controls), controls_n=theirs(self.controls_n), controls_se=theirs(self.controls_se),
        )  # fmt: skip


def asked(
    values: Any, at: Any, *, until: Any = None, n: Any = None, se: Any = None, controls: Any = None,
    controls_n: Any = None, controls_se: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None,
    complete: Any = None, others: Sequence[tuple[int, int]] = (),
) -> list[tuple[Bools, Asked]]:  # fmt: skip
    """The question in blocks of series with one date each: which rows (S,), and what is asked of them."""
    Y = np.asarray(values, float)
    if Y.ndim != 2:
        raise ValueError(f"values has shape {Y.shape}, expected (S, T)")
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    S, T = Y.shape
    starts = np.broadcast_to(np.asarray(at, np.int64), (S,))
    if (starts < 0).any():
        raise ValueError(f"at is {int(starts.min())}, expected 0 or more")
    ends = np.maximum(T, starts + 1) if until is None else np.broadcast_to(np.asarray(until, np.int64), (S,))
    if (ends <= starts).any():
        s = int(np.flatnonzero(ends <= starts)[0])
        raise ValueError(f"until is {ends[s]}, expected more than at = {starts[s]}")
    whole = Asked(
        values=Y, at=0, until=0, n=_of_series("n", n, S, T), se=_of_series("se", se, S, T), kind=kind, period=period,
        yearly=yearly, complete=_complete(complete, S, T), controls=_of_controls("controls", controls, S, T),
        controls_n=_of_controls("controls_n", controls_n, S, T),
        controls_se=_of_controls("controls_se", controls_se, S, T),
        others=tuple((int(begins), int(ends)) for begins, ends in others),
    )  # fmt: skip
    for name in ("controls_n", "controls_se"):
        given = getattr(whole, name)
        if given is not None and (whole.controls is None or given.shape[1:] != whole.controls.shape[1:]):
            raise ValueError(f"{name} has shape {given.shape[1:]}, expected that of controls")
    if any(begins < 0 or ends <= begins for begins, ends in whole.others):
        raise ValueError(f"others is {list(whole.others)}, expected (at, until) with 0 <= at < until")
    whole = _aligned(whole, S)
    out = []
    for start, end in sorted({(int(s), int(e)) for s, e in zip(starts, ends, strict=True)}):
        mask = (starts == start) & (ends == end)
        out.append((mask, replace(whole.rows(mask), at=start, until=min(end, T))))
    return out


def _aligned(a: Asked, S: int) -> Asked:
    """Controls that all series share beside counts or errors that differ: one copy each."""
    sizes = {len(x) for x in (a.controls, a.controls_n, a.controls_se) if x is not None}
    if len(sizes) < 2:
        return a

    def wide(x: Floats | None) -> Floats | None:
        return None if x is None else np.broadcast_to(x, (S, *x.shape[1:]))

    return replace(a, controls=wide(a.controls), controls_n=wide(a.controls_n), controls_se=wide(a.controls_se))


def _complete(given: Any, S: int, T: int) -> Floats:
    found = _of_series("complete", given, S, T)
    return np.ones((S, T)) if found is None else np.clip(np.nan_to_num(found), 0.0, 1.0)


def _of_series(name: str, given: Any, S: int, T: int) -> Floats | None:
    if given is None:
        return None
    found = np.asarray(given, float)
    if found.shape not in {(T,), (S, T)}:
        raise ValueError(f"{name} has shape {found.shape}, expected ({T},){'' if S == 1 else f' or ({S}, {T})'}")
    return np.broadcast_to(found, (S, T))


def _of_controls(name: str, given: Any, S: int, T: int) -> Floats | None:
    if given is None:
        return None
    found = np.asarray(given, float)
    if found.ndim == 1:
        found = found[None]
    if found.ndim == 2:
        found = found[None]
    if found.ndim != 3 or found.shape[0] not in {1, S} or (found.size and found.shape[2] != T):
        raise ValueError(f"{name} has shape {np.shape(given)}, expected (K, {T}){'' if S == 1 else f' or (S, K, {T})'}")
    return found.reshape(found.shape[0], -1, T) if found.size else found.reshape(found.shape[0], 0, T)
