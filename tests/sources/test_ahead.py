"""What is done ahead: the next page while one is read, the next batch while one is stored, and never more than that."""

import threading
import time
from datetime import timedelta

import pytest
from source_cases import NOW, metric
from vendor_stub import Reply, Vendor

from cxmon import feeds
from cxmon.contracts import Request
from cxmon.errors import DriftError, SourceError
from cxmon.feeds.ahead import begun, one_ahead
from cxmon.feeds.client import Client
from cxmon.model import Window

# Far longer than anything here takes: what has not happened by then never will.
PATIENCE = 20.0
REQUEST = Request(metric=metric(), window=Window(NOW - timedelta(days=1), NOW), now=NOW, ahead=True)


def answers(score):
    """A list by cursors, of whose records `score` reads the only field."""
    return feeds.Stream(
        name="answers", path="answers", records=feeds.path("data"), record_id=feeds.path("id"),
        changed=feeds.path("at"), fields={"score": score}, required=frozenset({"score"}),
        paging=feeds.CursorPages(cursor="next", param="cursor"),
    )  # fmt: skip


def counting(made, closed, last=5):
    try:
        for i in range(last):
            made.append((i, threading.get_ident()))
            yield i
    finally:
        closed.set()


def test_the_items_are_the_same_all_made_by_one_other_thread():
    made, closed = [], threading.Event()
    assert list(one_ahead(counting(made, closed))) == [0, 1, 2, 3, 4]
    assert closed.wait(PATIENCE)
    (thread,) = {where for _, where in made}
    assert thread != threading.get_ident()


def test_one_is_made_while_the_one_before_is_used_and_no_more():
    second, release = threading.Event(), threading.Event()
    asked = []

    def items():
        yield "first"
        asked.append(2)
        second.set()
        release.wait(PATIENCE)
        yield "second"
        asked.append(3)
        yield "third"

    found = one_ahead(items())
    assert next(found) == "first"
    assert second.wait(PATIENCE), "it is made before anybody asks for it"
    assert asked == [2]
    release.set()
    assert [next(found), next(found)] == ["second", "third"]


def test_what_went_wrong_comes_after_what_came_before_it():
    def items():
        yield 1
        raise SourceError("gone")

    found = one_ahead(items())
    assert next(found) == 1
    with pytest.raises(SourceError, match="gone"):
        next(found)
    with pytest.raises(SourceError, match="at once"):
        begun(lambda: (_ for _ in ()).throw(SourceError("at once"))).result(PATIENCE)


def test_whoever_takes_no_more_ends_it():
    made, closed = [], threading.Event()
    found = one_ahead(counting(made, closed, last=1_000_000))
    next(found)
    found.close()
    assert closed.wait(PATIENCE)
    assert len(made) <= 3


def test_the_next_page_is_asked_for_before_this_one_is_read():
    """A field that is only read once the server was asked for the page behind it."""
    asked = threading.Event()
    waited = []

    def answer(params, _document):
        second = params.get("cursor") == "2"
        if second:
            asked.set()
        rows = [{"id": int(second) + 1, "at": int(NOW.timestamp()) - 60}]
        return {"data": rows, "next": None if second else "2"}

    def score(row):
        waited.append(asked.wait(PATIENCE) if row["id"] == 1 else True)
        return row["id"]

    with Vendor(answers=answer) as vendor, Client("desk", vendor.url, None, allow_private=True) as client:
        found = [page.upserts.fields["score"][0] for page in feeds.read(client, answers(score), REQUEST)]
    assert (found, waited) == ([1, 2], [True, True])


def test_a_client_is_closed_when_nothing_is_asked_any_more():
    """Whoever comes next may ask the same vendor, such as the same pull without a field that records lack."""
    asked, answered = threading.Event(), threading.Event()

    def answer(params, _document):
        if "cursor" in params:
            asked.set()
            time.sleep(0.1)
            answered.set()
            return {"data": [], "next": None}
        return {"data": [{"id": i, "at": int(NOW.timestamp()) - 60} for i in range(20)], "next": "2"}

    def missing(_row):
        asked.wait(PATIENCE)
        return feeds.path("score")({})

    with Vendor(answers=answer) as vendor:
        with (
            pytest.raises(DriftError, match="none of 20 records has score"),
            Client("desk", vendor.url, None, allow_private=True) as client,
        ):
            list(feeds.read(client, answers(missing), REQUEST))
        assert answered.is_set()
        with pytest.raises(SourceError, match="nobody waits for it any more"):
            client.send(feeds.Call(url="answers"))


def test_nothing_is_asked_beside_while_the_vendor_asks_to_wait():
    refused = threading.Event()

    def answer(params, _document):
        rows = [{"id": 1, "at": int(NOW.timestamp()) - 60}]
        if "cursor" not in params:
            return {"data": rows, "next": "2"}
        if not refused.is_set():
            refused.set()
            return Reply({"error": "rate_limit"}, 429, Retry_After="0.2")
        return {"data": [], "next": None}

    def score(_row):
        assert refused.wait(PATIENCE)
        return client.send(feeds.Call(url="question")).data["score"]

    routes = {"answers": answer, "question": lambda _params, _document: {"score": 3}}
    with Vendor(**routes) as vendor, Client("desk", vendor.url, None, allow_private=True) as client:
        found = [page.upserts.fields["score"] for page in feeds.read(client, answers(score), REQUEST)]
    assert found == [[3], []]
    assert [place for _, place, *_ in vendor.seen] == ["/answers", "/answers", "/answers", "/question"]
