"""What a vendor deletes leaves the figures: told by a list of it, or missing where a whole list would hold it."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from collect_desk import NOW, everything, metric, plan
from test_collect_feeds import CSAT, STREAM, Desk, rows, serving, truth
from test_collect_intercom import AI, HOUR, PEOPLE, REPLY, T0, conversation, total

from cxmon import feeds
from cxmon.model import Read, Token
from cxmon.pipeline.collect import collect
from cxmon.sources import Freshdesk, Intercom, Rest, Zendesk
from cxmon.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
from freshdesk_stub import Account, rating
from intercom_stub import Inbox
from vendor_rules import judged
from vendor_stub import BROKEN
from zendesk_stub import Clocks, stamp, ulid

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def memory():
    with Store.open("sqlite://") as store:
        yield store


def collected(the, store, now=NOW, **more):
    """What each metric came to; there is no error."""
    done = collect(the, store, now=now, **more)
    assert [c.error for c in done] == [""] * len(done)
    return done


def inbox_of(vendor, *metrics, **more):
    inbox = Intercom(token=Token("t0ken"), base_url=vendor.url, allow_private=True, **more)
    return plan(Path(), list(metrics), sources={"inbox": inbox}, backfill=timedelta(days=60))


def test_a_deleted_conversation_is_missing_in_the_next_search_and_leaves(memory):
    """Conversations of 20 days, of which the search reads the last 14 again."""
    inbox = Inbox([conversation(i, reply=5, at=T0 + 24 * HOUR * i) for i in range(1, 20)], most=4)
    with inbox.serve() as vendor:
        the = inbox_of(vendor, REPLY)
        collected(the, memory)
        assert total(memory, REPLY)[0] == 19
        inbox.delete("17", int(NOW.timestamp()))
        inbox.delete("2", int(NOW.timestamp()))
        inbox.empty = True
        collected(the, memory, LATER)
        assert total(memory, REPLY)[0] == 18, "the older one is told of by a list only, which 2.15 does not have"
        assert {path for _, path, *_ in vendor.seen} == {"/conversations/search"}


def test_the_list_of_deleted_conversations_takes_both_ratings_away(memory):
    inbox = Inbox([conversation(i, people=5, ai=4) for i in range(6)], most=2)
    with inbox.serve() as vendor:
        the = inbox_of(vendor, PEOPLE, AI, version="2.16")
        collected(the, memory)
        assert (total(memory, PEOPLE), total(memory, AI)) == ((6, 6), (6, 6))
        for name in ("0", "1", "4"):
            inbox.delete(name, int(NOW.timestamp()))
        collected(the, memory, LATER)
        assert (total(memory, PEOPLE), total(memory, AI)) == ((3, 3), (3, 3))
        assert [params["page"] for _, path, params, *_ in vendor.seen if path.endswith("deleted")][-2:] == ["1", "2"]
        assert judged("intercom 2.16", vendor.seen)[0] == []
        # A workspace that has no such list is read all the same, and that is said.
        inbox.lists_deleted = False
        done = collected(the, memory, LATER + timedelta(hours=1))
        assert done[0].note == "conversations/deleted was refused: what is deleted there is not known from a list of it"


def test_a_rating_that_freshdesk_has_no_more_leaves(memory):
    account = Account(ratings=[rating(i, NOW - timedelta(days=i), 103) for i in range(1, 12)])
    of = metric("csat", source="desk", dimensions=(),
                read=Read(stream="satisfaction_ratings", time="created_at", value="satisfied"))  # fmt: skip
    with account.serve() as vendor:
        desk = Freshdesk(api_key=Token("k"), base_url=vendor.url, allow_private=True)
        the = plan(Path(), [of], sources={"desk": desk}, backfill=timedelta(days=60))
        collected(the, memory)
        assert total(memory, of) == (11, 11)
        del account.ratings[3]
        collected(the, memory, LATER)
        assert total(memory, of) == (10, 10)


def test_a_survey_response_that_zendesk_has_no_more_leaves(memory):
    """Of 40 days, of which the last 30 are read again. Made before, answered since: such a one is not missed."""
    of = metric("csat", source="desk", dimensions=(),
                read=Read(stream="survey_responses", time="answered_at", value="satisfied"))  # fmt: skip
    clocks, day = Clocks(now=NOW), 86_400

    def respond(answered, made, name=None):
        at = int(NOW.timestamp()) - answered * day
        name = name or ulid(at - made * day, len(clocks.responses))
        said = {"type": "rating_scale", "rating": 5, "created_at": stamp(at), "updated_at": stamp(at)}
        clocks.responses.append({"id": name, "answers": [said], "subject_zrns": [f"zen:ticket:{answered}"]})
        clocks.made[name] = at - made * day
        return name

    for days in range(1, 41):
        respond(days, 0)
    waited, odd = respond(25, 12), respond(5, 0, "survey-response-5")
    with clocks.serve() as vendor:
        desk = Zendesk(token=Token("t0ken"), base_url=vendor.url, allow_private=True)
        the = plan(Path(), [of], sources={"desk": desk}, backfill=timedelta(days=60))
        collected(the, memory)
        assert total(memory, of) == (42, 42)
        old, new = clocks.responses[37]["id"], clocks.responses[9]["id"]
        clocks.responses = [r for r in clocks.responses if r["id"] not in {waited, odd, old, new}]
        collected(the, memory, LATER)
        assert total(memory, of) == (41, 41)
        assert clocks.made[waited] < NOW.timestamp() - 30 * day < NOW.timestamp() - 25 * day


def desk_of(url, folder):
    stream = replace(STREAM, lookback=timedelta(days=10), swept_by=("created",))
    api = Rest(
        base_url=url, streams={"answers": stream}, allow_private=True, retries=0,
        auth=feeds.Bearer(token=Token("t0ken")),
    )  # fmt: skip
    return plan(folder, [CSAT], sources={"desk": api})


def test_only_a_whole_list_that_can_be_believed_takes_anything_away(tmp_path, memory):
    desk = Desk(rows(), size=3)
    desk.rows = {key: row | {"updated": row["created"] + 60} for key, row in desk.rows.items()}
    with serving(desk) as vendor:
        the = desk_of(vendor.url, tmp_path)
        collected(the, memory)
        whole = truth(desk)
        assert everything(memory, CSAT) == whole
        # Deleted within the lookback, and before it: only what would have been in the list is missed.
        old, new = desk.rows.pop(3), desk.rows.pop(35)
        collected(the, memory, LATER)
        assert everything(memory, CSAT) == truth(Desk([*desk.rows.values(), old]))
        # It comes back, as a search engine's index may have it.
        desk.rows[35] = new
        collected(the, memory, LATER)
        assert everything(memory, CSAT) == whole
        # A list that fails halfway, and one that has lost more than half, are no deletions.
        del desk.rows[35]
        vendor.faults = [None, BROKEN]
        assert not collect(desk_of(vendor.url, tmp_path), memory, now=LATER)[0].ok
        assert everything(memory, CSAT) == whole
        collected(the, memory, LATER)
        assert everything(memory, CSAT) == whole, "what one run began and another one ended is not seen as a whole"
        held, desk.rows = desk.rows, {}
        done = collected(the, memory, LATER)
        assert everything(memory, CSAT) == whole
        assert done[0].note.endswith("records were missing in a list that had lost more than half of them: they stay")
        desk.rows = held
        collected(the, memory, LATER)
        assert everything(memory, CSAT) == truth(Desk([*desk.rows.values(), old]))
