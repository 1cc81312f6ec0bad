"""Intercom into the store: two kinds of ratings that never mix, and conversations that still wait for a reply."""

import sys
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from collect_desk import NOW, everything, metric, plan

from cxmon.config import load
from cxmon.model import Kind, Read, Token
from cxmon.pipeline.collect import collect
from cxmon.sources import Intercom

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
from intercom_stub import Inbox
from vendor_stub import RESET, Reply

HOUR = 3600
T0 = int(NOW.timestamp()) - 20 * 24 * HOUR
RATED = {
    who: Read(stream="ratings", time="rated_at", value="satisfied", only={"rated": (who,)}) for who in ("people", "ai")
}
PEOPLE, AI = (metric(who, source="inbox", read=read, dimensions=()) for who, read in RATED.items())
BOTH = metric(
    "both", source="inbox", dimensions=("rated",), read=Read(stream="ratings", time="rated_at", value="satisfied")
)
REPLY = metric(
    "reply", Kind.QUANTILE, source="inbox", dimensions=(), zone="UTC",
    read=Read(
        stream="conversations", time="first_contact_at", value="first_reply_min", censored=True,
        only={"handled": ("people", "both")},
    ),
)  # fmt: skip


def conversation(i, people=None, ai=None, reply=None, at=None, **more):
    at = T0 + HOUR * i if at is None else at
    rating = {"rating": people, "created_at": at + 60, "updated_at": at + 90}
    agent = {"resolution_state": "assumed_resolution", "rating": ai, "created_at": at + 30, "updated_at": at + 40}
    return {
        "type": "conversation", "id": str(i), "created_at": at, "updated_at": at + 100, "state": "closed",
        "source": {"type": "email", "delivered_as": "customer_initiated"}, "ai_agent_participated": ai is not None,
        "conversation_rating": rating if people else None, "ai_agent": agent if ai else None,
        "statistics": {"first_contact_reply_at": at, "first_admin_reply_at": reply and at + 60 * reply},
    } | more  # fmt: skip


def of(vendor, *metrics):
    inbox = Intercom(token=Token("t0ken"), base_url=vendor.url, allow_private=True)
    return plan(Path(), list(metrics), sources={"inbox": inbox}, backfill=timedelta(days=60))


def total(store, one):
    """(answers, satisfied ones) in all."""
    return tuple(int(x) for x in np.sum(list(everything(store, one).values()) or [(0, 0)], axis=0))


def test_ratings_of_people_and_of_the_ai_agent_never_mix(store):
    inbox = Inbox([conversation(1, people=5), conversation(2, people=2, ai=5), conversation(3, ai=1)], most=2)
    inbox.empty = inbox.overlap = True
    with inbox.serve() as vendor:
        vendor.faults = [None, Reply("", 429, Retry_After="0"), RESET]
        done = collect(of(vendor, PEOPLE, AI, BOTH), store, now=NOW)
        assert [(c.error, c.rejected) for c in done] == [("", 0)] * 3
        assert (total(store, PEOPLE), total(store, AI)) == ((2, 1), (2, 1))
        kept = everything(store, AI)
        # People's rating is replaced by the customer; the AI agent's stays what it was, and so does its figure.
        inbox.put(id="2", conversation_rating={"rating": 4, "created_at": T0, "updated_at": T0 + 3 * HOUR})
        collect(of(vendor, PEOPLE, AI, BOTH), store, now=NOW + timedelta(hours=1))
    assert (total(store, PEOPLE), everything(store, AI)) == ((2, 2), kept)
    sums = {}
    for (key, _), figures in everything(store, BOTH).items():
        sums[key] = np.add(sums.get(key, (0, 0)), figures).tolist()
    assert sums == {'{"rated": "people"}': [2, 2], '{"rated": "ai"}': [2, 1]}


def test_the_first_configuration_counts_who_was_asked_by_the_day_of_the_question(sqlite_store):
    environ = {"INTERCOM_TOKEN": "t0ken", "CXMON_HASH_KEY": "sixteen and more of chance"}
    first = load(Path(str(files("cxmon.config") / "first-intercom.yaml")), environ=environ).metrics
    asked = {"created_at": T0, "rating": None}
    held = [conversation(1, people=5), conversation(2, people=2), conversation(3), conversation(4)]
    held[2]["conversation_rating"] = asked
    with Inbox(held).serve() as vendor:
        collect(of(vendor, first["csat"], first["response_rate"]), sqlite_store, now=NOW)
    assert first["csat"].response_of == "response_rate"
    assert total(sqlite_store, first["csat"]) == (2, 1)
    assert total(sqlite_store, first["response_rate"]) == (3, 2)


def test_a_conversation_without_a_reply_is_longer_than_all_others_until_it_has_one(sqlite_store):
    held = [conversation(i, reply=10 * i) for i in (1, 2)] + [conversation(i) for i in (3, 4, 6)]
    held += [conversation(5, ai=4)]
    inbox = Inbox(held, most=50)
    with inbox.serve() as vendor:
        collect(of(vendor, REPLY), sqlite_store, now=NOW)
        panel = sqlite_store.panel(REPLY)
        assert panel.n.sum() == 5, "what the AI agent answered alone waits for nobody"
        assert np.isnan(panel.quantile()[0, 0]), "the median is among those that wait"
        inbox.put(**conversation(3, reply=15))
        collect(of(vendor, REPLY), sqlite_store, now=NOW + timedelta(hours=1))
        assert sqlite_store.panel(REPLY).quantile()[0, 0] == pytest.approx(20, rel=0.05)


def test_a_clock_that_is_wrong_and_a_failure_halfway_lose_nothing(sqlite_store):
    ahead = int(NOW.timestamp()) + 73 * 365 * 24 * HOUR
    held = [conversation(i, people=5, ai=None) for i in range(1, 6)]
    held += [conversation(8, people=5, at=int(NOW.timestamp()) + 300)]
    inbox = Inbox(held, most=2)
    with inbox.serve() as vendor:
        vendor.faults = [None, Reply({}, 403)]
        [done] = collect(of(vendor, PEOPLE), sqlite_store, now=NOW)
        assert done.error.startswith("inbox: page 2 of POST conversations/search: answered 403: ")
        assert total(sqlite_store, PEOPLE) == (2, 2)
        vendor.seen.clear()
        inbox.put(**conversation(9, people=5, at=ahead, updated_at=T0 + 50 * HOUR))
        [done] = collect(of(vendor, PEOPLE), sqlite_store, now=NOW)
        assert (done.error, done.rejected) == ("", 1), "the year 2099 is set aside"
        assert vendor.seen[0][3]["pagination"]["starting_after"] == "p1", "it goes on where it stopped"
    assert total(sqlite_store, PEOPLE) == (6, 6)
