"""judge: estimates what each declared change did to each watched metric and keeps the verdicts and the bands.

Metrics are the outer loop, because reading a metric's figures costs the most and every change on it uses the same ones.
What goes wrong with one metric is that metric's reason to wait; the others are judged all the same.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import partial
from itertools import islice
from typing import Self

from cxmon import decisions
from cxmon.config.plan import Plan
from cxmon.decisions import Share
from cxmon.decisions.disclosure import Cover
from cxmon.decisions.maturity import ripened
from cxmon.model import (
    EVERYONE,
    RED,
    Change,
    Code,
    Decision,
    Declared,
    Ending,
    Figure,
    Harm,
    LeftOut,
    Metric,
    Price,
    Segment,
    Status,
    Verdict,
)
from cxmon.panel import Panel
from cxmon.pipeline import covering
from cxmon.pipeline.estimating import Asking, each_step, one_by_one, settled, side_by_side
from cxmon.pipeline.judge_allowance import Everyone, spend
from cxmon.pipeline.judge_bands import bands, broken, redefined, steps
from cxmon.pipeline.judge_evidence import Evidence, failed, inquiry
from cxmon.pipeline.judge_price import PRICED, counted, priced, unwatched, wanted
from cxmon.pipeline.judge_response import responded, unasked
from cxmon.pipeline.judge_staged import staged_inquiry
from cxmon.pipeline.judge_telling import in_words, keep
from cxmon.pipeline.judge_versions import kept_first
from cxmon.pipeline.register import register
from cxmon.store import Overlay, Store

LOG = logging.getLogger("cxmon.judge")


class Depth(Enum):
    """How deep a look goes. What is told, and every word of it but the number of the version, is the same.

    WHOLE: everything. EVERYONE: of the bands of metrics those of everyone alone, for those who say how far figures go.
    FIGURES: no bands, for those who draw none. TOLD: of a verdict that nobody is told of only what its code rests on,
    so that a grade that turned by itself makes no version.
    """

    WHOLE = "whole"
    EVERYONE = "everyone"
    FIGURES = "figures"
    TOLD = "told"


_DRAWN: Mapping[Depth, Sequence[Segment] | None] = {Depth.WHOLE: None, Depth.EVERYONE: (EVERYONE,)}

Progress = Callable[[str, int, int], None]
Known = Mapping[str, list[Evidence]]


def judge(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    changes: Sequence[str] | None = None,
    progress: Progress | None = None,
    depth: Depth = Depth.WHOLE,
    known: Known | None = None,
    everyone: Everyone | None = None,
) -> list[Verdict]:
    """Judges every live change that has begun by `now` (or those named in `changes`) and returns the verdicts.

    Figures are taken as they were known at `now`. A verdict gets a new version where it is news, else the stored one is
    refreshed; bands of every metric and shown segment are stored beside. Verdicts for a moment before the newest one
    judged are returned and not stored. `progress(metric_id, done, total)` is called before each metric. `known` is what
    `figures` says of the same changes at the same moment and depth, and `everyone` what `to_everyone` does of the
    allowances, where somebody has asked before.
    """
    register(plan, store, now=now)
    begun, asked = _ask(plan, store, now, changes, depth)
    found = {**(_about([Look.at(asked, begun)], progress)[0] if known is None else known)}
    history = {d.change.id: [v for v in store.verdicts.history(d.change.id) if v.as_of <= now] for d in begun}
    stands = {d.change.id: _stands(plan, d, found[d.change.id], history[d.change.id], now) for d in begun}
    if depth is Depth.TOLD:
        told = [d for d in begun if _told(history[d.change.id], stands[d.change.id])]
        found |= _about([Look.at(replace(asked, brief=False), told)])[0]
        stands |= {d.change.id: _stands(plan, d, found[d.change.id], history[d.change.id], now) for d in told}
    titles = {d.change.id: d.change.title for d in store.changes.all() if d.change.status is Status.LIVE}
    # A decision's message says how its fixes stand, so these are judged first.
    order = sorted(begun, key=lambda d: d.change.responds_to is None)
    judged = {d.change.id: _kept(asked, d, stands[d.change.id], history[d.change.id], titles) for d in order}
    verdicts = [judged[d.change.id] for d in begun]
    if changes is None:
        newest = {v.change: v for v in verdicts}
        spend(plan, store, newest, now=now, brief=depth is Depth.TOLD, everyone=everyone)
    return verdicts


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is asked at one moment of the changes that have begun, and what was `found` of each by its id."""

    asked: "_Asked"
    begun: Sequence[Declared]
    found: dict[str, list[Evidence]]

    @classmethod
    def at(cls, asked: "_Asked", begun: Sequence[Declared]) -> Self:
        """A look that has found nothing yet."""
        return cls(asked=asked, begun=begun, found={d.change.id: [] for d in begun})


def look(plan: Plan, store: Store, *, now: datetime, depth: Depth) -> Look:
    """The look at `now`. An overlay has to stand at that moment, and may be moved on after."""
    begun, asked = _ask(plan, store, now, None, depth)
    if not isinstance(store, Overlay):
        return Look.at(asked, begun)
    return Look.at(replace(asked, figures=store.standing(brief=asked.brief).panel), begun)


def figures(looks: Sequence[Look]) -> list[Known]:
    """The evidence on every live change that has begun by each look, by its id: it rests on what was known by then and
    never on what was said of it. Looks are in the order of their moments."""
    return _about(looks)


def _ask(
    plan: Plan, store: Store, now: datetime, changes: Sequence[str] | None, depth: Depth
) -> "tuple[list[Declared], _Asked]":
    """The changes that have begun, and the look at them."""
    declared = [d for d in store.changes.all() if d.change.status is Status.LIVE]
    begun = [d for d in declared if d.change.starts <= now and (changes is None or d.change.id in changes)]
    watched = {d.change.id: decisions.watched(d.change, plan.metrics) for d in begun}
    return begun, _Asked(
        plan=plan,
        store=store,
        figures=partial(store.panel, as_known_at=now),
        live=[part for d in declared for part in d.change.parts()],
        shares={d.change.id: decisions.shares(watched[d.change.id], d.change.weights) for d in begun},
        now=now,
        drawn=_DRAWN.get(depth, ()),
        brief=depth is Depth.TOLD,
        one_offs=_one_offs(plan, store, now),
    )


def _one_offs(plan: Plan, store: Store, now: datetime) -> dict[str, tuple[LeftOut, ...]]:
    found = store.left_out.all(known_at=now)
    return {id_: tuple(one for one in found if one.metric == id_) for id_ in plan.metrics}


def _about(looks: Sequence[Look], progress: Progress | None = None) -> list[Known]:
    """The evidence on each look's changes by their id, in the order of the plan's metrics."""
    plan = looks[0].asked.plan
    for done, metric in enumerate(plan.metrics.values()):
        if progress is not None:
            progress(metric.id, done, len(plan.metrics))
        _on_metric(metric, looks)
    if progress is not None:
        progress("verdicts", len(plan.metrics), len(plan.metrics))
    return [one.found for one in looks]


def _on_metric(metric: Metric, looks: Sequence[Look]) -> None:
    """Adds the evidence on one metric; what its changes and the looks ask alike is answered together."""
    opened = [look.asked.opened(metric, look.begun, look.found) for look in looks]
    works = [
        # What the looks share is one memory, which stands at one moment.
        each_step(work, partial(look.asked.stand, metric)) if len(looks) > 1 else work
        for look, one in zip(looks, opened, strict=True)
        for work in one.works
    ]
    answers = iter(side_by_side(works))
    for look, one in zip(looks, opened, strict=True):
        known = list(islice(answers, len(one.works)))
        for change, evidence in zip(one.changes, known, strict=True):
            look.found[change.id].append(evidence)
        if look.asked.drawn != ():
            look.asked.draw(metric, one, known)


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """A metric with the changes that ask about it, and the work on each; without figures, what went wrong."""

    changes: Sequence[Change]
    works: Sequence[Asking[Evidence]]
    leaves: Panel | None = None
    cover: Cover | None = None


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One look: what is known of all changes at `now`, and how deep it goes; `figures` are those known by then."""

    plan: Plan
    store: Store
    figures: Callable[[Metric], Panel]
    live: Sequence[Change]
    shares: Mapping[str, Mapping[str, Share]]
    now: datetime
    # The segments of which bands are stored: none, or all that are shown.
    drawn: Sequence[Segment] | None
    brief: bool
    one_offs: Mapping[str, tuple[LeftOut, ...]] = field(default_factory=dict)

    def asks(self, change: Change, metric: Metric) -> bool:
        """Whether a change watches the metric, or is priced by it."""
        priced = self._prices(change) and wanted(self.plan.money, change, metric)
        return priced or metric.id in self.shares[change.id]

    def _prices(self, change: Change) -> bool:
        """Whether this look asks what the change costs: a brief one does on the days on which that may be news."""
        return not self.brief or decisions.price_day(change, self.now)

    def _sure(self, found: Mapping[str, Sequence[Evidence]], change: Change, metric: Metric) -> bool:
        """Whether the metric can change neither the code any more, since nothing is graver than harmed, nor a price."""
        harmed = any(k.harm.code is Code.HARMED for k in found[change.id])
        return self.brief and harmed and not (self._prices(change) and wanted(self.plan.money, change, metric))

    def opened(
        self, metric: Metric, begun: Sequence[Declared], found: Mapping[str, Sequence[Evidence]]
    ) -> _Opened:  # fmt: skip
        """The work on each of the changes that ask about the metric, after what was `found` of the metrics before."""
        # What a year's allowance counts is needed whatever the code is.
        spent = metric.id in self.plan.allowance.amounts
        changes = [
            d.change
            for d in begun
            if self.asks(d.change, metric) and (spent or not self._sure(found, d.change, metric))
        ]
        if not changes and self.drawn == ():
            return _Opened(changes=(), works=())
        try:
            leaves = ripened(self._leaves(metric))
            cover = self._cover(changes, leaves)
            sent = self._sent(metric) if changes else None
        except Exception as error:  # noqa: BLE001 - one bad metric stops no other; its reason is told.
            LOG.warning("judge metric=%s error=%s", metric.id, error)
            watching = [c for c in changes if metric.id in self.shares[c.id]]
            known = [failed(metric, c, error, self.shares[c.id][metric.id]) for c in watching]
            return _Opened(changes=watching, works=[settled(one) for one in known])
        works = [self.judging(change, leaves, sent, cover) for change in changes]
        return _Opened(changes=changes, works=works, leaves=leaves, cover=cover)

    def draw(self, metric: Metric, opened: _Opened, found: Sequence[Evidence]) -> None:
        """Stores the metric's bands, and those of each of its changes."""
        store, now, leaves, cover = self.store, self.now, opened.leaves, opened.cover
        if leaves is None or cover is None:
            return
        drawn = [
            broken(known.band, decisions.breaks(self.live, metric, decisions.scope_of(change, metric), now))
            for change, known in zip(opened.changes, found, strict=True)
            if known.band is not None
        ]
        try:
            accepted = [i for i in store.incidents.recent(1000) if i.ending is Ending.ACCEPTED]
            pairs = zip(opened.changes, found, strict=True)
            red = {c.id for c, known in pairs if known.harm.code in RED and not known.beside}
            harmful = {c for c in red if not _answered(store, c)}
            drawn += bands(leaves, steps(self.live, accepted, metric, now, harmful), now=now,
                           one_offs=leaves.left_out, segments=self.drawn)  # fmt: skip
            if (at := store.observations.redefined(metric)) is not None:
                drawn = [redefined(band, at) for band in drawn]
            store.bands.renew(metric.id, covering.bands(drawn, cover))
        except Exception as error:  # noqa: BLE001 - verdicts do not depend on what is drawn.
            LOG.warning("bands metric=%s error=%s", metric.id, error)

    def _cover(self, changes: Sequence[Change], leaves: Panel) -> Cover:
        """How finely the figures of a metric are shown, those of what each change touches too."""
        return covering.of_leaves(leaves, covering.touched(changes, leaves), self.now, self.plan.minimum_cell)

    def judging(
        self, change: Change, leaves: Panel, sent: Panel | None, shown: Cover | None = None
    ) -> Asking[Evidence]:  # fmt: skip
        """The evidence on one change; `sent` counts who was asked, where the metric is a survey, and `shown` is how
        finely its figures are shown."""
        share, money = self.shares[change.id].get(leaves.metric.id, PRICED), self.plan.money
        try:
            if money is not None and leaves.metric.id not in self.shares[change.id]:
                return (yield from unwatched(change, self.live, leaves, money, now=self.now))
            if change.stages:
                found = yield from staged_inquiry(change, self.live, leaves, share, now=self.now, brief=self.brief)
            else:
                found = yield from inquiry(change, self.live, leaves, share, now=self.now, brief=self.brief)
            if sent is not None:
                found = yield from responded(found, change, self.live, leaves, sent, now=self.now)
            elif leaves.metric.unasked:
                found = unasked(found)
            found = covering.evidence(found, change, leaves, shown or self._cover([change], leaves))
            if not self._prices(change):
                return found
            return (yield from counted(found, change, self.live, leaves, share, money, now=self.now))
        except Exception as error:  # noqa: BLE001 - one bad metric stops no other; its reason is told.
            LOG.warning("judge change=%s metric=%s error=%s", change.id, leaves.metric.id, error)
            known = failed(leaves.metric, change, error, share)
            return replace(known, beside=leaves.metric.id not in self.shares[change.id])

    def again(self, change: Change, told: Figure, at: datetime) -> Harm:
        """One metric over the window that was judged at `at`, had the figures been known that are known now."""
        metric = self.plan.metrics[told.metric]
        # Whatever is learnt of waits by now: the days of then are asked for, and `read_at` ends them.
        leaves, sent = self._leaves(metric), self._sent(metric)
        wait = max(metric.matures_after, metric.settle)
        read_at = at if told.window_end is None else min(at, told.window_end + wait)
        then = replace(leaves, read_at=read_at, arrived=None)
        return one_by_one(replace(self, now=at, brief=True).judging(change, then, sent)).harm

    def stand(self, metric: Metric) -> None:
        """Whatever is known of a metric, and of who was asked for it, is what was known at this look."""
        self.figures(metric)
        self._sent(metric)

    def _leaves(self, metric: Metric) -> Panel:
        """The figures of a metric, with what people had left out of it by now."""
        return replace(self.figures(metric), left_out=self.one_offs.get(metric.id, ()))

    def _sent(self, metric: Metric) -> Panel | None:
        """The figures of the metric that counts who was asked, of a survey."""
        survey = self.plan.metrics.get(metric.response_of)
        return None if survey is None else self.figures(survey)


def _stands(
    plan: Plan, declared: Declared, known: Sequence[Evidence], history: Sequence[Verdict], now: datetime
) -> Verdict:  # fmt: skip
    """The verdict with its price, still without words."""
    price = priced(plan, declared, known, now)
    return assembled(declared.change, known, now=now, history=history, price=price)


def _told(history: Sequence[Verdict], verdict: Verdict) -> bool:
    """Whether people would hear of a verdict: its code and its price alone say so."""
    return decisions.telling(decisions.last_told(list(history)), verdict).told


def _answered(store: Store, change: str) -> bool:
    """Whether somebody decided to live with what a change did: then its level is the new normal."""
    return any(r.decision in {Decision.KEEP, Decision.ACCEPT} for r in store.changes.responses(change))


def assembled(
    change: Change, known: Sequence[Evidence], *, now: datetime, history: Sequence[Verdict] = (),
    price: Price | None = None,
) -> Verdict:  # fmt: skip
    """The verdict on one change from what is known of each of its metrics and its price, still without words."""
    known = [k for k in known if not k.beside]
    return decisions.judge(
        change,
        [k.harm for k in known],
        now=now,
        aims=[k.aim for k in known if k.aim is not None],
        splits=[k.split for k in known if k.split is not None],
        unsplit={k.harm.metric: k.unsplit.value for k in known if k.unsplit is not None},
        # What took the harm away since has taken its place away too.
        where=[k.where for k in known if k.where is not None and k.harm.code in RED],
        history=history,
        price=price,
    )


def _kept(
    asked: _Asked, declared: Declared, verdict: Verdict, history: Sequence[Verdict], titles: Mapping[str, str]
) -> Verdict:  # fmt: skip
    """The verdict in words, kept and told after those of its `history`."""
    plan, store, now = asked.plan, asked.store, asked.now
    verdict = in_words(verdict, declared, plan.metrics, plan.zone, titles)
    told = not asked.brief or _told(history, verdict)
    again = partial(asked.again, declared.change) if told else None
    verdict = kept_first(verdict, declared, history, asked.live, plan.metrics, again)
    if not keep(plan, store, declared, verdict, history, now=now):
        LOG.info("judge change=%s not stored: judged for a later moment already", declared.change.id)
    return verdict
