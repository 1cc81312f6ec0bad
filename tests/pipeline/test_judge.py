"""judge on small planted worlds in a real store."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from judge_world import (
    LEAVES,
    START,
    TENTH,
    World,
    built,
    change,
    csat,
    day,
    falls,
    first_reply,
)

from cxmon import actions
from cxmon.alerts import Console
from cxmon.decisions import shares
from cxmon.model import (
    AimCode,
    Amount,
    Category,
    Code,
    Ending,
    Grade,
    Grain,
    IncidentState,
    Scope,
    Segment,
    Silence,
    Status,
    Step,
    Unlike,
)
from cxmon.panel import Panel
from cxmon.periods import grid
from cxmon.pipeline.judge import judge
from cxmon.pipeline.judge_evidence import evidence

HARM = {"csat": falls(-0.05)}
PLAIN = {"by": ((),)}
THREE_POINTS = {"csat": Amount(0.03, relative=False, text="3pt")}


@pytest.fixture
def world(tmp_path):
    """Builds a store; `world(World(...), metrics, changes)` -> (plan, store). Closed at the end."""
    opened = []

    def make(figures, metrics=None, changes=(), **more):
        plan, store = built(tmp_path, figures, metrics or [csat(**PLAIN)], changes, **more)
        opened.append(store)
        return plan, store

    yield make
    for store in opened:
        store.close()


def only(verdicts):
    assert len(verdicts) == 1
    return verdicts[0]


def test_a_harmful_change_is_over_the_limit_and_its_true_size_is_in_the_range(world):
    plan, store = world(World(moves=HARM), changes=[change()])
    verdict = only(judge(plan, store, now=day(300)))
    harm = only(verdict.harms)
    assert (verdict.code, verdict.grade) == (Code.HARMED, Grade.CONTROLLED)
    assert harm.so_far.low < 0.05 < harm.so_far.high
    assert (harm.limit, harm.unit) == (0.015, "pt")
    assert (harm.window_start, harm.window_end) == (day(200), day(298))
    assert (harm.n_post, verdict.day) == (98, 98)
    assert (harm.placebo.as_large, harm.placebo.windows) == (0, 200 - 56 - 98 + 1)
    assert harm.expected - harm.actual == pytest.approx(harm.so_far.estimate)
    assert harm.controls
    assert verdict.story[0] == "Over the limit (harmed), since 18 Dec 2025"
    assert verdict.sentence.startswith("Because of Phone desk cut, CSAT is ")


def test_a_harmless_change_is_never_red_and_in_the_end_holds_its_limit(world):
    plan, store = world(World(seed=3), changes=[change(limits=THREE_POINTS)])
    said = [only(judge(plan, store, now=day(at))).code for at in range(206, 318, 16)]
    assert not {Code.HARMED, Code.WORSE} & set(said)
    assert said[-1] is Code.SAFE
    assert store.incidents.recent() == []
    assert store.outbox.rows() == []


def test_an_improvement_is_better_and_told_without_an_incident(world):
    plan, store = world(World(moves={"csat": falls(0.06)}), changes=[change()])
    assert only(judge(plan, store, now=day(300))).code is Code.IMPROVED
    assert store.incidents.recent() == []
    assert len(store.outbox.rows()) == 1


def test_before_its_start_a_change_is_not_judged_and_just_after_it_waits_for_mature_days(world):
    plan, store = world(World(moves=HARM), changes=[change()])
    assert judge(plan, store, now=day(199)) == []
    verdict = only(judge(plan, store, now=day(204)))
    assert verdict.code is Code.WAITING
    assert only(verdict.harms).reason == "2 complete days since the start, 3 are needed"
    assert only(verdict.harms).due == day(206).date()


def test_too_early_names_what_is_not_ruled_out_and_when_an_answer_is_due(world):
    plan, store = world(World(), changes=[change()])
    verdict = only(judge(plan, store, now=day(208)))
    assert verdict.code is Code.UNDECIDED
    assert "worse is still possible" in verdict.sentence
    assert "an answer is due around day" in verdict.sentence or "no answer is in sight" in verdict.sentence


def test_what_is_known_later_does_not_reach_an_earlier_judgement(world):
    plan, store = world(World(moves={"csat": falls(-0.05, begins=230)}), changes=[change()])
    early = only(judge(plan, store, now=day(229)))
    assert early.harms[0].window_end == day(227)
    assert early.code not in {Code.HARMED, Code.WORSE}


def test_figures_are_taken_as_they_were_known_then(world):
    plan, store = world(World(), changes=[change(limits=THREE_POINTS)])
    metric = plan.metrics["csat"]
    before = only(judge(plan, store, now=day(299), changes=["phone-cut"])).harms[0]
    World(moves={"csat": falls(-0.2)}).fill(store, metric, now=day(300))
    assert only(judge(plan, store, now=day(299))).harms[0] == before
    assert only(judge(plan, store, now=day(301))).code is Code.HARMED
    assert [v.code for v in store.verdicts.history("phone-cut")] == [before.code, Code.HARMED]


def test_a_change_five_days_later_in_the_same_place_cannot_be_separated(world):
    second = change(205, id="phone-menu", title="New phone menu")
    plan, store = world(World(moves=HARM), changes=[change(), second])
    verdicts = {v.change: v for v in judge(plan, store, now=day(300))}
    assert {v.code for v in verdicts.values()} == {Code.ENTANGLED}
    assert verdicts["phone-cut"].harms[0].entangled_with == ("phone-menu",)
    assert "cannot be separated from New phone menu; together" in verdicts["phone-cut"].sentence
    joint = verdicts["phone-menu"].harms[0]
    assert joint.window_start == day(200)
    assert joint.so_far.low > 0


def test_an_aim_of_a_change_that_cannot_be_separated_is_neither_shown_nor_missed(world):
    """What both did together says nothing of what one of them gained: the other may have hidden it, or brought it."""
    second = change(205, id="phone-menu", title="New phone menu", limits={}, aims=THREE_POINTS)
    for moved in (HARM, {"csat": falls(0.08)}):
        plan, store = world(World(moves=moved), changes=[change(), second])
        found = {v.change: v for v in judge(plan, store, now=day(300))}["phone-menu"]
        [aim] = found.aims
        assert (found.code, aim.code) == (Code.ENTANGLED, AimCode.NOT_SHOWN)
        assert math.isnan(aim.gain.estimate)
        assert "Aim not shown for CSAT, promised 3 points better: not known yet" in found.story


def test_a_change_long_after_cuts_the_window_and_leaves_the_verdict(world):
    second = change(260, id="phone-menu", title="New phone menu")
    plan, store = world(World(moves=HARM), changes=[change(), second])
    first = judge(plan, store, now=day(300))[0]
    assert first.code is Code.HARMED
    assert first.harms[0].window_end == day(260)
    assert "window ends where New phone menu begins (" in first.harms[0].notes[0]
    assert first.harms[0].notes[0] in "\n".join(first.story)


def test_without_untouched_segments_the_grade_is_before_and_after_and_no_cause_is_named(world):
    phone = [s for s in LEAVES if s.get("channel") == "phone"]
    plan, store = world(World(moves={"csat": falls(-0.12)}, leaves=phone), changes=[change()])
    verdict = only(judge(plan, store, now=day(300)))
    assert (verdict.code, verdict.grade) == (Code.HARMED, Grade.BEFORE_AFTER)
    alone = "no untouched segments left to compare with: it touches every segment of CSAT"
    assert verdict.harms[0].notes == (alone,)
    assert f"before and after only); {alone}" in "\n".join(verdict.story)
    assert "Because of" not in verdict.sentence
    assert "before and after only" in verdict.sentence


def test_segments_that_the_change_spills_to_or_that_another_change_touches_are_no_controls(world):
    spill = change(spills_to=(Scope.of({"channel": "email"}),))
    elsewhere = change(220, id="bot", title="Bot", scope=Scope.of({"channel": "chat", "region": "eu"}))
    plan, store = world(World(moves=HARM), changes=[spill, elsewhere])
    harm = judge(plan, store, now=day(300))[0].harms[0]
    assert not any("email" in label or "chat · eu" in label for label in harm.controls)


def test_an_empty_store_waits_with_a_reason(world):
    plan, store = world(World(days=0), changes=[change()])
    verdict = only(judge(plan, store, now=day(300)))
    assert verdict.code is Code.WAITING
    assert verdict.harms[0].reason == "no figures of CSAT yet"
    assert "no figures of CSAT yet" in verdict.sentence


def test_a_scope_without_figures_is_not_compared_and_a_vanished_one_neither(world):
    nowhere = change(scope=Scope.of({"channel": "fax"}))
    plan, store = world(World(), changes=[nowhere])
    harm = only(judge(plan, store, now=day(300))).harms[0]
    assert (harm.code, harm.reason) == (
        Code.WAITING,
        "no figures of CSAT for fax: no row has channel 'fax'; there are chat, email, phone",
    )


def test_a_scope_that_vanishes_with_the_change_is_not_compared(world):
    closed = World(volume=lambda s, t: -1.0 if t >= 200 and s.get("channel") == "phone" else 0.0)
    plan, store = world(closed, changes=[change()])
    harm = only(judge(plan, store, now=day(300))).harms[0]
    assert (harm.code, harm.reason) == (Code.NOT_COMPARABLE, "no figures of CSAT since the change, 98 days")
    assert harm.unlike is Unlike.VANISHED


def test_one_bad_metric_does_not_stop_the_others(world):
    nothing = Amount(0.0, relative=True, text="0%")
    both = change(limits={"csat": Amount(0.015, relative=False, text="1.5pt"), "first_reply": nothing})
    plan, store = world(World(moves=HARM, answers=60), [first_reply(by=((),)), csat(**PLAIN)], [both])
    harms = {h.metric: h for h in only(judge(plan, store, now=day(300))).harms}
    assert harms["csat"].code is Code.HARMED
    assert harms["first_reply"].code is Code.WAITING
    assert harms["first_reply"].reason.startswith("could not be judged: first_reply: '0%': found 0.0")


def test_a_metric_without_figures_waits_beside_the_others(world):
    plan, store = world(World(moves=HARM), changes=[change(limits={})])
    plan = replace(plan, metrics={**plan.metrics, "churn": csat(id="churn", label="Churn")})
    harms = {h.metric: h.code for h in only(judge(plan, store, now=day(300))).harms}
    assert harms == {"csat": Code.HARMED, "churn": Code.WAITING}


def test_judging_again_adds_neither_version_nor_message_nor_incident(world):
    plan, store = world(World(moves=HARM), changes=[change()])
    for _ in range(2):
        judge(plan, store, now=day(300))
    judge(plan, store, now=day(301))
    assert [v.version for v in store.verdicts.history("phone-cut")] == [1]
    assert store.verdicts.latest("phone-cut").as_of == day(301)
    assert len(store.incidents.recent()) == len(store.outbox.rows()) == 1


def test_a_verdict_for_an_earlier_moment_is_not_stored_over_a_later_one(world):
    plan, store = world(World(moves=HARM), changes=[change()])
    judge(plan, store, now=day(300))
    bands = store.bands.get("csat", "{}")
    assert only(judge(plan, store, now=day(210))).as_of == day(210)
    assert store.verdicts.latest("phone-cut").as_of == day(300)
    assert store.bands.get("csat", "{}").as_of == bands.as_of == day(300)


def test_neither_is_one_for_a_moment_before_a_refresh_without_news(world):
    plan, store = world(World(moves=HARM), changes=[change()])
    judge(plan, store, now=day(300))
    judge(plan, store, now=day(302))
    assert only(judge(plan, store, now=day(301))).as_of == day(301)
    assert [(v.version, v.as_of) for v in store.verdicts.history("phone-cut")] == [(1, day(302))]
    assert len(store.outbox.rows()) == 1


def test_a_verdict_that_a_silence_kept_back_is_told_once_it_is_over(world):
    plan, store = world(World(moves=HARM), changes=[change()])
    quiet = Silence(id="q", metric="csat", segment=None, starts=day(0), ends=day(301), by="CX", why="known")
    store.changes.put_silence(quiet, origin="yaml")
    judge(plan, store, now=day(300))
    assert store.outbox.rows() == []
    for at in (302, 303):
        judge(plan, store, now=day(at))
    assert [r.message.key.split("|")[1] for r in store.outbox.rows()] == ["opened"]
    incident = only(store.incidents.recent())
    kept, over = [t.reason for t in store.incidents.history(incident.id)[1:]]
    until = f"{day(301):%Y-%m-%d %H:%M} UTC"
    assert kept == f"silenced: that it opened was not sent, a silence until {until} by CX (known) covers it"
    assert over.startswith("silence over:")


class Interrupted(dict):
    """Channels in front of which somebody acknowledges the open incident, while judge asks where news goes."""

    def __init__(self, store):
        super().__init__(console=Console())
        self.store = store

    def __iter__(self):
        for incident in self.store.incidents.open():
            actions.acknowledge(self.store, incident.id, by="Operations", now=day(260))
        return super().__iter__()


def test_what_a_person_does_while_judge_is_looking_is_not_written_over(world):
    def twice(segment, t):
        return (-0.12 if t >= 230 else -0.028) if t >= 200 and segment.get("channel") == "phone" else 0.0

    plan, store = world(World(moves={"csat": twice}), changes=[change(limits=THREE_POINTS)])
    judge(plan, store, now=day(226))
    judge(replace(plan, channels=Interrupted(store)), store, now=day(260))
    incident = only(store.incidents.open())
    assert (incident.state, incident.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "Operations")
    judge(plan, store, now=day(261))
    assert store.incidents.get(incident.id).acknowledged_by == "Operations"
    steps = [t.step for t in store.incidents.history(incident.id)]
    assert steps == [Step.OPENED, Step.ACKNOWLEDGED, Step.WORSENED]


def test_one_incident_lives_through_the_change_and_each_step_is_one_message(world):
    def passing(segment, t):
        return (-0.06 if t < 228 else 0.012) if t >= 200 and segment.get("channel") == "phone" else 0.0

    plan, store = world(
        World(moves={"csat": passing}, days=380), changes=[change(limits=THREE_POINTS, horizon_days=400)]
    )
    for at in (206, 218, 230, 242, 300, 362, 374):
        judge(plan, store, now=day(at))
    incident = only(store.incidents.recent())
    steps = [t.step for t in store.incidents.history(incident.id)]
    assert steps == [Step.OPENED, Step.WORSENED, Step.ENDED]
    assert incident.state is IncidentState.ENDED
    assert incident.ending is Ending.RECOVERED
    badges = [row.message.badge for row in reversed(store.outbox.rows())]
    assert badges[:2] == ["Worse, limit still open", "Over the limit"]
    assert badges[-1].startswith("Limit held so far, to day ")


def test_drafts_and_changes_that_were_not_asked_for_are_not_judged(world):
    draft = change(id="draft", status=Status.DRAFT)
    other = change(id="chat", title="Chat", scope=Scope.of({"channel": "chat"}))
    plan, store = world(World(), changes=[change(), draft, other])
    assert [v.change for v in judge(plan, store, now=day(300), changes=["chat"])] == ["chat"]
    assert store.verdicts.latest("draft") is None


def test_a_dimension_that_the_metric_lacks_is_left_out_and_said(world):
    flat = csat(dimensions=("region",), **PLAIN)
    leaves = (Segment.of(channel="phone", region="eu"), Segment.of(channel="phone", region="us"))
    plan, store = world(World(leaves=leaves), [flat], [change(scope=Scope.of({"team": "night"}))])
    harm = only(judge(plan, store, now=day(300))).harms[0]
    assert harm.scope == "all customers"
    assert "judged on all customers: CSAT is not known by team" in harm.reason


def test_a_survey_change_is_not_comparable_and_blocks_what_begins_near_it(world):
    survey = change(195, id="scale", title="New scale", category=Category.MEASUREMENT, scope=Scope(), limits={})
    plan, store = world(World(moves=HARM), changes=[survey, change()])
    verdicts = judge(plan, store, now=day(300))
    codes = {v.change: (v.code, v.harms[0].unlike) for v in verdicts}
    assert codes == dict.fromkeys(("scale", "phone-cut"), (Code.NOT_COMPARABLE, Unlike.MEASUREMENT))
    near = next(v.harms[0].reason for v in verdicts if v.change == "phone-cut")
    assert near == "New scale changed the measurement (13 Dec), 5 days before the start: too near to compare across it"


def test_announced_days_are_left_out_of_the_past(world):
    rush = lambda s, t: {True: -0.30, False: 0.0}[190 <= t < 200 and s.get("channel") == "phone"]  # noqa: E731
    plan, store = world(World(moves={"csat": rush}), changes=[change(announced_days=10, limits=THREE_POINTS)])
    harm = only(judge(plan, store, now=day(300))).harms[0]
    assert harm.n_pre == 190
    assert harm.so_far.low < 0 < harm.so_far.high


def test_a_change_that_ended_is_judged_on_its_own_days(world):
    week = lambda s, t: -0.15 if 200 <= t < 207 and s.get("channel") == "phone" else 0.0  # noqa: E731
    plan, store = world(World(moves={"csat": week}), changes=[change(ends=day(207))])
    harm = only(judge(plan, store, now=day(300))).harms[0]
    assert (harm.n_post, harm.window_end) == (7, day(207))
    assert harm.so_far.low < 0.15 < harm.so_far.high
    assert harm.code is Code.HARMED


def test_what_was_found_by_the_horizon_stands_and_what_is_open_goes_on(world):
    harmless = csat(id="other", label="Other", **PLAIN)
    both = change(horizon_days=40, limits={}, guards=("csat", "other"))
    plan, store = world(World(moves=HARM, days=420), [csat(**PLAIN), harmless], [both])
    early = {h.metric: h for h in only(judge(plan, store, now=day(260))).harms}
    late = {h.metric: h for h in only(judge(plan, store, now=day(410))).harms}
    assert early["csat"].code in {Code.HARMED, Code.WORSE}
    assert late["csat"] == early["csat"]
    assert late["csat"].window_end == day(240)
    assert late["csat"].due is None
    assert early["other"].code is Code.UNDECIDED
    assert late["other"].window_end == day(408)
    # Beyond the horizon only a fifth of the error is left to spend.
    assert late["other"].so_far.high - late["other"].so_far.low > 0


def test_a_change_that_ended_undecided_promises_no_answer(world):
    plan, store = world(World(answers=20), changes=[change(ends=day(207))])
    harm = only(judge(plan, store, now=day(300))).harms[0]
    assert (harm.code, harm.due) == (Code.UNDECIDED, None)


def test_fewer_happy_chats_are_told_as_mix_and_not_as_harm(world):
    fewer = World(volume=lambda s, t: -0.7 if t >= 200 and s.get("channel") == "chat" else 0.0)
    bot = change(id="bot", title="Chat bot", scope=Scope.of({"channel": "chat"}), limits=THREE_POINTS)
    plan, store = world(fewer, changes=[bot])
    verdict = only(judge(plan, store, now=day(300)))
    split = only(verdict.splits)
    assert verdict.code in {Code.SAFE, Code.UNDECIDED}
    parts = split.rate, split.mix, split.entry_exit, split.remainder
    assert sum(parts) == pytest.approx(split.total, abs=1e-12)
    assert split.ranges.mix[0] > 0.01
    assert split.ranges.rate[0] < 0 < split.ranges.rate[1]
    assert split.grade is Grade.CONTROLLED
    assert store.verdicts.latest("bot").splits == (split,)
    assert any("from different kinds of contacts" in line for line in verdict.story)


def test_fewer_slow_mails_move_a_waiting_time_and_are_told_as_the_share_answered_in_time(world):
    slow = {"first_reply": lambda s, _: 0.8 if s.get("channel") == "email" else 0.0}
    gone = World(moves=slow, volume=lambda s, t: -0.95 if t >= 200 and s.get("channel") == "email" else 0.0, answers=60)
    shut = change(id="form", title="Web form shut", scope=Scope.of({"channel": "email"}), limits={"first_reply": TENTH})
    plan, store = world(gone, [first_reply(by=((),))], [shut])
    verdict = only(judge(plan, store, now=day(260)))
    split = only(verdict.splits)
    # Most answers are kept of two channels of three, and those are the fast ones.
    assert split.ranges.entry_exit[1] < -0.1
    assert split.within > np.exp(2.5)
    assert any("more from segments that are new or gone" in line for line in verdict.story)


def test_speed_and_quality_are_said_in_one_breath(world):
    figures = World(moves={"csat": falls(-0.08), "first_reply": falls(-0.3)}, answers=60)
    both = change(limits={"csat": Amount(0.015, relative=False, text="1.5pt"), "first_reply": TENTH})
    plan, store = world(figures, [csat(**PLAIN), first_reply(by=((),))], [both])
    verdict = only(judge(plan, store, now=day(300)))
    assert "% faster, but CSAT is" in verdict.sentence


def test_the_mix_that_an_earlier_change_moved_is_not_told_of_a_later_one(world):
    def fewer_chats(segment, t):
        return -0.7 if t >= 150 and segment.get("channel") == "chat" else 0.0

    chat = Scope.of({"channel": "chat"})
    plan, store = world(
        World(volume=fewer_chats, days=300, answers=400),
        changes=[change(150, id="bot", scope=chat), change(200, id="roster", scope=chat)],
    )
    bot, roster = judge(plan, store, now=day(303))
    assert only(bot.splits).mix > 0.01
    assert roster.splits == ()


def test_figures_by_month_are_watched_for_six_periods_by_the_statistics_as_well():
    metric = csat(grain=Grain.MONTH)
    starts = grid(datetime(2022, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC), Grain.MONTH, "UTC")
    rng = np.random.default_rng(4)
    n = rng.poisson(4000, (len(LEAVES), len(starts))).astype(float)
    total = rng.binomial(n.astype(int), 0.8).astype(float)
    leaves = Panel(metric=metric, segments=LEAVES, starts=starts, n=n, total=total)

    def found(days):
        cut = change(horizon_days=days, starts=datetime(2024, 1, 1, tzinfo=UTC))
        share = shares(["csat"], {})["csat"]
        return evidence(cut, [cut], leaves, share, now=datetime(2024, 6, 5, tzinfo=UTC)).harm

    assert found(90).n_post == 5
    assert found(90).so_far == found(186).so_far


@pytest.mark.parametrize("grain", [Grain.WEEK, Grain.MONTH])
def test_weeks_and_months_are_judged_too(world, grain):
    figures = World(days=900, answers=40, moves={"csat": falls(-0.08, begins=700)})
    coarse = csat(grain=grain, matures_after=timedelta(0), min_n=5, **PLAIN)
    plan, store = world(Coarse(figures), [coarse], [change(700)])
    harm = only(judge(plan, store, now=day(890))).harms[0]
    assert harm.code in {Code.HARMED, Code.WORSE}
    assert harm.so_far.low < 0.08 < harm.so_far.high
    # From 2 May 2027: weeks for the 120 days to 30 August; months for half a year at least, June to October.
    assert harm.n_post == {Grain.WEEK: 17, Grain.MONTH: 5}[grain]


class Coarse:
    """A daily world summed into its metric's own periods."""

    def __init__(self, daily):
        self.daily = daily

    def fill(self, store, metric):
        from cxmon.contracts import Cells, Observations
        from cxmon.model import Window
        from cxmon.periods import grid

        cells = self.daily.cells(metric)
        starts = grid(START, day(self.daily.days), metric.grain, metric.zone)
        period = np.searchsorted(starts, cells.start, "right") - 1
        key = cells.segment * len(starts) + period
        keys, inverse = np.unique(key, return_inverse=True)
        n, total = (np.bincount(inverse, column) for column in (cells.n, cells.total))
        summed = Cells(
            segments=cells.segments, segment=keys // len(starts), start=starts[keys % len(starts)],
            known_at=np.zeros(len(keys), np.int64), n=n, total=total,
        )  # fmt: skip
        window = Window(START - timedelta(days=40), day(self.daily.days))
        store.observations.apply(metric, Observations(window=window, cells=summed), now=START)


def test_progress_names_every_metric_and_ends_full(world):
    plan, store = world(World(days=30), [csat(**PLAIN), first_reply(by=((),))], [])
    seen = []
    judge(plan, store, now=day(300), progress=lambda *step: seen.append(step))
    assert seen == [("csat", 0, 2), ("first_reply", 1, 2), ("verdicts", 2, 2)]
