"""A plan with one Slack channel, and messages of one incident's life, for the tests of routing and delivery."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from cxmon.alerts import Slack
from cxmon.config.plan import Plan
from cxmon.model import (
    EVERYONE,
    Delivery,
    Ending,
    Incident,
    IncidentState,
    Message,
    OutboxRow,
    Secret,
    Step,
    Tone,
    Transition,
)
from cxmon.pipeline.notify import deliver
from cxmon.pipeline.route import place
from cxmon.store import Store

# In the past of every real clock: the fake Slack stamps its messages by the clock, as Slack does.
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)

STEPS = ("opened", "worsened", "ended")


@dataclass(frozen=True, kw_only=True)
class Hasty(Slack):
    """Slack without its pace, for a fake that asks for none."""

    pace_s: ClassVar[float] = 0.0


def plan(url, *, kind=Hasty, timeout_s=20.0, **more):
    slack = kind(channel="C0ALERTS", token=Secret("xoxb-good"), base_url=url, timeout_s=timeout_s)
    given = {"channels": {"slack": slack}} | more
    return Plan(path=Path("cxmon.yaml"), store_url="", title="Northwind Support", **given)


def news(step="opened", version="1", thread="incident:a", **more):
    given = {
        "tone": Tone.AMBER, "badge": "Worse than expected", "title": f"CSAT {step} in {thread}", "text": f"CSAT {step}",
        "lines": ("below expected for 6 days in a row",), "reply": f"{step}: news of {thread}",
    } | more  # fmt: skip
    return Message(key=f"{thread}|{step}|{version}", thread=thread, **given)


def row(message, channel="slack"):
    key = f"{message.key}|{channel}"
    return OutboxRow(
        key=key, channel=channel, message=Message(**(vars(message) | {"key": key})), state=Delivery.WAITING
    )


def after(**more):
    return NOW + timedelta(**more)


def live_a_story(url, slack, shift):
    """Decide as a check does (incident, transition and outbox row in one transaction) and deliver, step by step; what
    was decided before is not decided again. `shift` is how many seconds after NOW this process lives."""
    now, given = after(seconds=shift), plan(slack)
    with Store.open(url) as store:
        for number, step in enumerate(STEPS):
            through, seen = after(days=number), store.incidents.evaluated_through("regressions", "csat")
            if seen is not None and seen >= through:
                continue
            over = step == "ended"
            incident = Incident(
                id="a", check="regressions", subject="csat", root=EVERYONE, members=(EVERYONE,), opened_at=NOW,
                since=NOW, state=IncidentState.ENDED if over else IncidentState.OPEN, last_breach_at=NOW,
                ending=Ending.RECOVERED if over else None, ended_at=NOW if over else None,
            )  # fmt: skip
            transition = Transition(incident="a", step=Step(step), at=through, reason=f"{step}: it is so")
            about = {"metrics": ["csat"], "segment": EVERYONE, "check": "regressions", "owner": "Operations"}
            store.incidents.commit(
                check="regressions", subject="csat", seen_through=seen, through=through, incidents=[incident],
                transitions=[transition], outbox=place(given, store, news(step), now=now, **about).rows, now=now,
            )  # fmt: skip
            deliver(given, store, now=now, worker=f"w{shift}")
        deliver(given, store, now=now, worker=f"w{shift}")
