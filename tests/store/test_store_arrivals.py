"""How figures arrived, from their revisions; what was open, and a verdict's door to both."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from cxmon.aggregate import Intake
from cxmon.decisions.maturity import maturity, ripened
from cxmon.model import Amount, Better, Kind, Metric, Read, Window
from cxmon.panel import ARRIVAL_AGES
from cxmon.store import Overlay, Store

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 60
NOW = START + timedelta(days=DAYS)


def metric(kind=Kind.PROPORTION, **read):
    return Metric(
        id="m", label="M", kind=kind, better=Better.LOWER, matters=Amount(0.01, relative=False, text="1pt"), source="s",
        read=Read(time="t", value="v", known_at="k", **read), dimensions=("channel",), learns_maturity=True,
        lookback=timedelta(days=30),
    )  # fmt: skip


def filled(path, m, rows):
    """A store with (time, value or None, known, channel) rows, taken in as a source would."""
    store = Store.open(f"sqlite:///{path / 'store.db'}")
    intake = Intake(metric=m, window=Window(START, NOW), now=NOW)
    time, value, known, channel = zip(*rows, strict=True)
    columns = {"time": time, "value": value, "dimension:channel": channel}
    intake.add(columns | ({"known_at": known} if m.read.known_at else {}), lambda i: f"row {i}")
    assert not intake.rejected
    for batch in intake.batches():
        store.observations.apply(m, batch, now=NOW)
    return store


def answers(rng, mean=1.5, n=40):
    for d in range(DAYS):
        for channel in ("chat", "phone"):
            for lag in rng.exponential(mean, n):
                at = START + timedelta(days=d + rng.random())
                yield at.isoformat(), int(rng.random() < 0.8), (at + timedelta(days=lag)).isoformat(), channel


def test_the_store_says_what_had_arrived_and_a_replay_says_the_same(tmp_path):
    m = metric()
    with filled(tmp_path, m, answers(np.random.default_rng(1))) as store:
        panel = store.panel(m, as_known_at=NOW)
        assert panel.arrived.shape == (2, DAYS, len(ARRIVAL_AGES), 2)
        assert (panel.arrived[:, 10, -4].sum(-1) == panel.n[:, 10]).all()
        assert (panel.arrived[:, 10, -4, 0] == panel.total[:, 10]).all()
        assert (np.diff(panel.arrived[:, 10, :8], axis=1) >= 0).all()
        assert np.isnan(panel.arrived[:, -1, 1:]).all()
        assert 5 <= ripened(panel).metric.matures_after.days <= 8
        over = Overlay.over(store, [m])
        over.advance(NOW)
        again = over.panel(m, as_known_at=NOW)
        assert np.array_equal(again.arrived, panel.arrived, equal_nan=True)
        then = START + timedelta(days=40)
        past = Overlay.over(store, [m])
        past.advance(then)
        known, replayed = store.panel(m, as_known_at=then), past.panel(m)
        assert np.array_equal(known.arrived, replayed.arrived, equal_nan=True)


def test_what_nobody_followed_teaches_nothing_and_the_declared_wait_stays(tmp_path):
    m = metric()
    rows = list(answers(np.random.default_rng(1), n=4))
    with filled(tmp_path, m, rows) as store:
        declared = replace(m, matures_after=timedelta(days=6), learns_maturity=False)
        assert ripened(store.panel(declared, as_known_at=NOW)).metric.matures_after == timedelta(days=6)
        # One by which far too little is in gives way to the learnt one, and is not forgotten.
        early = ripened(store.panel(replace(declared, matures_after=timedelta(days=3)), as_known_at=NOW))
        assert (early.metric.matures_after, early.too_short) == (timedelta(days=8), timedelta(days=3))
        silent = replace(m, read=replace(m.read, known_at=None))
        assert not maturity(store.panel(silent, as_known_at=NOW)).known
        declared = replace(silent, matures_after=timedelta(days=3), learns_maturity=False)
        assert ripened(store.panel(declared, as_known_at=NOW)).metric.matures_after == timedelta(days=3)


def test_open_tickets_count_as_longer_and_closed_ones_alone_never_make_a_day_quick(tmp_path):
    """Half the newest days' tickets are closed: of those alone the median would be short."""
    m = metric(Kind.QUANTILE, censored=True)
    rng = np.random.default_rng(2)
    rows = []
    for d in range(DAYS):
        for hours in rng.lognormal(np.log(30), 1.0, 80):
            at = START + timedelta(days=d + rng.random())
            end = at + timedelta(hours=hours)
            closed = end < NOW
            rows.append((at.isoformat(), hours if closed else None, end.isoformat() if closed else None, "chat"))
    with filled(tmp_path, m, rows) as store:
        panel = store.panel(m, as_known_at=NOW)
        value = panel.values()[0]
        mature = ripened(panel).mature(NOW)
        assert panel.n[0].sum() == len(rows)
        assert np.isnan(value[-1])
        assert not mature[-2:].any()
        assert mature[:-9].all()
        assert abs(np.log(np.nanmedian(value[:30]) / 30)) < 0.1
        assert abs(np.log(np.median(value[mature][-8:]) / 30)) < 0.25
        then = START + timedelta(days=30)
        assert store.panel(m, as_known_at=then).n[0, 29] == panel.n[0, 29]


def test_a_log_cut_by_closing_date_does_not_look_like_an_improvement(tmp_path):
    """Only tickets that were closed by a day, by the day they were opened, exported and read a month later."""
    m = replace(metric(Kind.QUANTILE), unit="h", read=Read(time="t", value="v"))
    rng = np.random.default_rng(3)
    cut = START + timedelta(days=DAYS)
    rows = []
    for d in range(DAYS):
        for hours in rng.lognormal(np.log(60), 0.8, 60):
            at = START + timedelta(days=d + rng.random())
            if at + timedelta(hours=hours) < cut:
                rows.append((at.isoformat(), hours, None, "chat"))
    with filled(tmp_path, m, rows) as store:
        later = cut + timedelta(days=30)
        panel = store.panel(m, as_known_at=later)
        ripe = ripened(panel)
        value, mature = panel.values()[0], ripe.mature(later)
        assert value[-7:].mean() < 0.7 * 60
        assert panel.mature(later).all()
        newest = np.flatnonzero(mature)[-7:]
        assert len(newest) == 7
        assert DAYS - 20 <= newest[-1] < DAYS - 8
        assert abs(np.log(value[newest].mean() / 60)) < 0.1
        # A wait that was declared is its owner's word.
        said = replace(m, matures_after=timedelta(0), learns_maturity=False)
        assert ripened(store.panel(said, as_known_at=later)).mature(later).all()


def test_customers_lost_after_weeks_of_retries_are_added_to_the_cohort_that_they_belong_to(tmp_path):
    """Rows are increments: the cohort on its day, and who turned out to be lost of it when the last retry failed."""
    m = replace(metric(Kind.PROPORTION), read=Read(time="t", n="n", total="x", known_at="k"))
    rng, rows = np.random.default_rng(4), []
    for d in range(DAYS):
        at = START + timedelta(days=d)
        rows.append((at.isoformat(), 400, 0, (at + timedelta(hours=20)).isoformat(), "chat"))
        lost = sorted({int(x) for x in rng.integers(7, 21, 12)})
        rows += [(at.isoformat(), 0, 1, (at + timedelta(days=k)).isoformat(), "chat") for k in lost]
    names = ("time", "n", "total", "known_at", "dimension:channel")
    intake = Intake(metric=m, window=Window(START, NOW), now=NOW)
    intake.add(dict(zip(names, zip(*rows, strict=True), strict=True)), lambda i: f"row {i}")
    assert not intake.rejected
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        for batch in intake.batches():
            store.observations.apply(m, batch, now=NOW)
        panel = store.panel(m, as_known_at=NOW)
        assert (panel.n[0] == 400).all()
        assert panel.total[0, :30].mean() > 8
        assert panel.total[0, -5:].sum() == 0
        # The young cohorts are no retained ones: they wait until the lost are known.
        assert ripened(panel).metric.matures_after >= timedelta(days=30)
        assert not ripened(panel).mature(NOW)[-29:].any()
