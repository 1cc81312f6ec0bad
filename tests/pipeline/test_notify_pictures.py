"""The board's own chart goes with the message; where it cannot be drawn, the words go alone."""

import io
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fakeslack.plugin import fake_slack
from notify_world import NOW, news, plan, row
from PIL import Image

from cxmon.contracts import Cells, Observations
from cxmon.model import (
    EVERYONE,
    Amount,
    Band,
    Better,
    Category,
    Change,
    Code,
    Grade,
    Harm,
    Interval,
    Kind,
    Metric,
    Picture,
    Read,
    Scope,
    Segment,
    Verdict,
    Window,
)
from cxmon.pipeline.drawing import any_picture, draw
from cxmon.pipeline.notify import deliver, send_test

pytest.importorskip("vl_convert", reason="the pictures extra is not installed")

__all__ = ["fake_slack"]

CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, matters=Amount(0.015, False, "1.5pt"),
    source="desk", read=Read(time="at", table="ratings"),
)  # fmt: skip
STARTS = NOW - timedelta(days=40)
CHANGE = Change(id="cut", title="Tier-1 chat outsourced", category=Category.COST_CUT, starts=STARTS, owner="Operations",
                scope=Scope.of({"channel": "chat"}))  # fmt: skip


def band(key):
    days = 150
    starts = [int((NOW - timedelta(days=days - i)).timestamp()) for i in range(days)]
    fell = [0.026 if datetime.fromtimestamp(s, UTC) >= STARTS else 0.0 for s in starts]
    value = [0.876 - f + 0.004 * math.sin(1.7 * i) for i, f in enumerate(fell)]
    return Band(
        metric="csat", key=key, label="chat", as_of=NOW, starts=tuple(starts), value=tuple(value), n=(140.0,) * days,
        avg=tuple(0.876 - f for f in fell), expected=(0.876,) * days, low=(0.870,) * days, high=(0.882,) * days,
        complete=(True,) * days, since=STARTS, change="cut",
    )  # fmt: skip


def verdict():
    harm = Harm(
        metric="csat", code=Code.HARMED, reason="", unit="pt", limit=0.015,
        so_far=Interval(estimate=0.026, low=0.022, high=0.030), now=Interval(estimate=0.026, low=0.022, high=0.030),
        actual=0.85, expected=0.876, grade=Grade.CONTROLLED, p_value=0.001, confidence=0.95, n_pre=100, n_post=40,
        answers=5_000.0, window_start=STARTS, window_end=NOW, scope="chat",
    )  # fmt: skip
    return Verdict(change="cut", as_of=NOW, code=Code.HARMED, grade=Grade.CONTROLLED, harms=(harm,), day=40)


def picture(**more):
    given = {"metric": "csat", "segment": "{}", "change": "cut", "title": "CSAT is 2.6 points worse than expected",
             "subtitle": ("Tier-1 chat outsourced", "As of today"), "alt": "CSAT over time"} | more  # fmt: skip
    return Picture(**given)


@pytest.fixture
def world(fake_slack, sqlite_store):
    fake_slack.pace_s = 0.0
    sqlite_store.changes.put(CHANGE, now=NOW, origin="cli")
    sqlite_store.verdicts.put(verdict())
    sqlite_store.bands.put([band("change:cut"), band(EVERYONE.key)])
    return plan(fake_slack.url, metrics={"csat": CSAT}), sqlite_store, fake_slack


def is_png(data):
    return data is not None and data.startswith(b"\x89PNG") and len(data) > 20_000


def luminance(rgb):
    """Of colours 0..255 (..., 3), as WCAG 2 has it."""
    x = np.asarray(rgb, float) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    light, dark = np.maximum(one, other), np.minimum(one, other)
    return (light + 0.05) / (dark + 0.05)


def reads_alike_on_dark_and_light(png):
    """What of a picture is seen on Slack's pages, and that it can be read there."""
    sent = Image.open(io.BytesIO(png)).convert("RGBA")
    shown = []
    for page in ("#1A1D21", "#FFFFFF"):
        on = Image.new("RGBA", sent.size, page)
        on.alpha_composite(sent)
        shown.append(np.asarray(on)[..., :3])
    # It brings its own paper: whatever the page is, the same pixels are seen.
    assert (shown[0] == shown[1]).all()
    paper = shown[0][0, 0]
    edges = np.concatenate([shown[0][0], shown[0][-1], shown[0][:, 0], shown[0][:, -1]])
    assert (edges == paper).all()
    # And on it title, axes and line are read: enough of the ink is beyond what small text takes (4.5 : 1).
    found = contrast(luminance(shown[0]), luminance(paper))
    assert (found >= 4.5).mean() > 0.005
    assert found.max() > 10


def test_a_message_brings_its_chart_and_it_reads_alike_in_dark_and_in_light(world):
    given, store, slack = world
    store.outbox.queue([row(news(picture=picture()))], NOW)
    assert [d.state.value for d in deliver(given, store, now=NOW, worker="w")] == ["sent"]
    (post,) = slack.posts()
    image = next(b for b in post["blocks"] if b["type"] == "image")
    assert image["alt_text"] == "CSAT over time"
    data = slack.files[image["slack_file"]["id"]]["data"]
    assert is_png(data)
    reads_alike_on_dark_and_light(data)
    assert slack.problems == []


def test_several_charts_in_one_picture_read_alike_on_slack_in_dark_and_in_light(world):
    given, store, _ = world
    reads_alike_on_dark_and_light(draw(store, given.metrics, news(picture=picture(below=(picture(title="Other"),)))))


def test_an_edit_brings_a_fresh_chart(world):
    given, store, slack = world
    store.outbox.queue([row(news(picture=picture())), row(news("worsened", picture=picture()))], NOW)
    deliver(given, store, now=NOW, worker="w")
    (post,) = slack.posts()
    assert [b["type"] for b in post["blocks"]].count("image") == 1
    assert len(slack.pictures(post["ts"])) == 2


def test_a_change_without_a_band_of_its_own_shows_its_segment(world):
    given, store, _ = world
    assert is_png(draw(store, given.metrics, news(picture=picture(change="another"))))


def test_a_decision_on_other_customers_stands_on_no_picture(world):
    _, store, _ = world
    by_channel = {"csat": replace(CSAT, dimensions=("channel",))}
    start = NOW.replace(hour=0, minute=0) - timedelta(days=1)
    day = Window(start, start + timedelta(days=1))
    at, n = np.full(2, int(day.since.timestamp())), np.full(2, 100.0)
    both = tuple(Segment.of(channel=name) for name in ("chat", "phone"))
    cells = Cells(segments=both, segment=np.arange(2), start=at, known_at=at, n=n, total=0.9 * n)
    store.observations.apply(by_channel["csat"], Observations(window=day, cells=cells), now=NOW)
    told = news(picture=picture())
    before = draw(store, by_channel, told)
    # It begins later than the picture's own, so that the number of that one stays.
    for channel, same in (("shop", True), ("phone", True), ("chat", False)):
        later = STARTS + timedelta(days=9)
        other = replace(CHANGE, id=channel, title="Other", starts=later, scope=Scope.of({"channel": channel}))
        store.changes.put(other, now=NOW, origin="cli")
        assert (draw(store, by_channel, told) == before) is same


@pytest.mark.parametrize("wanted", [None, picture(metric="gone"), picture(change=None, segment='{"channel": "fax"}')])
def test_where_there_is_nothing_to_draw_the_words_go_alone(world, wanted):
    given, store, slack = world
    store.outbox.queue([row(news(picture=wanted))], NOW)
    assert [d.state.value for d in deliver(given, store, now=NOW, worker="w")] == ["sent"]
    assert all(b["type"] != "image" for b in slack.posts()[0]["blocks"])


def test_a_chart_that_fails_is_logged_and_passed_over(world, caplog):
    given, store, _ = world
    store.bands.put([replace(band("change:cut"), value=(0.5,))])
    assert draw(store, given.metrics, news(picture=picture())) is None
    assert "no picture for incident:a|opened|1: IndexError" in caplog.text


def test_a_test_message_shows_a_series_where_one_is_stored(world):
    given, store, slack = world
    wanted = any_picture(given, store)
    assert wanted is not None
    assert (wanted.metric, wanted.segment) == ("csat", "{}")
    send_test(given, store, channel="slack", now=NOW)
    assert any(b["type"] == "image" for b in slack.posts()[0]["blocks"])
