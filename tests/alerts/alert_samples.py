"""Messages of every sort, made from made-up but whole domain values."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from cxmon.alerts.allowance_message import for_allowance
from cxmon.alerts.answer_message import for_answer
from cxmon.alerts.declared_message import for_declared
from cxmon.alerts.message import for_incident, for_test, for_verdict
from cxmon.alerts.response_message import for_reminder
from cxmon.alerts.together_message import for_many
from cxmon.decisions.following import Followed, Standing
from cxmon.model import (
    EVERYONE,
    Agreement,
    AimCode,
    AimResult,
    AllowanceCode,
    AllowanceUse,
    Altogether,
    Amount,
    Band,
    Better,
    Carried,
    Category,
    Change,
    Code,
    Decision,
    Declared,
    Ending,
    Finding,
    Grade,
    Harm,
    Incident,
    IncidentState,
    Interval,
    Kind,
    Kinds,
    Method,
    Metric,
    Opinion,
    Placebo,
    Rank,
    Read,
    Response,
    Saving,
    Scope,
    Segment,
    Split,
    SplitRanges,
    State,
    Status,
    Step,
    Transition,
    Unlike,
    Unsplit,
    Verdict,
    Where,
    WhereAnswer,
)
from cxmon.wording.against import levels
from cxmon.wording.watching import off_usual

BOARD = "http://127.0.0.1:8501"
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
START = datetime(2026, 9, 14, tzinfo=UTC)
PHONE = Segment.of(channel="phone")
PHONE_EU = Segment.of(channel="phone", region="eu")

CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, matters=Amount(0.015, False, "1.5pt"),
    source="desk", read=Read(time="solved_at", table="ratings"), dimensions=("channel", "region"),
    definition="Share of answered surveys that are satisfied",
)  # fmt: skip
RESPONSE = Metric(
    id="first_response", label="First response time", kind=Kind.QUANTILE, better=Better.LOWER,
    matters=Amount(0.1, True, "10%"), source="desk", read=Read(time="at", table="tickets"), unit="min",
    dimensions=("channel", "region"),
)  # fmt: skip
CHURN = Metric(
    id="churn", label="Churn", kind=Kind.RATE, better=Better.LOWER, matters=Amount(0.001, False, "1"), source="desk",
    read=Read(time="at", table="subscriptions"), per=1000,
)  # fmt: skip
METRICS = {m.id: m for m in (CSAT, RESPONSE, CHURN)}

CHANGE = Change(
    id="tier-1-chat", title="Tier-1 chat outsourced", category=Category.COST_CUT, starts=START, owner="Operations",
    scope=Scope.of({"channel": "chat"}), limits={"csat": Amount(0.015, False, "1.5pt")},
    saving=Saving(amount=1_200_000, currency="USD", claimed_by="Operations"),
)  # fmt: skip
DECLARED = Declared(
    change=CHANGE, declared_at=START + timedelta(days=12), origin="yaml", frozen_hash="f", frozen_at=START
)
OTHER = Declared(
    change=Change(id="refunds", title="Refunds auto-approved", category=Category.POLICY,
                  starts=datetime(2026, 10, 18, tzinfo=UTC), owner="Payments"),
    declared_at=START, origin="yaml",
)  # fmt: skip


def harm(metric="csat", code=Code.HARMED, unit="pt", limit=0.015, so_far=(0.026, 0.022, 0.030), **more):
    estimate, low, high = so_far
    given = {
        "reason": "", "now": Interval(estimate=estimate, low=low, high=high), "actual": 0.876 - estimate,
        "expected": 0.876,
        "grade": Grade.CONTROLLED, "p_value": 0.0001, "confidence": 0.95, "n_pre": 365, "n_post": 68,
        "answers": 9_500.0, "window_start": START, "window_end": START + timedelta(days=68), "scope": "chat",
        "placebo": Placebo(as_large=1, windows=211),
    } | more  # fmt: skip
    return Harm(
        metric=metric,
        code=code,
        unit=unit,
        limit=limit,
        so_far=Interval(estimate=estimate, low=low, high=high),
        **given,
    )


def verdict(code=Code.HARMED, harms=None, **more):
    harms = (harm(code=code),) if harms is None else harms
    given = {"grade": Grade.CONTROLLED, "version": 3, "day": 68, "as_of": NOW, "unsplit": (("csat", "same"),)} | more
    return Verdict(change=CHANGE.id, code=code, harms=harms, **given)


def told(which, previous=None, transition=None, changes_near=()):
    return for_verdict(
        verdict=which, previous=previous, declared=DECLARED, metrics=METRICS, zone="UTC", board_url=BOARD,
        transition=transition, changes_near=changes_near,
    )  # fmt: skip


def finding(check="regressions", metric="csat", segment=PHONE_EU, **more):
    given = {
        "at": datetime(2026, 10, 20, tzinfo=UTC), "state": State.BREACH,
        "reason": "below expected for 6 days in a row", "value": 0.821, "expected": 0.853, "low": -0.041,
        "high": -0.023,
        "n": 1_480.0, "since": datetime(2026, 10, 14, tzinfo=UTC), "looked_at": 40, "score": 4.2,
    } | more  # fmt: skip
    return Finding(check=check, metric=metric, segment=segment, **given)


def incident(which=None, state=IncidentState.OPEN, **more):
    which = which or finding()
    given = {
        "id": "a1b2c3d4e5f60718", "check": which.check, "subject": which.metric, "root": which.segment,
        "members": (which.segment,), "opened_at": datetime(2026, 10, 20, 7, tzinfo=UTC), "since": which.since,
        "last_breach_at": which.at, "latest": which, "worst": which, "kinds": SERVICE,
    } | more  # fmt: skip
    return Incident(state=state, **given)


def made_of(rate, mix, total, **more):
    """What a gap since 14 Oct is made of: the ranges of both parts, and the gap that they add up to."""
    ranges = SplitRanges(total=(total - 0.009, total + 0.009), rate=rate, mix=mix, entry_exit=(0.0, 0.0),
                         remainder=(0.0, 0.0))  # fmt: skip
    share = sum(mix) / 2
    split = Split(metric="csat", total=total, rate=total - share, mix=share, entry_exit=0.0, unit="pt", ranges=ranges,
                  **more)  # fmt: skip
    found = finding()
    return Kinds(since=found.since, until=found.at, split=split)


ALIKE = Where(
    metric="csat", answer=WhereAnswer.EVERYWHERE_ALIKE, unit="pt", whole=0.032, looked_at=12, largest=0.019,
    false_discovery=0.1,
)  # fmt: skip
SERVICE = replace(made_of((0.02, 0.038), (0.0, 0.006), 0.032), where=ALIKE)
BOTH = made_of((0.01, 0.02), (0.01, 0.024), 0.032)
CONTACTS = made_of((-0.006, 0.01), (0.022, 0.038), 0.032)
CANNOT_SAY = replace(SERVICE, split=None, why=Unsplit.TOO_LITTLE)


def transition(step=Step.OPENED, reason="opened: below expected for 6 days in a row", **more):
    numbers = {"period": datetime(2026, 10, 20, tzinfo=UTC).timestamp()} | more
    return Transition(
        incident="a1b2c3d4e5f60718", step=step, at=datetime(2026, 10, 20, 7, tzinfo=UTC), reason=reason, numbers=numbers
    )


def of_incident(which=None, step=Step.OPENED, found=None, metric=CSAT, reason=None, **more):
    found = found or finding()
    which = which or incident(found)
    moved = transition(step) if reason is None else transition(step, reason)
    given = {"changes_near": (DECLARED, OTHER), "board_url": BOARD, "owner": "Operations"} | more
    return for_incident(incident=which, transition=moved, finding=found, metric=metric, **given)


def ended(ending, reason):
    which = incident(state=IncidentState.ENDED, ending=ending, ended_at=datetime(2026, 11, 2, tzinfo=UTC))
    calm = finding(state=State.OK, value=0.851, low=-0.012, high=0.008, reason="as expected")
    return of_incident(which, Step.ENDED, calm, reason=reason)


def answer(metric=CSAT, segment=PHONE, **more):
    """The answer to a question about a series that fell on its last ten days."""
    days, first = 60, NOW - timedelta(days=60)
    values = tuple(0.85 - (0.05 if i >= days - 10 else 0.0) for i in range(days))
    band = Band(
        metric=metric.id, key=segment.key, label=segment.label, as_of=NOW, value=values, n=(120.0,) * days, avg=values,
        starts=tuple(int((first + timedelta(days=i)).timestamp()) for i in range(days)), expected=(0.85,) * days,
        low=(0.83,) * days, high=(0.87,) * days, complete=(True,) * days,
    )  # fmt: skip
    given = {
        "over": None, "over_title": "", "incidents": (incident(),), "changes_near": (OTHER,), "drafts_near": (),
        "zone": "UTC", "board_url": BOARD, "at": NOW,
    } | more  # fmt: skip
    return for_answer(metric=metric, segment=segment, band=band, **given)


def declared(status=Status.LIVE, **more):
    change = replace(CHANGE, **({"status": status} | more))
    found = replace(DECLARED, change=change, origin="slack")
    return for_declared(found, metrics=METRICS, zone="UTC", board_url=BOARD, by="CX team")


def reminder():
    """What was decided is due."""
    said = Response(subject=CHANGE.id, decision=Decision.AMEND, by="Operations", why="Saturdays only", at=START,
                    due=NOW, owner="Digital")  # fmt: skip
    how = Followed(standing=Standing.DUE, reason="due today, and no fix has begun")
    return for_reminder(response=said, how=how, thread=f"change:{CHANGE.id}", title=CHANGE.title, board_url=BOARD,
                        change=CHANGE.id, at=NOW)  # fmt: skip


def allowance(code, low, high, step=Step.OPENED, **more):
    """What two decisions used of the year's half point: one judged, one that waits for its data."""
    used = Interval(estimate=(low + high) / 2, low=low, high=high)
    year = datetime(2026, 1, 1, tzinfo=UTC)
    everyone = Altogether(harm=Interval(estimate=0.004, low=-0.003, high=0.011), code=AllowanceCode.OPEN, since=year,
                          until=NOW, answers=90_000.0, frozen_at=year, decides=True)  # fmt: skip
    waits = Interval(estimate=float("nan"), low=float("nan"), high=0.009)
    use = AllowanceUse(
        metric="csat", year=year, ends=year.replace(year=2027), as_of=NOW, code=code, by="decisions", unit="pt",
        limit=0.005, summed=used, altogether=everyone, unexplained=Interval(estimate=-0.002, low=-0.01, high=0.006),
        carried=(Carried(change=CHANGE.id, code=Code.HARMED, share=0.2, harm=used),
                 Carried(change="bot", code=Code.WAITING, share=0.01, reason="waits for data", harm=waits)),
    )  # fmt: skip
    which = Incident(id="a11ce", check="allowance", subject="csat", root=EVERYONE, members=(EVERYONE,), since=year,
                     opened_at=NOW, last_breach_at=NOW, **({"state": IncidentState.OPEN} | more))  # fmt: skip
    moved = Transition(incident=which.id, step=step, at=NOW, reason=f"{step.value}: {code.value}")
    return for_allowance(use=use, metric=CSAT, incident=which, transition=moved, board_url=BOARD,
                         titles={CHANGE.id: CHANGE.title, "bot": "Bot in chat"})  # fmt: skip


def many():
    """Twelve stories that opened together."""
    one = of_incident(check_type="watch")
    told = [replace(one, key=f"incident:{i}|opened|1", thread=f"incident:{i}") for i in range(12)]
    return for_many(told, key="together:1|12|slack", at=NOW, labels={m.id: m.label for m in METRICS.values()},
                    board_url=BOARD)  # fmt: skip


def messages():
    """Every sort of message by name; the golden payloads are made of these."""
    early = harm(code=Code.UNDECIDED, so_far=(0.008, -0.004, 0.021), due=date(2026, 10, 12))
    slow = harm("first_response", Code.WORSE, "%", 0.1, (0.12, 0.08, 0.16), actual=20.6, expected=18.4,
                grade=Grade.BEFORE_AFTER)  # fmt: skip
    faster = harm("first_response", Code.IMPROVED, "%", 0.1, (-0.3, -0.38, -0.22), actual=12.9, expected=18.4)
    nothing = harm(code=Code.WAITING, so_far=(float("nan"),) * 3, reason="3 of 7 complete days", actual=float("nan"),
                   expected=float("nan"), window_start=None, window_end=None, placebo=None)  # fmt: skip
    other = Opinion(method=Method.BLOCKS, found=Interval(estimate=-0.002, low=-0.012, high=0.009),
                    agreement=Agreement.ACROSS_LIMIT)  # fmt: skip
    contested = harm(grade=Grade.BEFORE_AFTER, opinions=(other,), controls=("phone",), controls_moved=("email",),
                     rank=Rank(place=1, of=6))  # fmt: skip
    before = verdict(Code.UNDECIDED, (early,), version=2, as_of=NOW - timedelta(days=7))
    aim = AimResult(metric="first_response", code=AimCode.SHOWN, unit="%", promised=0.05,
                    gain=Interval(estimate=0.3, low=0.22, high=0.38))  # fmt: skip
    opened = transition(Step.OPENED, "opened: over the limit")
    nan = float("nan")
    floor = finding("csat_floor", segment=EVERYONE, value=0.782, low=0.770, high=0.794, expected=float("nan"),
                    reason="below the floor of 80 % on 2 of 3 days", looked_at=1)  # fmt: skip
    quiet = finding("quiet", segment=EVERYONE, value=nan, low=nan, high=nan, n=0.0,
                    expected=nan, reason="no new data for 39 hours, expected within 36",
                    looked_at=1)  # fmt: skip
    wide = incident(
        kinds=CONTACTS, members=(PHONE_EU, *(Segment.of(channel="phone", region=r) for r in ("us", "uk", "latam")))
    )
    slower = finding(metric="first_response", value=24.0, expected=18.4, low=3.1, high=8.1)
    around = (datetime(2026, 9, 29, tzinfo=UTC), datetime(2026, 10, 16, tzinfo=UTC))
    unsure = finding(value=0.845, expected=0.863, low=0.822, high=0.869, began=around)
    words = off_usual(levels(unsure, CSAT), 7, "day", unsure.since, around, "UTC", 40)
    unsure = replace(unsure, reason=words)
    within = made_of((0.06, 0.08), (-0.004, 0.004), 0.07, within=18.4)
    late = Step.CORRECTED
    return {
        "verdict-harmed": told(verdict(harms=(harm(), faster), aims=(aim,)), before, opened, (DECLARED, OTHER)),
        "verdict-worse-before-after": told(verdict(Code.WORSE, (slow,), grade=Grade.BEFORE_AFTER)),
        "verdict-disputed": told(verdict(harms=(contested,), grade=Grade.BEFORE_AFTER)),
        "verdict-improved": told(verdict(Code.IMPROVED, (faster,))),
        "verdict-safe": told(verdict(Code.SAFE, (harm(code=Code.SAFE, so_far=(0.002, -0.003, 0.007)),))),
        "verdict-undecided": told(before),
        "verdict-waiting": told(verdict(Code.WAITING, (nothing,), version=1)),
        "verdict-not-comparable": told(verdict(Code.NOT_COMPARABLE, (replace(nothing, code=Code.NOT_COMPARABLE,
                                       unlike=Unlike.MEASUREMENT, reason="the survey's scale changed on 1 Oct"),))),
        "verdict-entangled": told(verdict(Code.ENTANGLED, (harm(code=Code.ENTANGLED, entangled_with=("refunds",)),)),
                                  changes_near=(OTHER,)),
        "verdict-corrected": told(verdict(Code.SAFE, (harm(code=Code.SAFE, so_far=(0.004, -0.002, 0.011)),), version=4),
                                  verdict(as_of=NOW - timedelta(days=1)),
                                  transition(late, "corrected: late answers changed it")),
        "incident-watch": of_incident(check_type="watch"),
        "incident-threshold": of_incident(incident(floor, kinds=CANNOT_SAY), found=floor, check_type="threshold",
                                          reason=f"opened: {floor.reason}"),
        "incident-freshness": of_incident(found=quiet, which=incident(quiet), reason=f"opened: {quiet.reason}",
                                          check_type="freshness", changes_near=()),
        "incident-worsened": of_incident(incident(kinds=BOTH), Step.WORSENED,
                                         reason="worsened: below expected for 9 days in a row"),
        "incident-widened": of_incident(wide, Step.WIDENED, reason="joined: now also in phone · us"),
        "incident-acknowledged": of_incident(incident(state=IncidentState.ACKNOWLEDGED, acknowledged_by="Operations"),
                                             Step.ACKNOWLEDGED, reason="acknowledged: looking into it"),
        "incident-recovered": ended(Ending.RECOVERED, "recovered: quiet for 3 days"),
        "incident-accepted": ended(Ending.ACCEPTED, "accepted: the new level stays"),
        "incident-closed-unknown": ended(Ending.CLOSED_UNKNOWN, "closed_unknown: nothing known for 14 days"),
        "incident-unsure": of_incident(incident(unsure), found=unsure, reason=f"opened: {unsure.reason}",
                                       check_type="watch"),
        "incident-slow": of_incident(incident(slower, kinds=within), metric=RESPONSE, found=slower),
        "incident-before-kinds": of_incident(incident(kinds=None), check_type="watch"),
        "answer-worse": answer(segment=PHONE_EU),
        "declared": declared(),
        "proposed": declared(Status.DRAFT, note="Chats wait until Monday."),
        "reminder": reminder(),
        "allowance-exceeded": allowance(AllowanceCode.EXCEEDED, 0.006, 0.011),
        "allowance-kept-again": allowance(AllowanceCode.OPEN, 0.002, 0.009, Step.ENDED, state=IncidentState.ENDED,
                                          ending=Ending.RECOVERED, ended_at=NOW),
        "many": many(),
        "test": for_test(channel="slack", now=NOW, title="Northwind Support", board_url=BOARD),
    }  # fmt: skip
