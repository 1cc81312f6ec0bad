"""Small metrics, batches and dumps that the tests of the store share."""

from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa

from cxmon import sketch
from cxmon.contracts import Cells, Observations
from cxmon.model import (
    Amount,
    Better,
    Delivery,
    Finding,
    Incident,
    IncidentState,
    Kind,
    Message,
    Metric,
    OutboxRow,
    Read,
    Segment,
    State,
    Step,
    Tone,
    Transition,
    Window,
)
from cxmon.store import Forgotten, schema

DAY = 86_400
START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PHONE, CHAT = Segment.of(channel="phone"), Segment.of(channel="chat")


def metric(kind=Kind.PROPORTION, **more):
    given = {
        "id": "csat",
        "label": "CSAT",
        "kind": kind,
        "better": Better.HIGHER,
        "matters": Amount(0.02, relative=False, text="2pt"),
        "source": "desk",
        "read": Read(time="at", table="ratings", value="value"),
        "dimensions": ("channel",),
        "quantiles": (0.5, 0.9),
    }
    return Metric(**(given | more))


def left(*customers, **more):
    """Customers who are to be forgotten."""
    given = {"source": "desk", "key": "k", "at": NOW, "asked_by": "privacy"} | more
    return [Forgotten(customer=one, **given) for one in customers]


def day(k, hour=0):
    return START + timedelta(days=k, hours=hour)


def epoch(at):
    return int(at.timestamp())


def cells(rows, kind=Kind.PROPORTION):
    """Cells from (segment, start, known_at or 0, n, total) rows; a quantile's sketch holds n times total / n."""
    segments = tuple(dict.fromkeys(r[0] for r in rows))
    n, total = (np.array([r[k] for r in rows], float) for k in (3, 4))
    more = {}
    if kind is Kind.QUANTILE:
        more["squares"] = np.divide(total**2, n, out=np.zeros_like(n), where=n > 0)
        more["sketches"] = [sketch.encode([t / c] * int(c) if c else []) for c, t in zip(n, total, strict=True)]
    return Cells(
        segments=segments,
        segment=np.array([segments.index(r[0]) for r in rows], np.int64),
        start=np.array([epoch(r[1]) for r in rows], np.int64),
        known_at=np.array([epoch(r[2]) if r[2] else 0 for r in rows], np.int64),
        n=n,
        total=total,
        **more,
    )


def window(first, last, rows, kind=Kind.PROPORTION, rejected=()):
    """Everything a source holds of days `first` to `last - 1`."""
    return Observations(window=Window(day(first), day(last)), cells=cells(rows, kind), rejected=tuple(rejected))


def figures(store, metric_id="csat"):
    """All that the store holds of one metric's figures, history included, without the numbers of series."""
    found = []
    with store._db.read() as conn:
        s = schema.series
        for t in (schema.observation, schema.observation_history, schema.sketch, schema.quantile_value):
            rest = [c for c in t.c if c.name != "series_id"]
            chosen = sa.select(s.c.definition, s.c.segment, *rest).join(t, t.c.series_id == s.c.id)
            rows = conn.execute(chosen.where(s.c.metric == metric_id)).all()
            found += sorted(
                (t.name, *(bytes(v) if isinstance(v, memoryview) else v for v in r)) for r in map(tuple, rows)
            )
        p = schema.progress
        found += [tuple(r) for r in conn.execute(sa.select(p).where(p.c.metric == metric_id)).all()]
    return found


def everything(store):
    """Every row of every table, but for the numbers that a database gives (PostgreSQL skips some after a rollback)."""
    s = schema.series.c
    with store._db.read() as conn:
        name = {i: m + d + k for i, m, d, k in conn.execute(sa.select(s.id, s.metric, s.definition, s.segment)).all()}
        found = {}
        for t in schema.metadata.sorted_tables:
            kept = [c for c in t.c if not (c.primary_key and c.autoincrement is True)]
            rows = conn.execute(sa.select(*kept)).mappings().all()
            found[t.name] = sorted(str([name[v] if k == "series_id" else v for k, v in r.items()]) for r in rows)
        return found


def finding(at, **more):
    given = {"check": "floor", "metric": "csat", "segment": PHONE, "at": at, "state": State.BREACH, "reason": "below"}
    return Finding(**(given | more))


def incident(name="i1", *, at=NOW, members=(PHONE,), **more):
    given = {
        "id": name,
        "check": "floor",
        "subject": "csat",
        "root": members[0],
        "members": members,
        "state": IncidentState.OPEN,
        "opened_at": at,
        "since": None,
        "last_breach_at": at,
        "latest": finding(at, value=0.71),
    }
    return Incident(**(given | more))


def transition(name="i1", step=Step.OPENED, at=NOW):
    return Transition(incident=name, step=step, at=at, reason="two of three below", numbers={"value": 0.71})


def message(key="k1", thread="i1"):
    return Message(key=key, thread=thread, tone=Tone.RED, badge="Over the limit", title="CSAT fell", text="CSAT fell")


def outbox_row(key="k1", thread="i1", channel="slack", **more):
    given = {"key": key, "channel": channel, "message": message(key, thread), "state": Delivery.WAITING}
    return OutboxRow(**(given | more))
