"""Incidents and the outbox: written together, judged once, claimed by one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store_cases import CHAT, NOW, PHONE, everything, incident, message, outbox_row, transition
from test_store_decisions import verdict

from cxmon.errors import StoreError
from cxmon.model import EVERYONE, Delivery, Ending, IncidentState, Receipt, Step

HOUR = timedelta(hours=1)


def commit(store, *incidents, seen=None, through=NOW, transitions=(), outbox=(), **more):
    asked = {"check": "floor", "subject": "csat", "now": NOW} | more
    return store.incidents.commit(
        seen_through=seen, through=through, incidents=incidents, transitions=transitions, outbox=outbox, **asked
    )


def test_an_incident_comes_with_its_steps_its_messages_and_its_verdict(store):
    assert commit(store, incident(), transitions=[transition()], outbox=[outbox_row()], verdicts=[verdict()])
    (found,) = store.incidents.open()
    assert (found.members, found.state, found.latest.value) == ((PHONE,), IncidentState.OPEN, 0.71)
    assert store.incidents.history("i1") == [transition()]
    assert store.outbox.rows() == [replace(outbox_row(), queued_at=NOW)]
    assert store.verdicts.latest("weekend").version == 1
    assert store.incidents.evaluated_through("floor", "csat") == NOW


def test_who_looks_at_old_figures_writes_nothing(store):
    assert commit(store, through=NOW)
    before = everything(store)
    late = {"transitions": [transition()], "outbox": [outbox_row()], "verdicts": [verdict()]}
    assert not commit(store, incident(), seen=None, through=NOW + HOUR, **late)
    assert not commit(store, incident(), seen=NOW - HOUR, through=NOW + HOUR, **late)
    assert not commit(store, incident(), seen=NOW, through=NOW - HOUR, **late)
    assert everything(store) == before
    assert commit(store, incident(), seen=NOW, through=NOW + HOUR, transitions=[transition()])
    assert store.incidents.evaluated_through("floor", "other") is None


def test_a_series_belongs_to_one_open_incident_of_a_check(store):
    assert commit(store, incident("i1", members=(EVERYONE, PHONE)))
    before = everything(store)
    with pytest.raises(StoreError, match="one of its series already belongs to another open incident of check floor"):
        commit(store, incident("i2", members=(PHONE,)), seen=NOW, through=NOW + HOUR, outbox=[outbox_row()])
    assert everything(store) == before
    assert commit(store, incident("i3", members=(CHAT,)), seen=NOW)
    assert commit(store, replace(incident("i4"), check="watch"), check="watch")


def test_a_series_may_pass_from_an_ended_incident_to_a_new_one_within_one_commit(store):
    commit(store, incident("i1"))
    ended = replace(incident("i1"), state=IncidentState.ENDED, ending=Ending.RECOVERED, ended_at=NOW)
    assert commit(store, incident("i2", at=NOW + HOUR), ended, seen=NOW, through=NOW + HOUR)
    assert [i.id for i in store.incidents.open()] == ["i2"]
    assert [i.id for i in store.incidents.recent(10)] == ["i2", "i1"]
    assert store.incidents.get("i1").ending is Ending.RECOVERED
    assert store.incidents.get("none") is None


def test_open_incidents_are_those_that_have_not_ended_pending_ones_included(store):
    pending = replace(incident("p"), state=IncidentState.PENDING)
    other = replace(incident("v", members=(EVERYONE,)), check="verdict", subject="weekend")
    commit(store, pending)
    commit(store, other, check="verdict", subject="weekend")
    assert {i.id for i in store.incidents.open()} == {"p", "v"}
    assert [i.id for i in store.incidents.open("floor")] == ["p"]


def test_an_incident_that_lasts_is_known_however_many_came_after_it(store):
    ended = {"state": IncidentState.ENDED, "ending": Ending.RECOVERED, "ended_at": NOW + 9 * HOUR}
    later = [replace(incident(f"i{hour}", at=NOW + hour * HOUR), **ended) for hour in range(1, 6)]
    commit(store, incident("old", members=(CHAT,)), *later)
    commit(store, replace(incident("other", at=NOW + HOUR), check="watch"), check="watch")
    assert [i.id for i in store.incidents.of("floor", "csat", limit=2)] == ["i5", "i4", "old"]
    assert [i.id for i in store.incidents.of("floor", "csat")] == ["i5", "i4", "i3", "i2", "i1", "old"]
    assert store.incidents.of("floor", "churn") == []


def test_what_is_done_by_hand_is_written_with_its_message(store):
    commit(store, incident(), transitions=[transition()])
    known = replace(incident(), state=IncidentState.ACKNOWLEDGED, acknowledged_by="Operations")
    step = transition(step=Step.ACKNOWLEDGED, at=NOW + HOUR)
    store.incidents.amend(known, step, [outbox_row()])
    assert store.incidents.get("i1").acknowledged_by == "Operations"
    assert [t.step for t in store.incidents.history("i1")] == [Step.OPENED, Step.ACKNOWLEDGED]
    assert len(store.outbox.rows()) == 1


def queued(store, *rows):
    store.outbox.queue(rows, NOW)


def test_the_same_news_is_queued_once(store):
    queued(store, outbox_row("k"), outbox_row("k"))
    assert commit(store, outbox=[outbox_row("k"), outbox_row("l")])
    assert [r.key for r in store.outbox.rows()] == ["l", "k"]


def test_rows_are_claimed_oldest_first_and_once(store):
    queued(store, *(outbox_row(f"k{i}", thread=f"t{i}") for i in range(5)))
    first = store.outbox.claim(NOW, worker="a", limit=3)
    assert [(r.key, r.state, r.attempts, r.claimed_at) for r in first] == [
        (f"k{i}", Delivery.SENDING, 1, NOW) for i in range(3)
    ]
    assert [r.key for r in store.outbox.claim(NOW, worker="b")] == ["k3", "k4"]
    assert store.outbox.claim(NOW, worker="c") == []


def test_an_idle_claim_is_no_news(store):
    version = store.version()
    assert store.outbox.claim(NOW, worker="a") == []
    assert store.outbox.doubtful(NOW, 60) == []
    assert store.version() == version


def test_a_thread_goes_on_in_order_one_message_at_a_time_in_each_channel(store):
    queued(store, outbox_row("a1", "a"), outbox_row("a2", "a"), outbox_row("a1c", "a", "console"), outbox_row("b", "b"))
    assert [r.key for r in store.outbox.claim(NOW, worker="w")] == ["a1", "a1c", "b"]
    assert store.outbox.claim(NOW, worker="w") == []
    store.outbox.later("a1", "429", NOW + HOUR)
    assert store.outbox.claim(NOW, worker="w") == []
    assert [(r.key, r.attempts, r.error) for r in store.outbox.claim(NOW + HOUR, worker="w")] == [("a1", 2, "429")]
    store.outbox.sent("a1", Receipt(channel="slack", ref="1.2"), NOW + HOUR)
    assert [r.key for r in store.outbox.claim(NOW + HOUR, worker="w")] == ["a2"]
    store.outbox.sent("a2", Receipt(channel="slack", ref="1.3"), NOW + HOUR)
    assert store.outbox.first_receipt("a", "slack") == Receipt(channel="slack", ref="1.2")
    assert store.outbox.first_receipt("a", "console") is None


def test_rows_are_taken_sent_and_put_back_together(store):
    rows = [outbox_row(f"k{i}", f"t{i}") for i in range(4)]
    queued(store, *rows, outbox_row("k0b", "t0"))
    keys = [r.key for r in rows]
    assert store.outbox.crowded(NOW, 5) == ["slack"]
    assert store.outbox.crowded(NOW, 6) == []
    assert store.outbox.take(keys, NOW, worker="a", lease_s=60, error="together")
    assert not store.outbox.take(["k0b", "k1"], NOW, worker="b", lease_s=60, error="together")
    assert [r.key for r in store.outbox.rows(Delivery.WAITING)] == ["k0b"]
    assert store.outbox.pending("slack") == []
    store.outbox.later_together(keys[:1], "429", NOW + HOUR)
    assert [r.key for r in store.outbox.pending("slack")] == ["k0", "k0b"]
    landed = Receipt(channel="slack", ref="1.2", detail="x")
    store.outbox.sent_together(keys[1:], landed, NOW)
    assert store.outbox.homes("slack", ["t0", "t1", "t2"]) == {"t1": landed, "t2": landed}
    assert [r.key for r in store.outbox.told_with(landed, "slack")] == ["k1", "k2", "k3"]
    store.outbox.park(["k0", "k0b"], "channel_not_found")
    assert {r.key for r in store.outbox.rows(Delivery.PARKED)} == {"k0", "k0b"}


def test_what_may_be_told_takes_what_was_held_back_of_its_story_with_it(store):
    held = {"error": "muted by nights", "not_before": NOW + HOUR}
    queued(store, replace(outbox_row("a1", "a"), **held), replace(outbox_row("b1", "b"), **held))
    assert store.outbox.release("muted", NOW) == 0
    queued(store, outbox_row("a2", "a"))
    assert store.outbox.release("muted", NOW) == 1
    assert [r.key for r in store.outbox.claim(NOW, worker="w")] == ["a1"]
    assert store.outbox.coming("slack", NOW) is None
    queued(store, replace(outbox_row("c1", "c"), not_before=NOW + HOUR))
    assert store.outbox.coming("slack", NOW) == NOW + HOUR
    assert store.outbox.last("slack") is None
    store.outbox.sent("a1", Receipt(channel="slack", ref="1"), NOW)
    assert store.outbox.last("slack") == NOW
    assert store.outbox.channels_of("a", ["slack", "console"]) == ["slack"]


def test_what_was_noted_of_an_open_incident_is_found(store):
    kept = replace(transition(), step=Step.NOTED, reason="inhibited: that it opened was not sent")
    commit(store, incident(), transitions=[transition(), kept])
    assert store.incidents.noted(["silenced:", "inhibited:"]) == {"i1"}
    assert store.incidents.noted(["silenced:"]) == set()


def test_a_parked_message_holds_its_thread_until_it_is_taken_up_again_and_a_dead_one_does_not(store):
    queued(store, outbox_row("a1", "a"), outbox_row("a2", "a"), outbox_row("b1", "b"), outbox_row("b2", "b"))
    store.outbox.claim(NOW, worker="w")
    store.outbox.park("a1", "channel_not_found")
    store.outbox.dead("b1", "too old")
    assert [r.key for r in store.outbox.claim(NOW, worker="w")] == ["b2"]
    assert [(r.key, r.error) for r in store.outbox.rows(Delivery.PARKED)] == [("a1", "channel_not_found")]
    assert store.outbox.unpark("slack", NOW) == 1
    assert [r.key for r in store.outbox.claim(NOW, worker="w")] == ["a1"]


def test_what_was_sent_stays_sent(store):
    queued(store, outbox_row("k"))
    store.outbox.claim(NOW, worker="w")
    store.outbox.sent("k", Receipt(channel="slack", ref="1"), NOW)
    for again in (lambda: store.outbox.later("k", "x", NOW), lambda: store.outbox.dead("k", "x")):
        again()
    assert [(r.state, r.receipt.ref) for r in store.outbox.rows()] == [(Delivery.SENT, "1")]


def test_a_message_in_doubt_is_handed_to_one_worker_after_its_lease(store):
    queued(store, outbox_row("k"))
    store.outbox.claim(NOW, worker="a", lease_s=120)
    assert store.outbox.doubtful(NOW + timedelta(seconds=90), 60) == []
    (found,) = store.outbox.doubtful(NOW + timedelta(seconds=120), 60)
    assert (found.key, found.claimed_at, found.message) == ("k", NOW, message("k"))
    assert store.outbox.doubtful(NOW + timedelta(seconds=121), 60) == []
    assert [r.key for r in store.outbox.doubtful(NOW + timedelta(seconds=180), 60)] == ["k"]


def test_a_paused_channel_waits_and_the_others_go_on(store):
    queued(store, outbox_row("k"), outbox_row("c", channel="console"))
    store.outbox.pause("slack", NOW + HOUR)
    assert store.outbox.paused("slack") == NOW + HOUR
    assert store.outbox.paused("console") is None
    assert [r.key for r in store.outbox.claim(NOW, worker="w")] == ["c"]
    assert [r.key for r in store.outbox.claim(NOW + HOUR, worker="w")] == ["k"]


def test_a_lease_has_one_holder_until_it_runs_out_and_is_no_news(store):
    version = store.version()
    assert store.lease("leader", "a", 60, NOW)
    assert not store.lease("leader", "b", 60, NOW)
    assert store.lease("leader", "a", 60, NOW + timedelta(seconds=30))
    assert not store.lease("leader", "b", 60, NOW + timedelta(seconds=89))
    assert store.lease("leader", "b", 60, NOW + timedelta(seconds=90))
    assert store.lease("digest", "a", 60, NOW)
    assert store.version() == version


def test_every_write_grows_the_version_and_a_refused_one_does_not(store):
    version = store.version()
    commit(store, incident())
    assert store.version() == version + 1
    with pytest.raises(StoreError):
        commit(store, incident("other"), seen=NOW)
    assert store.version() == version + 1
