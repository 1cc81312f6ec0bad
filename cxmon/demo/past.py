"""What happened at a demo before today: what was declared when, what had been said by then, and what was answered.

A demo's world has a past, but its first collection is today's. The figures say when they were known, so that a day of
the past can be judged as it stood; people's answers are laid on the day on which they were given.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cxmon import actions
from cxmon.config.plan import Plan
from cxmon.demo.truth import FEWER_VANS, LOOKS, REFUNDS, SHORT_CALLS, WEEKEND_PHONE
from cxmon.model import Decision, Response
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.leading import leading
from cxmon.store import Store


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A response, and on which day after the start of its subject it was given and is due."""

    subject: str
    decision: Decision
    by: str
    owner: str
    why: str
    after: int
    due_after: int


LOOKED_AFTER = LOOKS[1] - WEEKEND_PHONE.start
ANSWERS = (
    Answered(
        subject=WEEKEND_PHONE.id,
        decision=Decision.AMEND,
        by="Operations",
        owner="Workforce planning",
        why="Callers wait too long, but the weekends stay closed: calls are to be shorter",
        after=LOOKED_AFTER + 2,
        due_after=SHORT_CALLS.start - WEEKEND_PHONE.start,
    ),
    # Nobody saw to this one: three days before the anchor it was due, so the first run reminds of it.
    Answered(
        subject=REFUNDS.id,
        decision=Decision.KEEP,
        by="Finance",
        owner="CX team",
        why="Customers are better off; the help page is to say so",
        after=LOOKS[1] - REFUNDS.start + 5,
        due_after=-3 - REFUNDS.start,
    ),
)
# The late figure of which a demo asks what ran ahead.
LATE = "churn"


def declare(plan: Plan, store: Store) -> None:
    """Each change of a demo was declared the day before it started; what is declared already stays."""
    known = {declared.change.id for declared in store.changes.all()}
    for change in plan.changes:
        if change.id not in known:
            actions.declare(store, change, now=change.starts - timedelta(days=1), origin="yaml")


def relive(plan: Plan, store: Store, *, now: datetime) -> None:
    """Judges the day on which the cut was first told of, and lays the answers on theirs; what is there stays.

    Needs the figures; does nothing at a demo that has none of these changes, or was judged before.
    """
    starts = {d.change.id: d.change.starts for d in store.changes.all()}
    if WEEKEND_PHONE.id in starts and not store.verdicts.all_latest():
        then = starts[WEEKEND_PHONE.id] + timedelta(days=LOOKED_AFTER, hours=6)
        if then < now:
            told = [id_ for id_ in (WEEKEND_PHONE.id, FEWER_VANS.id) if id_ in starts]
            judge(plan, store, now=then, changes=told, depth=Depth.TOLD)
    said = {r.subject for r in store.changes.responses()}
    for one in ANSWERS:
        at = starts[one.subject] + timedelta(days=one.after, hours=9) if one.subject in starts else now
        if at < now and one.subject not in said:
            response = Response(
                subject=one.subject, decision=one.decision, by=one.by, owner=one.owner, why=one.why, at=at,
                due=starts[one.subject] + timedelta(days=one.due_after),
            )  # fmt: skip
            actions.respond(store, response)


def ask_early(plan: Plan, store: Store, *, now: datetime) -> None:
    """Keeps which early figures ran ahead of churn, for the board; does nothing at a demo that does not count it."""
    if LATE in plan.metrics:
        store.catalogue.keep_leading(leading(plan, store, late=LATE, dimension=None, now=now))
