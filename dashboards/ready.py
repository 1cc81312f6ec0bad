"""What the first visitor would wait for, done while the server starts."""

import gc
import importlib
import logging
import os
import runpy
import socket
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st

OVERVIEW = Path(__file__).parent / "views" / "overview.py"
# What the overview needs, with what these bring; pictures and pandas are Streamlit's own for icon and figures.
NEEDED = (
    "pandas",
    "PIL.PngImagePlugin",
    "dashboards.allowing",
    "dashboards.answering",
    "dashboards.choosing",
    "dashboards.early",
    "dashboards.folding",
    "dashboards.session",
    "dashboards.trending",
    "dashboards.viewing",
)
# Where Streamlit says that nobody is there.
SAY_SO = ("streamlit.runtime.scriptrunner_utils.script_run_context", "streamlit.runtime.state.session_state_proxy")
# Seconds for a store that is far away; then the port answers before it is read.
PATIENCE = 10.0


def get() -> None:
    """Imports before anybody is let in, then runs the overview once with nobody there, so that the store's figures and
    the charts are in memory."""
    # All of it here: two threads that import in circles may see half a module.
    for name in NEEDED:
        importlib.import_module(name)
    once = threading.Thread(target=_overview, daemon=True)
    once.start()
    once.join(PATIENCE)


def _nobody(_record: logging.LogRecord) -> bool:
    return False


def _overview() -> None:
    # Streamlit says at each of its functions that nobody is there, which is so on purpose.
    said = [logging.getLogger(name) for name in SAY_SO]
    for one in said:
        one.addFilter(_nobody)
    # Whatever is wrong is told to whoever opens the page.
    with suppress(Exception):
        runpy.run_path(str(OVERVIEW))
    for one in said:
        one.removeFilter(_nobody)
    # Streamlit looks through all objects after each run of a page: for those that stay, half the time of a click.
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """What can be done only once the server listens."""
    at_once()
    yield


def at_once() -> None:
    """Connections send what is written without waiting for the answer to what was written before.

    Streamlit opens its socket in a way in which asyncio does not ask for that, and head and body of an answer are
    two writes: the second would wait up to 40 ms. A connection inherits it from the socket that listens.
    """
    open_now = Path("/dev/fd")
    # Where a system does not list them, answers are slower and no less right.
    for number in [int(one.name) for one in open_now.iterdir()] if open_now.is_dir() else []:
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as one:
                    if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and one.family is not socket.AF_UNIX:
                        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
