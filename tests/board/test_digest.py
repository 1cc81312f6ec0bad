"""The digest: the board's own figures in the order in which they are read, and once a week whoever sends it."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import worlds
from fakeslack.rules import block_problems
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.alerts import blocks, letter, text
from cxmon.alerts.digest_message import for_digest
from cxmon.charts.week_page import week_page
from cxmon.config.plan import CheckPlan, Plan
from cxmon.decisions import week
from cxmon.model import (
    AlarmQuarter,
    AlarmsKept,
    AllowanceCode,
    Allowances,
    AllowanceUse,
    Altogether,
    Carried,
    Code,
    Course,
    Decision,
    Delivery,
    DigestTime,
    IncidentState,
    Interval,
    Response,
    Scope,
    Segment,
    Silence,
    Step,
    Target,
    TargetOutlook,
    Transition,
    View,
)
from cxmon.pipeline.digest import put, queue_due, read
from cxmon.pipeline.drawing import draw
from cxmon.store import Store
from cxmon.wording import digest
from cxmon.wording.whole import Section
from dashboards import figures, reading

GOLDEN = Path(__file__).parent / "golden" / "digest.txt"
NOW = worlds.NOW
SINCE = NOW - timedelta(days=7)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
EVERY_MONDAY = DigestTime(channels=("slack", "mail"))
PHONE = View(
    id="phone", label="Phone team", scope=Scope.of({"channel": "phone"}), digest=DigestTime(channels=("mail",))
)


class Watch:
    type = "watch"


def plan(**more):
    metrics = {m.id: m for m in worlds.METRICS}
    watch = CheckPlan(name="watch", check=Watch(), metrics=tuple(metrics))
    given = {"metrics": metrics, "checks": (watch,), "digest": EVERY_MONDAY, "allowance": Allowances(amounts={})} | more
    return Plan(path=Path("cxmon.yaml"), store_url="", title="Northwind Support", **given)


@pytest.fixture
def store(seeded_url, tmp_path):
    """A copy of the board's own world, to be written to."""
    with Store.open(seeded_url) as seeded:
        seeded.backup(tmp_path / "store.db")
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def told(seeded_url, tmp_path_factory):
    """The week of the board's own world, with the alarms that a judgement counts."""
    copy = tmp_path_factory.mktemp("told") / "store.db"
    with Store.open(seeded_url) as seeded:
        seeded.backup(copy)
    quarter = AlarmQuarter(begins=datetime(2026, 10, 1, tzinfo=UTC), told=1, taken_up=0, gone=0)
    with Store.open(f"sqlite:///{copy}") as opened:
        opened.catalogue.keep_alarms(AlarmsKept(as_of=NOW, per_quarter=2.0, series=38, quarters=(quarter,)))
        return read(plan(), opened, None, since=SINCE, now=NOW)


def lines(found):
    return "\n".join(line for one in digest.sections(found) for line in (one.heading, *one.lines))


def test_the_week_reads_as_on_record(told):
    found = text.render(for_digest(told, key="k", thread="t", board_url="http://127.0.0.1:8501"))
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_a_metric_that_is_configured_no_longer_stops_no_digest(seeded_url):
    some = {m.id: m for m in worlds.METRICS if m.id != "csat"}
    with Store.open(seeded_url, read_only=True) as opened:
        found = read(plan(metrics=some), opened, None, since=SINCE, now=NOW)
    message = for_digest(found, key="k", thread="t")
    assert "Weekend phone desk closed" in message.title
    assert "CSAT" not in lines(found).partition("What is worse, what is better")[2]


def test_every_figure_is_the_boards(told, seeded_url, monkeypatch):
    monkeypatch.setenv("CXMON_STORE_URL", seeded_url)
    board = reading.world(reading.version())
    said = lines(told)
    for row in figures.ledger(board):
        for figure in (row.title, row.words, row.harm, row.claim, row.response):
            assert figure in said
    for metric in board.metrics.values():
        band = board.bands[metric.id, "{}"]
        found = figures.gaps.gap(band, metric)
        assert figures.gaps.possible(found, metric) in said
        assert found.tone == "grey" or figures.gaps.pill(found, metric) in said


def test_what_was_answered_is_asked_no_more(store):
    before = read(plan(), store, None, since=SINCE, now=NOW)
    assert [n.what for n in digest.needs(before)] == [
        "Weekend phone desk closed: over the limit",
        "First reply, median, chat: open since 23 Oct, and nobody has acknowledged it",
    ]
    store.changes.respond(
        Response(subject="weekend-desk", decision=Decision.AMEND, by="Operations", why="too long a wait", at=NOW,
                 due=NOW + timedelta(days=3))
    )  # fmt: skip
    (incident,) = store.incidents.open()
    seen = Transition(incident=incident.id, step=Step.ACKNOWLEDGED, at=NOW, reason="seen")
    store.incidents.amend(replace(incident, state=IncidentState.ACKNOWLEDGED, acknowledged_by="Digital"), seen)
    after = read(plan(), store, None, since=SINCE, now=NOW)
    assert [n.what for n in digest.needs(after)] == ["Weekend phone desk closed: Amend by 25 Nov (Operations)"]
    assert "Decided: Weekend phone desk closed: Amend (Operations): too long a wait" in digest.news(after)
    assert "Over the limit, and answered: Weekend phone desk closed." in digest.short(after)
    later = read(plan(), store, None, since=NOW, now=NOW + timedelta(days=5))
    assert digest.headline(later).startswith("1 thing needs a decision: Weekend phone desk closed: Amend by 25 Nov")
    assert "overdue by 2 days" in digest.headline(later)


def test_what_was_said_before_comes_from_the_store(store):
    verdict = store.verdicts.latest("weekend-desk")
    store.verdicts.put(replace(store.verdicts.latest("bot"), change="bot", version=2, as_of=NOW, code=Code.IMPROVED))
    calm = read(plan(), store, None, since=NOW, now=NOW + timedelta(hours=1))
    assert digest.news(calm) == []
    assert "Nothing new since 22 Nov." in digest.short(calm)
    assert calm.before["weekend-desk"].headline == verdict.headline
    fresh = read(plan(), store, None, since=NOW - timedelta(days=1), now=NOW)
    assert "Weekend phone desk closed: Over the limit, judged for the first time" in digest.news(fresh)


def test_an_empty_store_has_nothing_to_decide_and_says_what_is_not_known(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'new.db'}") as empty:
        found = read(plan(), empty, None, since=SINCE, now=NOW)
        assert digest.headline(found) == "Nothing needs a decision"
        assert "Not known: CSAT, First reply, median, Churn" in lines(found)
        assert "Nothing needs a decision" in week_page(found)
        assert for_digest(found, key="k", thread="t").picture is None


def test_a_view_tells_its_own_part(store):
    store.changes.put_silence(
        Silence(id="s", metric="reply", segment=Segment.of(channel="chat"), starts=SINCE, ends=NOW + timedelta(days=1),
                by="Digital", why="a test"), origin="yaml")  # fmt: skip
    found = read(plan(), store, PHONE, since=SINCE, now=NOW)
    assert {key for _, key in found.bands} == {'{"channel": "phone"}'}
    assert set(found.declared) == {"weekend-desk", "refunds"}
    assert found.incidents == ()
    assert found.allowances == ()
    # The silence is about chat alone.
    assert found.silences == ()
    for name, where in (("all", None), ("own", PHONE.scope_for("reply")), ("else", Scope.of({"region": "eu"}))):
        segment = Segment.of(**{k: v[0] for k, v in where.values}) if where else None
        store.changes.put_silence(
            Silence(id=name, metric=None if name == "all" else "reply", segment=segment, starts=SINCE,
                    ends=NOW + timedelta(days=1), by="Digital", why="a test"), origin="yaml")  # fmt: skip
    again = read(plan(), store, PHONE, since=SINCE, now=NOW)
    assert sorted(s.id for s in again.silences) == ["all", "else", "own"]
    assert "CSAT, phone" in lines(found)
    message = for_digest(found, key="k", thread="t", board_url="https://cx.example.com", view="phone")
    assert (message.link, message.badge) == (
        "https://cx.example.com/?view=phone", "The week of Northwind Support, Phone team",
    )  # fmt: skip
    everything = read(plan(), store, None, since=SINCE, now=NOW)
    assert "First reply, median, chat until Mon 23 Nov 2026, 06:00 UTC (Digital): a test" in lines(everything)


def test_a_small_group_stays_covered(store):
    covered = tuple(float("nan") for _ in range(worlds.DAYS))
    bands = [replace(store.bands.get("csat", key), avg=covered, value=covered) for key in ("{}", worlds.PHONE.key)]
    store.bands.put(bands)
    found = read(plan(), store, None, since=SINCE, now=NOW)
    # Below it stand the two lines on how the data came in.
    assert "Not known: CSAT" in digest.short(found)[-3]


def test_slack_takes_the_digest_and_mail_has_all_of_it(told):
    message = for_digest(told, key="k", thread="t", board_url="https://cx.example.com")
    rendered = blocks.render(message)
    assert block_problems(rendered) == []
    assert len(str(rendered)) < 3_000
    html = letter.page(message)
    for one in digest.sections(told):
        assert isinstance(one, Section)
        assert f">{one.heading}</h2>" in html
    assert [p.metric for p in (message.picture, *message.picture.below)] == ["csat", "csat"]


def test_in_slack_too_it_says_what_is_used_up_aimed_at_kept_quiet_and_not_collected(told):
    used = Interval(estimate=0.003, low=0.001, high=0.005)
    use = AllowanceUse(
        metric="csat", year=SINCE, ends=SINCE + timedelta(days=365), as_of=NOW, code=AllowanceCode.WITHIN,
        by="decisions", unit="pt", limit=0.01, summed=used, unexplained=used,
        altogether=Altogether(harm=used, code=AllowanceCode.OPEN),
        carried=(Carried(change="weekend-desk", code=Code.HARMED, share=0.2, harm=used),),
    )  # fmt: skip
    target = Target(id="t", metric="csat", value=0.9, by=NOW + timedelta(days=90), owner="CX")
    quiet = Silence(id="s", metric="reply", segment=None, starts=SINCE, ends=NOW + timedelta(days=1), by="Digital",
                    why="a test")  # fmt: skip
    aims = [TargetOutlook(target=target, as_of=NOW, course=c) for c in (Course.WILL_MISS, Course.MET, Course.MET)]
    message = for_digest(replace(told, allowances=(use,), targets=tuple(aims), silences=(quiet,)), key="k", thread="t")
    rendered = blocks.render(message)
    assert block_problems(rendered) == []
    for line in (
        "Harm allowance, CSAT: 1 decision in force since 15 Nov, together 0.30 points worse",
        "allowed: 1 point, 0.70 points left.",
        "Targets: 2 met, 1 will miss.",
        "Silences in force: First reply, median until Mon 23 Nov 2026, 06:00 UTC (Digital): a test.",
        "Not collected: churn",
    ):
        assert line in str(rendered)


def test_the_charts_of_a_week_are_one_picture(told, seeded_url):
    with Store.open(seeded_url, read_only=True) as opened:
        png = draw(opened, plan().metrics, for_digest(told, key="k", thread="t"))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    # One alone is half as high as it is wide.
    assert height > 0.8 * width


def test_the_page_asks_nothing_of_anybody(store):
    worlds_title = "<script>alert(1)</script>\u202e"
    change = store.changes.get("weekend-desk").change
    store.changes.put(replace(change, title=worlds_title), now=NOW, origin="yaml")
    found = week_page(read(plan(), store, None, since=SINCE, now=NOW))
    assert "<script" not in found
    assert "\u202e" not in found
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found
    assert re.findall(r'(?:src|href|srcset)="(?!data:)', found) == []
    assert "default-src 'none'" in found


def queued(store):
    return sorted(row.key for row in store.outbox.rows())


def test_once_a_week_whoever_looks_and_however_often(store):
    assert queue_due(plan(), store, now=MONDAY - timedelta(minutes=1)) == []
    keys = ["digest:*:2026-W48|digest|1|mail", "digest:*:2026-W48|digest|1|slack"]
    assert sorted(row.key for row in queue_due(plan(), store, now=MONDAY)) == keys
    with Store.open(store.url) as other:
        assert queue_due(plan(), other, now=MONDAY + timedelta(minutes=1)) == []
        moved = plan(digest=replace(EVERY_MONDAY, day="wednesday"))
        assert queue_due(moved, other, now=MONDAY + timedelta(days=2, hours=1)) == []
        assert put(plan(), other, None, EVERY_MONDAY, now=MONDAY + timedelta(days=3)) == []
    assert queued(store) == keys
    more = plan(digest=replace(EVERY_MONDAY, channels=("slack", "mail", "hook")))
    assert [row.channel for row in queue_due(more, store, now=MONDAY + timedelta(hours=1))] == ["hook"]
    assert len(queue_due(plan(), store, now=MONDAY + timedelta(days=7))) == 2


def test_a_missed_one_goes_out_once_and_late_with_what_was_new_since(store):
    queue_due(plan(), store, now=MONDAY)
    # Three weeks later: one digest, of all that is new since the last.
    late = MONDAY + timedelta(days=22, hours=3)
    rows = queue_due(plan(), store, now=late)
    assert {row.message.thread for row in rows} == {"digest:*:2026-W51"}
    assert rows[0].message.footer.endswith("news since 23 Nov · late: it was due Mon 14 Dec 2026, 08:00 UTC")
    assert queue_due(plan(), store, now=late + timedelta(hours=1)) == []


def test_who_begins_in_the_middle_of_a_week_is_told_at_the_next(store):
    assert queue_due(plan(), store, now=MONDAY + timedelta(days=2)) == []
    assert len(queue_due(plan(views=(PHONE,)), store, now=MONDAY + timedelta(days=7))) == 3


def test_two_instances_at_once_queue_one(store):
    at_once, queued_by = threading.Barrier(2), []

    def instance():
        with Store.open(store.url) as own:
            at_once.wait()
            queued_by.append(queue_due(plan(), own, now=MONDAY))

    workers = [threading.Thread(target=instance) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(queued_by) == 2
    assert len(queued(store)) == 2
    assert {row.state for row in store.outbox.rows()} == {Delivery.WAITING}


times = st.builds(
    DigestTime,
    day=st.sampled_from(week.DAYS),
    at=st.times().map(lambda t: time(t.hour, t.minute)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"]),
)


@settings(max_examples=60, deadline=None)
@given(when=times, now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda d: d.replace(tzinfo=UTC)))
def test_a_moment_of_the_week_is_the_newest_by_its_own_clock(when, now):
    at = week.slot(when, now)
    local = at.astimezone(ZoneInfo(when.zone))
    assert at <= now < at + timedelta(days=8)
    assert week.DAYS[local.weekday()] == when.day
    assert week.slot(when, at) == at
    assert week.moment(when, week.name(when, at)) == at
    before = week.since(when, at, None)
    assert timedelta(days=6, hours=22) <= at - before <= timedelta(days=7, hours=2)
    assert week.name(when, before) != week.name(when, at)
