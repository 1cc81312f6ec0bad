"""What can be done about an incident on its page: somebody is on it, it is known and quiet until a day, or not real."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from cxmon import actions
from cxmon.model import LONGEST_SILENCE, Act, Allowed, Incident, IncidentPolicy, IncidentState
from cxmon.store import Store
from cxmon.wording import clicking
from cxmon.wording.by_hand import SILENCE_ENDS
from dashboards import session
from dashboards.reading import World
from dashboards.text import grey, md

DAY = timedelta(days=1)


def section(world: World, incident: Incident) -> None:
    """Buttons with their forms for those who may; for others the sentence that says who."""
    session.news()
    if incident.state is IncidentState.ENDED:
        _mark(world, incident)
        return
    if incident.state is IncidentState.ACKNOWLEDGED:
        st.markdown(grey(md(f"{incident.acknowledged_by} is on it.")))
    if session.refused(Act.ACKNOWLEDGE):
        return
    with st.container(horizontal=True):
        if incident.state is not IncidentState.ACKNOWLEDGED:
            with st.popover("Acknowledge", icon=":material/visibility:"):
                _acknowledge(incident)
        if incident.subject in world.metrics and isinstance(session.allowed(Act.SILENCE), Allowed):
            with st.popover("Silence", icon=":material/notifications_paused:"):
                _silence(world, incident)
        _mark(world, incident)


def _mark(world: World, incident: Incident) -> None:
    """The way to say that it was a false alarm, also of what has ended by itself; and to take that back."""
    possible = incident.subject in world.metrics and actions.markable(incident)
    if not possible or not isinstance(session.allowed(Act.NOT_REAL), Allowed):
        return
    if incident.not_real is not None:
        with st.popover("It was real after all", icon=":material/undo:"):
            _marking(
                incident,
                ("The mark is taken back; what it had ended is open again, acknowledged where it was before.",),
            )
        return
    told = clicking.not_real_means(world.metrics[incident.subject], incident.root.label, IncidentPolicy().mark_holds)
    with st.popover("Not real", icon=":material/notifications_off:"):
        _marking(incident, told[1:2] if incident.state is IncidentState.ENDED else told)


def _marking(incident: Incident, told: Sequence[str]) -> None:
    back = incident.not_real is not None
    with st.form("mark", border=False):
        for line in told:
            st.markdown(md(line))
        by = session.whom(st.container(), "by_mark")
        why = st.text_input("How do you know?", max_chars=200, help="For those who read it later.")
        pressed = st.form_submit_button("Take the mark back" if back else "Mark as not real")
    if not pressed:
        return
    if back:
        news, act = "The mark is taken back: whoever was told hears it.", actions.take_mark_back
    else:
        news, act = "Marked as not real: whoever was told hears it.", actions.mark_not_real
    _do(Act.NOT_REAL, incident.id, by, why, news, lambda store, now: act(store, incident.id, by=by, why=why, now=now))


def _acknowledge(incident: Incident) -> None:
    with st.form("acknowledge", border=False):
        st.markdown("Everybody who was told hears that somebody is on it.")
        by = session.whom(st.container(), "by_acknowledge")
        why = st.text_input("What is being done", value="Looking into it", max_chars=200)
        pressed = st.form_submit_button("Acknowledge")
    if pressed:
        _do(
            Act.ACKNOWLEDGE, incident.id, by, why, "Acknowledged: whoever was told hears it.",
            lambda store, now: actions.acknowledge(store, incident.id, by=by, now=now),
        )  # fmt: skip


def _silence(world: World, incident: Incident) -> None:
    metric, zone = world.metrics[incident.subject], ZoneInfo(world.zone)
    today = datetime.now(UTC).astimezone(zone).date()
    with st.form("silence", border=False):
        what = f"{metric.label}, {incident.root.label}"
        st.markdown(md(f"Nothing more is told about {what}; the end is told all the same."))
        last = st.date_input(
            "Quiet through", value=None, min_value=today, max_value=today + LONGEST_SILENCE - DAY, format="YYYY-MM-DD",
            help=f"The last quiet day. A silence needs {SILENCE_ENDS}.",
        )  # fmt: skip
        by = session.whom(st.container(), "by_silence")
        why = st.text_input("Why", max_chars=200, help="For those who read it later.")
        pressed = st.form_submit_button("Silence")
    if not pressed:
        return
    if not isinstance(last, date):
        st.error("Choose the last quiet day: a silence always ends.", icon=":material/block:")
        return
    ends = datetime.combine(last + DAY, time(), zone).astimezone(UTC)
    _do(
        Act.SILENCE, incident.id, by, why, f"Silent through {last:%-d %b %Y}.",
        lambda store, now: actions.quiet(
            store, incident.id, metric=metric.id, segment=incident.root, ends=ends, by=by, why=why, now=now,
            origin=session.ORIGIN,
        ),
    )  # fmt: skip


def _do(act: Act, incident: str, by: str, why: str, news: str, deed: Callable[[Store, datetime], object]) -> None:
    """Does it, signed; the page is drawn anew with what came of it, or the refusal stands below the form."""
    if session.attempt(lambda: session.run(act, incident, deed, by=by, why=why)) is not None:
        session.keep_news(news)
        st.rerun()
