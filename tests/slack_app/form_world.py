"""What the forms and questions in Slack need beside an incident: a series with a band, a change with a verdict."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from slack_world import CSAT, NOW, PHONE

from cxmon.alerts.message import for_verdict
from cxmon.model import (
    EVERYONE,
    Band,
    Category,
    Change,
    Code,
    Delivery,
    Grade,
    Harm,
    Interval,
    OutboxRow,
    Role,
    Saving,
    Scope,
    Segment,
    Verdict,
)
from cxmon.slack_app.contract import Kind, Place, Request
from cxmon.slack_app.registry import handler_of
from cxmon.store import Store

DAYS = 60
FIRST = datetime(2026, 7, 16, tzinfo=UTC)
CUT = Change(
    id="desk", title="Weekend desk closed", category=Category.COST_CUT, starts=NOW - timedelta(days=30),
    owner="Operations", scope=Scope.of({"channel": "phone"}), saving=Saving(90_000, "EUR", "year", "Operations"),
)  # fmt: skip


def band(segment=PHONE, *, level=0.78, fell=0.06):
    """A series that fell on its last ten days."""
    values = tuple(level - (fell if i >= DAYS - 10 else 0.0) for i in range(DAYS))
    return Band(
        metric="csat", key=segment.key, label=segment.label, as_of=NOW, value=values, n=(100.0,) * DAYS, avg=values,
        starts=tuple(int((FIRST + timedelta(days=i)).timestamp()) for i in range(DAYS)), expected=(level,) * DAYS,
        low=(level - 0.02,) * DAYS, high=(level + 0.02,) * DAYS, complete=(True,) * DAYS,
    )  # fmt: skip


def seed(store: Store, change=CUT, *segments):
    """Bands, and a declared change."""
    store.bands.put([band(s) for s in (EVERYONE, PHONE, Segment.of(channel="chat"), *segments)])
    store.changes.put(change, now=change.starts, origin="yaml")


def verdict(change=CUT):
    gone = Interval(estimate=0.05, low=0.03, high=0.07)
    harm = Harm(
        metric="csat", code=Code.HARMED, so_far=gone, now=gone, limit=0.01, unit="pt", reason="", actual=0.73,
        expected=0.78, grade=Grade.CONTROLLED, p_value=0.001, confidence=0.95, n_pre=200, n_post=30, answers=3_000.0,
        window_start=change.starts, window_end=NOW, scope="phone",
    )  # fmt: skip
    return Verdict(change=change.id, as_of=NOW, code=Code.HARMED, grade=Grade.CONTROLLED, harms=(harm,), day=30)


def told_verdict(world, change=CUT):
    """The message in Slack that tells a verdict, with its buttons."""
    with world.store() as store:
        seed(store, change)
        store.verdicts.put(verdict(change))
        message = for_verdict(
            verdict=verdict(change), previous=None, declared=store.changes.get(change.id), metrics={"csat": CSAT}
        )
        # Words alone: pictures have tests of their own.
        message = replace(message, picture=None)
        row = OutboxRow(key=f"{message.key}|slack", channel="slack", message=message, state=Delivery.WAITING)
        store.outbox.queue([row], NOW)
    world.deliver()
    return world.slack.posts()[-1]


def place(world, store, role=Role.EDITOR, **more):
    return Place(plan=replace(world.plan, **more), store=store, by="Support EMEA", role=role)


def request(kind: Kind, name: str, **more):
    return Request(**({"kind": kind, "name": name, "key": "k", "user": "U0ADA", "channel": "C0ALERTS"} | more))


def done(asked: Request, where: Place, now=NOW):
    """What the registered handler answers, or what it does."""
    handler = handler_of(asked)
    assert handler is not None
    body = handler.answer(asked, where, now)
    return body if body is not None else handler.handle(asked, where, now)
