"""Before the decision: what could be seen, and when; and the change as a proposal."""

import streamlit as st

from cxmon import signing
from cxmon.charts.page import table
from cxmon.model import Act, Declared, Planned
from cxmon.wording import outlooks, proposing, terms
from cxmon.wording.whole import Table
from dashboards import asking, commanding, session
from dashboards.frame import opened
from dashboards.proposing import fields
from dashboards.reading import World
from dashboards.text import grey, md


def answer(world: World, found: Planned) -> None:
    """The planner's answer, as `cxmon change plan` prints it."""
    metrics = world.metrics
    with st.container(border=True, key="planned"):
        for i, line in enumerate(outlooks.planned(found.change, found.outlooks, metrics, world.zone)):
            st.markdown(f"**{md(line)}**" if i else grey(md(line)), help=md(terms.PLANNED) if i == 1 else None)
        if len(found.outlooks) > 1:
            rows = tuple(tuple(outlooks.row(metrics[o.metric], o)) for o in found.outlooks)
            heads = tuple(head.capitalize() for head in outlooks.HEADERS)
            with st.container(key="told_planned"):
                # Too wide for a phone, where its cells stand below each other.
                st.html(table(Table(headers=heads, rows=rows), "What could be seen of each figure, and when"))
        with st.expander("Figure by figure"):
            for o in found.outlooks:
                st.markdown("  \n".join(md(line) for line in outlooks.outlook(metrics[o.metric], o)))
        for line in outlooks.remarks_on_plan(found.outlooks, metrics, world.zone):
            st.caption(md(line))


def propose(document: dict[str, object], by: str, why: str) -> Declared:
    """Writes the proposal down as a draft; it is read by the reader of configurations first."""
    change = asking.read(document)
    done = session.run(
        Act.PROPOSE, change.id, lambda store, now: signing.propose(store, change, now=now, origin=session.ORIGIN),
        by=by, why=why, content=change.declared_hash,
    )  # fmt: skip
    st.session_state["proposed"] = change.id
    return done


def page() -> None:
    world = opened("Plan a change")
    if world is None:
        return
    if not commanding.possible():
        st.markdown(proposing.START_THE_BOARD)
        return
    if session.refused(Act.PLAN):
        return
    done = st.session_state.pop("proposed", None)
    if done in world.declared:
        change = world.declared[done].change
        st.success(f"{md(proposing.proposed(change, world.zone))} [{md('Open it')}](decision?change={done})")
    st.markdown(grey("When would a harm be seen, and when could it be ruled out? Asking writes nothing down."))
    with st.container(border=True, key="fields"):
        document = fields(world)
        if st.button("What could we see, and when?", icon=":material/search:"):
            with st.spinner("Trying possible futures"):
                st.session_state["outlook"] = session.attempt(lambda: asking.plan(document))
    found = st.session_state.get("outlook")
    if found is not None:
        answer(world, found)
    with st.container(border=True, key="propose"):
        st.markdown("## Propose it", anchors=False)
        if session.refused(Act.PROPOSE):
            return
        left, right = st.columns(2, gap="medium")
        by = session.whom(left, "by")
        why = right.text_input(proposing.WHY, key="why", max_chars=500)
        st.caption(md(proposing.A_DRAFT))
        if st.button("Propose", icon=":material/edit_note:"):
            if not str(st.session_state["title"]).strip() or not str(st.session_state["owner"]).strip():
                st.error(md(proposing.UNSAID), icon=":material/block:")
            elif session.attempt(lambda: propose(document, by, why)):
                st.rerun()


page()
