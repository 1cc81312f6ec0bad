"""A source that starves, fails or changes is an incident of its own, and its figures wait until it is well again."""

import copy
import csv
import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from collect_desk import NOW, metric, plan
from test_collect_feeds import CSAT, of
from test_zendesk_source import Account, metric_set, source, ticket
from vendor_stub import Desk, Reply, serving

from cxmon import actions
from cxmon.alerts import Console
from cxmon.checks import Freshness, Threshold, Watch
from cxmon.config import CheckPlan, Route
from cxmon.errors import ActionError
from cxmon.model import Ending, Finding, Health, Kind, Pull, Read, Standing, State
from cxmon.pipeline import source_health
from cxmon.pipeline.check import check
from cxmon.pipeline.collect import collect
from cxmon.pipeline.replay import replay
from cxmon.store import Overlay, Store

HOUR = timedelta(hours=1)
STEP = 8 * HOUR
FIRST = NOW - timedelta(days=30)
CHECKS = (
    CheckPlan(name="regressions", check=Watch(), metrics=("csat",)),
    CheckPlan(name="quiet", check=Freshness(after=timedelta(hours=24)), metrics=("csat",)),
)


class Tickets(Desk):
    """A desk that answers so many tickets between two pulls."""

    def __init__(self):
        super().__init__(size=5000)
        self.number = 0

    def go_on(self, now, count=30, **more):
        for _ in range(count):
            self.number += 1
            at = int(now.timestamp()) - 60
            row = {"created": at - self.number % 25_000, "channel": "chat", "satisfied": int(self.number % 5 > 0)}
            self.put(id=self.number, updated=at, person="p", **(row | more))


def ordinary(source, part, of_metric, at, fresh, **more):
    """A pull that went well, on which nothing was said."""
    newest = at - timedelta(seconds=60)
    return Pull(
        source=source, part=part, metrics=(of_metric,), at=at, ok=True, rows=fresh, fresh=fresh, newest=newest,
        counted={of_metric: fresh}, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def past(tmp_path_factory, sqlite_template):
    """(a store with weeks of ordinary pulls of a desk, the desk, and when the next one is due)."""
    path, desk, now = tmp_path_factory.mktemp("past") / "store.db", Tickets(), FIRST
    shutil.copy(sqlite_template, path)
    with Store.open(f"sqlite:///{path}") as store, serving(desk) as vendor:
        the, until = of(vendor.url, path.parent, [CSAT]), FIRST + timedelta(days=24)
        while now < until:
            desk.go_on(now)
            # Most of the past is written down only, as collecting it would have done.
            if now == FIRST or now >= until - 5 * STEP:
                assert collect(the, store, now=now)[0].ok
            else:
                store.pulls.record(ordinary("desk", "answers", "csat", now, 30, filled={"satisfied": 30}))
            now += STEP
    return path, desk, now


@pytest.fixture
def world(past, tmp_path):
    """A look at what the desk says next: `world(count)` pulls and checks after so many tickets more."""
    path, desk = shutil.copy(past[0], tmp_path / "store.db"), copy.deepcopy(past[1])
    with Store.open(f"sqlite:///{path}") as store, serving(desk) as vendor:
        yield World(store, desk, vendor, of(vendor.url, tmp_path, [CSAT], checks=CHECKS, zone="Europe/Berlin"), past[2])


class World:
    def __init__(self, store, desk, vendor, the, now):
        self.store, self.desk, self.vendor, self.plan, self.now = store, desk, vendor, the, now - STEP

    def __call__(self, count=30, **more) -> Finding:
        self.now += STEP
        self.desk.go_on(self.now, count, **more)
        collect(self.plan, self.store, now=self.now)
        found = check(self.plan, self.store, now=self.now)
        assert [c.error for c in found if c.error] == []
        return next(c.findings[-1] for c in found if c.check == "data")

    def open(self, name="data"):
        return next((i for i in self.store.incidents.open(name)), None)

    def rows(self, incident):
        return [r.message for r in self.store.outbox.rows() if r.message.thread == f"incident:{incident.id}"]


def test_a_starving_source_is_told_of_holds_its_figures_back_and_recovers(world):
    assert (world().state, world.store.incidents.open()) == (State.OK, [])
    well = world.now
    said = [world(1) for _ in range(3)][-1]
    assert said.state is State.BREACH
    assert said.reason == (
        "answers: 3 records came in the 24 hours to Wed 27 May 2026, 02:00 CEST; on a usual Wednesday 90 (90 to 90 in "
        "3 earlier weeks). Figures from it are not judged until it delivers as usual again"
    )
    (incident,) = world.store.incidents.open()
    assert (incident.check, incident.subject, incident.root.items) == ("data", "desk", ())
    (message,) = world.rows(incident)
    assert (message.badge, message.tone, message.picture) == ("Source in trouble", "grey", None)
    assert message.title == "desk: far fewer data than usual since 26 May"
    assert ("Where", "source desk") in [(f.label, f.text) for f in message.facts]
    assert world.store.runs.last_ok("csat") == world.now
    assert well <= world.store.panel(CSAT, as_known_at=world.now).read_at < world.now, (
        "time stands still for its figures"
    )
    # All of it comes after all.
    assert world(120).state is State.OK
    assert world.store.incidents.get(incident.id).ending is Ending.RECOVERED
    assert [m.key.split("|")[1] for m in world.rows(incident)] == ["ended", "opened"]
    panel = world.store.panel(CSAT, as_known_at=world.now)
    assert (panel.read_at, panel.n.sum()) == (world.now, len(world.desk.rows))


def test_what_never_came_says_nothing_until_it_is_read_again(world):
    world(), [world(2) for _ in range(4)]
    assert [world().state for _ in range(3)][-1] is State.OK
    assert world.store.panel(CSAT).n[0, -4:].tolist() == [90, 0, 0, 60], "days that the dry stretch touches"
    collect(world.plan, world.store, now=world.now + HOUR, since=FIRST)
    assert world.store.panel(CSAT).n.sum() == len(world.desk.rows)


def test_a_replay_holds_and_tells_what_live_held_and_told(world):
    """A day at a time: dead for three days, of which nothing ever came, and well for so long that nobody remembers what
    was said of the dead ones."""
    begun, came = world.now + STEP, [90, 0, 1, 0, *[90] * 9]
    seen = {}
    for count in came:
        world.now += 2 * STEP
        world(count)
        seen[world.now] = world.store.panel(CSAT, as_known_at=world.now).n.copy()
    live = [row.message for row in reversed(world.store.outbox.rows(limit=100))]
    # A day with hardly any data looks like a collapse, and nobody was told of one.
    of_data = [m.key.split("|")[1] for m in live if "data than usual" in m.title or "24 hours to" in m.lines[0]]
    assert of_data == ["opened", "ended"]
    found = replay(world.plan, world.store, since=begun, until=world.now)
    assert [a.message for a in found.alerts] == live
    assert {a.story.partition(",")[0] for a in found.alerts} == {"data desk", "quiet desk"}
    overlay = Overlay.over(world.store, [CSAT])
    for at, n in seen.items():
        overlay.advance(at)
        assert overlay.panel(CSAT, as_known_at=at).n.tolist() == n.tolist(), "figures that were held, and gaps"
    assert (seen[world.now][0, -12:-6] == 0).sum() >= 3


def longer_past(world):
    """Weeks more of ordinary days: what a loss of a part is measured by."""
    for k in range(33, 0, -1):
        at = FIRST - timedelta(days=k)
        world.store.pulls.record(ordinary("desk", "answers", "csat", at, 90, filled={"satisfied": 90}))


def test_half_of_the_records_gone_is_told_within_two_days_and_its_figures_are_judged(world):
    longer_past(world)
    world()
    said = [world(14) for _ in range(6)]
    assert State.BREACH in [one.state for one in said]
    assert said[-1].reason == (
        "answers: 84 records came in the 48 hours to Thu 28 May 2026, 02:00 CEST; usually 180 (180 to 180 in 8 earlier "
        "weeks). Records are lost, or demand fell; the figures are judged as they come"
    )
    incident = world.open()
    assert [(m.badge, m.title) for m in world.rows(incident)] == [
        ("Source in trouble", "desk: 44 % fewer data than usual since 25 May: lost, or demand fell")
    ]
    assert not world.store.runs.latest()["csat"].held
    assert world.store.panel(CSAT, as_known_at=world.now).read_at == world.now
    # Four fifths of the usual do not end it, all of it does.
    assert world(22).state is State.BREACH
    assert [world().state for _ in range(4)][-1] is State.OK
    assert world.store.incidents.get(incident.id).ending is Ending.RECOVERED
    assert not np.isnan(world.store.panel(CSAT).values()[0][-3:]).any(), "what came is no gap"


def test_what_fell_alike_elsewhere_is_said_beside_it(world):
    """A second source that starves as well speaks for demand; a list of the same source that does not, against it."""
    longer_past(world)
    other = metric("calls", source="phone", read=CSAT.read)
    beside = metric("tickets", source="desk", read=replace(CSAT.read, stream="tickets"))
    world.plan = replace(world.plan, metrics={**world.plan.metrics, "calls": other, "tickets": beside})

    def look(standing):
        told = [
            replace(ordinary(m.source, m.read.stream, m.id, world.now, 50), health=Health(standing=of_it))
            for m, of_it in ((other, standing), (beside, Standing.USUAL))
        ]
        for pull in told:
            world.store.pulls.record(pull)
        looked = source_health.run(world.plan, world.store, now=world.now)
        return next(c.findings[-1].reason for c in looked if (c.check, c.metric) == ("data", "desk"))

    collected = replace(world.plan, metrics={"csat": CSAT})
    for _ in range(6):
        world.now += STEP
        world.desk.go_on(world.now, 14)
        assert collect(collected, world.store, now=world.now)[0].ok
    assert ". Records are lost, or demand fell, while tickets, answers of phone came as usual; " in look(Standing.USUAL)
    alike = "Demand may have fallen, since fewer came of answers of phone as well; or records are lost"
    assert alike in look(Standing.LESS)


def test_while_it_fails_nobody_knows_whether_it_is_well_again(world):
    world(), [world(0) for _ in range(3)]
    incident = world.open()
    assert "no records came in the 24 hours" in incident.latest.reason
    for _ in range(3):
        world.vendor.faults = [Reply({}, 401)]
        assert world(0).state is State.UNKNOWN
    assert world.open().id == incident.id
    assert world.open("source").subject == "desk"
    # Its own incident ends with the first good pull; that the data are there again is another question.
    assert world(0).state is not State.OK
    assert (world.open("source"), world.open() is not None) == (None, True)


def test_a_source_that_stays_silent_is_one_incident_not_two(world):
    world(), [world(0) for _ in range(11)]
    assert [(i.check, i.subject) for i in world.store.incidents.open()] == [("data", "desk")]
    (quiet,) = [c.findings[-1] for c in check(world.plan, world.store, now=world.now) if c.check == "quiet"]
    assert (quiet.state, quiet.reason.split(":")[0]) == (State.BREACH, "told_by_source")


def test_a_field_that_the_vendor_empties_is_told_by_its_name(world):
    world()
    found = [world(satisfied=None) for _ in range(3)][-1]
    assert "0 of 90 records in the 24 hours to " in found.reason
    assert " have satisfied; usually 90 (" in found.reason


def test_a_state_that_is_meant_can_be_accepted_and_is_the_new_usual(world):
    world(), [world(2) for _ in range(3)]
    incident = world.open()
    actions.accept(world.store, incident.id, by="Support", why="the phone desk has closed", now=world.now)
    for _ in range(3):
        world(2)
        assert world.open() is None
    assert not world.store.runs.latest()["csat"].held
    assert world.store.pulls.latest()["desk", "answers"].health.standing is Standing.WAITING


def test_a_failed_run_cannot_be_accepted(world):
    world.vendor.faults = [Reply({}, 401)]
    world()
    with pytest.raises(ActionError, match="it cannot be accepted, mend it"):
        actions.accept(world.store, world.open("source").id, by="Support", why="why", now=world.now)


def test_routes_may_send_what_is_about_data_elsewhere(world):
    routes = (Route(channel="engineers", checks=("data", "source")), Route(channel="managers"))
    world.plan = replace(world.plan, channels={"managers": Console(), "engineers": Console()}, routes=routes)
    world(), [world(0) for _ in range(3)]
    assert {r.channel for r in world.store.outbox.rows()} == {"engineers"}


def test_what_slowed_it_down_is_counted(world):
    world.vendor.faults = [Reply({}, 429, Retry_After="0.05"), Reply({}, 429, Retry_After="0.05")]
    world.plan = replace(world.plan, sources={"desk": replace(world.plan.sources["desk"], retries=4)})
    world()
    pull = world.store.pulls.latest()["desk", "answers"]
    assert (pull.ok, pull.requests, pull.throttled) == (True, 3, 2)
    assert pull.waited_s >= 0.1
    assert (pull.rows > 100, pull.fresh, pull.filled["satisfied"], pull.counted) == (True, 30, 30, {"csat": 30})
    assert pull.newest == world.now - timedelta(seconds=60)


def test_of_solved_tickets_it_is_known_for_how_many_a_survey_was_sent(tmp_path, sqlite_store):
    scores = ["good", "bad", "offered", "unoffered", "unoffered", "good"]
    tickets = [ticket(i, satisfaction_rating={"score": score}) for i, score in enumerate(scores)]
    # One of them is not solved yet: nobody could be asked.
    sets = [metric_set(i, **({"solved_at": None} if i == 5 else {})) for i in range(len(scores))]
    with Account(tickets, sets).serve() as vendor:
        read = Read(stream="tickets", time="created_at", value="first_reply_min")
        wait = metric("wait", Kind.QUANTILE, source="zendesk", read=read)
        collect(plan(tmp_path, [wait], sources={"zendesk": source(vendor)}), sqlite_store, now=NOW)
    pull = sqlite_store.pulls.latest()["zendesk", "tickets"]
    assert (pull.whole, pull.fresh, pull.offered, pull.offerable) == (True, 6, 3, 5)
    assert pull.filled == {"channel": 6, "created_at": 6, "first_reply_min": 6, "solved_at": 5, "answered": 4}
    assert pull.requests == 3


COMPLAINTS = metric(
    "complaints", Kind.RATE, read=Read(time="day", n="customers", total="complaints"), dimensions=(), zone="UTC",
    better="lower", lookback=timedelta(days=3),
)  # fmt: skip


def test_a_dead_source_that_looks_like_perfect_service_ends_no_incident_of_customers(tmp_path, sqlite_store):
    """Every row comes, with a zero where the complaints belong, because what counts them has died."""
    dead, back = NOW - timedelta(days=3), NOW + timedelta(days=4)

    def write(now):
        with (tmp_path / "calls.csv").open("w", newline="") as stream:
            rows = [now - timedelta(days=k) for k in range(60, 0, -1)]
            alive = [d < dead or d >= back for d in rows]
            bad = [100 if dead - timedelta(days=6) <= d else 40 for d in rows]
            counts = [(f"{d:%Y-%m-%d}", 1000, b if a else 0) for d, a, b in zip(rows, alive, bad, strict=True)]
            csv.writer(stream).writerows([("day", "customers", "complaints"), *counts])

    ceiling = CheckPlan(name="ceiling", check=Threshold(ceiling=0.05), metrics=("complaints",))
    the = plan(tmp_path, [replace(COMPLAINTS, per=1000)], checks=(ceiling,))
    states = []
    for days in range(40, -8, -1):
        now = NOW - timedelta(days=days)
        if 10 < days < 40:
            sqlite_store.pulls.record(ordinary("files", "complaints", "complaints", now, 40))
            continue
        write(now)
        assert collect(the, sqlite_store, now=now)[0].ok
        check(the, sqlite_store, now=now)
        states.append({i.check for i in sqlite_store.incidents.open()})
    assert states[-5] == {"ceiling", "data"}, "it is still open, and the source is told of besides"
    assert states.count({"ceiling"}) >= 3
    assert {"data"} not in states
    assert states[-1] == {"ceiling"}, "the source is well again, and what was never delivered says nothing"
    values = sqlite_store.panel(the.metrics["complaints"]).values()[0]
    assert np.isnan(values[-9:-3]).all()
    assert values[-1] == 0.1
