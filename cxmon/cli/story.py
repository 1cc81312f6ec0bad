"""The story in the terminal: what was decided, what came of it, what is open, how old the data are."""

from datetime import datetime

from cxmon import wording
from cxmon.cli.common import say, wrapped
from cxmon.config.plan import Plan
from cxmon.model import Declared, State, Verdict
from cxmon.pipeline.standing import NONE_JUDGED, NONE_OPEN, allowed, answered, data, decided, lasting, uses
from cxmon.store import Store
from cxmon.wording.targets import told as told_targets


def tell(plan: Plan, store: Store, *, now: datetime) -> None:
    """Print the story as of `now`."""
    say()
    say(f"{plan.title} · as of {wording.stamp(now, plan.zone)}")
    _decisions(plan, store, now)
    _allowances(plan, store)
    _targets(plan, store)
    _incidents(plan, store)
    _data(store)


def _decisions(plan: Plan, store: Store, now: datetime) -> None:
    judged, drafts = decided(store)
    for verdict, change in judged:
        _one(plan, verdict, change)
        for line in answered(plan, store, change.change, now):
            wrapped(line, "    ")
    if drafts:
        say(f"\n  {drafts}")
    if not judged:
        say(f"\n  {NONE_JUDGED}")


def _one(plan: Plan, verdict: Verdict, declared: Declared) -> None:
    change = declared.change
    say()
    facts = [
        str(change.category).replace("_", " "),
        wording.day(change.starts, plan.zone),
        change.reach.label,
        change.owner,
    ]
    if declared.days_late:
        facts.append(f"declared {wording.days(declared.days_late)} late")
    say(f"  {change.title}  ({' · '.join(facts)})")
    for line in verdict.story:
        wrapped(line, "    ")
    if change.saving and verdict.price is None:
        wrapped(wording.saving(change.saving), "    ")


def _allowances(plan: Plan, store: Store) -> None:
    """One line a metric: what all decisions of the year together have used."""
    found = uses(plan, store)
    if found:
        say("\n  Harm allowance of the year (`cxmon allowance` says more):")
    for use in found:
        metric = plan.metrics[use.metric]
        wrapped(f"{allowed(plan, use)}. {wording.used(use, metric, plan.zone)}", "    ")


def _targets(plan: Plan, store: Store) -> None:
    lines = told_targets(store.targets.all(), plan.metrics, plan.zone)
    if lines:
        say("\n  Targets")
    for line in lines:
        wrapped(line, "    ")


def _incidents(plan: Plan, store: Store) -> None:
    found = store.incidents.open()
    say()
    if not found:
        say(f"  {NONE_OPEN}")
        return
    say(f"  Open incidents: {len(found)}")
    for incident in found:
        wrapped(f"- {lasting(plan, store, incident)}", "    ")
        breach = incident.latest if incident.latest and incident.latest.state is State.BREACH else incident.worst
        if breach is not None and incident.check != "verdict":
            wrapped(breach.reason, "      ")
        say(f"      cxmon why {incident.id}")


def _data(store: Store) -> None:
    say()
    for line in data(store):
        wrapped(line, "  ")
