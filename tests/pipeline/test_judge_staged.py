"""judge on roll-outs in stages: four regions of a phone desk in a real store, three of them get the change in turn."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from judge_world import Amount, World, built, change, csat, day, first_reply

from cxmon.decisions import is_news
from cxmon.model import Code, Declared, Finding, Grade, Holidays, Kind, Scope, Segment, Stage, State
from cxmon.pipeline.explaining import explanation, new_levels, reaching
from cxmon.pipeline.judge import judge

REGIONS = ("de", "fr", "uk", "us")
STARTS = {"de": 200, "fr": 214, "uk": 240}
CHANNELS = ("phone", "chat", "email")
EVERYWHERE = tuple(Segment.of(channel=c, region=r) for c in CHANNELS for r in REGIONS)
PHONE = tuple(s for s in EVERYWHERE if s.get("channel") == "phone" and s.get("region") in STARTS)


def rollout(**more):
    stages = tuple(Stage(starts=day(at), scope=Scope.of({"region": r})) for r, at in STARTS.items())
    return change(**({"stages": stages} | more))


@dataclass(frozen=True)
class Falls:
    """A fall of the share in each phone region from its stage on."""

    sizes: dict[str, float]

    def __call__(self, segment, at):
        region = segment.get("region")
        on = segment.get("channel") == "phone" and at >= STARTS.get(region, 10**9)
        return self.sizes.get(region, 0.0) if on else 0.0


@pytest.fixture
def world(tmp_path):
    opened = []

    def make(sizes, metrics=None, changes=(), leaves=EVERYWHERE, **more):
        figures = World(leaves=leaves, moves={metric: Falls(sizes) for metric in ("csat", "first_reply")}, **more)
        plan, store = built(tmp_path, figures, metrics or [csat(by=((),))], changes)
        opened.append(store)
        return plan, store

    yield make
    for store in opened:
        store.close()


def judged(plan, store, at):
    verdicts = judge(plan, store, now=day(at))
    assert len(verdicts) == 1
    return verdicts[0]


def test_harm_in_every_stage_is_over_the_limit_pooled_and_each(world):
    plan, store = world({"de": -0.06, "fr": -0.06, "uk": -0.06}, changes=[rollout()])
    verdict = judged(plan, store, 290)
    harm = verdict.harms[0]
    assert (verdict.code, verdict.grade) == (Code.HARMED, Grade.CONTROLLED)
    assert harm.so_far.low < 0.06 < harm.so_far.high
    assert [(s.scope, s.starts) for s in harm.stages] == [
        ("phone, de", day(200)), ("phone, fr", day(214)), ("phone, uk", day(240)),
    ]  # fmt: skip
    assert {s.code for s in harm.stages} <= {Code.HARMED, Code.WORSE}
    for stage in harm.stages:
        assert stage.so_far.low < 0.06 < stage.so_far.high
        assert stage.so_far.high - stage.so_far.low > harm.so_far.high - harm.so_far.low
    assert [s.n_post for s in harm.stages] == [88, 74, 48]
    assert harm.answers == pytest.approx(sum(s.answers for s in harm.stages))
    assert (harm.window_start, harm.window_end) == (day(200), day(288))
    assert harm.expected - harm.actual == pytest.approx(harm.so_far.estimate)
    assert any("phone, us" in name or "chat" in name for name in harm.controls)
    assert store.verdicts.latest("phone-cut").harms[0].stages == harm.stages
    assert store.bands.get("csat", "change:phone-cut").label == "phone, de/fr/uk"


def test_later_stages_wait_and_the_words_say_how_far_it_is_rolled_out(world):
    plan, store = world({"de": -0.08, "fr": -0.08}, changes=[rollout()])
    verdict = judged(plan, store, 232)
    harm = verdict.harms[0]
    assert harm.stages[2].code is Code.WAITING
    assert harm.stages[2].reason == "not begun yet"
    assert harm.reason == "rolled out to 2 of 3 segments; each compared with segments that do not have it yet"
    assert "Rolled out to 2 of 3 segments: phone, de since 18 Dec" in verdict.sentence
    assert "phone, uk waits until 27 Jan" in verdict.sentence
    assert "  phone, uk waits until 27 Jan" in " ".join(verdict.story)
    assert any(line.startswith("  phone, de since 18 Dec 2025: ") for line in verdict.story)


def test_a_segment_that_waits_is_a_control_until_its_stage(world):
    """Only the three staged segments report: the first is compared with the others, the last with nobody."""
    plan, store = world({"de": -0.10, "fr": -0.10, "uk": -0.10}, changes=[rollout()], leaves=PHONE)
    harm = judged(plan, store, 290).harms[0]
    assert harm.controls == ("phone, fr before its stage", "phone, uk before its stage")
    assert [s.n_post for s in harm.stages] == [40, 26, 48]
    assert harm.stages[0].reason == "compared for 40 days, until the last stage began"
    assert harm.stages[2].grade is Grade.BEFORE_AFTER
    assert harm.grade is Grade.BEFORE_AFTER
    assert "before and after only for phone, uk" in harm.reason


def test_harm_in_one_stage_is_named_there(world):
    plan, store = world({"de": -0.12}, changes=[rollout()])
    codes = {s.scope: s.code for s in judged(plan, store, 290).harms[0].stages}
    assert codes["phone, de"] is Code.HARMED
    assert not {codes["phone, fr"], codes["phone, uk"]} & {Code.HARMED, Code.WORSE}


def test_a_harmless_roll_out_is_never_red(world):
    plan, store = world({}, changes=[rollout()], seed=5)
    for at in (206, 218, 232, 250, 280):
        verdict = judged(plan, store, at)
        found = [verdict.code, *(s.code for s in verdict.harms[0].stages)]
        assert not {Code.HARMED, Code.WORSE} & set(found)


def test_before_mature_days_it_waits_with_the_stage_named(world):
    plan, store = world({}, changes=[rollout()])
    assert judge(plan, store, now=day(199)) == []
    harm = judged(plan, store, 204).harms[0]
    assert harm.code is Code.WAITING
    assert harm.reason == "phone, de: 2 complete days since the start, 3 are needed"
    assert harm.due == day(206).date()


def test_a_stage_that_cannot_be_separated_names_the_other_change_once_and_by_its_title(world):
    roster = change(202, id="new-roster", title="New roster", scope=Scope.of({"channel": "phone", "region": "de"}))
    plan, store = world({}, changes=[rollout(), roster])
    found = {v.change: v for v in judge(plan, store, now=day(290))}["phone-cut"]
    assert found.harms[0].stages[0].reason == "New roster began too near to it"
    line = next(line for line in found.story if line.startswith("  phone, de since"))
    assert line.count("New roster") == 1
    assert "new-roster" not in "\n".join(found.story)
    early = {v.change: v for v in judge(plan, store, now=day(210))}["phone-cut"]
    assert (early.code, early.harms[0].entangled_with) == (Code.ENTANGLED, ("new-roster",))
    assert early.story[1].count("New roster") == 1
    assert "phone, de: another change began too near to it" in early.story[1]


def test_a_metric_that_does_not_know_the_dimension_is_judged_as_one_change(world):
    calls = csat(id="calls", label="Calls", dimensions=("channel",), by=((),))
    limits = {"calls": Amount(0.03, relative=False, text="3pt")}
    plan, store = world({}, metrics=[calls], changes=[rollout(limits=limits)])
    harm = judged(plan, store, 290).harms[0]
    assert harm.stages == ()
    note = "Calls is not known by region, judged as one change from its first stage on"
    assert note in harm.reason
    assert note in harm.notes


def test_a_level_has_no_answers_to_weigh_and_says_so(world):
    level = csat(id="backlog", label="Backlog", kind=Kind.LEVEL, by=((),))
    plan, store = world({}, metrics=[level], changes=[rollout(limits={})])
    assert "is a level" in judged(plan, store, 290).harms[0].reason


def test_another_change_on_one_stage_takes_that_stage_out_of_the_pool(world):
    other = change(216, id="menu", title="Menu", scope=Scope.of({"channel": "phone", "region": "fr"}))
    plan, store = world({"de": -0.06, "fr": -0.06, "uk": -0.06}, changes=[rollout(), other])
    verdicts = {v.change: v.harms[0] for v in judge(plan, store, now=day(290))}
    harm = verdicts["phone-cut"]
    assert [s.code is Code.ENTANGLED for s in harm.stages] == [False, True, False]
    assert "not in the figure of all stages yet: phone, fr" in harm.reason
    assert verdicts["menu"].code is Code.ENTANGLED


def test_a_change_elsewhere_meets_each_stage_at_its_own_date(world):
    """A change on phone uk before that stage begins is cut there, not where the first stage began elsewhere."""
    other = change(205, id="uk-menu", title="Menu", scope=Scope.of({"channel": "phone", "region": "uk"}))
    plan, store = world({}, changes=[rollout(), other])
    harm = {v.change: v.harms[0] for v in judge(plan, store, now=day(235))}["uk-menu"]
    assert harm.window_start == day(205)
    assert harm.code is not Code.ENTANGLED


def test_at_the_horizon_of_the_last_stage_the_answer_stands(world):
    plan, store = world({"de": -0.06, "fr": -0.06, "uk": -0.06}, changes=[rollout(horizon_days=30)])
    harm = judged(plan, store, 318).harms[0]
    assert [s.n_post for s in harm.stages] == [30, 30, 30]
    assert harm.closed


def test_durations_are_judged_as_ratios_stage_by_stage_also_where_one_never_had_figures(world):
    stages = (*rollout().stages, Stage(starts=day(250), scope=Scope.of({"region": "nowhere"})))
    limits = {"first_reply": Amount(0.1, relative=True, text="10%")}
    slower = {"de": 0.4, "fr": 0.4, "uk": 0.4}
    changes = [rollout(stages=stages, limits=limits)]
    plan, store = world(slower, metrics=[first_reply(by=((),))], changes=changes, answers=40)
    harm = judged(plan, store, 300).harms[0]
    assert (harm.code, harm.unit) == (Code.HARMED, "%")
    assert harm.so_far.low < np.expm1(0.4) < harm.so_far.high
    assert harm.actual / harm.expected == pytest.approx(1 + harm.so_far.estimate)
    assert "no row has region 'nowhere'" in harm.stages[3].reason
    assert "not in the figure of all stages yet: phone, nowhere" in harm.reason


def test_holidays_are_left_out_of_every_stage_and_told(world):
    metric = csat(by=((),), holidays=Holidays(country="DE"))
    plan, store = world({"de": -0.08}, metrics=[metric], changes=[rollout()])
    harm = judged(plan, store, 232).harms[0]
    assert "holidays left out" in harm.holidays
    # Christmas, Boxing Day and New Year's Day, the last on the first day of the second stage.
    assert [s.n_post for s in harm.stages] == [27, 15, 0]


def test_judging_again_tells_nothing_new(world):
    plan, store = world({"de": -0.08, "fr": -0.08, "uk": -0.08}, changes=[rollout()])
    first = judged(plan, store, 290)
    again = judged(plan, store, 290)
    assert first == again
    assert [v.version for v in store.verdicts.history("phone-cut")] == [1]


def test_a_staged_draft_is_not_judged(world):
    plan, store = world({}, changes=[replace(rollout(), status="draft")])
    assert judge(plan, store, now=day(290)) == []


def test_watch_and_incidents_know_each_stage_by_its_own_date():
    declared = Declared(change=rollout(), declared_at=day(190), origin="yaml")
    de, uk = (Segment.of(channel="phone", region=r) for r in ("de", "uk"))
    levels = new_levels(csat(), [de, uk], [declared], [], day(230))
    assert levels == {de: (day(200),)}
    breach = Finding(
        check="watch", metric="csat", segment=uk, at=day(246), state=State.BREACH, reason="fell", value=0.7, low=0.6,
        high=0.8, n=100, since=day(241), expected=0.8,
    )  # fmt: skip
    assert explanation(breach, csat(), [declared], {}).change.change.id == "phone-cut"
    assert explanation(replace(breach, segment=de), csat(), [declared], {}) is None


def test_a_stage_that_turned_is_news_although_the_whole_did_not(world):
    plan, store = world({"de": -0.12}, changes=[rollout()])
    verdict = judged(plan, store, 290)
    stages = verdict.harms[0].stages
    other = replace(stages[1], code=Code.WORSE)
    turned = replace(verdict, harms=(replace(verdict.harms[0], stages=(stages[0], other, stages[2])),))
    assert is_news(verdict, turned) == f"csat in phone, fr turned from {stages[1].code} to worse"
    assert not is_news(verdict, verdict)


def test_harm_that_came_late_in_a_roll_out_keeps_its_limit_open(world):
    """A little better at first, so the mean since each start hides that the last fortnight is surely worse."""

    def late(segment, at):
        if segment not in PHONE or at < STARTS[segment.get("region")]:
            return 0.0
        return -0.10 if at >= 276 else 0.01

    plan, store = world({}, changes=[rollout(limits={"csat": Amount(0.05, relative=False, text="5pt")})])
    World(leaves=EVERYWHERE, moves={"csat": late}).fill(store, plan.metrics["csat"], now=day(0))
    harm = judged(plan, store, 292).harms[0]
    assert harm.so_far.low <= 0 < harm.so_far.high < harm.limit < 0.1
    assert harm.now.low > 0
    assert harm.code is Code.UNDECIDED


def test_a_change_that_touches_no_segment_of_a_metric_explains_nothing_of_it():
    shop = change(id="club", scope=Scope.of({"channel": "shop"}))
    declared = [Declared(change=c, declared_at=c.starts, origin="yaml") for c in (rollout(), shop)]
    leaves = [Segment.of(channel="phone", region="de"), Segment.of(channel="chat", region="de")]
    assert [d.change for d in reaching(declared, csat(), leaves)] == [rollout()]
    assert len(reaching(declared, csat(), ())) == 2
