"""How much of a year's harm allowance the decisions have used: read after the verdicts, from the verdicts."""

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np

from cxmon import decisions
from cxmon.config.plan import Plan
from cxmon.decisions import allowance as rules
from cxmon.decisions.allowance import Terms
from cxmon.decisions.span import LONG_PAST
from cxmon.model import (
    AllowanceCode,
    AllowanceUse,
    Altogether,
    Amount,
    Baseline,
    Category,
    Change,
    Harm,
    Metric,
    Segment,
    Verdict,
    Window,
)
from cxmon.panel import Panel
from cxmon.pipeline import allowance_reading as reading
from cxmon.pipeline.allowance_telling import tell
from cxmon.pipeline.estimating import Asking, begun, one_by_one
from cxmon.store import Store

LOG = logging.getLogger("cxmon.allowance")

# By the metric.
Everyone = Mapping[str, Altogether | None]

# The answers of so long tell which share of them a decision touches.
RECENT = timedelta(days=28)


def spend(
    plan: Plan,
    store: Store,
    verdicts: Mapping[str, Verdict],
    *,
    now: datetime,
    brief: bool = False,
    everyone: Everyone | None = None,
) -> list[AllowanceUse]:
    """How much of each metric's allowance is used by `now`, kept in the store and told where it is exceeded.

    `verdicts` are the newest of each change. `brief` leaves out what happened to everyone where it does not touch the
    code; `everyone` is what `to_everyone` came to at the same moment, where somebody has asked before. What goes wrong
    with one metric is logged and stops no other.
    """
    titles = {d.change.id: d.change.title for d in store.changes.all()}
    found = []
    for one in _years(plan, store, now):
        try:
            use = one.use(verdicts, brief=brief, known=(everyone or {}).get(one.metric.id))
            if use is None:
                continue
            store.allowances.put(use)
            tell(plan, store, use, one.metric, titles, now=now)
        except Exception as error:  # noqa: BLE001 - one bad metric stops no other.
            LOG.warning("allowance metric=%s error=%s", one.metric.id, error)
            continue
        found.append(use)
    return found


def to_everyone(plan: Plan, store: Store, *, now: datetime) -> dict[str, Asking[Altogether | None]]:
    """What happened to everyone in each metric that has an allowance, as known at `now`, up to its question: a store
    may be moved on after. None of one that cannot be asked. It freezes a year's baseline, as `spend` does."""
    return {one.metric.id: begun(_guarded(one)) for one in _years(plan, store, now)}


def _guarded(one: "_Year") -> Asking[Altogether | None]:
    try:
        found = yield from one.asking()
    except Exception as error:  # noqa: BLE001 - who spends asks again, and tells of it.
        LOG.debug("allowance metric=%s error=%s", one.metric.id, error)
        return None
    return found


def _years(plan: Plan, store: Store, now: datetime) -> Iterator["_Year"]:
    for metric_id, amount in plan.allowance.amounts.items():
        metric = plan.metrics[metric_id]
        year, ends = rules.year_of(now, metric.zone, plan.allowance.month, plan.allowance.day)
        yield _Year(store=store, metric=metric, amount=amount, year=year, ends=ends, now=now)


@dataclass(frozen=True, kw_only=True)
class _Year:
    """One metric in one year, as of `now`."""

    store: Store
    metric: Metric
    amount: Amount
    year: datetime
    ends: datetime
    now: datetime

    def use(
        self, verdicts: Mapping[str, Verdict], *, brief: bool, known: Altogether | None
    ) -> AllowanceUse | None:  # fmt: skip
        """None where nothing is known of the metric. `known`: what happened to everyone, where it was asked before."""
        terms = self.terms
        if terms is None or not math.isfinite(terms.limit):
            return None
        counted = {c.id: c for c in rules.counted(self.changes, self.year, self.now)}
        harms = {id_: harm for id_ in counted if id_ in verdicts and (harm := self._harm(verdicts[id_])) is not None}
        # A decision on other customers than those of this metric has no part in what is allowed here.
        changes = {
            id_: c for id_, c in counted.items() if id_ in harms or decisions.reaches(c, self.metric, self.volumes)
        }
        parts = [
            rules.carried(c, harms.get(c.id), self._share(c), terms, compared=self._compared(harms.get(c.id)))
            for c in changes.values()
        ]
        total = rules.summed(parts, harms, changes, terms)
        code = rules.allowance_code(total, terms.limit)
        decides = self.frozen is not None and reading.decides(self.metric, self.frozen)
        needed = not brief or (parts and code is AllowanceCode.OPEN and decides)
        everyone = (known or one_by_one(self.asking())) if needed else _unread()
        code, by = rules.settled(total, parts, everyone, terms.limit)
        unexplained = decisions.NOTHING
        if everyone.since is not None and everyone.until is not None:
            thin = rules.thinned(parts, changes, everyone.since, everyone.until)
            unexplained = rules.left_over(everyone.harm, rules.summed(thin, harms, changes, terms))
        return AllowanceUse(
            metric=self.metric.id, year=self.year, ends=self.ends, as_of=self.now, code=code, by=by, unit=terms.unit,
            limit=terms.limit, summed=total, altogether=everyone, unexplained=unexplained,
            carried=tuple(parts),
        )  # fmt: skip

    @cached_property
    def changes(self) -> list[Change]:
        return [d.change for d in self.store.changes.all()]

    @cached_property
    def frozen(self) -> Baseline | None:
        """The year's baseline: kept since it was frozen, else as known at the year's start, else, where the store began
        later, as known now, and from now on it stays."""
        kept = self.store.allowances.baseline(self.metric.id, self.year, self.metric.definition_hash)
        if kept is not None:
            return kept
        for at in (self.year, self.now):
            before = self.store.everyone(self.metric, Window(self.year - LONG_PAST, self.year), at)
            found = reading.baseline_of(before, self.year, at) if len(before.starts) else None
            if found is not None:
                self.store.allowances.freeze(found)
                return found
        return None

    @cached_property
    def current(self) -> Panel:
        return self.store.everyone(self.metric, Window(self.year, self.now), self.now)

    @cached_property
    def terms(self) -> Terms | None:
        """In what is counted. Without figures before the year those of its newest weeks tell the level."""
        if self.frozen is not None:
            return reading.terms_of(self.metric, self.amount, self.frozen.starts, self.frozen.values)
        mature = self.current.mature(self.now)
        if not mature.any():
            return None
        starts, values = self.current.starts[mature], self.current.judged().values[0, mature]
        return reading.terms_of(self.metric, self.amount, starts, values) if np.isfinite(values).any() else None

    @cached_property
    def volumes(self) -> dict[Segment, float]:
        """What each leaf's newest complete weeks stand on."""
        until = self.now - max(self.metric.matures_after, self.metric.settle)
        return self.store.volumes(self.metric, Window(until - RECENT, until), as_known_at=self.now)

    def _share(self, change: Change) -> float:
        whole = math.fsum(self.volumes.values())

        def volume(part: Change) -> float:
            scope = decisions.scope_of(part, self.metric)
            inside = math.fsum(v for leaf, v in self.volumes.items() if scope.touches(leaf))
            return inside / whole if whole else 0.0

        return rules.share_of(change, self.metric, self.now, volume)

    def _compared(self, harm: Harm | None) -> float:
        """The share of the answers in the untouched segments of a harm, which it knows by their labels."""
        named = [set(label.split(" · ")) for label in harm.controls] if harm is not None else []
        whole = math.fsum(self.volumes.values())
        inside = (v for leaf, v in self.volumes.items() if any(one <= {x for _, x in leaf.items} for one in named))
        return math.fsum(inside) / whole if whole else 0.0

    def _harm(self, verdict: Verdict) -> Harm | None:
        return next((harm for harm in verdict.harms if harm.metric == self.metric.id), None)

    def asking(self) -> Asking[Altogether]:
        """What happened to everyone in this year."""
        if self.frozen is None:
            return _unread("no figures from before the year to compare with")
        surveys = [
            c.title
            for c in self.changes
            if c.category is Category.MEASUREMENT
            and self.year <= c.starts <= self.now
            and decisions.concerns(c, self.metric)
        ]
        survey = f"{surveys[0]} changed the measurement this year" if surveys else ""
        found = yield from reading.altogether(
            self.metric, self.amount, self.frozen, self.current, survey=survey, now=self.now
        )
        return found


def _unread(reason: str = "") -> Altogether:
    return Altogether(harm=decisions.NOTHING, code=AllowanceCode.OPEN, decides=False, reason=reason)
