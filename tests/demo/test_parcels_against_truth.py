"""What the desk's parcels tell: cuts that are each within their limit and together are not, scans that were read late,
a survey that slows down, and a figure that runs ahead of churn. benchmarks/desk_truth.py counts it over 20 seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from cxmon.config import load
from cxmon.decisions.versions import versions
from cxmon.demo.desk import build, write_config
from cxmon.demo.truth import FEWER_VANS, LOOKS, NEW_FORM, PARCEL_CUTS, PARCELS, PICK_UP, is_right, look_at
from cxmon.model import Ahead, AllowanceCode, AllowanceUse, Cause, Code, LeadingAnswer, Verdict, Version
from cxmon.pipeline.collect import collect
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.leading import leading
from cxmon.pipeline.register import register
from cxmon.store import Store

ANCHOR = date(2026, 10, 15)
READ = ("on_time", "delivery_csat", "churn", "cancel_page")


@dataclass(frozen=True)
class Told:
    """What was said of the parcels of one desk: per (change, look), of the one with late scans in which versions, of
    the allowance at the last look, and what ran ahead of churn."""

    said: dict[tuple[str, int], Verdict]
    versions: tuple[Version, ...]
    used: AllowanceUse
    ahead: LeadingAnswer


def told_of(seed: int, folder: Path, looks: Sequence[int] = LOOKS) -> Told:
    """Builds a desk with few tickets, collects what the parcels and churn rest on, and judges it at each look."""
    desk = build(folder / "desk.db", seed=seed, until=ANCHOR, scale=0.01)
    plan = load(write_config(folder, desk))
    ours = {event.id for event in PARCELS}
    plan = replace(
        plan,
        money=None,
        metrics={name: plan.metrics[name] for name in READ},
        allowance=replace(plan.allowance, amounts={"on_time": plan.allowance.amounts["on_time"]}),
        targets=(),
        changes=tuple(change for change in plan.changes if change.id in ours),
    )
    now = look_at(ANCHOR, 0)
    with Store.open(plan.store_url) as store:
        assert all(one.ok and not one.rejected for one in collect(plan, store, now=now))
        register(plan, store, now=now)
        said = {
            (verdict.change, look): verdict
            for look in sorted(looks)
            for verdict in judge(plan, store, now=look_at(ANCHOR, look), depth=Depth.TOLD)
        }
        used = store.allowances.latest()["on_time"]
        history = store.verdicts.history(FEWER_VANS.id)
        ahead = leading(plan, store, late="churn", dimension=None, now=now)
    return Told(said=said, versions=versions(history), used=used, ahead=ahead)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return told_of(101, tmp_path_factory.mktemp("parcels"), LOOKS[1:])


@pytest.mark.parametrize("look", LOOKS[1:])
@pytest.mark.parametrize("event", PARCELS, ids=lambda event: event.id)
def test_the_verdicts_on_parcels_are_right(told, event, look):
    verdict = told.said.get((event.id, look))
    assert is_right(event, look, verdict and verdict.code)


def test_cuts_that_are_each_within_their_limit_are_together_more_than_allowed(told):
    assert all(told.said[cut.id, 0].code is not Code.HARMED for cut in PARCEL_CUTS)
    assert told.used.code is AllowanceCode.EXCEEDED
    assert told.used.summed.low > told.used.limit
    assert {part.change for part in told.used.carried} == {event.id for event in PARCELS if event is not NEW_FORM}


def test_scans_that_were_read_late_turn_better_into_worse_and_it_says_so(told):
    better, worse = told.versions[-2:]
    assert (better.code, worse.code) == (Code.IMPROVED, Code.WORSE)
    assert Cause.REVISED in {reason.cause for reason in worse.reasons if reason.decisive}


def test_a_survey_that_slows_down_turns_nothing(told):
    harm = told.said[PICK_UP.id, 0].harms[0]
    assert harm.code in {Code.WAITING, Code.UNDECIDED, Code.SAFE}
    assert any("do not come in as they used to" in note for note in harm.notes)


def test_a_survey_that_asks_otherwise_is_compared_with_itself_alone(told):
    """It fell by six points on that day: with the days before it in its past the pick-up points would look harmful."""
    harm = told.said[PICK_UP.id, 0].harms[0]
    assert any(note.startswith(f"past begins where {NEW_FORM.title} changed the measurement") for note in harm.notes)
    assert harm.n_pre <= PICK_UP.start - NEW_FORM.start
    assert told.said[NEW_FORM.id, 0].harms[0].metric == "delivery_csat"


def test_looking_up_how_to_cancel_runs_ahead_of_churn_and_parcels_do_not(told):
    named = {(tier.tier, one.metric, one.lag) for tier in told.ahead.tiers for one in tier.asked if one.named}
    assert {(tier, "cancel_page", 1) for tier in ("basic", "pro")} <= named
    assert {metric for _, metric, _ in named} == {"cancel_page"}
    assert told.ahead.tiers[0].answer is Ahead.NAMED
