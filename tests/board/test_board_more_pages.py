"""Metrics, incidents, a tried file and views: what the pages say and do, without a browser."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import worlds
from opening import opened, text

from cxmon import wording
from cxmon.model import (
    EVERYONE,
    Act,
    AlarmQuarter,
    AlarmsKept,
    Delivery,
    Fact,
    Filling,
    FillingCurve,
    LearntFrom,
    Message,
    OutboxRow,
    PastShift,
    Receipt,
    Retrospect,
    Scope,
    Segment,
    Sheet,
    Spread,
    Step,
    Tone,
    Transition,
    View,
)
from cxmon.store import Store

VIEWS = Path(__file__).parents[2] / "dashboards" / "views"
HOSTILE = Segment.of(channel="![x](http://evil.example/p.png) <b>=1+1</b> $a$ :red[y]")
INCIDENT = "watch-reply-chat"
PHONE = View(id="phone", label="Phone desk", metrics=("csat", "reply"), scope=Scope.of({"channel": "phone"}))


def sheet(metric, segment):
    since = worlds.NOW - timedelta(days=90)
    shift = PastShift(
        metric=metric.id, segment=segment, since=since, began=(since, since + timedelta(days=9)), settled=since,
        size=-0.05, low=-0.07, high=-0.03, unit="pt", p_value=0.001,
    )  # fmt: skip
    past = Retrospect(
        metric=metric.id, found=(shift,), looked_at=3, short=0, first=since - timedelta(days=200), last=worlds.NOW
    )
    filling = Filling(
        metric=metric.id, as_of=worlds.NOW, learnt_from=LearntFrom.REVISIONS, ages=(0, 1, 8), wait_days=8.0,
        curves=(FillingCurve(kind="", share=(0.2, 0.6, 0.99), periods=90, answers=9000.0),), declared_days=8.0,
        slow_since=None, slow_wait_days=None, counts_through=since.date(),
    )  # fmt: skip
    spread = Spread(
        segment=segment, since=since, until=worlds.NOW, edges=(1.0, 2.0, 3.0), shares=(0.1, 0.4, 0.3, 0.2), n=900.0,
        before=(0.2, 0.4, 0.3, 0.1), points=((0.5, 1.9), (0.9, 4.0)),
    )  # fmt: skip
    return Sheet(
        metric=metric.id, definition=metric.definition_hash, as_of=worlds.NOW, past=past, filling=filling,
        spreads=(spread,) if metric.id == "reply" else (),
    )  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The seeded world with sheets, a hostile segment, a view and what became of the alarms."""
    address = f"sqlite:///{tmp_path_factory.mktemp('pages') / 'store.db'}"
    worlds.seed(address)
    by_id = {m.id: m for m in worlds.METRICS}
    with Store.open(address) as store:
        store.bands.put([replace(worlds.band("reply", worlds.CHAT), key=HOSTILE.key, label=HOSTILE.label)])
        store.catalogue.keep_sheet(sheet(by_id["reply"], HOSTILE))
        store.catalogue.keep_sheet(sheet(by_id["csat"], worlds.PHONE))
        store.catalogue.save(replace(store.catalogue.load(), views=(PHONE,)))
        quarter = AlarmQuarter(begins=datetime(2026, 10, 1, tzinfo=UTC), told=3, taken_up=0, gone=0)
        store.catalogue.keep_alarms(AlarmsKept(as_of=worlds.NOW, per_quarter=2.0, series=38, quarters=(quarter,)))
    return address


@pytest.fixture
def page(monkeypatch, url):
    def on(name, address=url, **params):
        monkeypatch.setenv("CXMON_STORE_URL", address)
        return opened(name, **params)

    return on


def test_a_deep_link_restores_a_metric_and_every_section_says_what_it_stands_on(page):
    app = page("metric", metric="reply", segment=HOSTILE.key, range="90d")
    said = text(app)
    assert app.selectbox(key="segment").value == HOSTILE.key
    assert "a year before (7 days to 19 Nov 2025)" in said
    assert "Half within 1.9 min, nine of ten within 4.0 min" in said
    assert "about 900; short lines: the three times as long before" in said
    assert "3 segments looked at" in said
    assert "fell by 5 points (3 to 7)" in said
    assert "a difference of 10 % or more" in said
    # Below the trend and below the year before; below the bars it is theirs.
    assert said.count("n 980 in the 7 days to 18 Nov") == 2
    # Names are text: no picture, no markup, on the cards and in the list too.
    raw = "\n".join(m.value for m in (*app.markdown, *app.caption)) + "".join(m.label for m in app.metric)
    assert "![x](" not in raw
    assert "<b>" not in raw


def test_an_incident_is_told_and_acknowledged_by_an_editor_through_the_signed_door(page, tmp_path, monkeypatch):
    address = f"sqlite:///{tmp_path / 'own.db'}"
    worlds.seed(address)
    app = page("incident", address, incident=INCIDENT)
    assert "First reply, median, chat" in text(app)
    assert "Opened" in text(app)
    app.text_input(key="by_acknowledge").set_value("Support EMEA")
    next(b for b in app.button if b.label == "Acknowledge").click().run()
    assert not app.exception
    assert "Support EMEA is on it" in text(app)
    with Store.open(address, read_only=True) as store:
        assert store.incidents.get(INCIDENT).acknowledged_by == "Support EMEA"
        assert store.incidents.history(INCIDENT)[-1].step is Step.ACKNOWLEDGED
    next(b for b in app.button if b.label == "Silence").click().run()
    assert "a silence always ends" in "".join(e.value for e in app.error)
    app.date_input[0].set_value(datetime.now(UTC).date() + timedelta(days=3))
    app.text_input(key="by_silence").set_value("Support EMEA")
    next(t for t in app.text_input if t.label == "Why").set_value("fire drill")
    next(b for b in app.button if b.label == "Silence").click().run()
    assert not app.exception
    with Store.open(address, read_only=True) as store:
        # As from Slack: it stands in the incident's history, and whoever was told hears it.
        assert store.incidents.history(INCIDENT)[-1].step is Step.SILENCED
        assert "fire drill" in store.incidents.history(INCIDENT)[-1].reason
        assert [s.why for s in store.changes.silences()] == ["fire drill"]
    # A false alarm ends here, by the same door; what has ended can still be marked, and a mark taken back.
    for mark, state in (("Mark as not real", "Marked as not real"), ("Take the mark back", "Acknowledged")):
        app.text_input(key="by_mark").set_value("Support EMEA")
        next(t for t in app.text_input if t.label == "How do you know?").set_value("test calls")
        next(b for b in app.button if b.label == mark).click().run()
        assert not app.exception
        with Store.open(address, read_only=True) as store:
            assert wording.state(store.incidents.get(INCIDENT)) == state
            assert [s.act for s in store.audit.all(INCIDENT)][-1] is Act.NOT_REAL
    # Of this one it is offered; of one that adds up the verdicts of a year it is not (below).
    assert "Mark as not real" in {b.label for b in app.button}


def test_an_incident_of_the_harm_allowance_offers_no_mark_that_would_be_refused(page, tmp_path):
    address = f"sqlite:///{tmp_path / 'own.db'}"
    worlds.seed(address)
    with Store.open(address) as store:
        seen = store.incidents.get(INCIDENT)
        summed = Transition(incident=INCIDENT, step=Step.NOTED, at=worlds.NOW, reason="summed")
        store.incidents.amend(replace(seen, check="allowance"), summed, seen=seen)
    offered = [b.label for b in page("incident", address, incident=INCIDENT).button]
    assert "Acknowledge" in offered
    assert "Mark as not real" not in offered


def test_a_viewer_sees_an_incident_and_is_told_who_may_act(page, monkeypatch):
    monkeypatch.setenv("CXMON_BOARD_READ_ONLY", "1")
    app = page("incident", incident=INCIDENT)
    assert "Only editors may acknowledge an incident; you are a viewer." in text(app)
    assert [b.label for b in app.button if b.label in {"Acknowledge", "Silence"}] == []


def test_an_incident_leads_to_its_message_where_its_address_is_known(page, tmp_path):
    address = f"sqlite:///{tmp_path / 'own.db'}"
    worlds.seed(address)
    with Store.open(address) as store:
        thread = store.incidents.get(INCIDENT).thread
        said_by = {"cx": "https://f.slack.com/C0/p1", "ops": "https://x.example/) [y](z", "tty": "printed"}
        for channel, said in said_by.items():
            told = Message(key=channel, thread=thread, title="Worse", text="Worse", tone=Tone.RED, badge="Worse")
            store.outbox.queue(
                [OutboxRow(key=channel, channel=channel, message=told, state=Delivery.WAITING)], worlds.NOW
            )
            store.outbox.sent(channel, Receipt(channel="C0", ref="1", detail=said), worlds.NOW)
    told = "\n".join(m.value for m in page("incident", address, incident=INCIDENT).markdown)
    assert "[cx](https://f.slack.com/C0/p1)" in told
    assert "[ops](" not in told
    assert "[tty](" not in told


def test_an_incident_says_of_a_fix_what_is_known_now(page, tmp_path):
    """Its message may have been written before the fix was judged."""
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        fix = replace(store.changes.get("bot").change, responds_to="weekend-desk")
        store.changes.put(fix, now=worlds.NOW, origin="yaml")
        known = store.incidents.get(INCIDENT)
        about = replace(known, id="cut", check="verdict", subject="weekend-desk", root=EVERYONE, members=(EVERYONE,))
        first = Transition(incident="cut", step=Step.OPENED, at=worlds.NOW, reason="opened")
        store.incidents.commit(
            check="verdict", subject="weekend-desk", seen_through=None, through=worlds.NOW, incidents=[about],
            transitions=[first], outbox=[], now=worlds.NOW,
        )  # fmt: skip
        facts = (
            Fact(label="Fix", text="Answered by Chat bot, since 1 Nov: not judged yet"),
            Fact(label="Owner", text="Operations"),
        )
        message = Message(
            key="k", thread=store.incidents.get("cut").thread, tone=Tone.RED, badge="Over", title="Fell", text="Fell",
            facts=facts, at=worlds.NOW,
        )  # fmt: skip
        store.outbox.queue([OutboxRow(key="k", channel="cx", message=message, state=Delivery.WAITING)], worlds.NOW)
    told = text(page("incident", url, incident="cut"))
    assert re.search(r"Fix\]  \nAnswered by Chat bot, since \d+ [A-Z][a-z]+: Too early\n", told)
    assert told.index("Too early\n") < told.index("Owner")
    assert "not judged yet" not in told


def test_a_link_to_an_incident_that_is_not_there_says_so(page):
    assert "There is no incident nonsense" in text(page("incident", incident="nonsense"))


def test_what_the_overview_does_not_show_is_linked_from_there(page):
    (said,) = [one.value for one in page("overview", change="weekend-desk").warning if "asked for" in one.value]
    assert said.endswith("(decision?change=weekend-desk)")


@pytest.mark.parametrize(
    ("name", "link", "said"),
    [
        ("decision", {"change": "<b>gone</b>"}, "There is no decision <b>gone</b>"),
        ("metric", {"metric": "gone"}, "There is no metric gone"),
        ("metric", {"metric": "csat", "segment": "{cut"}, "There is no segment {cut"),
        ("metric", {"metric": "csat"}, ""),
        ("overview", {"change": "gone"}, "There is no decision gone"),
        ("overview", {"incident": "999"}, "There is no incident 999"),
        ("overview", {"incident": INCIDENT}, ""),
    ],
)
def test_a_link_to_what_is_not_there_is_not_taken_for_another(page, name, link, said):
    told = [one.value.replace("\\", "").partition(".")[0] for one in page(name, **link).warning]
    assert [one for one in told if one.startswith("There is no")] == [said] * bool(said)


def test_the_page_on_data_tells_how_figures_fill_up_alarms_kept_and_messages(page):
    app = page("health", filling="csat")
    said = text(app)
    # A phone has each cell below the other, with its head before it.
    assert ['data-label="8 d">99 %</td>' in one.proto.body for one in app.get("html")] == [True]
    assert "A day counts when it is 8 days old, as declared." in said
    assert "At most 2 false alarms a quarter, over 38 watched figures" in said
    # Three are open: any of them may be false, so nothing is said to be kept.
    assert "Open whether kept" in said
    assert "3 incidents told: 3 still open and not taken up" in said
    assert "Nothing has been told to any channel yet" in said


def test_no_page_on_incidents_says_that_all_is_well(page, tmp_path):
    address = f"sqlite:///{tmp_path / 'own.db'}"
    worlds.seed(address)
    assert "1 not ended; nobody is on any of them yet" in text(page("incident", address))
    worlds.single(f"sqlite:///{tmp_path / 'calm.db'}")
    calm = text(page("incident", f"sqlite:///{tmp_path / 'calm.db'}"))
    assert "None is open" in calm
    assert "What is not red may still be too early to know." in calm


def test_a_view_narrows_cards_ledger_map_and_incidents_and_leaves_numbers_as_they_are(url, monkeypatch):
    from dashboards import figures, reading, viewing

    monkeypatch.setenv("CXMON_STORE_URL", url)
    whole = reading.world(reading.version())
    part = viewing.narrowed(whole, PHONE)
    assert [m.id for m in part.shown()] == ["csat", "reply"]
    assert part.root("csat") == worlds.PHONE.key
    assert {row.change for row in figures.ledger(part)} == {"weekend-desk", "refunds"}
    assert {row.change: row.number for row in figures.ledger(part)}.items() <= {
        row.change: row.number for row in figures.ledger(whole)
    }.items()
    assert [pin.number for pin in part.pins("csat", worlds.PHONE.key)] == [1, 2]
    assert part.incidents == ()
    assert {cell.segment for cell in figures.heat_cells(part)} == {"Phone desk"}
    assert viewing.narrowed(whole, replace(PHONE, scope=Scope())).incidents == whole.incidents


def test_a_decision_stands_on_the_charts_of_metrics_that_have_figures_of_its_customers(tmp_path, monkeypatch):
    from dashboards import reading

    url = f"sqlite:///{tmp_path / 'phone.db'}"
    worlds.seed(url)
    monkeypatch.setenv("CXMON_STORE_URL", url)

    def pinned(metric, segment=EVERYONE):
        return [pin.title for pin in reading.world(reading.version()).pins(metric, segment.key)]

    # Nothing is known yet of whom the figures are.
    everything = ["Refunds auto-approved", "Weekend phone desk closed", "Chat bot"]
    assert pinned("csat") == pinned("reply", worlds.PHONE) == everything
    worlds.collected(url, worlds.METRICS[0], worlds.PHONE)
    assert pinned("csat") == everything[:2]
    worlds.collected(url, worlds.METRICS[1], worlds.PHONE, worlds.CHAT)
    assert pinned("reply") == everything
    assert pinned("reply", worlds.PHONE) == everything[:2]
    assert pinned("reply", worlds.CHAT) == [everything[0], everything[2]]


def test_words_that_a_spreadsheet_would_run_are_text_in_what_is_downloaded():
    from dashboards.downloads import table

    cells = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "fine"]
    made = table([{"segment": c, "worse_by": -0.5, "n": float("nan")} for c in cells]).decode()
    assert made.startswith("segment,worse_by,n\n'=1+1,-0.5,\n'+1,-0.5,\n'-1,-0.5,\n'@x,-0.5,\n")
    assert [line.startswith(("=", "+", "-", "@", "\t")) for line in made.splitlines()].count(True) == 0


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "The file is empty"),
        (b"day;x\n2026-01-01;1\n\xff;2\n", "Row 3 is not in UTF-8"),
        (b"day,x\n2026\0,1\n", "Row 2 holds a zero byte"),
        (b"day\n1\n", "Row 1 has one column"),
        (b"day,,x\n1,2,3\n", "Column 2 has no name in row 1"),
        (b"day,x,x\n1,2,3\n", "Two columns are called x in row 1"),
        (b"day,x\n", "There are no rows below the header"),
        (b"day,x\n1,2,3\n", "Row 2 has 3 cells, the header 2"),
        (b"a" * 1_000_001, "The file has 1.0 MB; up to 1 MB can be tried"),
    ],
)
def test_a_bad_upload_is_one_sentence_that_names_row_or_column(raw, says):
    from dashboards.uploading import read

    found = read(raw)
    assert isinstance(found, str)
    assert found.startswith(says)


def test_the_example_is_mapped_by_guess():
    from dashboards.uploading import example, read

    found = read(example())
    assert (found.columns[found.guess_date()], found.columns[found.guess_value()]) == ("day", "csat")
    assert (found.columns[found.guess_count()], found.values["channel"]) == ("answers", ("phone", "chat"))


def test_what_a_command_says_on_its_last_line_is_the_sentence():
    from dashboards.commanding import said

    told = ["Usage: cxmon try [OPTIONS] FILE", "Try 'cxmon try --help' for help.", "",
            "Error: Invalid value for FILE: file: found 1 dated row, expected at least 2"]  # fmt: skip
    assert said(told) == "File: found 1 dated row, expected at least 2"
    assert said([]) == "No answer came."
