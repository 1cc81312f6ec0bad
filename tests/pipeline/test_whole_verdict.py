"""The verdict as a whole: how often it is wrong where nothing happened, and what is said of planted worlds."""

import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import whole_world as ww
from whole_families import HARMLESS, judged, seeded

from cxmon import wording
from cxmon.alerts.message import for_verdict
from cxmon.model import AimCode, Code, Grade, Saving, Scope, Segment, Step
from cxmon.pipeline.judge import judge

RED = {Code.HARMED, Code.WORSE}
BEGINS = 150


@pytest.fixture
def world(tmp_path):
    """`world(company, metrics, changes)` -> (plan, store) with the figures in a real store. Closed at the end."""
    opened = []

    def make(company, metrics, *changes):
        plan, store = ww.built(tmp_path, company, metrics, changes)
        opened.append(store)
        return plan, store

    yield make
    for store in opened:
        store.close()


def company(moves=None, **more):
    return ww.Company(**({"seed": 7, "days": BEGINS + 100, "size": 3.0, "moves": moves or {}} | more))


def looks(plan, store, *ages):
    """The first change's verdict at each age in days."""
    return {age: judge(plan, store, now=ww.day(BEGINS + age))[0] for age in ages}


def by_metric(verdict):
    return {harm.metric: harm for harm in verdict.harms}


def message(plan, store, verdict):
    """What a channel would be given, whether or not this verdict is told."""
    declared = store.changes.get(verdict.change)
    return for_verdict(verdict=verdict, previous=None, declared=declared, metrics=plan.metrics)


def facts(message):
    return {fact.label: fact.text for fact in message.facts}


def test_faster_but_worse_solved_gets_both_answers(world):
    moves = {"reply": ww.since(BEGINS, -0.3), "solved": ww.since(BEGINS, -0.06)}
    plan, store = world(company(moves), ww.metrics(), ww.change(BEGINS))
    verdict = looks(plan, store, 12, 50)[50]
    harms, aim = by_metric(verdict), verdict.aims[0]
    assert (verdict.code, harms["solved"].code, harms["reply"].code) == (Code.HARMED, Code.HARMED, Code.IMPROVED)
    assert (aim.metric, aim.code) == ("reply", AimCode.SHOWN)
    assert aim.gain.low < 1 - np.exp(-0.3) < aim.gain.high
    assert harms["solved"].so_far.low < 0.06 < harms["solved"].so_far.high
    assert wording.limits_answer(verdict) == "Over the limit"
    assert wording.aims_answer(verdict, plan.metrics).startswith("Aim shown for First reply, promised 10 % better: ")
    told = message(plan, store, verdict)
    assert (told.badge, told.title) == ("Over the limit", "Solved first time fell more than the limit of 2 points")
    assert facts(told)["Promised"].startswith("Aim shown for First reply")
    one_breath = r"First reply is \d+ % faster, but \d points fewer solved first time \(compared with untouched"
    assert re.search(one_breath, told.lines[0])
    assert len([row for row in store.outbox.rows() if row.message.badge == "Over the limit"]) == 1


def test_a_waiting_churn_is_never_held_beyond_what_is_known_of_it(world):
    wait, delay = 21, 30
    every = ww.metrics(churn={"matures_after": timedelta(days=wait)})
    metrics = {name: every[name] for name in ("churn", "solved")}
    moves = {"churn": ww.since(BEGINS + delay, 0.6)}
    limits = {"churn": ww.percent(30), "solved": ww.points(3)}
    change = ww.change(BEGINS, horizon_days=90, limits=limits, aims={})
    plan, store = world(company(moves, days=BEGINS + 120), metrics, change)
    said = looks(plan, store, 4, 20, 28, 36, 44, 50, 80, 116)
    codes = {age: by_metric(verdict)["churn"].code for age, verdict in said.items()}
    unseen = [age for age in said if age < wait + delay]
    assert {codes[age] for age in unseen if age < wait + 3} == {Code.WAITING}
    assert {codes[age] for age in unseen if age >= wait + 3} <= {Code.UNDECIDED, Code.SAFE}
    assert not {said[age].code for age in unseen} & (RED | {Code.IMPROVED})
    for age, verdict in said.items():
        if verdict.code is Code.SAFE:
            known = int(re.fullmatch(r"Limit held so far, to day (\d+)", wording.limits_answer(verdict)).group(1))
            assert known <= age - wait
    last = said[max(said)]
    assert (last.code, codes[max(said)]) == (Code.HARMED, Code.HARMED)
    incident = store.incidents.recent()[0]
    assert incident.opened_at > ww.day(BEGINS + wait + delay)
    assert store.incidents.history(incident.id)[0].step is Step.OPENED


def test_a_harm_that_came_shortly_before_the_horizon_is_not_held_for_good(world):
    every = ww.metrics()
    change = ww.change(BEGINS, limits={"solved": ww.points(4.5)}, aims={})
    plan, store = world(company({"solved": ww.since(BEGINS + 30, -0.08)}), {"solved": every["solved"]}, change)
    said = looks(plan, store, 20, 44, 60)
    assert [verdict.code for verdict in said.values()] == [Code.SAFE, Code.UNDECIDED, Code.WORSE]
    harm = by_metric(said[44])["solved"]
    # The mean since the start is within the limit; the last fortnight is not, so the watch goes on past the horizon.
    assert harm.so_far.low <= 0 < harm.so_far.high < harm.limit < 0.08
    assert 0 < harm.now.low < 0.08 < harm.now.high
    assert wording.limits_answer(said[44]) == "Worse lately"
    assert said[44].sentence.startswith("Solved first time: within the limit of 4.5 points on average since 5 Jun, ")
    assert "but lately" in said[44].sentence
    assert by_metric(said[60])["solved"].n_post == 60


def test_harm_is_found_where_two_of_five_controls_were_hit_too_and_they_are_named(world):
    hit = (Segment.of(channel="chat", region="eu"), Segment.of(channel="email", region="us"))

    def move(segment, t):
        return -0.08 * (t >= BEGINS) * (segment in hit or ww.PHONE.touches(segment))

    change = ww.change(
        BEGINS, spills_to=(Scope.of({"channel": "social", "region": "us"}),), limits={"csat": ww.points(2)}, aims={}
    )
    plan, store = world(company({"csat": move}, size=6.0), {"csat": ww.metrics()["csat"]}, change)
    verdict = looks(plan, store, 50)[50]
    harm = by_metric(verdict)["csat"]
    assert (verdict.code, harm.grade) == (Code.HARMED, Grade.CONTROLLED)
    assert set(harm.controls_moved) == {segment.label for segment in hit}
    assert not set(harm.controls_moved) & set(harm.controls)
    assert harm.so_far.low < 0.08 < harm.so_far.high
    named = "of the untouched segments chat · eu and email · us moved by themselves since then and count little or not"
    assert named in " ".join(verdict.story)
    assert named[1:] in repr(message(plan, store, verdict))


def test_a_harmless_saving_holds_its_limits_and_is_told_with_what_it_is_said_to_save(world):
    saving = Saving(amount=400_000, currency="EUR", claimed_by="Operations")
    limits = {"csat": ww.points(3), "solved": ww.points(3), "churn": ww.percent(30)}
    change = ww.change(BEGINS, limits=limits, aims={}, saving=saving)
    metrics = {name: metric for name, metric in ww.metrics().items() if name != "reply"}
    plan, store = world(company(), metrics, change)
    said = looks(plan, store, 5, 12, 20, 30, 50)
    assert not {verdict.code for verdict in said.values()} & (RED | {Code.IMPROVED})
    verdict = said[50]
    assert verdict.code is Code.SAFE
    assert wording.limits_answer(verdict) == "Limit held so far, to day 42"
    assert all(f"{metric.label}: Limit held so far" in "\n".join(verdict.story) for metric in metrics.values())
    # What is not red says what is still possible.
    assert all("worse is still possible" in line or "ruled out" in line for line in verdict.story[1:4])
    told = facts(message(plan, store, verdict))
    assert told["Said to save"] == "400,000 EUR a year (claimed by Operations, not verified)"
    assert store.outbox.rows() == []
    assert store.incidents.recent() == []


def test_an_improvement_is_better_in_all_that_was_watched_and_no_incident(world):
    moves = {"reply": ww.since(BEGINS, -0.3), "csat": ww.since(BEGINS, 0.06)}
    change = ww.change(BEGINS, limits={}, aims={"reply": ww.percent(10), "csat": ww.points(10)})
    plan, store = world(company(moves), ww.metrics(), change)
    verdict = looks(plan, store, 8, 50)[50]
    assert {harm.metric: harm.code for harm in verdict.harms} == {"csat": Code.IMPROVED, "reply": Code.IMPROVED}
    assert verdict.code is Code.IMPROVED
    # Quicker as promised; more content, but by less than promised.
    assert {aim.metric: aim.code for aim in verdict.aims} == {"csat": AimCode.MISSED, "reply": AimCode.SHOWN}
    assert verdict.sentence.startswith("Because of Phone desk cut, ")
    assert message(plan, store, verdict).badge == "Better"
    assert store.incidents.recent() == []
    assert [row.message.badge for row in store.outbox.rows()][-1] == "Better"


def test_without_a_store_the_same_is_said_as_with_one(world):
    """What the counting below and the bench rest on: panels in memory are judged as the store's are."""
    moves = {"solved": ww.since(BEGINS, -0.06)}
    change, metrics = ww.change(BEGINS), ww.metrics()
    figures = company(moves, size=1.0)
    plan, store = world(figures, metrics, change)
    kept = looks(plan, store, 16)[16]
    panels = figures.panels(metrics)
    alone = ww.verdict(change, [change], panels, ww.day(BEGINS + 16), opinions=True)
    assert (alone.code, alone.grade, alone.aims) == (kept.code, kept.grade, kept.aims)
    assert [replace(h, placebo=None) for h in alone.harms] == [replace(h, placebo=None) for h in kept.harms]
    # Other methods touch the grade alone, so the counting does without them.
    counted = ww.verdict(change, [change], panels, ww.day(BEGINS + 16))
    assert not any(h.opinions for h in counted.harms)
    assert [(h.code, h.so_far, h.now) for h in counted.harms] == [(h.code, h.so_far, h.now) for h in kept.harms]


def test_in_harmless_worlds_the_assembled_verdict_is_hardly_ever_wrong():
    """Twelve worlds, at most three wrong. At a rate of 5 % this fails in 0.2 % of all draws of the worlds, at 30 % in
    half of them, at 50 % in 93 %; `benchmarks/whole_verdict.py` counts finely."""
    worlds = [(name, number) for number in (501, 502) for name in HARMLESS][:12]
    found = {world: judged(seeded(*world), (6, 20, 44)) for world in worlds}
    wrong = {world: said for world, said in found.items() if said.harm}
    assert len(found) == 12
    assert len(wrong) <= 3, wrong
