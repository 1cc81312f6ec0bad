"""The chart definition: deterministic, bounded, and the line agrees with the verdict."""

import json
import math
import re
from dataclasses import replace
from datetime import timedelta
from itertools import groupby, pairwise

import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st

from cxmon import charts
from cxmon.charts import layout
from cxmon.charts.picture import vector
from cxmon.charts.points import runs
from cxmon.model import Break, Place, Segment, Tone, Where, WhereAnswer

CSAT = worlds.METRICS[0]
SINCE = worlds.NOW.replace(hour=0) - timedelta(days=68)
BAND = worlds.band("csat", worlds.PHONE, drop=-0.04, since=SINCE)
PINS = [charts.Pin(number=2, at=SINCE, title="Weekend phone desk closed", tone=Tone.RED, verdict="Over the limit")]


def spec(found, **more):
    return json.dumps(charts.trend(found, CSAT, pins=PINS, **more).to_dict(validate=False), sort_keys=True)


def test_the_same_band_gives_the_same_specification():
    found = charts.points(BAND, CSAT)
    assert spec(found).replace("view_", "") != ""
    first, second = (json.loads(spec(found, hover=False)) for _ in range(2))
    assert first == second


def test_the_line_is_vermilion_only_where_a_verdict_is_over_its_limit():
    without = {p.state for p in charts.points(BAND, CSAT)}
    with_verdict = charts.points(BAND, CSAT, grave_since=SINCE, limit=1.5)
    assert "red" not in without
    assert "red" in {p.state for p in with_verdict}
    assert all(p.state != "red" for p in with_verdict if p.day < charts.points(BAND, CSAT)[332].day - 86_400_000 * 2)


def test_points_stay_below_the_cap_and_keep_the_last():
    many = charts.points(BAND, CSAT) * 40
    kept = charts.coarse(many)
    assert len(kept) <= 2001
    assert kept[-1] == many[-1]


def test_a_picture_is_a_png_of_twice_the_size():
    png = charts.picture(
        charts.points(BAND, CSAT, grave_since=SINCE, limit=1.5),
        CSAT,
        title="CSAT is 4.0 points worse than expected since 15 Sep",
        subtitle=["Decision 2", "As of Sun 22 Nov 2026"],
        pins=PINS,
        limit=1.5,
        limit_from=SINCE,
        limit_text="limit of #2: 1.5 points",
    )
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(png[i : i + 4], "big") for i in (16, 20))
    assert (1400 <= width <= 1900, 600 <= height <= 900) == (True, True)


@pytest.mark.parametrize("complete", [True, False])
def test_a_band_of_one_period_or_none_still_draws(complete):
    one = charts.points(BAND, CSAT)[-1 if not complete else 20 :][:1]
    spec(one)
    spec([])


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(5, 30)), max_size=8))
def test_end_labels_never_overlap_and_keep_their_order(wanted):
    heights, gaps = [y for y, _ in wanted], [gap for _, gap in wanted]
    found = layout.spread(heights, gaps)
    order = sorted(range(len(wanted)), key=lambda i: found[i])
    for a, b in pairwise(order):
        assert found[b] - found[a] >= (gaps[a] + gaps[b]) / 2 - 1e-6
    for i in range(len(wanted)):
        for j in range(len(wanted)):
            if heights[i] < heights[j]:
                assert found[i] < found[j]


pinned = st.builds(
    lambda title, tone, day: (charts.Pin(number=1, at=SINCE, title=title, tone=tone), day),
    st.text("w", min_size=1, max_size=60), st.sampled_from(Tone), st.floats(0, 372),
)  # fmt: skip


@given(st.lists(pinned, max_size=14), st.integers(520, 1100), st.floats(1, 2))
def test_no_title_covers_another_pin_however_many_there_are(pins, width, wider):
    placed = layout.place(pins, 0, 372, width)
    assert len(placed) == len(pins)
    # A page may be wider than what was laid out.
    drawn = [replace(p, x=p.day / 372 * width * wider) for p in placed]
    for row in {p.level for p in drawn}:
        covered = sorted(p.box for p in drawn if p.level == row)
        assert all(left[1] <= right[0] + 1e-6 for left, right in pairwise(covered))
    # Titles add no rows to those that heads above each other take, but for the few that they may.
    at = [p.x for p in placed]
    heads = max((sum(0 <= x - left <= layout.HEAD_PX for x in at) for left in at), default=0)
    assert all(p.level < max(layout.ROWS, heads) for p in placed)


def test_the_gravest_titles_stand_where_there_is_not_room_for_all():
    tones = [Tone.GREY, Tone.RED, Tone.AMBER, Tone.TEAL] * 3
    pins = [(replace(PINS[0], tone=tone, number=i), 150.0 + 15 * i) for i, tone in enumerate(tones)]
    titled = [p.pin.tone for p in layout.place(pins, 0, 372, 640) if p.titled]
    assert 3 <= len(titled) < 12
    assert set(titled) <= {Tone.RED, Tone.AMBER}


@pytest.mark.parametrize("count", [1, 5, 14])
@pytest.mark.parametrize("height", [170, 250, 330])
def test_a_row_of_pins_is_as_high_as_a_head_and_the_figures_keep_their_room(count, height):
    pins = [replace(PINS[0], number=i, at=SINCE + timedelta(days=2 * i)) for i in range(count)]
    drawn = charts.trend(charts.points(BAND, CSAT), CSAT, pins=pins, height=height).to_dict(validate=False)
    stems = next(one["data"]["values"] for one in drawn["layer"] if "wide" in json.dumps(one["data"]))
    low, top = stems[0]["foot"], drawn["layer"][0]["encoding"]["y"]["scale"]["domain"][1]

    def px(value):
        return value / (top - low) * drawn["height"]

    for shown in ("wide", "narrow"):
        rows = sorted({pin[shown] for pin in stems}, reverse=True)
        assert all(px(above - below) == pytest.approx(layout.ROW_PX) for above, below in pairwise(rows))
        # The lowest row stands wholly above the figures.
        assert px(rows[-1] - low) - layout.ROW_PX * 0.55 >= 0.59 * height


@given(st.lists(st.floats(0, 372), max_size=9))
def test_heads_of_pins_never_overlap_on_a_phone(days):
    placed = layout.place([(PINS[0], day) for day in days], 0, 372, 1000)
    assert len(placed) == len(days)
    for a, b in pairwise(sorted(placed, key=lambda p: (p.narrow, p.day))):
        apart = (b.day - a.day) / 372 * layout.NARROW_PX
        assert a.narrow != b.narrow or apart > layout.HEAD_PX - 1e-6


@pytest.mark.parametrize(("last", "marks"), [(2, [0, 1, 2]), (14, list(range(15))), (0.5, [0])])
def test_whole_numbers_along_a_chart_of_lines_are_each_written_once(last, marks):
    line = charts.Line(name="yes", points=[(0.0, 0.1, "then"), (float(last), 0.9, "now")])
    layers = charts.lines([line], dates=False).to_dict()["layer"]
    assert layers[0]["encoding"]["x"]["axis"]["values"] == marks


@pytest.mark.parametrize(("days", "pattern"), [(90, "%-d %b"), (189, "%b %Y")])
def test_dates_along_a_chart_of_lines_do_not_repeat_a_month(days, pattern):
    line = charts.Line(name="now", points=[(0.0, 0.1, "then"), (days * 86_400_000.0, 0.9, "now")])
    assert charts.lines([line], dates=True).to_dict()["layer"][0]["encoding"]["x"]["axis"]["format"] == pattern


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_and_inside(low, span):
    at = layout.ticks(low, low + span)
    assert len(at) <= 14
    # A millionth of the span, or what a float can hold that far from zero.
    reach = max(span * 1e-6, 4 * math.ulp(abs(low) + span))
    assert all(low - reach <= t <= low + span + reach for t in at)


def test_a_changed_measurement_is_a_labelled_line_that_nothing_crosses():
    at = worlds.NOW.replace(hour=0) - timedelta(days=40)
    anew = replace(BAND, breaks=(Break(at=at, title="New scale"),))
    found = charts.points(anew, CSAT)
    sides = {run: {p.stretch for _, p in pairs} for run, pairs in groupby(runs(found), key=lambda pair: pair[0])}
    assert all(len(stretches) == 1 for stretches in sides.values())
    assert {p.regime for p in found if p.stretch} == {3}
    assert "measured anew" in spec(found, anew=anew.breaks)
    assert "measured anew" not in spec(charts.recent(found, 20), anew=anew.breaks)


def test_a_page_has_the_line_of_a_changed_measurement_too():
    anew = replace(BAND, breaks=(Break(at=worlds.NOW.replace(hour=0) - timedelta(days=40), title="New scale"),))
    page = charts.drawing(anew, CSAT, [], {}, shown_changes=(), caption="CSAT", said="CSAT over time")
    assert all("measured anew" in svg for svg in page.svg.values())


def test_the_forest_has_a_row_for_each_segment_and_marks_what_stands_out_in_shape_word_and_colour():
    places = tuple(
        Place(
            segment=Segment.of(region=r), harm=x, low=x - 0.02, high=x + 0.02, own=1.2 * x, rest=0.01, share=0.5,
            volume=0.5, answers=900.0, p_value=0.001, named=named,
        )
        for r, x, named in (("eu", 0.01, False), ("uk", 0.03, False), ("us", 0.06, True))
    )  # fmt: skip
    where = Where(
        metric="csat", answer=WhereAnswer.HERE, unit="pt", whole=0.03, looked_at=3, largest=0.04, false_discovery=0.1,
        places=places,
    )  # fmt: skip
    drawn = charts.forest(where, CSAT).to_dict(validate=False)
    rows = next(layer["data"]["values"] for layer in drawn["layer"] if "segment" in layer["data"]["values"][0])
    assert [(r["segment"], r["shape"], r["word"]) for r in rows] == [
        ("us", "named", "stands out"), ("uk", "alike", ""), ("eu", "alike", ""),
    ]  # fmt: skip
    assert [r["harm"] for r in rows] == pytest.approx([6.0, 3.0, 1.0])
    assert len({r["ink"] for r in rows}) == 2
    assert rows[0]["tip"].startswith("6 points worse (range 4 to 8)")
    assert "all of it 3 points" in json.dumps(drawn)


def test_the_caption_says_where_a_week_is_one_point():
    from dashboards.trending import average

    assert average(BAND) == "7-day average"
    value = (*BAND.value[:20], *[math.nan] * 7, *BAND.value[27:])
    covered = average(replace(BAND, value=value))
    assert covered == "7-day average (one point a week where single days would tell of too few answers)"


@pytest.mark.parametrize(("width", "lines"), [(900, ["over limit"]), (280, ["over", "limit"])])
def test_a_cell_of_the_map_has_room_for_its_words_on_a_phone_too(width, lines):
    names = ("CSAT", "First reply", "Resolution", "Reopened", "Churn", "Contacts")
    cells = [charts.Cell(segment="phone", metric=name, tone=Tone.RED, text="#2", word="over limit") for name in names]
    drawn = vector(charts.heat(cells).properties(width=width))
    for line in lines:
        assert drawn.count(f">{line}<") == len(names)


@pytest.mark.parametrize("columns", [7, 12])
def test_on_a_phone_no_word_of_the_map_is_wider_than_its_column(columns):
    cells = [charts.Cell(segment="phone", metric=f"m{i}", tone=Tone.RED, text="59 %", word="worse")
             for i in range(columns)]  # fmt: skip
    drawn = vector(charts.heat(cells).properties(width=300))
    at = [float(x) for x in re.findall(r"translate\(([\d.]+),[\d.]+\)\"[^>]*>worse<", drawn)]
    (size,) = set(re.findall(r"font-size=\"([\d.]+)px\"[^>]*>worse<", drawn))
    assert len(at) == columns
    # Five letters of a usual font are three times as wide as it is high.
    assert 3 * float(size) <= at[1] - at[0]
