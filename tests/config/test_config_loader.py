"""What a right configuration means."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.config import load, parse_change, parse_duration, parse_instant
from cxmon.config.records import top
from cxmon.errors import ConfigError
from cxmon.model import Amount, Category, Holidays, Kind, Scope, Segment, Status

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "cxmon.yaml"

SMALL = """\
zone: Europe/Berlin
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat:
    source: answers
    kind: proportion
    better: higher
    matters: 2pt
    dimensions: [channel, region]
    read: {time: day, value: satisfied}
  speed:
    source: answers
    kind: quantile
    better: lower
    unit: h
    matters: 10%
    read: {time: day, value: hours}
"""


@pytest.fixture
def plan_of(tmp_path):
    def write(text, **environ):
        path = tmp_path / "cxmon.yaml"
        path.write_text(text)
        return load(path, environ=environ)

    return write


def refused(plan_of, text, **environ):
    with pytest.raises(ConfigError) as error:
        plan_of(text, **environ)
    return error.value.problems


# Roll-outs in stages

STAGE_DAYS = ((2, 28, 23), (3, 14, 23), (4, 11, 22))
ROLL_OUT = """
changes:
  - id: desk
    title: Desk
    category: policy
    starts: 2026-03-01
    owner: Ops
    ends: 2026-06-01
    limits: {csat: 1pt}
    stages:
      - {starts: 2026-03-15, scope: {channel: [chat, email]}, ends: 2026-04-01}
      - {starts: 2026-03-01, scope: {channel: phone}}
"""


def test_the_parts_of_a_roll_out_are_changes_of_their_own_by_start(plan_of):
    (change,) = plan_of(SMALL + ROLL_OUT).changes
    first, second = change.parts()
    assert (first.starts, first.ends) == (change.starts, change.ends)
    berlin = [datetime(2026, 3, 14, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)]
    assert [second.starts, second.ends] == berlin
    assert (first.scope, second.scope) == (Scope.of({"channel": "phone"}), Scope.of({"channel": ["chat", "email"]}))
    assert first.stages == second.stages == ()
    assert {first.id, second.id} == {"desk"}
    assert change.reach == Scope.of({"channel": ["chat", "email", "phone"]})
    assert first.parts() == (first,)


def test_a_metric_that_does_not_know_the_stages_dimension_is_noted(plan_of):
    plan = plan_of(SMALL + ROLL_OUT.replace("    limits: {csat: 1pt}\n", ""))
    said = "changes.desk.stages: speed has no channel; judged on everyone, as one change from its first stage on"
    assert [note.partition(": ")[2] for note in plan.notes] == [said]


# The example


def test_the_annotated_example_loads_and_means_what_it_says():
    plan = load(EXAMPLE, environ={})
    assert plan.title == "Northwind Support"
    assert plan.store_url == f"sqlite:///{ROOT}/var/example/store.db"
    assert plan.sources["desk"].url.reveal() == f"sqlite:///{ROOT}/var/desk/desk.db"
    assert list(plan.metrics) == ["csat", "first_response", "reopened", "churn", "contacts"]
    assert plan.metrics["first_response"].quantiles == (0.5, 0.9)
    assert plan.metrics["first_response"].by == ((), ("channel",), ("region",), ("tier",))
    assert plan.alarm_budget == 2
    floor, quiet, drift = plan.checks
    assert (floor.policy.breaches, floor.policy.of, floor.policy.recover_after) == (3, 4, 3)
    assert quiet.metrics == tuple(plan.metrics)
    assert drift.metrics == ("csat", "first_response", "churn")
    desk, bot, callback, hours = plan.changes
    assert desk.category is Category.COST_CUT
    assert desk.starts == datetime(2026, 8, 31, 22, tzinfo=UTC)
    assert desk.scope == Scope.of({"channel": "phone", "region": ["eu", "us"]})
    assert desk.scope_for("churn") == Scope.of({"main_channel": "phone", "region": ["eu", "us"]})
    assert desk.limits["csat"] == Amount(0.015, relative=False, text="1.5pt")
    assert (desk.announced_days, desk.horizon_days) == (7, 90)
    assert bot.aims["contacts"] == Amount(0.2, relative=True, text="20%")
    assert callback.status is Status.DRAFT
    assert callback.responds_to == "weekend-phone-desk"
    assert [stage.starts for stage in hours.stages] == [datetime(2027, *d, tzinfo=UTC) for d in STAGE_DAYS]
    assert [part.scope.label for part in hours.parts()] == ["email, eu", "email, us", "email, apac/latam"]
    assert hours.scope_for("csat") == Scope.of({"channel": "email", "region": ["apac", "eu", "latam", "us"]})
    assert plan.routes[1].segment == Segment.of(channel="phone")
    assert plan.silences[0].ends > plan.silences[0].starts


def test_the_example_shows_every_key_of_the_top_level():
    text = EXAMPLE.read_text()
    missing = [key for key in top().fields if not re.search(rf"^(# )?{key}:", text, re.MULTILINE)]
    assert missing == []


def test_the_first_configuration_that_init_writes_loads():
    plan = load(ROOT / "cxmon" / "config" / "first.yaml", environ={})
    assert list(plan.metrics) == ["csat"]
    assert [route.channel for route in plan.routes] == ["console"]


@pytest.mark.parametrize("name", ["desk", "furlough"])
def test_the_demos_configurations_load(tmp_path, name):
    written = (ROOT / "cxmon" / "demo" / f"{name}.yaml").read_text()
    path = tmp_path / "cxmon.yaml"
    written = written.replace("<allowance-year>", "07-01").replace("<in-a-quarter>", "2026-12-01")
    path.write_text(re.sub(r"<[a-z-]+?-?([0-9]?)>", lambda found: f"2026-09-0{found[1] or 1}", written))
    plan = load(path, environ={})
    assert plan.metrics
    assert plan.changes


def test_twelve_lines_are_enough(plan_of):
    text = SMALL[SMALL.index("sources") : SMALL.index("  speed")]
    assert text.count("\n") <= 12
    assert plan_of(text).metrics["csat"].kind is Kind.PROPORTION


def test_an_edit_changes_what_it_says_and_nothing_else(tmp_path):
    text = EXAMPLE.read_text()
    before = load(EXAMPLE, environ={})
    path = tmp_path / "config" / "cxmon.yaml"
    path.parent.mkdir()

    def edited(old, new):
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        return load(path, environ={})

    after = edited("limits: {csat: 1.5pt, first_response: 10%, churn: 10%}", "limits: {csat: 2.5pt, churn: 10%}")
    assert after.changes[0].limits == {
        "csat": Amount(0.025, relative=False, text="2.5pt"),
        "churn": Amount(0.1, relative=True, text="10%"),
    }
    assert after.changes[0].declared_hash != before.changes[0].declared_hash
    assert after.changes[1:] == before.changes[1:]
    assert after.metrics == before.metrics
    path.write_text(text)
    again = load(path, environ={})
    assert (again.changes, again.metrics, again.checks, again.routes) == (
        before.changes,
        before.metrics,
        before.checks,
        before.routes,
    )


# Names from the environment


def test_a_variable_stands_for_a_whole_value_and_its_default_where_it_is_unset(plan_of):
    text = "title: ${CX_TITLE:-Our customers}\nstore: ${CX_STORE}\n" + SMALL
    plan = plan_of(text, CX_STORE="postgresql://cx:hunter2@db/cx")
    assert plan.title == "Our customers"
    assert plan.store_url == "postgresql://cx:hunter2@db/cx"
    assert plan_of(text, CX_STORE="sqlite://", CX_TITLE="NO").title == "NO"


def test_a_variable_cannot_bring_yaml_into_the_file(plan_of):
    plan = plan_of("title: ${CX_TITLE}\n" + SMALL, CX_TITLE="x\nzone: Mars\n&a [1, 2]")
    assert plan.title == "x\nzone: Mars\n&a [1, 2]"
    assert plan.zone == "Europe/Berlin"


def test_numbers_and_durations_may_come_from_the_environment(plan_of):
    plan = plan_of("alarm_budget: {per_quarter: '${BUDGET}'}\nbackfill: ${BACK}\n" + SMALL, BUDGET="3", BACK="2w")
    assert plan.alarm_budget == 3
    assert plan.backfill == timedelta(days=14)


CANARY = "CANARY-5f1c"


@pytest.mark.parametrize(
    "text",
    [
        f"channels: {{s: {{type: slack, channel: '#a', token: xoxb-{CANARY}, tokn: xoxb-{CANARY}}}}}\n",
        f"channels: {{s: {{type: slack, channel: '#a', token: [xoxb-{CANARY}]}}}}\n",
        f"channels: {{s: {{type: slack, channel: '#a', timeout_s: xoxb-{CANARY}}}}}\n",
        f"channels: {{s: {{type: xoxb-{CANARY}}}}}\n",
        f"store: postgresql://u:{CANARY}@${{HOST}}/x\n",
        f"board_url: postgresql://u:{CANARY}@host/x\n",
        "store: ['${SECRET}']\n",
        "backfill: ${SECRET}\n",
        "alarm_budget: {per_quarter: '${SECRET}'}\n",
        "alarm_budget: {per_quarter: '${NUMBER}'}\n",
        "zone: ${SECRET}\n",
        "changes: [{id: '${SECRET}', title: a}, {id: '${SECRET}', title: b}]\n",
        "changes: [{id: a, responds_to: '${SECRET}'}]\n",
        "checks: {q: {type: threshold, metrics: [csat], floor: '${SECRET}'}}\n",
        "checks: {q: {type: funnel, false_share: '${LARGE}'}}\n",
        "sources: {more: {type: csv, path: a, encoding: '${SECRET}'}}\n",
        "as_of: ${SECRET}\n",
        f"channels: {{s: {{type: slack, channel: '#a', 'xoxb-{CANARY}': token}}}}\n",
        f"channels: {{'https://me:{CANARY}@host/': {{type: console}}}}\n",
        "channels: {s: {type: '${SECRET}'}}\n",
        "channels: {s: {type: slack, channel: '#a', base_url: '${SECRET}'}}\n",
        "routes: [{channel: '${SECRET}'}]\n",
    ],
)
def test_no_problem_ever_shows_a_secret(plan_of, text):
    small = SMALL.replace("zone: Europe/Berlin\n", "")
    problems = refused(plan_of, text + small, SECRET=CANARY, NUMBER=f"-1{CANARY}", LARGE="31415926.5")
    assert problems
    assert CANARY not in "\n".join(problems)
    assert "3141592" not in "\n".join(problems)


def test_a_plan_prints_no_secret(plan_of):
    text = "store: ${STORE}\nchannels: {s: {type: slack, channel: '#a', token: '${TOKEN}'}}\n" + SMALL
    plan = plan_of(text, STORE=f"postgresql://u:{CANARY}@h/x", TOKEN=f"xoxb-{CANARY}")
    assert CANARY in plan.store_url
    assert plan.channels["s"].token.reveal() == f"xoxb-{CANARY}"
    assert CANARY not in repr(plan) + str(plan)


def test_a_secret_in_plain_sight_is_noted_but_not_shown(plan_of):
    plan = plan_of(SMALL + f"channels: {{s: {{type: slack, channel: '#a', token: xoxb-{CANARY}}}}}\n")
    expected = "holds a secret in plain sight; put it in the environment and write ${NAME} here"
    assert plan.notes == (f"cxmon.yaml:18: channels.s.token: {expected}",)


# Sizes and times


@pytest.mark.parametrize(
    ("written", "value"), [("10%", 0.1), ("0.5", 0.5), ("30min", 0.5), ("1h", 1.0), ("1d", 24.0), ("'90 min'", 1.5)]
)
def test_a_size_is_kept_in_the_metrics_own_unit(plan_of, written, value):
    plan = plan_of(SMALL.replace("matters: 10%", f"matters: {written}"))
    assert plan.metrics["speed"].matters.value == pytest.approx(value)
    assert plan.metrics["speed"].matters.relative is (written == "10%")


def test_a_rate_is_written_as_it_is_shown(plan_of):
    text = SMALL + (
        "  churn: {source: answers, kind: rate, per: 1000, better: lower, matters: 5, "
        "read: {time: day, n: active, total: gone}}\n"
    )
    assert plan_of(text).metrics["churn"].matters.value == pytest.approx(0.005)
    assert plan_of(text.replace("5,", "5 per 100000,")).metrics["churn"].matters.value == pytest.approx(0.00005)
    limit = "checks: {many: {type: threshold, metrics: [churn], ceiling: 4}}\n"
    assert plan_of(text + limit).checks[0].check.ceiling == pytest.approx(0.004)


def test_one_floor_means_another_number_in_another_unit(plan_of):
    minutes = (
        "  fast: {source: answers, kind: quantile, better: lower, unit: min, matters: 5%, read: {time: d, value: m}}\n"
    )
    plan = plan_of(SMALL + minutes + "checks: {slow: {type: threshold, metrics: [speed, fast], ceiling: 2h}}\n")
    assert {check.metrics: check.check.ceiling for check in plan.checks} == {("speed",): 2.0, ("fast",): 120.0}
    assert [check.name for check in plan.checks] == ["slow", "slow"]


def test_a_day_begins_at_local_midnight_also_where_clocks_change(plan_of):
    change = "changes: [{id: a, title: A, category: policy, starts: %s, owner: Ops}]\n"
    for written, instant in {
        "2026-01-15": datetime(2026, 1, 14, 23, tzinfo=UTC),
        "2026-03-30": datetime(2026, 3, 29, 22, tzinfo=UTC),
        "2026-07-01T08:00": datetime(2026, 7, 1, 6, tzinfo=UTC),
        "2026-07-01 08:00:30": datetime(2026, 7, 1, 6, 0, 30, tzinfo=UTC),
        "2026-07-01T08:00:00Z": datetime(2026, 7, 1, 8, tzinfo=UTC),
        "2026-07-01T08:00-05:00": datetime(2026, 7, 1, 13, tzinfo=UTC),
    }.items():
        assert plan_of(SMALL + change % f'"{written}"').changes[0].starts == instant
        if " " not in written:
            assert plan_of(SMALL + change % written).changes[0].starts == instant


def test_as_of_is_read_in_the_plans_zone(plan_of):
    assert plan_of("as_of: 2013-07-01\n" + SMALL).as_of == datetime(2013, 6, 30, 22, tzinfo=UTC)


@settings(derandomize=True)
@given(st.integers(1, 5000), st.sampled_from(["s", "min", "h", "d", "w"]))
def test_durations_are_read_as_written(number, unit):
    seconds = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}[unit]
    assert parse_duration(f"{number}{unit}") == timedelta(seconds=number * seconds)


def test_months_are_whole_days():
    assert parse_duration("18mo") == timedelta(days=548)
    assert parse_duration("1mo") == timedelta(days=30)


@pytest.mark.parametrize("text", ["", "5", "5m", "-5min", "5 minutes", "1e3s", "99999w", "٥min", "5min\n"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ConfigError, match="expected a duration such as 30s"):
        parse_duration(text)


def test_an_instant_of_a_command_is_read_the_same_way():
    assert parse_instant("2026-12-01", "Europe/Berlin") == datetime(2026, 11, 30, 23, tzinfo=UTC)
    with pytest.raises(ConfigError, match="found 'tomorrow', expected a date"):
        parse_instant("tomorrow", "UTC")


# Files beside the configuration


def test_files_are_relative_to_the_configuration_also_where_its_folder_looks_like_a_glob(tmp_path):
    folder = tmp_path / "cx [2026]"
    folder.mkdir()
    (folder / "cxmon.yaml").write_text(SMALL)
    source = load(folder / "cxmon.yaml", environ={}).sources["answers"]
    assert source.path == f"{tmp_path}/cx [[]2026]/answers.csv"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sqlite:///var/desk.db", "sqlite:///{folder}/var/desk.db"),
        ("sqlite:////var/desk.db", "sqlite:////var/desk.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite+pysqlite:///a.db?timeout=5", "sqlite+pysqlite:///{folder}/a.db?timeout=5"),
        ("sqlite:///file:a.db?mode=ro&uri=true", "sqlite:///file:{folder}/a.db?mode=ro&uri=true"),
        ("postgresql://host/x", "postgresql://host/x"),
    ],
)
def test_a_sqlite_store_lies_beside_the_configuration(plan_of, tmp_path, written, read):
    assert plan_of(f'store: "{written}"\n' + SMALL).store_url == read.format(folder=tmp_path.resolve())


def test_without_a_store_it_is_beside_the_file(plan_of, tmp_path):
    assert plan_of(SMALL).store_url == f"sqlite:///{tmp_path.resolve()}/cxmon.db"


# Notes: valid, but may surprise


def test_a_metric_without_the_scopes_dimension_is_noted_as_judged_on_everyone(plan_of):
    change = "changes: [{id: a, title: A, category: policy, starts: 2026-01-01, owner: Ops, scope: {region: eu}%s}]\n"
    plan = plan_of(SMALL + change % "")
    assert plan.notes == ("cxmon.yaml:18: changes.a.scope: speed has no region; judged on everyone",)
    assert plan_of(SMALL + change % ", limits: {csat: 1pt}").notes == ()
    known_by_region = SMALL.replace("    unit: h\n", "    unit: h\n    dimensions: [region]\n")
    both = change.replace("{region: eu}", "{region: eu, channel: chat}")
    plan = plan_of(known_by_region + both % ", limits: {speed: 5%}")
    assert plan.notes == ("cxmon.yaml:19: changes.a.scope: speed has no channel; judged on eu",)


def test_what_a_metric_with_overlapping_segments_goes_without_is_noted(plan_of):
    (note,) = plan_of(SMALL.replace("    matters: 2pt\n", "    matters: 2pt\n    additive: false\n")).notes
    assert note.startswith("cxmon.yaml:9: metrics.csat.additive: csat has segments that overlap: verdicts tell no")


def test_a_weight_that_counts_for_nothing_is_noted(plan_of):
    change = (
        "{id: a, title: A, category: policy, starts: 2026-01-01, owner: Ops, limits: {csat: 1pt}, weights: {speed: 2}}"
    )
    expected = "speed has no limit or aim and is no guard here; its weight counts for nothing"
    assert plan_of(f"{SMALL}changes: [{change}]\n").notes == (f"cxmon.yaml:18: changes.a.weights.speed: {expected}",)


def test_what_leads_nowhere_is_noted(plan_of):
    plan = plan_of(
        SMALL.replace("sources: {", "sources: {unused: {type: csv, path: b.csv}, ")
        + "channels: {a: {type: console}, b: {type: console}}\nroutes: [{channel: a}, {channel: a, metrics: [csat]}]\n"
    )
    assert plan.notes == (
        "cxmon.yaml:2: sources.unused: no metric reads from this source",
        "cxmon.yaml:18: channels.b: no route leads to this channel",
        "cxmon.yaml:19: routes[1]: never reached: the route on line 19 takes everything",
    )


# Teams and people


def test_a_team_is_a_dimension_where_it_was_agreed(plan_of):
    agreement = 'team_agreement: {stated: "Works council, 3 March", min_head_count: 8}\n'
    plan = plan_of(agreement + SMALL.replace("[channel, region]", "[channel, team]"))
    assert plan.team_agreement.min_head_count == 8


PERSONS = [
    "agent",
    "Agent_ID",
    "assignee",
    "teammate",
    "employee_number",
    "rep",
    "owner_name",
    "handled_by",
    "assignedTo",
]
PERSONS += ["solved_by", "staff", "caseManager", "user_id", "admin_assignee", "agents"]


@pytest.mark.parametrize("name", PERSONS)
def test_a_person_is_no_dimension(plan_of, name):
    problems = refused(plan_of, SMALL.replace("[channel, region]", f"[channel, {name}]"))
    assert [f"found the person field {name}, " in problem for problem in problems] == [True]


@pytest.mark.parametrize("name", ["channel", "tier", "carrier", "provider", "reply_type", "reported_via", "plan"])
def test_what_names_no_person_is_a_dimension(plan_of, name):
    assert name in plan_of(SMALL.replace("[channel, region]", f"[{name}, region]")).metrics["csat"].dimensions


# One change for `cxmon change add`


ONE = "{id: b, title: B, category: policy, starts: 2026-05-01, owner: Ops, limits: {csat: 1pt}, responds_to: elsewhere}"


def test_one_change_is_read_for_the_metrics_of_a_plan(plan_of):
    change = parse_change(ONE, "change.yaml", plan_of(SMALL))
    assert change.starts == datetime(2026, 4, 30, 22, tzinfo=UTC)
    assert change.limits["csat"].value == pytest.approx(0.01)
    assert change.responds_to == "elsewhere"


def test_a_wrong_change_is_refused_with_its_file(plan_of):
    with pytest.raises(ConfigError) as error:
        parse_change(ONE.replace("csat", "nps").replace("policy", "polcy"), "-", plan_of(SMALL))
    options = "cost_cut, policy, pricing, staffing, release, investment, programme, measurement (did you mean policy?)"
    assert error.value.problems == (
        f"stdin:1: category: found 'polcy', expected one of {options}",
        "stdin:1: limits: found the unknown metric 'nps', expected one of csat, speed",
    )


# Holidays


def test_every_metric_knows_the_calendar(plan_of):
    days = "[2026-12-24, {date: 2026-12-31, name: New Year's Eve}]"
    plan = plan_of(SMALL + f"holidays: {{country: DE, subdivision: BY, extra_days: {days}}}\n")
    extra = ((date(2026, 12, 24), ""), (date(2026, 12, 31), "New Year's Eve"))
    known = Holidays(country="DE", subdivision="BY", extra_days=extra)
    assert [m.holidays for m in plan.metrics.values()] == [known, known]
    assert [m.holidays for m in plan_of(SMALL).metrics.values()] == [None, None]
    from_outside = plan_of(SMALL + "holidays:\n  country: ${WHERE}\n", WHERE="US")
    assert from_outside.metrics["csat"].holidays == Holidays(country="US")


def test_a_calendar_starts_no_new_series(plan_of):
    with_days = plan_of(SMALL + "holidays: {country: DE}\n").metrics["csat"]
    assert with_days.definition_hash == plan_of(SMALL).metrics["csat"].definition_hash


def test_a_calendar_that_no_metric_can_use_is_a_note(plan_of):
    text = SMALL.replace("    kind:", "    grain: week\n    kind:") + "holidays: {country: DE}\n"
    said = "holidays: no metric is by day or hour; weeks and months hold no holidays of their own"
    assert [note.split(": ", 1)[1] for note in plan_of(text).notes if "holidays" in note] == [said]
    assert not [note for note in plan_of(SMALL + "holidays: {country: DE}\n").notes if "holidays" in note]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ("time: solved_at", "metrics.speed.read.time: by the day they ended: what is still open is in no figure"),
        ("time: day, where: closed_at is not null", "metrics.speed.read.where: only what has ended: the newest days"),
        ("time: solved_at, censored: true", ""),
        ("time: day", ""),
    ],
)
def test_durations_of_ended_tickets_alone_are_noted(tmp_path, read, said):
    path = tmp_path / "cxmon.yaml"
    path.write_text(
        "sources: {desk: {type: sql, url: 'sqlite:///desk.db'}}\n"
        "metrics:\n"
        "  speed: {source: desk, kind: quantile, better: lower, matters: 10%, unit: h,"
        " read: {table: t, value: hours, " + read + "}}\n"
    )
    notes = load(path).notes
    assert len(notes) == bool(said)
    assert all(said in note for note in notes)
