"""What the first visitor would wait for, done while the server starts."""

import gc
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
# A store may be far away; then the port answers before it is read.
PATIENCE = 10.0


def get() -> None:
    """Runs the overview once with nobody there: then its modules, the store's figures and its charts are in memory."""
    # Streamlit tells each of its functions' callers that nobody is there.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)
    once = threading.Thread(target=_overview, daemon=True)
    once.start()
    once.join(PATIENCE)
    # Streamlit looks through all objects after each run of a page: for those that stay, half the time of a click.
    gc.collect()
    gc.freeze()


def _overview() -> None:
    # Whatever is wrong is told to whoever opens the page.
    with suppress(Exception):
        runpy.run_path(str(OVERVIEW))


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
    for number in [int(one.name) for one in Path("/dev/fd").iterdir()]:
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as one:
                    if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and one.family is not socket.AF_UNIX:
                        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
