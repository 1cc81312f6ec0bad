"""Real calls: 44 providers of NHS 111 in a year that ended in a winter collapse, through csv source and store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cxmon.checks import Funnel, Threshold, Watch
from cxmon.config.plan import CheckPlan, Plan
from cxmon.model import EVERYONE, Amount, Better, Grain, Kind, Metric, Read, State, Step
from cxmon.pipeline.check import check
from cxmon.pipeline.collect import collect
from cxmon.sources import TYPES
from cxmon.store import Store

FILE = Path(__file__).parents[2] / "../shared/data/nhs111/nhs111_monthly_core.csv"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"the NHS 111 file is not at {FILE.name}")

ABANDONED = Metric(
    id="abandoned", label="Calls abandoned", kind=Kind.PROPORTION, better=Better.LOWER,
    matters=Amount(0.005, relative=False, text="0.5pt"), source="nhs111", grain=Grain.MONTH, zone="Europe/London",
    read=Read(time="month", n="calls_offered", total="abandoned"), dimensions=("provider",), by=((), ("provider",)),
    min_n=1000, lookback=timedelta(days=100),
)  # fmt: skip


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """Each month is collected on the third of the next one and checked then: (month, what every check said)."""
    folder = tmp_path_factory.mktemp("nhs111")
    plan = Plan(
        path=folder / "cxmon.yaml", store_url=f"sqlite:///{folder / 'store.db'}", backfill=timedelta(days=400),
        sources={"nhs111": TYPES["csv"](path=str(FILE))}, metrics={"abandoned": ABANDONED},
        checks=(
            CheckPlan(name="ceiling", check=Threshold(ceiling="3%"), metrics=("abandoned",)),
            CheckPlan(name="outside", check=Funnel(), metrics=("abandoned",)),
            CheckPlan(name="regressions", check=Watch(), metrics=("abandoned",)),
        ),
    )  # fmt: skip
    said = []
    with Store.open(plan.store_url) as store:
        for month in range(9):
            now = datetime(2015 + (7 + month) // 12, (7 + month) % 12 + 1, 3, tzinfo=UTC)
            assert [c.error for c in collect(plan, store, now=now)] == [""]
            done = {c.check: c for c in check(plan, store, now=now)}
            assert {c.error for c in done.values()} == {""}
            said.append((now, done))
        yield said, store.incidents.open(), store.incidents.recent()


def of_everyone(done):
    return next(f for f in done["ceiling"].findings if f.segment == EVERYONE)


def test_the_winter_collapse_is_found_in_its_first_month(year):
    said, lasting, _ = year
    states = {now.strftime("%Y-%m"): of_everyone(done).state for now, done in said}
    assert [m for m, s in states.items() if s is State.BREACH] == ["2016-01", "2016-02", "2016-03", "2016-04"]
    (collapse,) = [i for i in lasting if i.check == "ceiling" and i.root == EVERYONE]
    # December began in London when it began in UTC.
    assert collapse.since == datetime(2015, 12, 1, tzinfo=UTC)
    assert collapse.latest.value == pytest.approx(0.084, abs=0.001)


def test_the_collapse_is_one_incident_for_the_country_and_not_one_for_each_provider(year):
    _, lasting, _ = year
    (collapse,) = [i for i in lasting if i.check == "ceiling" and EVERYONE in i.members]
    assert len(collapse.members) > 20
    members = [m for i in lasting if i.check == "ceiling" for m in i.members]
    assert len(members) == len(set(members))


def test_the_funnel_names_the_providers_outside_what_their_size_explains_and_ranks_none(year):
    said, lasting, _ = year
    _, last = said[-1]
    outside = [f for f in last["outside"].findings if f.state is State.BREACH and f.segment.items]
    names = [f.segment.label for f in outside]
    assert "NORTH WEST INC BLACKPOOL NHS 111" in names
    assert len(names) <= 4
    assert names == sorted(names)
    # More than 2,000 times what chance explains, so that without the usual spread nearly all would be outside.
    parent = next(f for f in last["outside"].findings if f.segment == EVERYONE)
    assert parent.reason.startswith(f"{len(names)} of 4")
    (told,) = [i for i in lasting if i.check == "outside"]
    assert told.root == EVERYONE


def test_with_a_year_of_months_the_watch_says_that_it_does_not_know_yet(year):
    said, _, recent = year
    findings = said[-1][1]["regressions"].findings
    assert {f.state for f in findings} == {State.UNKNOWN}
    assert any("too little history" in f.reason for f in findings)
    assert not [i for i in recent if i.check == "regressions"]


def test_each_transition_was_told_once(year):
    said, _, recent = year
    opened = [t.incident for _, done in said for c in done.values() for t in c.transitions if t.step is Step.OPENED]
    assert len(opened) == len(set(opened)) == len(recent)
