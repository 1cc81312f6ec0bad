"""The one door: what people can do, what they are refused, and what of it is told and kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cxmon import actions
from cxmon.alerts.message import for_incident
from cxmon.errors import ActionError
from cxmon.model import (
    EVERYONE,
    LONGEST_SILENCE,
    Amount,
    Better,
    Category,
    Change,
    Decision,
    Delivery,
    Ending,
    Finding,
    Incident,
    IncidentState,
    Kind,
    Metric,
    OutboxRow,
    Read,
    Response,
    Scope,
    Segment,
    Stage,
    State,
    Status,
    Step,
    Transition,
)
from cxmon.store import Catalogue, Store
from cxmon.wording.by_hand import SILENCE_ENDS

NOW = datetime(2026, 9, 14, 9, tzinfo=UTC)
PHONE = Segment.of(channel="phone")
CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, source="desk", read=Read(time="day"),
    matters=Amount(0.01, relative=False, text="1pt"), dimensions=("channel",),
)  # fmt: skip


def finding(check="floor", subject="csat"):
    return Finding(
        check=check, metric=subject, segment=PHONE, at=NOW, state=State.BREACH, reason="below", value=0.7, low=0.68,
        high=0.72, n=900, since=NOW, score=8.0,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        opened.catalogue.save(Catalogue(title="Desk", zone="UTC", metrics=(CSAT,)))
        yield opened


def opened_incident(store, check="floor", subject="csat", id_="i1"):
    incident = Incident(
        id=id_, check=check, subject=subject, root=PHONE, members=(PHONE,), state=IncidentState.OPEN, opened_at=NOW,
        since=NOW, last_breach_at=NOW, worst=finding(check, subject), latest=finding(check, subject), told_score=8.0,
    )  # fmt: skip
    transition = Transition(
        incident=id_,
        step=Step.OPENED,
        at=NOW,
        reason="opened: below",
        numbers={"value": 0.7, "score": 8.0, "told_score": 8.0, "period": NOW.timestamp()},
    )
    message = for_incident(incident=incident, transition=transition, finding=incident.latest, metric=CSAT)
    row = OutboxRow(key=f"{message.key}|slack", channel="slack", message=message, state=Delivery.WAITING)
    store.incidents.amend(incident, transition, [row])
    return incident


def change(**more):
    given = {
        "id": "cut", "title": "Desk cut", "category": Category.COST_CUT, "starts": NOW, "owner": "Operations",
        "scope": Scope.of({"channel": "phone"}),
    }  # fmt: skip
    return Change(**(given | more))


def test_acknowledging_is_kept_and_told_where_the_story_was_told(store):
    opened_incident(store)
    actions.acknowledge(store, "i1", by="Operations", now=NOW + timedelta(hours=1))
    incident = store.incidents.get("i1")
    assert (incident.state, incident.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "Operations")
    newest = store.outbox.rows()[0]
    assert (newest.channel, newest.message.thread) == ("slack", "incident:i1")
    assert "Operations is on it" in newest.message.reply


def test_acknowledging_twice_or_by_two_people_is_once(store):
    opened_incident(store)
    for by in ("Operations", "Operations", "Support"):
        actions.acknowledge(store, "i1", by=by, now=NOW)
    assert store.incidents.get("i1").acknowledged_by == "Operations"
    assert len(store.incidents.history("i1")) == 2
    assert len(store.outbox.rows()) == 2


def test_acknowledging_a_verdict_is_told_in_the_thread_of_its_change(store):
    incident = opened_incident(store, check="verdict", subject="cut")
    told = store.outbox.rows()[0].message
    store.outbox.queue([OutboxRow(
        key="v", channel="slack", message=replace(told, key="change:cut|opened|1", thread="change:cut"),
        state=Delivery.WAITING,
    )], NOW)  # fmt: skip
    actions.acknowledge(store, incident.id, by="Operations", now=NOW)
    newest = store.outbox.rows()[0].message
    assert (newest.thread, newest.reply) == ("change:cut", "Operations is on it")
    assert newest.badge.endswith("acknowledged")


def test_accepting_ends_it_records_the_response_and_tells_the_end(store):
    opened_incident(store)
    actions.accept(store, "i1", by="Operations", why="cheaper desk", now=NOW + timedelta(days=1))
    incident = store.incidents.get("i1")
    assert (incident.state, incident.ending) == (IncidentState.ENDED, Ending.ACCEPTED)
    assert [r.decision for r in store.changes.responses("i1")] == [Decision.ACCEPT]
    assert "|ended|" in store.outbox.rows()[0].message.key


@pytest.mark.parametrize(
    ("check", "subject", "says"),
    [
        ("verdict", "cut", "incident i1 is about the change cut: respond to the change instead"),
        ("source", "desk", "incident i1 is about the source desk: it cannot be accepted, mend it"),
        ("quiet", "desk", "incident i1 is about the source desk: it cannot be accepted, mend it"),
    ],
)
def test_what_cannot_be_accepted_says_what_to_do_instead(store, check, subject, says):
    opened_incident(store, check, subject)
    with pytest.raises(ActionError) as e:
        actions.accept(store, "i1", by="Operations", why="x", now=NOW)
    assert str(e.value) == says
    assert store.incidents.get("i1").state is IncidentState.OPEN


def test_actions_on_what_is_not_there_or_over_are_one_clear_sentence(store):
    opened_incident(store)
    with pytest.raises(ActionError, match=r"^there is no incident nope; `cxmon incidents --all` lists them$"):
        actions.acknowledge(store, "nope", by="Operations", now=NOW)
    with pytest.raises(ActionError, match=r"^by is empty: name a role or department$"):
        actions.acknowledge(store, "i1", by=" ", now=NOW)
    with pytest.raises(
        ActionError, match=r"^by is an address \(jo@desk.example\): name a role or department, not a per"
    ):
        actions.acknowledge(store, "i1", by="jo@desk.example", now=NOW)
    actions.accept(store, "i1", by="Operations", why="agreed", now=NOW)
    with pytest.raises(
        ActionError, match=r"^incident i1 has ended on 2026-09-14 09:00 UTC: there is nothing to do about it$"
    ):
        actions.acknowledge(store, "i1", by="Operations", now=NOW)


def test_a_response_needs_something_to_respond_to_and_accepting_an_incident_ends_it(store):
    with pytest.raises(ActionError, match=r"^there is neither a change nor an incident ghost$"):
        actions.respond(store, Response(subject="ghost", decision=Decision.KEEP, by="CX", why="x", at=NOW))
    opened_incident(store)
    actions.respond(store, Response(subject="i1", decision=Decision.ACCEPT, by="CX", why="agreed", at=NOW))
    assert store.incidents.get("i1").ending is Ending.ACCEPTED
    assert len(store.changes.responses("i1")) == 1
    actions.declare(store, change(), now=NOW, origin="cli")
    actions.respond(store, Response(subject="cut", decision=Decision.ROLL_BACK, by="CX", why="harm", at=NOW))
    assert [r.decision for r in store.changes.responses("cut")] == [Decision.ROLL_BACK]


def test_a_silence_always_ends_and_names_a_metric_that_exists(store):
    given = {"starts": NOW, "ends": NOW + timedelta(days=2), "by": "CX", "why": "holiday"}
    made = actions.silence(store, metric="csat", segment=PHONE, **given)
    assert actions.silence(store, metric="csat", segment=PHONE, **given) == made
    assert store.changes.silences() == [made]
    with pytest.raises(ActionError, match="before it begins"):
        actions.silence(store, **(given | {"ends": NOW}))
    longest = actions.silence(store, **(given | {"ends": NOW + LONGEST_SILENCE}))
    assert longest in store.changes.silences()
    with pytest.raises(ActionError, match=f"expected {SILENCE_ENDS}$"):
        actions.silence(store, **(given | {"ends": NOW + LONGEST_SILENCE + timedelta(seconds=1)}))
    with pytest.raises(ActionError, match=r"^there is no metric nps; there are csat$"):
        actions.silence(store, metric="nps", **given)


def test_a_draft_is_edited_freely_and_what_is_live_keeps_its_limits_and_shows_the_attempt(store):
    half = Amount(0.005, relative=False, text="0.5pt")
    actions.declare(store, change(status=Status.DRAFT, limits={"csat": half}), now=NOW, origin="cli")
    point = {"csat": Amount(0.01, relative=False, text="1pt")}
    assert actions.edit(store, "cut", limits=point, now=NOW, origin="cli").change.limits == point
    live = actions.go_live(store, "cut", now=NOW + timedelta(days=3), origin="cli")
    assert (live.change.status, live.days_late, live.frozen_hash is not None) == (Status.LIVE, 3, True)
    assert actions.go_live(store, "cut", now=NOW + timedelta(days=4), origin="cli") == live
    later = actions.edit(store, "cut", limits={"csat": half}, now=NOW + timedelta(days=5), origin="cli")
    assert later.change.limits == point
    assert "stays as frozen" in later.edits[0]


def test_changes_that_cannot_be_are_refused(store):
    with pytest.raises(ActionError, match="before it begins"):
        actions.declare(store, change(ends=NOW), now=NOW, origin="cli")
    phone, eu = (Stage(starts=NOW, scope=Scope.of({k: v})) for k, v in (("channel", "phone"), ("region", "eu")))
    with pytest.raises(ActionError, match=r"its first stage .*: they begin together"):
        actions.declare(store, change(starts=NOW - timedelta(days=1), stages=(phone, eu)), now=NOW, origin="cli")
    with pytest.raises(ActionError, match="share customers"):
        actions.declare(store, change(starts=NOW, stages=(phone, eu)), now=NOW, origin="cli")
    with pytest.raises(ActionError, match="responds to ghost, which was never declared"):
        actions.declare(store, change(responds_to="ghost"), now=NOW, origin="cli")
    with pytest.raises(ActionError, match=r"^there is no change cut$"):
        actions.go_live(store, "cut", now=NOW, origin="cli")
    actions.declare(store, change(), now=NOW, origin="yaml")
    with pytest.raises(ActionError, match="cut"):
        actions.declare(store, change(title="Other"), now=NOW, origin="cli")
    with pytest.raises(ActionError, match="has no field colour that can be edited"):
        actions.edit(store, "cut", colour="red", now=NOW, origin="yaml")


def test_why_prints_every_decision_with_its_reason_and_numbers(store):
    opened_incident(store)
    actions.acknowledge(store, "i1", by="Operations", now=NOW + timedelta(hours=1))
    head = actions.why(store, "i1")[0]
    assert head.endswith("found by floor, open since 2026-09-14 09:00 UTC, acknowledged by Operations")
    actions.accept(store, "i1", by="Operations", why="cheaper desk", now=NOW + timedelta(days=1))
    assert actions.why(store, "i1") == [
        "Incident i1: csat, phone, found by floor, accepted since 2026-09-15 09:00 UTC",
        "2026-09-14 09:00 UTC opened: below [period 2026-09-14 09:00 UTC] (value 0.7, size 8, last told at 8)",
        "    told in slack (waiting)",
        "2026-09-14 10:00 UTC acknowledged: Operations is on it",
        "    told in slack (waiting)",
        "2026-09-15 09:00 UTC ended: accepted: Operations accepted this as the new level: cheaper desk",
        "    told in slack (waiting)",
        "2026-09-15 09:00 UTC response: accept by Operations: cheaper desk",
    ]
    with pytest.raises(ActionError, match=r"^there is no incident nope; `cxmon incidents --all` lists them$"):
        actions.why(store, "nope")


def test_why_of_a_decision_names_whom_it_touches(store):
    actions.declare(store, change(), now=NOW, origin="cli")
    mine = Incident(
        id="v1", check="verdict", subject="cut", root=EVERYONE, members=(EVERYONE,), state=IncidentState.OPEN,
        opened_at=NOW, since=NOW, last_breach_at=NOW,
    )  # fmt: skip
    store.incidents.amend(mine, Transition(incident="v1", step=Step.OPENED, at=NOW, reason="It fell"))
    assert actions.why(store, "v1")[0].startswith("Incident v1: cut, phone, found by verdict, open")


def test_a_plan_needs_a_change_that_there_is_and_something_that_is_measured(store, tmp_path):
    with pytest.raises(ActionError, match="there is no change nothing"):
        actions.plan(store, "nothing", now=NOW)
    with (
        Store.open(f"sqlite:///{tmp_path / 'new.db'}") as new,
        pytest.raises(ActionError, match="no metric is known yet: collect first"),
    ):
        actions.plan(new, change(), now=NOW)


def test_a_plan_without_figures_says_so_for_each_metric_and_changes_nothing(store):
    before = store.version()
    found = actions.plan(store, change(), now=NOW)
    assert [(o.metric, o.reason) for o in found.outlooks] == [("csat", "no complete figures of CSAT before the start")]
    assert store.version() == before
