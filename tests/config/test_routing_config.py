"""Routes and mutes as the file says them, and what `validate` remarks of routes that get in each other's way."""

from datetime import timedelta

import pytest

from cxmon.config import load
from cxmon.model import Mute, Route, Segment, Severity

BASE = """\
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat:
    source: answers
    kind: proportion
    better: higher
    matters: 2pt
    dimensions: [channel, region]
    read: {time: day, value: satisfied}
calendars: {support: {hours: {monday-friday: 08:00-18:00}}}
mutes:
  nights: {outside: support, except: [over_limit, source]}
checks: {drift: {type: watch, flapping: {openings: 4, within: 14d, stable_after: 5}}}
channels: {a: {type: console}, b: {type: console}, c: {type: console}}
"""


@pytest.fixture
def plan_of(tmp_path):
    def write(*routes):
        path = tmp_path / "cxmon.yaml"
        path.write_text(BASE + "routes:\n" + "".join(f"  - {r}\n" for r in routes))
        return load(path, environ={})

    return write


def test_a_route_and_a_mute_hold_what_the_file_says(plan_of):
    plan = plan_of(
        "{channel: [a, b], severity: worse, segment: {channel: phone}, mute: [nights], group_wait: 1min, "
        "group_interval: 10min, repeat_interval: 1d}",
        "{channel: c}",
    )
    assert plan.routes[0] == Route(
        channel="a",
        also=("b",),
        severities=(Severity.WORSE,),
        segment=Segment.of(channel="phone"),
        mutes=("nights",),
        group_wait=timedelta(minutes=1),
        group_interval=timedelta(minutes=10),
        repeat_interval=timedelta(days=1),
    )
    (nights,) = plan.mutes.values()
    assert isinstance(nights, Mute)
    assert (nights.hours.name, nights.outside, nights.exempt) == (
        "support",
        True,
        (Severity.OVER_LIMIT, Severity.SOURCE),
    )
    policy = plan.checks[0].policy
    assert (policy.flap_openings, policy.flap_within, policy.quiet_looks(1)) == (4, timedelta(days=14), 5)


@pytest.mark.parametrize(
    ("first", "second", "note"),
    [
        ("{channel: a}", "{channel: b, metrics: [csat]}", "never reached: the route on line 16 takes everything"),
        (
            "{channel: a, segment: {channel: phone}}",
            "{channel: b, segment: {channel: phone, region: eu}, severity: worse}",
            "never reached: the route on line 16 takes all of it",
        ),
        (
            "{channel: a, segment: {channel: phone}}",
            "{channel: [b, c], segment: {region: eu}}",
            "overlaps the route on line 16: news that fits both goes to a only",
        ),
        ("{channel: a, severity: over_limit}", "{channel: b, segment: {channel: phone}}", "overlaps the route"),
        ("{channel: a, segment: {channel: phone}}", "{channel: b, segment: {channel: chat}}", None),
        ("{channel: a, severity: over_limit}", "{channel: b, severity: worse}", None),
        ("{channel: a, metrics: [csat]}", "{channel: b}", None),
        ("{channel: a, owners: [Ops]}", "{channel: b, checks: [drift]}", None),
        ("{channel: a, owners: [Ops]}", "{channel: a, segment: {channel: phone}}", None),
    ],
)
def test_routes_in_each_others_way_are_remarked(plan_of, first, second, note):
    notes = [n for n in plan_of(first, second).notes if "routes[1]" in n]
    assert (note in notes[0] if notes else False) if note else notes == []
