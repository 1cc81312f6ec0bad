"""What judge and check hand on of small groups."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
from judge_world import LEAVES, World, built, change, csat, day, falls

from cxmon.model import (
    EVERYONE,
    AimCode,
    AimResult,
    Amount,
    Band,
    Code,
    Course,
    Finding,
    Interval,
    Kind,
    Place,
    Segment,
    State,
    Target,
    TargetOutlook,
    Where,
    WhereAnswer,
)
from cxmon.panel import Panel
from cxmon.pipeline import covering
from cxmon.pipeline.judge import judge
from cxmon.pipeline.judge_evidence import Evidence

PHONE, CHAT, EMAIL = (Segment.of(channel=name) for name in ("phone", "chat", "email"))
BY_CHANNEL = {"dimensions": ("channel",), "by": ((), ("channel",)), "matures_after": timedelta(0)}
T = 70


def panel(*phone, metric=None, chat=100.0, email=80.0):
    """One channel as given beside two large ones, daily."""
    phone = np.array([*phone, *[40.0] * (T - len(phone))])
    n = np.stack([np.full(T, chat), np.full(T, email), phone])
    starts = np.array([day(t).timestamp() for t in range(T)], np.int64)
    return Panel(metric=metric or csat(**BY_CHANNEL), segments=(CHAT, EMAIL, PHONE), starts=starts, n=n, total=0.8 * n)


def harm(first, last, answers, **more):
    from cxmon.decisions import Share
    from cxmon.pipeline.judge_evidence import unjudged

    blank = unjudged(csat(**BY_CHANNEL), change(), Code.WAITING, "", Share(so_far=0.05, now=0.05))
    given = {
        "code": Code.HARMED, "so_far": Interval(estimate=0.1, low=0.05, high=0.2), "actual": 0.7, "expected": 0.8,
        "answers": answers, "window_start": day(first), "window_end": day(last), "n_post": last - first,
    } | more  # fmt: skip
    return replace(blank, **given)


def told(leaves, found, least=10):
    cut = change(begins=30)
    known = covering.of_leaves(leaves, covering.touched([cut], leaves), day(T), least)
    return covering.evidence(found, cut, leaves, known)


def test_an_effect_on_few_answers_waits_and_has_no_figure():
    leaves = panel(*[40.0] * 30, *[1.0] * 8, *[0.0] * 32)
    aim = AimResult(
        metric="csat", code=AimCode.SHOWN, unit="pt", promised=0.01, gain=Interval(estimate=0.1, low=0.05, high=0.2)
    )
    found = told(leaves, Evidence(harm=harm(30, 38, 8.0), aim=aim))
    assert (found.harm.code, found.harm.reason) == (Code.WAITING, "too few answers to show, fewer than 10")
    assert not any(math.isfinite(x) for x in (found.harm.so_far.estimate, found.harm.actual, found.aim.gain.low))
    assert found.harm.answers == 0


def test_an_effect_over_weeks_stays_and_its_level_where_no_small_part_shows():
    leaves = panel(*[40.0] * 30, *[6.0] * 40)
    begins = np.flatnonzero(np.diff(covering.blocks_of(leaves), prepend=-1))
    first, last = (int(x) for x in begins[begins > 30][[0, -1]])
    whole = told(leaves, Evidence(harm=harm(first, last, 216.0))).harm
    assert (whole.code, whole.actual, whole.answers) == (Code.HARMED, 0.7, 216.0)
    cut = told(leaves, Evidence(harm=harm(first + 3, last, 198.0))).harm
    assert (cut.code, cut.actual, cut.answers) == (Code.HARMED, 0.7, 200.0)
    # The window begins with the last day of a block: its six answers would be the difference of two figures.
    alone = told(leaves, Evidence(harm=harm(first - 1, last, 222.0))).harm
    assert math.isnan(alone.actual)
    assert (alone.so_far.low, alone.answers) == (0.05, 220.0)
    assert "too few answers to show what was seen" in alone.notes


def test_nothing_changes_where_all_is_large():
    found = Evidence(harm=harm(30, 66, 1440.0))
    assert told(panel(), found) == found
    assert told(panel(*[3.0] * 30), found, least=1) == found


def place(name, answers):
    return Place(
        segment=Segment.of(region=name), harm=0.1, low=0, high=0.2, own=0.1, rest=0, share=0.5, volume=0.5,
        answers=answers, p_value=0.01,
    )  # fmt: skip


def test_places_that_leave_a_small_rest_are_not_all_told():
    whole = Where(
        metric="csat", answer=WhereAnswer.CANNOT_SAY, unit="pt", whole=0.1, looked_at=2, largest=1.0,
        false_discovery=0.1, places=(place("eu", 300), place("us", 200)), not_looked_at=("apac",),
    )  # fmt: skip
    few, enough = covering.where(whole, 504.0, 10), covering.where(whole, 540.0, 10)
    assert [p.segment.label for p in few.places] == ["eu"]
    assert few.not_looked_at == ("apac", "us")
    assert enough == whole
    assert covering.where(whole, 500.0, 10) == whole


def test_a_target_of_a_small_group_cannot_be_said():
    target = Target(id="t", metric="csat", value=0.9, by=day(T), owner="CX", segment=PHONE)
    found = TargetOutlook(
        target=target, as_of=day(T), course=Course.ON_COURSE, level=0.9, answers=8.0, known_until=day(T)
    )
    few = covering.target(found, panel(*[40.0] * 42, *[0.0] * 20, *[1.0] * 8), day(T), 10)
    assert (few.course, few.reason) == (Course.CANNOT_SAY, "too few answers to show")
    assert math.isnan(few.level)
    assert covering.target(found, panel(), day(T), 10) == found


def finding(at, state=State.BREACH, segment=PHONE, n=4.0, **more):
    given = {"reason": "25.0 % (4 answers) is surely below the floor of 75.0 %", "value": 0.25, "low": 0.1, "high": 0.6}
    return Finding(
        check="floor", metric="csat", segment=segment, at=day(at), state=state, n=n, score=9.0, since=day(at),
        **(given | more),
    )  # fmt: skip


def test_a_finding_on_few_answers_says_what_and_not_how_much():
    shown = panel(*[40.0] * 69, 4.0)
    few, neighbour, large = covering.findings(
        [finding(69), finding(69, segment=EMAIL, n=80.0), finding(69, segment=CHAT, n=100.0)],
        shown, lambda: shown.segments, day(T), 10,
    )  # fmt: skip
    assert few.withheld
    assert neighbour.withheld
    assert (few.state, few.score, few.reason) == (State.BREACH, 1.0, "in alarm; too few answers to show the figures")
    assert not any(math.isfinite(x) for x in (few.value, few.low, few.high, few.n, neighbour.value, neighbour.n))
    assert large == finding(69, segment=CHAT, n=100.0)


def test_what_a_check_says_of_a_declared_change_stays():
    shown, reason = panel(*[40.0] * 69, 4.0), "25.0 % (4 answers); consistent with the declared change “Desk closed”"
    (few,) = covering.findings([finding(69, reason=reason)], shown, lambda: shown.segments, day(T), 10)
    assert few.reason.endswith("the figures; consistent with the declared change “Desk closed”")


def test_why_nothing_is_known_tells_no_count():
    shown = panel(*[40.0] * 50, *[4.0] * 20)
    thin = finding(69, State.UNKNOWN, value=math.nan, reason="too thin to watch: 4 a period, 10 needed")
    plain = finding(69, State.UNKNOWN, value=math.nan, reason="nothing was measured in this period")
    found = covering.findings([thin, plain], shown, lambda: shown.segments, day(T), 10)
    assert [f.reason for f in found] == ["not known; too few answers to show the figures", plain.reason]
    assert all(math.isnan(f.n) for f in found)


def test_an_amount_of_money_is_no_count_of_people():
    level = csat(kind=Kind.LEVEL, **BY_CHANNEL)
    count, money = panel(metric=level), panel(metric=level)
    count = replace(count, total=np.full((3, T), 4.0))
    money = replace(money, total=np.full((3, T), 4.5))
    assert (covering.answers_of(count) == 4).all()
    assert np.isinf(covering.answers_of(money)).all()


def test_a_segment_that_became_too_thin_has_no_band_left(tmp_path):
    plan, store = built(tmp_path, World(days=120), [csat()], [])
    with store:
        old = Segment.of(channel="fax")
        nothing = (0.5,)
        store.bands.put([
            Band(
                metric="csat", key=old.key, label="fax", as_of=day(1), starts=(0,), value=nothing, n=(3.0,),
                avg=nothing, expected=nothing, low=nothing, high=nothing, complete=(True,),
            )
        ])  # fmt: skip
        judge(plan, store, now=day(118))
        keys = {key for _, key in store.bands.keys()}  # noqa: SIM118 - a method, not a mapping.
    assert old.key not in keys
    assert {EVERYONE.key, PHONE.key} <= keys


def test_the_verdict_stands_and_thin_leaves_are_drawn_by_week(tmp_path):
    thin = World(
        days=260, moves={"csat": falls(-0.2)}, volume=lambda s, t: -0.96 if s == LEAVES[0] else 0.0, answers=150
    )
    metric = csat(min_n=3, by=((), ("channel",), ("region",), ("channel", "region")))
    cut = change(limits={"csat": Amount(0.015, relative=False, text="1.5pt")})
    plan, store = built(tmp_path, thin, [metric], [cut])
    with store:
        (verdict,) = judge(plan, store, now=day(258))
        band = store.bands.get("csat", LEAVES[0].key)
        whole = store.bands.get("csat", EVERYONE.key)
    assert verdict.code is Code.HARMED
    assert np.isfinite(whole.value).all()
    assert np.isfinite(band.value).mean() < 0.5
    assert np.isfinite(band.avg).any()
