"""Data health: what came and when, what was set aside, how figures fill up, alarms promised and kept, messages."""

import streamlit as st

from cxmon import wording
from cxmon.decisions import source_health as decided
from cxmon.model import written
from cxmon.wording import source_health as health
from cxmon.wording import terms
from dashboards import budgets, deliveries, maturing, reading
from dashboards.frame import opened
from dashboards.reading import World
from dashboards.text import badge, grey, md


def sources(world: World) -> None:
    """What each source brought lately against its usual, and how old it is."""
    known = reading.glimpses()
    if not known:
        return
    st.header(
        "Sources",
        anchor=False,
        help="What came in the last hours, against the same hours of the same weekday in earlier weeks. While a source "
        "brings far too little, its figures are not judged.",
    )
    newest = max(one.last.at for one in known)
    with st.grid(1, border=True, gap=6, key="sources"):
        for one in known:
            pull = one.last
            cells = st.columns([24, 22, 24, 30], gap="small")
            pulled = f"read {wording.stamp(pull.at, world.zone)}"
            age = f"newest {health.age(one.newest, newest)} old" if one.newest else "no record yet"
            told = [
                (f"**{md(pull.source)}**", health.part(pull, world.metrics)),
                (badge(*health.standing_screen(pull)), "figures held back" if health.held(pull.health) else pulled),
                (md(health.of_usual(pull) or "nothing to compare with yet"), age),
                (md(_lacks(one)), _trouble(one)),
            ]
            meant = ("", terms.of(health.standing_screen(pull)[0]), "", "")
            for cell, (top, low), words in zip(cells, told, meant, strict=True):
                cell.markdown(top + (f"  \n:gray[:small[{md(low)}]]" if low else ""), help=md(words) or None)
    for one in filter(decided.in_trouble, known):
        st.markdown(grey(md(f"{one.last.source}, {health.told(one.last, world.metrics, world.zone)}.")))


def _lacks(one: decided.Glimpse) -> str:
    """The emptiest field, and how many were asked, where that is known."""
    empty = [f"{name} empty in {100 * share:.0f} %" for name, share in health.empty_shares(one.last) if share > 0][:1]
    sent = health.offered_share(one.last)
    return "; ".join([*empty, *([f"survey sent for {sent}"] if sent else [])]) or "no field is empty"


def _trouble(one: decided.Glimpse) -> str:
    slowed = health.slowed(one)
    said = [f"slowed down {slowed}"] if slowed else []
    said += [f"{one.failed} of {one.pulls} readings failed"] if one.failed else []
    said += [f"{written(one.rejected)} set aside"] if one.rejected else []
    return ", ".join(said) or "no trouble in the last day"


def runs(world: World) -> None:
    st.header("Collections", anchor=False, help=md(terms.COLLECTED))
    if not world.runs:
        st.markdown(grey("Nothing has been collected yet."))
        return
    rows = []
    for run in world.runs.values():
        label = world.metrics[run.metric].label if run.metric in world.metrics else run.metric
        state = ":gray-badge[:material/check: Collected]" if run.ok else ":red-badge[:material/report: Failed]"
        when = wording.stamp(run.finished_at, world.zone)
        new, revised, aside = map(written, (run.written, run.revised, run.rejected))
        detail = run.error or f"{new} new, {revised} revised, {aside} set aside"
        last = f"{md(when)}  \n:gray[:small[{md(detail)}]]"
        rows.append({"Metric": f"**{md(label)}**", "State": state, "Source": md(run.source), "Last run": last})
    st.table(rows, border="horizontal", hide_index=True)


def rejected(world: World) -> None:
    st.header("Rows set aside", anchor=False, help=md(terms.SET_ASIDE))
    if not world.rejected:
        st.markdown(grey("None in what is stored."))
        return
    st.dataframe(
        [{"metric": r.metric, "where": r.where, "why": r.reason, "value": r.value} for r in world.rejected],
        hide_index=True,
        alt="Rows that were set aside, with file, row and reason",
    )


def page() -> None:
    world = opened("Data health")
    if world is None:
        return
    sources(world)
    runs(world)
    rejected(world)
    maturing.section(world)
    budgets.section(world)
    deliveries.section(world)


page()
