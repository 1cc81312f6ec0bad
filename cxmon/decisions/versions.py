"""Why a verdict says something else than before: named reasons from the history of its versions. Pure.

What tells late answers from later days is the window of the newest look of the version before, judged again with what
is known now (`FirstSaid.recalled`): where that alone says what the new version says, the earlier days were revised;
where it says what was said before, the later days turned it. Days that were added count from when that version was
first said.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from cxmon.model import Cause, Change, Code, Declared, Figure, FirstSaid, Harm, Metric, Reason, Turn, Verdict, Version

# What a verdict rests on besides the figures and the declaration; each as its owner would read it.
SETTINGS = ("kind", "grain", "zone", "quantiles", "matures_after", "min_n", "by", "holidays")
# Reasons that lie outside the figures: they come before "more days" where both are there.
_OUTSIDE = frozenset(
    {Cause.EDITED, Cause.OTHER_CHANGE, Cause.MEASUREMENT, Cause.STAGE, Cause.SETTINGS, Cause.METHOD, Cause.WINDOW}
)


def figure_of(harm: Harm) -> Figure:
    """What is kept of a metric's harm when a version is first said."""
    return Figure(
        metric=harm.metric, code=harm.code.value, unit=harm.unit, low=harm.so_far.low, estimate=harm.so_far.estimate,
        high=harm.so_far.high, actual=harm.actual, answers=harm.answers, n_post=harm.n_post,
        window_start=harm.window_start, window_end=harm.window_end,
    )  # fmt: skip


def first_said(
    verdict: Verdict, declared: Declared, metrics: Mapping[str, Metric], near: Sequence[Change], *, method: str
) -> FirstSaid:
    """The facts of a version at the moment it is first said; `near` are the changes that touch the same customers."""
    return FirstSaid(
        at=verdict.as_of,
        headline=verdict.headline,
        declared=declared.change.declared_hash,
        edits=len(declared.edits),
        near=tuple(sorted({other.id for other in near})),
        settings={h.metric: settings_of(metrics[h.metric]) for h in verdict.harms if h.metric in metrics},
        method=method,
        figures=newest(verdict),
    )


def settings_of(metric: Metric) -> dict[str, str]:
    """The settings of a metric that its verdicts rest on, as text."""
    found = {name: _written(getattr(metric, name)) for name in SETTINGS}
    return found | {"matters": metric.matters.text, "definition": metric.definition_hash}


def _written(value: object) -> str:
    return f"{value / timedelta(days=1):g}d" if isinstance(value, timedelta) else str(value)


def said(verdict: Verdict) -> FirstSaid:
    """What is known of when a version was first said; of verdicts from before that was kept, its newest look."""
    if verdict.first is not None:
        return verdict.first
    return FirstSaid(at=verdict.as_of, headline=verdict.headline, figures=newest(verdict))


def newest(verdict: Verdict) -> tuple[Figure, ...]:
    """The figures of a version's newest look."""
    return tuple(figure_of(harm) for harm in verdict.harms)


def turned(before: Verdict, after: Verdict) -> tuple[str, ...]:
    """The metrics that a new version is about: those whose code turned, else those that left the range that was told,
    else none."""
    was = {figure.metric: figure for figure in newest(before)}
    both = [(was[h.metric], h) for h in after.harms if h.metric in was]
    codes = tuple(h.metric for old, h in both if old.code != h.code)
    return codes or tuple(h.metric for old, h in both if _outside(old, h))


def versions(history: Sequence[Verdict], edits: Sequence[str] = ()) -> tuple[Version, ...]:
    """Each version of a verdict (oldest first) with what was said before and why it changed.

    `edits` are the lines of the declaration's edits, oldest first.
    """
    return tuple(_version(before, after, edits) for before, after in pairwise([None, *history]) if after is not None)


def _version(before: Verdict | None, after: Verdict, edits: Sequence[str]) -> Version:
    then = None if before is None else said(before)
    return Version(
        number=after.version,
        said_from=said(after).at,
        said_to=after.as_of,
        code=after.code.value,
        grade=after.grade.value,
        headline=said(after).headline or after.headline,
        before=before.code.value if before is not None else "",
        before_headline=then.headline if then is not None else "",
        reasons=(Reason(cause=Cause.FIRST),) if before is None else reasons(before, after, edits),
        turned=() if before is None else _turns(before, after),
    )


def _turns(before: Verdict, after: Verdict) -> tuple[Turn, ...]:
    was, now = ({harm.metric: harm for harm in one.harms} for one in (before, after))
    return tuple(
        Turn(
            metric=m, before=was[m].code.value, after=now[m].code.value,
            within=(was[m].so_far.high <= was[m].limit, now[m].so_far.high <= now[m].limit),
        )
        for m in turned(before, after)
    )  # fmt: skip


def reasons(before: Verdict, after: Verdict, edits: Sequence[str] = ()) -> tuple[Reason, ...]:
    """Why `after` says something else than the version `before` it: decisive reasons first."""
    then, now = said(before), said(after)
    outside = [*_declared(then, now, edits), *_other_changes(then, before, now, after), *_set(then, now)]
    outside += _watched(then, now)
    found: list[Reason] = list(outside)
    for metric in turned(before, after):
        found += _of_metric(metric, before, after, free=not any(r.cause in _OUTSIDE for r in outside))
    if not found:
        found = [r for h in after.harms for r in _evidence(before, after, h.metric)]
    found += _priced(before, after)
    found = list(dict.fromkeys(found)) or [Reason(cause=Cause.UNRECORDED)]
    return tuple(sorted(found, key=lambda reason: not reason.decisive))


def _of_metric(metric: str, before: Verdict, after: Verdict, *, free: bool) -> list[Reason]:
    """The reasons that one metric's figures give. `free`: nothing else than the figures is known to have changed."""
    then, now = said(before), said(after)
    was = next(f for f in newest(before) if f.metric == metric)
    first = next((f for f in then.figures if f.metric == metric), was)
    harm = next(h for h in after.harms if h.metric == metric)
    here = next((f for f in now.figures if f.metric == metric), figure_of(harm))
    again = next((f for f in now.recalled if f.metric == metric), None)
    found = _evidence(before, after, metric)
    if harm.code is Code.NOT_COMPARABLE and was.code != harm.code:
        return [Reason(cause=Cause.MEASUREMENT, metric=metric, names=(harm.reason,), decisive=True), *found]
    added = here.n_post - first.n_post
    later = Reason(cause=Cause.MORE_DAYS, metric=metric, count=added, until=here.window_end)
    more = [later] if added > 0 else []
    if aside := _left_out(metric, before, after):
        # The window of then is another one without these days, so nothing tells later days from revised ones.
        return [replace(aside, decisive=was.code != here.code and added <= 0), *more, *found]
    if again is None or not _same_window(was, again):
        return [*more, *found]
    late = Reason(
        cause=Cause.REVISED, metric=metric, count=again.answers - was.answers, before=was.actual, after=again.actual,
        until=was.window_end,
    )  # fmt: skip
    if _same(was.answers, again.answers) and _same(was.actual, again.actual):
        # The same days say the same: the later ones turned it, unless something else did.
        return [*(replace(one, decisive=again.code == was.code) for one in more), *found]
    if was.code == here.code:
        return [late, *more, *found]
    alone = again.code == here.code
    return [
        replace(late, decisive=alone and free),
        *(replace(one, decisive=not alone and again.code == was.code) for one in more),
        *found,
    ]


def _evidence(before: Verdict, after: Verdict, metric: str) -> list[Reason]:
    """What changed in how sure one metric's verdict is, and in what is watched of it."""
    was = next((h for h in before.harms if h.metric == metric), None)
    harm = next((h for h in after.harms if h.metric == metric), None)
    if was is None or harm is None:
        return []
    found = []
    if was.disputed != harm.disputed:
        word = "disagrees" if harm.disputed else "agrees"
        found.append(Reason(cause=Cause.OPINION, metric=metric, names=(word,)))
    elif was.grade is not harm.grade:
        found.append(Reason(cause=Cause.COMPARED, metric=metric, names=(was.grade.value, harm.grade.value)))
    if harm.closed and not was.closed:
        found.append(Reason(cause=Cause.WINDOW, metric=metric, until=harm.window_end))
    begun = {s.scope for s in harm.stages if s.starts <= after.as_of}
    new = begun - {s.scope for s in was.stages if s.starts <= said(before).at}
    if new and was.stages:
        found.append(Reason(cause=Cause.STAGE, names=tuple(sorted(new))))
    return found


def _left_out(metric: str, before: Verdict, after: Verdict) -> Reason | None:
    """Days of a metric that people left out since, or that count again; None where nothing changed."""
    was, now = ({n for h in v.harms if h.metric == metric for n in h.left_out} for v in (before, after))
    return Reason(cause=Cause.LEFT_OUT, metric=metric, names=tuple(sorted(now - was))) if was != now else None


def _declared(then: FirstSaid, now: FirstSaid, edits: Sequence[str]) -> list[Reason]:
    """Edits of the declaration that were taken; those that were only asked for change nothing."""
    if not then.declared or then.declared == now.declared:
        return []
    taken = tuple(line for line in edits[then.edits : now.edits] if "was asked for" not in line)
    return [Reason(cause=Cause.EDITED, names=taken)]


def _other_changes(then: FirstSaid, before: Verdict, now: FirstSaid, after: Verdict) -> list[Reason]:
    """Changes on the same customers that had not begun, or were not declared, when the version before was said."""
    tangled = [{other for h in v.harms for other in h.entangled_with} for v in (before, after)]
    new = set(now.near) - set(then.near) if then.declared else set()
    new |= tangled[1] - tangled[0]
    decisive = bool(tangled[1] - tangled[0])
    return [Reason(cause=Cause.OTHER_CHANGE, names=tuple(sorted(new)), decisive=decisive)] if new else []


def _priced(before: Verdict, after: Verdict) -> list[Reason]:
    """The price turned: alone, or with a metric."""
    if before.price_said is after.price_said or after.price is None:
        return []
    names = (before.price_said or "", after.price_said or "", after.price.grade)
    alone = before.code is after.code and not turned(before, after)
    return [Reason(cause=Cause.PRICE, names=names, decisive=alone)]


def _set(then: FirstSaid, now: FirstSaid) -> list[Reason]:
    """Settings of a metric, or the method itself, that changed in between."""
    found = []
    for metric in sorted(then.settings.keys() & now.settings.keys()):
        old, new = then.settings[metric], now.settings[metric]
        moved = tuple(f"{name}: {old[name]} -> {new[name]}" for name in new if name in old and old[name] != new[name])
        found += [Reason(cause=Cause.SETTINGS, metric=metric, names=moved)] if moved else []
    if then.method and now.method and then.method != now.method:
        found.append(Reason(cause=Cause.METHOD, names=(then.method, now.method)))
    return found


def _watched(then: FirstSaid, now: FirstSaid) -> list[Reason]:
    was, here = ({f.metric for f in one.figures} for one in (then, now))
    came = [Reason(cause=Cause.WATCHED, metric=m, decisive=True) for m in sorted(here - was)]
    return came + [Reason(cause=Cause.UNWATCHED, metric=m, decisive=True) for m in sorted(was - here)]


def _same_window(was: Figure, again: Figure) -> bool:
    then, now = ((one.window_start, one.window_end, one.n_post) for one in (was, again))
    return then == now


def _same(x: float, y: float) -> bool:
    return math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(x) and math.isnan(y))


def _outside(was: Figure, harm: Harm) -> bool:
    x = harm.so_far.estimate
    return was.unit == harm.unit and (x < was.low or x > was.high)
