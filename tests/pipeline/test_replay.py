"""A replay says what live days said: same incidents, codes and messages; it writes nothing and sends nothing."""

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from judge_world import LEAVES, START, World, change, csat, day, plan

from cxmon import actions
from cxmon.checks import Freshness, Threshold, Watch
from cxmon.config import CheckPlan, Route
from cxmon.contracts import Observations
from cxmon.errors import ActionError
from cxmon.model import Allowances, Amount, IncidentPolicy, Read, Segment, Window
from cxmon.pipeline.check import check
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.register import register
from cxmon.pipeline.replay import looks, period, replay
from cxmon.pipeline.replay_ahead import FIRST as BEGUN
from cxmon.pipeline.replay_ahead import Ahead, Answer, _handed, ahead, within
from cxmon.pipeline.replay_compare import compare
from cxmon.pipeline.replay_known import hearsay
from cxmon.store import Overlay, Run, Store

FIRST, LAST = 150, 172
REVISED = 152
SIX = timedelta(hours=6)
CHAT_EU = Segment.of(channel="chat", region="eu")
CHECKS = (
    CheckPlan(name="drift", check=Watch(), metrics=("csat",)),
    CheckPlan(
        name="floor", check=Threshold(floor="75%"), metrics=("csat",),
        policy=IncidentPolicy(breaches=2, of=3, recover_after=2),
    ),
    CheckPlan(name="quiet", check=Freshness(after=timedelta(hours=72)), metrics=("csat",)),
)  # fmt: skip
CUT = change(155, limits={"csat": Amount(0.02, relative=False, text="2pt")})
DAYS, MINUTE = timedelta(days=1), timedelta(minutes=1)


def moved(segment, t):
    """The declared cut hurts phone from day 155 on, nobody declared what happens to chat in the EU for twelve days."""
    undeclared = -0.22 if segment == CHAT_EU and 154 <= t < 166 else 0.0
    return undeclared + (-0.12 if segment.get("channel") == "phone" and t >= 155 else 0.0)


def arrived(cells, now):
    """What the source holds at `now`: of a day's answers six in ten the next morning, all a day later. Of one day it
    finds a week later that a tenth of the good ones were none, long after that day was taken for complete."""
    age = (now.timestamp() - cells.start) / 86_400
    share = np.where(age < 1, 0.0, np.where(age < 2, 0.6, 1.0))
    wrong = (cells.start == day(REVISED).timestamp()) & (age > 7)
    return replace(cells, n=np.floor(cells.n * share), total=np.floor(cells.total * share * np.where(wrong, 0.9, 1.0)))


def collected(store, metric, cells, now, *, since):
    """One collection of the days from `since` on, and its run."""
    window = Window(since, now)
    inside = (cells.start >= window.since.timestamp()) & (cells.start < window.until.timestamp())
    some = {name: getattr(cells, name)[inside] for name in ("segment", "start", "known_at", "n", "total")}
    store.observations.apply(metric, Observations(window=window, cells=arrived(replace(cells, **some), now)), now=now)
    store.runs.record(Run(metric=metric.id, source="desk", started_at=now, finished_at=now, ok=True))


def config(path, **more):
    more.setdefault("checks", CHECKS)
    return plan(path, [csat()], [CUT], alarm_budget=4.0, routes=(Route(channel="console"),), **more)


@pytest.fixture(scope="session")
def lived(tmp_path_factory):
    """(plan, its store's file) after four weeks of days on which it was collected, judged and checked at six."""
    path = tmp_path_factory.mktemp("lived")
    asked, metric = config(path), csat()
    cells = World(days=LAST + 3, answers=200, moves={"csat": moved}).cells(metric)
    with Store.open(asked.store_url) as store:
        actions.declare(store, CUT, now=day(153), origin="yaml")
        for number in range(FIRST, LAST + 1):
            now = day(number) + SIX
            since = START if number == FIRST else now - 10 * DAYS
            collected(store, metric, cells, now, since=since)
            register(asked, store, now=now)
            judge(asked, store, now=now)
            check(asked, store, now=now)
            if number == 168:
                for incident in store.incidents.open("drift"):
                    actions.acknowledge(store, incident.id, by="Support EMEA", now=now + DAYS / 4)
            said = {"by": "Support EMEA", "now": now + DAYS / 4}
            if number == 160:
                (floor,) = store.incidents.open("floor")
                actions.mark_not_real(store, floor.id, **said, why="test calls")
            if number == 169:
                (drift,) = store.incidents.open("drift")
                actions.leave_out(store, drift.id, **said, since=day(154), until=day(166), why="flood in Dublin")
    return asked, path / "store.db"


@pytest.fixture(scope="session")
def quick(lived):
    asked, _ = lived
    with Store.open(asked.store_url, read_only=True) as store:
        return replayed(asked, store)


@pytest.fixture
def live(lived):
    asked, _ = lived
    with Store.open(asked.store_url, read_only=True) as store:
        yield asked, store


def told(store):
    """The messages as they were queued, without when they were looked at."""
    return [(row.channel, row.message) for row in reversed(store.outbox.rows(limit=1000))]


def replayed(asked, store, **more):
    return replay(asked, store, since=day(FIRST), until=day(LAST) + SIX, **more)


def test_a_replay_of_lived_days_says_every_word_that_was_said_live(live):
    asked, store = live
    known = {}
    found = replayed(asked, store, thorough=True, at_end=lambda end: known.update(end.verdicts.all_latest()))
    assert [(a.channel, a.message) for a in found.alerts] == told(store)
    # There is something to compare: a verdict, a watch incident and its acknowledgement, a floor that was crossed.
    assert {a.story.split()[0] for a in found.alerts} == {"change", "drift", "floor"}
    assert {"acknowledged", "left_out"} <= {a.step for a in found.alerts}
    assert "Marked as not real" in {a.message.badge for a in found.alerts}
    # The days left out are those of a segment that the cut's were compared with: its verdict knows from then on.
    assert store.left_out.all("csat")[0].why == "flood in Dublin"
    live_ones = [i for i in store.incidents.recent(100) if i.check == "drift" and i.state != "pending"]
    assert sorted(map(repr, (*found.incidents, *found.standing))) == sorted(map(repr, live_ones))
    assert found.codes == {c: v.code.value for c, v in store.verdicts.all_latest().items()}
    assert {c: v.code.value for c, v in known.items()} == found.codes
    assert found.looks == LAST - FIRST + 1


def test_the_quick_way_says_the_same_but_for_the_number_of_a_verdicts_version(live, quick):
    _, store = live

    def words(message):
        return (
            message.thread, message.badge, message.title, message.lines, message.facts, message.reply, message.at,
            message.footer.partition(" · verdict version")[0],
        )  # fmt: skip

    assert [words(a.message) for a in quick.alerts] == [words(message) for _, message in told(store)]


def test_nothing_is_written_nothing_is_sent_and_twice_is_the_same(live, lived, quick, capsys):
    asked, store = live
    before = hashlib.sha256(lived[1].read_bytes()).hexdigest()
    waiting, version = store.outbox.rows(limit=1000), store.version()
    assert replayed(asked, store) == quick
    assert hashlib.sha256(lived[1].read_bytes()).hexdigest() == before
    assert (store.outbox.rows(limit=1000), store.version()) == (waiting, version)
    assert capsys.readouterr().out == ""


def test_figures_are_those_of_each_day_and_a_late_revision_comes_when_it_came(live):
    asked, store = live
    metric = asked.metrics["csat"]
    overlay = Overlay.over(store, [metric])
    good = {}
    for number in (FIRST, 158, 160, LAST):
        now = day(number) + SIX
        overlay.advance(now)
        for segments in (None, (Segment(),), (Segment.of(channel="phone"), *LEAVES)):
            ours = overlay.panel(metric, segments, as_known_at=now)
            theirs = store.panel(metric, segments, as_known_at=now)
            assert (ours.segments, ours.read_at) == (theirs.segments, theirs.read_at)
            assert np.array_equal(ours.starts, theirs.starts)
            assert np.array_equal(ours.n, theirs.n)
            assert np.array_equal(ours.total, theirs.total)
        whole = overlay.panel(metric, (Segment(),))
        # Of the last day six in ten had answered, a day later it is all of them.
        assert whole.n[0, -1] < 0.7 * whole.n[0, -2]
        good[number] = float(whole.total[0, REVISED]) if len(whole.starts) > REVISED else None
    # The late revision is known from the day on which it came.
    assert good[158] > good[160] == good[LAST]


def test_figures_of_a_source_that_does_not_say_when_it_knew_them_count_once_they_are_complete(tmp_path):
    asked, metric = config(tmp_path), csat()
    with Store.open(asked.store_url) as store:
        World(days=40).fill(store, metric, now=day(300))
        overlay = Overlay.over(store, [metric])
        overlay.advance(day(30))
        assert overlay.guessed(metric)
        # Complete two days after its end: of day 28, which ended on day 29, nothing is known yet on day 30.
        assert overlay.panel(metric).starts[-1] == day(27).timestamp()
    named = csat(read=Read(time="day", known_at="seen"))
    asked = plan(tmp_path / "named", [named], [])
    with Store.open(asked.store_url) as store:
        World(days=40).fill(store, named, now=day(300))
        exact = Overlay.over(store, [named])
        exact.advance(day(30))
        # A source that does say so is taken at its word.
        assert (exact.guessed(named), len(exact.panel(named).starts)) == (False, 0)


def test_a_change_that_was_not_declared_in_time_is_not_known(live):
    asked, store = live
    never = replace(CUT, id="other", title="Never declared", starts=day(152))
    found = replayed(replace(asked, changes=(CUT, never), checks=()), store, ours=False)
    assert [c.title for c in found.unheard] == ["Never declared"]
    assert set(found.codes) == {"phone-cut"}
    early = replay(asked, store, since=day(FIRST), until=day(153) - SIX)
    assert early.codes == {}
    late = replayed(replace(asked, changes=(CUT, never), checks=()), store, in_time=True, ours=False)
    assert (late.unheard, set(late.codes)) == ((), {"phone-cut", "other"})


def test_a_second_configuration_is_compared_alert_by_alert(live, quick):
    asked, store = live
    ours = quick
    strict = replace(CHECKS[1], check=Threshold(floor="20%"))
    theirs = replayed(replace(asked, checks=(CHECKS[0], strict, CHECKS[2]), alarm_budget=0.05), store, ours=False)
    found = compare(ours, theirs)
    assert {a.story.split()[0] for a in found.only_ours} >= {"floor"}
    # Later, the watch tells of it by another segment: that is news of its own.
    assert {a.story.split()[0] for a in found.only_theirs} <= {"drift"}
    assert all(m.theirs.at > m.ours.at for m in found.moved if m.ours.step == "opened")
    assert found.same + len(found.moved) + len(found.only_ours) == len(ours.alerts)
    same = compare(ours, ours)
    assert (same.only_ours, same.only_theirs, same.moved, same.same) == ((), (), (), len(ours.alerts))


def test_what_is_kept_in_mind_changes_no_word(live):
    """A watch that goes on from the day before says what one says that goes on from the store's checkpoint."""
    asked, store = live
    watched = replace(asked, checks=CHECKS[:1], changes=())
    quick = replayed(watched, store)
    overlay = Overlay.over(store, asked.metrics.values())
    for number in range(FIRST, LAST + 1):
        now = day(number) + SIX
        overlay.advance(now)
        if number == 153:
            actions.declare(overlay, CUT, now=now, origin="yaml")
        judge(replace(watched, metrics=asked.metrics), overlay, now=now, depth=Depth.TOLD)
        assert {done.error for done in check(watched, overlay, now=now)} == {""}
    ours = [a.message for a in quick.alerts if a.step not in {"acknowledged", "left_out"}]
    theirs = [row.message for row in reversed(overlay.outbox.rows(limit=1000))]
    assert [(m.title, m.lines, m.at) for m in ours] == [(m.title, m.lines, m.at) for m in theirs]
    assert any("check drift" in m.footer for m in ours)


def test_a_declared_change_is_no_alibi_for_what_begins_beside_it(quick):
    """Chat in the EU falls a day before the phone desk is cut: it is an incident of its own, and the cut is judged."""
    stories = {a.story: a.message for a in quick.alerts}
    assert any(story.startswith("drift csat, chat") for story in stories)
    assert any(i.root.get("channel") == "chat" for i in quick.incidents)
    assert "consistent with the declared change" not in " ".join(i.worst.reason for i in quick.incidents)
    assert quick.codes["phone-cut"] in {"harmed", "worse"}


def test_a_period_that_cannot_be_is_told_in_one_sentence(live):
    asked, store = live
    with pytest.raises(ActionError, match=r"--until: found 2025-10-01, expected a time after --since \(2025-10-02\)"):
        period(asked, store, day(123), day(122))
    assert period(asked, store, day(160), None) == (day(160), day(LAST) + SIX)
    with pytest.raises(ActionError, match=r"no figures between 2023-.*the store's are from 2025-06-01 to"):
        replay(asked, store, since=day(-800), until=day(-700))
    with pytest.raises(
        ActionError, match=r"^no day was judged between 2025-11-08 06:01 UTC and 2025-11-09 05:59 UTC: each is judged"
    ):
        replay(asked, store, since=day(160) + SIX + MINUTE, until=day(161) + SIX - MINUTE)


def test_a_look_is_the_last_collection_of_a_day_and_before_the_first_ever_at_six():
    ran = [day(3) + 2 * SIX, day(3) + 3 * SIX, day(5) + SIX]
    found = looks(day(1), day(6) + SIX, ran, "UTC")
    # Day 4 was missed live as well, day 6 is not collected yet.
    assert found == [day(1) + SIX, day(2) + SIX, day(3) + 3 * SIX, day(5) + SIX]


def test_a_second_process_changes_no_word_even_where_it_is_killed(live, quick, caplog):
    asked, store = live

    def kill():
        # It needs seconds to begin: it never lives to answer.
        while not (children := multiprocessing.active_children()):
            time.sleep(0.01)
        for child in children:
            os.kill(child.pid, signal.SIGKILL)

    helped = replayed(asked, store, processes=2)
    assert (helped.alerts, helped.codes, helped.incidents) == (quick.alerts, quick.codes, quick.incidents)
    assert "second process" not in caplog.text
    killing = threading.Thread(target=kill)
    killing.start()
    alone = replayed(asked, store, processes=2)
    killing.join()
    assert (alone.alerts, alone.codes, alone.incidents) == (quick.alerts, quick.codes, quick.incidents)
    assert "the second process of the replay ended" in caplog.text


def test_a_second_process_says_of_everyone_what_the_first_one_would(live):
    """The year of the allowance begins in what is known, a month before the days that are replayed."""
    asked, store = live
    amounts = {"csat": Amount(0.01, relative=False, text="1pt")}
    asked = replace(asked, allowance=Allowances(amounts=amounts, month=10, day=1))
    uses = []
    for processes in (1, 2):
        replay(
            asked, store, since=day(165), until=day(LAST) + SIX, thorough=True, processes=processes,
            at_end=lambda end: uses.append(end.allowances.latest()["csat"]),
        )  # fmt: skip
    assert uses[0] == uses[1]
    heard = hearsay(asked, store, in_time=False, ours=True)
    moments = looks(day(165), day(LAST) + SIX, [r.finished_at for r in store.runs.all()], asked.zone)
    with ahead(replace(asked, changes=()), store, heard, moments, Depth.FIGURES, wanted=True) as other:
        everyone = other.answer(len(moments) - 1).everyone["csat"]
    assert np.isfinite(everyone.harm.estimate)
    assert everyone == uses[0].altogether


def test_a_second_process_that_ends_before_all_is_handed_over_is_told_with_the_first_answer():
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        with pytest.raises(BrokenProcessPool):
            pool.submit(os._exit, 1).result()
        later = Ahead(answers=[_handed(pool, [day(0)], Depth.TOLD)])
        assert later.answer(BEGUN) == Answer()
        assert len(later.lost) == 1


def test_an_error_ends_the_second_process_with_the_command(live):
    asked, store = live
    heard = hearsay(asked, store, in_time=False, ours=True)
    moments = [day(FIRST + number) + SIX for number in range(10)]
    with pytest.raises(ActionError), ahead(asked, store, heard, moments, Depth.TOLD, wanted=True) as other:
        raise ActionError("no figures")
    # It needs seconds to begin: it was not waited for.
    assert isinstance(other.answers[0].exception(), BrokenProcessPool)


ORPHAN = """
import multiprocessing, time
from cxmon.processes import end_with_parent

def work():
    end_with_parent()
    print("working", flush=True)
    time.sleep(3600)

if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=work).start()
    time.sleep(3600)
"""


def test_the_second_process_does_not_outlive_a_replay_that_was_killed(tmp_path):
    (tmp_path / "orphan.py").write_text(ORPHAN)
    with subprocess.Popen([sys.executable, tmp_path / "orphan.py"], stdout=subprocess.PIPE) as first:
        assert first.stdout.readline() == b"working\n"
        first.kill()
        # The end of what is written comes when both have gone.
        assert first.stdout.read() == b""


def test_where_figures_are_large_fewer_days_are_asked_together():
    assert [within(1_000, each) for each in (0, 10, 100, 333, 999, 5_000)] == [16, 16, 10, 3, 1, 1]
