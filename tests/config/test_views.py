"""A view is a filter of metrics and segments with a channel and a digest of its own."""

from datetime import time
from pathlib import Path

import pytest

from cxmon.config import load
from cxmon.model import EVERYONE, DigestTime, Scope, Segment, View
from cxmon.store import Catalogue, codec

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
  churn:
    source: answers
    kind: proportion
    better: lower
    matters: 2pt
    dimensions: [main_channel]
    read: {time: day, value: left}
channels: {all: {type: console}, phone: {type: console}, mail: {type: console}}
"""
VIEWS = """
views:
  phone:
    label: Phone team
    metrics: [csat, churn]
    segment: {channel: phone}
    segment_by_metric: {churn: {main_channel: phone}}
    channel: [phone, mail]
    digest: {day: friday, at: "16:30", channel: mail}
  emea: {segment: {region: [de, fr]}}
"""
PHONE = View(
    id="phone",
    label="Phone team",
    metrics=("csat", "churn"),
    scope=Scope.of({"channel": "phone"}),
    scope_by_metric={"churn": Scope.of({"main_channel": "phone"})},
    channels=("phone", "mail"),
    digest=DigestTime(day="friday", at=time(16, 30), zone="Europe/Berlin", channels=("mail",)),
)


@pytest.fixture
def plan_of(tmp_path):
    def write(text):
        path = tmp_path / "cxmon.yaml"
        path.write_text(text)
        return load(path, environ={})

    return write


def test_a_view_holds_what_the_file_says(plan_of):
    phone, emea = plan_of(SMALL + VIEWS).views
    assert phone == PHONE
    assert (emea.label, emea.channels, emea.digest) == ("emea", (), None)
    assert codec.load(Catalogue, codec.dump(Catalogue(title="", zone="UTC", metrics=(), views=(phone,)))).views == (
        PHONE,
    )


def test_a_view_covers_its_metrics_where_the_whole_segment_is_in_it(plan_of):
    phone, emea = plan_of(SMALL + VIEWS).views
    assert phone.covers("csat", Segment.of(channel="phone", region="eu"))
    assert phone.covers("churn", Segment.of(main_channel="phone"))
    for metric, segment in [
        ("csat", EVERYONE),
        ("csat", Segment.of(channel="chat")),
        ("churn", Segment.of(channel="phone")),
        ("speed", Segment.of(channel="phone")),
    ]:
        assert not phone.covers(metric, segment)
    assert emea.covers("anything", Segment.of(region="fr"))
    assert View(id="all", label="All").covers("csat", EVERYONE)


def test_a_metric_without_the_dimension_of_a_view_is_told(plan_of):
    (note,) = [n for n in plan_of(SMALL + VIEWS).notes if "views" in n]
    assert note.endswith(
        "views.emea.segment: churn has no region: nothing of it is in this view; segment_by_metric can name what it has"
    )


def test_a_channel_that_a_view_has_for_itself_needs_no_route(plan_of):
    plan = plan_of(SMALL + VIEWS)
    assert [r.channel for r in plan.routes] == ["all"]
    assert not [n for n in plan.notes if "no route leads" in n]


def test_the_example_has_a_view():
    plan = load(Path(__file__).parents[2] / "config" / "cxmon.yaml", environ={})
    assert plan.views
