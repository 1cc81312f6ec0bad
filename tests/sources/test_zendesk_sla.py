"""SLA of Zendesk: events of clocks that come one by one become one record for each cycle."""

from datetime import UTC, datetime, timedelta

import pytest
from source_cases import metric
from vendor_stub import THROTTLED, Reply
from zendesk_stub import Clocks, clock, policy

from cxmon.contracts import Request
from cxmon.errors import AccessError, SourceError
from cxmon.model import Read, Token, Window
from cxmon.sources import Zendesk

NOW = datetime(2026, 6, 1, tzinfo=UTC)
T0 = int((NOW - timedelta(days=20)).timestamp())
H = 3600


def source(vendor):
    return Zendesk(email="it@example.com", token=Token("t0ken"), base_url=vendor.url, allow_private=True)


def pull(source_, cursor=None, now=NOW, days=30):
    of = metric(read=Read(stream="sla_cycles", time="decided_at", value="met"), source="zendesk")
    request = Request(metric=of, window=Window(now - timedelta(days=days), now), now=now, cursor=cursor)
    return list(source_.fetch(request))


def told(events, now=NOW):
    """{cycle: its record} of events that come on one page."""
    with Clocks(events, now=now).serve() as vendor:
        found = pull(source(vendor), now=now)
    upserts = found[0].upserts
    return {name: {f: column[i] for f, column in upserts.fields.items()} for i, name in enumerate(upserts.ids)}


def test_a_cycle_is_met_breached_open_or_has_no_sla():
    met, late, due, without, again = (clock(n) for n in (1, 2, 3, 4, 5))
    found = told(
        [
            met("activate", T0), met("apply_sla", T0, **policy(60, business=True)), met("pause", T0 + 9),
            met("activate", T0 + 99), met("fulfill", T0 + H), met("update_status", T0 + H, status={"calendar": 60}),
            late("activate", T0), late("apply_sla", T0, **policy(30)), late("breach", T0 + H / 2, deleted=False),
            late("fulfill", T0 + 2 * H),
            due("activate", T0), due("apply_sla", T0, **policy(90)), due("breach", int(NOW.timestamp()) + H),
            without("activate", T0), without("fulfill", T0 + H),
            again("activate", T0), again("apply_sla", T0, **policy(60)), again("fulfill", T0 + 9),
            again("activate", T0 + 99),
        ]
    )  # fmt: skip
    assert [(found[f"{n}/reply_time/1"]["met"], found[f"{n}/reply_time/1"]["open"]) for n in range(1, 6)] == [
        (1, 0), (0, 0), (None, 1), (None, None), (None, 1),
    ]  # fmt: skip
    assert found["1/reply_time/1"] == {
        "sla_metric": "first_reply_time", "policy": "Gold", "target_min": 60, "business": 1, "met": 1, "open": 0,
        "started_at": T0, "fulfilled_at": T0 + H, "breached_at": None, "decided_at": T0 + H,
    }  # fmt: skip
    assert found["2/reply_time/1"]["decided_at"] == T0 + H // 2, "the instant at which it was due"
    assert "words" not in str(found)


def test_the_clocks_of_a_ticket_are_cycles_of_their_own():
    second, work, group = clock(1, instance=2), clock(1, "agent_work_time"), clock(1, "group_ownership_time", number=9)
    found = told(
        [
            second("apply_sla", T0, **policy(5)), second("breach", T0 + 300), work("activate", T0),
            group("apply_group_sla", T0, group_sla={"target_in_seconds": 7200, "policy": {"id": 3}}),
            group("fulfill", T0 + 9),
        ]
    )  # fmt: skip
    assert {name: (one["sla_metric"], one["met"]) for name, one in found.items()} == {
        "1/reply_time/2": ("next_reply_time", 0), "1/agent_work_time/1": ("agent_work_time", None),
        "1/group_ownership_time/1": ("group_ownership_time", 1),
    }  # fmt: skip
    assert (found["1/group_ownership_time/1"]["target_min"], found["1/group_ownership_time/1"]["policy"]) == (120, "3")


def test_a_target_that_changes_counts_and_a_breach_that_was_withdrawn_does_not():
    longer, taken = clock(1), clock(2)
    events = [
        longer("activate", T0), longer("apply_sla", T0, **policy(30, "Bronze")),
        longer("breach", T0 + H / 2, deleted=True),
        longer("apply_sla", T0 + H, **policy(600)), longer("fulfill", T0 + 2 * H),
        taken("activate", T0), taken("apply_sla", T0, **policy(30)), taken("apply_sla", T0 + 9, **policy(None)),
        taken("fulfill", T0 + 2 * H),
    ]  # fmt: skip
    found = told(events)
    one, other = found["1/reply_time/1"], found["2/reply_time/1"]
    assert (one["met"], one["target_min"], one["policy"], one["decided_at"]) == (1, 600, "Gold", T0 + 2 * H)
    assert (other["met"], other["open"], other["target_min"]) == (None, None, None), "its SLA was taken off"


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize(("size", "requests"), [(1000, (2, 1)), (7, (5, 4)), (21, (2, 1))])
def test_pages_by_time_are_read_to_their_end_whatever_they_hold(size, requests, ends):
    one = clock(1)
    clocks = Clocks([one("activate", T0 + H * (i // 2)) for i in range(21)], now=NOW, size=size, ends=ends)
    with clocks.serve() as vendor:
        vendor.faults = [THROTTLED]
        found = pull(source(vendor))
        assert len(found[0].pieces.keys) == min(size, 21)
        assert {k for b in found for k in b.pieces.keys} == {str(1100 + i) for i in range(21)}
        assert (found[-1].complete, len(vendor.seen) - 1) == (True, requests[ends])
        assert all(s[2].keys() == {"start_time"} for s in vendor.seen)
        # The next run begins two days before the newest event, and a page that is cut short goes on where it stopped.
        vendor.seen.clear()
        pull(source(vendor), found[-1].cursor, now=NOW)
        assert vendor.seen[0][2]["start_time"] == str(T0 + 10 * H - 2 * 86_400)


def test_a_run_that_was_cut_short_goes_on_at_its_page():
    one = clock(1)
    with Clocks([one("activate", T0 + H * i) for i in range(21)], now=NOW, size=7).serve() as vendor:
        found = pull(source(vendor))
        vendor.seen.clear()
        pull(source(vendor), found[0].cursor)
        assert vendor.seen[0][2]["start_time"] == str(T0 + 6 * H)


def test_more_events_of_one_second_than_a_page_holds_are_told_and_not_passed_over():
    one = clock(1)
    with (
        Clocks([one("activate", T0) for _ in range(1500)], now=NOW).serve() as vendor,
        pytest.raises(SourceError, match="page 2 of api/v2/incremental/ticket_metric_events leads to a page that was"),
    ):
        pull(source(vendor))


def test_events_that_are_none_are_set_aside_and_the_rest_is_taken():
    one = clock(1)
    events = [one("activate", T0), {"id": 1, "type": "activate", "time": "2026-05-20T00:00:00Z"}, one("new_type", T0),
              one("fulfill", T0) | {"time": "soon"}]  # fmt: skip
    with Clocks([], now=NOW).serve() as vendor:
        answer = {"ticket_metric_events": events, "count": 4, "end_time": T0, "next_page": None}
        vendor.faults = [Reply(answer)]
        found = pull(source(vendor))
    assert found[0].pieces.of == ["1/reply_time/1"]
    assert [(r.where, r.reason) for r in found[0].rejected] == [
        ("page 1, row 2", "no id"),
        ("page 1, row 4", "the time of its last change: no instant in ISO 8601 and no epoch seconds"),
    ]
    with Clocks([], now=NOW).serve() as vendor:
        vendor.faults = [Reply({"error": "Forbidden"}, 403)]
        with pytest.raises(AccessError, match="a scope or a role is missing"):
            pull(source(vendor))
