"""Customers whose states are in order: of one subject, each known when it began, none saying what was before it.

Each of their states holds until the next one, so that the histories of all of them are a few steps over arrays. A
backfill knows nearly all customers so. Pure.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cxmon.aggregate.churn_grid import BLOCK, SUMS, Grid
from cxmon.aggregate.quiet import Bools, Floats, Ints, Told
from cxmon.aggregate.states import NOTHING, UNTIL

_NOBODY = -1
_N, _TOTAL, _SQUARES, _BASE, _BASE_SQUARES, _CROSS = range(len(SUMS))


class Histories(NamedTuple):
    """What customers are worth from when on, in columns (H,), by customer and then by instant: from `at` on, until the
    next row of the same customer, it is `value` in `segment`. As `states.timeline` finds it."""

    customer: Ints
    at: Ints
    value: Floats
    segment: Ints


NO_HISTORIES = Histories(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


def orderly(told: Told) -> Bools:
    """Which customers (C,) have states in order."""
    if not len(told.at):
        return np.zeros(0, bool)
    found = np.ones(int(told.customer.max()) + 1, bool)
    found[told.customer[(told.holds == UNTIL) | (told.known != told.at)]] = False
    owner = np.full(int(told.subject.max()) + 1, _NOBODY, np.int64)
    owner[told.subject] = told.customer
    found &= np.bincount(owner[owner != _NOBODY], minlength=len(found)) <= 1
    # Which of two states of one instant counts is a question of their names.
    order = np.lexsort((told.at, told.customer))
    customer, at = told.customer[order], told.at[order]
    found[customer[1:][(np.diff(customer) == 0) & (np.diff(at) == 0)]] = False
    return found


def histories(told: Told, chosen: Bools) -> Histories:
    """The histories of the `chosen` ones (C,), all of them orderly."""
    rows = np.flatnonzero(chosen[told.customer])
    rows = rows[np.lexsort((told.at[rows], told.customer[rows]))]
    worth = told.value[rows] > NOTHING
    customer, value = told.customer[rows], np.where(worth, told.value[rows], 0.0)
    segment = np.where(worth, told.segment[rows], _NOBODY)
    first = _begins(customer)
    # Before the first state there was nothing.
    kept = np.where(first, worth, (value != _before(value)) | (segment != _before(segment)))
    return Histories(customer[kept], told.at[rows][kept], value[kept], segment[kept])


def _begins(numbers: npt.NDArray[np.int64]) -> Bools:
    """Where a run of equal numbers begins."""
    return np.append(np.ones(min(1, len(numbers)), bool), np.diff(numbers) != 0)


def _before(column: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return np.append(column[:1], column[:-1])


def added(sums: Floats, found: Histories, grid: Grid) -> None:
    """Adds what the customers bring to the periods to `sums`, (sums, segments x periods): `churn` says what that is."""
    if len(found.at):
        _at_risk(sums, found, grid)
        _lost(sums, found, grid)


def _at_risk(sums: Floats, found: Histories, grid: Grid) -> None:
    width = len(grid.starts)
    first = np.searchsorted(grid.opens, found.at)
    last = np.append(first[1:], width)
    last[np.append(_begins(found.customer)[1:], True)] = width
    there = np.flatnonzero((found.value > 0) & (first < last))
    first, last, segment = first[there], last[there], found.segment[there]
    # One more column for those who stay to the end: whole numbers come and go without a rest.
    steps = np.zeros((sums.shape[1] // width, width + 1))
    np.add.at(steps, (segment, first), 1.0)
    np.add.at(steps, (segment, last), -1.0)
    sums[_N] += np.cumsum(steps, axis=1)[:, :-1].reshape(-1)
    if grid.money:
        money = found.value[there]
        for block in _blocks(last - first, np.arange(len(there))):
            row, period = spread(first[block], last[block])
            cell, worth = segment[block][row] * width + period, money[block][row]
            sums[_BASE] += np.bincount(cell, weights=worth, minlength=sums.shape[1])
            sums[_BASE_SQUARES] += np.bincount(cell, weights=worth * worth, minlength=sums.shape[1])


def _lost(sums: Floats, found: Histories, grid: Grid) -> None:
    """What happened in each period to each customer: their rows in it are neighbours."""
    ends, opens = np.searchsorted(grid.ends, found.at), np.searchsorted(grid.opens, found.at)
    head = np.maximum.accumulate(np.where(_begins(found.customer), np.arange(len(found.at)), 0))
    opens = np.maximum(opens, ends)
    for block in _blocks(opens - ends, head):
        row, period = spread(ends[block], opens[block])
        _of_periods(sums, found, grid, head, row + block.start, period)


def _of_periods(sums: Floats, found: Histories, grid: Grid, head: Ints, row: Ints, period: Ints) -> None:
    order = np.lexsort((row, period, found.customer[row]))
    row, period = row[order], period[order]
    if not len(row):
        return
    of = _begins(found.customer[row]) | _begins(period)
    starts = np.flatnonzero(of)
    group, period = np.cumsum(of) - 1, period[starts]
    first, last = row[starts], row[np.append(starts[1:], len(row)) - 1]
    known = first > head[first]
    before = np.where(known, found.value[first - 1], 0.0)
    # Without anything at the beginning a customer counts in the first segment that there was.
    segment = found.segment[np.where(before > 0, first - 1, head[first])]
    if grid.rolling:
        old = np.where(row > head[row], found.value[row - 1], 0.0)
        fall = old - found.value[row]
        counts = (fall > NOTHING) & (grid.money | (found.value[row] <= 0))
        lost = np.bincount(group, weights=np.where(counts, fall if grid.money else 1.0, 0.0))
    else:
        fall = np.where(before > 0, before - found.value[last], 0.0)
        counts = (fall > NOTHING) if grid.money else (fall > 0) & (found.value[last] <= 0)
        lost = np.where(counts, fall if grid.money else 1.0, 0.0)
    cell, size = segment * len(grid.starts) + period, sums.shape[1]
    if grid.rolling:
        sums[_N] += np.bincount(cell[~known], minlength=size)
    figures = {_TOTAL: lost}
    if grid.money:
        figures |= {_SQUARES: lost * lost, _CROSS: lost * before}
    for k, figure in figures.items():
        sums[k] += np.bincount(cell, weights=figure, minlength=size)


def spread(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """(row, period) of each period from `first` (R,) to `last`, without it, of each row."""
    count = last - first
    row = np.repeat(np.arange(len(count)), count)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + first[row]


def _blocks(counts: Ints, head: Ints) -> Iterator[slice]:
    """Rows in turn, of which each block has about as many periods as are added up at a time. A block begins at a row's
    `head`: what belongs together is never apart."""
    whole = np.cumsum(counts)
    cuts = np.searchsorted(whole, np.arange(BLOCK, int(whole[-1]) if len(whole) else 0, BLOCK))
    edges = np.unique([0, *head[cuts].tolist(), len(counts)]).tolist()
    return (slice(a, b) for a, b in pairwise(edges))
