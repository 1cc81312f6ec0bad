"""What the database adds up is what Python adds up."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_cases import NOW, YEAR, close, fetched, in_python, metric, sqlite_desk

from cxmon.aggregate import roles
from cxmon.model import Grain, Kind, Read
from cxmon.sources.sql.connect import Session
from cxmon.sources.sql.dialects import Sqlite, Table

FORMS = ["epoch", "zoned", "naive", "mixed"]
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe"]
SWITCHES = ["2025-10-26T01:00", "2026-03-29T01:00", "2025-10-04T16:00", "2026-04-04T15:00"]


def written(at: int, form: str, zone: str, turn: int = 0) -> object:
    """An instant as a source may hold it."""
    moment = datetime.fromtimestamp(at, UTC)
    match form if form != "mixed" else FORMS[turn % 3]:
        case "epoch":
            return at
        case "zoned":
            return moment.isoformat() if turn % 2 else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            # A local time that comes twice means the first of the two, so the second is written with its zone.
            local = moment.astimezone(ZoneInfo(zone))
            return local.isoformat(" ") if local.fold else local.replace(tzinfo=None).isoformat(" ")


def many_events(kind: Kind, *, known: bool, seed: int = 5, count: int = 1500) -> list[tuple]:
    rng = np.random.default_rng(seed)
    at = rng.integers(int(YEAR.since.timestamp()), int(NOW.timestamp()), count)
    lag = (rng.exponential(6 * 86400, count)).astype(int)
    value = rng.integers(0, 2, count).astype(float) if kind is Kind.PROPORTION else rng.lognormal(2, 1, count).round(3)
    if kind is Kind.QUANTILE:
        value[::17], value[::19] = 0, -value[::19]
    base = rng.lognormal(1, 1, count).round(2) if kind in {Kind.RATIO, Kind.RATE} else [None] * count
    channel = rng.choice(["phone", "chat", "email"], count)
    return [
        (int(a), str(c), float(v), None if b is None else float(b), int(a + d) if known else None)
        for a, c, v, b, d in zip(at, channel, value, base, lag, strict=True)
    ]


@pytest.mark.parametrize("known", [False, True], ids=["", "known_at"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("form", FORMS)
def test_the_database_adds_up_like_python(tmp_path, kind, form, known):
    events = many_events(kind, known=known)
    read = Read(
        table="ratings",
        time="at",
        value="value",
        n="base" if kind is Kind.RATE else None,
        base="base" if kind is Kind.RATIO else None,
        known_at="known" if known else None,
    )
    of = metric(kind, read)
    rows = [
        (written(a, form, of.zone, i), c, v, b, written(k, form, of.zone, i + 1) if known else None)
        for i, (a, c, v, b, k) in enumerate(events)
    ]
    source = sqlite_desk(tmp_path / "desk.db", rows, "at, channel, value, base, known")
    found, rejected = fetched(source, of)
    assert not rejected
    close(found, in_python(of, events))
    # And it really was the database: the survey lets it.
    with Session(source.url.reveal(), of, timeout_s=5, max_rows=10) as session:
        table = Table(name="ratings", exprs=roles(of) | {"dimension:channel": "channel"})
        assert Sqlite().survey(session, table).pushable


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_events_in_any_zone_and_grain_add_up_like_python(tmp_path_factory, data):
    zone = data.draw(st.sampled_from(ZONES))
    grain = data.draw(st.sampled_from(list(Grain)))
    kind = data.draw(st.sampled_from([Kind.MEAN, Kind.QUANTILE, Kind.LEVEL]))
    form = data.draw(st.sampled_from(FORMS))
    known = data.draw(st.booleans())
    # Around the switches of 2025 and 2026, where days are short or long.
    centre = data.draw(st.sampled_from(SWITCHES))
    near = int(datetime.fromisoformat(centre).replace(tzinfo=UTC).timestamp())
    event = st.tuples(
        st.integers(near - 4 * 86400, near + 4 * 86400),
        st.sampled_from(["phone", "chat"]),
        st.integers(-50, 50).map(float),
        st.none(),
        st.integers(near - 3600, near + 40 * 86400) if known else st.none(),
    )
    events = data.draw(st.lists(event, min_size=1, max_size=30))
    of = metric(
        kind,
        Read(table="ratings", time="at", value="value", known_at="known" if known else None),
        zone=zone,
        grain=grain,
        week_start=data.draw(st.integers(0, 6)),
    )
    rows = [
        (written(a, form, zone, i), c, v, written(max(k, a), form, zone, i) if known else None)
        for i, (a, c, v, _, k) in enumerate(events)
    ]
    folder = tmp_path_factory.mktemp("desk")
    source = sqlite_desk(folder / "desk.db", rows, "at, channel, value, known")
    found, rejected = fetched(source, of)
    assert not rejected
    close(found, in_python(of, events))


def test_a_bad_row_makes_no_other_row_disappear(tmp_path):
    events = many_events(Kind.MEAN, known=False, count=500)
    of = metric(Kind.MEAN, Read(table="ratings", time="at", value="value"))
    rows: list[tuple] = [(a, c, v) for a, c, v, _, _ in events]
    bad = int((NOW - timedelta(days=3)).timestamp())
    source = sqlite_desk(tmp_path / "desk.db", [*rows, (bad, "phone", "ten")], "at, channel, value")
    found, rejected = fetched(source, of)
    close(found, in_python(of, events))
    assert [(r.where, r.reason, r.value) for r in rejected] == [
        (f"ratings, at {bad}", "value: text where a number belongs", "text of 3 characters")
    ]
