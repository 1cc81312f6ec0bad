"""The brief for the board meeting: shown as it prints, and downloaded."""

import os
from datetime import date

import streamlit as st

from cxmon import wording
from cxmon.charts.brief import brief_page
from cxmon.charts.page import table
from cxmon.charts.paper import MISSING, can_pdf, pdf
from cxmon.errors import ActionError
from cxmon.store import Store
from cxmon.store.briefing import QUARTER, briefing, by_the_end_of
from cxmon.wording import terms
from cxmon.wording.briefing import Briefing, answer, head, sections
from cxmon.wording.whole import Section
from dashboards import asking, commanding, session
from dashboards.frame import opened
from dashboards.reading import World
from dashboards.text import grey, md


def _brief(world: World, since: date) -> Briefing:
    """The brief of the newest judgement: the figures of the other pages."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        found = briefing(store, since=by_the_end_of(since, world.zone))
    if found is None:
        raise ActionError("nothing has been collected yet")
    return found


def _downloads(page: str, day: date) -> None:
    """The same page as a file; PDF where what lays it out is installed."""
    with st.container(horizontal=True, key="files"):
        st.download_button(
            "HTML", page, file_name=f"brief_{day:%Y-%m-%d}.html", mime="text/html", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip
        if can_pdf():
            st.download_button(
                "PDF", lambda: pdf(page), file_name=f"brief_{day:%Y-%m-%d}.pdf", mime="application/pdf",
                icon=":material/picture_as_pdf:", on_click="ignore",
            )  # fmt: skip
        else:
            st.caption(md(MISSING))


def _of_then(then: date, since: date) -> str | None:
    """The brief of a day of the past, worked out once: what was known then stays the same."""
    kept = st.session_state.get("brief_of_then")
    if kept is not None and kept[0] == (then, since):
        return str(kept[1])
    with st.spinner("Working it out from what was known then"):
        html = session.attempt(lambda: asking.brief(then, since))
    if html is not None:
        st.session_state["brief_of_then"] = ((then, since), html)
    return html


def _shown(known: Briefing) -> None:
    headline, sentence, _ = answer(known)
    st.markdown(f"## {md(headline)}", anchors=False)
    meant = f"{terms.HEADLINE} {terms.explained(_badges(known))} {terms.EXPECTED} {terms.RANGE}"
    st.markdown(md(sentence), help=md(meant) if sentence else None)
    st.caption(md(head(known)))
    for number, one in enumerate(sections(known)):
        with st.container(border=True, key=f"told_{number}"):
            st.markdown(f"## {md(one.heading)}", anchors=False, help=md(_meant(known, one)))
            if one.table is not None:
                # The table of the printed page, whose cells are text there too.
                st.html(table(one.table, one.heading))
            st.markdown("\n".join(f"- {md(line)}" for line in one.on_page))


def _badges(known: Briefing) -> list[str]:
    """The words of each verdict and of how sure it is."""
    verdicts = [one.verdict for one in known.decided if one.verdict is not None]
    return [words for v in verdicts for words in (wording.screen(v, titles=known.titles)[0], wording.grade(v))]


def _meant(known: Briefing, one: Section) -> str:
    """What a section lists, and what the words in it mean."""
    parts = [terms.section(one.heading)]
    if one.table is not None and "Verdict, how sure" in one.table.headers:
        parts += [terms.explained(_badges(known)), terms.RANGE, terms.LIMIT]
    return " ".join(filter(None, parts))


def page() -> None:
    world = opened("Brief")
    if world is None:
        return
    first, second = st.columns(2, gap="medium")
    since = first.date_input(
        "Last meeting", (world.now - QUARTER).date(), max_value=world.now.date(), format="YYYY-MM-DD",
        help="What was told by that day stands beside what is said now.",
    )  # fmt: skip
    then = None
    if commanding.possible():
        then = second.date_input(
            "As of", None, max_value=world.now.date(), format="YYYY-MM-DD",
            help="A day of the past, worked out anew with only what was known then. Empty: the newest judgement.",
        )  # fmt: skip
    if then is not None:
        html = _of_then(then, since)
        if html is not None:
            st.markdown(grey(md(f"The brief as it stood at the end of {then:%Y-%m-%d}, to download:")))
            _downloads(html, then)
        return
    known = session.attempt(lambda: _brief(world, since))
    if known is not None:
        _downloads(brief_page(known), known.as_of.date())
        _shown(known)


page()
