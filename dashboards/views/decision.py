"""One decision in full: what was declared, what is said of it and how sure, its trend, and what was said before."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from cxmon import charts, wording
from cxmon.charts.forest import LEGEND as FOREST
from cxmon.model import Declared, Grade, Harm, Metric, Verdict, written
from cxmon.wording import ledger as ledgers
from cxmon.wording import sizes, terms
from dashboards import allowing, beneath, deciding, drawing, figures, session, telling, trending
from dashboards.folds import fold
from dashboards.frame import opened
from dashboards.links import linked
from dashboards.reading import World
from dashboards.text import badge, grey, md, small

# Two charts stand below each other: what is folded shall begin on the second screen.
LOWER = 290


def harms(world: World, verdict: Verdict) -> None:
    """One line a watched metric, gravest first; of a roll-out each stage below it."""
    titles = {key: d.change.title for key, d in world.declared.items()}
    told = wording.remarks_on_all(verdict.harms)
    with st.grid(1, border=True, gap=6, key="harms"):
        for harm in wording.by_gravity(verdict.harms):
            metric = world.metrics[harm.metric]
            words, tone, shape = wording.screen(harm, titles=titles)
            cells = st.columns([16, 18, 36, 34], gap="small")
            cells[0].markdown(f"**{md(metric.label)}**  \n:gray[:small[{md(harm.scope)}]]")
            cells[1].markdown(badge(words, tone, shape), help=md(terms.of(words)) or None)
            stages = wording.staged(harm, metric, verdict.as_of, world.zone, titles, codes=False)
            below = [_seen(harm, world), *stages]
            small = "".join(f"  \n:gray[:small[{md(line.strip())}]]" for line in below)
            cells[2].markdown(md(ledgers.harm_words(harm, world.metrics)) + small, help=md(_meant(metric)))
            grade = wording.grade(harm)
            rests = _beside(harm, metric, told)
            meant = " ".join(filter(None, (terms.of(grade), terms.within(rests))))
            cells[3].markdown(f"{md(grade)}  \n:gray[:small[{md(rests)}]]", help=md(meant) or None)
    if short := wording.short_past(verdict.harms):
        st.markdown(grey(md(short)))


def _meant(metric: Metric) -> str:
    """What the figure is, and what the words beside it mean."""
    defined = f"{metric.label}: {metric.definition.rstrip('.')}." if metric.definition else ""
    return " ".join(filter(None, (defined, terms.RANGE, terms.LIMIT, terms.EXPECTED, terms.N)))


def _beside(harm: Harm, metric: Metric, told: Sequence[str]) -> str:
    """Whom it was compared with and who was set aside, what the second opinions say where they agree, who still
    answers, and what else it rests on that is not `told` of all metrics alike."""
    # Segments that are not known to move alike were no comparison, whatever they lent the range.
    witnesses = harm.controls if harm.disputed or harm.grade is Grade.CONTROLLED else ()
    compared = f"with {_some(witnesses)}" if witnesses else ""
    agreed = "" if harm.disputed else wording.seconded(harm.opinions)
    rests = [remark for remark in wording.remarks(harm) if remark not in told]
    rate = wording.responded(harm, metric)
    return "; ".join(part for part in (compared, wording.set_aside(harm.controls_moved), agreed, rate, *rests) if part)


def _behind(harm: Harm, world: World) -> str:
    """How many stand behind the harm that the chart shows, and of a survey who answered: the figures of its line
    above."""
    metric = world.metrics[harm.metric]
    told = f"{wording.window_text(harm, world.zone)}: n {written(harm.answers)}"
    return "; ".join(filter(None, (f"{told[:1].upper()}{told[1:]}", wording.responded(harm, metric))))


def _some(names: tuple[str, ...], most: int = 3) -> str:
    """The first names and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _seen(harm: Harm, world: World) -> str:
    metric = world.metrics[harm.metric]
    seen, expected = wording.instead(metric, harm.actual, harm.expected, harm.so_far, harm.unit)
    return f"seen {seen}, expected {expected}, {wording.window_text(harm, world.zone)}, n {written(harm.answers)}"


def price(world: World, verdict: Verdict) -> None:
    """What it saves against what was lost, where it stops to pay, and every figure behind that."""
    if verdict.price is None:
        return
    with fold("What it costs, and what the price is made of", terms.COSTS, key="price"):
        first, *more = wording.price_story(verdict.price, world.metrics, codes=False)
        for line in (first, *more):
            st.markdown(md(line))
        for line in wording.price_details(verdict.price, world.metrics):
            st.markdown(f":small[{md(line)}]")


def places(world: World, verdict: Verdict) -> None:
    """Each segment that was looked at inside the scope, per metric with a harm, drawn and as lines."""
    found = [where for where in verdict.where if where.places]
    if not found:
        return
    with fold("Where it happens", terms.PLACES, key="where"):
        for where in found:
            metric = world.metrics[where.metric]
            lines = wording.places(where, metric)
            with st.container(key=f"where_{where.metric}"):
                st.markdown(f"{md(wording.placed(where, metric))}  \n{grey(md(FOREST))}")
                made = partial(charts.forest, where, metric, theme="page")
                drawing.show(made, key=f"forest_{where.metric}", said="; ".join(lines))
                with st.expander(md(f"{metric.label}: segments inside the scope")):
                    for line in lines:
                        st.markdown(f":small[{md(line)}]")


def over_time(world: World, change: str, verdict: Verdict) -> None:
    """One metric over time, the gravest first: how sure its verdict became, and actual against expected."""
    shown = [h.metric for h in wording.by_gravity(verdict.harms)]
    if not shown:
        return
    with st.container(border=True, key="trend"):
        metric_id = (
            st.segmented_control(
                "Metric",
                shown,
                format_func=lambda k: md(world.metrics[k].label),
                required=True,
                label_visibility="collapsed",
                **linked("metric", shown, shown[0]),
            )
            or shown[0]
        )
        harm = next(h for h in verdict.harms if h.metric == metric_id)
        st.markdown("## How sure it became", anchors=False, help=md(terms.COURSE))
        beneath.over_time(world, change, harm, beneath.narrowing_of(change, metric_id))
        band = world.bands.get((metric_id, f"change:{change}"))
        if band is not None:
            st.markdown("## Actual against expected", anchors=False, help=md(terms.EXPECTED))
            if harm.window_start is not None:
                since = wording.day(harm.window_start, world.zone, now=world.now)
                st.markdown(grey(md(trending.ALONE.format(what="verdict", since=since))))
            trending.draw(
                world, band, world.metrics[metric_id], where=band.label, days=372, key="decision", height=LOWER
            )
            behind = _behind(harm, world)
            st.markdown(grey(md(behind)), help=md(f"{terms.N} {terms.within(behind)}"))


def _placed(world: World, verdict: Verdict) -> list[str]:
    """Where the gravest harm happens, without a size of all of it: that stands in the sentence, and the segments'
    together rests on each one's own past."""
    order = [harm.metric for harm in wording.by_gravity(verdict.harms)]
    first = sorted(verdict.where, key=lambda where: order.index(where.metric))[:1]
    known = [(where, world.metrics[where.metric]) for where in first]
    return [f"{metric.label}, where: {wording.placed_in(where, metric)}" for where, metric in known]


def _known(world: World, change: str) -> Verdict | None:
    """A decision's verdict as far as its metrics are still in the catalogue."""
    verdict = world.verdicts.get(change)
    if verdict is None:
        return None
    return replace(
        verdict,
        harms=tuple(h for h in verdict.harms if h.metric in world.metrics),
        splits=tuple(s for s in verdict.splits if s.metric in world.metrics),
        aims=tuple(a for a in verdict.aims if a.metric in world.metrics),
        where=tuple(w for w in verdict.where if w.metric in world.metrics),
    )


def _heard(world: World, declared: Declared) -> None:
    """When and how it was declared, and what was edited since."""
    frozen = ", frozen" if declared.frozen_hash else ", a draft: not frozen"
    meant = f"{terms.FROZEN} Hash: {declared.frozen_hash}." if declared.frozen_hash else None
    heard = "Declared" if declared.frozen_hash else "Written down"
    heard = f"Came in from {declared.of_feed}" if declared.of_feed else heard
    by = "" if declared.of_feed else f" {sizes.origin(declared.origin)}"
    st.caption(md(f"{heard} {wording.stamp(declared.declared_at, world.zone)}{by}{frozen}"), help=meant and md(meant))
    for edit in declared.edits:
        st.caption(md(f"Edited later: {edit}"))


def page() -> None:
    world = opened("Decisions")
    if world is None:
        return
    ids = [row.change for row in figures.ledger(world)]
    if not ids:
        st.markdown(grey("No decision has been declared yet."))
        return
    chosen = st.selectbox(
        "Decision",
        ids,
        format_func=lambda k: f"{world.number(k)} · {world.declared[k].change.title}",
        label_visibility="collapsed",
        **linked("change", ids, ids[0]),
    )
    session.news()
    declared, verdict = world.declared[chosen], _known(world, chosen)
    row = next(r for r in figures.ledger(world) if r.change == chosen)
    with st.container(border=True, key="answer"):
        st.markdown(f"## {badge(row.words, row.tone, row.shape)}&ensp;{md(row.title)}", anchors=False)
        rest: list[str] = []
        claim = row.claim if verdict is None or verdict.price is None else ""
        st.markdown(grey(md(" · ".join(filter(None, (row.facts, row.owner, claim))))))
        if verdict is None:
            st.markdown(md(f"{wording.draft_words(declared) or 'Not judged yet'}."))
        else:
            # The metrics and the segments that moved by themselves stand in the list below.
            titles = {key: d.change.title for key, d in world.declared.items()}
            told = wording.sentence(verdict, declared.change, world.metrics, world.zone, titles, moved=False)
            meant = terms.explained((row.words, row.grade))
            st.markdown(md(told), help=md(f"{meant} {terms.EXPECTED} {terms.RANGE}"))
            placed = _placed(world, verdict)
            costs = wording.price_story(verdict.price, world.metrics, codes=False)[:1]
            rest = [md(line) for line in (*costs, *placed, *wording.aims_lines(verdict, world.metrics))]
        rest += [grey(md(line)) for line in allowing.parts(world, chosen)]
        if rest:
            st.markdown(small(*rest))
        if answered := figures.answers(world, declared.change):
            st.markdown("  \n".join(md(line) for line in answered))
        if verdict is None:
            _heard(world, declared)
    if verdict is None:
        telling.history(world, chosen)
        deciding.forms(world, chosen, telling.trail(chosen))
        return
    harms(world, verdict)
    over_time(world, chosen, verdict)
    price(world, verdict)
    places(world, verdict)
    beneath.mixed(world, verdict)
    beneath.rests_on(world, declared, verdict)
    beneath.allowance(world, chosen)
    with fold("What was said when, what happened and what was decided", terms.VERSIONS, key="said"):
        telling.history(world, chosen)
    _heard(world, declared)
    deciding.forms(world, chosen, telling.trail(chosen))


page()
