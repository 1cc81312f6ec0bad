"""What an incident's gap is made of: planted worlds in which the truth is a mix, a rate, or both."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cxmon.decisions.kinds import KindsAnswer, kinds_answer, reconciled
from cxmon.incidents import Event, Walked
from cxmon.model import (
    EVERYONE,
    Amount,
    Better,
    Finding,
    Incident,
    IncidentState,
    Kind,
    Kinds,
    Metric,
    Read,
    Segment,
    Split,
    SplitRanges,
    State,
    Step,
    Transition,
    Unsplit,
)
from cxmon.panel import Panel
from cxmon.pipeline.kinds import MOST, kinds_of, worked_out
from cxmon.store import codec
from cxmon.wording.kinds import NOT_KNOWN, kinds_line, kinds_short
from cxmon.wording.ledger import incident_detail

CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, matters=Amount(0.01, False, "1pt"), source="d",
    read=Read(time="t", table="r"), dimensions=("channel", "region"),
)  # fmt: skip
DAYS, FELL = 200, 180
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
STARTS = np.array([int((FIRST + timedelta(days=i)).timestamp()) for i in range(DAYS)])
SEGMENTS = tuple(Segment.of(channel=c, region=r) for c in ("chat", "phone") for r in ("eu", "us"))
NONE_OUT = np.zeros(DAYS, bool)


def world(seed, mix=0.0, rate=0.0, size=400):
    """Four kinds of contacts, from 95 % to 65 % satisfied; from day FELL on a share of `mix` moves from the two best
    ones to the two worst, which takes 25 points times that from the whole, and each fares worse by `rate`."""
    draw, after = np.random.default_rng(seed), np.arange(DAYS) >= FELL
    good = np.array([0.95, 0.9, 0.7, 0.65])[:, None] - rate * after
    share = np.array([0.3, 0.3, 0.2, 0.2])[:, None] + np.array([-0.5, -0.5, 0.5, 0.5])[:, None] * mix * after
    n = draw.poisson(size * share)
    total = draw.binomial(n, good)
    return Panel(metric=CSAT, segments=SEGMENTS, starts=STARTS, n=n.astype(float), total=total.astype(float))


def breach(panel, days=20, **more):
    """The whole since day FELL, as a check says it."""
    n, total = panel.n.sum(0), panel.total.sum(0)
    value, expected = total[FELL : FELL + days].sum() / n[FELL : FELL + days].sum(), total[:FELL].sum() / n[:FELL].sum()
    given = {"value": value, "expected": expected, "since": FIRST + timedelta(days=FELL), "score": 2.0} | more
    at = FIRST + timedelta(days=FELL + days - 1)
    return Finding(check="w", metric="csat", segment=EVERYONE, at=at, state=State.BREACH, reason="", **given)


@pytest.mark.parametrize(
    ("planted", "answer", "rate", "mix"),
    [
        ({"rate": 0.04}, KindsAnswer.SERVICE, 0.04, 0.0),
        ({"mix": 0.2}, KindsAnswer.MIX, 0.0, 0.05),
        ({"mix": 0.12, "rate": 0.03}, KindsAnswer.BOTH, 0.03, 0.03),
        ({"mix": -0.1, "rate": 0.06}, KindsAnswer.SERVICE, 0.06, -0.025),
    ],
)
def test_a_planted_move_is_told_as_what_it_is(planted, answer, rate, mix):
    panel = world(1, **planted)
    found = breach(panel)
    kinds = kinds_of(panel, found, out=NONE_OUT)
    assert kinds_answer(kinds) is answer
    assert kinds.split.ranges.rate[0] <= rate <= kinds.split.ranges.rate[1]
    assert kinds.split.ranges.mix[0] <= mix <= kinds.split.ranges.mix[1]
    # The parts are those of the figure that the message says, over the days of which it says it.
    assert kinds.split.rate + kinds.split.mix == pytest.approx(found.expected - found.value)
    assert (kinds.since, kinds.until) == (found.since, found.at)


def test_a_thin_world_cannot_say():
    panel = world(2, rate=0.04, size=14)
    assert kinds_line(kinds_of(panel, breach(panel, days=2), out=NONE_OUT), CSAT).startswith("Cannot say: ")


def test_a_figure_that_the_parts_do_not_add_up_to_is_not_split():
    panel = world(1, rate=0.04)
    far = breach(panel, expected=0.99)
    kinds = kinds_of(panel, far, out=NONE_OUT)
    assert (kinds.split, kinds.why) == (None, Unsplit.UNLIKE)


def test_days_left_out_and_an_earlier_level_do_not_count():
    """A fall of three weeks in the past, which a declared change brought, is in no baseline behind its new level."""
    panel = world(1, rate=0.04)
    earlier = np.arange(DAYS) < 90
    panel = replace(panel, total=np.where(earlier, 0.5 * panel.total, panel.total))
    found = breach(panel, expected=panel.total[:, 90:FELL].sum() / panel.n[:, 90:FELL].sum())
    new = [FIRST + timedelta(days=90)]
    assert kinds_answer(kinds_of(panel, found, out=NONE_OUT, levels=new)) is KindsAnswer.SERVICE
    assert kinds_of(panel, found, out=NONE_OUT, levels=[found.since - timedelta(days=5)]).why is Unsplit.TOO_NEW
    nothing = NONE_OUT.copy()
    nothing[FELL:] = True
    assert kinds_of(panel, found, out=nothing).why is Unsplit.TOO_LITTLE


def test_sorts_of_figures_that_are_no_kinds_of_contacts_are_not_split():
    panel = world(1, rate=0.04)
    level = replace(panel, metric=replace(CSAT, kind=Kind.LEVEL))
    assert kinds_of(level, breach(panel), out=NONE_OUT).why is Unsplit.SORT


def story(number, step=Step.OPENED, score=2.0, segment=None):
    """One event of an incident of its own."""
    root = segment or Segment.of(channel=f"c{number}")
    found = replace(breach(world(1)), segment=root, score=score)
    told = Incident(id=f"i{number}", check="w", subject="csat", root=root, members=(root,), state=IncidentState.OPEN,
                    opened_at=found.at, since=found.since, last_breach_at=found.at, latest=found)  # fmt: skip
    return Event(
        transition=Transition(incident=told.id, step=step, at=found.at, reason=""), incident=told, finding=found
    )


def walked(*events):
    return Walked(incidents=tuple(e.incident for e in events), events=tuple(events))


def asked_of(which):
    """(the walk, of which segments it asked)"""
    asked = []

    def ask(finding):
        asked.append(finding.segment)
        return Kinds(since=finding.since, until=finding.at, why=Unsplit.ONE_PART)

    return worked_out(which, ask), asked


def test_only_news_is_looked_into_and_the_answer_stays_with_the_incident():
    opened, still = story(1), story(2, Step.NOTED)
    done, asked = asked_of(walked(opened, still))
    assert asked == [opened.incident.root]
    assert [i.kinds is None for i in done.incidents] == [False, True]
    assert done.events[0].incident.kinds == done.incidents[0].kinds


def test_whatever_is_told_of_one_that_lasts_has_its_parts_and_an_end_has_not():
    told = [story(n, step) for n, step in enumerate((Step.OPENED, Step.WORSENED, Step.WIDENED, Step.REOPENED))]
    ended = story(9, Step.ENDED)
    assert asked_of(walked(*told, ended))[1] == [e.incident.root for e in told]


def test_one_whose_newest_look_is_quiet_has_the_parts_of_the_look_that_it_is_told_by():
    opened = story(1)
    bad = opened.finding
    quiet = replace(bad, state=State.OK, at=bad.at + timedelta(days=1), value=0.9, since=None)
    first = replace(opened, finding=quiet, incident=replace(opened.incident, latest=quiet, worst=bad))
    done, asked = asked_of(walked(first))
    assert asked == [first.incident.root]
    assert done.incidents[0].kinds.until == bad.at
    # One that was never in breach has nothing to be told by.
    assert asked_of(walked(replace(first, incident=replace(first.incident, worst=None))))[1] == []


def test_of_many_at_once_the_gravest_are_looked_into():
    events = [story(number, score=float(number)) for number in range(MOST + 5)]
    done, asked = asked_of(walked(*events))
    assert len(asked) == MOST
    assert [i.id for i in done.incidents if i.kinds.why is Unsplit.CROWD] == [f"i{n}" for n in range(5)]


def test_a_finding_that_several_pieces_of_news_are_told_by_is_looked_into_once():
    one, other = story(1), story(2)
    joined = [replace(one, transition=replace(one.transition, step=Step.WIDENED)) for _ in range(MOST + 2)]
    done, asked = asked_of(walked(one, *joined, other))
    assert asked == [one.incident.root, other.incident.root]
    assert {e.incident.kinds.why for e in done.events} != {Unsplit.CROWD}
    assert len({id(e.incident.kinds) for e in done.events}) == 2


def test_an_incident_of_before_this_was_worked_out_reads_as_not_known():
    old = codec.dump(story(1).incident).replace(',"kinds":null', "")
    assert "kinds" not in old
    assert kinds_line(codec.load(Incident, old).kinds, CSAT) == NOT_KNOWN
    kept = replace(story(1).incident, kinds=kinds_of(world(1, rate=0.04), breach(world(1, rate=0.04)), out=NONE_OUT))
    assert codec.load(Incident, codec.dump(kept)).kinds == kept.kinds


def made(rate, mix, total=(0.0, 0.1), whole=None):
    ranges = SplitRanges(total=total, rate=rate, mix=mix, entry_exit=(0.0, 0.0), remainder=(-0.001, 0.001))
    middle = [sum(ends) / 2 for ends in (rate, mix)]
    split = Split(metric="csat", total=sum(middle), rate=middle[0], mix=middle[1], entry_exit=0.0, unit="pt",
                  ranges=ranges)  # fmt: skip
    return Kinds(since=FIRST, until=FIRST, split=reconciled(split, whole))


@pytest.mark.parametrize(
    ("kinds", "line"),
    [
        (made((0.02, 0.04), (-0.001, 0.003), whole=0.034),
         ("Worse service, not other contacts: of 3.4 points worse than expected, 3.3 from the same kinds of contacts "
         "(2.0 to 4.3), 0.1 from different kinds (0.1 better to 0.3 worse)")),
        (made((-0.004, 0.006), (0.03, 0.05)),
         ("Mostly other kinds of contacts: of 4.1 points worse than expected, 4.0 from different kinds (3.0 to 5.0), "
         "0.1 from the same kinds of contacts (0.4 better to 0.6 worse)")),
        (made((-0.03, 0.04), (0.01, 0.03)),
         ("Other kinds of contacts; whether service is worse as well cannot be said: of 2 points worse than expected, "
         "2 from different kinds (1 to 3), 0 from the same kinds of contacts (3 better to 4 worse)")),
        (made((0.01, 0.03), (-0.02, 0.03)),
         ("Worse service; how much of it is other kinds of contacts cannot be said: of 2 points worse than expected, "
         "2 from the same kinds of contacts (1 to 3), 0 from different kinds (2 better to 3 worse)")),
        (made((0.05, 0.07), (-0.03, -0.02)),
         ("Worse service, not other contacts: of 3.5 points worse than expected, 6.0 from the same kinds of contacts "
         "(5.0 to 7.0), 2.5 points better from different kinds (2.0 to 3.0)")),
        (made((-0.01, 0.03), (-0.01, 0.02)),
         ("Cannot say: too few answers to tell worse service from other contacts: of 1.5 points worse than expected, "
         "1.0 from the same kinds of contacts (1.0 better to 3.0 worse), 0.5 from different kinds (1.0 better to 2.0 "
         "worse)")),
    ],
)  # fmt: skip
def test_the_answer_is_one_line_with_the_ranges(kinds, line):
    assert kinds_line(kinds, CSAT) == line
    assert line.startswith(kinds_short(kinds))


def test_a_line_among_others_has_the_answer_alone():
    one = replace(story(1).incident, latest=replace(breach(world(1)), reason="77 % instead of 82 %"))
    served = replace(one, kinds=made((0.02, 0.04), (-0.001, 0.003)))
    assert incident_detail(served, {}) == "77 % instead of 82 %; worse service, not other contacts"
    open_ = replace(one, kinds=made((-0.01, 0.03), (-0.01, 0.02)))
    assert incident_detail(open_, {}) == incident_detail(one, {}) == "77 % instead of 82 %"


def test_a_line_beside_a_later_figure_says_its_day():
    told = kinds_line(made((0.02, 0.04), (-0.001, 0.003)), CSAT, FIRST + timedelta(days=3))
    assert told.startswith("Worse service, not other contacts (as of 5 Jan): of 3.1 points")
