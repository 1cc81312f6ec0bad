"""The delivery queue on the page on data: what each channel still has to hear, and what it could not be told."""

from collections.abc import Sequence

import streamlit as st

from cxmon import wording
from cxmon.model import Delivery, OutboxRow, Tone
from cxmon.wording import delivering
from dashboards import reading
from dashboards.reading import World
from dashboards.text import badge, grey, md

MOST = 8


def section(world: World) -> None:
    st.header(
        "Messages to channels", anchor=False,
        help="Each message is told once per channel; what could not be sent is tried again and again, further and "
        "further apart.",
    )  # fmt: skip
    rows = reading.outbox()
    if not rows:
        st.markdown(grey("Nothing has been told to any channel yet."))
        return
    with st.grid(1, border=True, gap=6, key="deliveries"):
        for channel in dict.fromkeys(row.channel for row in rows):
            _channel(world, channel, [row for row in rows if row.channel == channel])


def _channel(world: World, channel: str, rows: Sequence[OutboxRow]) -> None:
    waiting = [row for row in rows if row.state in {Delivery.WAITING, Delivery.SENDING}]
    stuck = [row for row in rows if row.state in {Delivery.PARKED, Delivery.DEAD}]
    sent = [row for row in rows if row.state is Delivery.SENT]
    cells = st.columns([20, 24, 56], gap="small")
    cells[0].markdown(f"**{md(channel)}**")
    cells[1].markdown(badge(*_standing(waiting, stuck)))
    newest = next((row.message.at for row in sent if row.message.at), None)
    told = [delivering.counts(len(waiting), len(stuck), len(sent))]
    if newest is not None:
        told.append(f"newest of {wording.stamp(newest, world.zone)}")
    cells[2].markdown(md(", ".join(told)))
    for row in [*stuck, *(row for row in waiting if row.error)][:MOST]:
        cells[2].markdown(f":small[{md(row.message.title)}: {md(delivering.trouble(row))}]")


def _standing(waiting: Sequence[OutboxRow], stuck: Sequence[OutboxRow]) -> tuple[str, Tone, str]:
    if stuck:
        return "Not delivered", Tone.AMBER, "warning"
    return ("Waiting", Tone.GREY, "pending") if waiting else ("All delivered", Tone.GREY, "check")
