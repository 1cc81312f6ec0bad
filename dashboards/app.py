"""Page wiring: the overview for those who decide, one decision in full, and the health of the data."""

from pathlib import Path

import streamlit as st

from dashboards import rules, session

HERE = Path(__file__).parent

st.set_page_config(page_title="Customer experience", page_icon=str(HERE / "icon.png"), layout="wide")
pages = [
    st.Page(str(HERE / "views" / "overview.py"), title="Overview", url_path="overview", default=True),
    st.Page(str(HERE / "views" / "decision.py"), title="Decisions", url_path="decision"),
    st.Page(str(HERE / "views" / "metric.py"), title="Metrics", url_path="metric"),
    st.Page(str(HERE / "views" / "incident.py"), title="Incidents", url_path="incident"),
    st.Page(str(HERE / "views" / "propose.py"), title="Plan a change", url_path="propose"),
    st.Page(str(HERE / "views" / "brief.py"), title="Brief", url_path="brief"),
    st.Page(str(HERE / "views" / "trying.py"), title="Try a file", url_path="try"),
    st.Page(str(HERE / "views" / "health.py"), title="Data health", url_path="health"),
]
rules.put()
if session.admitted():
    st.navigation(pages, position="top").run()
    session.signature()
else:
    # The address that was asked for stays, so that a link leads where it should after signing in.
    st.navigation(pages, position="hidden")
