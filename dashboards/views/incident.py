"""Incidents: what is open and what ended, and one of them in full with what can be done about it."""

import streamlit as st

from cxmon import wording
from cxmon.model import Fact, Incident, IncidentState, Message, Step, Tone
from cxmon.wording import delivering, happening, kinds, terms
from cxmon.wording.messages import FIX
from dashboards import commanding, deeds, figures, story, trending
from dashboards.frame import opened
from dashboards.reading import World
from dashboards.text import badge, grey, md

MOST_ENDED = 20


def shown_as(world: World, incident: Incident) -> tuple[str, Tone, str]:
    """(words, tone, shape) of its state; what is about a source looks like nothing that is about customers."""
    words = wording.state(incident)
    if incident.state is IncidentState.ENDED:
        return words, Tone.GREY, "check"
    if incident.state is IncidentState.PENDING or figures.is_about_a_source(incident, world):
        return words, Tone.GREY, "pending" if incident.state is IncidentState.PENDING else "cloud_off"
    return (words, Tone.RED, "report") if incident.state is IncidentState.OPEN else (words, Tone.AMBER, "visibility")


def _choose(incident: str) -> None:
    st.query_params["incident"] = incident


def listed(world: World, found: list[Incident], chosen: str, key: str) -> None:
    """A line each; its title opens it on this page."""
    with st.grid(1, border=True, gap=6, key=key):
        for incident in found:
            cells = st.columns([34, 20, 46], gap="small")
            title = md(figures.incident_title(incident, world))
            cells[0].button(
                f"**{title}**" if incident.id == chosen else title, key=f"open_{incident.id}", type="tertiary",
                icon=":material/arrow_forward:", on_click=_choose, args=(incident.id,), help="Show it in full",
            )  # fmt: skip
            since = wording.day(incident.since or incident.opened_at, world.zone, now=world.now)
            ended = f", ended {wording.day(incident.ended_at, world.zone, now=world.now)}" if incident.ended_at else ""
            cells[1].markdown(f"{badge(*shown_as(world, incident))}  \n:gray[:small[{md(f'since {since}{ended}')}]]")
            cells[2].markdown(f":small[{md(figures.incident_detail(incident, world))}]")


def detail(world: World, known: story.Story) -> None:
    """One incident: where it stands, what was told, its trend, what happened, what stands behind it."""
    incident = known.incident
    with st.container(border=True, key="incident_story"):
        title = md(figures.incident_title(incident, world))
        st.markdown(f"## {badge(*shown_as(world, incident))}&ensp;{title}", anchors=False)
        told = next((row.message for row in known.told.values()), None)
        if told is not None:
            st.markdown(f"**{md(told.title)}**", help=md(terms.STATES))
            # What happened stands below with its day; here is what else was told.
            reasons = {one.reason.partition(": ")[2] for one in known.history}
            for line in told.lines:
                if line.partition(": ")[2] not in reasons:
                    st.markdown(md(line))
        else:
            st.markdown(md(figures.incident_detail(incident, world)))
            st.markdown(grey("It was told to no channel: none is configured, or its message is kept back."))
        for line in happening.quiet(known.silences, incident, world.zone, world.now):
            st.markdown(f":gray-badge[:material/notifications_paused: Silent] {md(line)}")
        deeds.section(world, incident)
    if told is not None and told.facts:
        with st.container(border=True, key="facts"), st.grid(3, min_column_width=240, gap="small"):
            for fact in _facts(world, incident, told):
                meant = terms.within(f"{fact.label} {fact.text}")
                st.markdown(f"{grey(md(fact.label))}  \n{md(fact.text)}", help=md(meant) or None)
    if told is None or kinds.LABEL not in {fact.label for fact in told.facts}:
        _kinds(world, incident)
    _trend(world, incident)
    left, right = st.columns([3, 2], gap="small")
    with left:
        timeline(world, known)
    with right:
        evidence(incident)
        deliveries(world, known)


def _facts(world: World, incident: Incident, told: Message) -> tuple[Fact, ...]:
    """What was told, but how a fix fares as it is known now: it may have been judged after the message was written."""
    change = world.declared.get(incident.subject) if incident.check == "verdict" else None
    if change is None:
        return told.facts
    now = [Fact(label=FIX, text=line) for line in figures.fixes(world, change.change)]
    at = next((i for i, fact in enumerate(told.facts) if fact.label == FIX), len(told.facts))
    others = [[fact for fact in some if fact.label != FIX] for some in (told.facts[:at], told.facts[at:])]
    return (*others[0], *now, *others[1])


def _kinds(world: World, incident: Incident) -> None:
    """Whether it was worse service or other contacts, where its newest message does not say it any more."""
    metric = world.metrics.get(incident.subject)
    if incident.kinds is not None and metric is not None:
        st.markdown(grey(md(kinds.kinds_of(incident, metric, incident.opened_at))))


def _trend(world: World, incident: Incident) -> None:
    """The series that it is told by, or the way to the decision."""
    if incident.check == "verdict" and incident.subject in world.declared:
        if incident.subject.isascii():
            st.markdown(f"[The decision in full](decision?change={incident.subject})")
        return
    band = world.bands.get((incident.subject, incident.root.key))
    metric = world.metrics.get(incident.subject)
    if band is None or metric is None:
        return
    with st.container(border=True, key="trend"):
        since = wording.day(incident.since or incident.opened_at, world.zone, now=world.now)
        st.markdown(grey(md(trending.ALONE.format(what="incident", since=since))))
        trending.draw(world, band, metric, where=incident.root.label, days=189, key="incident")


def timeline(world: World, known: story.Story) -> None:
    with st.container(border=True, height="stretch", key="timeline"):
        st.header("What happened", anchor=False, help=md(terms.HAPPENED))
        for one in known.history:
            if one.step is not Step.NOTED:
                when, what, why = happening.happened(one, world.zone, world.now)
                st.markdown(f"**{md(what)}** {grey(md(when))}  \n{md(why)}")
        silent = sum(one.step is Step.NOTED for one in known.history)
        label = f"Every decision about it, {wording.counted(silent, 'silent one')} included"
        with st.expander(label if silent else "Every decision about it, with its figures"):
            metric = world.metrics.get(known.incident.subject)
            for one, told in zip(known.history, known.heard, strict=True):
                line = happening.with_numbers(one, told, metric, world.zone, world.now)
                st.markdown(f":small[{md(line)}]", help=md(terms.within(line)) or None)


def evidence(incident: Incident) -> None:
    """The vendor's records behind it, asked for when somebody wants them: they are not kept with what was told."""
    with st.container(border=True, key="evidence"):
        st.header(
            "What stands behind it", anchor=False,
            help="Tickets and calls as links into the vendor's own system, under the rights that you have there.",
        )  # fmt: skip
        if not commanding.possible():
            # Within code nothing is markup but its own end.
            name = incident.id.replace("`", "")
            st.markdown(grey(f"On the terminal: `cxmon evidence {name}`"))
            return
        if st.button("Show the records", icon=":material/link:", key="evidence_button"):
            with st.spinner("Looking them up"):
                st.session_state["records"] = (incident.id, commanding.lines("evidence", incident.id))
        # Kept, so that they stay when the page is drawn anew.
        asked, found = st.session_state.get("records", ("", ()))
        if asked != incident.id:
            st.markdown(grey("The worst first, and which contact reasons grew."))
            return
        for line in found:
            st.markdown(_linked(line))


def _linked(line: str) -> str:
    """A line of `cxmon evidence`; the address at its end is a link, the rest is text."""
    head, _, last = line.rpartition(" ")
    if story.is_address(last):
        return f"[{md(head.strip() or last)}]({last})"
    return md(line.strip())


def deliveries(world: World, known: story.Story) -> None:
    with st.container(border=True, key="told"):
        st.header("Who was told", anchor=False, help=md(terms.TOLD))
        if not known.told:
            st.markdown(grey("Nobody yet."))
        for channel, row in known.told.items():
            at = f", {wording.stamp(row.message.at, world.zone)}" if row.message.at else ""
            trouble = f"  \n:small[{md(row.error)}]" if row.error else ""
            where = f"[{md(channel)}]({known.places[channel]})" if channel in known.places else md(channel)
            st.markdown(f"{where} {grey(md(f'({delivering.state(row.state)}{at})'))}{trouble}")


def page() -> None:
    world = opened("Incidents")
    if world is None:
        return
    found = story.recent()
    lasting = [i for i in found if i.state is not IncidentState.ENDED]
    over = [i for i in found if i.state is IncidentState.ENDED]
    asked = st.query_params.get("incident", "")
    known = story.of(asked) if asked else None
    if asked and known is None:
        st.warning(md(f"There is no incident {asked}. Perhaps the link was cut off."))
    if known is not None:
        detail(world, known)
    st.header("Open incidents", anchor=False, help=md(terms.STATES))
    if lasting:
        taken = sum(i.state is IncidentState.ACKNOWLEDGED for i in lasting)
        on = f"somebody is on {taken} of them" if taken else "nobody is on any of them yet"
        st.markdown(grey(f"{len(lasting)} not ended; {on}. The last found first."))
        listed(world, lasting, asked, "lasting")
    else:
        with st.container(border=True):
            st.markdown(":gray-badge[:material/check: None is open]")
            st.markdown("Nothing watched got worse and stayed so. What is not red may still be too early to know.")
    if over:
        st.header("Ended", anchor=False)
        listed(world, over[:MOST_ENDED], asked, "ended")
        if len(over) > MOST_ENDED:
            st.caption(f"{len(over) - MOST_ENDED} older ones: `cxmon incidents --all`")


page()
