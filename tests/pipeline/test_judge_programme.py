"""A loyalty programme whose joiners are the happy ones: cohorts against those who join later, never against others."""

from dataclasses import replace

import pytest
from judge_world import Amount, World, built, change, csat, day

from cxmon import decisions, wording
from cxmon.decisions.joining import NOBODY_LATER
from cxmon.decisions.planner import outlooks
from cxmon.model import AimCode, Category, Code, Grade, Scope, Segment, Stage
from cxmon.pipeline.judge import judge
from cxmon.pipeline.judge_evidence import evidence

MONTHS = {"m1": 200, "m2": 230, "m3": 260, "m4": 290}
LEAVES = tuple(
    Segment.of(channel=c, joined=j) for c in ("phone", "chat", "email") for j in (*MONTHS, "never")
)  # fmt: skip
CSAT = csat(by=((),), dimensions=("channel", "joined"))
AIM = {"csat": Amount(0.02, relative=False, text="2pt")}


def programme(**more):
    stages = tuple(Stage(starts=day(at), scope=Scope.of({"joined": name})) for name, at in MONTHS.items())
    return change(**({
        "id": "club", "title": "Club", "category": Category.PROGRAMME, "scope": Scope(), "stages": stages,
        "aims": AIM, "membership": "joined",
    } | more))  # fmt: skip


def happy(gain=0.0):
    """Those who join are four points happier, and get happier by themselves as the others do not; members gain."""

    def move(segment, t):
        joined = segment.get("joined")
        if joined == "never":
            return 0.0
        drift = 0.04 * min(max((t - 180) / 100, 0.0), 1.0)
        return 0.04 + drift + (gain if t >= MONTHS[joined] else 0.0)

    return {"csat": move}


@pytest.fixture
def judged(tmp_path):
    def ran(club, gain=0.0, at=288):
        plan, store = built(tmp_path, World(moves=happy(gain), leaves=LEAVES, days=330), [CSAT], [club])
        with store:
            return judge(plan, store, now=day(at))[0]

    return ran


def test_happy_joiners_are_no_gain_of_the_programme(judged):
    verdict = judged(programme())
    harm, aim = verdict.harms[0], verdict.aims[0]
    assert harm.grade is Grade.CONTROLLED
    assert aim.code is not AimCode.SHOWN
    assert aim.gain.low < 0 < aim.gain.high
    assert not any("never" in name for name in harm.controls)
    assert all(name.endswith("before its stage") for name in harm.controls)
    assert verdict.headline.startswith(("Club: no gain shown for CSAT", "Club: no gain for CSAT"))


def test_a_gain_of_members_is_found_beside_it_and_the_last_cohort_waits(judged):
    verdict = judged(programme(), gain=0.05, at=320)
    aim, stages = verdict.aims[0], verdict.harms[0].stages
    assert aim.code is AimCode.SHOWN
    assert aim.gain.low < 0.05 < aim.gain.high
    assert (stages[3].code, stages[3].reason) == (Code.WAITING, NOBODY_LATER)


def test_members_against_non_members_is_refused(judged):
    raw = programme(stages=(), membership="", scope=Scope.of({"joined": list(MONTHS)}))
    assert raw.joined_by == "joined"
    verdict = judged(raw)
    assert verdict.code is Code.NOT_COMPARABLE
    assert verdict.harms[0].reason.startswith("who joins is not like who does not: members are never compared")
    assert wording.screen(verdict)[0] == "Members chose it, cannot compare"
    assert verdict.aims == ()


def test_what_the_company_chooses_is_compared_as_ever_and_the_plan_refuses_what_is_chosen(tmp_path):
    """A programme by channel has no members: its untouched segments did not choose to be left out."""
    club = programme(stages=(), membership="", scope=Scope.of({"channel": "phone"}))
    assert club.joined_by == ""
    share = decisions.shares(("csat",), {})["csat"]
    _, store = built(tmp_path, World(leaves=LEAVES, days=262), [CSAT], [])
    with store:
        leaves = store.panel(CSAT)
    found = evidence(club, [club], leaves, share, now=day(260), opinions=False, brief=True)
    assert found.harm.grade is Grade.CONTROLLED
    raw = programme(stages=(), scope=Scope.of({"joined": list(MONTHS)}))
    assert outlooks(raw, [], leaves, share, now=day(204))[0].reason.endswith("name the cohorts that join under stages")


def test_the_hash_of_what_has_no_membership_is_what_it_was():
    plain = change()
    assert plain.declared_hash == replace(plain, membership="").declared_hash
    assert plain.declared_hash != replace(plain, membership="joined").declared_hash
