"""What can be done about an incident on its page: somebody is on it, or it is known and quiet until a day."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from cxmon import actions
from cxmon.model import Act, Incident, IncidentState
from dashboards import acting
from dashboards.reading import World
from dashboards.text import grey, md


def section(world: World, incident: Incident) -> None:
    """Buttons for those who may; for others the sentence that says who, and the command."""
    if incident.state is IncidentState.ENDED:
        return
    reason = acting.refused(Act.ACKNOWLEDGE)
    if reason:
        st.markdown(grey(md(reason)))
        st.markdown(grey(f"On the terminal: `cxmon ack {md(incident.id)} --by DEPARTMENT`"))
        return
    _told()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if incident.state is IncidentState.ACKNOWLEDGED:
            st.markdown(grey(md(f"{incident.acknowledged_by} is on it.")))
        else:
            st.button("Acknowledge", icon=":material/visibility:", type="primary", key="ack",
                      on_click=_acknowledge, args=(incident.id,))  # fmt: skip
        if incident.subject in world.metrics and not acting.refused(Act.SILENCE):
            with st.popover("Silence", icon=":material/notifications_paused:"):
                _silence(world, incident)


def _told() -> None:
    """What came of the last deed, once."""
    problem = st.session_state.pop("deed_problem", "")
    if problem:
        st.error(md(problem), icon=":material/report:")
    news = st.session_state.pop("deed_done", "")
    if news:
        st.success(md(news), icon=":material/check:")


def _remember(problem: str, news: str) -> None:
    st.session_state["deed_problem" if problem else "deed_done"] = problem or news


def _acknowledge(incident: str) -> None:
    problem = acting.done(Act.ACKNOWLEDGE, lambda store, by, now: actions.acknowledge(store, incident, by=by, now=now))
    _remember(problem, "Acknowledged: everybody who was told hears that somebody is on it.")


def _silence(world: World, incident: Incident) -> None:
    metric = world.metrics[incident.subject]
    zone = ZoneInfo(world.zone)
    today = datetime.now(UTC).astimezone(zone).date()
    with st.form("silence", border=False):
        what = f"{metric.label}, {incident.root.label}"
        st.markdown(md(f"Nothing more is told about {what}; the end is told all the same."))
        last = st.date_input(
            "Quiet through", value=None, min_value=today, max_value=today + timedelta(days=92), format="YYYY-MM-DD",
            help="The last quiet day. A silence always ends; three months are the longest here.",
        )  # fmt: skip
        why = st.text_input("Why", max_chars=200, help="For those who read it later.")
        if not st.form_submit_button("Silence", type="primary"):
            return
    if last is None or not why.strip():
        st.error("Choose the last quiet day." if last is None else "Say why, for those who read it later.")
        return
    ends = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    problem = acting.done(
        Act.SILENCE,
        lambda store, by, now: actions.silence(
            store, metric=metric.id, segment=incident.root, starts=now, ends=ends, by=by, why=why, origin="board"
        ),
    )
    _remember(problem, f"Silent through {last:%-d %b %Y}.")
    st.rerun()
