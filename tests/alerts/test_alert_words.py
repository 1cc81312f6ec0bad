"""What messages say: causes only where they are known, ends by their name, corrections where everybody sees them."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from alert_samples import (
    CHURN,
    CSAT,
    DECLARED,
    NOW,
    OTHER,
    PHONE_EU,
    RESPONSE,
    START,
    finding,
    harm,
    incident,
    messages,
    of_incident,
    told,
    transition,
    verdict,
)

from cxmon import decisions
from cxmon.alerts.message import breaks_silence, near, step_of
from cxmon.alerts.text import render
from cxmon.alerts.verdict_message import for_verdict
from cxmon.incidents import Reason
from cxmon.model import (
    EVERYONE,
    Agreement,
    AllowanceCode,
    AllowanceUse,
    Altogether,
    Code,
    Ending,
    Grade,
    IncidentPolicy,
    IncidentState,
    Interval,
    Method,
    Money,
    Opinion,
    Placebo,
    Scope,
    Segment,
    Stage,
    State,
    Status,
    Step,
    Tone,
    Worth,
)
from cxmon.wording.allowances import allowance_sure
from cxmon.wording.incidents import gap, gap_words
from cxmon.wording.messages import gist
from cxmon.wording.reasons import sentence

ALL = messages()


def whole(message):
    return render(message) + (message.reply or "")


def test_because_of_is_said_for_controlled_evidence_only():
    controlled = told(verdict(harms=(harm(grade=Grade.CONTROLLED),)))
    alone = told(verdict(harms=(harm(grade=Grade.BEFORE_AFTER),), grade=Grade.BEFORE_AFTER))
    assert "Because of Tier-1 chat outsourced" in whole(controlled)
    assert "because of" not in whole(alone).lower()
    assert all("because of" not in whole(m).lower() for name, m in ALL.items() if name.startswith("incident"))


@pytest.mark.parametrize("name", [n for n in ALL if n.startswith("verdict")])
def test_every_verdict_names_its_grade_version_and_date(name):
    message = ALL[name]
    grade = "compared with untouched segments" if "before-after" not in name else "before and after only"
    assert grade in message.text
    assert f"{grade}{', but a second method disagrees' * ('disputed' in name)} · as of " in message.footer
    assert "verdict version" in message.footer


@pytest.mark.parametrize("name", ["verdict-undecided", "verdict-safe", "verdict-worse-before-after"])
def test_what_is_not_red_says_the_largest_harm_still_possible(name):
    assert " is still possible" in " ".join(render(ALL[name]).split())


@pytest.mark.parametrize(
    ("name", "badge"),
    [
        ("incident-recovered", "Recovered"),
        ("incident-accepted", "Accepted as the new level"),
        ("incident-closed-unknown", "Closed, not known whether it recovered"),
    ],
)
def test_an_end_is_one_of_three_by_name_and_asks_for_nothing(name, badge):
    message = ALL[name]
    assert message.badge == badge
    assert message.actions == ()
    assert breaks_silence(message.key)
    assert "cxmon ack" not in render(message)


def test_only_a_recovery_is_teal_among_the_ends():
    tones = {name: ALL[f"incident-{name}"].tone for name in ("recovered", "accepted", "closed-unknown")}
    assert tones == {"recovered": Tone.TEAL, "accepted": Tone.GREY, "closed-unknown": Tone.GREY}


def test_a_correction_says_so_and_what_was_said_before():
    message = ALL["verdict-corrected"]
    assert message.badge.startswith("Corrected: ")
    assert message.lines[0].startswith(
        "Correction: the figures known now no longer show what was said. Before: Over the limit (version 3"
    )
    assert "Before: Over the limit" in message.reply


def test_the_parts_stand_in_their_order():
    labels = [f.label for f in ALL["verdict-harmed"].facts]
    order = ["Since", "Against expected", "Where", "How sure", "Declared near by", "Owner"]
    assert [label for label in labels if label in order] == order
    order.insert(3, "Service or contacts")
    assert [f.label for f in ALL["incident-watch"].facts] == order
    of_a_harm = told(verdict(), changes_near=(DECLARED, OTHER))
    assert [f.label for f in of_a_harm.facts if f.label in order] == order
    labels = [f.label for f in ALL["allowance-exceeded"].facts]
    assert [label for label in labels if label in order] == ["Since", "Where", "How sure"]


@pytest.mark.parametrize(
    ("code", "by", "said"),
    [
        (AllowanceCode.EXCEEDED, "decisions", "the whole range of the decisions together is over what is allowed"),
        (AllowanceCode.EXCEEDED, "altogether", "the whole range of what happened to everyone is over what is allowed"),
        (AllowanceCode.WITHIN, "decisions", "the whole range of the decisions together is within what is allowed"),
        (AllowanceCode.OPEN, "decisions", "not known yet: the range of the decisions together holds what is allowed"),
    ],
)
def test_an_allowance_says_how_sure_it_is(code, by, said):
    nothing = Interval(estimate=0.0, low=0.0, high=0.0)
    use = AllowanceUse(metric="csat", year=START, ends=NOW, as_of=NOW, code=code, by=by, unit="pt", limit=0.01,
                       summed=nothing, unexplained=nothing,
                       altogether=Altogether(harm=nothing, code=AllowanceCode.OPEN))  # fmt: skip
    assert allowance_sure(use) == said


def test_a_claimed_saving_names_who_claims_it_and_that_nobody_checked():
    facts = {f.label: f.text for f in ALL["verdict-harmed"].facts}
    assert facts["Said to save"] == "1,200,000 USD a year (claimed by Operations, not verified)"
    assert facts["Declared"] == "26 Sep, declared 12 days late"


def test_a_price_is_one_line_in_place_of_the_bare_claim():
    worth = Worth(metric="churn", amounts={"": 600.0}, currency="USD")
    money = Money(currency="USD", customers=worth)
    price = decisions.price(DECLARED.change, {}, money, now=NOW, claimed_on=NOW.date())
    facts = {f.label: f.text for f in told(replace(verdict(), price=price)).facts}
    assert "Said to save" not in facts
    assert facts["Price"].startswith("Too early for a price: said to save ")
    assert facts["Price"].endswith("claimed by Operations, not verified); customers not known yet: no figures")


def test_news_of_an_incident_that_goes_on_keeps_its_buttons():
    message = for_verdict(verdict=verdict(), previous=None, declared=DECLARED, metrics={"csat": CSAT}, incident="i1")
    assert message.footer.endswith(" · incident i1")
    assert {a.value for a in message.actions} == {"i1", DECLARED.change.id}


def test_the_link_opens_the_exact_view():
    seen = urlsplit(ALL["incident-watch"].link)
    assert (seen.path, parse_qs(seen.query)) == ("/incident", {"incident": ["a1b2c3d4e5f60718"]})
    decision = urlsplit(ALL["verdict-harmed"].link)
    assert (decision.path, parse_qs(decision.query)["change"]) == ("/decision", ["tier-1-chat"])


def test_news_has_a_key_of_its_content():
    assert ALL["verdict-harmed"].key == "change:tier-1-chat|opened|3"
    again = of_incident(check_type="watch")
    assert again.key == ALL["incident-watch"].key
    assert of_incident(step=Step.WORSENED).key != again.key
    assert step_of(again.key + "|slack") == "opened"


def test_the_gap_reads_the_interval_of_the_value_and_of_the_gap_alike():
    by_gap = gap(finding(value=0.821, expected=0.853, low=-0.041, high=-0.023), CSAT)
    by_value = gap(finding(value=0.821, expected=0.853, low=0.812, high=0.830), CSAT)
    assert gap_words(by_gap, CSAT) == gap_words(by_value, CSAT) == "3.2 points worse than expected (2.3 to 4.1)"


def test_durations_are_told_as_a_share_of_expected_and_rates_in_their_unit():
    slow = gap(finding(value=24.0, expected=20.0, low=2.0, high=6.0), RESPONSE)
    assert gap_words(slow, RESPONSE) == "20 % slower than expected (10 to 30)"
    churn = gap(finding(value=0.0042, expected=0.0031, low=0.0004, high=0.0018), CHURN)
    assert gap_words(churn, CHURN) == "1.1 per 1,000 worse than expected (0.4 to 1.8)"


def test_a_gap_reads_as_precisely_as_its_range_is_narrow_and_no_end_as_zero():
    wide = gap(finding(value=256.0, expected=185.0, low=223.0, high=293.0), RESPONSE)
    assert gap_words(wide, RESPONSE) == "38 % slower than expected (21 to 58)"
    narrow = gap(finding(value=20.0, expected=19.0, low=19.9, high=20.1), RESPONSE)
    assert gap_words(narrow, RESPONSE) == "5.3 % slower than expected (4.7 to 5.8)"
    astride = gap(finding(value=109.0, expected=100.0, low=99.7, high=119.4), RESPONSE)
    assert gap_words(astride, RESPONSE) == "9.0 % slower than expected (0.3 faster to 19.4 slower)"


def test_the_figure_of_an_end_says_that_it_is_of_one_period():
    quiet = finding(state=State.OK, value=0.842, expected=float("nan"), low=float("nan"), high=float("nan"), n=698.0)
    which = incident(state=IncidentState.ENDED, ending=Ending.RECOVERED, ended_at=NOW)
    told = {f.label: f.text for f in of_incident(which, Step.ENDED, quiet).facts}
    assert told["How much"] == "84.2 % in the newest day alone, 698 answers"


def test_an_interval_that_holds_neither_is_not_shown():
    odd = gap(finding(value=0.821, expected=0.853, low=0.5, high=0.6), CSAT)
    assert gap_words(odd, CSAT) == "3.2 points worse than expected"


def test_near_by_are_live_changes_of_these_weeks_that_could_touch_these_customers():
    far = replace(DECLARED, change=replace(DECLARED.change, id="far", starts=START - timedelta(days=200)))
    draft = replace(OTHER, change=replace(OTHER.change, id="draft", status=Status.DRAFT))
    at = OTHER.change.starts + timedelta(days=3)
    assert near([far, draft, DECLARED, OTHER], EVERYONE, at) == [OTHER]
    elsewhere = replace(OTHER, change=replace(OTHER.change, scope=Scope.of({"channel": "email"})))
    assert near([elsewhere], PHONE_EU, at) == []
    ended = replace(far, change=replace(far.change, ends=at, scope=Scope()))
    assert near([ended], PHONE_EU, at) == [ended]


def test_near_by_is_the_stage_of_a_roll_out_that_touches_these_customers():
    begins = OTHER.change.starts
    stages = (
        Stage(starts=begins, scope=Scope.of({"region": "us"})),
        Stage(starts=begins + timedelta(days=60), scope=Scope.of({"region": "eu"})),
    )
    staged = replace(OTHER, change=replace(OTHER.change, scope=Scope.of({"channel": "phone"}), stages=stages))
    assert near([staged], PHONE_EU, begins) == []
    assert near([staged], PHONE_EU, begins + timedelta(days=61)) == [staged]


def sure(**more):
    message = told(verdict(more.get("code", Code.HARMED), harms=(harm(**more),)))
    return next(f.text for f in message.facts if f.label == "How sure")


def test_an_unusual_move_is_told_by_how_often_it_happened_by_itself():
    assert "never happened" in sure(placebo=Placebo(as_large=0, windows=1_211))
    assert "in 1,211 comparable windows" in sure(placebo=Placebo(as_large=0, windows=1_211))
    assert "happened 7 times" in sure(placebo=Placebo(as_large=7, windows=211))
    assert "a rise this large happened once" in sure(code=Code.IMPROVED, so_far=(-0.02, -0.03, -0.01))
    assert "comparable windows" not in sure(code=Code.SAFE, so_far=(0.002, -0.003, 0.007))


def test_who_else_was_asked_is_told_and_who_disagrees_stands_in_the_text():
    agrees = Opinion(
        method=Method.BLOCKS, found=Interval(estimate=0.02, low=0.0, high=0.04), agreement=Agreement.AGREES
    )
    assert sure(opinions=(agrees,)).startswith("compared with untouched segments; another method agrees; in 211")
    message = ALL["verdict-disputed"]
    assert next(f.text for f in message.facts if f.label == "How sure").startswith(
        "compared with untouched segments, but a second method disagrees; in 211 comparable windows"
    )
    assert "CSAT: a t-test on whole weeks disagrees: it sees 1.2 points better to 0.9 points worse" in message.lines[0]
    assert (
        "Of the untouched segments email moved by itself since then and counts little or not at all."
        in message.lines[0]
    )
    assert "Because of" not in whole(message)


def test_how_sure_says_what_was_done_about_holidays():
    said = "5 holidays left out, 3 since the change: 200 days of past, 350 are needed to know them"
    message = told(verdict(harms=(replace(harm(), holidays=said),)))
    assert said in next(f.text for f in message.facts if f.label == "How sure")
    assert "holiday" not in whole(told(verdict(harms=(harm(),))))


def test_how_sure_says_what_the_estimate_rests_on():
    note = "past begins with Call back (2 Mar)"
    message = told(verdict(harms=(replace(harm(), notes=(note,)),)))
    assert note in next(f.text for f in message.facts if f.label == "How sure")


def test_where_names_the_members_and_how_many_were_looked_at():
    where = next(f.text for f in ALL["incident-widened"].facts if f.label == "Where")
    alone = "in alarm by themselves too: phone · us, phone · uk, phone · latam"
    assert where.startswith("phone · eu; ")
    assert where.endswith(alone)
    many = incident(members=tuple(Segment.of(region=f"r{i}") for i in range(9)))
    where = next(f.text for f in of_incident(many).facts if f.label == "Where")
    assert "and 4 more" in where


def test_a_part_that_alone_is_in_breach_is_told_by_its_own_name():
    whole = incident(finding(segment=EVERYONE), members=(EVERYONE, PHONE_EU))
    message = of_incident(whole, Step.WORSENED, finding())
    assert message.title.startswith("CSAT in phone · eu is 3.2 points worse")
    assert message.picture.segment == PHONE_EU.key
    assert of_incident(whole, Step.WORSENED, finding(segment=EVERYONE)).title.startswith("CSAT is 3.2 points worse")


def test_a_quiet_source_claims_nothing_about_customers():
    message = ALL["incident-freshness"]
    assert message.tone is Tone.GREY
    assert message.picture is None
    assert "whether customers are well is not known" in render(message)


def test_the_name_of_a_decision_stays_out_of_what_people_read():
    message = of_incident(reason="still_breach_not_clearly_worse: size 4.2")
    assert "still_breach" not in whole(message)
    plain = of_incident(reason="closed by hand: the survey is gone")
    assert "closed by hand: the survey is gone" in whole(plain)


def test_a_source_is_told_of_without_a_metric():
    quiet = finding("quiet", metric="desk", segment=EVERYONE, value=float("nan"), expected=float("nan"), n=0.0)
    message = of_incident(incident(quiet), found=quiet, metric=None, check_type="freshness")
    assert message.title == "desk: no new data since 14 Oct"
    assert message.picture is None


def test_the_guess_of_a_check_s_type_follows_the_numbers():
    assert of_incident().badge == "Worse than expected"
    assert badge_of(finding(expected=float("nan"), low=0.81, high=0.83)) == "Out of bounds"
    nan = float("nan")
    assert badge_of(finding(value=nan, expected=nan)) == "No new data"
    assert badge_of(finding(value=nan)) == "Outside what its size explains"


def badge_of(found):
    return of_incident(incident(found), found=found).badge


def test_a_look_that_knows_nothing_is_told_by_the_worst_that_did():
    unknown = finding(state=State.UNKNOWN, value=float("nan"), expected=float("nan"), n=0.0)
    message = of_incident(incident(), found=unknown)
    assert message.title == "CSAT in phone · eu is 3.2 points worse than expected since 14 Oct"
    closed = incident(state=IncidentState.ENDED, ending=Ending.CLOSED_UNKNOWN)
    assert "Against expected" not in [f.label for f in of_incident(closed, Step.ENDED, unknown).facts]


@pytest.mark.parametrize("step", [Step.OPENED, Step.ACKNOWLEDGED, Step.WIDENED])
def test_a_quiet_look_while_it_lasts_is_not_called_out_of_bounds(step):
    nan = float("nan")
    quiet = finding(state=State.OK, value=0.898, expected=nan, low=nan, high=nan, reason="no lasting change")
    message = of_incident(incident(), step, quiet, check_type="watch")
    assert message.title == "CSAT in phone · eu is 3.2 points worse than expected since 14 Oct"
    assert "89.8 %" not in whole(message)
    # Once it is over, the newest figure is the one to tell, as one of a single day.
    over = incident(state=IncidentState.ENDED, ending=Ending.RECOVERED)
    assert "89.8 % in the newest day alone" in whole(of_incident(over, Step.ENDED, quiet, check_type="watch"))


@pytest.mark.parametrize("reason", [Reason.WORSENED, Reason.NOT_REAL_WORSE])
def test_that_it_is_clearly_worse_is_said_without_a_size_that_has_no_unit(reason):
    said = sentence(reason, incident(), finding(score=7.1), IncidentPolicy())
    assert said.endswith("below expected for 6 days in a row")
    assert "size" not in said


def test_a_funnel_names_how_many_lie_outside():
    words = "7 of 44 segments lie outside what their size explains: a, b, c"
    whole_of_them = finding(segment=EVERYONE, value=float("nan"), reason=words)
    message = of_incident(incident(whole_of_them), found=whole_of_them, check_type="funnel")
    assert message.title == "CSAT: 7 of 44 segments lie outside what their size explains"
    assert words in render(message)


def test_transitions_without_a_period_are_told_apart_by_their_time():
    moved = replace(transition(), numbers={})
    assert of_incident().key.endswith("|1792454400")
    from cxmon.alerts.message import for_incident

    told_of = for_incident(incident=incident(), transition=moved, finding=None, metric=CSAT)
    assert told_of.key.endswith("|2026-10-20T07:00:00+00:00")


def test_the_gist_of_an_incident_is_its_figure_and_of_other_news_what_is_said_first():
    unsure = "84 % instead of 86 % over 7 days: 2 points worse than expected (1 better to 4 worse), 1,480 answers"
    assert gist(ALL["incident-unsure"]) == unsure
    assert gist(ALL["verdict-harmed"]) == ALL["verdict-harmed"].lines[0]
    assert gist(replace(ALL["verdict-harmed"], lines=())) == ""


def test_a_figure_that_stands_among_the_facts_is_not_said_before_them():
    message = ALL["incident-unsure"]
    assert " instead of " not in "".join(message.lines)
    came = "came_back: in alarm again, and it began before it was called recovered: it had not ended"
    reason = f"{came}; 84 % instead of 86 % (82 % to 87 %) over 7 days since 14 Oct; 40 segments watched"
    declared = "consistent with the declared change \u201cRefunds\u201d"
    again = of_incident(incident(), Step.REOPENED, reason=f"{reason}; {declared}")
    assert again.lines[0] == f"It came back: {came.removeprefix('came_back: ')}; {declared}"
