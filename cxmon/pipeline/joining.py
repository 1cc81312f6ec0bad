"""Small pages joined into one, so that not each of them is a transaction of its own."""

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

from cxmon.contracts import Batch, Facts, Pieces, Records


@dataclass(frozen=True, kw_only=True)
class Enough:
    """What is enough for a transaction: so many records, or pages of so many seconds. A vendor that sends large pages,
    or slowly, has each stored by itself."""

    rows: int = 1000
    seconds: float = 1.0


ENOUGH = Enough()


def joined(
    pages: Iterable[Batch], enough: Enough = ENOUGH, *, clock: Callable[[], float] = time.monotonic
) -> Generator[Batch, None, None]:
    """The same records with fewer cursors: of pages that are joined, the last one's, which stands for all of them.

    A page waits until there is `enough`, or the list ends; those that wait when the list fails come before its error.
    Memory is bounded by that and a page.
    """
    waiting: list[Facts] = []
    count, begun = 0, 0.0
    try:
        for page in pages:
            if not isinstance(page, Facts):
                yield page
                continue
            if waiting and not _fits(waiting, page):
                done, waiting, count = _one(waiting), [], 0
                yield done
            begun = begun if waiting else clock()
            waiting.append(page)
            count += len(page.upserts) + len(page.deletes)
            if page.complete or count >= enough.rows or clock() - begun >= enough.seconds:
                done, waiting, count = _one(waiting), [], 0
                yield done
    except Exception:
        if waiting:
            yield _one(waiting)
        raise
    if waiting:
        yield _one(waiting)


def _fits(waiting: list[Facts], page: Facts) -> bool:
    """Whether the store makes the same of the page behind the others as it would one by one.

    Of a page the deleted ids count last, so a record that comes back needs a page of its own.
    """
    deleted = {name for one in waiting for name in one.deletes}
    alike = {_columns(one.upserts) for one in (*waiting, page) if len(one.upserts)}
    return (
        deleted.isdisjoint(page.upserts.ids)
        and len(alike) <= 1
        and (waiting[0].pieces is None) == (page.pieces is None)
    )


def _columns(records: Records) -> tuple[object, ...]:
    return tuple(records.fields), bool(records.changed), bool(records.customers), bool(records.places)


def _one(pages: list[Facts]) -> Facts:
    if len(pages) == 1:
        return pages[0]
    last = pages[-1]
    return Facts(
        upserts=_records([page.upserts for page in pages]),
        deletes=tuple(name for page in pages for name in page.deletes),
        cursor=next((page.cursor for page in reversed(pages) if page.cursor is not None), None),
        complete=last.complete,
        through=next((page.through for page in reversed(pages) if page.through is not None), None),
        rejected=tuple(one for page in pages for one in page.rejected),
        pieces=_pieces([page.pieces for page in pages if page.pieces is not None]),
        note="; ".join(page.note for page in pages if page.note),
        sweep=last.sweep,
        forget=tuple(one for page in pages for one in page.forget),
    )


def _records(pages: list[Records]) -> Records:
    parts = [page for page in pages if len(page)] or pages[:1]
    return Records(
        ids=[x for part in parts for x in part.ids],
        fields={name: [x for part in parts for x in part.fields[name]] for name in parts[0].fields},
        changed=[x for part in parts for x in part.changed],
        customers=[x for part in parts for x in part.customers],
        places=[x for part in parts for x in part.places],
    )


def _pieces(parts: list[Pieces]) -> Pieces | None:
    """What makes records of pieces is the same for all pages of a list."""
    if not parts:
        return None
    return Pieces(
        of=[x for part in parts for x in part.of],
        keys=[x for part in parts for x in part.keys],
        values=[x for part in parts for x in part.values],
        at=[x for part in parts for x in part.at],
        records=parts[0].records,
    )
