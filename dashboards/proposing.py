"""The fields of a change that is planned or proposed, as the document that the command line reads."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from cxmon import wording
from cxmon.decisions.naming import name_of
from cxmon.model import SAVED_PER, Category, Metric, Segment
from cxmon.wording import proposing as words
from cxmon.wording import sizes
from dashboards.reading import World
from dashboards.text import md

# With more figures than this none is chosen beforehand.
MOST_CHOSEN = 8


def values(world: World) -> dict[str, list[str]]:
    """The values of each dimension that stored figures have, also of one along which nothing is drawn."""
    found: dict[str, set[str]] = {}
    drawn = {Segment.from_key(key) for metric in world.metrics for key in world.segments(metric)}
    for segment in drawn.union(*world.leaves.values()):
        for name, value in segment.items:
            found.setdefault(name, set()).add(value)
    return {name: sorted(found[name]) for name in sorted(found)}


def limits(metrics: Mapping[str, Metric], chosen: list[str], known: Mapping[str, str], key: str) -> dict[str, str]:
    """A field a figure for the harm that is accepted; an empty one says nothing, and then what matters is the limit."""
    said = {}
    with st.grid(3, min_column_width=200, gap="small"):
        for name in chosen:
            metric = metrics[name]
            typed = st.text_input(
                md(f"{metric.label}, limit"), sizes.in_words(known.get(name, metric.matters.text)), key=f"{key}_{name}",
                help=md(words.limit_help(metric)), max_chars=40,
            )  # fmt: skip
            if typed.strip():
                said[name] = sizes.as_written(typed)
    return said


def fields(world: World) -> dict[str, object]:
    """What is asked, field by field, and the document that it makes."""
    left, right = st.columns(2, gap="medium")
    title = left.text_input("What is decided", max_chars=120, key="title", placeholder="Weekend phone desk closes")
    owner = right.text_input(
        "Which role or department decides", max_chars=100, key="owner", help="A role, not a person."
    )
    first, second, third = st.columns(3, gap="medium")
    sorts = list(Category)
    sort = first.selectbox("What sort of decision", sorts, format_func=wording.category, key="category") or sorts[0]
    starts = second.date_input("Takes effect", _tomorrow(), key="starts", format="YYYY-MM-DD")
    days = third.number_input("Watched for, in days", 7, 730, 90, key="horizon")
    st.markdown("**Whom it touches**", help="Nothing chosen: all customers.")
    scope = {}
    with st.grid(3, min_column_width=200, gap="small"):
        for name, known in values(world).items():
            chosen = st.multiselect(md(name), known, key=f"scope_{name}", placeholder="all")
            if chosen:
                scope[name] = list(chosen)
    names = list(world.metrics)
    watched = st.multiselect(
        "Which figures it may harm", names, names if len(names) <= MOST_CHOSEN else [], key="watched",
        format_func=lambda k: world.metrics[k].label, placeholder="all",
    )  # fmt: skip
    harm = limits(world.metrics, watched, {}, "limit")
    document: dict[str, object] = {
        "id": name_of(title, world.declared), "title": title.strip() or "This change", "category": sort.value,
        "starts": f"{starts:%Y-%m-%d}", "owner": owner.strip() or "not declared", "horizon": f"{days}d",
    }  # fmt: skip
    return {**document, **({"scope": scope} if scope else {}), **({"limits": harm} if harm else {}), **_more(world)}


def _more(world: World) -> dict[str, object]:
    """What a planner need not know, and a declaration may say."""
    found: dict[str, object] = {}
    with st.expander("What it is said to save, what it answers, anything else"):
        first, second, third = st.columns(3, gap="medium")
        amount = first.number_input("Saves", min_value=0.0, value=0.0, step=1000.0, key="saves", format="%.0f")
        currency = second.text_input("Currency", "EUR", max_chars=3, key="currency")
        per = third.selectbox("Per", SAVED_PER, key="per")
        claimed = st.text_input("Who says so", max_chars=100, key="claimed", placeholder="Finance")
        live = {key: d.change.title for key, d in world.declared.items() if not d.of_feed}
        answers = st.selectbox(
            "Which decision it mends", list(live), index=None, format_func=live.__getitem__, key="responds_to",
            placeholder="none",
        )  # fmt: skip
        note = st.text_area("Anything else worth knowing", max_chars=2000, key="note")
    if amount:
        found["saving"] = {"amount": amount, "currency": currency.strip().upper(), "per": per}
        if claimed.strip():
            found["saving"] = {**found["saving"], "claimed_by": claimed.strip()}  # type: ignore[dict-item]
    if answers:
        found["responds_to"] = answers
    return {**found, **({"note": note.strip()} if note.strip() else {})}


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)
