"""A view on the overview: one team's metrics and segments, and what touches them. Numbers and figures stay the same."""

from dataclasses import replace

import streamlit as st

from cxmon.decisions import viewing
from cxmon.model import Segment, View
from dashboards.links import linked
from dashboards.reading import World


def chosen(world: World) -> World:
    """The world as the chosen view narrows it; the choice stands in the address, and without views there is none."""
    if not world.views:
        return world
    known = {view.id: view for view in world.views}
    ids = ["", *known]
    picked = st.selectbox(
        "View", ids, format_func=lambda k: known[k].label if k else "Everything", width=260,
        help="One team's part: its metrics and segments, and the decisions that touch them.", **linked("view", ids, ""),
    )  # fmt: skip
    return narrowed(world, known[picked]) if picked else world


def narrowed(world: World, view: View) -> World:
    """Of the world what the view covers. All metrics stay known, since decisions speak of guard metrics too."""
    own = viewing.own(view, world.metrics)
    declared = {key: d for key, d in world.declared.items() if viewing.touches(d.change, view, own)}
    sources = {world.metrics[m].source for m in own}
    return replace(
        world,
        view=view,
        own=own,
        every=tuple(world.declared.values()),
        declared=declared,
        verdicts={key: v for key, v in world.verdicts.items() if key in declared},
        bands={
            (metric, key): band
            for (metric, key), band in world.bands.items()
            if (key.startswith("change:") and key.removeprefix("change:") in declared)
            or (metric in own and not key.startswith("change:") and view.covers(metric, Segment.from_key(key)))
        },
        incidents=tuple(i for i in world.incidents if viewing.concerns(i, view, own, declared, sources)),
        # What all decisions of a year may cost is said of all customers.
        allowances={} if view.scope.values else {k: u for k, u in world.allowances.items() if u.metric in own},
        targets=tuple(o for o in world.targets if view.covers(o.target.metric, o.target.segment)),
        runs={key: run for key, run in world.runs.items() if key in own},
    )
