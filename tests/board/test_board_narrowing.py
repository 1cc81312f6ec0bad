"""How sure a verdict became: kept with the verdict a day at a time, merged with its versions, drawn and told."""

from dataclasses import replace
from datetime import timedelta

import pytest
import worlds
from opening import opened, text

from cxmon import charts, decisions, wording
from cxmon.model import (
    Code,
    Declared,
    FirstSaid,
    Grade,
    Interval,
    KeptBy,
    NumberFormat,
    Split,
    SplitRanges,
    using,
)
from cxmon.store import Store
from cxmon.wording.doubts import doubts, guarded, worked_out
from cxmon.wording.mixing import parts
from cxmon.wording.narrowing import kept, narrowed, not_yet

CSAT = worlds.METRICS[0]
CUT = worlds.change("weekend-desk", "Weekend phone desk closed", 68, scope={"channel": "phone"})
START = worlds.NOW.replace(hour=0) - timedelta(days=68)
RANGES = SplitRanges(total=(0.01, 0.03), rate=(-0.01, 0.01), mix=(0.01, 0.03), entry_exit=(0, 0), remainder=(0, 0))


def looked(day, code, low, high, **more):
    """The verdict of a day of the watch."""
    ends = {"window_end": START + timedelta(days=day), "n_post": day}
    harm = worlds.harm("csat", code, ((low + high) / 2, low, high), 0.015, "pt", **(ends | more))
    at = START + timedelta(days=day + 3)
    return replace(worlds.judged(CUT, code, (harm,)), day=day, as_of=at)


def lived(store):
    """Twelve days, over the limit from the tenth on, and a late figure on the last."""
    store.verdicts.put(looked(5, Code.UNDECIDED, -0.05, 0.12))
    for day in range(6, 10):
        store.verdicts.touch(looked(day, Code.UNDECIDED, -0.03, 0.10))
    for day in (10, 11, 12):
        store.verdicts.put(replace(looked(day, Code.HARMED, 0.02, 0.08), version=day - 8))
    store.verdicts.touch(replace(looked(12, Code.HARMED, 0.03, 0.07), version=4))


def test_each_day_keeps_one_reading_in_the_transaction_of_its_verdict(tmp_path):
    url = f"sqlite:///{tmp_path / 'days.db'}"
    with Store.open(url) as store:
        lived(store)
        found = store.verdicts.readings(CUT.id)
        assert [one.day for one in found] == list(range(5, 13))
        assert found[-1].so_far.low == 0.03
        assert store.verdicts.readings("weekend") == []
        # What was said is not replaced by what is worked out afterwards.
        later = [replace(one, day=day, by=KeptBy.AFTERWARDS) for one, day in ((found[0], 4), (found[1], 12))]
        store.verdicts.keep_readings(CUT.id, later)
        assert [(one.day, one.by) for one in store.verdicts.readings(CUT.id)][::8] == [
            (4, KeptBy.AFTERWARDS), (12, KeptBy.DAILY),
        ]  # fmt: skip
        course = decisions.narrowing("csat", store.verdicts.history(CUT.id), found)
    assert [one.so_far.low for one in course.readings[-2:]] == [0.02, 0.03]
    assert course.turned == found[5]
    assert narrowed(course, CSAT) == (
        "CSAT could be 5 points better to 12 points worse on day 5, and is 3 to 7 points worse on day 12. "
        "Over the limit with the figures to 24 Sep (day 10)"
    )
    assert kept(course).startswith("Kept day by day from 23 Sep")


def test_versions_tell_what_no_day_kept_and_another_watch_does_not_count():
    first, last = looked(5, Code.UNDECIDED, -0.05, 0.12), looked(40, Code.HARMED, 0.03, 0.07)
    other = replace(decisions.readings_of(last)[0], since=START - timedelta(days=1), until=START)
    course = decisions.narrowing("csat", [first, replace(last, version=2)], [other])
    assert [(one.by, one.code) for one in course.readings] == [
        (KeptBy.VERSION, Code.UNDECIDED), (KeptBy.VERSION, Code.HARMED),
    ]  # fmt: skip
    assert "Open circles" in kept(course)
    assert "cxmon change retrace weekend-desk at once" in not_yet(course, CUT.id)
    assert not_yet(replace(course, readings=(replace(course.readings[0], by=KeptBy.AFTERWARDS),)), CUT.id) == ""
    daily = tuple(replace(course.readings[0], until=START + timedelta(days=day)) for day in range(5, 9))
    assert not_yet(replace(course, readings=daily), CUT.id) == ""
    assert decisions.narrowing("csat", [], []).readings == ()


def test_a_window_that_late_data_took_back_is_no_later_word_than_that_of_now():
    early, wide = looked(5, Code.UNDECIDED, -0.05, 0.12), looked(33, Code.IMPROVED, -0.05, -0.02)
    now = replace(looked(24, Code.WORSE, 0.005, 0.012), version=3, as_of=wide.as_of + timedelta(days=30))
    course = decisions.narrowing("csat", [early, replace(wide, version=2), now], decisions.readings_of(wide))
    assert [one.code for one in course.readings] == [Code.UNDECIDED, Code.WORSE]
    assert "better on day 33" not in narrowed(course, CSAT)


def test_what_cannot_be_said_yet_keeps_no_reading():
    nan = float("nan")
    assert decisions.readings_of(looked(5, Code.WAITING, nan, nan)) == ()


def test_the_charts_hold_to_their_schema():
    both = [looked(5, Code.UNDECIDED, -0.05, 0.12), looked(40, Code.HARMED, 0.03, 0.07)]
    charts.narrowing(decisions.narrowing("csat", both, []), CSAT).to_dict()
    split = Split(metric="csat", total=0.02, rate=0.0, mix=0.02, entry_exit=0.0, unit="pt", ranges=RANGES)
    spec = charts.mix(split, CSAT, theme="dark").to_dict()
    # A part of no size has a mark too.
    (mark,) = [one for one in spec["layer"] if one["mark"]["type"] == "tick"]
    assert mark["encoding"]["x"]["field"] == "end"
    ends = {bar.label: bar.said for bar in parts(replace(split, ranges=None), CSAT)}
    assert list(ends.items()) == [
        ("Different kinds", "2.0 points worse"), ("Same kinds", "0.0 points"), ("In all", "2.0 points worse"),
    ]  # fmt: skip


def test_the_page_shows_the_course_and_folds_what_it_rests_on(monkeypatch, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        before = store.verdicts.latest("weekend-desk")
        split = Split(
            metric="csat", total=0.02, rate=0.0, mix=0.02, entry_exit=0.0, unit="pt", ranges=RANGES,
            grade=Grade.CONTROLLED,
        )  # fmt: skip
        store.verdicts.touch(replace(before, splits=(split,)))
    monkeypatch.setenv("CXMON_STORE_URL", url)
    page = opened("decision", change="weekend-desk")
    said = text(page)
    # Each fold has its question mark beside it.
    outer = [fold.label for fold in page.expander if fold.label != "CSAT: segments inside the scope"]
    assert sum(not m.value and bool(m.proto.help) for m in page.markdown) == len(outer) >= 6
    assert "Since 15 Sep, 65 days: n 9,520" in said
    assert "CSAT: 2.8 to 5.0 points worse on day 65; only this day is known yet" in said
    assert wording.mix(split, CSAT) in said
    # Of the price the loss, where it stops to pay, and each value that it rests on.
    assert "Customers (Churn): 400 more (400 fewer to 1,210 more) than expected, 600 USD each" in said
    assert "It pays while it costs fewer than 167 lost customers a month" in said
    assert "Rests on: a lost customer 600 USD; illustrative, no date" in said
    assert "in 211 comparable windows without a change, a fall this large never happened" in said
    assert "300 days before and 68 days since" in said


def test_doubts_name_what_speaks_against_a_verdict():
    metrics = {metric.id: metric for metric in worlds.METRICS}
    alone = looked(12, Code.HARMED, 0.02, 0.08, grade=Grade.BEFORE_AFTER, notes=("Chat bot began near",))
    late = Declared(
        change=replace(CUT, guards=("churn",)), declared_at=START + timedelta(days=12), origin="yaml", edits=("limit",)
    )
    told = doubts(alone, late, metrics)
    assert told[0].startswith("Declared 12 days after it began")
    assert any(line.startswith("CSAT: before and after only") for line in told)
    assert "CSAT: Chat bot began near" in told
    sure = replace(late, declared_at=START, edits=())
    assert doubts(looked(12, Code.HARMED, 0.02, 0.08), sure, metrics) == ("Nothing is known that speaks against it",)
    assert guarded(alone, late.change, metrics)[0] == "Churn: not judged"
    assert worked_out(alone, metrics)[0].startswith("CSAT: compared with its own past")


@pytest.mark.parametrize(
    ("matters", "wait", "said"), [("1.5pt", "8d", "1,5 points, {}8 days"), ("10%", "1d", "10 %, {}1 day"),
                                  ("5min", "0d", "5 min, {}its end"), ("0.5", "2.5d", "0,5, {}2,5 days")],
)  # fmt: skip
def test_settings_are_told_in_words_and_in_the_number_format(matters, wait, said):
    first = FirstSaid(at=START, settings={"csat": {"matters": matters, "matures_after": wait, "grain": "day"}})
    judged = replace(looked(12, Code.HARMED, 0.02, 0.08), first=first)
    with using(NumberFormat(decimal=",", thousands=".")):
        told = worked_out(judged, {"csat": CSAT})[0]
    assert told.endswith("smallest difference that matters " + said.format("one figure a day, complete after "))


def test_what_decisions_use_adds_up_to_the_whole():
    from test_board_allowance import AllowanceCode, used

    use = used(AllowanceCode.EXCEEDED, 0.006, 0.01)
    spec = charts.used(use, CSAT, {"weekend-desk": "Weekend phone desk closed"}).to_dict()
    assert "allowed 0.5 points" in str(spec)
    assert Interval(estimate=0.008, low=0.006, high=0.01) == use.summed
