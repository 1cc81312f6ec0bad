"""A small believable world, written into a real store: what judge would have stored."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from cxmon import decisions, wording
from cxmon.contracts import Cells, Observations
from cxmon.model import (
    EVERYONE,
    Amount,
    Band,
    Better,
    Category,
    Change,
    Code,
    Finding,
    Grade,
    Harm,
    Incident,
    IncidentState,
    Interval,
    Kind,
    Metric,
    Money,
    Place,
    Placebo,
    Read,
    Saving,
    Scope,
    Segment,
    State,
    Step,
    Transition,
    Verdict,
    Where,
    WhereAnswer,
    Window,
    Worth,
)
from cxmon.store import Catalogue, Run, Store

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
DAYS = 400
MANY = 200
PHONE, CHAT = Segment.of(channel="phone"), Segment.of(channel="chat")


def metric(name, label, kind, better, matters, **more):
    return Metric(
        id=name,
        label=label,
        kind=kind,
        better=better,
        matters=matters,
        source="desk",
        read=Read(time="t"),
        dimensions=("channel",),
        by=((), ("channel",)),
        **more,
    )


METRICS = (
    metric("csat", "CSAT", Kind.PROPORTION, Better.HIGHER, Amount(0.01, False, "1pt"), definition="Satisfied answers"),
    metric("reply", "First reply, median", Kind.QUANTILE, Better.LOWER, Amount(0.1, True, "10%"), unit="min"),
    metric("churn", "Churn", Kind.RATE, Better.LOWER, Amount(0.1, True, "10%"), per=1000),
)
LEVEL = {"csat": (0.88, 0.006), "reply": (18.4, 0.9), "churn": (0.0031, 0.0002)}


def band(name, segment, *, drop=0.0, since=None, key=None):
    """A noisy level with a step of `drop` from `since` on."""
    level, noise = LEVEL[name]
    rng = np.random.default_rng([len(name), len(segment.key)])
    first = NOW.replace(hour=0) - timedelta(days=DAYS)
    starts = [int((first + timedelta(days=i)).timestamp()) for i in range(DAYS)]
    value = level + noise * rng.standard_normal(DAYS)
    if since is not None:
        value[np.array(starts) >= since.timestamp()] += drop
    avg = np.convolve(value, np.ones(7) / 7)[:DAYS]
    avg[:6] = np.nan
    half = 2.6 * noise / np.sqrt(7)
    return Band(
        metric=name,
        key=key or segment.key,
        label=segment.label,
        as_of=NOW,
        starts=tuple(starts),
        value=tuple(value),
        n=(140.0,) * DAYS,
        avg=tuple(avg),
        expected=(level,) * DAYS,
        low=(level - half,) * DAYS,
        high=(level + half,) * DAYS,
        complete=tuple(i < DAYS - 3 for i in range(DAYS)),
        since=since,
    )


def harm(name, code, interval, limit, unit, **more):
    start = NOW.replace(hour=0) - timedelta(days=68)
    so_far = Interval(estimate=interval[0], low=interval[1], high=interval[2])
    fields = {
        "reason": "",
        "now": so_far,
        "actual": LEVEL[name][0],
        "expected": LEVEL[name][0],
        "grade": Grade.CONTROLLED,
        "p_value": 0.001,
        "confidence": 0.98,
        "n_pre": 300,
        "n_post": 68,
        "answers": 9520.0,
        "window_start": start,
        "window_end": NOW - timedelta(days=3),
        "scope": "phone",
    }
    return Harm(metric=name, code=code, so_far=so_far, limit=limit, unit=unit, **(fields | more))


def change(name, title, days_ago, category=Category.COST_CUT, scope=None, **more):
    return Change(
        id=name,
        title=title,
        category=category,
        starts=NOW.replace(hour=0) - timedelta(days=days_ago),
        owner="Operations",
        scope=Scope.of(scope or {}),
        **more,
    )


def judged(declared, code, harms):
    found = Verdict(change=declared.id, as_of=NOW, code=code, grade=Grade.CONTROLLED, harms=harms, day=68)
    by_id = {m.id: m for m in METRICS}
    words = {
        "headline": wording.headline(found, declared, by_id),
        "sentence": wording.sentence(found, declared, by_id),
        "story": wording.story(found, declared, by_id),
    }
    return Verdict(**(vars(found) | words))


def priced(declared, churn):
    """Its price: of 20,000 customers whom it touches one in a thousand leaves a day."""
    worth = Worth(metric="churn", amounts={"": 600.0}, currency="USD", source="Finance")
    counts = [{"": 20_000 * 68.0}, {"": 20 * 68.0}]
    volume = decisions.Volume(
        days=68, exposure=counts[0], events=counts[1], exposure_before=counts[0], events_before=counts[1]
    )
    metric = next(m for m in METRICS if m.id == "churn")
    known = {"churn": decisions.Known(metric=metric, harm=churn, volume=volume)}
    money = Money(currency="USD", customers=worth)
    return decisions.price(declared, known, money, now=NOW, claimed_on=date(2026, 9, 1))


def seed(url, *, phone_title="Weekend phone desk closed"):
    """A desk with one decision over its limit, one too early, one better, and one incident nobody declared."""
    saving = Saving(1.2e6, "USD", "year", "Operations")
    cut = change("weekend-desk", phone_title, 68, scope={"channel": "phone"}, saving=saving)
    early = change("bot", "Chat bot", 9, Category.POLICY, {"channel": "chat"})
    better = change("refunds", "Refunds auto-approved", 120, Category.POLICY)
    with Store.open(url) as store:
        store.catalogue.save(Catalogue(title="Northwind Support", zone="UTC", metrics=METRICS, as_of=NOW))
        for one in (cut, early, better):
            store.changes.put(one, now=one.starts - timedelta(days=1), origin="yaml")
        bands = [band(m.id, s) for m in METRICS for s in (EVERYONE, PHONE, CHAT)]
        bands = [b for b in bands if (b.metric, b.key) not in {("csat", EVERYONE.key), ("csat", PHONE.key)}]
        bands += [
            band("csat", EVERYONE, drop=-0.012, since=cut.starts),
            band("csat", PHONE, drop=-0.04, since=cut.starts),
            band("csat", PHONE, drop=-0.04, since=cut.starts, key="change:weekend-desk"),
        ]
        store.bands.put(bands)
        csat = harm("csat", Code.HARMED, (0.039, 0.028, 0.05), 0.015, "pt", placebo=Placebo(as_large=0, windows=211))
        churn = harm("churn", Code.UNDECIDED, (0.1, -0.1, 0.3), 0.1, "%", due=(NOW + timedelta(days=20)).date())
        said = judged(cut, Code.HARMED, (csat, churn))
        store.verdicts.put(replace(said, price=priced(cut, churn)))
        wait = harm("csat", Code.UNDECIDED, (0.004, -0.02, 0.03), 0.015, "pt", due=(NOW + timedelta(days=9)).date())
        store.verdicts.put(judged(early, Code.UNDECIDED, (wait,)))
        gain = harm("csat", Code.IMPROVED, (-0.02, -0.03, -0.01), 0.01, "pt")
        store.verdicts.put(judged(better, Code.IMPROVED, (gain,)))
        for m in METRICS:
            ok = m.id != "churn"
            store.runs.record(
                Run(metric=m.id, source="desk", started_at=NOW, finished_at=NOW, ok=ok, written=900, rejected=2,
                    error="" if ok else "billing.db: no such table: subscriptions")
            )  # fmt: skip
        slow = Finding(
            check="watch", metric="reply", segment=CHAT, at=NOW, state=State.BREACH, since=NOW - timedelta(days=30),
            reason="24 % worse since 23 Oct", value=22.8, expected=18.4, n=900,
        )  # fmt: skip
        incident = Incident(
            id="watch-reply-chat", check="watch", subject="reply", root=CHAT, members=(CHAT,), state=IncidentState.OPEN,
            opened_at=NOW, since=NOW - timedelta(days=30), last_breach_at=NOW, latest=slow, worst=slow,
        )  # fmt: skip
        opened = Transition(incident=incident.id, step=Step.OPENED, at=NOW, reason="opened")
        store.incidents.commit(
            check="watch", subject="reply", seen_through=None, through=NOW, incidents=[incident],
            transitions=[opened], outbox=[], now=NOW,
        )  # fmt: skip


def placed(url, segment):
    """The decision on the weekend desk knows where: mostly in `segment`."""
    place = Place(
        segment=segment, harm=0.041, low=0.02, high=0.063, own=0.05, rest=0.006, share=0.85, volume=0.4, answers=900.0,
        p_value=0.001, named=True,
    )  # fmt: skip
    where = Where(
        metric="csat", answer=WhereAnswer.HERE, unit="pt", whole=0.026, looked_at=12, largest=0.03, false_discovery=0.1,
        places=(place,),
    )  # fmt: skip
    with Store.open(url) as store:
        known = store.verdicts.latest("weekend-desk")
        store.verdicts.put(replace(known, where=(where,), version=known.version + 1))


def collected(url, metric, *segments):
    """A day of a metric's figures is stored, for these segments and no others."""
    day = NOW.replace(hour=0) - timedelta(days=1)
    each = np.arange(len(segments))
    at, n = np.full(len(each), int(day.timestamp())), np.full(len(each), 100.0)
    cells = Cells(segments=segments, segment=each, start=at, known_at=at, n=n, total=0.9 * n)
    with Store.open(url) as store:
        store.observations.apply(metric, Observations(window=Window(day, NOW), cells=cells), now=NOW)


def single(url):
    """A desk of one metric, about which nobody has decided anything."""
    with Store.open(url) as store:
        store.catalogue.save(Catalogue(title="One", zone="UTC", metrics=METRICS[:1]))
        store.bands.put([band("csat", EVERYONE)])


def many(url, worse):
    """The desk with `MANY` metrics: `worse` of them are worse than expected, three have no figure yet."""
    seed(url)
    since = NOW.replace(hour=0) - timedelta(days=20)
    calm, bad = (band("csat", EVERYONE, drop=drop, since=since) for drop in (0.0, -0.02))
    more = [replace(METRICS[0], id=f"m{i:03d}", label=f"Queue {i} | <b>") for i in range(MANY - 3)]
    with Store.open(url) as store:
        store.catalogue.save(replace(store.catalogue.load(), metrics=(*METRICS, *more)))
        # The last ones, so that the order of the configuration does not bring them to the top.
        store.bands.put(
            replace(bad if i >= len(more) - worse else calm, metric=metric.id)
            for i, metric in enumerate(more)
            if i not in {3, 13, 23}
        )
