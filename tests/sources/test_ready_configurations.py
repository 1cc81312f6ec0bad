"""The configurations that `cxmon init --type` writes for warehouses and contact centres, on tables and exports in the
documented layout."""

import csv
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from source_cases import fetched

from cxmon.config import load
from cxmon.model import Window

ROOT = Path(__file__).parents[2]
FIRST = ROOT / "cxmon" / "config"
NOW = datetime(2026, 9, 1, tzinfo=UTC)
WINDOW = Window(datetime(2026, 8, 1, tzinfo=UTC), NOW)


def plan_of(folder, kind, environ=None):
    path = folder / "cxmon.yaml"
    path.write_text((FIRST / f"first-{kind}.yaml").read_text())
    plan = load(path, environ=environ or {})
    assert not [note for note in plan.notes if "squares" not in note], plan.notes
    return plan


def figures(plan, name):
    """({segment: [n, total] over the window}, what was set aside) of a metric."""
    of = plan.metrics[name]
    found, rejected = fetched(plan.sources[of.source], of, WINDOW, NOW)
    sums: dict[str, list[float]] = {}
    for (segment, _, _), (n, total, *_) in found.items():
        one = sums.setdefault(segment, [0, 0])
        one[0], one[1] = one[0] + n, one[1] + total
    return {k: tuple(v) for k, v in sums.items()}, [(r.where, r.reason) for r in rejected]


def median(plan, name):
    of = plan.metrics[name]
    found, rejected = fetched(plan.sources[of.source], of, WINDOW, NOW)
    assert not rejected
    return {key[0]: f[0] for key, f in found.items()}


@pytest.fixture
def warehouse(tmp_path):
    """Runs statements in a DuckDB file, and gives the environment that names it."""
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("duckdb_sqlalchemy")

    def run(*statements):
        with duckdb.connect(str(tmp_path / "dwh.duckdb")) as conn:
            for statement in statements:
                conn.execute(statement)
        return {"WAREHOUSE_URL": "duckdb:///dwh.duckdb"}

    return run


ZENDESK = """
create schema analytics_zendesk;
create table analytics_zendesk.zendesk__ticket_metrics as select * from (values
  (1, timestamp '2026-08-03 10:00', timestamp '2026-08-03 12:00', 'closed', 'email', 'good', 30.0, 120.0, 0, true),
  (2, timestamp '2026-08-03 11:00', timestamp '2026-08-04 11:00', 'solved', 'email', 'bad', 90.0, 1440.0, 2, false),
  (3, timestamp '2026-08-03 12:00', null, 'open', 'email', null, null, null, 0, false),
  (4, timestamp '2026-08-03 13:00', timestamp '2026-08-05 12:00', 'solved', 'chat', 'unoffered', 1.0, 5.0, 0, true)
) as t(ticket_id, created_at, last_solved_at, status, created_channel, ticket_satisfaction_score,
  first_reply_time_calendar_minutes, final_resolution_calendar_minutes, count_reopens, is_one_touch_resolution);
create table analytics_zendesk.zendesk__sla_policies as select * from (values
  (1, 'first_reply_time', timestamp '2026-08-03 10:00', false, false),
  (2, 'first_reply_time', timestamp '2026-08-03 11:00', false, true),
  (3, 'first_reply_time', timestamp '2026-08-03 12:00', true, false)
) as t(ticket_id, metric, sla_applied_at, is_active_sla, is_sla_breach);
create table analytics_zendesk.zendesk__ticket_backlog as select * from (values
  (date '2026-08-03', 3, 'email'), (date '2026-08-03', 4, 'chat'), (date '2026-08-04', 3, 'email')
) as t(date_day, ticket_id, created_channel);
"""


def test_the_tables_of_the_dbt_package_for_zendesk(tmp_path, warehouse):
    plan = plan_of(tmp_path, "dbt-zendesk", warehouse(*ZENDESK.split(";")[:-1]))
    email, chat = '{"created_channel": "email"}', '{"created_channel": "chat"}'
    assert figures(plan, "csat") == ({email: (2, 1)}, [])
    assert figures(plan, "reopened") == ({email: (2, 1), chat: (1, 0)}, [])
    assert figures(plan, "one_touch") == ({email: (2, 1), chat: (1, 1)}, [])
    assert figures(plan, "sla") == ({'{"metric": "first_reply_time"}': (2, 1)}, [])
    assert figures(plan, "backlog") == ({email: (2, 2), chat: (1, 1)}, [])
    assert median(plan, "first_reply") == {email: 3, chat: 1}, "the ticket without a reply is among them"
    assert median(plan, "resolution") == {email: 3, chat: 1}


INTERCOM = """
create schema analytics_intercom;
create table analytics_intercom.intercom__conversation_metrics as select * replace (
  conversation_created_at::timestamp as conversation_created_at, last_close_at::timestamp as last_close_at,
  first_admin_response_at::timestamp as first_admin_response_at) from (values
  (1, '2026-08-03 10:00', '2026-08-03 12:00', 'web', 'customer', 'closed', 5, 4.5, '2026-08-03 10:04', 60.0, 0, 'hit'),
  (2, '2026-08-03 11:00', '2026-08-03 12:00', 'web', 'customer', 'closed', 3, 9, '2026-08-03 11:09', 30.0, 1, 'missed'),
  (3, '2026-08-03 12:00', null, 'web', 'customer', 'open', null, null, null, null, 0, 'cancelled'),
  (4, '2026-08-03 12:00', '2026-08-03 12:30', 'mail', 'admin', 'closed', null, 2.0, '2026-08-03 12:02', 10.0, 0, null)
) as t(conversation_id, conversation_created_at, last_close_at, conversation_type, conversation_initiated_type,
  conversation_state, conversation_rating, time_to_first_response_minutes, first_admin_response_at,
  time_to_last_close_minutes, count_reopens, sla_status);
update analytics_intercom.intercom__conversation_metrics
  set conversation_initiated_type = conversation_initiated_type || '_initiated';
"""


def test_the_tables_of_the_dbt_package_for_intercom(tmp_path, warehouse):
    plan = plan_of(tmp_path, "dbt-intercom", warehouse(*INTERCOM.split(";")[:-1]))
    web, mail = '{"conversation_type": "web"}', '{"conversation_type": "mail"}'
    assert figures(plan, "csat") == ({web: (2, 1)}, [])
    assert figures(plan, "reopened") == ({web: (2, 1), mail: (1, 0)}, [])
    assert figures(plan, "sla") == ({web: (2, 1)}, [])
    assert median(plan, "first_response") == {web: 3}
    assert median(plan, "time_to_close") == {web: 3}


STRIPE = """
create schema analytics_stripe;
create table analytics_stripe.stripe__daily_overview as
  select cast(d as date) as date_day, a as account_id, 9 as total_daily_sales_count,
    1 as total_daily_failed_charge_count
  from generate_series(timestamp '2026-08-01', timestamp '2026-08-31', interval 1 day) as days(d),
    (values ('a'), ('b')) as accounts(a);
create table analytics_stripe.stripe__subscription_details as select * from (values
  ('s1', 'c1', 'canceled', timestamp '2026-01-01 09:00', timestamp '2026-08-10 09:00'),
  ('s2', 'c1', 'active', timestamp '2026-08-10 08:00', null),
  ('s3', 'c2', 'canceled', timestamp '2026-01-01 09:00', timestamp '2026-08-12 09:00'),
  ('s4', 'c3', 'trialing', timestamp '2026-08-01 09:00', null),
  ('s5', 'c4', 'past_due', timestamp '2026-01-01 09:00', null),
  ('s6', 'c5', 'canceled', timestamp '2026-08-20 09:00', timestamp '2026-08-20 10:00')
) as t(subscription_id, customer_id, status, start_date_at, ended_at);
"""


def test_the_tables_of_the_dbt_package_for_stripe(tmp_path, warehouse):
    plan = plan_of(tmp_path, "dbt-stripe", warehouse(*STRIPE.split(";")[:-1]))
    days = 31
    # c1 goes on with another subscription, c3 is on trial, c4 is past due, c5 came and went within a day.
    assert figures(plan, "churn") == ({"{}": (days + 12 + days, 1)}, [])
    assert figures(plan, "payment_failed") == ({"{}": (days * 20, days * 2)}, [])


def export(path, header, rows):
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerows([header, *rows])


GENESYS = [
    "Interval Start", "Interval End", "Interval Complete", "Filters", "Media Type", "Queue Id", "Queue Name", "Offer",
    "Answer", "Answer %", "Abandon", "Abandon %", "ASA", "Service Level %", "Service Level Target %", "Avg Wait",
    "Avg Handle", "Avg Talk", "Avg Hold", "Avg ACW", "Hold", "Transfer", "Short Abandon",
]  # fmt: skip


def genesys(at, offer, answer, abandon, asa, level, queue="Orders"):
    end = (datetime.strptime(at, "%m/%d/%y %I:%M %p") + timedelta(minutes=30)).strftime("%m/%d/%y %I:%M %p")
    cells = [at, end, "TRUE", "", "voice", "q-1", queue, offer, answer, "", abandon, "", asa, level, "0.8"]
    return cells + [""] * (len(GENESYS) - len(cells))


def test_exports_of_genesys(tmp_path):
    rows = [
        genesys("08/03/26 09:00 AM", 100, 90, 10, 15000, 0.83),
        genesys("08/03/26 09:30 AM", 10, 10, "", 1000.5, 1),
        genesys("08/03/26 10:00 AM", "", "", "", "", ""),
        genesys("08/03/26 10:30 AM", 3, "", 3, "", 0),
    ]
    export(tmp_path / "exports" / "queues-1.csv", GENESYS, rows)
    export(tmp_path / "exports" / "queues-2.csv", GENESYS, [genesys("08/03/26 09:00 AM", 101, 90, 10, 15000, 0.83)])
    plan = plan_of(tmp_path, "genesys")
    orders = '{"media": "voice", "queue": "Orders"}'
    # Answered in time: 83 of 100 and 10 of 10, not the average of 83 %, 100 % and 0 %.
    assert figures(plan, "service_level") == ({orders: (113, 93)}, [])
    assert figures(plan, "abandonment") == ({orders: (114, 13)}, [])
    assert figures(plan, "speed_of_answer") == ({orders: (100, 90 * 15 + 10 * 1.0005)}, [])


def test_reports_of_five9(tmp_path):
    header = ["SKILL", "DATE", "HALF HOUR", "CALLS", "SERVICE LEVEL count", "ABANDONED", "SPEED OF ANSWER"]
    rows = [
        ("Orders", "2026/08/03", "09:00", 40, 30, 4, "00:09:00"),
        ("Orders", "2026/08/03", "09:30", 10, 10, 0, "00:00:30"),
        ("Returns", "2026/08/03", "09:00", 2, 0, 2, ""),
        ("", "", "", 52, 40, 6, "00:09:30"),
    ]
    export(tmp_path / "exports" / "acd-08.csv", header, rows)
    plan = plan_of(tmp_path, "five9")
    orders, returns = '{"skill": "Orders"}', '{"skill": "Returns"}'
    total = [("acd-08.csv:5", "time: empty")]
    assert figures(plan, "service_level") == ({orders: (50, 40), returns: (2, 0)}, total)
    assert figures(plan, "abandonment") == ({orders: (50, 4), returns: (2, 2)}, total)
    assert figures(plan, "speed_of_answer") == ({orders: (46, 570)}, total)


def test_reports_of_amazon_connect(tmp_path):
    header = [
        "Queue", "StartInterval", "EndInterval", "Contacts queued", "Contacts handled incoming", "Contacts abandoned",
        "Contacts answered in 20 seconds", "Average queue answer time", "Service level 20 seconds",
    ]  # fmt: skip
    rows = [
        ("Orders", "2026-08-03T09:00:00.000Z", "2026-08-03T09:30:00.000Z", 40, 36, 3, 30, "15.5", "75.00%"),
        ("Orders", "2026-08-03T09:30:00.000Z", "2026-08-03T10:00:00.000Z", 10, 10, 0, 10, "00:00:03", "100.00%"),
        ("Orders", "2026-08-03T10:00:00.000Z", "2026-08-03T10:30:00.000Z", 0, 0, 0, 0, "", ""),
    ]
    export(tmp_path / "exports" / "queues.csv", header, rows)
    plan = plan_of(tmp_path, "amazon-connect")
    orders = '{"queue": "Orders"}'
    assert figures(plan, "service_level") == ({orders: (50, 40)}, [])
    assert figures(plan, "abandonment") == ({orders: (50, 3)}, [])
    assert figures(plan, "speed_of_answer") == ({orders: (46, 36 * 15.5 + 30)}, [])


def test_reports_of_talkdesk(tmp_path):
    header = [
        "interaction_id", "contact_id", "contact_person_number", "direction", "contact_type", "started_at", "wait_time",
        "abandon_time", "inside_service_level", "ring_groups", "user_name",
    ]  # fmt: skip
    rows = [
        ("i1", "c1", "+1", "IN", "Answered", "2026-08-03 09:00:00", 12, 0, "Yes", "orders", "Ann"),
        ("i2", "c2", "+1", "IN", "Answered", "2026-08-03 09:01:00", 90, 0, "No", "orders", "Ann"),
        ("i3", "c3", "+1", "IN", "Abandoned", "2026-08-03 09:02:00", 40, 40, "No", "orders", ""),
        ("i4", "c4", "+1", "IN", "Short Abandoned", "2026-08-03 09:03:00", 2, 2, "No", "orders", ""),
        ("i5", "c5", "+1", "OUT", "Connected", "2026-08-03 09:04:00", "", "", "No", "orders", "Ann"),
    ]
    export(tmp_path / "exports" / "contacts-1.csv", header, rows)
    export(tmp_path / "exports" / "contacts-2.csv", header, rows[1:3])
    plan = plan_of(tmp_path, "talkdesk")
    orders = '{"queue": "orders"}'
    assert figures(plan, "service_level") == ({orders: (3, 1)}, [])
    assert figures(plan, "abandonment") == ({orders: (3, 1)}, [])
    assert figures(plan, "speed_of_answer") == ({orders: (2, 102)}, [])
    assert figures(plan, "wait") == ({orders: (2, 102)}, [])


def test_a_column_that_the_vendor_renamed_is_told_with_file_and_line(tmp_path):
    from cxmon.errors import SourceError

    header = [name.replace("Offer", "Offered") for name in GENESYS]
    export(tmp_path / "exports" / "queues-1.csv", header, [])
    plan = plan_of(tmp_path, "genesys")
    with pytest.raises(SourceError, match=r"^abandonment: queues-1\.csv:1: no column 'Offer'; it has Interval Start, "):
        figures(plan, "abandonment")


def test_every_first_configuration_can_be_written(tmp_path):
    sys.path.insert(0, str(ROOT))
    from cxmon.cli.validate import First

    written = {path.stem.removeprefix("first").removeprefix("-") or "csv" for path in FIRST.glob("first*.yaml")}
    assert written == {str(kind.value) for kind in First}
