"""What stands beneath the answer of a decision: how sure it became, and, folded, all that it rests on."""

import os
from collections.abc import Iterable, Sequence
from functools import partial

import streamlit as st

from cxmon import charts, decisions, wording
from cxmon.charts.waterfall import LEGEND as ADDS_UP
from cxmon.model import Declared, Harm, Narrowing, Verdict
from cxmon.store import Store
from cxmon.wording import terms
from cxmon.wording.doubts import doubts, guarded, how_unusual, worked_out
from cxmon.wording.narrowing import answered_alone, kept, narrowed, not_yet
from dashboards import downloads, drawing
from dashboards.folds import fold
from dashboards.reading import World
from dashboards.text import grey, md


def over_time(world: World, change: str, harm: Harm, known: Narrowing) -> None:
    """The range of one metric's harm day by day, in words and drawn."""
    metric = world.metrics[harm.metric]
    if not known.readings:
        st.markdown(grey(f"{md(metric.label)}: no day with a range is known yet."))
        return
    said = narrowed(known, metric, world.zone)
    head, side = st.columns([9, 1], vertical_alignment="top")
    parts = (charts.NARROWING, kept(known, world.zone), not_yet(known, change), answered_alone(harm))
    small = ". ".join(part for part in parts if part)
    head.markdown(f"{md(said)}.  \n:gray[:small[{md(small)}]]")
    made = partial(charts.narrowing, known, metric)
    with side:
        downloads.offer(
            "narrowing", f"{metric.id}_range_by_day", partial(_csv, known), partial(made, width=downloads.WIDTH),
            title=f"{metric.label}, how sure it became", subtitle=(said,),
        )  # fmt: skip
    drawing.show(partial(made, theme="page"), key="narrowing", said=said)


def narrowing_of(change: str, metric: str) -> Narrowing:
    """The course of one metric of a decision, from its versions and the days that were kept."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        return decisions.narrowing(metric, store.verdicts.history(change), store.verdicts.readings(change))


def mixed(world: World, verdict: Verdict) -> None:
    """Of each moved total how much is a different kind of contacts, in words and as bars that add up."""
    if not verdict.splits:
        return
    with fold("Different kinds of contacts, or the same ones faring differently?", terms.MIX, key="mix"):
        for split in verdict.splits:
            metric = world.metrics[split.metric]
            said = wording.mix(split, metric)
            st.markdown(f"{md(said)}.  \n:gray[:small[{md(ADDS_UP)}]]")
            drawing.show(partial(charts.mix, split, metric, theme="page"), key=f"mix_{split.metric}", said=said)


def rests_on(world: World, declared: Declared, verdict: Verdict) -> None:
    """What could be wrong, the side effects, how unusual it is and how it was worked out, each folded."""
    titles = {key: d.change.title for key, d in world.declared.items()}
    _folded(
        "What could be wrong with this verdict", doubts(verdict, declared, world.metrics), terms.DOUBTS, key="doubts"
    )
    _folded(
        "Side effects that are watched",
        guarded(verdict, declared.change, world.metrics, titles),
        terms.GUARDS,
        key="guards",
    )
    _folded("How unusual this is", how_unusual(verdict, world.metrics), terms.UNUSUAL, key="unusual")
    _folded(
        "How it was worked out: method and settings", worked_out(verdict, world.metrics), terms.METHOD, key="method"
    )


def allowance(world: World, change: str) -> None:
    """What each decision used of the year's allowances that this one touches."""
    known = [use for use in world.allowances.values() if use.metric in world.metrics]
    mine = [use for use in known if change in {one.change for one in use.carried}]
    titles = {key: d.change.title for key, d in world.declared.items()}
    if not mine:
        return
    with fold("Harm allowance of the year: what each decision used of it", terms.ALLOWANCE, key="allowance"):
        for use in mine:
            metric = world.metrics[use.metric]
            lines = (wording.allowance_headline(use, metric, world.zone), *wording.allowance_lines(use, metric, titles))
            st.markdown(f"**{md(lines[0])}**" + "".join(f"  \n:gray[:small[{md(line)}]]" for line in lines[1:]))
            if any(one.known for one in use.carried):
                made = partial(charts.used, use, metric, titles, theme="page")
                drawing.show(made, key=f"used_{use.metric}", said="; ".join(lines))


def _folded(heading: str, lines: Sequence[str], meaning: str, *, key: str) -> None:
    """A folded list; nothing where nothing is known."""
    if lines:
        said = f"{meaning} {terms.within(' '.join(lines))}"
        with fold(heading, said, key=key):
            st.markdown("\n".join(f"- {md(line)}" for line in lines))


def _csv(known: Narrowing) -> bytes:
    return downloads.table(list(_rows(known)))


def _rows(known: Narrowing) -> Iterable[dict[str, object]]:
    for one in known.readings:
        yield {
            "figures_to_utc": one.until.isoformat(), "judged_at_utc": one.at.isoformat(), "code": one.code.value,
            "estimate": one.so_far.estimate, "low": one.so_far.low, "high": one.so_far.high, "limit": one.limit,
            "unit": one.unit, "kept": one.by.value,
        }  # fmt: skip
