"""Customers of whom nothing was heard since the periods that are counted began: what they are worth needs no history.

Most customers are such ones in most counts, and all of them together are a few steps over arrays. Pure.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cxmon.aggregate.states import NOTHING, UNTIL

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Quiet(NamedTuple):
    """Segments and worth of customers (Q,) who are worth something, all the time."""

    segment: Ints
    value: Floats


NOBODY = Quiet(np.zeros(0, np.int64), np.zeros(0))


class Told(NamedTuple):
    """States in columns (S,): `customer` and `subject` are numbers from 0 on; a subject has one customer."""

    customer: Ints
    subject: Ints
    at: Ints
    known: Ints
    holds: Ints
    value: Floats
    segment: Ints


def quiet(told: Told, since: int) -> tuple[Bools, Quiet]:
    """(which customers (C,) have to be looked at one by one, the others' worth from `since` on).

    A customer is quiet where each state held and was known by `since`, the newest instant of each subject has one state
    that says what holds from it on (as `states.timeline` would find it), and one subject at most is worth something.
    """
    if not len(told.at):
        return np.zeros(0, bool), NOBODY
    loud = np.zeros(int(told.customer.max()) + 1, bool)
    loud[told.customer[(told.at > since) | (told.known > since)]] = True
    subjects = int(told.subject.max()) + 1
    owner = np.zeros(subjects, np.int64)
    owner[told.subject] = told.customer
    order = np.lexsort((told.at, told.known, told.subject))
    newest = order[np.append(np.diff(told.subject[order]) != 0, True)]
    last = np.zeros(subjects, np.int64)
    last[told.subject[newest]] = newest
    mine = last[told.subject]
    says = np.flatnonzero((told.known == told.known[mine]) & (told.at == told.at[mine]) & (told.holds != UNTIL))
    loud[owner[np.bincount(told.subject[says], minlength=subjects) != 1]] = True
    worth = says[told.value[says] > NOTHING]
    loud |= np.bincount(told.customer[worth], minlength=len(loud)) > 1
    kept = worth[~loud[told.customer[worth]]]
    return loud, Quiet(told.segment[kept], told.value[kept])
