"""Calendars, lists and trackers read over real files and real HTTP: which entries there are, and what is set aside."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cxmon.change_feeds import CsvList, Ical, Jira
from cxmon.contracts import AskedEntries
from cxmon.errors import AccessError, RefusedError, SourceError
from cxmon.model import Secret, Token, Window

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
from vendor_rules import judged
from vendor_stub import BROKEN, PAGE, THROTTLED, Reply, Vendor

NOW = datetime(2026, 11, 10, tzinfo=UTC)
ASKED = AskedEntries(
    name="plans", window=Window(NOW - timedelta(days=90), NOW + timedelta(days=60)), now=NOW, zone="Europe/Berlin"
)


def calendar(*events, **properties):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *(f"{k}:{v}" for k, v in properties.items())]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.strip().split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def ical(tmp_path, *events, **properties):
    (tmp_path / "c.ics").write_bytes(calendar(*events, **properties))
    return Ical(path=str(tmp_path / "c.ics")).entries(ASKED)


def starts(entries):
    return [e.starts.astimezone(UTC).isoformat() for e in entries.found]


def test_a_day_begins_at_local_midnight_and_ends_nothing(tmp_path):
    entries = ical(
        tmp_path,
        "UID:a\nSUMMARY:Desk closed\nDTSTART;VALUE=DATE:20261103\nDTEND;VALUE=DATE:20261104\nCATEGORIES:Phone,EU",
        # The day on which clocks change has 25 hours and is one day all the same.
        "UID:b\nSUMMARY:One day\nDTSTART;VALUE=DATE:20261025\nDTEND;VALUE=DATE:20261026",
        "UID:c\nSUMMARY:Sale\nDTSTART;VALUE=DATE:20261127\nDTEND;VALUE=DATE:20261201",
    )
    day, long_day, sale = entries.found
    assert starts(entries) == ["2026-11-02T23:00:00+00:00", "2026-10-24T22:00:00+00:00", "2026-11-26T23:00:00+00:00"]
    assert (day.ends, long_day.ends, day.labels) == (None, None, ("Phone", "EU"))
    assert sale.ends.astimezone(UTC) == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_time_zones_of_the_calendar_of_its_own_and_none(tmp_path):
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19701101T020000\r\nTZOFFSETFROM:-0400\r\n"
        "TZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    events = calendar(
        "UID:a\nSUMMARY:x\nDTSTART;TZID=America/New_York:20261103T100000",
        "UID:b\nSUMMARY:x\nDTSTART:20261103T100000",
        "UID:c\nSUMMARY:x\nDTSTART:20261103T100000Z",
        "UID:d\nSUMMARY:x\nDTSTART;TZID=Here:20261103T100000",
    )
    file = tmp_path / "c.ics"
    file.write_bytes(events.replace(b"BEGIN:VEVENT", zone.encode() + b"BEGIN:VEVENT", 1))
    assert [text[11:16] for text in starts(Ical(path=str(file)).entries(ASKED))] == ["15:00", "09:00", "10:00", "15:00"]


def test_a_series_is_its_occurrences_by_the_wall_clock(tmp_path):
    entries = ical(
        tmp_path,
        "UID:w\nSUMMARY:Closed\nDTSTART;TZID=Europe/Berlin:20261013T100000\nRRULE:FREQ=WEEKLY;COUNT=5\n"
        "EXDATE;TZID=Europe/Berlin:20261020T100000",
        "UID:w\nSUMMARY:Closed, moved\nRECURRENCE-ID;TZID=Europe/Berlin:20261027T100000\n"
        "DTSTART;TZID=Europe/Berlin:20261028T120000",
        "UID:w\nSUMMARY:Closed\nRECURRENCE-ID;TZID=Europe/Berlin:20261103T100000\nSTATUS:CANCELLED\n"
        "DTSTART;TZID=Europe/Berlin:20261103T100000",
        "UID:z\nSUMMARY:Never ends\nDTSTART;VALUE=DATE:20200106\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1",
    )
    found = {(f"{e.starts.astimezone(UTC):%m-%d %H:%M}", e.title, e.cancelled) for e in entries.found}
    assert {one for one in found if one[1] != "Never ends"} == {
        ("10-13 08:00", "Closed", False), ("10-28 11:00", "Closed, moved", False),
        ("11-03 09:00", "Closed", True), ("11-10 09:00", "Closed", False),
    }  # fmt: skip
    months = sorted(one[0] for one in found if one[1] == "Never ends")
    assert months == ["08-31 22:00", "09-30 22:00", "10-31 23:00", "11-30 23:00", "12-31 23:00"]
    assert len({e.id for e in entries.found}) == len(entries.found)


def test_cancelled_private_and_broken_events(tmp_path):
    entries = ical(
        tmp_path,
        "UID:a\nSUMMARY:Off\nSTATUS:CANCELLED\nDTSTART:20261103T100000Z\nLAST-MODIFIED:20261101T000000Z",
        "UID:b\nSUMMARY:Dentist\nCLASS:PRIVATE\nDTSTART:20261103T100000Z",
        "UID:h\nSUMMARY:Board\nCLASS:X-SECRET\nDTSTART:20261103T100000Z",
        "SUMMARY:Nameless\nDTSTART:20261103T100000Z",
        "UID:d\nSUMMARY:Whenever",
        "UID:e\nSUMMARY:Ping\nDTSTART:20261103T100000Z\nRRULE:FREQ=SECONDLY",
        "UID:f\nSUMMARY:Old\nDTSTART:00010103T100000Z\nRRULE:FREQ=DAILY",
        "UID:g\nSUMMARY:Odd\nDTSTART:2026-11-03",
        "UID:i\nSUMMARY:Far\nDTSTART;TZID=Mars/Phobos:20261103T100000",
        "UID:j\nSUMMARY:Far\nDTSTART;TZID=Mars/Phobos:20261103T100000\nRRULE:FREQ=WEEKLY;COUNT=2",
    )
    (off,) = entries.found
    assert off.cancelled
    assert off.version == int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    assert entries.hidden == 2
    reasons = [r.reason for r in entries.rejected]
    assert "no UID" in reasons
    assert "no start" in reasons
    assert "it comes back more often than once a day" in reasons
    assert "it has come back since before 1970" in reasons
    assert reasons.count("a time zone that nobody knows: Mars/Phobos") == 2
    assert len(reasons) == 7


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it does not begin with BEGIN:VCALENDAR"),
        (b"<html>sign in</html>", "it does not begin with BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTST", "is cut short"),
        (b"BEGIN:VCALENDAR\r\nnonsense\r\nEND:VCALENDAR\r\n", "cannot be read"),
    ],
)
def test_what_is_no_calendar_is_told(tmp_path, content, told):
    (tmp_path / "c.ics").write_bytes(content)
    with pytest.raises(SourceError, match=told):
        Ical(path=str(tmp_path / "c.ics")).entries(ASKED)


def test_a_calendar_behind_an_address_that_is_never_told():
    event = "UID:a\nSUMMARY:Closed\nDTSTART:20261103T100000Z"
    replies = [Reply(calendar(event), kind="text/calendar")]
    with Vendor(**{"private-s3cret__basic.ics": lambda params, _: replies[0]}) as vendor:
        feed = Ical(url=Secret(f"{vendor.url}/private-s3cret/basic.ics?key=t0k"), allow_private=True)
        vendor.faults += [THROTTLED]
        assert len(feed.entries(ASKED).found) == 1
        assert vendor.seen[-1][2] == {"key": "t0k"}
        assert vendor.seen[-1][4]["Accept"].startswith("text/calendar")
        replies[0] = PAGE
        with pytest.raises(SourceError, match="is no calendar"):
            feed.entries(ASKED)
        replies[0] = Reply("gone", 404)
        with pytest.raises(SourceError) as refused:
            feed.entries(ASKED)
    assert "answered 404" in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert "t0k" not in str(refused.value)


def test_a_calendar_on_a_private_address_is_refused_unless_that_is_meant():
    with pytest.raises(ValueError, match="url: found http"):
        Ical(url=Secret("http://127.0.0.1/c.ics"))
    with pytest.raises(SourceError, match="not on the internet"):
        Ical(url=Secret("webcal://127.0.0.1:1/c.ics")).entries(ASKED)


LIST = """\
id,title,start,end,labels,status,changed,department
CX-1,Weekend desk closed,2026-11-03,,"phone; eu",done,2026-10-01,Operations
CX-2,Refunds slower,2026-11-04T09:00:00,2026-12-01,,Cancelled,,Finance
CX-3,No date,,,,,,
CX-4,American,11/03/2026,,,,,

,Without an id,2026-11-05,,,,,
CX-6,Backwards,2026-11-05,2026-11-04,,,,
"""


def listed(tmp_path, text, **options):
    (tmp_path / "c.csv").write_text(text, encoding="utf-8-sig")
    return CsvList(path=str(tmp_path / "*.csv"), **options).entries(ASKED)


def test_a_list_by_its_columns(tmp_path):
    entries = listed(tmp_path, LIST, owner_from="department")
    first, second, third = entries.found
    assert (first.id, first.title, first.labels, first.owner) == (
        "CX-1",
        "Weekend desk closed",
        ("phone", "eu"),
        "Operations",
    )
    assert starts(entries)[:2] == ["2026-11-02T23:00:00+00:00", "2026-11-04T08:00:00+00:00"]
    assert first.version == int(datetime(2026, 9, 30, 22, tzinfo=UTC).timestamp())
    assert second.cancelled
    assert len(third.id) == 10
    assert [(r.where, r.reason) for r in entries.rejected] == [
        ("c.csv:4", "no start"),
        ("c.csv:5", "start is not an ISO date such as 2026-11-03"),
        ("c.csv:8", "an end that is not after the start"),
    ]


def test_a_list_with_names_and_dates_of_its_own(tmp_path):
    german = {"delimiter": ";", "title": "Was", "start": "Wann", "date_format": "%d.%m.%Y"}
    entries = listed(tmp_path, "Was;Wann\nTelefon zu;03.11.2026\n", **german)
    assert starts(entries) == ["2026-11-02T23:00:00+00:00"]


def test_a_column_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceError, match="has no column title; it has a;b; is `delimiter` right"):
        listed(tmp_path, "a;b\n1;2\n", start="a;b")
    with pytest.raises(SourceError, match="has no column team; it has title, start"):
        listed(tmp_path, "title,start\nx,2026-11-03\n", labels="team")
    with pytest.raises(SourceError, match="no file matches"):
        CsvList(path=str(tmp_path / "none*.csv")).entries(ASKED)


class Tracker:
    """POST /rest/api/3/search/jql as it is documented: pages by nextPageToken, which the last page does not have, only
    the fields that were asked for, and nothing in the request that the specification does not name."""

    KNOWN = frozenset(
        {"jql", "fields", "maxResults", "nextPageToken", "expand", "properties", "fieldsByKeys", "reconcileIssues"}
    )

    def __init__(self, issues, size=2):
        self.issues, self.size, self.empty = issues, size, False

    def __call__(self, params, asked):
        if set(asked) - self.KNOWN or params or "project" not in asked["jql"] or not 1 <= asked["maxResults"] <= 5000:
            return Reply({"errorMessages": ["Invalid request payload."]}, 400)
        at = int(asked.get("nextPageToken", "t0")[1:])
        size = 0 if self.empty and at == 0 and "nextPageToken" not in asked else self.size
        page = self.issues[at : at + size]
        kept = [
            {"id": str(10_000 + at + i), "key": issue["key"], "self": "https://x", "expand": ""}
            | {"fields": {k: v for k, v in issue["fields"].items() if k in asked.get("fields", ())}}
            for i, issue in enumerate(page)
        ]
        last = at + size >= len(self.issues)
        return {"issues": kept, "isLast": last} | ({} if last else {"nextPageToken": f"t{at + size}"})


def issue(key, summary="Desk closed", due="2026-11-03", status="Done", **more):
    person = {"displayName": "Anna", "emailAddress": "anna@example.com"}
    fields = {
        "summary": summary, "duedate": due, "status": {"name": status}, "labels": ["phone"], "assignee": person,
        "components": [{"name": "Operations"}], "updated": "2026-11-01T08:00:00.000+0100",
        "description": {"type": "doc"},
    }  # fmt: skip
    return {"key": key, "fields": fields | more}


def jira(vendor, **more):
    given = {"email": "cx@example.com", "token": Token("t0k"), "jql": "project = CX", "allow_private": True}
    return Jira(base_url=vendor.url, **(given | more))


def test_issues_by_query_over_all_pages():
    tracker = Tracker(
        [issue(f"CX-{i}") for i in range(5)] + [issue("CX-9", status="Won't Do"), issue("CX-10", due=None)]
    )
    with Vendor(rest__api__3__search__jql=tracker) as vendor:
        vendor.faults += [THROTTLED, BROKEN]
        tracker.empty = True
        entries = jira(vendor, owner_from="components[0].name").entries(ASKED)
        asked = [seen[3] for seen in vendor.seen]
        assert judged("jira-service-management", vendor.seen)[0] == []
    assert [e.id for e in entries.found] == ["CX-0", "CX-1", "CX-2", "CX-3", "CX-4", "CX-9"]
    assert [e.cancelled for e in entries.found] == [False] * 5 + [True]
    first = entries.found[0]
    assert (first.owner, first.labels) == ("Operations", ("phone", "Operations"))
    assert first.version == int(datetime(2026, 11, 1, 7, tzinfo=UTC).timestamp())
    assert first.link.endswith("/browse/CX-0")
    assert [(r.where, r.reason) for r in entries.rejected] == [("CX-10", "no start")]
    # Nothing that names a person is asked for, and no text.
    assert asked[0]["fields"] == ["components", "duedate", "labels", "status", "summary", "updated"]


def test_jira_says_what_is_wrong():
    with Vendor(rest__api__3__search__jql=Tracker([])) as vendor:
        with pytest.raises(RefusedError, match=r"answered 400 \(Invalid request payload\.\)"):
            jira(vendor, jql="order by key").entries(ASKED)
        vendor.faults.append(Reply({"errorMessages": ["no"]}, 401))
        with pytest.raises(AccessError, match="credentials were not accepted"):
            jira(vendor).entries(ASKED)
        assert jira(vendor).entries(ASKED).found == ()
