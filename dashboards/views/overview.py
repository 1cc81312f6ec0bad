"""The answer in ten seconds: one sentence, the cards, the trend, the ledger, where it hurts, what is open."""

import math
from functools import partial

import streamlit as st

from cxmon import charts, wording
from cxmon.model import EVERYONE, RED, Band, Harm, Metric, Segment, Tone, use, written
from cxmon.wording import gap as gaps
from cxmon.wording import ledger as ledgers
from cxmon.wording import targets as wording_of_targets
from cxmon.wording import terms
from dashboards import allowing, answering, choosing, drawing, early, figures, folding, story, trending, viewing
from dashboards.frame import opened
from dashboards.links import elsewhere, to
from dashboards.reading import World
from dashboards.text import BADGE, badge, grey, md, small

A_ROW = 6


def headline(world: World) -> None:
    """One sentence that says what needs a decision; nothing open is shown as fine."""
    verdict = figures.gravest(world)
    with st.container(border=True, key="headline"):
        if verdict is None:
            whose = f" that touches {md(world.view.label)}" if world.view is not None else ""
            st.markdown(f"## No decision{whose} has been judged yet")
            st.markdown(grey("Declare one in the configuration or with `cxmon change add`, then run `cxmon judge`."))
            return
        titles = {key: d.change.title for key, d in world.declared.items()}
        words, tone, shape = wording.screen(verdict, titles=titles)
        st.markdown(f"## {badge(words, tone, shape)}&ensp;{md(verdict.headline)}", anchors=False)
        meant = f"{terms.explained((words, wording.grade(verdict)))} {terms.EXPECTED} {terms.RANGE}"
        st.markdown(md(verdict.sentence), help=md(meant))
        others = [v for v in world.verdicts.values() if v.change != verdict.change]
        row = next(r for r in figures.ledger(world) if r.change == verdict.change)
        with st.grid(4, min_column_width=220, gap="small"):
            st.markdown(f"{grey('Decision')}  \n#{row.number} {md(row.title)}  \n{grey(md(row.facts))}")
            unusual = _unusual(world, verdict.harms)
            seen = f"{terms.UNUSUAL} {terms.within(unusual)}"
            st.markdown(f"{grey('How unusual')}  \n{md(unusual)}", help=md(seen))
            st.markdown(f"{grey('Price')}  \n{md(row.claim or 'No saving was claimed')}", help=md(terms.PRICE))
            asked = md(row.response or "Nothing is asked now")
            st.markdown(f"{grey('Asked of ' + md(row.owner))}  \n{asked}", help=md(terms.ASKED))
        if others:
            rest = ledgers.calm_of(others)
            st.markdown(grey(md(f"The other decisions: {rest}.")))


def _unusual(world: World, harms: tuple[Harm, ...]) -> str:
    """How unusual the move of the gravest metric is, where that could be found."""
    for harm in wording.by_gravity(harms):
        metric = world.metrics.get(harm.metric)
        if metric is not None and harm.code in RED and (told := wording.unusual(metric, harm)):
            return f"{metric.label}: {told}"
    return "Not compared with earlier windows"


def cards(world: World) -> None:
    """One card a metric: value, pill, twelve weeks, and over which days."""
    # Rows of one length: no card stands alone below six others.
    shown, rest = figures.foremost(world)
    rows = max(1, math.ceil(len(shown) / A_ROW))
    with st.grid(max(1, math.ceil(len(shown) / rows)), min_column_width=170, gap="small"):
        for metric in shown:
            key = world.root(metric.id)
            name = metric.label if key == EVERYONE.key else f"{metric.label}, {Segment.from_key(key).label}"
            band = world.bands.get((metric.id, key))
            found = gaps.gap(band, metric) if band else None
            with st.container(border=True, height="stretch", gap="xsmall"):
                if band is None or found is None:
                    st.metric(md(name), "–", "waiting for data", delta_color="gray", delta_arrow="off")
                    st.caption("too little complete data")
                    continue
                figure, unit = gaps.on_card(found, metric)
                st.metric(
                    md(name),
                    figure,
                    gaps.pill(found, metric),
                    delta_color=BADGE[found.tone],  # type: ignore[arg-type]
                    delta_arrow="off" if found.tone is Tone.GREY else "up" if found.value > found.expected else "down",
                    help=md(_help(metric, found, band, world)),
                )
                drawing.spark(found, name)
                more = "than expected, " if found.tone is not Tone.GREY else ""
                window = gaps.window(found, band, world.zone)
                lines = (unit, more + gaps.possible(found, metric), window, answering.rate(world, band, metric, found))
                closer = f"[{md(name)} in full]({to('metric', metric=metric.id, segment=key)})"
                aimed = _aimed(world, metric, key)
                st.markdown(small(*(grey(md(line)) for line in lines), aimed, _open(world, metric), closer))

    folding.rest(world, rest)


def _aimed(world: World, metric: Metric, key: str) -> str:
    """Where the target of a card's own figure stands; empty where it has none."""
    outlook = world.target(metric.id, key)
    if outlook is None:
        return ""
    bound = grey(md(f"target {wording_of_targets.bound(outlook, metric, world.zone)}"))
    return f"{bound} {badge(*wording_of_targets.course(outlook.course))}"


def _open(world: World, metric: Metric) -> str:
    """What is open about a metric, as a link: what is as expected for everyone may be worse for some."""
    found = [i for i in world.incidents if i.subject == metric.id and not figures.is_about_a_source(i, world)]
    if not found:
        return ""
    words = f"{wording.counted(len(found), 'open incident')} of {md(metric.label)}"
    return f"[{words}]({to('incident', incident=found[0].id)})"


def _help(metric: Metric, found: gaps.Gap, band: Band, world: World) -> str:
    better = "Higher" if metric.better == "higher" else "Lower"
    definition = f"{metric.definition.rstrip('.')}. " if metric.definition else ""
    rate = f" {terms.within('response rate')}" if answering.rate(world, band, metric, found) else ""
    return (
        f"{definition}Average of {gaps.window(found, band, world.zone)}, complete periods only; expected "
        f"{gaps.levels(found, metric)[1]}, {gaps.possible(found, metric)}. {better} is better. "
        f"n {written(found.n)}: so many answers or cases. Line: the last twelve weeks.{rate}"
    )


@st.fragment
def trend(world: World) -> None:
    """The chart with its three choices; each stands in the address."""
    # Run again by itself it may have a thread that the page has not been in.
    use(world.number_format)
    with st.container(border=True, key="trend"):
        shown = [m.id for m in world.shown() if world.segments(m.id)]
        if not shown:
            st.markdown(grey("Nothing goes back far enough for a trend yet."))
            return
        metric_id, segment, days = choosing.view(world, shown)
        band = world.bands[metric_id, segment]
        where = Segment.from_key(segment).label
        trending.draw(world, band, world.metrics[metric_id], where=where, days=days, key="overview")


def ledger(world: World) -> None:
    """Decisions and their verdicts, gravest first; the heading claims no cause."""
    rows = figures.ledger(world)
    st.header(
        "Decisions and their verdicts",
        anchor=False,
        help=md(
            "Gravest first; the numbers are those of the pins, on the charts of whom a decision touches. "
            f"{terms.explained(said for row in rows for said in (row.words, row.grade))} {terms.RANGE} "
            f"{terms.LIMIT} {terms.PRICE}"
        ),
    )
    if not rows:
        st.markdown(grey("No decision has been declared yet."))
        return
    with st.grid(1, border=True, gap=6, key="ledger"):
        for row in rows:
            cells = st.columns([24, 20, 28, 22, 16], gap="small")
            link = f"[{md(row.title)}](decision?change={row.change})" if row.change.isascii() else md(row.title)
            told = [
                (f"**{row.number} · {link}**", row.facts),
                (badge(row.words, row.tone, row.shape), row.grade),
                (md(row.harm), f"Open: {row.open}" if row.open else ""),
                (md(row.claim or "No saving was claimed"), ""),
                (md(row.owner), row.response),
            ]
            for cell, (top, low) in zip(cells, told, strict=True):
                cell.markdown(top + (f"  \n:gray[:small[{md(low)}]]" if low else ""))


def targets(world: World) -> None:
    """Where the metrics should be by a date: another question than what was expected, so lines of their own."""
    known = wording_of_targets.ordered(world.targets, world.metrics)
    if not known:
        return
    st.header(
        "Targets",
        anchor=False,
        help="The average of the last 28 days up to the day counts. On course and will miss are said where nine of ten "
        "such answers are right; the forecast knows the past, and no decision that is still to come. "
        "Cannot say: neither is that sure.",
    )
    with st.grid(1, border=True, gap=6, key="targets"):
        for one in known:
            metric = world.metrics[one.target.metric]
            cells = st.columns([30, 16, 38, 16], gap="small")
            cells[0].markdown(f"**{md(wording_of_targets.aimed_at(one, metric, world.zone))}**")
            cells[1].markdown(badge(*wording_of_targets.course(one.course)))
            cells[2].markdown(md(wording_of_targets.standing(one, metric)))
            cells[3].markdown(md(one.target.owner))


@st.cache_resource(show_spinner=False, max_entries=16)
def _map(_world: World, stamp: tuple[str | int, ...]) -> tuple[list[charts.Cell], int]:
    """The cells, and how many were looked at: all series are read for them."""
    del stamp
    return figures.heat_cells(_world), figures.looked_at(_world)


def where(world: World) -> None:
    with st.container(border=True, height="stretch", key="where"):
        st.header("Where it happens", anchor=False, help=md(terms.MAP))
        cells, known = _map(world, world.stamp)
        st.caption(md(f"Against expected, over the days on the cards. {folding.columns(world)}{_by_chance(known)}"))
        words = "; ".join(f"{c.segment}, {c.metric}: {c.said}" for c in cells if c.said)
        made = partial(charts.heat, cells, theme="page")
        with st.container(key="mapped"):
            st.caption("Strong colour: a decision there is over its limit. Pale: outside that range. Dot: inside it.")
            drawing.show(made, key="heat", said=f"Gap to expected: {words or 'none'}", same=("heat", *world.stamp))
        with st.container(key="listed"):
            _listed(cells)


def _by_chance(known: int) -> str:
    """How many of those that were looked at chance alone would bring."""
    if not known:
        return "Nothing has been looked at yet."
    few = "fewer than one" if known < 100 else f"about {wording.number(known / 100, 0)}"
    return (
        f"{wording.counted(known, 'figure')} looked at, of which {few} would be outside the range that holds 99 of 100 "
        "by chance; the segments with most outside are shown."
    )


def _listed(cells: list[charts.Cell]) -> None:
    """The map where it has no room, as on a phone: each segment with what is outside, and then the others."""
    outside: dict[str, list[str]] = {}
    for one in cells:
        told = outside.setdefault(one.segment, [])
        if one.said:
            told.append(f":{BADGE[one.tone]}-badge[{md(f'{one.metric}: {one.said}')}]")
    for segment, told in outside.items():
        if told:
            st.markdown(f"**{md(segment)}**  \n{' '.join(told)}")
    calm = [segment for segment, told in outside.items() if not told]
    if calm:
        st.markdown(grey(f"Nothing outside in: {md(', '.join(calm))}."))


def incidents(world: World) -> None:
    with st.container(border=True, height="stretch", key="incidents"):
        st.header("Open incidents", anchor=False, help=md(terms.STATES))
        if not world.incidents:
            st.markdown(grey("None is open. What is not red may still be too early to know."))
            return
        for incident in world.incidents:
            label = figures.incident_title(incident, world)
            tone = Tone.RED if incident.state == "open" else Tone.AMBER
            shape = "report" if incident.state == "open" else "visibility"
            if figures.is_about_a_source(incident, world):
                # It says nothing of customers, so it looks like nothing that does.
                tone, shape = Tone.GREY, "cloud_off"
            since = wording.day(incident.since or incident.opened_at, world.zone)
            st.markdown(
                f"{badge(wording.state(incident), tone, shape)} "
                f"**[{md(label)}]({to('incident', incident=incident.id)})**  \n"
                f":gray[:small[{md(figures.incident_detail(incident, world))}; since {md(since)}]]"
            )


def page() -> None:
    world = opened()
    if world is None:
        return
    declared = world.declared
    elsewhere(lambda name, asked: asked in declared if name == "change" else story.known(asked))
    world = viewing.chosen(world)
    headline(world)
    cards(world)
    trend(world)
    ledger(world)
    allowing.allowances(world)
    targets(world)
    left, right = st.columns([3, 2], gap="small")
    with left:
        where(world)
    with right:
        incidents(world)
    early.figures(world)


page()
