"""A desk with one open incident that was told in Slack, and an app that listens to what people press there."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cxmon.alerts import Slack
from cxmon.alerts.message import for_incident
from cxmon.config.plan import Plan, Route
from cxmon.model import (
    Access,
    Amount,
    Better,
    Delivery,
    Finding,
    Incident,
    IncidentState,
    Kind,
    Metric,
    OutboxRow,
    Read,
    Secret,
    Segment,
    State,
    Step,
    Transition,
)
from cxmon.pipeline.notify import deliver
from cxmon.slack_app.listening import Pulse, listenings
from cxmon.store import Catalogue, Store

NOW = datetime(2026, 9, 14, 9, tzinfo=UTC)
PHONE = Segment.of(channel="phone")
CSAT = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, source="desk", read=Read(time="day"),
    matters=Amount(0.01, relative=False, text="1pt"), dimensions=("channel",),
)  # fmt: skip
ACCESS = Access(editors=("U0ADA",), viewers=("*@example.com",), departments={"U0ADA": "Support EMEA"})
# Everything that takes seconds in life takes hundredths here.
QUICK = Pulse(
    ping_s=0.3, deaf_s=30, hello_s=30, quiet_s=60, first_wait_s=0.02, longest_wait_s=0.2, look_s=0.05, report_s=60,
    linger_s=0.05,
)  # fmt: skip


def incident(**more):
    finding = Finding(
        check="floor", metric="csat", segment=PHONE, at=NOW, state=State.BREACH, reason="below", value=0.70,
        expected=0.78, low=0.68, high=0.72, n=900, since=NOW, score=8.0,
    )  # fmt: skip
    given = {
        "id": "i1", "check": "floor", "subject": "csat", "root": PHONE, "members": (PHONE,),
        "state": IncidentState.OPEN, "opened_at": NOW, "since": NOW, "last_breach_at": NOW, "worst": finding,
        "latest": finding, "told_score": 8.0,
    }  # fmt: skip
    return Incident(**(given | more))


class World:
    """A store, a plan on it, and the workspace; `told` opens an incident and tells it in #cx-alerts."""

    def __init__(self, slack, store_url, folder, **more):
        self.slack, self.store_url = slack, store_url
        self.channel = Slack(
            channel="#cx-alerts", token=Secret("xoxb-good"), app_token=Secret("xapp-good"), base_url=slack.url,
            timeout_s=20.0,
        )  # fmt: skip
        given = {"path": Path(folder) / "cxmon.yaml", "store_url": store_url, "access": ACCESS}
        self.plan = Plan(
            **(given | more), channels={"slack": self.channel}, metrics={"csat": CSAT}, routes=(Route(channel="slack"),)
        )
        with self.store() as store:
            store.catalogue.save(Catalogue(title="Desk", zone="UTC", metrics=(CSAT,)))

    def store(self):
        return Store.open(self.store_url)

    def told(self, found=None, metric=CSAT):
        """The message in Slack that tells of an incident, with its buttons."""
        found = found or incident()
        transition = Transition(incident=found.id, step=Step.OPENED, at=NOW, reason="opened: below")
        message = for_incident(incident=found, transition=transition, finding=found.latest, metric=metric)
        row = OutboxRow(key=f"{message.key}|slack", channel="slack", message=message, state=Delivery.WAITING)
        with self.store() as store:
            store.incidents.amend(found, transition, [row])
        self.deliver()
        return self.slack.posts()[-1]

    def deliver(self):
        with self.store() as store:
            return deliver(self.plan, store, now=datetime.now(UTC), worker="test")

    def incident(self, name="i1"):
        with self.store() as store:
            return store.incidents.get(name)

    def history(self, name="i1"):
        with self.store() as store:
            return [(t.step, t.reason) for t in store.incidents.history(name)]

    @contextmanager
    def listening(self, *, holder="one", pulse=QUICK, **more):
        """An app that listens until the end of the block; it has said hello when the block begins."""
        before = len(self.slack.connections)
        (app,) = listenings(replace(self.plan, **more), holder=holder, clock=lambda: datetime.now(UTC), pulse=pulse)
        app.start()
        try:
            self.slack.until(lambda: len(self.slack.connections) > before, what="a connection")
            yield app
        finally:
            app.stop()
