"""The registry of changes, responses, silences, verdicts, bands, the catalogue and the runs."""

import json
import math
from dataclasses import replace
from datetime import timedelta

import pytest
from store_cases import CHAT, NOW, PHONE, day, metric

from cxmon.errors import StoreError
from cxmon.model import (
    Amount,
    Band,
    Category,
    Change,
    Code,
    Decision,
    Grade,
    Harm,
    Interval,
    Kind,
    Response,
    Saving,
    Scope,
    Silence,
    Split,
    SplitRanges,
    Stage,
    Status,
    Verdict,
)
from cxmon.store import Catalogue, Run, codec

NAN = float("nan")
CUT = Change(
    id="weekend",
    title="Weekend desk closed",
    category=Category.COST_CUT,
    starts=day(10),
    owner="Operations",
    scope=Scope.of({"channel": "phone", "region": ["us", "eu"]}),
    scope_by_metric={"churn": Scope.of({"main_channel": "phone"})},
    limits={"csat": Amount(0.015, relative=False, text="1.5pt")},
    saving=Saving(amount=1.2e6, currency="USD"),
)


def test_a_live_change_is_frozen_with_hash_and_time(store):
    found = store.changes.put(CUT, now=day(22), origin="yaml")
    assert (found.frozen_hash, found.frozen_at, found.declared_at) == (CUT.declared_hash, day(22), day(22))
    assert (found.days_late, found.edits, found.origin) == (12, (), "yaml")
    assert store.changes.get("weekend") == found
    assert store.changes.all() == [found]
    assert store.changes.get("unknown") is None


def test_an_edit_writes_a_saving_as_its_owner_would(store):
    store.changes.put(CUT, now=day(1), origin="yaml")
    found = store.changes.put(replace(CUT, saving=Saving(amount=950_000.5, currency="USD")), now=day(2), origin="yaml")
    assert found.edits == (f"{day(2):%Y-%m-%d %H:%M} UTC: saving 1200000 USD per year -> 950000.5 USD per year",)


def test_the_hash_of_a_change_survives_the_store(store):
    found = store.changes.put(replace(CUT, weights={"csat": 2}, horizon_days=60), now=day(1), origin="yaml")
    assert store.changes.get("weekend").change.declared_hash == found.frozen_hash


def test_frozen_terms_stay_and_every_edit_stays_visible(store):
    store.changes.put(CUT, now=day(1), origin="yaml")
    softer = replace(CUT, title="Weekend desk", limits={"csat": Amount(0.03, relative=False, text="3pt")}, ends=day(40))
    found = store.changes.put(softer, now=day(30), origin="yaml")
    assert found.change == replace(CUT, title="Weekend desk", ends=day(40))
    assert (found.frozen_hash, found.frozen_at, found.declared_at) == (CUT.declared_hash, day(1), day(1))
    assert found.edits == (
        "2026-03-31 00:00 UTC: title Weekend desk closed -> Weekend desk",
        "2026-03-31 00:00 UTC: ends (none) -> 2026-04-10 00:00",
        "2026-03-31 00:00 UTC: limits csat 1.5pt -> csat 3pt was asked for; it stays as frozen",
    )


STAGED = replace(
    CUT,
    stages=(
        Stage(starts=day(10), scope=Scope.of({"region": "eu"})),
        Stage(starts=day(24), scope=Scope.of({"region": "us"})),
    ),
)


def moved(to, change=STAGED, which=1, **more):
    stages = list(change.stages)
    stages[which] = replace(stages[which], starts=to)
    return replace(change, stages=tuple(stages), **more)


def test_stages_survive_the_store_and_are_part_of_what_was_declared(store):
    found = store.changes.put(STAGED, now=day(1), origin="yaml")
    assert store.changes.get("weekend").change == STAGED
    assert found.frozen_hash == STAGED.declared_hash != CUT.declared_hash


def test_without_stages_a_change_keeps_the_hash_it_had_before_there_were_any():
    assert CUT.declared_hash == "388353ad0eb94e38"


def test_a_stage_that_has_not_begun_may_be_moved_and_one_that_has_stays(store):
    store.changes.put(STAGED, now=day(1), origin="yaml")
    later = moved(day(38))
    found = store.changes.put(later, now=day(20), origin="yaml")
    assert found.change == later
    before, after = ("eu from 2026-03-11 00:00, us from " + at for at in ("2026-03-25 00:00", "2026-04-08 00:00"))
    assert found.edits == (f"2026-03-21 00:00 UTC: stages {before} -> {after}",)
    rewritten = moved(day(12), change=later, which=0)
    assert store.changes.put(rewritten, now=day(21), origin="yaml").change == later
    backdated = moved(day(15), change=later)
    refused = store.changes.put(backdated, now=day(22), origin="yaml")
    assert refused.change == later
    assert refused.edits[-1].endswith("was asked for; it stays as frozen")


def test_a_stage_that_is_taken_back_ends_there(store):
    store.changes.put(STAGED, now=day(1), origin="yaml")
    back = replace(STAGED, stages=(replace(STAGED.stages[0], ends=day(30)), STAGED.stages[1]))
    assert store.changes.put(back, now=day(31), origin="yaml").change == back


def test_before_its_first_stage_the_whole_roll_out_may_be_moved(store):
    store.changes.put(STAGED, now=day(1), origin="yaml")
    later = moved(day(12), which=0, starts=day(12))
    found = store.changes.put(later, now=day(5), origin="yaml")
    assert found.change == later
    assert len(found.edits) == 1


def test_the_same_put_at_every_start_writes_nothing_more(store):
    store.changes.put(CUT, now=day(1), origin="yaml")
    edited = replace(CUT, limits={})
    first = store.changes.put(edited, now=day(2), origin="yaml")
    assert store.changes.put(edited, now=day(3), origin="yaml") == first
    assert len(first.edits) == 1
    back = store.changes.put(CUT, now=day(4), origin="yaml")
    assert (back.change, len(back.edits)) == (CUT, 1)


def test_drafts_are_replaced_freely_and_going_live_is_the_declaration(store):
    draft = replace(CUT, status=Status.DRAFT)
    assert store.changes.put(draft, now=day(1), origin="store").frozen_hash is None
    other = store.changes.put(replace(draft, title="Other", limits={}), now=day(2), origin="store")
    assert (other.change.title, other.edits, other.declared_at) == ("Other", (), day(1))
    live = store.changes.put(CUT, now=day(12), origin="store")
    assert (live.frozen_at, live.declared_at, live.days_late) == (day(12), day(12), 2)
    again = store.changes.put(draft, now=day(13), origin="store")
    assert again.change.status is Status.LIVE
    assert again.edits == ("2026-03-14 00:00 UTC: back to draft was asked for; it stays live",)


def test_another_origin_cannot_take_a_change_over(store):
    store.changes.put(CUT, now=day(1), origin="yaml")
    with pytest.raises(StoreError, match="change weekend: it was declared by yaml, so cli cannot change it"):
        store.changes.put(CUT, now=day(2), origin="cli")


def test_responses_are_kept_once_in_their_order(store):
    late = Response(subject="weekend", decision=Decision.ROLL_BACK, by="Ops", why="hurts", at=day(3), due=day(9))
    early = Response(subject="i1", decision=Decision.ACCEPT, by="CX", why="new level", at=day(2))
    for r in (late, early, late):
        store.changes.respond(r)
    assert store.changes.responses() == [early, late]
    assert store.changes.responses("weekend") == [late]


def test_silences_are_replaced_by_their_own_origin_only(store):
    quiet = Silence(id="s", metric=None, segment=PHONE, starts=day(1), ends=day(2), by="CX", why="holiday")
    store.changes.put_silence(quiet, origin="yaml")
    longer = replace(quiet, ends=day(5), metric="csat", segment=None)
    store.changes.put_silence(longer, origin="yaml")
    assert store.changes.silences() == [longer]
    with pytest.raises(StoreError, match="silence s: it was made by yaml, so slack cannot change it"):
        store.changes.put_silence(quiet, origin="slack")


def verdict(version=1, change="weekend", code=Code.UNDECIDED, **more):
    nothing = Interval(estimate=NAN, low=NAN, high=float("inf"))
    harm = Harm(
        metric="csat", code=code, reason="few answers", unit="pt", limit=0.015, so_far=nothing,
        now=Interval(estimate=0.02, low=0.01, high=0.03), actual=0.8, expected=0.82, grade=Grade.CONTROLLED,
        p_value=NAN, confidence=0.95, n_pre=90, n_post=12, answers=1680.0, window_start=day(10),
        window_end=None, scope="phone",
    )  # fmt: skip
    return Verdict(
        change=change, as_of=day(22), code=code, grade=Grade.CONTROLLED, harms=(harm,), version=version, **more
    )


def test_verdicts_keep_every_version_with_what_is_not_known(store):
    one, two = verdict(1), verdict(2, code=Code.HARMED, headline="Over the limit")
    for v in (one, two, verdict(1, change="other")):
        store.verdicts.put(v)
    store.verdicts.put(two)
    assert store.verdicts.latest("none") is None
    # NaN differs from itself, so the values are compared as they are written.
    assert codec.dump(store.verdicts.latest("weekend")) == codec.dump(two)
    assert math.isnan(store.verdicts.latest("weekend").harms[0].p_value)
    assert [v.code for v in store.verdicts.history("weekend")] == [Code.UNDECIDED, Code.HARMED]
    assert {k: v.version for k, v in store.verdicts.all_latest().items()} == {"weekend": 2, "other": 1}
    with pytest.raises(StoreError, match="version 2 is there already and says otherwise"):
        store.verdicts.put(verdict(2))


def test_a_verdict_stored_before_harms_had_notes_is_read_without_any():
    noted = replace(verdict().harms[0], notes=("past begins with Call back (2 Mar)",))
    text = codec.dump(replace(verdict(), harms=(noted,)))
    assert codec.load(Verdict, text).harms[0].notes == noted.notes
    before = text.replace(',"notes":["past begins with Call back (2 Mar)"]', "")
    assert "notes" not in before
    assert codec.load(Verdict, before).harms[0].notes == ()


def test_a_verdict_stored_before_splits_had_ranges_is_read_without_any():
    split = Split(metric="csat", total=-0.012, rate=-0.001, mix=-0.011, entry_exit=0.0, unit="pt")
    doc = json.loads(codec.dump(split))
    for name in ("remainder", "ranges", "grade", "within"):
        del doc[name]
    assert codec.load(Split, json.dumps(doc)) == split
    pair = (-0.1, 0.1)
    ranges = SplitRanges(total=pair, rate=pair, mix=pair, entry_exit=pair, remainder=pair)
    known = replace(split, ranges=ranges, grade=Grade.CONTROLLED)
    assert codec.load(Split, codec.dump(known)) == known


def test_a_daily_refresh_replaces_the_latest_version_only(store):
    store.verdicts.put(verdict(1))
    store.verdicts.put(verdict(2))
    store.verdicts.touch(verdict(2, day=13))
    assert [(v.version, v.day) for v in store.verdicts.history("weekend")] == [(1, 0), (2, 13)]
    for refused in (verdict(1), verdict(3), verdict(1, change="none")):
        with pytest.raises(StoreError, match="is not the latest"):
            store.verdicts.touch(refused)


def test_bands_are_replaced_and_keep_their_gaps(store):
    whole = Band(
        metric="csat", key=PHONE.key, label="phone", as_of=NOW, starts=(1, 2), value=(0.5, NAN), n=(3.0, 0.0),
        avg=(NAN, NAN), expected=(0.5, 0.5), low=(0.4, -float("inf")), high=(0.6, float("inf")), complete=(True, False),
    )  # fmt: skip
    store.bands.put([whole, replace(whole, key="change:weekend")])
    store.bands.put([replace(whole, label="Phone")])
    found = store.bands.get("csat", PHONE.key)
    assert codec.dump(found) == codec.dump(replace(whole, label="Phone"))
    assert (math.isnan(found.value[1]), found.high[1]) == (True, math.inf)
    assert store.bands.keys() == [("csat", "change:weekend"), ("csat", PHONE.key)]
    assert store.bands.get("csat", CHAT.key) is None


def test_what_is_read_again_and_again_is_decoded_once_and_long_texts_are_not_held():
    text = codec.dump(CUT)
    assert codec.load(Change, text) is codec.load(Change, text) == CUT
    long = codec.dump(replace(CUT, title="x" * codec.LONGEST))
    assert codec.load(Change, long) is not codec.load(Change, long)
    assert codec.load(Change, long) == codec.load(Change, long)


def test_the_catalogue_is_replaced_and_the_same_one_is_no_news(store):
    first = Catalogue(title="Desk", zone="Europe/Berlin", metrics=(metric(), metric(Kind.QUANTILE, id="wait")))
    assert store.catalogue.load() is None
    store.catalogue.save(first)
    version = store.version()
    store.catalogue.save(first)
    assert (store.catalogue.load(), store.version()) == (first, version)
    frozen = replace(first, as_of=NOW)
    store.catalogue.save(frozen)
    assert store.catalogue.load() == frozen
    assert [m.definition_hash for m in store.catalogue.load().metrics] == [m.definition_hash for m in first.metrics]


def test_the_newest_run_and_the_newest_good_one_are_known(store):
    def run(name, hour, *, ok):
        at = NOW + timedelta(hours=hour)
        error = "" if ok else "locked"
        return Run(metric=name, source="desk", started_at=at, finished_at=at, ok=ok, written=hour, error=error)

    for r in (run("csat", 1, ok=True), run("wait", 1, ok=False), run("csat", 2, ok=False)):
        store.runs.record(r)
    assert store.runs.latest() == {"csat": run("csat", 2, ok=False), "wait": run("wait", 1, ok=False)}
    assert store.runs.last_ok("csat") == NOW + timedelta(hours=1)
    assert store.runs.last_ok("wait") is None
