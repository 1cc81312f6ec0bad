"""Entries become drafts and drafts follow them: whatever the order, however often, until somebody takes them over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon import actions
from cxmon.alerts.parts import near, near_drafts, near_fact
from cxmon.change_feeds import CsvList
from cxmon.cli.story import data
from cxmon.config.plan import FeedPlan, Plan
from cxmon.contracts import AskedEntries, Entries, Rejected
from cxmon.decisions.drafting import draft
from cxmon.decisions.source_health import glimpses, in_trouble
from cxmon.errors import ActionError, SourceError, StoreError
from cxmon.model import (
    EVERYONE,
    Amount,
    Announced,
    Better,
    Category,
    Change,
    Drafting,
    Finding,
    Kind,
    Metric,
    Read,
    Scope,
    Segment,
    State,
    Status,
)
from cxmon.pipeline.bring_in import bring_in
from cxmon.pipeline.explaining import explanation, new_levels
from cxmon.service import gather
from cxmon.store import Store, schema

NOW = datetime(2026, 11, 10, tzinfo=UTC)
RULES = Drafting(
    owner="Customer operations",
    scopes={
        "phone": Scope.of({"channel": "phone"}),
        "chat": Scope.of({"channel": "chat"}),
        "EU": Scope.of({"region": "eu"}),
    },
    categories={"layoff": Category.STAFFING},
)  # fmt: skip


def entry(name="CX-1", title="Weekend desk closed", days=-7, **more):
    return Announced(id=name, title=title, starts=NOW + timedelta(days=days), **more)


class Known:
    """A feed that knows what it is told; a part of our own contract, as a user's plug-in would be."""

    type = "known"

    def __init__(self, *entries, rejected=()):
        self.now = Entries(found=entries, rejected=rejected)

    def entries(self, asked: AskedEntries) -> Entries:
        if isinstance(self.now, Exception):
            raise self.now
        return self.now


def plan(feed, rules=RULES, **more):
    return Plan(path="cxmon.yaml", store_url="", change_feeds=(FeedPlan(name="plans", feed=feed, rules=rules),), **more)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('s')}/s.db") as store:
        yield store


@pytest.fixture
def store(opened):
    emptied(opened)
    return opened


def emptied(store):
    with store._db.write() as conn:
        conn.execute(sa.delete(schema.change))


def come(store, feed, now=NOW, **more):
    (done,) = bring_in(plan(feed, **more), store, now=now)
    return done


def held(store):
    return {d.change.id: (d.change, d.origin) for d in store.changes.all()}


def test_a_draft_says_what_its_entry_says():
    made = draft(entry(title="Close  phone desk in the EU", labels=("Layoff",), owner="Sales"), "plans", RULES)
    assert (made.id, made.title, made.owner) == ("plans-CX-1", "Close phone desk in the EU", "Sales")
    assert made.scope == Scope.of({"channel": "phone", "region": "eu"})
    assert (made.category, made.status) == (Category.STAFFING, Status.DRAFT)
    assert draft(entry(title="Phones", labels=("phone", "chat")), "plans", RULES).scope == Scope.of(
        {"channel": ["phone", "chat"]}
    )


def test_words_choose_by_the_beginnings_of_words():
    rules = replace(RULES, words=("clos", "refund"), without=("holiday",))
    chosen = {t: draft(entry(title=t), "plans", rules) is not None for t in (
        "Closing early", "Disclosed", "REFUNDS slower", "Closed for a holiday", "Lunch",
    )}  # fmt: skip
    assert list(chosen.values()) == [True, False, True, False, False]
    assert draft(entry(title="Lunch", labels=("Refund policy",)), "plans", rules) is not None


def test_nothing_of_a_person_and_nothing_of_the_environment_is_kept():
    hostile = "Ask anna@example.com about ${HOME}\x00\n now"
    made = draft(entry("anna@example.com", hostile, owner="anna@example.com", link="mailto:a@b"), "plans", RULES)
    assert made.title == "Ask (address) about $ {HOME} now"
    assert "@" not in repr(made)
    assert made.owner == "Customer operations"
    assert len(draft(entry(title="x" * 500), "plans", RULES).title) == 120
    with pytest.raises(ValueError, match="no title"):
        draft(entry(title=" \n"), "plans", RULES)


versions = st.integers(1, 4)
snapshots = st.lists(
    st.builds(
        lambda name, version, cancelled: entry(
            f"CX-{name}", f"Decision {name} as of {version}", days=version, cancelled=cancelled, version=version
        ),
        st.integers(0, 3), versions, st.booleans(),
    ),
    min_size=1, max_size=8, unique_by=lambda e: (e.id, e.version),
)  # fmt: skip


def test_any_split_repetition_and_order_gives_the_same_drafts(store, tmp_path):
    """Parts of a feed, as `--from FILE` takes them: nothing is gone for not being in one of them."""

    def brought(*parts):
        emptied(store)
        for part in parts:
            (done,) = bring_in(plan(Known(*part)), store, now=NOW, file=tmp_path)
            assert done.ok
        return held(store)

    @settings(max_examples=30, deadline=None)
    @given(snapshots, st.randoms(use_true_random=False), st.lists(st.integers(0, 8), max_size=3))
    def same(entries, dice, cuts):
        shuffled = entries + dice.sample(entries, dice.randint(0, len(entries)))
        dice.shuffle(shuffled)
        at = sorted({0, len(shuffled), *(min(c, len(shuffled)) for c in cuts)})
        assert brought(entries) == brought(*(shuffled[a:b] for a, b in pairwise(at)))

    same()


def test_the_same_again_changes_nothing_and_a_change_is_followed(store):
    assert come(store, Known(entry(), entry("CX-2"))).brought.new == 2
    before, version = held(store), store.version()
    again = come(store, Known(entry("CX-2"), entry())).brought
    assert (again.same, again.new, again.changed) == (2, 0, 0)
    assert held(store) == before
    moved = come(store, Known(entry(days=3), entry("CX-2"))).brought
    assert (moved.changed, moved.same) == (1, 1)
    assert store.changes.get("plans-CX-1").change.starts == NOW + timedelta(days=3)
    assert version


def test_what_is_cancelled_is_withdrawn_what_is_gone_goes_and_both_come_back(store):
    come(store, Known(entry(), entry("CX-2"), entry("CX-3", days=-5000)))
    assert "plans-CX-3" not in held(store)
    assert come(store, Known(entry(cancelled=True))).brought.withdrawn == 2
    assert {name: c.withdrawn for name, (c, _) in held(store).items()} == {"plans-CX-1": True}
    assert come(store, Known(entry(cancelled=True))).brought.withdrawn == 0
    come(store, Known(entry(), entry("CX-2")))
    assert [c.withdrawn for c, _ in held(store).values()] == [False, False]
    # Where something could not be read, what is missing may be that; and what nobody chooses any more is gone.
    come(store, Known(entry(), rejected=(Rejected(where="row 2", reason="no start"),)))
    assert "plans-CX-2" in held(store)
    come(store, Known(entry(), entry("CX-2", "Lunch")), rules=replace(RULES, words=("week",)))
    assert list(held(store)) == ["plans-CX-1"]


def test_what_lies_outside_the_window_is_not_gone(store):
    come(store, Known(entry()))
    later = NOW + timedelta(days=1000)
    come(store, Known(), now=later, backfill=timedelta(days=30))
    assert "plans-CX-1" in held(store)


def test_a_feed_that_cannot_be_read_stands_beside_the_sources():
    bad, good = Known(), Known(entry(), entry("CX-6"))
    bad.now = SourceError("bad: no answer")
    both = Plan(path="c", store_url="", change_feeds=(
        FeedPlan(name="bad", feed=bad, rules=RULES), FeedPlan(name="good", feed=good, rules=RULES),
    ))  # fmt: skip
    with Store.open("sqlite://") as fresh:
        bring_in(both, fresh, now=NOW)
        of_bad, of_good = glimpses(fresh.pulls.lately(), NOW)
        assert (in_trouble(of_bad), of_bad.last.error) == (True, "bad: no answer")
        assert (in_trouble(of_good), of_good.last.rows) == (False, 2)
        assert data(fresh)[0] == "Changes not imported: bad (bad: no answer)"


def test_a_feed_that_fails_changes_nothing_and_stops_no_other(store, tmp_path):
    good, bad = Known(entry()), Known(entry("CX-5"))
    both = Plan(path="c", store_url="", change_feeds=(
        FeedPlan(name="bad", feed=bad, rules=RULES), FeedPlan(name="good", feed=good, rules=RULES),
    ))  # fmt: skip
    bring_in(both, store, now=NOW)
    bad.now, good.now = SourceError("bad: no answer"), Entries(found=(entry(), entry("CX-6")))
    failed, done = bring_in(both, store, now=NOW)
    assert (failed.ok, failed.error) == (False, "bad: no answer")
    assert done.brought.new == 1
    assert "bad-CX-5" in held(store)
    bad.now = ZeroDivisionError("x")
    assert bring_in(both, store, now=NOW)[0].error == "ZeroDivisionError: x"


def test_more_drafts_than_anybody_looks_through_are_refused(store):
    done = come(store, Known(*(entry(f"CX-{i}") for i in range(1001))))
    assert done.error == "plans: 1,001 entries would be drafts, where 1,000 are the most; choose with `words`"
    assert held(store) == {}


@pytest.mark.parametrize("live", [False, True])
def test_whoever_takes_a_draft_over_has_it(store, live):
    come(store, Known(entry()))
    mine = actions.take_over(store, "plans-CX-1", live=live, now=NOW, origin="cli")
    assert (mine.origin, mine.of_feed, mine.days_late) == ("cli", "", 7)
    assert (mine.frozen_hash is not None) is live
    done = come(store, Known(entry(title="Something else", days=1)))
    assert done.brought.taken_over == 1
    come(store, Known())
    after = store.changes.get("plans-CX-1")
    assert after.change.title == "Weekend desk closed"


def test_a_declaration_in_the_configuration_takes_its_draft_over(store):
    come(store, Known(entry()))
    declared = Change(
        id="plans-CX-1", title="Weekend phone desk", category=Category.COST_CUT, starts=NOW, owner="Operations",
        limits={"csat": Amount(0.02, False, "2pt")},
    )  # fmt: skip
    assert store.changes.put(declared, now=NOW, origin="yaml").origin == "yaml"
    assert come(store, Known(entry())).brought.taken_over == 1
    assert store.changes.get("plans-CX-1").change == declared
    with pytest.raises(StoreError, match="declared by yaml"):
        store.changes.put(replace(declared, title="x"), now=NOW, origin="cli")


def test_what_was_withdrawn_cannot_be_declared(store):
    come(store, Known(entry(cancelled=True)))
    with pytest.raises(ActionError, match="the entry behind plans-CX-1 was cancelled"):
        actions.take_over(store, "plans-CX-1", live=True, now=NOW, origin="cli")


CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, matters=Amount(0.02, False, "2pt"),
    source="desk", read=Read(time="at"), dimensions=("channel",),
)  # fmt: skip


def test_a_draft_explains_nothing_and_is_named_as_a_draft(store):
    come(store, Known(entry(labels=("phone",)), entry("CX-2", "Off", cancelled=True)))
    drafts, phone = store.changes.all(), Segment.of(channel="phone")
    found = Finding(
        check="watch", metric="csat", segment=phone, at=NOW, state=State.BREACH, value=0.7, expected=0.8,
        since=NOW - timedelta(days=7), reason="",
    )  # fmt: skip
    assert explanation(found, CSAT, drafts, {}) is None
    assert new_levels(CSAT, [phone], drafts, [], NOW) == {}
    assert near(drafts, phone, NOW) == []
    fact = near_fact([], "Europe/Berlin", near_drafts(drafts, phone, NOW))
    assert fact.text == (
        "no change that touches these customers in these weeks. "
        "Draft from plans: “Weekend desk closed”, 3 Nov, nobody has declared it"
    )
    assert near_drafts(drafts, Segment.of(channel="chat"), NOW) == []
    assert near_drafts(drafts, EVERYONE, NOW + timedelta(days=30)) == []


def test_a_real_list_from_a_file_of_its_own(store, tmp_path):
    (tmp_path / "other.csv").write_text("id,title,start\nA,Desk closed,2026-11-03\n")
    feed = CsvList(path=str(tmp_path / "absent.csv"))
    (done,) = bring_in(plan(feed), store, now=NOW, file=tmp_path / "other.csv")
    assert done.brought.new == 1
    assert "no file matches" in come(store, feed).error


def test_each_round_of_the_service_reads_the_feeds(store, tmp_path, caplog):
    bad = Known()
    bad.now = SourceError("bad: no answer")
    feeds = tuple(FeedPlan(name=n, feed=f, rules=RULES) for n, f in (("bad", bad), ("good", Known(entry()))))
    world = Plan(path=tmp_path / "c.yaml", store_url="", change_feeds=feeds)
    gather(world, store, now=NOW)
    assert list(held(store)) == ["good-CX-1"]
    assert "import feed=bad error=bad: no answer" in caplog.text
