"""Small pages joined into one transaction: the store is the same, with fewer cursors."""

import itertools
from dataclasses import replace

import pytest
from collect_desk import NOW, everything, metric
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.contracts import Facts, Pieces, Records
from cxmon.errors import SourceError
from cxmon.model import Read
from cxmon.pipeline.joining import Enough, joined
from cxmon.store import Store

DAY = 86_400
T0 = int(NOW.timestamp()) - 40 * DAY
CSAT = metric("csat", source="desk", read=Read(stream="answers", time="created", value="satisfied"))
NUMBER = itertools.count()


def page(number, rows=(), deletes=(), **more):
    """A page of (id, day, satisfied, version)."""
    names, days, values, versions = zip(*rows, strict=True) if rows else ((), (), (), ())
    fields = {
        "created": [T0 + d * DAY for d in days], "satisfied": list(values), "channel": ["chat"] * len(rows),
    }  # fmt: skip
    upserts = Records(ids=list(names), fields=fields, changed=list(versions))
    return Facts(upserts=upserts, deletes=tuple(deletes), cursor=f"c{number}", **more)


def many(sizes, complete=True):
    pages, first = [], 0
    for k, size in enumerate(sizes):
        pages.append(page(k, [(f"t{i}", i % 30, 1, 1) for i in range(first, first + size)]))
        first += size
    return [*pages[:-1], replace(pages[-1], complete=complete)]


def test_pages_wait_until_there_are_enough_records():
    found = list(joined(many([400, 0, 599, 1, 300, 2000, 50]), clock=lambda: 0.0))
    assert [len(f.upserts) for f in found] == [1000, 2300, 50]
    assert [f.cursor for f in found] == ["c3", "c5", "c6"]
    assert [f.complete for f in found] == [False, False, True]


def test_and_no_longer_than_a_second_after_the_first_of_them_came():
    times = iter([0.0, 0.1, 1.1, 5.0, 5.1, 5.9])
    # A look when the first comes, and one behind each page.
    found = list(joined(many([10, 10, 10, 10], complete=False), clock=lambda: next(times)))
    assert [len(f.upserts) for f in found] == [20, 20]


def test_what_came_before_an_error_comes_before_it():
    def pages():
        yield from many([3, 4], complete=False)
        raise SourceError("gone")

    found = joined(pages(), clock=lambda: 0.0)
    assert len(next(found).upserts) == 7
    with pytest.raises(SourceError, match="gone"):
        next(found)


def test_pages_that_are_not_alike_are_not_joined():
    other = Facts(upserts=Records(ids=["x"], fields={"rating": [1]}, changed=[1]), cursor="other")
    pieces = Pieces(of=["t"], keys=["a"], values=[[1]], at=[1], records=lambda _known: Records())
    found = list(joined([page(0, [("a", 1, 1, 1)]), other, Facts(pieces=pieces), Facts(pieces=pieces)], clock=float))
    assert [f.cursor for f in found] == ["c0", "other", None]
    assert found[2].pieces.of == ["t", "t"]


@pytest.fixture(scope="module")
def memory():
    with Store.open("sqlite://") as store:
        yield store


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(
                st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.integers(0, 1), st.integers(1, 3)), max_size=3
            ),
            st.lists(st.sampled_from("abcd"), max_size=1),
        ),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 9),
)
def test_the_store_is_the_same(memory, pages, rows):
    """Whatever is repeated, deleted and comes back."""
    of = [page(k, rows_, deletes) for k, (rows_, deletes) in enumerate(pages)]
    held = []
    for batches in (of, joined(of, Enough(rows=rows), clock=lambda: 0.0)):
        own = replace(CSAT, id=f"csat{next(NUMBER)}", source=f"desk{next(NUMBER)}")
        for batch in batches:
            memory.facts.take([own], batch, now=NOW)
        memory.facts.settle(own, now=NOW)
        assert memory.facts.progress(own).cursor == of[-1].cursor
        held.append(everything(memory, own))
    assert held[0] == held[1]
