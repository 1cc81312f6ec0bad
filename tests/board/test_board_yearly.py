"""Against last year: the same weekdays, and a holiday in one of the two years is marked and named."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import worlds
from opening import words_of

from cxmon import charts
from cxmon.model import Grain, Holidays
from cxmon.store import Store
from cxmon.wording.describing import apart as words
from dashboards.yearly import apart, earlier

CSAT = replace(worlds.METRICS[0], holidays=Holidays(country="US", extra_days=((date(2026, 11, 16), "Sports day"),)))


def pairs(*days):
    """(a day, the same weekday 52 weeks before) as points."""
    points = {day: datetime.combine(day, datetime.min.time(), UTC).timestamp() * 1000 for day in days}
    blank = {"value": 1.0, "avg": 1.0, "expected": 1.0, "low": 1.0, "high": 1.0, "complete": True}
    both = [charts.Point(day=at - shift, **blank) for at in points.values() for shift in (0, 364 * 86_400_000.0)]
    before = earlier(both, CSAT)
    return [(p, before[p.day]) for p in both if p.day in before]


def test_a_holiday_counts_where_the_same_weekday_of_the_other_year_is_none():
    # Thanksgiving is a Thursday: in 2026 it stands beside that of 2025, Independence Day beside 5 July.
    found = pairs(date(2026, 11, 26), date(2026, 7, 4), date(2026, 11, 16), date(2026, 3, 3))
    assert [(day.isoformat(), name) for _, day, name in apart(found, CSAT)] == [
        ("2026-07-04", "Independence Day"), ("2026-11-16", "Sports day"),
    ]  # fmt: skip
    assert apart(found, replace(CSAT, grain=Grain.WEEK)) == []
    assert apart(found, replace(CSAT, holidays=None)) == []


def test_many_are_counted():
    days = [(date(2026, 1, day), f"Day {day}") for day in range(1, 8)]
    assert words(days).endswith("Day 4 (4 Jan 2026) and 3 more days")
    assert words(days[:1]) == "Day 1 (1 Jan 2026)"


@pytest.mark.parametrize("known", [True, False])
def test_the_page_says_how_it_compares_and_what_is_off_in_one_year_only(monkeypatch, tmp_path, known):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    if known:
        with Store.open(url) as store:
            catalogue = store.catalogue.load()
            store.catalogue.save(replace(catalogue, metrics=(CSAT, *catalogue.metrics[1:])))
    said = words_of(monkeypatch, url, "metric", metric="csat")
    assert "Dashed: the same weekday 52 weeks before." in said
    assert ("Off in one of the two years only: Sports day (16 Nov 2026)" in said) is known
    assert ("▲ A holiday in one of the two years only: Veterans Day (" in said) is known
    assert ("Holidays are not marked" in said) is not known


def test_each_of_the_two_years_has_the_n_and_response_rate_of_its_own_days(monkeypatch, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        known = store.catalogue.load()
        first = replace(known.metrics[0], response_of="reply")
        store.catalogue.save(replace(known, metrics=(first, *known.metrics[1:])))
        for metric, now, then in (("csat", 20.0, 2.0), ("reply", 50.0, 4.0)):
            band = store.bands.get(metric, "{}")
            last = len(band.starts) - 200
            store.bands.put([replace(band, n=tuple(then if i < last else now for i in range(len(band.n))))])
    said = words_of(monkeypatch, url, "metric", metric="csat")
    assert "n 140 in the 7 days to 18 Nov; response rate 40.0 %" in said
    assert "A year before: n 14; response rate 50.0 %" in said


def test_the_marks_are_drawn_at_the_foot():
    line = charts.Line(name="now", points=[(0.0, 1.0, "a"), (86_400_000.0, 2.0, "b")])
    drawn = charts.lines([line], dates=True, marks=[(0.0, "Sports day")]).to_dict()
    assert "triangle-up" in str(drawn)
    assert "Sports day" in str(drawn)
