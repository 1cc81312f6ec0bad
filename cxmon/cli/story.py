"""The story in the terminal: what was decided, what came of it, what is open, how old the data are."""

from datetime import datetime

from cxmon import wording
from cxmon.cli.common import say, wrapped
from cxmon.config.plan import Plan
from cxmon.model import CHANGES, EVERYONE, GRAVITY, AllowanceUse, Change, Declared, Incident, State, Verdict
from cxmon.store import Store
from cxmon.wording.targets import told as told_targets

NONE_OPEN = "No incident is open."
NONE_JUDGED = "No declared change has been judged yet."


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


def decided(store: Store) -> tuple[list[tuple[Verdict, Declared]], str]:
    """(the judged decisions, the gravest first; what is still a draft, in words or empty)."""
    declared = {d.change.id: d for d in store.changes.all()}
    judged = sorted(
        ((v, declared[v.change]) for v in store.verdicts.all_latest().values() if v.change in declared),
        key=lambda pair: (GRAVITY.index(pair[0].code), pair[1].change.starts),
    )
    return judged, wording.drafts_standing(list(declared.values()))


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


def uses(plan: Plan, store: Store) -> list[AllowanceUse]:
    return [use for m, use in store.allowances.latest().items() if m in plan.allowance.amounts]


def allowed(plan: Plan, use: AllowanceUse) -> str:
    """The answer for one metric, with its code."""
    return f"{wording.allowance_headline(use, plan.metrics[use.metric], plan.zone)} ({use.code})"


def answered(plan: Plan, store: Store, change: Change, now: datetime) -> list[str]:
    """What was decided about it, which fix answers it, and what it answers itself."""
    known, verdicts = [d.change for d in store.changes.all()], store.verdicts.all_latest()
    said = wording.answers(
        change.id, store.changes.responses(change.id), known, now=now, ended=change.ends, zone=plan.zone
    )
    fixes = wording.fixes(change.id, known, verdicts, now=now, zone=plan.zone)
    return [line for line in (wording.answers_to(change, known, verdicts), *said, *fixes) if line]


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


def lasting(plan: Plan, store: Store, incident: Incident) -> str:
    """`CSAT, phone · eu (watch), since 5 Oct, open`."""
    since = wording.day(incident.since or incident.opened_at, plan.zone)
    return f"{title(incident, store)}, since {since}, {incident.state}"


def title(incident: Incident, store: Store) -> str:
    """`CSAT, phone · eu (watch)` or the title of the change."""
    if incident.check == "verdict":
        declared = store.changes.get(incident.subject)
        return f"{declared.change.title if declared else incident.subject} (verdict)"
    catalogue = store.catalogue.load()
    labels = {m.id: m.label for m in catalogue.metrics} if catalogue else {}
    where = f", {incident.root.label}" if incident.root != EVERYONE else ""
    more = wording.more_segments(len(incident.members) - 1)
    return f"{labels.get(incident.subject, incident.subject)}{where}{more} ({incident.check})"


def _data(store: Store) -> None:
    say()
    for line in data(store):
        wrapped(line, "  ")


def data(store: Store) -> list[str]:
    """What could not be collected, and how much was."""
    runs = store.runs.latest()
    failed = [f"{r.metric} ({r.error})" for r in runs.values() if not r.ok]
    aside = sum(r.rejected for r in runs.values())
    lost = [f"Not collected: {'; '.join(failed)}"] if failed else []
    feeds = [pulls[-1] for (_, part), pulls in sorted(store.pulls.lately().items()) if part == CHANGES]
    unread = [f"{p.source} ({p.error})" for p in feeds if not p.ok]
    lost += [f"Changes not imported: {'; '.join(unread)}"] if unread else []
    held = sorted({r.source for r in runs.values() if r.held})
    back = [f"Held back: {', '.join(held)} brought far fewer data than usual (`cxmon sources health`)"] if held else []
    return [*lost, *back, f"Data: {len(runs)} metrics collected, {aside:,} rows set aside in the last runs."]
