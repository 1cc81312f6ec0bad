"""Checks through the pipeline: real store, real findings, incidents and messages, day after day."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from judge_world import World, built, change, csat, day, falls

from cxmon import actions
from cxmon.checks import Freshness, Funnel, Threshold, Watch
from cxmon.config.plan import CheckPlan
from cxmon.errors import ActionError
from cxmon.model import EVERYONE, Ending, Incident, IncidentPolicy, IncidentState, Segment, Silence, State, Step
from cxmon.pipeline.budgeting import budget, rolled
from cxmon.pipeline.check import check
from cxmon.store import Catalogue, Run, Store

PHONE = Segment.of(channel="phone")
FLOOR = CheckPlan(name="floor", check=Threshold(floor="74%"), metrics=("csat",))
WATCH = CheckPlan(name="regressions", check=Watch(), metrics=("csat",))
QUIET = CheckPlan(name="quiet", check=Freshness(after=timedelta(hours=36)), metrics=("csat",))


@pytest.fixture
def world(tmp_path):
    """Builds a store of csat and its plan; closes it afterwards."""
    opened = []

    def build(*checks, moves=None, days=150, **more):
        metric = csat(**more.pop("metric", {}))
        made = World(days=days, moves={"csat": moves} if moves else {}, answers=more.pop("answers", 150))
        plan, store = built(tmp_path, made, [metric], [], checks=checks, **more)
        opened.append(store)
        return plan, store

    yield build
    for store in opened:
        store.close()


def live(plan, store, first, last):
    """The transitions told on each day from `first` to `last`, one run a day; csat is mature after two more days."""
    told = []
    for number in range(first, last + 1):
        for done in check(plan, store, now=day(number + 3)):
            assert done.error == ""
            told += [(number, t.step) for t in done.transitions]
    return told


def until(begins, ends, size=-0.2, channel="phone"):
    return lambda s, t: size if begins <= t < ends and s.get("channel") == channel else 0.0


def test_a_fall_opens_one_incident_and_one_message_and_both_end_when_it_is_over(world):
    plan, store = world(FLOOR, moves=until(105, 112))
    told = live(plan, store, 100, 118)
    assert told == [(105, Step.OPENED), (114, Step.ENDED)]
    (incident,) = store.incidents.recent()
    assert incident.ending is Ending.RECOVERED
    assert incident.root == PHONE
    assert [r.message.key.split("|")[1] for r in reversed(store.outbox.rows())] == ["opened", "ended"]


def test_running_again_on_the_same_day_tells_nothing_again(world):
    plan, store = world(FLOOR, moves=until(105, 112))
    live(plan, store, 100, 108)
    rows, version = store.outbox.rows(), store.version()
    for _ in range(3):
        assert [t for c in check(plan, store, now=day(111) + timedelta(hours=3)) for t in c.transitions] == []
    assert (store.outbox.rows(), store.version()) == (rows, version)


def test_the_first_run_opens_only_what_is_in_breach_at_its_end(world):
    plan, store = world(
        FLOOR, moves=lambda s, t: until(60, 80)(s, t) + until(120, 200, channel="chat", size=-0.3)(s, t)
    )
    assert live(plan, store, 130, 130) == [(130, Step.OPENED)]
    (incident,) = store.incidents.recent()
    assert (incident.root.get("channel"), incident.since) == ("chat", day(120))
    assert len(store.outbox.rows()) == 1


def test_days_that_were_missed_are_walked_in_order(world):
    plan, store = world(FLOOR, moves=until(105, 112))
    live(plan, store, 100, 100)
    done = [t.step for c in check(plan, store, now=day(121)) for t in c.transitions]
    assert done == [Step.OPENED, Step.ENDED]
    (late,) = store.incidents.recent()
    assert late.since == day(105)


def test_k_of_n_counts_across_runs(world):
    policy = IncidentPolicy(breaches=2, of=3, recover_after=2)
    plan, store = world(replace(FLOOR, policy=policy), moves=lambda s, t: until(105, 106)(s, t) + until(110, 120)(s, t))
    assert live(plan, store, 100, 113) == [(111, Step.OPENED)]


def test_a_story_and_its_end_are_kept_with_every_decision_between(world):
    plan, store = world(FLOOR, moves=until(105, 108))
    live(plan, store, 100, 112)
    (incident,) = store.incidents.recent()
    names = [t.reason.split(":")[0] for t in store.incidents.history(incident.id)]
    assert names[0] == "opened"
    assert names[-3:] == ["quiet_k_of_r", "quiet_k_of_r", "recovered"]
    assert set(names[1:-3]) <= {"still_breach_not_clearly_worse", "worsened", "joined"}
    lines = actions.why(store, incident.id)
    assert "recovered since" in lines[0]
    assert any("still_breach_not_clearly_worse" in line and ", size " in line for line in lines)


def test_an_undeclared_regression_is_one_incident_told_by_the_segment_it_happens_in(world):
    plan, store = world(WATCH, moves=falls(-0.09, begins=110))
    told = live(plan, store, 105, 135)
    assert [step for _, step in told].count(Step.OPENED) == 1
    (incident,) = store.incidents.open()
    assert incident.root == PHONE
    assert abs((incident.since - day(110)).days) <= 6
    assert len(incident.members) > 1
    # All its contacts fare worse alike, and the parts are those of the figure that the message says.
    first = next(r.message for r in reversed(store.outbox.rows()) if r.message.thread == incident.thread)
    facts = {f.label: f.text for f in first.facts}
    assert facts["Service or contacts"].startswith("Worse service, not other contacts: of ")
    size = first.title.partition(" points worse")[0].rpartition(" ")[2]
    parts = facts["Service or contacts"].partition(": of ")[2].partition(" points worse than expected, ")[0]
    assert round(float(parts), len(size.partition(".")[2])) == float(size)
    assert list(facts).index("Where") + 1 == list(facts).index("Service or contacts")
    store.catalogue.save(Catalogue(title=plan.title, zone=plan.zone, metrics=tuple(plan.metrics.values())))
    assert any(line.startswith("Service or contacts: Worse service, ") for line in actions.why(store, incident.id))


def test_a_message_names_the_worst_segment_first_whatever_its_name(world):
    sizes = {"phone": -0.2, "chat": -0.1, "email": -0.12}
    plan, store = world(WATCH, moves=lambda s, t: sizes.get(s.get("channel"), 0.0) if t >= 110 else 0.0)
    check(plan, store, now=day(133))
    wheres = [f.text for r in store.outbox.rows() for f in r.message.facts if f.label == "Where"]
    alone = "; in alarm by themselves too: "
    (where,) = [w for w in wheres if w.startswith("all customers; ") and alone in w]
    named = where.partition(alone)[2].partition("; ")[0].split(", ")
    # Compared with each other, too, they are told apart: the phone fell the deepest.
    assert where.startswith(("all customers; mostly phone, ", "all customers; more than elsewhere in phone, ")), where
    # The phone, as a whole or a part of it, fell the deepest; by name the chat, which fell too, would come first.
    (incident,) = store.incidents.open()
    assert Segment.of(channel="chat") in incident.members
    assert named[0].startswith("phone"), named


def test_a_regression_at_a_declared_change_is_left_to_its_verdict_and_the_next_one_is_its_own(world):
    def twice(s, t):
        return falls(-0.08, begins=110)(s, t) + falls(-0.12, begins=140)(s, t)

    plan, store = world(WATCH, moves=twice, days=160, metric={"by": (("channel",),)})
    plan = replace(plan, alarm_budget=0.3)
    store.changes.put(change(begins=110), now=day(109), origin="yaml")
    live(plan, store, 105, 138)
    # A false alarm of another channel is within the budget; the phone's fall is its change's business.
    assert [i for i in store.incidents.recent() if i.root == PHONE] == []
    told = live(plan, store, 139, 157)
    assert [step for _, step in told][:1] == [Step.OPENED]
    (incident,) = [i for i in store.incidents.recent() if i.root == PHONE]
    assert abs((incident.since - day(140)).days) <= 4


def test_a_fall_of_the_whole_is_explained_by_the_verdict_incident_of_a_part_and_noted_there(world):
    plan, store = world(WATCH, moves=falls(-0.12, begins=110), metric={"by": ((),)})
    plan = replace(plan, alarm_budget=0.1)
    store.changes.put(change(begins=110), now=day(109), origin="yaml")
    verdict = Incident(
        id="v1", check="verdict", subject="phone-cut", root=EVERYONE, members=(EVERYONE,), state=IncidentState.OPEN,
        opened_at=day(112), since=day(110), last_breach_at=day(112),
    )  # fmt: skip
    store.incidents.commit(
        check="verdict", subject="phone-cut", seen_through=None, through=day(112), incidents=[verdict], transitions=[],
        outbox=[], now=day(112),
    )  # fmt: skip
    assert live(plan, store, 112, 135) == []
    (noted,) = store.incidents.history("v1")
    assert noted.reason.startswith("explained: the check regressions sees it too: CSAT, all customers")


def test_a_fall_near_a_change_without_a_verdict_incident_opens_and_names_the_change(world):
    plan, store = world(WATCH, moves=falls(-0.12, begins=110), metric={"by": ((),)})
    store.changes.put(change(begins=110), now=day(109), origin="yaml")
    assert Step.OPENED in {step for _, step in live(plan, store, 112, 135)}
    (incident,) = store.incidents.open()
    assert "consistent with the declared change “Phone desk cut”" in incident.latest.reason


def test_a_change_elsewhere_is_no_alibi(world):
    plan, store = world(WATCH, moves=falls(-0.12, begins=110), metric={"by": (("channel",),)})
    elsewhere = change(begins=110, scope=type(change().scope).of({"channel": "email"}))
    store.changes.put(elsewhere, now=day(109), origin="yaml")
    live(plan, store, 112, 130)
    (incident,) = store.incidents.open()
    assert (incident.root, "consistent with" in incident.latest.reason) == (PHONE, False)


def test_a_change_before_the_range_of_the_onset_is_no_alibi(world):
    plan, store = world(WATCH, moves=falls(-0.25, begins=118), metric={"by": ((),)})
    store.changes.put(change(begins=110), now=day(109), origin="yaml")
    live(plan, store, 112, 135)
    (incident,) = store.incidents.open()
    first, last = incident.latest.began
    assert first <= day(118) <= last
    assert day(110) < first
    assert "consistent with" not in incident.latest.reason


def test_an_accepted_level_is_quiet_from_then_on(world):
    plan, store = world(WATCH, moves=falls(-0.09, begins=110), metric={"by": (("channel",),)})
    live(plan, store, 105, 130)
    (incident,) = store.incidents.open()
    actions.accept(store, incident.id, by="Operations", why="cheaper desk, agreed", now=day(133))
    assert live(plan, store, 131, 147) == []
    assert store.incidents.open() == []


def test_a_silence_keeps_the_news_back_but_not_the_end_and_both_are_kept_with_a_reason(world):
    plan, store = world(FLOOR, moves=until(105, 112))
    quiet = Silence(id="q", metric="csat", segment=None, starts=day(0), ends=day(300), by="CX", why="known")
    store.changes.put_silence(quiet, origin="yaml")
    live(plan, store, 100, 118)
    (row,) = store.outbox.rows()
    assert row.message.key.split("|")[1] == "ended"
    # Whoever reads it never heard of the story: it says what that was, and who kept it quiet.
    until_when = f"{day(300):%Y-%m-%d %H:%M} UTC"
    said = f"Nobody was told while it lasted: a silence until {until_when} by CX (known) covered it."
    assert row.message.lines[0] == said
    facts = {fact.label: fact.text for fact in row.message.facts}
    assert facts["At its worst"].startswith("Out of bounds: 55 % (range 49 % to 60 %)")
    assert "ended on" in facts["Since"]
    (incident,) = store.incidents.recent()
    assert any(t.reason.startswith("silenced") for t in store.incidents.history(incident.id))


def test_what_still_lasts_when_its_silence_is_over_is_told_once(world):
    plan, store = world(FLOOR, moves=until(105, 200))
    quiet = Silence(id="q", metric="csat", segment=None, starts=day(0), ends=day(112), by="CX", why="known")
    store.changes.put_silence(quiet, origin="yaml")
    live(plan, store, 100, 108)
    assert store.outbox.rows() == []
    live(plan, store, 109, 125)
    (told,) = store.outbox.rows()
    assert told.message.key.split("|")[1] == "opened"
    (incident,) = store.incidents.recent()
    notes = [t.reason.split(":")[0] for t in store.incidents.history(incident.id) if t.reason.startswith("silence")]
    assert notes == ["silenced", "silence over"]


def test_a_check_that_raises_is_reported_and_stops_no_other(world):
    broken = CheckPlan(name="broken", check=Threshold(floor=80), metrics=("csat",))
    plan, store = world(broken, FLOOR, moves=until(105, 200))
    done = {c.check: c for c in check(plan, store, now=day(113))}
    assert "expected a share" in done["broken"].error
    assert (done["floor"].error, len(done["floor"].transitions)) == ("", 1)
    failed, low = sorted(store.incidents.open(), key=lambda i: i.check)
    assert (failed.check, failed.subject, low.check) == ("error", "broken on csat", "floor")
    (told,) = [r.message for r in store.outbox.rows() if failed.id in r.message.thread]
    assert told.title == "broken on csat: the check cannot be run since 22 Sep"
    with pytest.raises(ActionError, match="a check that cannot be run: it cannot be accepted, mend it"):
        actions.accept(store, failed.id, by="CX", why="leave it", now=day(113))
    # It is told once, and over with the first run that works.
    assert [t.step for c in check(plan, store, now=day(114)) if c.check == "error" for t in c.transitions] == []
    mended = replace(plan, checks=(replace(broken, check=Threshold(floor="80%")), FLOOR))
    over = [t.step for c in check(mended, store, now=day(115)) if c.check == "error" for t in c.transitions]
    assert over == [Step.ENDED]


def test_a_look_that_somebody_else_took_meanwhile_writes_nothing_twice(world):
    plan, store = world(FLOOR, moves=until(105, 112))
    now = day(109)
    check(plan, store, now=now)
    refused = store.incidents.commit(
        check="floor",
        subject="csat",
        seen_through=None,
        through=day(107),
        incidents=[],
        transitions=[],
        outbox=[],
        now=now,
    )
    assert not refused
    assert len(store.outbox.rows()) == 1


def test_an_incident_of_a_check_that_left_the_configuration_is_ended_and_told_once(world):
    plan, store = world(FLOOR, moves=until(105, 200))
    live(plan, store, 106, 106)
    without = replace(plan, checks=())
    for _ in range(2):
        check(without, store, now=day(110))
    (incident,) = store.incidents.recent()
    assert incident.ending is Ending.CLOSED_UNKNOWN
    steps = [t for t in store.incidents.history(incident.id) if t.step is Step.ENDED]
    assert [t.reason for t in steps] == ["retired: floor on csat is configured no longer"]
    assert len(store.outbox.rows()) == 2


def test_two_processes_that_end_it_at_once_tell_it_once(world):
    plan, store = world(FLOOR, moves=until(105, 200))
    live(plan, store, 106, 106)
    (lasting,) = store.incidents.open()
    step = store.incidents.history(lasting.id)[-1]
    without = replace(plan, checks=())
    check(without, store, now=day(110))
    # The other process had read the incident while it was open, and is a second later.
    store.incidents.amend(lasting, replace(step, step=Step.NOTED))
    check(without, store, now=day(110) + timedelta(seconds=1))
    assert [r.message.key.split("|")[1] for r in store.outbox.rows()] == ["ended", "opened"]


def run(ok, at, error=""):
    return Run(metric="csat", source="desk", started_at=at, finished_at=at, ok=ok, error=error)


def test_a_failed_run_is_one_incident_of_its_source_and_ends_with_the_next_good_one(world):
    plan, store = world(QUIET)
    store.runs.record(run(False, day(100), "table ratings is locked"))
    for hour in range(3):
        check(plan, store, now=day(100) + timedelta(hours=hour))
    (incident,) = store.incidents.open()
    assert (incident.check, incident.subject, incident.root) == ("source", "desk", EVERYONE)
    assert incident.worst.reason == "1 of 1 metrics could not be collected: csat: table ratings is locked"
    assert len(store.outbox.rows()) == 1
    store.runs.record(run(True, day(100) + timedelta(hours=4)))
    check(plan, store, now=day(100) + timedelta(hours=4))
    assert store.incidents.open() == []
    assert [r.message.key.split("|")[1] for r in store.outbox.rows()] == ["ended", "opened"]


def test_a_source_that_goes_quiet_is_one_incident_and_ends_when_data_are_there_again(world):
    plan, store = world(QUIET, days=100)
    store.runs.record(run(True, day(150)))
    assert [c.findings[0].state for c in check(plan, store, now=day(102)) if c.check == "quiet"] == [State.OK]
    for number in (105, 106, 107):
        check(plan, store, now=day(number))
    (incident,) = store.incidents.open()
    assert (incident.check, incident.subject) == ("quiet", "desk")
    assert "CSAT: the newest day with data ended" in incident.latest.reason
    World(days=108).fill(store, plan.metrics["csat"])
    check(plan, store, now=day(108))
    assert store.incidents.open() == []


def test_a_source_whose_run_failed_is_not_told_of_as_quiet_besides(world):
    plan, store = world(QUIET, days=100)
    store.runs.record(run(False, day(110), "refused"))
    done = {c.check: c for c in check(plan, store, now=day(110))}
    assert done["quiet"].findings[0].reason.startswith("told_by_source")
    assert [i.check for i in store.incidents.open()] == ["source"]


def test_an_empty_store_is_no_error_and_opens_nothing_but_the_quiet_source(world):
    plan, store = world(FLOOR, WATCH, CheckPlan(name="funnel", check=Funnel(), metrics=("csat",)), QUIET, days=0)
    assert {c.error for c in check(plan, store, now=day(10))} == {""}
    assert [i.check for i in store.incidents.open()] == ["quiet"]


def test_the_alarm_budget_goes_to_the_stories_of_what_is_watched(world):
    plan, store = world(WATCH, days=40, alarm_budget=2.0)
    # Everyone, three channels and six of channel by region are one story and share its allowance.
    assert len(rolled(store, plan.metrics["csat"])) == 10
    (one,) = budget(plan, store, now=day(40))
    assert (one.story.root, len(one.story.series), one.per_quarter) == (EVERYONE, 10, 2.0)
    assert one.per_series_year == pytest.approx(2.0 * 4 / 10)


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """A threshold during whose evaluation somebody acknowledges what is open."""

    store: Store
    type: str = "threshold"

    def evaluate(self, panel, context):
        for incident in self.store.incidents.open():
            actions.acknowledge(self.store, incident.id, by="Operations", now=context.as_of)
        return FLOOR.check.evaluate(panel, context)


def test_what_a_person_does_while_a_check_is_looking_is_not_written_over(world):
    plan, store = world(FLOOR, moves=until(105, 200))
    live(plan, store, 104, 106)
    interrupted = replace(FLOOR, check=Interrupted(store=store))
    live(replace(plan, checks=(interrupted,)), store, 107, 107)
    (incident,) = store.incidents.open()
    assert (incident.state, incident.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "Operations")
    assert incident.latest.at == day(107)


def test_what_the_clock_lets_mature_while_the_source_is_down_is_not_judged(world):
    plan, store = world(FLOOR)
    read = day(100) + timedelta(hours=12)
    run = Run(metric="csat", source="desk", started_at=read, finished_at=read, ok=True)
    store.runs.record(run)
    check(plan, store, now=day(103))
    assert store.incidents.evaluated_through("floor", "csat") == day(97)
    store.runs.record(replace(run, started_at=day(103), finished_at=day(103), ok=False, error="no route to host"))
    check(plan, store, now=day(104))
    assert store.incidents.evaluated_through("floor", "csat") == day(97)
    store.runs.record(replace(run, started_at=day(104), finished_at=day(104)))
    check(plan, store, now=day(104))
    assert store.incidents.evaluated_through("floor", "csat") == day(101)


def test_a_watch_goes_on_from_its_checkpoint_and_says_what_it_says_without(tmp_path):
    told, kept = [], []
    for spoilt in (False, True):
        fallen = World(days=175, moves={"csat": falls(-0.09, begins=152)}, answers=150)
        (tmp_path / str(spoilt)).mkdir()
        plan, store = built(tmp_path / str(spoilt), fallen, [csat()], [], checks=(WATCH,))
        found = []
        for number in range(148, 166):
            found += live(plan, store, number, number)
            kept.append(store.checkpoints.of("regressions", "csat"))
            if spoilt:
                # Nonsense is as good as nothing.
                store.checkpoints.replace("regressions", "csat", dict.fromkeys(kept[-1], b"?"))
        told.append((found, [(i.opened_at, i.since, i.members) for i in store.incidents.recent()]))
        store.close()
    assert told[0] == told[1]
    assert told[0][0]
    assert all(kept)
    assert len({data for each in kept for data in each.values()}) > 15
