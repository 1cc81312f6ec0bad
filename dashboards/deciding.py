"""What people do about one decision on its page: answer it, review a draft, sign it and put it live."""

from dataclasses import replace
from datetime import datetime

import streamlit as st

from cxmon import actions, signing, wording
from cxmon.decisions import proposals, watched
from cxmon.decisions.proposals import Stage
from cxmon.model import Act, Change, Decision, Declared, Response, Signed, Status, Tone
from cxmon.periods import span_of_days
from cxmon.store import Store
from cxmon.wording import proposing
from dashboards import asking, session
from dashboards.proposing import limits
from dashboards.reading import World
from dashboards.text import badge, grey, md


def forms(world: World, change: str, trail: list[Signed]) -> None:
    """What may be done about a decision now; to those who may not, a sentence that says why."""
    declared = world.declared[change]
    if declared.change.status is Status.LIVE:
        _answer(world, declared.change)
    else:
        _draft(world, declared, trail)


def _answer(world: World, change: Change) -> None:
    with st.container(border=True, key="respond"):
        st.markdown("## What is decided about it", anchors=False)
        if session.refused(Act.RESPOND):
            return
        with st.form("response", border=False, clear_on_submit=False):
            chosen = st.segmented_control(
                "Decision", list(Decision), format_func=wording.decision, default=Decision.KEEP, required=True
            )
            why = st.text_input(proposing.WHY, max_chars=500)
            first, second, third = st.columns(3, gap="medium")
            by = session.whom(first, "respond_by")
            owner = second.text_input("Who sees to it", placeholder="the same", max_chars=100)
            due = third.date_input("Until", None, format="YYYY-MM-DD", help="A reminder comes on that day.")
            if not st.form_submit_button("Record", icon=":material/gavel:"):
                return
        until = None
        if due is not None:
            until = span_of_days(due, due, world.zone)[0]

        def write(store: Store, now: datetime) -> Response:
            return actions.respond(store, Response(
                subject=change.id, decision=chosen or Decision.KEEP, by=by, why=why, at=now, due=until,
                owner=owner.strip(),
            ))  # fmt: skip

        said = session.attempt(lambda: session.run(Act.RESPOND, change.id, write, by=by, why=why))
        if said is not None:
            session.keep_news(f"Recorded: {wording.decision(said.decision)}, for {said.by}.")
            st.rerun()


def _draft(world: World, declared: Declared, trail: list[Signed]) -> None:
    words, shape = proposing.stage_words(declared, trail)
    with st.container(border=True, key="draft"):
        st.markdown(f"## {badge(words, Tone.GREY, shape)}", anchors=False)
        st.markdown(md(proposing.stage_line(declared, trail, world.zone)))
        lines = proposing.limit_lines(declared.change, world.metrics)
        st.markdown("  \n".join([grey(md(proposing.ACCEPTED)), *(f":small[{md(line)}]" for line in lines)]))
        there = proposing.elsewhere(declared, session.ORIGIN)
        if there:
            st.caption(md(there))
        elif not session.refused(Act.REVIEW):
            if proposals.stage(declared, trail) is Stage.REVIEWED:
                _sign(declared)
                with st.expander("Review it again"):
                    _review(world, declared)
            else:
                _review(world, declared)


def _review(world: World, declared: Declared) -> None:
    change = declared.change
    with st.form("review"):
        st.markdown("**Review**")
        known = {name: amount.text for name, amount in change.limits.items()}
        typed = limits(world.metrics, list(watched(change, world.metrics)), known, f"review_{change.id}")
        by, why = _by_and_why("review")
        if not st.form_submit_button("Mark as reviewed", icon=":material/rule:"):
            return
    done = session.attempt(lambda: _reviewed(declared, typed, by, why))
    if done is not None:
        session.keep_news(proposing.reviewed(done.change))
        st.rerun()


def _reviewed(declared: Declared, typed: dict[str, str], by: str, why: str) -> Declared:
    """Keeps the limits that were set, and the review of exactly what the draft says with them."""
    change = declared.change
    if typed != {name: amount.text for name, amount in change.limits.items()}:
        asked = asking.read({
            "id": change.id, "title": change.title, "category": change.category.value,
            "starts": change.starts.isoformat(), "owner": change.owner, "limits": typed,
        })  # fmt: skip
        change = replace(change, limits=asked.limits)
    return session.run(
        Act.REVIEW, change.id, lambda store, now: actions.declare(store, change, now=now, origin=session.ORIGIN),
        by=by, why=why, content=change.declared_hash,
    )  # fmt: skip


def _sign(declared: Declared) -> None:
    change = declared.change
    with st.form("sign"):
        st.markdown("**Sign and put live**")
        st.caption(md(f"{proposing.SURE} This is {change.declared_hash}."))
        by, why = _by_and_why("sign")
        if not st.form_submit_button("Sign the limits and put it live", icon=":material/verified:"):
            return
    done = session.attempt(lambda: session.run(
        Act.SIGN, change.id, lambda store, now: signing.put_live(store, change, now=now, origin=session.ORIGIN),
        by=by, why=why, content=change.declared_hash,
    ))  # fmt: skip
    if done is not None:
        session.keep_news(proposing.live(done))
        st.rerun()


def _by_and_why(key: str) -> tuple[str, str]:
    left, right = st.columns(2, gap="medium")
    by = session.whom(left, f"{key}_by")
    return by, right.text_input(proposing.WHY, key=f"{key}_why", max_chars=500)
